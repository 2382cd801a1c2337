"""Copies of an archive that lack some of its files."""
