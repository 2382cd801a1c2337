"""One crawl of one site: what the spider, the stages and the command share. No Scrapy import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from crawler.crawl.plan import Plan
from crawler.http.hosts import Hosts
from crawler.pages import Family
from crawler.replay.occasion import Occasion
from crawler.run.arguments import Arguments
from crawler.sites.profile import SiteProfile
from pipelines.archive.disk.heads_file import HeadsFile
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
    """A prepared crawl: what it was asked, what reads the site, and where it is written.

    `captures` says whether raw bytes are kept. `replay` answers in the place of the site when an old run is made
    again. `heads` is where its head will be noted. `doubts_clock` says whether the site's own clock must agree with
    this machine's. `scratch` holds the archive of a crawl that keeps nothing (`ARCHIVE = False`).
    """

    occasion: Occasion
    family: Family
    hosts: Hosts
    plan: Plan
    normaliser: Normaliser
    report: RunReport
    archive: ArchiveRun
    folder: Path
    gone_after_days: int
    captures: bool
    replay: AnswersAnew | None
    scratch: TemporaryDirectory[str] | None = None
    heads: HeadsFile | None = None
    doubts_clock: bool = False

    @property
    def arguments(self) -> Arguments:
        """What it was asked: the crawl's own, or those of the run that is made again."""
        return self.occasion.arguments

    @property
    def profile(self) -> SiteProfile:
        """The site's."""
        return self.arguments.profile

    def now(self) -> str:
        """The present moment as archives write it."""
        return stamp(self.occasion.clock())

    def is_long_since(self, moment: str) -> bool:
        """Whether a moment (RFC 3339) lies as many days back as a deletion needs to be believed."""
        return self.occasion.clock() - datetime.fromisoformat(moment) >= timedelta(days=self.gone_after_days)
