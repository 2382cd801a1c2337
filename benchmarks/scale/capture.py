"""What keeping every exchange costs a crawl: with and without, side by side, against the replica with delay 0.

    python -m benchmarks capture [--speeches 1000] [--repeats 3]

The bar: at most 15 % more wall time; and memory does not grow with the number of pages (a crawl of a quarter of the
speeches is run beside). Pairs run in turn, so that what else the machine does falls on both.
"""

from __future__ import annotations

import sys
import tempfile
from statistics import median

from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import Measured, measured
from crawler.replica.process import Replica

MOST_TIMES, MOST_GROWTH_MB = 1.15, 16


def crawl(url: str, *, keeps: bool) -> Measured:
    """A first crawl into an archive of its own."""
    with tempfile.TemporaryDirectory() as root:
        settings = [f"ARCHIVE_ROOT={root}", "DOWNLOAD_DELAY=0", f"CAPTURE={int(keeps)}"]
        command = [sys.executable, "-m", "scrapy", "crawl", "speeches", "-a", "site=gszx", "-a", f"start_url={url}"]
        found = measured([*command, *(part for one in settings for part in ("-s", one))], PROJECT)
    if found.status:
        raise SystemExit(f"the crawl ended with {found.status}: {found.said[-300:]}")
    return found


def main() -> int:
    """Measure and print; 1 when over the bar."""
    parser = command_line("capture", __doc__)
    parser.add_argument("--speeches", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with Replica(speeches=given.speeches // 4) as replica:
        small = crawl(replica.url, keeps=True)
    without: list[Measured] = []
    with_captures: list[Measured] = []
    with Replica(speeches=given.speeches) as replica:
        for turn in range(given.repeats):
            for keeps in (False, True) if turn % 2 else (True, False):
                (with_captures if keeps else without).append(crawl(replica.url, keeps=keeps))
    return _table(small, without, with_captures)


def _table(small: Measured, without: list[Measured], with_captures: list[Measured]) -> int:
    times = median(b.seconds / a.seconds for a, b in zip(without, with_captures, strict=True))
    growth = median(one.megabytes for one in with_captures) - small.megabytes
    print(f"{'':<28} {'seconds':>8} {'MB':>6}")
    for name, runs in (
        ("without captures", without),
        ("with captures", with_captures),
        ("  a quarter of it", [small]),
    ):
        print(f"{name:<28} {median(r.seconds for r in runs):8.1f} {median(r.megabytes for r in runs):6.0f}")
    pairs = ", ".join(f"{b.seconds / a.seconds:.2f}" for a, b in zip(without, with_captures, strict=True))
    print(f"times of the pairs: {pairs}; median {times:.2f} (bar {MOST_TIMES})")
    print(f"memory over the quarter: {growth:.0f} MB (bar {MOST_GROWTH_MB})")
    return int(times > MOST_TIMES or growth > MOST_GROWTH_MB)
