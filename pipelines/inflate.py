"""Reads gzip files of many members block by block, in a thread ahead of the reader."""

from __future__ import annotations

import io
import zlib
from collections import deque
from typing import TYPE_CHECKING

from pipelines.untrusted import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO


class TooLong(EOFError):  # noqa: N818 - reads as a sentence: "line too long"
    """A line longer than any writer makes; reading stops before it, as at the end of a torn file."""


BLOCK = 1 << 18
_GZIP = 31  # zlib's number for "gzip header and trailer, largest window"


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file, in blocks."""
    while block := stream.read(BLOCK):
        yield block


class Member:
    """One gzip member, decompressed from blocks; `ahead` are its first bytes, already read.

    After its content has been read, `length` is its compressed size, and `ahead` holds the bytes after it.
    """

    def __init__(self, packed: Iterator[bytes], ahead: bytes = b"") -> None:
        self._packed, self.ahead, self.length = packed, ahead, 0

    def __iter__(self) -> Iterator[bytes]:
        """Its content, in pieces of at most `BLOCK` bytes: a few bytes may decompress to gigabytes.

        Raises:
            zlib.error: the member is damaged.
            EOFError: the member is torn.
        """
        inflater = zlib.decompressobj(_GZIP)
        while not inflater.eof:
            block = self.ahead or next(self._packed, b"")
            if not block:
                raise EOFError("the last gzip member is torn")
            self.length += len(block)
            while block and not inflater.eof:
                if piece := inflater.decompress(block, BLOCK):
                    yield piece
                block = inflater.unconsumed_tail
            self.ahead = inflater.unused_data
        self.length -= len(self.ahead)


def inflated(packed: Iterable[bytes]) -> Iterator[bytes]:
    """The uncompressed stream of all members, checksums verified; `zlib.error` or `EOFError` when damaged."""
    packed = iter(packed)
    ahead = next(packed, b"")
    while True:
        member = Member(packed, ahead)
        yield from member
        ahead = member.ahead or next(packed, b"")
        if not ahead:
            return


def ahead(made: Iterator[bytes], depth: int = 4) -> Iterator[bytes]:
    """The same blocks, made in another thread: decompressing and hashing release the GIL."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - brings logging; short commands read no stream

    with ThreadPoolExecutor(1) as worker:
        waiting = deque(worker.submit(next, made, None) for _ in range(depth))
        while (block := waiting.popleft().result()) is not None:
            waiting.append(worker.submit(next, made, None))
            yield block


def lines_of(plain: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their line feed (only LF ends one); the last may lack it. Of blocks as `inflated` gives them.

    Raises:
        TooLong: a line of more than `LONGEST_LINE` bytes.
    """
    held: list[bytes] = []
    size = count = 0
    for block in plain:
        lines = io.BytesIO(block).readlines()
        held.append(lines[0])
        size += len(lines[0])
        if size > LONGEST_LINE:  # only a line over several blocks can be so long
            raise TooLong(f"line {count + 1} is longer than {LONGEST_LINE} bytes")
        if not lines[0].endswith(b"\n"):
            continue
        lines[0] = b"".join(held)
        held = [] if lines[-1].endswith(b"\n") else [lines.pop()]
        size = sum(map(len, held))
        yield from lines
        count += len(lines)
    if held:
        yield b"".join(held)
