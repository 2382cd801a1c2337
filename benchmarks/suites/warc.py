"""Writing WARC files, beside warcio and FastWARC."""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measuring import Contender, in_turn
from benchmarks.results import Found, Table, ratios
from benchmarks.rivals.environments import python_of
from benchmarks.served.pages import Recorded, record

SIZES = {"smoke": 20, "usual": 1_000}
HOST = "127.0.0.1"
ABOUT = """\
The same exchanges of a recorded site (articles of 30 KB and counters, as many requests as responses) are written as
one WARC file, a gzip member a record. Only the writer's own calls are timed. All compute SHA digests of block and
payload; ours also parses each response for its payload, looks whether the archive holds it already, and names the
place of each record; none goes to the disk before its end."""
_RIVALS = (
    ("warcio", "warc", "WARCWriter, gzip at its level 9, SHA-1"),
    ("fastwarc", "warc", "compiled; gzip at its level 9, SHA-1"),
)


def run(size: int, rounds: int, only: Collection[str] = ()) -> Found:
    """Write the exchanges of `size` speeches with each writer."""
    with tempfile.TemporaryDirectory(prefix="bench-warc-") as name:
        folder = Path(name)
        site = record(folder / "pages", HOST, size)
        exchanges, count = _write(site, folder / "exchanges.jsonl")
        rows = in_turn(list(_contenders(exchanges, count)), rounds, only)
    bars = ratios(rows, [("speech-archive", "warcio", 1.0)])
    return Found("warc", size, ABOUT, [Table("", rows, "exchanges", count)], bars)


def _write(site: Recorded, file: Path) -> tuple[Path, int]:
    wanted = sorted(site.articles | site.counters)
    lines = ({"url": f"http://{HOST}{one}", "file": str(site.file(one))} for one in wanted)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return file, len(wanted)


def _contenders(exchanges: Path, count: int) -> Iterator[Contender]:
    def contender(name: str, python: Callable[[], str], module: str, work: str) -> Contender:
        def command(folder: Path) -> list[str]:
            return [python(), "-m", module, name, str(exchanges), str(folder)]

        return Contender(name, work, command, lambda folder: _written(folder, count), tells=True)

    own = "benchmarks.suites.own_warc"
    yield contender("speech-archive", lambda: sys.executable, own, "as a crawl does it; SHA-256")
    for name, environment, work in _RIVALS:
        yield contender(name, partial(python_of, environment), "benchmarks.rivals.warc_writers", work)


def _written(folder: Path, count: int) -> dict[str, float | str]:
    file = folder / "out.warc.gz"
    with gzip.open(file) as records:
        kinds = [line for line in records if line.startswith(b"WARC-Type: ")]
    responses, requests = (sum(one.strip().endswith(kind) for one in kinds) for kind in (b"response", b"request"))
    if (responses, requests) != (count, count):
        raise ValueError(f"{responses} responses and {requests} requests of {count} exchanges")
    return {"MB written": round(file.stat().st_size / 1e6, 2)}
