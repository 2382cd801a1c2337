"""Where the bytes of a committed file are, when they are no file of the archive's folder."""
