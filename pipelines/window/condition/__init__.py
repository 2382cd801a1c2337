"""How each site is, in one glance: fine, silent, moved, template changed, blocked …, each with its evidence."""
