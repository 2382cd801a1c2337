"""All benchmarks: `python -m benchmarks SUITE [--size N|smoke] [--rounds N]`."""

from __future__ import annotations

import argparse
import sys

from benchmarks.results import markdown
from benchmarks.served.nginx import NoServerError
from benchmarks.suites import crawl, extraction

SUITES = {"crawl": crawl, "extraction": extraction}


def main() -> int:
    """Run a suite and print its tables; 1 when a bar does not hold, 2 when it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=[*SUITES])
    parser.add_argument("--size", default="usual", help="a number, or smoke or usual")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    suite = SUITES[given.suite]
    size = suite.SIZES.get(given.size) or int(given.size)
    try:
        found = suite.run(size, given.rounds)
    except (NoServerError, RuntimeError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    print(markdown(found))
    return int(not all(bar.holds for bar in found.bars))


if __name__ == "__main__":
    sys.exit(main())
