"""Checks of single lines: their types, id and content hash; also of whole files, for a process that works ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.read.state import SAYING
from pipelines.archive.schema.json_types import fits, misfit, shape_of_record
from pipelines.archive.schema.schemas import RECORDS
from pipelines.record import OBSERVATION_SCHEMA, SPEECH_SCHEMA, Capture, Speech, content_sha256

if TYPE_CHECKING:
    from pipelines.archive.disk.streams import Line
    from pipelines.stored.packed import Stored

WRONG_HASH = "content_sha256 is not the hash of its content"
_SHAPES = {name: shape_of_record(RECORDS[name]) for name in (SPEECH_SCHEMA, OBSERVATION_SCHEMA)}
_CAPTURE = shape_of_record(Capture)
_FITS = {name: fits(shape) for name, shape in _SHAPES.items()}
_OF_A_SPEECH = {key.name for key in shape_of_record(Speech).keys if not key.shape.null}
_NEVER_GONE = tuple(key.name for key in _SHAPES[SPEECH_SCHEMA].keys if key.shape.null and key.name in _OF_A_SPEECH)
"""Keys that are null only on gone lines."""


@dataclass(frozen=True, slots=True)
class Flaws:
    """Of one file: number and flaw of the first line that is wrong, and the seqs whose content hash is."""

    first: tuple[int, str] | None
    wrong_hashes: frozenset[int]


def flaw(line: Line, schema: str, site: str) -> str | None:
    """The first problem of a line, or null; `WRONG_HASH` last, since a redaction may explain it."""
    if not _FITS[schema](line):
        return misfit(_SHAPES[schema], line)
    if schema == OBSERVATION_SCHEMA:
        return None
    if line["id"] != f"{site}:{line['native_id']}":
        return f"id is {line['id']!r}, not that of {line['native_id']}"
    if line["event"] == "gone":
        kept = [key for key in (*SAYING, "content_sha256") if key not in {"url", "title"} and line[key] is not None]
        return f"gone, but has {', '.join(kept)}" if kept else None
    missing = [key for key in _NEVER_GONE if line[key] is None]
    if missing:
        return f"{line['event']}, but lacks {', '.join(missing)}"
    return None if content_sha256(line) == line["content_sha256"] else WRONG_HASH


def misfit_of_captures(captures: list[Line]) -> str | None:
    """The first thing wrong with the captures that a commit itself names, or null."""
    said = (misfit(_CAPTURE, one, f"captures[{number}]") for number, one in enumerate(captures))
    return next(filter(None, said), None)


def flaws_of(file: Stored, schema: str, site: str) -> Flaws:
    """Check the lines of a file up to the first wrong one.

    Raises:
        Damaged: the file cannot be read to its end or to that line, so its other lines are not checked.
    """
    wrong: set[int] = set()
    for number, raw in enumerate(raw_lines(file), 1):
        line = parsed(raw, file, number)
        found = flaw(line, schema, site)
        if found == WRONG_HASH:
            wrong.add(line["seq"])
        elif found:
            return Flaws((number, found), frozenset(wrong))
    return Flaws(None, frozenset(wrong))
