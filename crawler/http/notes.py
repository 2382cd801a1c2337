"""Notes: oddities of a site without any loss, counted in Scrapy's statistics and copied to the run report."""

from __future__ import annotations

from typing import Any

from scrapy.crawler import Crawler

_PREFIX = "note/"
LONGEST_DELAY = "crawl_delay/longest"
"""Statistic: the longest delay between two requests, in seconds, that a robots.txt asked for and got."""


def note(crawler: Crawler, text: str) -> None:
    """Count a note."""
    if crawler.stats is not None:
        crawler.stats.inc_value(_PREFIX + text)


def notes(crawler: Crawler) -> dict[str, int]:
    """All notes and their counts."""
    stats = statistics(crawler)
    return {key.removeprefix(_PREFIX): count for key, count in stats.items() if key.startswith(_PREFIX)}


def statistics(crawler: Crawler) -> dict[str, Any]:
    """Scrapy's statistics; empty when the crawl did not begin."""
    try:
        return crawler.stats.get_stats()
    except RuntimeError:
        return {}
