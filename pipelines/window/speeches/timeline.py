"""What happened to one speech, in order: events of its lines, acts about it, and the looks between them. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.window import addresses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pipelines.archive.disk.streams import Line
    from pipelines.window.reading.lives import Life
    from pipelines.window.speeches.comparison_page import ComparedPair

_BEHIND_ALL_LINES = 1 << 62
"""The place of an act among the lines of its commit, of which it has none."""


@dataclass(frozen=True, slots=True)
class LooksBetween:
    """Looks in a row, and how often they found what."""

    count: int
    first_at: str
    last_at: str
    presence: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event (a `change/1` object), proof page of its line, comparison with what was before, rendering."""

    event: Line
    proof: str | None
    comparison: str | None
    copy: str | None
    looks: LooksBetween | None


def happened(life: Life, pairs: Iterable[ComparedPair], renderings: Collection[str] = ()) -> Iterator[Happened]:
    """The events by time, each with the looks between it and the next one."""
    there = {(pair.old_name, pair.new_name) for pair in pairs}
    events = [event for event in life.events if event["id"] == life.id]
    looks = [one.line for one in life.observations]
    for event, following in zip(events, [*events[1:], None], strict=True):
        end = (_BEHIND_ALL_LINES, 0) if following is None else _place(following)
        between = [line for line in looks if _place(event) < _place(line) < end and _is_later(line, event)]
        yield Happened(
            event=event,
            proof=None if event["seq"] is None else addresses.proof(life.id, event["seq"]),
            comparison=_comparison(event, there),
            copy=_copy(event, renderings),
            looks=_looks(between),
        )


def _is_later(look: Line, event: Line) -> bool:
    """Whether a look is not the one that saw the event."""
    return bool(look["observed_at"] != event["observed_at"])


def _place(line: Line) -> tuple[int, int]:
    return line["commit"], _BEHIND_ALL_LINES if line["seq"] is None else line["seq"]


def _comparison(event: Line, there: set[tuple[str, str]]) -> str | None:
    version, reading = event["version"], event["reading"]
    if event["event"] == "changed":
        names = str(version - 1), str(version)
    elif event["event"] == "reprocessed":
        names = f"{version}.{reading - 1}", f"{version}.{reading}"
    else:
        return None
    return addresses.comparison(event["id"], *names) if names in there else None


def _copy(event: Line, renderings: Collection[str]) -> str | None:
    if event["event"] not in {"created", "changed"}:
        return None
    address = addresses.rendering(event["id"], event["version"])
    return address if address in renderings else None


def _looks(lines: list[Line]) -> LooksBetween | None:
    if not lines:
        return None
    presence = Counter(line["presence"] for line in lines)
    return LooksBetween(len(lines), lines[0]["observed_at"], lines[-1]["observed_at"], presence)
