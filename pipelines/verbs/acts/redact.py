"""`redact`: remove the words of a speech for good, or find where words stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive import Archive
from pipelines.archive.disk.site_life import other_ids
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.write.orders.finding import found_in
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.fleet.attempts import Journal
from pipelines.shown import counted
from pipelines.verbs.acts.decisions import added_clock, added_reason, reason_of
from pipelines.verbs.output import print_message, write_objects
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    removal = verb(
        "redact",
        run,
        "Remove the text of a speech for good; recorded in a commit of its own.",
        'output/gszx 4864 --reason "takedown order" --order 2026-17 --captures',
    )
    removal.add_argument("id", metavar="ID", nargs="?", help="for example gszx:4864, or 4864")
    added_reason(removal, needed=False, about="why; kept for ever in a commit that anyone may read: name no one")
    added_clock(removal)
    removal.add_argument("--order", metavar="REF", help="the order's reference; kept in the commit")
    captures = "also from the WARC records and run reports: its pages whole, elsewhere its words"
    removal.add_argument("--captures", action="store_true", help=captures)
    also = "with --captures: other words that are removed wherever they stand; may be given again"
    removal.add_argument("--also", metavar="TEXT", action="append", default=[], help=also)
    removal.add_argument("--suppress", action="store_true", help="no later run fetches the speech again")
    removal.add_argument("--find", metavar="TEXT", help="only list where these words stand; nothing is written")


def run(arguments: argparse.Namespace) -> int:
    """Make the commit, or list."""
    archive = Archive(arguments.archive)
    if arguments.find is not None:
        if not arguments.find.strip():
            raise NotUnderstood("--find: give the words")
        write_objects(found_in(archive, arguments.find))
        return 0
    if arguments.id is None:
        raise NotUnderstood("which speech? give its id, or --find TEXT to learn it")
    if arguments.also and not arguments.captures:
        raise NotUnderstood("--also: needs --captures")
    order = Order(
        native_id=archive.full_id(arguments.id).partition(":")[2],
        reason=reason_of(arguments),
        reference=arguments.order,
        captures=arguments.captures,
        also=tuple(arguments.also),
        suppress=arguments.suppress,
    )
    done = redact(Path(arguments.archive), order, now(accepts_clock=arguments.accept_clock))
    places = f" and {done.captures} captures and reports" if arguments.captures else ""
    print(f"commit {done.commit}: text removed from {counted(done.lines, 'lines')}{places}\nhead {done.head}")
    for told in done.not_redacted:
        print_message(told if arguments.captures else f"{told}: may still hold it and was not redacted")
    journal = Journal(archive.layout.root.resolve().parent, archive.facts.site).file
    if journal.exists():
        print_message(
            f"{journal}: messages of runs in it may hold the words; it is no part of the archive: look, and edit it"
        )
    for other in sorted(other_ids(archive.commits(), archive.full_id(arguments.id))):
        print_message(f"{other}: is or was another id of this speech, and was not redacted")
    return 0
