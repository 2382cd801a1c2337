"""How a version of a speech is cited: as text, as BibTeX, as CSL JSON. Pure but for what is read from the archive."""
