"""Engines: what turns a conversation into the next answer. The planner without a model, and language models."""
