"""What was odd about a site and cost nothing: said in the statistics of a crawl, repeated by its run report."""

from __future__ import annotations

from typing import Any

from scrapy.crawler import Crawler

_PREFIX = "note/"


def note(crawler: Crawler, said: str) -> None:
    """Note it once more."""
    if crawler.stats is not None:
        crawler.stats.inc_value(_PREFIX + said)


def notes(crawler: Crawler) -> dict[str, int]:
    """What was noted, and how often."""
    stats = statistics(crawler)
    return {key.removeprefix(_PREFIX): count for key, count in stats.items() if key.startswith(_PREFIX)}


def statistics(crawler: Crawler) -> dict[str, Any]:
    """What Scrapy counted; nothing when it did not come so far as to begin."""
    try:
        return crawler.stats.get_stats()
    except RuntimeError:
        return {}
