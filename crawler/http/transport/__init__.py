"""What leans on the inside of Scrapy 2.19 and Twisted: the bytes of a connection, the way of a request."""
