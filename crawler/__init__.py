"""Crawls the leader speeches of CPPCC websites. For programs and notebooks: `crawl_site`, `seal`, `Outcome`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.run.ending.outcome import Outcome, seal
    from crawler.run.in_process import crawl_site

__all__ = ["Outcome", "crawl_site", "seal"]

_HOMES = {
    "crawl_site": "crawler.run.in_process",
    "Outcome": "crawler.run.ending.outcome",
    "seal": "crawler.run.ending.outcome",
}


if not TYPE_CHECKING:  # else mypy would accept every name as an attribute

    def __getattr__(name: str) -> object:
        """Import the name, and Scrapy with it, on first use: `crawler.pages` needs no Scrapy."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)
