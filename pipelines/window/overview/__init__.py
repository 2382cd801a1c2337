"""The front page, the page of each website, and the chain of its commits."""
