"""What leans on private names of Scrapy 2.19 and Twisted: recorded bytes, the downloader, the text of a response."""
