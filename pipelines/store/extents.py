"""How much of an archive a copy holds."""

from __future__ import annotations

from pipelines.archive.disk.copies.partial_copy import stream_of
from pipelines.values import frozen


@frozen
class CopyExtent:
    """A copy without the files of some folders; commits, run reports and derived files are in every one."""

    lacks: tuple[str, ...]

    def takes(self, path: str) -> bool:
        """Whether the copy holds a committed file."""
        return stream_of(path) not in self.lacks


WITHOUT_CAPTURES = CopyExtent(("warc",))
"""Every line, and no raw bytes: enough to crawl."""
WHOLE = CopyExtent(())
