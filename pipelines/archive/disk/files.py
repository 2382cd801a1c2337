"""Durable writes (fsync), and the description of a file in a commit."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.archive.disk.layout import is_named_path
from pipelines.archive.errors import Damaged
from pipelines.inflate import Member, blocks
from pipelines.untrusted import opened, opened_to_write, size_of
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.stored.packed import Stored

MEMBER_LINES = 256
GZIP_LEVEL = 6
_BLOCK = 1 << 20
LARGEST_MEMBER = 80 << 20
"""Largest gzip member, unpacked, that is read into memory: the largest attachment (64 MiB), or 200 observations."""

INFLATE_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)


class Written(NamedTuple):
    """What a gzip file holds: its size, and the line feeds and the hash of its uncompressed stream."""

    bytes: int
    lines: int
    sha256: str
    sha256_uncompressed: str


class GzipDigests:
    """Measures a gzip file while it is written, so that it need not be read and decompressed for that."""

    def __init__(self) -> None:
        """Begin with an empty file."""
        self._size = self._lines = 0
        self._plain, self._packed = hashlib.sha256(), hashlib.sha256()

    def copy(self) -> GzipDigests:
        """The same so far, to be kept when what follows is written whole."""
        other = GzipDigests()
        other._size, other._lines = self._size, self._lines
        other._plain, other._packed = self._plain.copy(), self._packed.copy()
        return other

    def add(self, plain: bytes, packed: bytes) -> None:
        """Take bytes of the uncompressed stream, and of the file; either may be ahead of the other."""
        self._plain.update(plain)
        self._packed.update(packed)
        self._lines += plain.count(b"\n")
        self._size += len(packed)

    def found(self) -> Written:
        """What the file holds so far."""
        return Written(self._size, self._lines, self._packed.hexdigest(), self._plain.hexdigest())


@frozen(kw_only=True)
class NamedFile:
    """A file as a commit names it. `lines` and `sha256_uncompressed` are null where they do not apply."""

    path: str
    bytes: int
    lines: int | None
    sha256: str
    sha256_uncompressed: str | None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> NamedFile:
        """Read back from a commit; `ValueError` when the path leaves the archive."""
        named = cls(**{key: value[key] for key in ("path", "bytes", "lines", "sha256", "sha256_uncompressed")})
        if not isinstance(named.path, str) or not is_named_path(named.path):
            raise ValueError(f"path {str(named.path)[:200]!r} is not one a commit may name")
        counts = (named.bytes, 0 if named.lines is None else named.lines)
        if any(type(count) is not int or count < 0 for count in counts):
            raise ValueError(f"{named.path}: bytes {named.bytes!r}, lines {named.lines!r}")
        return named

    @classmethod
    def of(cls, file: Stored, relative: str, written: Written | None = None) -> NamedFile:
        """Measure `file`, to be named `relative`, unless it is as long as what was measured when it was `written`."""
        is_packed = relative.endswith(".gz")
        if written is None or size_of(file) != written.bytes:
            size, sha256 = file_digest(file)
            lines, inflated = inflated_digest(file) if is_packed else (0, "")
            written = Written(size, lines, sha256, inflated)
        return cls(
            path=relative,
            bytes=written.bytes,
            lines=written.lines if relative.endswith(".jsonl.gz") else None,
            sha256=written.sha256,
            sha256_uncompressed=written.sha256_uncompressed if is_packed else None,
        )


def file_digest(file: Stored) -> tuple[int, str]:
    """Size and SHA-256 of a file as stored."""
    with opened(file) as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type] # a BinaryIO is one
        return stream.seek(0, os.SEEK_END), sha256


def inflated_digest(file: Stored) -> tuple[int, str]:
    """Count of line feeds and SHA-256 of the uncompressed stream."""
    sha256, lines = hashlib.sha256(), 0
    try:
        with opened(file) as packed, gzip.GzipFile(fileobj=packed) as stream:
            while block := stream.read(_BLOCK):
                sha256.update(block)
                lines += block.count(b"\n")
    except INFLATE_ERRORS as error:
        raise Damaged(f"{file}: the gzip stream breaks off after line {lines}: {error}") from error
    return lines, sha256.hexdigest()


def whole_members(file: Path) -> Iterator[tuple[int, bytes]]:
    """End offset and content of each whole gzip member; stops before the first torn or damaged one."""
    end, ahead = 0, b""
    with opened(file) as stream:
        packed = blocks(stream)
        while True:
            member, content = Member(packed, ahead), bytearray()
            try:
                for piece in member:
                    content += piece
                    if len(content) > LARGEST_MEMBER:
                        raise Damaged(f"{file}: the gzip member at {end} unpacks to more than {LARGEST_MEMBER} bytes")
            except INFLATE_ERRORS:
                return
            end, ahead = end + member.length, member.ahead
            yield end, bytes(content)


def cut_to_whole_members(file: Path) -> int:
    """Truncate a gzip file whose writer died to its whole members; returns the number of bytes cut."""
    return cut(file, max((end for end, _ in whole_members(file)), default=0))


def cut(file: Path, end: int) -> int:
    """Truncate a file to its first `end` bytes and see that on the disk; returns the number of bytes cut."""
    lost = file.stat().st_size - end
    if lost:
        with file.open("r+b") as stream:
            stream.truncate(end)
            sync(stream)
    return lost


def gzip_lines(file: Path, lines: Iterable[bytes]) -> Written:
    """Write lines (each with its line feed) as gzip, a member every 256, the same bytes for the same lines."""
    digests = GzipDigests()
    with opened_to_write(file) as stream:
        for member in _members(lines):
            # No name and no time in the header: the same input gives the same file.
            packed = io.BytesIO()
            with gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=packed, mtime=0) as packing:
                packing.write(member)
            digests.add(member, packed.getvalue())
            stream.write(packed.getvalue())
        sync(stream)
    return digests.found()


def _members(lines: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    for line in lines:
        held.append(line)
        if len(held) == MEMBER_LINES:
            yield b"".join(held)
            held.clear()
    if held:
        yield b"".join(held)


def json_document(value: object) -> bytes:
    """A JSON document, indented so that a person can read and `diff` it."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def write_synced(file: Path, data: bytes) -> None:
    """Write a whole file and fsync it."""
    with opened_to_write(file) as stream:
        stream.write(data)
        sync(stream)


def replace_synced(file: Path, data: bytes, scratch: Path) -> None:
    """Replace `file` atomically, by way of the folder `scratch` on the same disk."""
    ready = scratch / f"{file.name}.new"
    write_synced(ready, data)
    ready.replace(file)
    sync_folder(file.parent)


def sync(stream: BinaryIO) -> None:
    """Flush and fsync an open file."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_file(file: Path) -> None:
    """Fsync a file that other code has written."""
    with opened(file) as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Fsync a folder: a power cut may undo a rename without it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folders(file: Path, root: Path) -> None:
    """Make `file`'s name and every folder above it up to `root` durable."""
    for folder in file.parents:
        sync_folder(folder)
        if folder == root:
            return
