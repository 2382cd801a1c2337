"""What the catalogue of a fleet costs: a site for the first time, its nights, many sites, a check, and its size.

    python -m benchmarks catalogue [--speeches 2000] [--sites 100] [--each 200]

Archives are made by the real writer, with bodies of 2,000 characters, and taken into a PostgreSQL that is started for
it. The floor is the server's own: the rows of all texts copied out of their table, and into one without an index.

The bar: one more commit of a site of 2,000 speeches in half a second of CPU time.
"""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.made import FACTS, moment, paragraphs, speech
from benchmarks.measuring import command_line
from crawler.replica.prose import dice
from crawler.run.drill.postgres import Postgres
from pipelines.archive import Archive
from pipelines.archive.write.writer import ArchiveRun
from pipelines.catalogue.checking import differences, scratch_tables
from pipelines.catalogue.database import Connection, connected
from pipelines.catalogue.taking import prepare, take
from pipelines.record import Listed, Speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_SECONDS = 0.5
_PARAGRAPHS = 20  # of 100 characters each
_REPORT = {"schema": "run/1", "verdict": "complete", "exit_status": 0, "not_captured": []}
_SIZE = "SELECT pg_total_relation_size(%s) / 1e6"


def main() -> int:
    """Measure and print; 1 when over the bar."""
    parser = command_line("catalogue", __doc__)
    parser.add_argument("--speeches", type=int, default=2_000)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--each", type=int, default=200, help="speeches of each of those sites")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Postgres() as server, connected(server.dsn()) as connection:
        prepare(connection)
        night = _one_site(connection, Path(folder) / "one", given.speeches)
        roots = [Path(folder) / f"site-{number}" for number in range(given.sites)]
        for root in roots:
            _run(root, 1, (_said(root.name, one, 1, 1) for one in range(given.each)))
        name = f"{given.sites} sites of {given.each} for the first time"
        _timed(name, lambda: [take(connection, Archive(root)) for root in roots])
        _sizes(connection, given.speeches + given.sites * given.each)
    print(f"one more commit: {night:.2f} s of CPU time (bar {MOST_SECONDS})")
    return int(night > MOST_SECONDS)


def _one_site(connection: Connection, root: Path, speeches: int) -> float:
    """Take one site in several states; seconds of CPU time for one more commit."""
    site = root.name

    def taken() -> bool:
        return take(connection, Archive(root))

    _run(root, 1, (_said(site, number, 1, 1) for number in range(speeches)))
    _timed(f"{speeches} speeches for the first time", taken)
    new = [_said(site, speeches + number, 1, 2) for number in range(3)]
    _run(
        root, 2, [*new, _said(site, 0, 2, 2), *(_counted(site, number, 2) for number in range(1, min(51, speeches)))]
    )
    night = _timed("one more commit: 3 new, 1 changed, 50 counts", taken)
    _run(root, 3, [_counted(site, number, 3) for number in range(speeches)])
    _timed("one more commit: every count", taken)
    _timed("nothing new", taken)
    with scratch_tables(connection):
        _timed("a check", lambda: differences(connection, Archive(root)))
    return night


def _said(site: str, number: int, version: int, n: int) -> Speech:
    body = "\n".join(dice(site, number, version).sample(paragraphs(), _PARAGRAPHS))
    return replace(speech(number, version, moment(n, number)), site=site, body=body)


def _counted(site: str, number: int, n: int) -> Listed:
    look = replace(speech(number, 1, moment(n, number)).look, looked=("list", "counter"))
    return Listed(site=site, native_id=str(number), look=look)


def _run(root: Path, n: int, things: Iterable[Speech | Listed]) -> None:
    facts = replace(FACTS, site=root.name, id_namespace=root.name)
    with ArchiveRun.open(root, facts, f"made-{n:05d}", moment(n, 0), 14) as run:
        last = 0
        for last, thing in enumerate(things, 1):  # noqa: B007 - the last number is the count
            run.keep(thing) if isinstance(thing, Speech) else run.see(thing, 100 + n)
        run.seal(_REPORT, moment(n, 20_000 + last), {})


def _timed(name: str, do: Callable[[], object]) -> float:
    began, cpu = time.monotonic(), time.process_time()
    do()
    seconds, spent = time.monotonic() - began, time.process_time() - cpu
    print(f"{name:<48} {seconds:7.2f} s, CPU of the command {spent:6.2f} s", flush=True)
    return spent


def _sizes(connection: Connection, speeches: int) -> None:
    print(f"memory of the command: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    connection.execute("CREATE TABLE bare (LIKE speech_archive.speech_lines)")
    with connection.cursor() as cursor, cursor.copy("COPY speech_archive.speech_lines TO STDOUT") as out:
        rows = [bytes(part) for part in out]

    def copied() -> None:
        with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as into:
            for part in rows:
                into.write(part)

    _timed("the floor: the rows of all texts copied", copied)
    for name in ("speech_lines", "speech_states", "changes"):
        ((size,),) = connection.execute(_SIZE, [f"speech_archive.{name}"]).fetchall()
        print(f"{name:<48} {size:7.1f} MB, {float(size) * 1000 / speeches:.2f} kB a speech")
