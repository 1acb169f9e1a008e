"""The assistant's tables, and all of its SQL."""
