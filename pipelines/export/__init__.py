"""Packages to hand an archive over in, each of one commit, as other software expects them. Standard library only."""
