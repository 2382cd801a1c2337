"""The files of lines that commits name, checked: a feed does not tell what somebody wrote into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest
from pipelines.archive.disk.streams import heading, raw_lines
from pipelines.archive.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.streams import LineHeading
    from pipelines.archive.read.feeds.extent import Told
    from pipelines.stored.packed import Stored


class CheckedFiles:
    """Gives the file of a name in a commit when it has the bytes that the commit, or a later redaction, says."""

    def __init__(self, told: Told) -> None:
        """Read what redactions have replaced."""
        self._layout = told.layout
        orders = (told.commit(act["commit"]).redaction for act in told.totals().redactions)
        self._replaced = {one.new.path: one.new for order in orders if order for one in order.files}
        self._sound: set[str] = set()

    def __call__(self, named: NamedFile) -> Stored:
        """The file; `Damaged` when it is not there, or has other bytes. It is read for that once."""
        file, now = self._layout.stored(named.path), self._replaced.get(named.path, named)
        if named.path in self._sound:
            return file
        try:
            is_right = file_digest(file) == (now.bytes, now.sha256)
        except OSError as error:
            raise Damaged(f"{file}: cannot be read ({error}); restore it from a copy") from error
        if not is_right:
            way = "a redaction was not finished, run rebuild" if now is not named else "run verify"
            raise Damaged(f"{file}: has other bytes than its commit says; {way}")
        self._sound.add(named.path)
        return file

    def lines(self, commit: Commit, stream: str) -> Iterator[tuple[bytes, Stored, int]]:
        """Each line that a commit brought to `versions` or `observations`, with its file and its number there."""
        if named := commit.stream(stream):
            file = self(named)
            for number, raw in enumerate(raw_lines(file), 1):
                yield raw, file, number

    def headings(self, commit: Commit) -> Iterator[tuple[LineHeading, bytes, Stored, int]]:
        """The heading of each version line that a commit brought, with its bytes, its file, and its number there."""
        for raw, file, number in self.lines(commit, "versions"):
            yield heading(raw, file, number), raw, file, number
