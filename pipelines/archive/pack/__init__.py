"""Closed years in few files: the files of a year are packed into a container a stream."""
