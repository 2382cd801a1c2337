"""Notes: oddities of a site without any loss, counted in Scrapy's statistics and copied to the run report."""

from __future__ import annotations

from typing import Any

from scrapy.crawler import Crawler

_PREFIX = "note/"
_ROBOTS = "robots/"
_CERTIFICATE = "certificate/"


def note(crawler: Crawler, text: str) -> None:
    """Count a note."""
    if crawler.stats is not None:
        crawler.stats.inc_value(_PREFIX + text)


def notes(crawler: Crawler) -> dict[str, int]:
    """All notes and their counts."""
    return _below(crawler, _PREFIX)


def statistics(crawler: Crawler) -> dict[str, Any]:
    """Scrapy's statistics; empty when the crawl did not begin."""
    try:
        return crawler.stats.get_stats()
    except RuntimeError:
        return {}


def note_robots(crawler: Crawler, netloc: str, verdict: str) -> None:
    """Note what a server's robots.txt says of the crawl: allowed, forbidden (also a part), unreadable or none."""
    if crawler.stats is not None and crawler.stats.get_value(_ROBOTS + netloc) != "forbidden":
        crawler.stats.set_value(_ROBOTS + netloc, verdict)


def note_certificate(crawler: Crawler, netloc: str, told: str) -> None:
    """Note whether a server's certificate could be verified."""
    if crawler.stats is not None:
        crawler.stats.set_value(_CERTIFICATE + netloc, told)


def robots_told(crawler: Crawler) -> dict[str, str]:
    """The verdict of each server's robots.txt."""
    return _below(crawler, _ROBOTS)


def certificates_told(crawler: Crawler) -> dict[str, str]:
    """What is known of each server's certificate."""
    return _below(crawler, _CERTIFICATE)


def _below(crawler: Crawler, prefix: str) -> dict[str, Any]:
    stats = statistics(crawler)
    return {key.removeprefix(prefix): stats[key] for key in sorted(stats) if key.startswith(prefix)}
