"""What the lines of an archive say: the reader, what is folded from them, and the files that follow from both."""
