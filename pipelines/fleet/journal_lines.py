"""The lines of a journal as such: where several machines crawl a site, each has those of all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipelines.fleet.attempts import moment_in
from pipelines.fleet.register import replace_file
from pipelines.untrusted import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.fleet.attempts import Journal

_LINE = 2_048
"""Bytes of a line, at most on average: what is looked at is counted in bytes."""


def newest_lines(journal: Journal, most: int | None = None) -> list[bytes]:
    """The lines, oldest first; at least the last `most` when given, if not longer than usual. A torn end is none.

    `OSError` when the journal cannot be read.
    """
    try:
        with opened(journal.file) as stream:
            size = stream.seek(0, os.SEEK_END)
            begin = 0 if most is None else max(0, size - most * _LINE)
            stream.seek(begin)
            *whole, _ = stream.read().split(b"\n")
    except FileNotFoundError:
        return []
    return [line for line in (whole[1:] if begin else whole) if line]


def merge(journal: Journal, lines: Sequence[bytes]) -> None:
    """Put lines of other machines into the journal, in the order of their moments; known ones change nothing.

    While an attempt is under way here they are appended: who holds the file must go on with it. `OSError` when the
    journal cannot be written.
    """
    has = newest_lines(journal)
    known = set(has)
    new = [line for line in dict.fromkeys(lines) if line not in known]
    if not new:
        return
    journal.file.parent.mkdir(parents=True, exist_ok=True)
    merged, state = sorted([*has, *new], key=moment_in), journal.state()
    if merged == [*has, *new] or (state and state[1]):
        _append(journal, new)
    else:
        replace_file(journal.file, _joined(merged))


def _append(journal: Journal, lines: Sequence[bytes]) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(journal.file, flags, 0o644)
    try:
        size = os.fstat(handle).st_size
        is_torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (b"\n" if is_torn else b"") + _joined(lines))
    finally:
        os.close(handle)


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
