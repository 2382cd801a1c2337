"""Pages about one speech: the speech itself, its states and looks, and any two of its states side by side."""
