"""The records of a fleet, in the folder `fleet` of an archive root: what was tried, beside what was archived."""
