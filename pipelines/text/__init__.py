"""Text, dates, numbers and names: pure functions, shared by page objects and pipelines."""
