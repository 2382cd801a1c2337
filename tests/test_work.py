"""Work is counted, seconds are not: what one more speech costs, in calls, requests, connections and bytes.

Each figure is the difference between two sizes, divided by the speeches that lie between: what a run costs once falls
out. A ceiling is what was measured, and 3 % for what differs from one run and one Python to the next; raise one only
for something that is worth it, and lower it when the work becomes less.
"""

from __future__ import annotations

import pstats
from dataclasses import dataclass
from pathlib import Path

import pytest

from crawler.replica.process import Replica
from tests.conftest import Site

SIZES = (10, 30)
CALLS = {"first crawl": 21_750, "nothing new": 2_900, "read again": 14_280}
"""Calls of functions a speech, also of those written in C: on the replica, with its pictures and files."""
REQUESTS = 3.55
"""A speech: its page and its counter, some further pages, pictures and files, and its share of a list page."""
CONNECTIONS = 1
"""Of a whole run over a server that keeps them open."""
BYTES = {"versions": 1_400, "observations": 320, "warc": 8_500}
"""Of compressed lines and records, a speech."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the runs over a replica of one size cost."""

    calls: dict[str, int]
    requests: int
    connections: int
    size: dict[str, int]


def crawled(root: Path, speeches: int) -> Work:
    """Crawl a replica, crawl it again with nothing new, and read its captures again."""
    site, calls = Site(root), {}
    with Replica(flavour="7.0", speeches=speeches) as replica:
        for run, more in {"first crawl": (), "nothing new": (), "read again": ("-a", "replay=latest")}.items():
            profile = root / run
            ended = site.crawl(replica.url, "--profile", str(profile), *more)
            assert ended.status == 0, ended.err
            calls[run] = sum(one[1] for one in pstats.Stats(str(profile)).stats.values())  # type: ignore[attr-defined]
            if run == "first crawl":
                seen = replica.log()["requests"]
    size = {kind: _bytes_of(site.folder / kind) for kind in BYTES}
    return Work(calls, len(seen), len({one["connection"] for one in seen}), size)


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> tuple[Work, Work]:
    few, many = (crawled(tmp_path_factory.mktemp(f"of{speeches}"), speeches) for speeches in SIZES)
    return few, many


def test_one_more_speech_costs_no_more_than_its_ceilings(works: tuple[Work, Work]) -> None:
    few, many = works
    more = SIZES[1] - SIZES[0]
    calls = {run: round((many.calls[run] - few.calls[run]) / more) for run in CALLS}
    size = {kind: round((many.size[kind] - few.size[kind]) / more) for kind in BYTES}
    told = f"{calls}, {size}, {(many.requests - few.requests) / more} requests a speech"
    assert all(calls[run] <= ceiling for run, ceiling in CALLS.items()), told
    assert all(size[kind] <= ceiling for kind, ceiling in BYTES.items()), told
    assert (many.requests - few.requests) / more == REQUESTS, told
    assert many.connections == CONNECTIONS
