"""Health gates: what a run has read, compared with the site's own history before any of it is written. Pure."""
