"""Reading gzip files of many members as fast as they inflate: block by block, a thread ahead of the reader."""

from __future__ import annotations

import io
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

BLOCK = 1 << 18
_GZIP = 31  # zlib's number for "gzip header and trailer, largest window"


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file as they lie on the disk."""
    while block := stream.read(BLOCK):
        yield block


def inflated(packed: Iterable[bytes]) -> Iterator[bytes]:
    """The uncompressed stream of all members, each proved by its checksum; `zlib.error`, `EOFError` when damaged."""
    member = zlib.decompressobj(_GZIP)
    for block in packed:
        rest = block
        while rest:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            yield member.decompress(rest)
            rest = member.unused_data
    if not member.eof:
        raise EOFError("the last gzip member is torn")


def ahead(made: Iterator[bytes], depth: int = 4) -> Iterator[bytes]:
    """The same blocks, made in a thread of their own: inflating and hashing let go of the interpreter."""
    with ThreadPoolExecutor(1) as worker:
        waiting = deque(worker.submit(next, made, None) for _ in range(depth))
        while (block := waiting.popleft().result()) is not None:
            waiting.append(worker.submit(next, made, None))
            yield block


def lines_of(plain: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their line feed (only LF ends one); the last may lack it."""
    held = b""
    for block in plain:
        lines, held = io.BytesIO(held + block), b""
        for line in lines:
            if line.endswith(b"\n"):
                yield line
            else:
                held = line
    if held:
        yield held
