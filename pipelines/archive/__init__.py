"""The archive of one site: append-only lines, hash-chained commits, readable without this software."""
