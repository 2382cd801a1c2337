"""View counts as they were read: of all speeches, in natural order of ids and then of time."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.disk.wrong_clock import latest_possible
from pipelines.archive.errors import Damaged
from pipelines.archive.read.feeds.counts_feed import count_in, count_of
from pipelines.archive.read.moments import moment_of, stamp
from pipelines.export.sorting import sorted_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive import Archive
    from pipelines.archive.read.feeds.counts_feed import Count

HELD = 4 << 20
"""Bytes of counts sorted in memory at once; as Python keeps them they take three times as much."""
_FIRST_YEAR, _LAST_YEAR = 1990, 9000  # before the first website, and where days of another zone still are days
_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


class Read(NamedTuple):
    """One count of one speech: when it was read (UTC to the second), and by the line with which seq."""

    native_id: str
    seq: int
    at: str
    view_count: int


def sorted_reads(
    archive: Archive,
    after: int = 0,
    id: str | None = None,  # noqa: A002 - the contract's key
    scratch: Path | None = None,
) -> Iterator[Read]:
    """The counts of all speeches, or of one (its full id), in natural order of ids, then of time.

    With `after` only those of speeches with a count in a line with a greater seq. They are sorted in
    unnamed files in `scratch` (null: where the system has such), so that memory does not grow with them.
    """
    if id is not None:
        reads = _of_one(archive, id)
    elif after:
        wanted = {read.native_id for read in _of_all(archive, after)}
        reads = (read for read in _of_all(archive) if read.native_id in wanted) if wanted else iter(())
    else:
        reads = _of_all(archive)
    return map(_unpacked, sorted_lines(map(_packed, reads), scratch or Path(tempfile.gettempdir()), HELD))


def _of_all(archive: Archive, after: int = 0) -> Iterator[Read]:
    """Every count by rising seq, of lines with a seq above `after`."""
    bounds = latest_possible(archive.commits())
    for commit in archive.commits():
        named = commit.stream("observations")
        if named is None or (commit.last_seq or 0) <= after:
            continue
        file = archive.layout.stored(named.path)
        for number, raw in enumerate(raw_lines(file), 1):
            count = count_in(raw, file, number)
            if count is not None and count.seq > after:
                yield _bounded(_read(count, f"{file}, line {number}"), bounds.get(commit.n))


def _of_one(archive: Archive, id: str) -> Iterator[Read]:  # noqa: A002
    bounds = latest_possible(archive.commits())
    for commit, lines in archive.about_by_commit(id):
        for line in lines:
            if line.get("view_count") is not None:
                where = str(archive.layout.commit(commit.n))
                yield _bounded(_read(count_of(line, where), where), bounds.get(commit.n))


def _bounded(read: Read, bound: str | None) -> Read:
    """What was read under a clock ahead was read before that was told."""
    return read if bound is None or read.at <= bound else read._replace(at=bound)


def _read(count: Count, where: str) -> Read:
    return Read(count.id.partition(":")[2], count.seq, _moment(count.observed_at, where), count.view_count)


def _moment(text: str, where: str) -> str:
    moment = moment_of(text)
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise Damaged(f"{where}: observed_at {str(text)[:40]!r} is no moment of an observation; run verify")
    return text if _PLAIN.fullmatch(text) else stamp(moment)


def _packed(read: Read) -> bytes:
    """A line that sorts by natural order of id, then by time, then by seq."""
    # In hexadecimal, since a key may hold a line feed; this keeps its order.
    return f"{natural_key(read.native_id).encode().hex()} {read.at} {read.seq:018} {read.view_count}\n".encode()


def _unpacked(line: bytes) -> Read:
    key, at, seq, count = line.split()
    native_id = bytes.fromhex(key.decode()).rpartition(b"\0")[2]
    return Read(native_id.decode(), int(seq), at.decode(), int(count))
