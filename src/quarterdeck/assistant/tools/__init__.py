"""Tools: what the assistant can look at, and the little that it can do."""
