"""The simulation: a heap of events, slots of workers, locks of hosts, and the program's own rules of what is due.

Time is in seconds since its begin. Nothing happens by chance but what a seed draws, and each site draws for itself,
so that more workers meet the same sites and the same faults.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from crawler.run.capacity.assumed import ZONE, Assumed, Cluster, Costs
from crawler.run.capacity.crawls import Crawl, Progress, attempt, begun
from crawler.run.capacity.made_sites import MadeSite, drawing
from crawler.run.fleet.due import Times, due
from pipelines.exits import Exit
from pipelines.values import frozen

_DAY = 86_400.0
_STRETCH = 50
"""Requests that are simulated in one step: a minute of a site."""
_LONGEST = 366 * _DAY
"""A fleet that is not there after a year never will be."""


@frozen(kw_only=True)
class Crawled:
    """A crawl that ended, or was broken off: of which site, from when it was due, begin and end, requests, how."""

    site: str
    due: float
    began: float
    ended: float
    asked: int
    status: Exit | None


@frozen(kw_only=True)
class Simulated:
    """What happened.

    Args:
        sites: as they were made.
        filled: by site, when its first crawl had everything. Sites that never answer are not in it.
        night: when the day began that followed the first fill; null: the fill did not end within a year.
        crawls: in the order of their ends.
        unfinished: sites that were due until the end of that day, and had not had their turn a day later.
        losses: of workers; each broke off all crawls of one.
        broken_off: crawls that it cost; each asks its lists again.
        cpu: seconds that all workers computed until the fill was over.
    """

    sites: Sequence[MadeSite]
    filled: dict[str, float]
    night: float | None
    crawls: list[Crawled]
    unfinished: int
    losses: int
    broken_off: int
    cpu: float


@dataclass(slots=True)
class _Worker:
    """A process: its crawls, until when its core is busy, how often it was lost."""

    crawls: list[Crawl] = field(default_factory=list)
    busy: float = 0.0
    is_away: bool = False


_Waiting = tuple[bool, float, str]
"""A site in the queue: whether it was tried before, from when it is due, its name. The least comes first."""


def simulate(
    sites: Sequence[MadeSite], cluster: Cluster, assumed: Assumed, costs: Costs, seed: int, begins: datetime
) -> Simulated:
    """Crawl all sites from nothing, and go on until the day after is over.

    Args:
        begins: the moment (aware) of the begin.
    """
    return _Simulation(sites, cluster, (assumed, costs), seed, begins).run()


class _Simulation:
    def __init__(
        self, sites: Sequence[MadeSite], cluster: Cluster, given: tuple[Assumed, Costs], seed: int, begins: datetime
    ) -> None:
        self._cluster, self._seed, self._begins = cluster, seed, begins
        self._assumed, self._costs = given
        self._zone = ZoneInfo(ZONE)
        self._times = Times(schedule=cluster.schedule, hours=cluster.hours, zone=self._zone)
        self._progress = {one.site: Progress(one) for one in sites}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._now = 0.0
        self._ready: list[_Waiting] = []
        self._behind: dict[str, list[_Waiting]] = {}
        """By host that is held: who waits for it."""
        self._workers = [_Worker() for _ in range(cluster.workers)]
        self._chances = [drawing(seed, "worker", number) for number in range(cluster.workers)]
        self._to_fill = sum(not one.is_dead for one in sites)
        self._filled: dict[str, float] = {}
        self._crawls: list[Crawled] = []
        self._losses = self._broken_off = 0
        self._cpu = 0.0

    def run(self) -> Simulated:
        for site in self._progress:
            self._plan(site)
        for number in range(len(self._workers)):
            self._lose_later(number)
        self._go_on(lambda: self._is_filled or self._now > _LONGEST)
        night = self._next_day() if self._is_filled else None
        cpu = self._cpu
        if night is not None:
            self._go_on(lambda: self._now > night + 2 * _DAY)
        return Simulated(
            sites=[one.made for one in self._progress.values()],
            filled=self._filled,
            night=night,
            crawls=self._crawls,
            unfinished=self._unfinished(before=(night or 0.0) + _DAY),
            losses=self._losses,
            broken_off=self._broken_off,
            cpu=cpu,
        )

    @property
    def _is_filled(self) -> bool:
        return len(self._filled) == self._to_fill

    def _unfinished(self, before: float) -> int:
        """Sites that were due before a moment and still wait or are under way."""
        waiting = itertools.chain(self._ready, *self._behind.values())
        under_way = (crawl for worker in self._workers for crawl in worker.crawls)
        return sum(one[1] < before for one in waiting) + sum(crawl.due < before for crawl in under_way)

    def _go_on(self, is_over: Callable[[], bool]) -> None:
        while self._events and not is_over():
            self._now, _, happens = heapq.heappop(self._events)
            happens()

    def _at(self, moment: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), happens))

    def _moment(self, seconds: float) -> datetime:
        return self._begins + timedelta(seconds=seconds)

    def _next_day(self) -> float:
        """The first midnight in the zone of the sites."""
        local = self._moment(self._now).astimezone(self._zone)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - self._begins).total_seconds()

    # What is due, and who takes it.

    def _plan(self, site: str) -> None:
        """Bring a site into the queue at the moment at which it is due."""
        now = self._moment(self._now)
        at = due(site, self._times, self._progress[site].attempts, now).at
        if at is not None:
            since = (at - self._begins).total_seconds()
            self._at(max(self._now, since), partial(self._queue, (self._progress[site].tried > 0, since, site)))

    def _queue(self, waiting: _Waiting) -> None:
        heapq.heappush(self._ready, waiting)
        self._hand_out()

    def _hand_out(self) -> None:
        """Let the workers with the fewest crawls take what waits, but two sites of one host."""
        while self._ready and (worker := self._free()) is not None:
            waiting = heapq.heappop(self._ready)
            host = self._progress[waiting[-1]].made.host
            if host in self._behind:
                heapq.heappush(self._behind[host], waiting)
                continue
            self._behind[host] = []
            self._begin(waiting, worker)

    def _free(self) -> int | None:
        jobs = self._cluster.jobs
        free = [
            (len(one.crawls), number)
            for number, one in enumerate(self._workers)
            if not one.is_away and len(one.crawls) < jobs
        ]
        return min(free)[1] if free else None

    def _release(self, host: str) -> None:
        """Give a host's lock back, and let the first who waits for it have its turn."""
        behind = self._behind.pop(host)
        for waiting in behind:
            heapq.heappush(self._ready, waiting)

    # A crawl.

    def _begin(self, waiting: _Waiting, number: int) -> None:
        _, since, site = waiting
        progress = self._progress[site]
        known = progress.made.pages * self._costs.speeches if progress.filled is not None else 0.0
        chance = drawing(self._seed, "crawl", site, progress.tried)
        crawl = begun(progress, number, since, self._now, chance, self._assumed, self._costs)
        worker = self._workers[number]
        worker.crawls.append(crawl)
        ready = self._compute(worker, self._costs.cpu_site + known * self._costs.cpu_known)
        self._at(max(self._now + self._costs.pull, ready), partial(self._ask, crawl))

    def _compute(self, worker: _Worker, seconds: float) -> float:
        """When a worker's core has done so much more; crawls of one worker share it."""
        worker.busy = max(worker.busy, self._now) + seconds
        self._cpu += seconds
        return worker.busy

    def _ask(self, crawl: Crawl) -> None:
        """Simulate the next requests, as many as nothing interrupts."""
        if crawl.is_lost:
            return
        crawl.asked += crawl.ahead
        made = crawl.progress.made
        apart = self._cluster.delay + made.seconds
        left = crawl.end - crawl.asked
        crawl.ahead = min(left, _STRETCH, math.ceil(self._open_for() / apart))
        pause = 0.0
        if made.is_limiting:
            until_limit = self._assumed.limit - crawl.asked % self._assumed.limit
            crawl.ahead = min(crawl.ahead, until_limit)
            pause = self._costs.pause if crawl.ahead == until_limit else 0.0
        if crawl.ahead == 0:
            self._finish(crawl, is_closed=left > 0)
            return
        done = self._compute(self._workers[crawl.worker], crawl.ahead * self._costs.cpu_page)
        crawl.since, crawl.seconds = self._now, max(crawl.ahead * apart, done - self._now)
        self._at(self._now + crawl.seconds + pause, partial(self._ask, crawl))

    def _open_for(self) -> float:
        """Seconds until the sites may no longer be requested; more than any stretch takes where they always may."""
        hours = self._cluster.hours
        if hours is None:
            return _LONGEST
        now = self._moment(self._now).astimezone(self._zone)
        if not hours.includes(now, self._zone):
            return 0.0
        end = now.replace(hour=hours.end.hour, minute=hours.end.minute, second=0, microsecond=0)
        return (end - now).total_seconds() % _DAY

    def _finish(self, crawl: Crawl, *, is_closed: bool) -> None:
        """The requests are over: the commit, its way to the store, and the end."""
        is_broken = not is_closed and crawl.breaks is not None
        status = Exit.INTERRUPTED if is_closed else Exit.GAPS if is_broken else Exit.COMPLETE
        lasts = self._costs.push + (self._costs.down if is_broken else 0.0)
        self._at(self._now + lasts, partial(self._end, crawl, status))

    def _end(self, crawl: Crawl, status: Exit) -> None:
        if crawl.is_lost:
            return
        crawl.take_stock()
        progress, made = crawl.progress, crawl.progress.made
        if status is Exit.COMPLETE and progress.filled is None:
            progress.filled = self._filled[made.site] = self._now
        if status is Exit.COMPLETE:
            progress.left = None
        self._note(crawl, status)
        self._workers[crawl.worker].crawls.remove(crawl)
        self._release(made.host)
        self._plan(made.site)
        self._hand_out()

    def _note(self, crawl: Crawl, status: Exit | None) -> None:
        """Enter what ended now in the site's journal; `status`: null when it died."""
        tried = attempt(crawl, self._now, status, self._begins)
        attempts = crawl.progress.attempts
        crawl.progress.attempts = [tried] if tried.is_good else [*attempts, tried]
        self._crawls.append(
            Crawled(
                site=crawl.progress.made.site,
                due=crawl.due,
                began=crawl.began,
                ended=self._now,
                asked=crawl.asked,
                status=status,
            )
        )

    # A worker is lost.

    def _lose_later(self, number: int) -> None:
        if days := self._assumed.days_between_losses:
            after = self._chances[number].expovariate(1 / (days * _DAY))
            self._at(self._now + after, partial(self._lose, number))

    def _lose(self, number: int) -> None:
        worker, self._workers[number] = self._workers[number], _Worker(is_away=True)
        self._losses += 1
        self._broken_off += len(worker.crawls)
        goes_on = max(self._costs.rescue, min(self._assumed.away, self._costs.gone))
        for crawl in worker.crawls:
            crawl.break_off(self._now)
            crawl.take_stock()
            self._note(crawl, None)
            self._at(self._now + goes_on, partial(self._rescue, crawl))
        self._at(self._now + self._assumed.away, partial(self._come_back, number))

    def _rescue(self, crawl: Crawl) -> None:
        """Its job goes back to the queue, and its host's lock is free."""
        self._release(crawl.progress.made.host)
        self._queue((True, crawl.due, crawl.progress.made.site))

    def _come_back(self, number: int) -> None:
        self._workers[number].is_away = False
        self._lose_later(number)
        self._hand_out()
