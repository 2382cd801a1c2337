"""Which rows of archives are asked for: of which tables, since when, with which values."""
