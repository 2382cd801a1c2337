"""`repair clock`: record that commits were made under a clock that was ahead, so that the archive can go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.write.kinds.clock_repair import repair_clock
from pipelines.verbs.acts.decisions import added_clock, added_reason, reason_of
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb, with what is repaired before the archive."""
    about = "Record that commits were made under a clock that was ahead; their files stay as they are."
    repair = verb("repair", run, about, 'clock output/gszx --reason "the clock was a year ahead"', bare=True)
    repair.add_argument("what", choices=["clock"], help="what is repaired")
    repair.add_argument("archive", metavar="ARCHIVE", help="the folder of one site, for example output/gszx")
    since = "the first commit under the wrong clock (default: the first that is later than now)"
    repair.add_argument("--wrong-since", metavar="N", type=int, help=since)
    added_reason(repair, needed=True)
    added_clock(repair)


def run(arguments: argparse.Namespace) -> int:
    """Make the commit."""
    made = repair_clock(
        Path(arguments.archive),
        now(accepts_clock=arguments.accept_clock),
        reason=reason_of(arguments),
        first=arguments.wrong_since,
    )
    told = made.details or {}
    print(f"commit {made.n}: commits {told['first']}–{told['last']} were made before {made.recorded_at}")
    print(f"head {made.sha256}")
    return 0
