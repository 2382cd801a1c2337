"""How an archive lies on the disk: its paths, files that survive a power cut, commits, lines as bytes, the lock."""
