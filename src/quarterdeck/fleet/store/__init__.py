"""The fleet's tables and all SQL over them, a module per concept."""
