"""Running a run: its log, its readers, and the loop between the model and the tools."""
