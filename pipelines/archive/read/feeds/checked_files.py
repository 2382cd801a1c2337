"""The files that commits name, checked: a feed does not tell what somebody wrote into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest
from pipelines.archive.errors import Damaged

if TYPE_CHECKING:
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.read.feeds.extent import Told
    from pipelines.packed import Stored


class CheckedFiles:
    """Gives the file of a name in a commit when it has the bytes that the commit, or a later redaction, says."""

    def __init__(self, told: Told) -> None:
        """Read what redactions have replaced."""
        self._layout = told.layout
        orders = (told.commit(act["commit"]).redaction for act in told.totals().redactions)
        self._replaced = {one.new.path: one.new for order in orders if order for one in order.files}

    def __call__(self, named: NamedFile) -> Stored:
        """The file; `Damaged` when it is not there, or has other bytes."""
        file, now = self._layout.stored(named.path), self._replaced.get(named.path, named)
        try:
            is_right = file_digest(file) == (now.bytes, now.sha256)
        except OSError as error:
            raise Damaged(f"{file}: cannot be read ({error}); restore it from a copy") from error
        if not is_right:
            way = "a redaction was not finished, run rebuild" if now is not named else "run verify"
            raise Damaged(f"{file}: has other bytes than its commit says; {way}")
        return file
