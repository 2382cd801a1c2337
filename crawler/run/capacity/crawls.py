"""One crawl of the simulation: what it asks, where it breaks off, and how a journal of attempts tells it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from crawler.run.capacity.assumed import Assumed, Costs
from crawler.run.capacity.made_sites import MadeSite
from pipelines.archive.read.moments import stamp
from pipelines.exits import Exit
from pipelines.fleet.attempts import Attempt, Began, Ended


@dataclass(slots=True)
class Progress:
    """What was archived of a site, and tried.

    Args:
        made: the site.
        left: requests that are still to be answered of what was begun, its lists apart; null: nothing was begun.
        attempts: since its last good run, which is the first of them.
        tried: attempts in all.
        filled: seconds of the simulation at which its first crawl had everything; null: not yet.
    """

    made: MadeSite
    left: int | None = None
    attempts: list[Attempt] = field(default_factory=list)
    tried: int = 0
    filled: float | None = None


@dataclass(slots=True)
class Crawl:
    """A crawl under way; times are seconds of the simulation.

    Args:
        progress: of its site.
        due, began: from when it was due, and when it began.
        first, opening: requests before the lists, and with them: every crawl asks these before any article.
        wanted: requests in all.
        breaks: after so many the site stops answering; null: it does not.
        asked: requests that were answered.
        since, seconds, ahead: the stretch of requests under way: when it began, how long it takes, how many they are.
    """

    progress: Progress
    worker: int
    due: float
    began: float
    first: int
    opening: int
    wanted: int
    breaks: int | None
    asked: int = 0
    since: float = 0.0
    seconds: float = 0.0
    ahead: int = 0
    is_lost: bool = False

    @property
    def end(self) -> int:
        """Requests after which it ends, if nothing else ends it."""
        return self.wanted if self.breaks is None else self.breaks

    @property
    def list_pages(self) -> int:
        """List pages that were read."""
        return max(0, min(self.asked, self.opening) - self.first)

    def break_off(self, at: float) -> None:
        """Count what was answered of the stretch under way until a moment: the worker was lost."""
        share = min(1.0, (at - self.since) / self.seconds) if self.seconds else 0.0
        self.asked += int(self.ahead * share)
        self.is_lost = True

    def take_stock(self) -> None:
        """Note in the site's progress what is left: what was answered is archived, or in a staging."""
        self.progress.left = self.wanted - max(self.asked, self.opening)


def speeches_of(pages: int, costs: Costs) -> int:
    """Of a site whose first crawl has so many requests."""
    return round(pages * costs.speeches)


def opening_of(made: MadeSite, costs: Costs) -> int:
    """Requests of robots.txt and all list pages."""
    return min(made.pages, costs.requests_first + math.ceil(speeches_of(made.pages, costs) / costs.rows))


def begun(
    progress: Progress, worker: int, due: float, now: float, chance: Random, assumed: Assumed, costs: Costs
) -> Crawl:
    """The crawl of a site that begins now: its first, its next, or the rest of one that was broken off."""
    made = progress.made
    opening = opening_of(made, costs)
    if progress.left is None:
        is_first = progress.filled is None
        progress.left = made.pages - opening if is_first else news(made, assumed, costs, chance)
    wanted = opening + progress.left
    fails = chance.random() < assumed.fails
    breaks = 0 if made.is_dead else int(chance.random() * wanted) if fails else None
    progress.tried += 1
    return Crawl(progress, worker, due, now, costs.requests_first, opening, wanted, breaks)


def news(made: MadeSite, assumed: Assumed, costs: Costs, chance: Random) -> int:
    """Requests of a night beside the lists: an article and a counter for what is young and for some that are old."""
    young = sum(chance.random() < assumed.new % 1 for _ in range(costs.young_days))
    young += int(assumed.new) * costs.young_days
    return 2 * (young + int(speeches_of(made.pages, costs) * costs.read_again))


def attempt(crawl: Crawl, ended: float, status: Exit | None, begins: datetime) -> Attempt:
    """The crawl as an entry of the site's journal; `status`: null when it died."""
    made = crawl.progress.made
    began = Began(attempt=str(crawl.progress.tried), at=_moment(begins, crawl.began), pid=crawl.worker, host="")
    if status is None:
        return Attempt(began, None)
    return Attempt(
        began,
        Ended(
            at=_moment(begins, ended),
            run=made.site,
            mode="incremental",
            exit_status=status,
            verdict="",
            message="",
            seconds=ended - crawl.began,
            counts={"list_pages": crawl.list_pages},
            commit=1,
        ),
    )


def _moment(begins: datetime, seconds: float) -> str:
    return stamp(begins + timedelta(seconds=seconds))
