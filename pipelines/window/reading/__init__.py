"""What the pages are made from: the lives of speeches, and a summary of each."""
