"""Crawls the leader speeches of CPPCC websites. For programs and notebooks: `crawl_site`, `seal`, `Outcome`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import imported_on_use

if TYPE_CHECKING:
    from crawler.run.ending.outcome import Outcome, seal
    from crawler.run.in_process import crawl_site

__all__ = ["Outcome", "crawl_site", "seal"]

if not TYPE_CHECKING:  # `crawler.pages` needs no Scrapy
    __getattr__ = imported_on_use(
        __name__, {"crawl_site": ".run.in_process", "Outcome": ".run.ending.outcome", "seal": ".run.ending.outcome"}
    )
