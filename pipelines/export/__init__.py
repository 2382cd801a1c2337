"""Packages of an archive as of one commit, in formats of other software. Standard library only."""
