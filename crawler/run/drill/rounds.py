"""A round of a drill: every site is crawled once, while workers and the database are killed and started again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from crawler.run.drill.evidence import Killed
from crawler.run.drill.machines import Machine
from crawler.run.drill.plan import DATABASE, Kill
from crawler.run.drill.postgres import Postgres
from crawler.run.drill.sites import ReplicaSites
from pipelines.catalogue.database import DatabaseAway, connected
from pipelines.values import frozen

_LOOK = 0.1
_LATELY = 3.0
"""Seconds: a worker that asked a site within them is at work."""
_SETTLED = 0.05
"""Seconds after which what a dead worker had sent has reached the servers."""
_COMPLETE = """
SELECT DISTINCT site FROM speech_archive.journal_lines
WHERE id > %s AND line::jsonb ->> 'event' = 'ended' AND line::jsonb ->> 'exit_status' = '0'
"""


class Parts(Protocol):
    """What a round needs of a drill's parts."""

    sites: ReplicaSites
    machines: list[Machine]
    postgres: Postgres | None
    dsn: str


@frozen(kw_only=True)
class Passed:
    """How a round went.

    Args:
        kills: that happened.
        planned: kills that were to happen; a round may be over before them.
        seconds: from the first request to the last one.
        requests: that all servers saw.
        open: sites that were not complete when its time was over.
    """

    kills: tuple[Killed, ...]
    planned: int
    seconds: float
    requests: int
    open: tuple[str, ...]


class Round:
    """One round; the workers run already, or start meanwhile."""

    def __init__(self, parts: Parts, kills: Sequence[Kill], expected: int, tell: Callable[[str], None]) -> None:
        """What is asked from now on belongs to it.

        Args:
            parts: of the drill.
            kills: in order.
            expected: about how many requests it takes; the moments of the kills are shares of them.
            tell: is told what happens.
        """
        self._parts, self._expected, self._tell = parts, expected, tell
        self._to_come = list(kills)
        self._down: list[tuple[float, Machine | Postgres]] = []
        self._kills: list[Killed] = []
        self._last_line = _last_line(parts.dsn)
        parts.sites.begin_round()

    def run(self, most_seconds: float) -> Passed:
        """Until every site is complete, or for so many seconds."""
        sites = self._parts.sites
        began, missing = sites.now(), set(sites.names)
        while missing and sites.now() - began < most_seconds:
            self._start_again(sites.now())
            for machine in self._parts.machines:
                machine.keep()
            self._kill_next()
            time.sleep(_LOOK)
            missing -= self._complete()
        self._start_again(float("inf"))
        moments = [one.at for site in sites.served(0.0) for one in site.asked]
        return Passed(
            kills=tuple(self._kills),
            planned=len(self._kills) + len(self._to_come),
            seconds=max(moments, default=began) - min(moments, default=began),
            requests=len(moments),
            open=tuple(sorted(missing)),
        )

    def _kill_next(self) -> None:
        """Kill what is due by now."""
        if not self._to_come:
            return
        kill = self._to_come[0]
        is_due = self._parts.sites.answered >= kill.share * self._expected
        victim = self._parts.postgres if kill.choice is None else self._at_work(kill.choice)
        if not is_due or victim is None or not victim.is_up:
            return
        self._to_come.pop(0)
        victim.kill()
        time.sleep(_SETTLED)
        now = self._parts.sites.now()
        name = victim.name if isinstance(victim, Machine) else DATABASE
        self._kills.append(Killed(now, name))
        self._down.append((now + kill.down, victim))
        self._tell(f"{now:6.1f} s  {name}: kill -9; started again after {kill.down:.1f} s")

    def _at_work(self, choice: float) -> Machine | None:
        """One of the workers that have asked a site lately, and since they were killed last."""
        asked, since = self._parts.sites.asked_last(), self._parts.sites.now() - _LATELY
        killed = {kill.what: kill.at for kill in self._kills}
        found = [
            one for one in self._parts.machines if asked.get(one.name, 0.0) > max(since, killed.get(one.name, 0.0))
        ]
        return found[int(choice * len(found))] if found else None

    def _start_again(self, now: float) -> None:
        """Start what has been down long enough at a moment of the servers' clock."""
        for when, victim in [one for one in self._down if one[0] <= now]:
            self._down.remove((when, victim))
            victim.start()

    def _complete(self) -> set[str]:
        """The sites of which a crawl of this round ended well; none while the database is away."""
        try:
            with connected(self._parts.dsn) as connection:
                return {site for (site,) in connection.execute(_COMPLETE, (self._last_line,))}
        except DatabaseAway:
            return set()


def _last_line(dsn: str) -> int:
    """The newest line of all journals."""
    with connected(dsn) as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM speech_archive.journal_lines").fetchone()
    return int(row[0]) if row else 0
