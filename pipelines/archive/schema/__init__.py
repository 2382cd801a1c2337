"""The types of the lines, read off the records: for checkers, for reader libraries and for the documents."""
