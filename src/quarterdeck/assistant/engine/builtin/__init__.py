"""The planner without a language model: questions become tool calls by rule, answers are made of results alone."""
