"""What a crawl remembers of every speech until its end: a few bytes of each."""
