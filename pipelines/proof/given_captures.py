"""The raw records of a text's captures, and how stock commands get from a record to what the site sent."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.archive.prove.proofs import CaptureProofs
from pipelines.untrusted import opened
from pipelines.warc.exchange import measured
from pipelines.warc.exchanges import with_payload
from pipelines.warc.http import HttpResponse, NotDecodable
from pipelines.warc.masking import REDACTED
from pipelines.warc.record_reader import at_place, read_at
from pipelines.warc.records import END, WarcDamaged, WarcRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line

GIVEN = frozenset({"article", "counter", "attachment"})
"""Roles of captures whose records are given. A list page has titles of other speeches, perhaps redacted ones."""

_GZIP = frozenset({"gzip", "x-gzip"})


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it lies in its WARC file: `data` is its gzip member, `file` and `offset` its place."""

    file: str
    offset: int
    data: bytes
    record: WarcRecord

    @property
    def block_at(self) -> int:
        """Offset of the block in what `data` unpacks to."""
        return len(zlib.decompress(self.data, wbits=31)) - len(END) - len(self.record.block)


@dataclass(frozen=True)
class HeldAnswer:
    """An answer with its record; `original` is the record that a revisit refers to.

    `entity` is what the site sent, its codings decoded; null when the standard library cannot decode it.
    """

    stored: StoredRecord
    original: StoredRecord | None
    entity: bytes | None

    @property
    def holder(self) -> StoredRecord:
        """The record that has the payload."""
        return self.original or self.stored

    @property
    def has_lost_words(self) -> bool:
        """Whether an order removed words from the record, which then is not what the line was read from."""
        return self.holder.record.get(REDACTED) is not None

    @cached_property
    def unwrapping(self) -> list[str] | None:
        """Commands of a pipe from the unpacked record with the payload to the entity; null where there are none."""
        record = self.holder.record
        found = measured(BytesIO(record.block))
        head = HttpResponse.parse(record.block[found.start : found.body])
        codings = [coding.strip().lower() for coding in head.get_all("Content-Encoding").split(",") if coding.strip()]
        is_plain = record.get("WARC-Truncated") is None and head.has_body and not set(codings) - _GZIP
        if self.entity is None or not is_plain or len(codings) > 1:
            return None
        steps = [f"tail -c +{self.holder.block_at + found.body + 1}"]
        steps.append("unchunked" if head.is_chunked else f"head -c {found.payload_length}")
        return steps + (["zcat"] if codings else [])


@dataclass(frozen=True)
class GivenCapture(HeldAnswer):
    """A capture of a line with its record."""

    capture: Line


def given_captures(layout: Layout, captures: Iterable[Line]) -> tuple[list[GivenCapture], list[Line]]:
    """The captures whose records can be given, and the others.

    Raises:
        Damaged: a record is not what the line says of it.
    """
    given, others = [], []
    proofs = CaptureProofs(layout)
    for capture in captures:
        if capture["file"] is None or capture["role"] not in GIVEN or _has_lost_words(layout, capture):
            others.append(capture)
            continue
        if wrong := proofs.complaint(capture):
            raise Damaged(f"{layout.root}: {wrong}; run verify")
        held = read_answer(layout, capture["file"], capture["offset"])
        given.append(GivenCapture(held.stored, held.original, held.entity, capture))
    return given, others


def read_capture(layout: Layout, capture: Line) -> HeldAnswer:
    """A stored capture with its record, read once; that its WARC file is what a commit names is not checked.

    Raises:
        Damaged: the record is not what the line says of it. One that lost words by order is not the same any more.
    """
    file, offset, length = capture["file"], capture["offset"], capture["length"]
    if not isinstance(file, str) or type(offset) is not int or type(length) is not int:
        raise Damaged(f"{layout.root}: a capture names no place of a record; run verify")
    found = read_answer(layout, file, offset)
    record, entity = found.stored.record, found.entity
    is_its = (len(found.stored.data), record.record_id) == (length, capture["record_id"])
    if is_its and entity is not None and not found.has_lost_words:
        is_its = hashlib.sha256(entity).hexdigest() == capture["payload_sha256"]
    if not is_its:
        raise Damaged(f"{layout.stored(file)}: the record at {offset} is not what its line says; run verify")
    return found


def _has_lost_words(layout: Layout, capture: Line) -> bool:
    """Whether an order removed words from its record, which then no longer is what the line was read from."""
    try:
        record = read_at(layout.stored(capture["file"]), capture["offset"])
        return with_payload(layout, record).get(REDACTED) is not None
    except (OSError, WarcDamaged) as error:
        raise Damaged(f"{layout.root}: {error}; run verify") from error


def read_answer(layout: Layout, file: str, offset: int) -> HeldAnswer:
    """The answer in a WARC file; `Damaged` when there is none."""
    try:
        stored = _stored(layout, file, offset)
        original = _stored(layout, *stored.record.original) if stored.record.type == "revisit" else None
        entity = _entity((original or stored).record)
    except (OSError, WarcDamaged) as error:
        raise Damaged(f"{layout.root}: {error}; run verify") from error
    return HeldAnswer(stored, original, entity)


def _stored(layout: Layout, file: str, offset: int) -> StoredRecord:
    """A record and its bytes."""
    source = layout.stored(file)
    place, record = at_place(source, offset)
    with opened(source) as stream:
        stream.seek(offset)
        return StoredRecord(file, offset, stream.read(place.length), record)


def _entity(record: WarcRecord) -> bytes | None:
    found = measured(BytesIO(record.block))
    try:
        return HttpResponse.parse(record.block[found.start :]).entity()
    except NotDecodable:
        return None
