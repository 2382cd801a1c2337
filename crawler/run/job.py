"""The job of one crawl, shared by spider, stages and command. No Scrapy import."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from crawler.crawl.plan import Plan
from crawler.http.hosts import Hosts
from crawler.http.politeness.lease import Lease
from crawler.pages import Family
from crawler.replay.occasion import CRAWL, Occasion
from crawler.run.arguments import Arguments
from crawler.sites.profile import SiteProfile
from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.admission import NEW_CMS
from pipelines.archive.write.salvaging.answers_left import AnswersLeft
from pipelines.archive.write.writer import ArchiveRun
from pipelines.health import RunReport
from pipelines.normalise import Normaliser
from pipelines.stored.distant import Elsewhere
from pipelines.values import frozen


class AnswersAnew(Protocol):
    """The part of a replay that the run report needs; the rest is used by its download handler."""

    answered: int

    def document(self) -> dict[str, Any]:
        """For the run report."""


@frozen(kw_only=True)
class CrawlJob:
    """A prepared crawl: its arguments, the reader of the site, and the archive.

    `captures` is where raw bytes are kept, if they are. `replay` answers instead of the site when an old run is
    replayed. `heads` is the file for its head. `packs_years`: a year that is over is packed after the commit, with
    `disk_floor` bytes left free. `doubts_clock`: the site's clock must agree with this machine's.
    `asked_last`: addresses for which all others are requested first, since their answers ended earlier runs.
    `run_page`: the language of the page that is written beside the run report, or nothing.
    `scratch` holds the archive of a crawl that keeps nothing (`ARCHIVE = False`).
    `elsewhere` is where the files lie that a partial copy of the archive lacks; null for a whole one.
    `lease`: without it, as a cluster grants it, nothing is requested; null where no other machine crawls.
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
    packs_years: bool = False
    disk_floor: int = 0
    run_page: str = ""
    asked_last: frozenset[str] = frozenset()
    elsewhere: Elsewhere | None = None
    lease: Lease | None = None

    @property
    def arguments(self) -> Arguments:
        """The arguments of the crawl, or of the run that is replayed."""
        return self.occasion.arguments

    @property
    def profile(self) -> SiteProfile:
        """The site's."""
        return self.arguments.profile

    @property
    def accepts_new_ids(self) -> bool:
        """Whether a person said that the site has a new CMS, with other ids."""
        return NEW_CMS in self.arguments.accept

    @property
    def left(self) -> AnswersLeft | None:
        """Answers of killed runs that stand in for the site's; a run that reads every article asks for each anew."""
        is_asking = self.occasion.kind == CRAWL and self.captures and self.arguments.mode != "full"
        return self.archive.left if is_asking else None

    def now(self) -> str:
        """The current time as written in archives."""
        return stamp(self.occasion.clock())

    def is_long_since(self, moment: str) -> bool:
        """Whether a moment (RFC 3339) is as many days ago as a deletion needs to be accepted."""
        return self.occasion.clock() - datetime.fromisoformat(moment) >= timedelta(days=self.gone_after_days)
