"""Which keys of a version line differ from those of the line before: hashes per key, so that no text is kept."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from pipelines.archive.disk.streams import parsed
from pipelines.archive.errors import Damaged
from pipelines.archive.read.state import SAYING, apart_from_views

if TYPE_CHECKING:
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.checked_files import CheckedFiles
    from pipelines.archive.read.feeds.extent import Extent, Told
    from pipelines.stored.packed import Stored


class Prints:
    """The newest content of speeches, as one hash of eight bytes a key."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._of: dict[str, array[int]] = {}

    def changed_by(self, line: Line) -> list[str] | None:
        """The keys that a `changed` or `reprocessed` line changed; null for other events. Keeps the line's hashes."""
        if line["event"] == "gone":
            return None
        was, now = self._of.get(line["id"]), _fingerprint(line)
        self._of[line["id"]] = now
        if line["event"] not in {"changed", "reprocessed"}:
            return None
        if was is None:
            raise Damaged(f"{line['id']}: nothing comes before its line with seq {line['seq']}; run verify")
        return [key for key, old, new in zip(SAYING, was, now, strict=True) if old != new]


def prints_before(told: Told, extent: Extent, checked: CheckedFiles) -> Prints:
    """What an extent's lines are compared with. Older commits are read, the newest first, until all is found."""
    prints = Prints()
    wanted = _compared_with_older(told, extent, checked) if extent.after else set()
    for n in range(extent.after, 0, -1):
        if not wanted:
            break
        newest: dict[str, tuple[bytes, Stored, int]] = {}
        for line, raw, file, number in checked.headings(told.commit(n)):
            if line.id in wanted and line.event != "gone":
                newest[line.id] = raw, file, number
        for raw, file, number in newest.values():
            prints.changed_by(parsed(raw, file, number) | {"event": "restored"})
        wanted -= newest.keys()
    return prints


def _compared_with_older(told: Told, extent: Extent, checked: CheckedFiles) -> set[str]:
    """The ids whose first content line in the extent is an edit of one before it."""
    met, wanted = set(), set()
    for commit in extent.commits(told):
        for line, *_ in checked.headings(commit):
            if line.event in {"changed", "reprocessed"} and line.id not in met:
                wanted.add(line.id)
            if line.event != "gone":
                met.add(line.id)
    return wanted


def _fingerprint(line: Line) -> array[int]:
    values = map(apart_from_views(line).__getitem__, SAYING)
    # Inverted, so that null differs from the text "None".
    return array("q", [hash(value) if type(value) is str else ~hash(repr(value)) for value in values])
