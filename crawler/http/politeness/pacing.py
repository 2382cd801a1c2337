"""Lets every request of a crawl wait for its turn at its host, and ends the crawl where it may ask no more."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings

from crawler.http.blocked import AMBIGUOUS_STATUS, TRANSIENT
from crawler.http.ending import AskedToWait, Stopping, end_soon, ending_of
from crawler.http.netloc import Server
from crawler.http.notes import note
from crawler.http.politeness.figures import Figures
from crawler.http.politeness.host_clock import LONGEST, HostClock, HostClocks, key_of
from crawler.http.politeness.lease import Lease
from crawler.http.politeness.limits import End, Limits
from crawler.http.politeness.retry_after import retry_after
from crawler.sites.schedule import Hours
from pipelines.archive.read.moments import stamp
from pipelines.reasons import Reason

ZONE = "CRAWL_ZONE"
"""Setting: the time zone of CRAWL_HOURS, set from the profile."""
_POLL = 0.05
"""Seconds between two looks at a clock that another process holds: less than any delay that one would choose."""
_LONGEST_TURN = 15 * 60
"""Seconds after which the process that holds a clock is likely to be stopped: a file takes at most ten minutes."""
_GROWTHS = 3
"""Waits of a host that answers 429 without saying how long: the first, twice and four times as long."""
_UNSAID = 3_600.0
"""Seconds for which a host is left alone that answers 429 after all these waits: limits are mostly by the hour."""
_SHARE_PAUSED = 0.2
"""Share of a run's time that pauses may take beyond RETRY_AFTER_MAX."""
_MOST_CHALLENGES = 8
"""Challenges in a row: a site that lets a client pass does so after two, and a page is requested six times."""
_NO_ANSWER = "none"
_BUSY = frozenset({403, 408, 425, HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)})
"""Statuses with which a server may ask to be left alone for a while."""


@dataclass(slots=True)
class _Host:
    """One host of the crawl. `ended`: when its newest request ended; `opens`: before that it is not requested."""

    server: Server
    clock: HostClock
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    delay: float = 0.0
    crawl_delay: float | None = None
    ended: float = -math.inf
    opens: float = -math.inf
    paused: float = 0.0
    limited: int = 0
    challenged: int = 0


def delay_of(settings: BaseSettings, url: str) -> float:
    """Seconds between two requests to the host of an address, by the settings."""
    slot = settings.getdict("DOWNLOAD_SLOTS").get(urlsplit(url).hostname or "", {})
    return float(slot.get("delay", settings.getfloat("DOWNLOAD_DELAY")))


def limits_of(settings: BaseSettings, zone: str, began: datetime) -> Limits:
    """The limits that the settings give a run that begins at a moment (aware), its hours in a time zone."""
    hours = str(settings["CRAWL_HOURS"] or "")
    return Limits(
        began,
        settings.getint("REQUEST_BUDGET"),
        settings.getfloat("TIME_BUDGET"),
        Hours.parse(hours) if hours else None,
        ZoneInfo(zone),
    )


