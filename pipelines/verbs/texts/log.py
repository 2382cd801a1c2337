"""`log`: the history of one speech: its events, and a summary of its observations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.read import state
from pipelines.archive.read.feeds import feed
from pipelines.archive.read.feeds.feed_records import REDACTED
from pipelines.archive.read.index import index_row
from pipelines.canonical import json_value
from pipelines.display.terminal import print_facts, print_listing, terminal, word
from pipelines.gaps.acceptance import Acceptance
from pipelines.shown import harmless
from pipelines.verbs.output import write_document
from pipelines.verbs.texts import reference

if TYPE_CHECKING:
    import argparse

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.verbs import AddVerb


_EVENT = ("at", "version", "event", "")


@dataclass(slots=True)
class Counts:
    """Counts of observations, by presence and by page."""

    total: int = 0
    presence: Counter[str] = field(default_factory=Counter)
    looked: Counter[str] = field(default_factory=Counter)
    first_view_count: int | None = None
    first_view_count_at: str | None = None

    def add(self, observation: Line) -> None:
        """Take one observation into account."""
        self.total += 1
        self.presence[observation["presence"]] += 1
        self.looked.update(observation["looked"])
        if self.first_view_count_at is None and observation["view_count"] is not None:
            self.first_view_count, self.first_view_count_at = observation["view_count"], observation["observed_at"]

    def add_listing(self) -> None:
        """Take a listing that stands for one observation into account."""
        self.total += 1
        self.presence["present"] += 1
        self.looked["list"] += 1


def add(verb: AddVerb) -> None:
    """Add the command."""
    log = verb(
        "log",
        run,
        "Show the history of one speech: every event, the number of observations, its views now.",
        "output/gszx 4864",
        root=True,
    )
    log.set_defaults(reads="lines")
    log.add_argument("id", metavar="ID", help="for example gszx:4864, or 4864")
    log.add_argument("--json", action="store_true", help="one JSON document instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Print the history of one speech."""
    archive = reference.archive_of(arguments.archive, arguments.id)
    wanted = archive.full_id(arguments.id)
    states: state.States = {}
    versions, counts, renamed, orders = [], Counts(), [], []
    decisions: list[dict[str, Any]] = []
    for commit, found in archive.about_by_commit(wanted):
        lines = list(found)
        if commit.listing and any(state.listed_as_before(states, {line["id"] for line in lines})):
            counts.add_listing()
        renamed += _renamed(commit, wanted)
        decisions += _decided(commit, wanted)
        orders += [commit] if commit.redaction and commit.redaction.id == wanted else []
        state.fold_commit(states, commit, lines, for_writing=False)
        for line in lines:
            if "event" in line:
                versions.append(line)
            else:
                counts.add(line)
    if not states:
        raise reference.never_captured(archive, wanted)
    (known,) = states.values()
    row = json_value(index_row(known))
    events = list(feed.life(versions, orders))
    if arguments.json:
        write_document(
            row | {"events": events, "looks": json_value(counts), "renamed": renamed, "accepted": decisions}
        )
    else:
        rows = _rows(row, counts, [*map(_renaming, renamed), *map(_decision, decisions)])
        print_facts(rows, row["title"])
        _print_events([_event(one) for one in events])
    return 0


def _print_events(events: list[tuple[str, str, str, str]]) -> None:
    screen = terminal()
    if screen is None:
        print(harmless("\n".join(["events", *map(_line, events)])))
        return
    screen.print()
    print_listing(screen, _EVENT, ((at, place, word(event), told) for at, place, event, told in events))


def _renamed(commit: Commit, wanted: str) -> list[dict[str, Any]]:
    """What a `rekey` commit says of one id."""
    rekey = Rekey.of(commit)
    if rekey is None:
        return []
    told = {"commit": commit.n, "recorded_at": commit.recorded_at, "reason": rekey.reason}
    return [told | json_value(pair) for pair in rekey.pairs if wanted in {pair.old, pair.new}]


def _decided(commit: Commit, wanted: str) -> list[dict[str, Any]]:
    """What a `gap` commit says of one id; of an address that is accepted no longer it does not say whose it was."""
    told = Acceptance.of(commit)
    ids = {one.native_id for one in told.gaps} if told else set()
    if told is None or wanted.partition(":")[2] not in ids:
        return []
    return [{"commit": commit.n, "recorded_at": commit.recorded_at, "until": told.until, "reason": told.reason}]


def _renaming(one: dict[str, Any]) -> tuple[str, str]:
    return "id is", f"{one['new']} now, was {one['old']} (commit {one['commit']}, by {one['by']}: {one['reason']})"


def _decision(one: dict[str, Any]) -> tuple[str, str]:
    return "accepted", f"as a gap until {one['until']} (commit {one['commit']}: {one['reason']})"


def _rows(row: Line, counts: Counts, decisions: list[tuple[str, str]]) -> list[tuple[str, str]]:
    found = ", ".join(f"{presence} {count}" for presence, count in counts.presence.items())
    looked = ", ".join(f"{what} {count}" for what, count in counts.looked.items())
    views = "unknown"
    if row["view_count"] is not None:
        views = f"{row['view_count']} at {row['view_count_at']}"
        if row["view_count_at"] != counts.first_view_count_at:
            views += f"; first {counts.first_view_count} at {counts.first_view_count_at}"
    return [
        ("id", row["id"]),
        ("url", row["url"]),
        ("state", f"{row['state']}; version {row['versions']}, reading {row['readings']}"),
        ("seen", f"first {row['first_seen']}, last {row['last_seen']}, article last read {row['last_checked']}"),
        ("observed", f"{counts.total} ({found}); at {looked}"),
        ("views", views),
        *decisions,
    ]


def _event(event: dict[str, Any]) -> tuple[str, str, str, str]:
    """When, which version, what happened, and more of it."""
    if event["event"] == REDACTED:
        why = f"{event['reason']}, order {event['order']}" if event["order"] else event["reason"]
        suppressed = "; suppressed" if event["suppressed"] else ""
        return event["recorded_at"], "", event["event"], f"commit {event['commit']} ({why}){suppressed}"
    reading = "" if event["reading"] is None else f".{event['reading']}"
    return event["observed_at"], f"@{event['version']}{reading}", event["event"], ", ".join(event["fields"] or ())


def _line(event: tuple[str, str, str, str]) -> str:
    at, place, what, told = event
    return f"  {at}  {place:<6} {what:<12} {told}".rstrip()
