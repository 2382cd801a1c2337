"""Packages to hand an archive over in: what other software expects, each made from one commit. Standard library only."""
