"""What a night in which nothing changed costs after ten years of such nights: CPU, bytes and files.

    python -m benchmarks years [--nights 3650] [--speeches 500] [--keep DIR]

The first two runs and the measured ones are real crawls of a replica, in processes of their own with a moved clock.
The nights between are written by the archive's own writer, each as the second run: the list, a hundredth of the
articles in turn, the answers that no line names. The CPU time of a process includes the start of the interpreter.

The bar is for 3,650 nights of 500 speeches: the last run costs at most 1.5 times the first, `status` 0.3 s,
`verify --quick` 2 s; packed, a night takes 4 kB and 0.03 files.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import Measured, measured
from crawler.replica.process import Replica
from pipelines.archive import Archive
from pipelines.archive.disk.layout import DERIVED_FILES, Layout
from pipelines.archive.pack.packing import pack
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.acts import When
from pipelines.archive.write.writer import ArchiveRun
from pipelines.record import Capture, Confirmed, Listed, Look
from pipelines.warc.exchange import Exchange
from pipelines.warc.exchanges import with_payload
from pipelines.warc.record_reader import records

BEGIN = datetime(2030, 1, 1, 2, tzinfo=UTC)
SITE = "gszx"
CRAWL = """
import sys
from datetime import datetime
from functools import partial
from crawler.run import in_process
root, url, moment = sys.argv[1:]
in_process.prepare = partial(in_process.prepare, clock=lambda: datetime.fromisoformat(moment))
settings = {"ARCHIVE_ROOT": root, "DOWNLOAD_DELAY": 0, "PACK_YEARS": False}
outcome = in_process.crawl_site("gszx", settings=settings, start_url=url, accept="clock")
sys.exit(int(outcome.exit_status))
"""
MOST_TIMES, MOST_STATUS, MOST_QUICK, MOST_BYTES, MOST_FILES = 1.5, 0.3, 2.0, 4096, 0.03


class Nights:
    """Repeats the last real run of an archive, one a day."""

    def __init__(self, root: Path) -> None:
        """Learn what that run got."""
        archive = Archive(root)
        listing = archive.last.listing
        if listing is None:
            raise SystemExit(f"{root}: its last run found something new")
        self._root, self._facts = root, archive.facts
        self._list = [Capture(**one) for one in listing.captures]
        self._others = archive.last.repeated
        self._report = archive.report(archive.last.run)
        self._articles = {
            line["native_id"]: [Capture(**one) for one in line["captures"] if one["role"] == "article"]
            for line in archive.versions()
        }

    def write(self, number: int) -> None:
        """Make the run of night `number`."""
        moment = BEGIN + timedelta(days=number)
        at, run_id = stamp(moment), f"{moment:%Y%m%dt%H%M%Sz}-{number:04x}"
        with ArchiveRun.open(self._root, self._facts, run_id, at, 14) as run:
            pages = [self._again(run, one, at) for one in self._list]
            for answer in self._others:
                self._again(run, answer, at)
            known = [one for one in run.known.values() if one.presence == "present" and one.listed is not None]
            reads = max(1, len(known) // 100)
            read = {(number * reads + n) % len(known) for n in range(reads)}
            for place, state in enumerate(known):
                page = pages[place * len(pages) // len(known)]
                look = Look(observed_at=at, looked=("list",), listed=state.listed, captures=(page,))
                if place in read:
                    parts = tuple(self._again(run, one, at) for one in self._articles[state.native_id])
                    look = replace(look, looked=("list", "article"), captures=(*parts, page))
                    look = replace(look, http_status=200, payload_sha256=parts[0].payload_sha256)
                    run.see(Confirmed(site=state.id.partition(":")[0], native_id=state.native_id, look=look), None)
                else:
                    run.see(Listed(site=state.id.partition(":")[0], native_id=state.native_id, look=look), None)
            run.seal(self._report | {"run": run_id, "started_at": at, "ended_at": at}, at, {})

    def _again(self, run: ArchiveRun, stored: Any, at: str) -> Any:
        """Get a stored answer again, as the site would give it."""
        pairs = records(Layout(self._root).stored(stored.file), stored.offset)
        (_, record), (_, asked) = islice(pairs, 2)
        exchange = Exchange(
            url=stored.url, date=at, ip="127.0.0.1", request=asked.block,
            response=BytesIO(with_payload(Layout(self._root), record).block), truncated=None, is_verbatim=True,
        )  # fmt: skip
        kept = run.captures.add(exchange)
        if kept is None:
            raise SystemExit(f"{stored.url}: no answer")
        return replace(stored, captured_at=at, **kept._asdict())


def crawl(root: Path, url: str, day: int) -> Measured:
    """A real run in a process of its own, as of night `day`."""
    moment = (BEGIN + timedelta(days=day)).isoformat()
    done = measured([sys.executable, "-c", CRAWL, str(root), url, moment], PROJECT)
    if done.status:
        raise SystemExit(f"the crawl of night {day} ended with {done.status}: {done.said[-500:]}")
    return done


def verb(folder: Path, *arguments: str) -> Measured:
    """A command on the archive."""
    return measured([sys.executable, "-m", "pipelines", arguments[0], str(folder), *arguments[1:]], PROJECT)


def size(folder: Path) -> tuple[int, int]:
    """Bytes and files, without what is derived."""
    files = [f for f in folder.rglob("*") if f.is_file() and f.name not in DERIVED_FILES]
    return sum(f.stat().st_size for f in files), len(files)


def main() -> int:
    """Make the archive, measure, print the table; 1 when something is over the bar."""
    parser = command_line("years", __doc__)
    parser.add_argument("--nights", type=int, default=3650)
    parser.add_argument("--speeches", type=int, default=500)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the archives below DIR, which must be new")
    given = parser.parse_args()
    with ExitStack() as stack:
        root = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        replica = stack.enter_context(Replica(speeches=given.speeches))
        return _measure(root, replica.url, given.nights)


def _measure(root: Path, url: str, nights: int) -> int:
    folder = root / SITE
    crawl(root, url, 0)
    first = crawl(root, url, 1)
    begun, made = size(folder), Nights(folder)
    for number in range(2, nights):
        made.write(number)
        if number % 100 == 0:
            print(f"night {number} of {nights}", file=sys.stderr)
    last, grown = crawl(root, url, nights), size(folder)
    rows = {"a run, the first": (first.cpu, None), "a run, the last": (last.cpu, MOST_TIMES * first.cpu)}
    rows |= {"status": (verb(folder, "status").cpu, MOST_STATUS)}
    rows |= {"verify --quick": (verb(folder, "verify", "--quick").cpu, MOST_QUICK)}
    rows |= {"bytes a night": ((grown[0] - begun[0]) / nights, None)}
    rows |= {"files a night": ((grown[1] - begun[1]) / nights, None)}
    years = sorted({commit.recorded_at[:4] for commit in Archive(folder).commits()})
    after = stamp(BEGIN + timedelta(days=nights + 400))
    for year in years:
        pack(folder, year, When(recorded_at=after, software={}))
    packed = size(folder)
    rows |= {"packed: bytes a night": ((packed[0] - begun[0]) / nights, MOST_BYTES)}
    rows |= {"packed: files a night": ((packed[1] - begun[1]) / nights, MOST_FILES)}
    rows |= {"packed: a run": (crawl(root, url, nights + 401).cpu, MOST_TIMES * first.cpu)}
    rows |= {"packed: status": (verb(folder, "status").cpu, MOST_STATUS)}
    rows |= {"packed: verify --quick": (verb(folder, "verify", "--quick").cpu, MOST_QUICK)}
    return _print(rows)


def _print(rows: dict[str, tuple[float, float | None]]) -> int:
    over = False
    for name, (found, most) in rows.items():
        is_over = most is not None and found > most
        over |= is_over
        bar = "" if most is None else f"{most:10.2f}"
        print(f"{name:<24} {found:10.2f} {bar}{'  OVER' if is_over else ''}")
    return int(over)
