"""What leans on private names of Scrapy 2.19 and Twisted: HTTP client, downloader, the text of a response."""
