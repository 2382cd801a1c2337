"""Generates the tables of docs/archive-format.md: `python -m pipelines.archive.schema.tables FILE`."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.read.feeds.feed_records import CursorLine, FeedEvent, ReadCount
from pipelines.archive.read.index import IndexRow
from pipelines.archive.schema.json_types import shape_of_record
from pipelines.keys import ROLES
from pipelines.reasons import EVIDENCE_PLACES, GENRES, PROBLEM_CODES, PROBLEM_KINDS, REASONS, SEVERITIES
from pipelines.record import (
    AsOf,
    Attachment,
    Capture,
    Evidence,
    Latest,
    Observation,
    Presence,
    Problem,
    Raw,
    Row,
    Speaker,
    Version,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.archive.schema.json_types import Shape
    from pipelines.keys import Key
    from pipelines.reasons import Meaning

_MARKED = re.compile(r"(<!-- table: (?P<name>\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def tables() -> dict[str, str]:
    """Every table by its name."""
    parts = (Attachment, Capture, Evidence, Presence, Problem, Raw, Row, Speaker)
    lines = (Version, Observation, IndexRow, FeedEvent, ReadCount, CursorLine)
    found = {record.__name__: _keys(record) for record in (*lines, *parts)}
    found["Latest"] = _keys(Latest, skip=len(fields(Version)))
    found["AsOf"] = _keys(AsOf, skip=len(fields(Latest)))
    found["roles"] = _table(("role", "meaning"), ((f"`{role}`", about) for role, about in ROLES.items()))
    codes = ((f"`{code}`", about.kind, about.severity, about.en) for code, about in PROBLEM_CODES.items())
    found["problems"] = _table(("code", "kind", "severity", "meaning"), codes)
    found["kinds"] = _table(("kind", "meaning"), _meanings(PROBLEM_KINDS))
    found["severities"] = _table(("severity", "meaning"), _meanings(SEVERITIES))
    found["genres"] = _table(("genre", "meaning"), _meanings(GENRES))
    found["places"] = _table(("place", "meaning"), _meanings(EVIDENCE_PLACES))
    reasons = (
        (f"`{one}`", one.presence, "yes" if one.is_the_sites_word else "no", about.en)
        for one, about in REASONS.items()
    )
    found["reasons"] = _table(("reason", "presence it proves", "the site's own statement", "meaning"), reasons)
    return found


def filled(text: str) -> str:
    """The document with every table between its markers replaced."""
    made = tables()
    return _MARKED.sub(lambda found: f"{found[1]}{made[found['name']]}{found[3]}", text)


def _keys(record: type, skip: int = 0) -> str:
    keys = shape_of_record(record).keys[skip:]
    if not all(key.declared for key in keys):
        plain = ((f"`{key.name}`", _type(key.shape), key.about or "") for key in keys)
        return _table(("key", "type", "meaning"), plain)
    rows = ((f"`{key.name}`", _type(key.shape), _role(key.declared), key.about or "") for key in keys if key.declared)
    return _table(("key", "type", "role", "meaning"), rows)


def _role(key: Key) -> str:
    flags = {"hashed": key.hashed, "personal": key.personal, "later": key.later}
    return ", ".join([key.role, *(name for name, is_so in flags.items() if is_so)])


def _type(shape: Shape) -> str:
    name = " · ".join(shape.choices) or (f"list of {_type(shape.item)}" if shape.item else shape.kind)
    return f"{name} or null" if shape.null else name


def _meanings(words: Mapping[Any, Meaning]) -> Iterable[tuple[str, str]]:
    return ((f"`{word}`", meaning.en) for word, meaning in words.items())


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (titles, tuple("---" for _ in titles), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(filled(Path(name).read_text("utf-8")), "utf-8")