class Pacing:
    """Scrapy extension: every request takes its turn at its host.

    One at a time, not before the delay has passed since the end of the newest one of any process of this machine, and
    not while the crawl's lease, if it has one, is not held.
    Where the host asks for a longer pause than RETRY_AFTER_MAX, or the limits of the run are reached, the crawl ends,
    and `end` says why.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler, self.settings = crawler, settings
        self.clocks = HostClocks.of(settings["HOST_LOCKS"])
        self.limits = limits_of(settings, settings[ZONE] or "UTC", datetime.now(UTC))
        self.figures = Figures()
        self.lease: Lease | None = getattr(getattr(crawler.spider, "job", None), "lease", None)
        self.end: End | None = None
        self._hosts: dict[str, _Host] = {}
        self._longest_pause = settings.getfloat("RETRY_AFTER_MAX")
        self._first_wait = settings.getfloat("RATE_LIMIT_WAIT")
        # A replay has the answers of an old run; what the site asked for then, it does not ask now.
        self._heeds = settings.getbool("CRAWL_DELAY_OBEY")
        self._began: float | None = None
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        pacing = cls(crawler)
        crawler.signals.connect(pacing.close, signal=signals.engine_stopped)
        return pacing

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the turn of a request, which is sent and answered in this context.

        Raises:
            Stopping: the crawl is ending, or it may ask no more and ends now.
        """
        host = self._host(url)
        async with host.turn:
            await self._own_turn(host)
            try:
                await self._leased_turn(host)
                self._note(host)
                now = _now()
                if host.ended > -math.inf:
                    self.figures.gaps.append(now - host.ended)
                self.figures.asked += 1
                try:
                    yield
                finally:
                    host.ended = _now()
                    self._note(host)
            finally:
                host.clock.release()

    def answered(self, url: str, response: Response | None) -> None:
        """Count an answer, or that none came, and pause or end the crawl where its head asks for it.

        To be called in the turn of its request, so that the next one does not slip through.

        Raises:
            Stopping: the crawl ends now.
        """
        self.figures.statuses[str(response.status) if response is not None else _NO_ANSWER] += 1
        if response is None or response.status not in _BUSY or not self._heeds:
            return
        host, why = self._host(url), _answer(response.status, url)
        if seconds := retry_after(response, datetime.now(UTC)):
            self._pause(host, url, seconds, f"{why}, Retry-After {min(seconds, LONGEST.total_seconds()):.0f} s")
        elif response.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._back_off(host, url, why)

    def honour(self, url: str, crawl_delay: float) -> None:
        """Keep to the Crawl-delay of a host's robots.txt, 0 for none, if it is longer than ours.

        Raises:
            ValueError: it is no number of seconds; the host's clock, which is JSON, could not say it.
        """
        if not math.isfinite(crawl_delay):
            raise ValueError(f"{url}: a Crawl-delay of {crawl_delay} is no number of seconds")
        self._host(url).crawl_delay = crawl_delay
        self.figures.crawl_delay = max(self.figures.crawl_delay, crawl_delay)

    def heed(self, url: str, status: int, reason: Reason | None) -> None:
        """Pause the host, or end the crawl, as the text of an answer asks; `reason`: why it is not the page.

        Raises:
            Stopping: the crawl ends now.
        """
        if not self._heeds:
            return
        host = self._host(url)
        host.challenged = host.challenged + 1 if reason is Reason.CHALLENGE else 0
        if host.challenged >= _MOST_CHALLENGES:
            self._stop(End("challenges", f"{host.challenged} answers in a row were browser challenges"))
        if reason not in TRANSIENT:
            host.limited = 0
        elif reason is Reason.RATE_LIMITED and status == AMBIGUOUS_STATUS and host.opens <= _now():
            self._back_off(host, url, _answer(status, url))

    def document(self) -> dict[str, Any]:
        """For the run report: what was really done, and what is left of the budgets."""
        left = self.limits.left(self.figures.asked, datetime.now(UTC))
        ended_by = self.end.url if self.end is not None else None
        return {**self.figures.document(), "budget_left": left, "ended_by": ended_by}

    def close(self) -> None:
        """Close the clocks."""
        for host in self._hosts.values():
            host.clock.close()

    def _host(self, url: str) -> _Host:
        server = Server.of(url)
        if server is None:
            raise ValueError(f"not an http(s) address: {url[:200]}")
        key = key_of(server)
        if key not in self._hosts:
            self._began = self._began or _now()
            self._hosts[key] = _Host(server, self.clocks.clock(server), delay=delay_of(self.settings, url))
        return self._hosts[key]

    async def _own_turn(self, host: _Host) -> None:
        """Wait as long as this crawl knows that it must, while others may ask."""
        while True:
            now = _now()
            wait = max(host.ended + max(host.delay, host.crawl_delay or 0.0), host.opens) - now
            self._may_ask(wait)
            if wait <= 0:
                return
            await self._sleep(wait)

    async def _leased_turn(self, host: _Host) -> None:
        """Hold the host's clock while the lease is held: who waits for a lease lets others have the clock."""
        await self._everybodys_turn(host)
        while self.lease is not None and not self.lease.is_held:
            host.clock.release()
            while not self.lease.is_held:
                self._may_ask(_POLL)
                await self._sleep(_POLL)
            await self._everybodys_turn(host)

    async def _everybodys_turn(self, host: _Host) -> None:
        """Hold the host's clock, from the moment on when nobody of this machine has asked it for its delay."""
        since = _now()
        while not self._takes(host):
            if _now() - since > _LONGEST_TURN:
                words = f"another process has held the clock of {host.server.host} for {_LONGEST_TURN // 60} minutes"
                self._stop(End("clock", words))
            self._may_ask(_POLL)
            await self._sleep(_POLL)
        while True:
            now = datetime.now(UTC)
            later = self.clocks.later(host.server, now) if self._heeds else None
            asked_for = (later.until - now).total_seconds() if later else 0.0
            if later is not None and asked_for > self._longest_pause:
                self._stop(End("asked-to-wait", asked_later(later.why, later.until), later.until))
            delay, elsewhere = max(host.delay, host.crawl_delay or 0.0), self.lease.since if self.lease else -math.inf
            wait = max(asked_for, host.clock.seconds_left(delay, elsewhere))
            self._may_ask(wait)
            if wait <= 0:
                return
            await self._sleep(wait)

    def _takes(self, host: _Host) -> bool:
        try:
            if self.figures.asked == 0:
                self.clocks.prepare()
            return host.clock.take()
        except OSError as error:
            self._stop(End("clock", f"the clock of {host.server.host} cannot be used: {error}"))

    def _note(self, host: _Host) -> None:
        try:
            host.clock.note(host.crawl_delay)
        except OSError as error:
            note(self.crawler, f"the clock of {host.server.host} cannot be written: {error}")

    def _may_ask(self, wait: float) -> None:
        """Raise `Stopping` when the crawl is ending, and end it when its limits are reached within `wait` seconds."""
        if self.end is not None:
            raise Stopping
        if ending := ending_of(self.crawler):
            ending.check()
        at = datetime.now(UTC) + timedelta(seconds=max(0.0, wait))
        if (end := self.limits.end(self.figures.asked, at)) is not None:
            self._stop(end)

    async def _sleep(self, seconds: float) -> None:
        ending = ending_of(self.crawler)
        await (ending.sleep(seconds) if ending else asyncio.sleep(seconds))

    def _back_off(self, host: _Host, url: str, why: str) -> None:
        """Wait longer each time for a host that answers that it is asked too often, and at last leave it alone."""
        host.limited += 1
        if host.limited > _GROWTHS:
            self._leave(host, url, _UNSAID, f"{why}, {host.limited} times in a row")
        self._wait(host, self._first_wait * 2 ** (host.limited - 1), why)

    def _pause(self, host: _Host, url: str, seconds: float, why: str) -> None:
        """Wait as long as a host asks; end the crawl if this pause, or all together, are too long."""
        now = _now()
        most = self._longest_pause + _SHARE_PAUSED * (now - (self._began or now))
        if seconds > self._longest_pause or host.paused + seconds > most:
            self._leave(host, url, seconds, why)
        host.paused += seconds
        self._wait(host, seconds, why)

    def _wait(self, host: _Host, seconds: float, why: str) -> None:
        host.opens = max(host.opens, _now() + seconds)
        self.figures.pauses += 1
        self.figures.paused += seconds
        self._tell_others(host, datetime.now(UTC) + timedelta(seconds=seconds), why)

    def _leave(self, host: _Host, url: str, seconds: float, why: str) -> NoReturn:
        until = datetime.now(UTC) + min(timedelta(seconds=min(seconds, LONGEST.total_seconds())), LONGEST)
        self._tell_others(host, until, why)
        self._end(End("asked-to-wait", asked_later(why, until), until, url))
        raise AskedToWait(why)

    def _tell_others(self, host: _Host, until: datetime, why: str) -> None:
        try:
            self.clocks.ask_later(host.server, until, why)
        except OSError as error:
            note(self.crawler, f"that {host.server.host} asked for a pause cannot be noted for other runs: {error}")

    def _stop(self, end: End) -> NoReturn:
        self._end(end)
        raise Stopping

    def _end(self, end: End) -> None:
        self.end = self.end or end
        self._closing = self._closing or end_soon(self.crawler)


def _answer(status: int, url: str) -> str:
    return f"HTTP {status} at {url[:100]}"


def _now() -> float:
    return asyncio.get_running_loop().time()


def asked_later(why: str, until: datetime) -> str:
    """That a host asked to be left alone, in words."""
    return f"the site asked not to be requested before {stamp(until)}: {why}"


def pacing_of(crawler: Crawler) -> Pacing | None:
    """The crawl's extension, where it has one."""
    try:
        return crawler.get_extension(Pacing)
    except RuntimeError:
        return None  # the crawl did not begin
