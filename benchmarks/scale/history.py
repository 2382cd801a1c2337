"""How long reading a history takes, against the least it could: inflating and parsing each line once; and what is
read of it where little is asked for.

    python -m benchmarks history [--versions 100000] [--speeches 20000] [--keep DIR]

The bar is 1,000,000 versions of 200,000 speeches: each verb within 3 times the floor and 400 MB; those that ask for
little within half a second or one, and 120 MB, the start of Python included. The archive holds as many observations;
floor and verbs run one after the other on the same files, in processes of their own.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.made import make
from benchmarks.measuring import PROJECT, command_line
from benchmarks.processes import measured
from pipelines.archive.read.reader import Archive

PARSE = "import json, sys\nfor line in sys.stdin.buffer: json.loads(line)"
FLOOR = f'zcat versions/*/*.gz observations/*/*.gz | "$0" -c "{PARSE}"'
VERB_MISSING = 2
MOST_TIMES, MOST_MEGABYTES = 3.0, 400
MOST_MEGABYTES_FOR_LITTLE = 120


def verbs(root: Path, versions: int) -> dict[str, list[str]]:
    """What is measured, by name."""
    ours = [sys.executable, "-m", "pipelines"]
    return {
        "rebuild": [*ours, "rebuild", str(root)],
        "verify": [*ours, "verify", str(root)],
        "export --as-of": [*ours, "export", str(root), "--as-of", "2003-01-15T00:00:00Z"],
        "changes --since": [*ours, "changes", str(root), "--since", f"seq:{versions // 10}"],
    }


def little(root: Path, speeches: int) -> dict[str, tuple[list[str], float]]:
    """What reads little, by name, with the most seconds that it may take; of a speech in the middle."""
    ours, one = [sys.executable, "-m", "pipelines"], f"made:{speeches // 2}"
    end = str(Archive(root).last.n)
    return {
        "changes, no news": ([*ours, "changes", str(root), "--since", f"commit:{end}"], 0.5),
        "status": ([*ours, "status", str(root)], 0.5),
        "log": ([*ours, "log", str(root), one], 1.0),
        "show ID@2": ([*ours, "show", str(root), f"{one}@2"], 1.0),
        "show ID": ([*ours, "show", str(root), one], 1.0),
        "diff": ([*ours, "diff", str(root), f"{one}@1", f"{one}@2"], 1.0),
    }


def main() -> int:
    """Make the archive, measure, print the table; 1 when a verb is over the bar."""
    parser = command_line("history", __doc__, keeps=True)
    parser.add_argument("--versions", type=int, default=100_000)
    parser.add_argument("--speeches", type=int, default=20_000)
    given = parser.parse_args()
    with ExitStack() as stack:
        root = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "made"
        if not root.exists():
            print(f"making {given.versions} versions of {given.speeches} speeches in {root} …", file=sys.stderr)
            make(root, given.versions, given.speeches)
        return _table(root, given.versions, given.speeches)


def _table(root: Path, versions: int, speeches: int) -> int:
    floor = measured(["sh", "-c", FLOOR, sys.executable], root)
    project = PROJECT
    print(f"{'':<16} {'seconds':>8} {'x floor':>8} {'CPU':>8} {'MB':>6}")
    print(f"{'floor':<16} {floor.seconds:8.1f} {1:8.2f} {floor.cpu:8.1f} {floor.megabytes:6.0f}")
    over = False
    for name, command in verbs(root, versions).items():
        found = measured(command, project)
        if found.status == VERB_MISSING:
            print(f"{name:<16} verb missing")
            continue
        if found.status:
            print(f"{name:<16} failed with exit status {found.status}: {found.said[-300:]}")
            over = True
            continue
        times = found.seconds / floor.seconds
        is_over = times > MOST_TIMES or found.megabytes > MOST_MEGABYTES
        over |= is_over
        row = f"{found.seconds:8.1f} {times:8.2f} {found.cpu:8.1f} {found.megabytes:6.0f}"
        print(f"{name:<16} {row}{'  OVER' if is_over else ''}")
    for name, (command, most) in little(root, speeches).items():
        found = measured(command, project)
        is_over = found.status != 0 or found.seconds > most or found.megabytes > MOST_MEGABYTES_FOR_LITTLE
        over |= is_over
        row = f"{found.seconds:8.2f} {'':8} {found.cpu:8.2f} {found.megabytes:6.0f}"
        print(f"{name:<16} {row}{'  OVER' if is_over else ''}")
    return int(over)
