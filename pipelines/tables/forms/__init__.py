"""The forms in which the tables of an export are written, each to a folder of its own."""
