"""Crawls the leader speeches of CPPCC websites. For programs and notebooks: `crawl_site`, `seal`, `Outcome`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.run.in_process import crawl_site
    from crawler.run.outcome import Outcome, seal

__all__ = ["Outcome", "crawl_site", "seal"]

_HOMES = {"crawl_site": "crawler.run.in_process", "Outcome": "crawler.run.outcome", "seal": "crawler.run.outcome"}


if not TYPE_CHECKING:  # else every name would pass for one of ours

    def __getattr__(name: str) -> object:
        """Import what is asked for, and Scrapy with it, only then: `crawler.pages` needs none."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)
