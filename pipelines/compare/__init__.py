"""Compares two texts of a speech, paragraph by paragraph. Pure."""
