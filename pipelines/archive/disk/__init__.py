"""An archive on disk: paths, durable files, commits, lines as bytes, the lock."""
