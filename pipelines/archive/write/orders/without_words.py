"""Writes WARC files anew without words: every record keeps its place and its length, so that no line changes."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import sync
from pipelines.archive.disk.redactions import Masked
from pipelines.archive.errors import Damaged
from pipelines.untrusted import MOST_DIGITS, opened, opened_to_write
from pipelines.warc.http import NotDecodable
from pipelines.warc.masking import REDACTED, heading, member, rewritten, searched
from pipelines.warc.record_reader import at_place, read_at, records
from pipelines.warc.records import WarcDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.archive.disk.redactions import Redaction
    from pipelines.stored.packed import Stored
    from pipelines.warc.records import Place, WarcRecord
    from pipelines.warc.words import Span, Words

_COPIED = 1 << 20


def of_file(redaction: Redaction, path: str) -> list[Masked]:
    """What a redaction removed from one file, in its order."""
    return sorted((one for one in redaction.captures or () if one.file == path), key=lambda one: one.offset or 0)


def has_lost_words(file: Stored, masks: Sequence[Masked], n: int) -> bool:
    """Whether a WARC file was written anew by commit `n` or a later one, by its first record that was to be.

    Raises:
        Damaged: there is no such record.
    """
    first = masks[0]
    try:
        record = read_at(file, first.offset or 0)
    except (OSError, WarcDamaged) as error:
        raise Damaged(f"{file}: {error}; restore it from a copy") from error
    number = (record.get(REDACTED) or "").removeprefix("commit ")
    return number.isdecimal() and len(number) <= MOST_DIGITS and int(number) >= n


def mask_for(path: str, place: Place, record: WarcRecord, spans: Sequence[Span] | None, n: int) -> Masked:
    """What commit `n` removes from a record: the spans, or the whole block for null and where only that fits.

    Raises:
        Damaged: there is no room even for that.
    """
    new = rewritten(record, spans, n)
    if member(new, place.length) is None:
        if spans is None:
            raise Damaged(f"{path}: the record at {place.offset} has no room to say that it was redacted")
        return mask_for(path, place, record, None, n)
    return Masked(
        file=path,
        offset=place.offset,
        record_id=record.record_id,
        spans=None if spans is None else tuple(spans),
        old=_entity_sha256(record),
        new=_entity_sha256(new),
    )


def _entity_sha256(record: WarcRecord) -> str | None:
    if record.type != "response":
        return None
    try:
        return hashlib.sha256(searched(record)).hexdigest()
    except NotDecodable:
        return None


def masks_of(file: Stored, path: str, words: Words, n: int, is_kept: Callable[[str], bool]) -> Iterator[Masked]:
    """What commit `n` removes from each record of a WARC file in which the words stand, unless its address is kept.

    Raises:
        WarcDamaged, OSError: it cannot be read.
    """
    for place, record in records(file):
        with suppress(NotDecodable):  # crawls ask for codings that can be decoded only
            spans, in_heading = words.spans(searched(record)), words.spans(heading(record))
            if (spans or in_heading) and not is_kept(record.target_uri or ""):
                yield mask_for(path, place, record, None if in_heading else spans, n)


def write_warc(file: Stored, ready: Path, masks: Sequence[Masked], n: int) -> None:
    """Copy a WARC file to `ready`, the masked records as commit `n` leaves them.

    Raises:
        Damaged: a record is not the one that was to be masked, or does not fit.
    """
    with opened(file) as stream, opened_to_write(ready) as made:
        at = 0
        for one in masks:
            place, record = at_place(file, one.offset or 0)
            if record.record_id != one.record_id:
                raise Damaged(f"{file}: at {one.offset} is no {one.record_id}; restore it from a copy")
            new = member(rewritten(record, one.spans, n), place.length)
            if new is None:
                raise Damaged(f"{file}: the record at {one.offset} does not fit without its words; nothing was done")
            _copy(stream, made, at, place.offset)
            made.write(new)
            at = place.offset + place.length
        _copy(stream, made, at, None)
        sync(made)


def _copy(stream: BinaryIO, made: BinaryIO, start: int, end: int | None) -> None:
    stream.seek(start)
    while end is None or start < end:
        block = stream.read(_COPIED if end is None else min(_COPIED, end - start))
        if not block:
            return
        made.write(block)
        start += len(block)
