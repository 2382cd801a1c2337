"""The sections of a site: found by their names, walked to the end of each, judged together."""
