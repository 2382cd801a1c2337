"""One crawl of one site: what the spider, the stages and the command share. No Scrapy import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from crawler.crawl.plan import Plan
from crawler.http.hosts import Hosts
from crawler.pages import Family
from crawler.replay.occasion import Occasion
from crawler.sites.profile import SiteProfile
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.writer import ArchiveRun
from pipelines.health import RunReport
from pipelines.normalise import Normaliser


class AnswersAnew(Protocol):
    """What a run made again says of the captures that answer it; the other half is its download handler's."""

    answered: int

    def document(self) -> dict[str, Any]:
        """For the run report."""


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
    replay: AnswersAnew | None
    scratch: TemporaryDirectory[str] | None = None

    def now(self) -> str:
        """The present moment as archives write it."""
        return stamp(self.clock())

    def is_long_since(self, moment: str) -> bool:
        """Whether a moment (RFC 3339) lies as many days back as a deletion needs to be believed."""
        return self.clock() - datetime.fromisoformat(moment) >= timedelta(days=self.gone_after_days)
