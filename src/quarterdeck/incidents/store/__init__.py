"""The incidents' tables and all SQL over them, a module per concept."""
