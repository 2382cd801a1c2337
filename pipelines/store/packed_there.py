"""Where a file lies in a container that only the store has.

WARC files keep their length for ever, redactions included, and those of a year follow one another as its commits name
them. So the place of each is known without reading the container; the header before it proves that.
"""

from __future__ import annotations

import errno
import tarfile
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import commit_number, read_commit
from pipelines.archive.disk.containers import BLOCK, CONTAINERS, PACKS, members
from pipelines.archive.disk.layout import COMMIT_FILE, YEAR
from pipelines.archive.disk.packs import fits
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.archive.disk.layout import Layout


@frozen
class PlaceThere:
    """`size` bytes from `start` on of the object `path` below the site; null: to its end."""

    path: str
    start: int = 0
    size: int | None = None


class PackedThere:
    """Finds the members of a site's containers of WARC files; no more is read of these than headers."""

    def __init__(self, layout: Layout, read: Callable[[str, int, int], bytes]) -> None:
        """Nothing is read yet.

        Args:
            layout: of the copy, which has the containers of commits.
            read: gives bytes of a container, by its path: from an offset on, so many.
        """
        self._layout, self._read = layout, read
        self._years: dict[str, Mapping[str, int]] = {}

    def place(self, path: str) -> PlaceThere:
        """Where a committed file lies: in a container if its year is packed, else by itself.

        Raises:
            OSError: the container is not what the commits say, or what `read` raises.
            Damaged: a commit cannot be read.
        """
        folder, _, rest = path.partition("/")
        container = CONTAINERS["warc"]
        if folder == "warc" and YEAR.fullmatch(rest[:4]):
            for year in (rest[:4], f"{int(rest[:4]) + 1:04d}"):  # a run may end in the year after
                if year not in self._years:
                    self._years[year] = self._expected(year)
                if path in self._years[year]:
                    return self._proved(f"{PACKS}/{year}/{container}", path, self._years[year][path])
        return PlaceThere(path)

    def _expected(self, year: str) -> Mapping[str, int]:
        """Where the header of each file of a year is."""
        commits = members(self._layout.path(f"{PACKS}/{year}/{CONTAINERS['commits']}")).values()
        found, at = {}, 0
        for file in sorted((one for one in commits if COMMIT_FILE.fullmatch(one.name)), key=commit_number):
            for named in sorted(read_commit(file).files, key=lambda one: one.path):
                if named.path.startswith("warc/") and fits(named.path, named.bytes, is_compressed=False):
                    found[named.path] = at
                    at += BLOCK + named.bytes + -named.bytes % BLOCK
        return found

    def _proved(self, container: str, path: str, expected: int) -> PlaceThere:
        try:
            about = tarfile.TarInfo.frombuf(self._read(container, expected, BLOCK), "ascii", "strict")
        except (ValueError, tarfile.TarError) as error:
            raise OSError(errno.EIO, f"no header at {expected} ({error})", f"{container}: {path}") from error
        if about.name != path:
            raise OSError(errno.EIO, f"at {expected} lies {about.name[:200]}", f"{container}: {path}")
        return PlaceThere(container, expected + BLOCK, about.size)
