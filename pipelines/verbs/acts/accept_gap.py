"""`accept-gap`: record that something need not be captured until a day, with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.write.kinds.accepting import accept_gap, accept_no_longer
from pipelines.gaps.acceptance import Acceptance
from pipelines.shown import harmless
from pipelines.verbs.acts.decisions import added_clock, added_reason, reason_of
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    about = "Record that a gap of the last run is accepted until a day: till then it is no reason for exit status 3."
    accepting = verb(
        "accept-gap",
        run,
        about,
        'output/gszx http://www.example.org/4864.html --until 2027-03-31 --reason "the server errs"',
    )
    accepting.add_argument("url", metavar="URL", help="its address, as the summary and the report of the run name it")
    accepting.add_argument("--until", metavar="DATE", help="the last day (UTC), as 2027-03-31")
    added_reason(accepting, needed=True)
    added_clock(accepting)
    accepting.add_argument("--undo", action="store_true", help="accept it no longer")


def run(arguments: argparse.Namespace) -> int:
    """Make the commit."""
    path, when, reason = Path(arguments.archive), now(accepts_clock=arguments.accept_clock), reason_of(arguments)
    if arguments.undo:
        if arguments.until is not None:
            raise NotUnderstood("--until: not with --undo, which ends at once")
        made = accept_no_longer(path, when, arguments.url, reason=reason)
        print(f"commit {made.n}: no longer accepted\nhead {made.sha256}")
        return 0
    if arguments.until is None:
        raise NotUnderstood("--until: say until which day, as 2027-03-31; it is told when that is over")
    made = accept_gap(path, when, arguments.url, until=arguments.until, reason=reason)
    told = Acceptance.from_json(made.details or {})
    what = ", ".join(f"{one.what} {one.native_id}" if one.native_id else one.what for one in told.gaps)
    print(harmless(f"commit {made.n}: {what} accepted until {told.until}\nhead {made.sha256}"))
    return 0
