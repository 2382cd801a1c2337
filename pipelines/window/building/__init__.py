"""Builds the window: what must be made again, by which processes, and how it reaches the disk."""
