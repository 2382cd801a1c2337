"""Which speeches a damaged WARC file concerns: those whose lines name a record in it that proves nothing any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.flaws import WRONG_HASH, flaw
from pipelines.archive.prove.history import STREAMS
from pipelines.archive.prove.proofs import CaptureProofs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line


def unproved_ids(layout: Layout, commits: Iterable[Commit]) -> tuple[str, ...]:
    """The ids of the lines with a capture that cannot be proved, in the order of the lines.

    Every capture is read again, a record once: a record may refer to another file (a revisit), so that the name of
    the damaged file alone does not tell. Files of lines that are damaged themselves are passed over: they are
    reported with their own ids.
    """
    proofs, is_proved = CaptureProofs(layout), dict[tuple[str, int], bool]()
    found: dict[str, None] = {}
    for line in _readable(layout, commits):
        for capture in line["captures"]:
            if capture["file"] is None:
                continue
            place = (capture["file"], capture["offset"])
            if place not in is_proved:
                is_proved[place] = _is_proved(proofs, capture)
            if not is_proved[place]:
                found[line["id"]] = None
    return tuple(found)


def _is_proved(proofs: CaptureProofs, capture: Line) -> bool:
    try:
        return proofs.complaint(capture) is None
    except Damaged:  # its file has no place in an archive
        return False


def _readable(layout: Layout, commits: Iterable[Commit]) -> Iterator[Line]:
    """The lines that have the shape of their record, up to the first in each file that cannot be read."""
    for commit in commits:
        for folder, schema in STREAMS:
            named = commit.stream(folder)
            if named is None:
                continue
            try:
                file = layout.stored(named.path)
                for number, raw in enumerate(raw_lines(file), 1):
                    line = parsed(raw, file, number)
                    if flaw(line, schema, str(line["id"]).partition(":")[0]) in {None, WRONG_HASH}:
                        yield line
            except Damaged:
                continue
