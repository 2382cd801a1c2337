"""`retire`: record that a site is crawled no longer, with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.write.kinds.retirement import retire
from pipelines.verbs.acts.decisions import added_clock, added_reason, reason_of
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    retiring = verb(
        "retire",
        run,
        "Record that the site is crawled no longer; every run is refused until --undo.",
        'output/gszx --reason "the site was closed"',
    )
    added_reason(retiring, needed=True)
    added_clock(retiring)
    retiring.add_argument("--undo", action="store_true", help="crawl it again")


def run(arguments: argparse.Namespace) -> int:
    """Make the commit."""
    made = retire(
        Path(arguments.archive),
        now(accepts_clock=arguments.accept_clock),
        reason=reason_of(arguments),
        undo=arguments.undo,
    )
    print(f"commit {made.n}: {'no longer retired' if arguments.undo else 'retired'}\nhead {made.sha256}")
    return 0
