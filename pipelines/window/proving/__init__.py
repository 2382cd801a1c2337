"""What stands behind a text: a page that proves each line, and the archived HTML made safe to look at."""
