"""The commands that show archives as pages."""
