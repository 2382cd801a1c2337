"""Orders to remove words: what they reach, how files are written without the words, and what later runs leave out."""
