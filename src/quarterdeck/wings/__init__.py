"""How each wing is put together: part of the composition root, a module per wing."""
