"""The context window: counting, cutting, shortening."""
