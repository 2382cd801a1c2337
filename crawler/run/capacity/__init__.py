"""How many workers a fleet needs: a seeded simulation of its first crawl and of a night, by events. Pure."""
