"""A file that lies in another place, of which only the parts are brought that are read.

A partial copy of an archive lacks files that its store has. Who reads them by a `Layout` gives it the place; nothing
here knows what that is. Standard library only.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Protocol

from pipelines.values import frozen

_BUFFERED = 1 << 14
"""Bytes asked for at least: the place brings more at once, and keeps them."""


class OutOfReach(OSError):  # noqa: N818 - reads as a sentence: "the file is out of reach"
    """The place of a file does not answer, or none is known; the file may be there."""


class Elsewhere(Protocol):
    """Where the files lie that a copy lacks. Its methods may be called from several threads."""

    def has(self, path: str) -> bool:
        """Whether a committed file is one of those that the copy may lack. Nothing is asked of the place."""

    def part(self, path: str, offset: int, length: int) -> bytes:
        """Bytes of a file from an offset on, at most `length`: at least one, but none behind its end.

        Raises:
            OutOfReach: the place does not answer.
            FileNotFoundError: it has no such file.
        """


class InArchive:
    """A committed file that is not a file of its own here: what `Path` says of a path, said of its `path` there."""

    __slots__ = ()
    path: str

    @property
    def name(self) -> str:
        """The last part of its path, as `Path.name`."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """As `Path.suffix`."""
        return Path(self.path).suffix


@frozen
class Distant(InArchive):
    """A committed file, by its `path` in the archive, that lies in another place."""

    place: Elsewhere
    path: str

    def __str__(self) -> str:
        return self.path

    def opened(self) -> io.BufferedReader:
        """A stream of it; nothing is asked before it is read."""
        return io.BufferedReader(_Parts(self), _BUFFERED)


class _Parts(io.RawIOBase):
    """The bytes of a distant file, each part asked for when it is read. Its end is unknown before it is reached."""

    def __init__(self, file: Distant) -> None:
        self._file, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation(f"{self._file}: how long it is, is not known here")
        self._at = max(offset + (self._at if whence == io.SEEK_CUR else 0), 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object, /) -> int:
        into = memoryview(buffer)  # type: ignore[arg-type] # a buffer, by contract
        data = self._file.place.part(self._file.path, self._at, len(into))
        into[: len(data)] = data
        self._at += len(data)
        return len(data)
