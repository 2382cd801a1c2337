"""Statistics of a crawl."""

from __future__ import annotations

from scrapy.statscollectors import MemoryStatsCollector


class Counts(MemoryStatsCollector):
    """Scrapy's, without its look for a deprecated argument, which is ten calls at each of twenty counts a speech."""

    __getattribute__ = object.__getattribute__
