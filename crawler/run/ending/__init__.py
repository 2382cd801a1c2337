"""The end of a run: its verdict and commit, the year that is over, its page, its summary."""
