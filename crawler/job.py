"""One crawl of one site: what the spider, the stages and the command share. No Scrapy import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from crawler.hosts import Hosts
from crawler.occasion import Occasion
from crawler.pages import Family
from crawler.plan import Plan
from crawler.profile import SiteProfile
from pipelines.archive.write.writer import ArchiveRun
from pipelines.health import RunReport
from pipelines.normalise import Normaliser

if TYPE_CHECKING:
    from crawler.replay import Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlJob:
    """A prepared crawl; `clock` gives the present moment in UTC, `captures` says whether raw bytes are kept.

    `replay` answers in the place of the site when an old run is made again. `scratch` holds the archive of a crawl
    that keeps nothing (`ARCHIVE = False`).
    """

    profile: SiteProfile
    family: Family
    hosts: Hosts
    start_url: str
    plan_only: bool
    limit: int | None
    accept: str | None
    archive: ArchiveRun
    plan: Plan
    report: RunReport
    normaliser: Normaliser
    clock: Callable[[], datetime]
    folder: Path
    captures: bool
    gone_after_days: int
    occasion: Occasion
    replay: Replay | None
    scratch: TemporaryDirectory[str] | None = None

    def now(self) -> str:
        """The present moment as archives write it."""
        return stamp(self.clock())


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second: `2026-01-10T02:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
