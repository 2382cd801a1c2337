"""What was odd about a site and cost nothing: said in the statistics of a crawl, repeated by its run report."""

from __future__ import annotations

from scrapy.crawler import Crawler

_PREFIX = "note/"


def note(crawler: Crawler, said: str) -> None:
    """Note it once more."""
    if crawler.stats is not None:
        crawler.stats.inc_value(_PREFIX + said)


def notes(crawler: Crawler) -> dict[str, int]:
    """What was noted, and how often."""
    stats = crawler.stats.get_stats() if crawler.stats else {}
    return {key.removeprefix(_PREFIX): count for key, count in stats.items() if key.startswith(_PREFIX)}
