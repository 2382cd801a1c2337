"""Heads noted outside the archives, a line a run: an archive alone cannot prove that its last commits are there."""

from __future__ import annotations

import fcntl
import mmap
import os
import re
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import sync, sync_folder
from pipelines.archive.errors import NotUnderstood
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_LINE = re.compile(rb"(\d{4}-\d\d-\d\dT\S{1,20}) ([a-z0-9-]+) (\d{1,18}) ([0-9a-f]{64})")
_BLOCK = 1 << 16


@frozen(kw_only=True)
class Noted:
    """A line: at `at` (RFC 3339 in UTC) the archive of `site` ended with commit `commit`, whose SHA-256 is `head`."""

    at: str
    site: str
    commit: int
    head: str

    def line(self) -> bytes:
        """The line as it stands in the file, with its line feed."""
        return f"{self.at} {self.site} {self.commit} {self.head}\n".encode()

    @classmethod
    def from_line(cls, line: bytes) -> Noted | None:
        """Read back from a line without its line feed; null when it notes no head."""
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        at, site, commit, head = (part.decode() for part in found.groups())
        return cls(at=at, site=site, commit=int(commit), head=head)


class HeadsFile:
    """The file; it may hold the heads of any number of archives, and any number of runs may append to it."""

    def __init__(self, file: Path) -> None:
        """Nothing is opened yet; a file that is not there holds no head."""
        self.file = file

    def check(self, archives: Path) -> None:
        """Make the file if it is not there, and see that it can be appended to.

        Args:
            archives: the archive whose heads it keeps.

        Raises:
            NotUnderstood: it cannot, or it lies in the archive, with which it would be lost or set back.
        """
        if self.file.resolve().is_relative_to(archives.resolve()):
            raise NotUnderstood(f"{self.file}: lies in the archive and would be lost with it; keep heads elsewhere")
        try:
            with self.file.open("ab"):
                pass
        except OSError as error:
            raise NotUnderstood(f"{self.file}: no head can be noted there: {error.strerror}") from error

    def last(self, site: str) -> Noted | None:
        """The last head noted of `site`. The file is read from its end: it grows by a line a site and night."""
        needle = f" {site} ".encode()
        return next((found for line in self._backwards() if needle in line and (found := _noted(line, site))), None)

    def of(self, site: str) -> list[Noted]:
        """Every head noted of `site`, in the order they were noted."""
        try:
            with self.file.open("rb") as stream:
                if not os.fstat(stream.fileno()).st_size:
                    return []
                with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    return [
                        found for line in _lines_with(data, f" {site} ".encode()) if (found := _noted(line, site))
                    ]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise NotUnderstood(f"{self.file}: cannot be read: {error.strerror}") from error

    def sites(self) -> set[str]:
        """Every site of which a head was noted."""
        return {found[2].decode() for line in self._lines() if (found := _LINE.fullmatch(line))}

    def unread(self) -> list[int]:
        """Numbers of the lines that note no head: what a full disk or a power cut left of one, or somebody's edit."""
        return [number for number, line in enumerate(self._lines(), 1) if line and not _LINE.fullmatch(line)]

    def note(self, noted: Noted) -> None:
        """Append a head and see it on the disk; `OSError` when that cannot be done."""
        with self.file.open("ab") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            is_new = stream.seek(0, os.SEEK_END) == 0
            is_torn = not is_new and self._last_byte() != b"\n"
            stream.write((b"\n" if is_torn else b"") + noted.line())
            sync(stream)
        if is_new:
            sync_folder(self.file.parent)

    def _last_byte(self) -> bytes:
        with self.file.open("rb") as stream:
            stream.seek(-1, os.SEEK_END)
            return stream.read(1)

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.file.open("rb") as stream:
                yield from (line.removesuffix(b"\n") for line in stream)
        except FileNotFoundError:
            return
        except OSError as error:
            raise NotUnderstood(f"{self.file}: cannot be read: {error.strerror}") from error

    def _backwards(self) -> Iterator[bytes]:
        try:
            with self.file.open("rb") as stream:
                yield from _lines_from_the_end(stream)
        except FileNotFoundError:
            return
        except OSError as error:
            raise NotUnderstood(f"{self.file}: cannot be read: {error.strerror}") from error


def _noted(line: bytes, site: str) -> Noted | None:
    found = Noted.from_line(line)
    return found if found and found.site == site else None


def _lines_with(data: mmap.mmap, needle: bytes) -> Iterator[bytes]:
    """The lines that hold `needle`, found without a look at the others: a file of many sites is read for each."""
    at = data.find(needle)
    while at >= 0:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield data[data.rfind(b"\n", 0, at) + 1 : end]
        at = data.find(needle, end)


def _lines_from_the_end(stream: BinaryIO) -> Iterator[bytes]:
    end, rest = stream.seek(0, os.SEEK_END), b""
    while end:
        start = max(0, end - _BLOCK)
        stream.seek(start)
        first, *lines = (stream.read(end - start) + rest).split(b"\n")
        yield from reversed(lines)
        end, rest = start, first
    yield rest
