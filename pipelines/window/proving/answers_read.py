"""The answers that the pages of one speech are made from, each read once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.proof.given_captures import read_capture
from pipelines.warc.record_reader import read_at
from pipelines.warc.records import WarcDamaged

if TYPE_CHECKING:
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.proof.given_captures import HeldAnswer

LARGEST_RECORD = 2 << 20
"""Bytes of a record that is unpacked for its proof; of a larger one, a film, the file's hash proves what it holds."""
_KEPT = 4
"""Answers in memory: of a rendering, and then of the proof of the same line."""


def answer_of(layout: Layout, capture: Line) -> HeldAnswer:
    """As `read_capture`."""
    if is_large(capture) or not all(isinstance(value, str | int | None) for value in capture.values()):
        return read_capture(layout, capture)
    return _read(layout, tuple(capture.items()))


def forget_answers() -> None:
    """Read all anew: an order may have removed words from a record, which stays in its place."""
    _read.cache_clear()


def is_large(capture: Line) -> bool:
    """Whether its record is not unpacked; false, too, for a length that is no number, which reading it will tell."""
    return type(capture["length"]) is int and capture["length"] > LARGEST_RECORD


def identical_to(layout: Layout, line: Line, capture: Line) -> str | None:
    """Of an answer that came again and was not stored again: the moment of the record that it is identical to.

    An empty string where that record is not unpacked; null for an answer with a record of its own.

    Raises:
        Damaged: no record is there, or no place is named.
    """
    file, offset = capture["file"], capture["offset"]
    if file is None:
        return None
    if not isinstance(file, str) or type(offset) is not int or offset < 0:
        raise Damaged(f"{layout.root}: a capture names no place of a record; run verify")
    if f"-{line['run']}-" in file:
        return None
    if is_large(capture):
        return ""
    at = _recorded_at(layout, file, offset)
    return at if at[:19] != capture["captured_at"][:19] else None


@lru_cache(256)
def _recorded_at(layout: Layout, file: str, offset: int) -> str:
    try:
        return read_at(layout.stored(file), offset).date
    except (OSError, WarcDamaged) as error:
        raise Damaged(f"{layout.root}: {error}; run verify") from error


@lru_cache(_KEPT)
def _read(layout: Layout, capture: tuple[tuple[str, object], ...]) -> HeldAnswer:
    return read_capture(layout, dict(capture))
