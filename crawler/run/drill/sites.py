"""Replica sites, served by this process: their logs and the drill's kills are told by one clock."""

from __future__ import annotations

import re
import time
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from crawler.replica.kesion.made import kesion
from crawler.replica.kesion.templates import FLAVOURS
from crawler.replica.server import Bench
from crawler.replica.site import Site
from crawler.run.drill.evidence import Asked, Served, texts_of

LOOPBACK = "127.0.0.1"
AGENT_OF = "{}@drill.example"
"""The contact that a worker gives: by it the servers know who asks."""
_WHO = re.compile(r"(?<![\w-])([\w-]++)@drill\.example")
_PROFILE = """\
name = "广水市政协网"
committee = "政协广水市委员会"
cms = "kesion"
id_namespace = "drill"
start_url = "{url}"
section = "领导讲话"
hosts = ["{host}"]
"""


class ReplicaSites:
    """Replicas of KesionCMS sites, each on a port of its own; served in `with`."""

    def __init__(self, sites: int, speeches: int, seed: int) -> None:
        """The ports are taken at once.

        Args:
            sites: how many.
            speeches: that can be read on each; as many as seven more are withheld.
            seed: of what they say.
        """
        self._began = time.monotonic()
        self._benches: dict[str, Bench] = {}
        self._begins: dict[str, int] = {}
        flavours = sorted(FLAVOURS)
        for number in range(1, sites + 1):
            made = kesion(Site(speeches, seed + number), flavours[number % len(flavours)])
            bench = Bench((LOOPBACK, 0), made)
            bench.started = self._began
            self._benches[f"drill-{number:03d}"] = bench
        self._threads = [
            Thread(target=bench.serve_forever, kwargs={"poll_interval": 0.5}) for bench in self._benches.values()
        ]

    @property
    def names(self) -> list[str]:
        """In order."""
        return list(self._benches)

    @property
    def answered(self) -> int:
        """Requests of this round so far, to all sites."""
        return sum(len(bench.requests_seen) - self._begins.get(name, 0) for name, bench in self._benches.items())

    def asked_last(self) -> dict[str, float]:
        """When each worker last asked any site of those that nobody else has asked since."""
        found: dict[str, float] = {}
        for bench in self._benches.values():
            for one in bench.requests_seen[-1:]:
                who = _who(one["user_agent"] or "")
                found[who] = max(one["at"], found.get(who, 0.0))
        return found

    def now(self) -> float:
        """The moment on the servers' clock, in seconds."""
        return time.monotonic() - self._began

    def begin_round(self) -> None:
        """What was asked so far belongs to the rounds before."""
        self._begins = {name: len(bench.requests_seen) for name, bench in self._benches.items()}

    def served(self, delay: float) -> tuple[Served, ...]:
        """What each server saw in this round, and what its site says; `delay` in seconds."""
        return tuple(self._served(name, bench, delay) for name, bench in self._benches.items())

    def _served(self, name: str, bench: Bench, delay: float) -> Served:
        with bench.lock:
            seen, truth = bench.requests_seen[self._begins.get(name, 0) :], bench.cms.truth()
        asked = (Asked(one["at"], one["path"], _who(one["user_agent"] or "")) for one in seen)
        return Served(site=name, delay=delay, asked=tuple(asked), texts=texts_of(truth["speeches"]))

    def write_profiles(self, folder: Path) -> None:
        """A profile of each site, as a deployment's folder of profiles has them."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, bench in self._benches.items():
            url = f"http://{LOOPBACK}:{bench.server_address[1]}/"
            (folder / f"{name}.toml").write_text(_PROFILE.format(url=url, host=LOOPBACK), "utf-8")

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bench in self._benches.values():
            Thread(target=bench.shutdown).start()  # each waits for its own look, at most half a second
        for thread in self._threads:
            thread.join()
        for bench in self._benches.values():
            bench.server_close()


def _who(agent: str) -> str:
    found = _WHO.search(agent)
    return found[1] if found else ""
