"""All benchmarks: `python -m benchmarks [SUITE …] [--size N|smoke] [--rounds N] [--only NAME …] [--record]`.

Further measurements, each with arguments of its own (`python -m benchmarks NAME --help`): see `OTHERS`.
"""

from __future__ import annotations

import argparse
import compileall
import os
import signal
import sys
from importlib import import_module
from types import ModuleType

from benchmarks import machine, page
from benchmarks.measuring import PROJECT
from benchmarks.results import markdown
from benchmarks.served.server import NoServerError

SUITES = ("crawl", "again", "extraction", "warc", "start", "exports", "sites", "memory", "archive", "cluster")
"""Modules of `benchmarks.suites`: each has `SIZES` (by name), `run(size, rounds, only)`, perhaps `MOST_ROUNDS`."""
OTHERS = {
    "capture": "what keeping every exchange costs a crawl",
    "catalogue": "the catalogue of a fleet in PostgreSQL",
    "fleet": "two hundred sites in one process, killed in the middle",
    "fleet_status": "`status` of thousands of archives",
    "history": "reading a history of a million versions",
    "many": "one command over a thousand archives",
    "radar": "the damage radar on clean texts and a damaged one",
    "readers": "reading an export with other people's libraries",
    "search": "export to SQLite, and search in it",
    "tables": "export of tables beside the bare libraries",
    "window": "the static pages of 20,000 speeches",
    "yardstick": "how right the generic reader is, on pages with gold",
    "years": "a night without news after ten years of such nights",
}
"""Modules of `benchmarks.scale`: each has a `main()` of its own and prints its table."""


def main() -> int:
    """Run what is named; 1 when a bar does not hold, 2 when something could not be run."""
    # Servers and folders are left in order, whoever ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _compile()
    if sys.argv[1:2] and sys.argv[1] in OTHERS:
        name = sys.argv.pop(1)
        return int(import_module(f"benchmarks.scale.{name}").main())
    if sys.argv[1:] == ["page"] and (newest := page.newest()):
        page.write(newest)
        return 0
    given = _arguments()
    holds = True
    for name in given.suites or SUITES:
        suite = import_module(f"benchmarks.suites.{name}")
        told = machine.made_of(), machine.described()
        try:
            rounds = min(given.rounds, getattr(suite, "MOST_ROUNDS", given.rounds))
            found = suite.run(_size(given.size, suite), rounds, given.only)
        except (NoServerError, RuntimeError) as error:
            print(f"benchmarks: {name}: {error}", file=sys.stderr)
            return 2
        print(f"## {name}\n\n{markdown(found)}\n", flush=True)
        holds &= all(bar.holds for bar in found.bars)
        if given.record:
            print(f"recorded in {page.add(found, rounds, *told, SUITES)}", file=sys.stderr)
    return int(not holds)


def _compile() -> None:
    """Compile our modules, as those of installed rivals are: else each start of ours could do it anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for package in ("crawler", "pipelines", "benchmarks"):
        compileall.compile_dir(PROJECT / package, quiet=2)


def _arguments() -> argparse.Namespace:
    others = "  page           write docs/benchmarks.md from the newest results\n"
    others += "\n".join(f"  {name:<14} {said}" for name, said in OTHERS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the program beside others that do the same work.",
        epilog=f"further measurements, with arguments of their own:\n{others}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default: all")
    parser.add_argument("--size", default="usual", help="a number, or smoke or usual (default)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these lines of the tables")
    parser.add_argument("--record", action="store_true", help="into benchmarks/results and docs/benchmarks.md")
    given = parser.parse_args()
    if unknown := [one for one in given.suites if one not in SUITES]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(SUITES)}")
    if given.record and given.only:
        parser.error("--record is for whole suites, without --only")
    return given


def _size(given: str, suite: ModuleType) -> int:
    sizes: dict[str, int] = suite.SIZES
    if given in sizes:
        return sizes[given]
    if not given.isdecimal():
        raise RuntimeError(f"--size {given}: a number, smoke or usual")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
