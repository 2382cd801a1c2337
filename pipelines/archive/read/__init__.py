"""Reading an archive: the reader, the state folded from its lines, and the derived files."""
