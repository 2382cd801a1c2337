"""A file that lies as a member in a container: where its bytes are, and a stream of exactly those.

A container is a tar file, read in place, or a tar file in xz streams of whole members, of which one is unpacked
at a time. Standard library only.
"""

from __future__ import annotations

import errno
import io
import lzma
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO, Self

from pipelines.stored.distant import Distant, InArchive
from pipelines.values import frozen

LARGEST_STREAM = 48 << 20
"""Bytes of one xz stream unpacked: the longest document (32 MiB), and what a writer gathers before it ends one."""

_MEMORY = 64 << 20
"""Bytes a decoder may take: `xz -6`, which writers use, needs 9 MiB."""
_BLOCK = 1 << 16


@frozen
class Packed(InArchive):
    """`size` bytes at `offset` of a tar file: a committed file under its `path` in the archive.

    `stream` is where the xz stream that holds the member begins in `container`, and `offset` counts in what it
    unpacks to; null when the container is the tar file itself. `modified` is the date the tar file gives it, in
    seconds since 1970.
    """

    container: Path
    path: str
    offset: int
    size: int
    modified: int
    stream: int | None = None

    def __str__(self) -> str:
        return f"{self.container}: {self.path}"


Stored = Path | Packed | Distant
"""Where the bytes of a committed file are."""


class Slice(io.RawIOBase):
    """The bytes of a file from `start` on, `size` of them; it owns the open file."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream, self._start, self._size = stream, start, size
        self._at = 0

    def __enter__(self) -> Self:
        return self

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object, /) -> int:
        into = memoryview(buffer)[: max(self._size - self._at, 0)]  # type: ignore[arg-type] # a buffer, by contract
        self._stream.seek(self._start + self._at)
        read = self._stream.readinto(into)  # type: ignore[attr-defined] # BufferedReader has it
        if into and not read:
            raise OSError(errno.EIO, "the container breaks off")
        self._at += read
        return int(read)

    def close(self) -> None:
        self._stream.close()
        super().close()


def unpacked(stream: BinaryIO) -> tuple[bytes, int]:
    """What the xz stream at the file's position holds, and how many bytes it takes.

    Raises:
        OSError: it is none, is damaged or breaks off, or holds more than `LARGEST_STREAM` bytes.
    """
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    plain, taken = bytearray(), 0
    try:
        while not decoder.eof:
            block = stream.read(_BLOCK) if decoder.needs_input else b""
            if decoder.needs_input and not block:
                raise OSError(errno.EIO, "the xz stream breaks off")
            taken += len(block)
            plain += decoder.decompress(block, LARGEST_STREAM + 1 - len(plain))
            if len(plain) > LARGEST_STREAM:
                raise OSError(errno.EFBIG, f"an xz stream unpacks to more than {LARGEST_STREAM} bytes")
    except lzma.LZMAError as error:
        raise OSError(errno.EIO, f"a damaged xz stream ({error})") from error
    return bytes(plain), taken - len(decoder.unused_data)
