"""Whether derived files that came from a store are what this software would have written for their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest
from pipelines.archive.read.derived import STATE, Derived, LinesBeside, is_of
from pipelines.archive.read.known import Standing, Totals
from pipelines.archive.read.state_file import is_altered
from pipelines.untrusted import json_object, opened, whole

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout

_BLOCK = 1 << 20


def are_sound(one: Derived, layout: Layout, commit: Commit) -> bool:
    """Whether both files are of the commit and agree; a document with a flipped byte is not.

    Raises:
        OSError: one is not there.
    """
    about, lines = layout.path(one.about_file), layout.path(one.lines_file)
    size, sha256 = file_digest(lines)
    if one is STATE:  # its document has sums over the whole history, and a hash of itself
        told = {} if is_altered(about) else json_object(about)
        return is_of(one, layout, commit) and (told.get("bytes"), told.get("sha256")) == (size, sha256)
    beside = LinesBeside(_count(lines), sha256, size)
    return whole(about) == one.document(commit, beside, Totals(), Standing)


def _count(file: Path) -> int:
    with opened(file) as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(_BLOCK), b""))
