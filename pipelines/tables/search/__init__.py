"""Search in texts: a full-text index of pairs of characters in SQLite, and the plain scan that it must agree with."""
