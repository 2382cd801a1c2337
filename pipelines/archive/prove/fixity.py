"""Compares a file with its description in a commit and, where they differ, finds which of its lines are whole."""

from __future__ import annotations

import hashlib
import mmap
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive.disk.files import INFLATE_ERRORS, NamedFile, file_digest
from pipelines.inflate import BLOCK, Member, TooLong, ahead, blocks, inflated, lines_of
from pipelines.record import content_sha256
from pipelines.stored.packed import Packed
from pipelines.untrusted import opened, parsed_json, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from pipelines.stored.packed import Stored

_STEP = 1 << 12
MOST_SEARCHED = 1 << 30
"""Bytes up to which a damaged file is unpacked to find its whole lines; a file of 8,000 speeches has 0.1 GB."""
_MOST_TORN = 32 << 20
_MEMBER_HEAD = b"\x1f\x8b\x08\x00"
_ID = re.compile(rb'"id":"([a-z0-9-]+:[A-Za-z0-9._-]+)"')


class MeasuredLines:
    """The lines of a `.jsonl.gz`, read once; after the last one, `found` describes the file as a commit would."""

    def __init__(self, file: Stored, relative: str) -> None:
        """Nothing is read yet."""
        self._file, self._relative = file, relative
        self._sha256, self._plain = hashlib.sha256(), hashlib.sha256()
        self.found: NamedFile | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Each line with its line feed; a torn file raises one of `INFLATE_ERRORS`."""
        count, size = 0, size_of(self._file)
        plain = self._inflated()
        for count, line in enumerate(lines_of(ahead(plain) if size > BLOCK else plain), 1):  # noqa: B007 - used below
            yield line
        self.found = NamedFile(
            path=self._relative,
            bytes=size,
            lines=count,
            sha256=self._sha256.hexdigest(),
            sha256_uncompressed=self._plain.hexdigest(),
        )

    def _inflated(self) -> Iterator[bytes]:
        with opened(self._file) as stream:
            for block in inflated(self._packed(stream)):
                self._plain.update(block)
                yield block

    def _packed(self, stream: BinaryIO) -> Iterator[bytes]:
        for block in blocks(stream):
            self._sha256.update(block)
            yield block


def difference(found: NamedFile, recorded: NamedFile) -> str | None:
    """The first difference between a file and its description in a commit."""
    for what in ("bytes", "sha256", "lines", "sha256_uncompressed"):
        is_now, was = getattr(found, what), getattr(recorded, what)
        if is_now != was:
            return f"{what} is {is_now}, the commit says {was}"
    return None


@dataclass(frozen=True, slots=True)
class Fault:
    """The problem of one file, and the ids that could be read in its damaged part."""

    file: Stored
    problem: str
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}"


def fault(file: Stored, recorded: tuple[NamedFile, ...], first_seq: int | None = None) -> Fault | None:
    """Compare a file with its recorded descriptions (normally one); `first_seq` is of its first line, if known."""
    try:
        with opened(file):
            size = size_of(file)
        # A file of another size is different without hashing, which could take a terabyte.
        is_sized = any(size == named.bytes for named in recorded)
        size, sha256 = file_digest(file) if is_sized else (size, "")
    except OSError as error:
        lines = f"; its lines are {_lines(1, recorded[0].lines, first_seq)}" if recorded[0].lines else ""
        return Fault(file, f"{error.strerror or error}{lines}; restore it from a copy")
    if any((size, sha256) == (named.bytes, named.sha256) for named in recorded):
        return None
    found = replace(recorded[0], bytes=size, sha256=sha256)
    problem = difference(found, recorded[0])
    if recorded[0].lines is None:
        return Fault(file, f"{problem}; restore it from a copy")
    where, ids = _where(file, recorded[0], first_seq)
    return Fault(file, f"{problem}; {where}; restore it from a copy", ids)


def _where(file: Stored, recorded: NamedFile, first_seq: int | None) -> tuple[str, tuple[str, ...]]:
    """Which lines of a damaged file are whole, by the checksum of each of its gzip members."""
    size = size_of(file)
    if not recorded.bytes or not size:
        return "it is empty", ()
    start, container = (file.offset, file.container) if isinstance(file, Packed) else (0, file)
    with opened(container) as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        before, after, torn = _members(data, start, start + size)
    if not torn:
        try:
            plain = hashlib.sha256(b"").hexdigest() if not recorded.lines else _plain_digest(file)
        except INFLATE_ERRORS:
            plain = None
        if plain == recorded.sha256_uncompressed:
            return "only its gzip framing was altered, every line in it is whole", ()
        return f"it was rewritten: no line of it is proved ({_lines(1, recorded.lines, first_seq)})", ()
    ids = tuple(dict.fromkeys(found.decode() for found in _ID.findall(torn)))
    last = max((recorded.lines or 0) - after, before + 1)
    nearer = next((n for n, line in enumerate(torn.split(b"\n"), before + 1) if not _is_sound(line)), None)
    first = f", the first at line {nearer}" if nearer else ""
    return f"damaged in {_lines(before + 1, last, first_seq)}{first}, all others are whole", ids


def _is_sound(line: bytes) -> bool:
    try:
        value = parsed_json(line)
        return value.get("body") is None or content_sha256(value) == value["content_sha256"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _lines(first: int, last: int | None, first_seq: int | None) -> str:
    seqs = f" (seq {first_seq + first - 1}–{first_seq + (last or first) - 1})" if first_seq is not None else ""
    return f"lines {first}–{last}{seqs}"


def _plain_digest(file: Stored) -> str:
    size = 0
    with opened(file) as stream:
        sha256 = hashlib.sha256()
        for block in inflated(blocks(stream)):
            sha256.update(block)
            size += len(block)
            if size > MOST_SEARCHED:
                raise TooLong(f"unpacks to more than {MOST_SEARCHED} bytes")
    return sha256.hexdigest()


def _members(data: mmap.mmap, at: int, end: int) -> tuple[int, int, bytes]:
    """Whole lines before the first and after the last damaged member, and what could be read between them.

    Of a member, and between them, no more than `_MOST_TORN` bytes are kept; after `MOST_SEARCHED` the search ends.
    """
    before, after, torn, searched = 0, 0, b"", 0
    is_torn = False
    while at < end:
        found = _member(data, at, end, MOST_SEARCHED - searched)
        searched += found.size
        if found.end is None:
            is_torn, after = True, 0
            torn = (torn + found.start)[:_MOST_TORN]
            next_head = data.find(_MEMBER_HEAD, at + 1, end)
            at = next_head if next_head > 0 and searched < MOST_SEARCHED else end
            continue
        before, after = (before, after + found.lines) if is_torn else (before + found.lines, 0)
        at = found.end
    return before, after, torn or (b" " if is_torn else b"")


class _Measured(NamedTuple):
    """Of a gzip member: the first bytes of its content, its size and lines, and where it ends; null when damaged."""

    start: bytes
    size: int
    lines: int
    end: int | None


def _member(data: mmap.mmap, at: int, end: int, most: int) -> _Measured:
    member = Member(data[step : min(step + _STEP, end)] for step in range(at, end, _STEP))
    start, size, lines = bytearray(), 0, 0
    try:
        for piece in member:
            start += piece[: _MOST_TORN - len(start)]
            size += len(piece)
            lines += piece.count(b"\n")
            if size > most:
                return _Measured(bytes(start), size, lines, None)
    except INFLATE_ERRORS:  # what came out before the error is reported as damaged
        return _Measured(bytes(start), size, lines, None)
    return _Measured(bytes(start), size, lines, at + member.length)
