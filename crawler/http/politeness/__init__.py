"""How a crawl treats the hosts it asks: one request at a time and apart, waits as asked for, limits of a run."""
