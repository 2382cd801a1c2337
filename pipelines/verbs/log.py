"""`log`: the life of one speech: its events, and the looks in between in a few words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.archive import Archive
from pipelines.archive.read import feed, state
from pipelines.archive.read.index import index_row
from pipelines.canonical import json_value
from pipelines.verbs.output import harmless, write_document
from pipelines.verbs.reference import never_captured

if TYPE_CHECKING:
    import argparse

    from pipelines.archive.disk.streams import Line
    from pipelines.verbs import AddVerb


@dataclass(slots=True)
class Looks:
    """A count of looks, by what they found and at what."""

    total: int = 0
    presence: Counter[str] = field(default_factory=Counter)
    looked: Counter[str] = field(default_factory=Counter)
    first_view_count: int | None = None
    first_view_count_at: str | None = None

    def add(self, look: Line) -> None:
        """Take one observation into account."""
        self.total += 1
        self.presence[look["presence"]] += 1
        self.looked.update(look["looked"])
        if self.first_view_count_at is None and look["view_count"] is not None:
            self.first_view_count, self.first_view_count_at = look["view_count"], look["observed_at"]


def add(verb: AddVerb) -> None:
    """Add the verb."""
    log = verb("log", run, "The life of one speech: every event, how often it was looked at, its views now.")
    log.add_argument("id", metavar="ID", help="for example gszx:4864, or 4864")
    log.add_argument("--json", action="store_true", help="one JSON document instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Print the life of one speech."""
    archive = Archive(arguments.archive)
    wanted = archive.full_id(arguments.id)
    states: state.States = {}
    versions, looks = [], Looks()
    for line in archive.about(wanted):
        state.fold_checked(states, line)
        if "event" in line:
            versions.append(line)
        else:
            looks.add(line)
    if not states:
        raise never_captured(archive, wanted)
    (known,) = states.values()
    row = json_value(index_row(known))
    events = list(feed.changes(versions, 0, reprocessed=True))
    if arguments.json:
        write_document(row | {"events": events, "looks": json_value(looks)})
    else:
        print(_for_people(row, events, looks))
    return 0


def _for_people(row: Line, events: list[Line], looks: Looks) -> str:
    found = ", ".join(f"{presence} {count}" for presence, count in looks.presence.items())
    looked = ", ".join(f"{what} {count}" for what, count in looks.looked.items())
    views = "unknown"
    if row["view_count"] is not None:
        views = f"{row['view_count']} at {row['view_count_at']}"
        if row["view_count_at"] != looks.first_view_count_at:
            views += f"; first {looks.first_view_count} at {looks.first_view_count_at}"
    told = [
        row["title"],
        f"id        {row['id']}",
        f"url       {row['url']}",
        f"state     {row['state']}; version {row['versions']}, reading {row['readings']}",
        f"seen      first {row['first_seen']}, last {row['last_seen']}, article last read {row['last_checked']}",
        f"looks     {looks.total} ({found}); at {looked}",
        f"views     {views}",
        "events",
        *map(_event, events),
    ]
    return harmless("\n".join(told))


def _event(event: dict[str, Any]) -> str:
    reading = "" if event["reading"] is None else f".{event['reading']}"
    fields = ", ".join(event["fields"] or ())
    place = f"@{event['version']}{reading}"
    return f"  {event['observed_at']}  {place:<6} {event['event']:<12} {fields}".rstrip()
