"""Writes containers, and removes the files that a committed container holds as well."""

from __future__ import annotations

import hashlib
import lzma
import tarfile
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING

from pipelines.archive.disk.containers import BLOCK, PACKS, members
from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.files import file_digest, sync, sync_folder
from pipelines.archive.errors import Damaged
from pipelines.untrusted import LONGEST_DOCUMENT, opened, opened_to_write, size_of
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.layout import Layout
    from pipelines.stored.packed import Packed, Stored

PACK = "pack"
"""The kind of a commit that names the containers of a year."""

_GATHERED = 4 << 20
"""Bytes of members in one xz stream: more shrink no better, and one document costs unpacking all of them."""
_PRESET = 6 | lzma.PRESET_EXTREME
_COPIED = 1 << 20
_END = bytes(2 * BLOCK)


@frozen(kw_only=True)
class PackedFile:
    """A file for a container: its `path` in the archive, where its bytes are, what they must be, and its date.

    `sha256` is null where no commit states one (a signature); `modified` is in seconds since 1970.
    """

    path: str
    content: Stored | bytes
    size: int
    sha256: str | None
    modified: int


def fits(path: str, size: int, *, is_compressed: bool) -> bool:
    """False for what stays a file of its own: a name or size that tar's plainest form has no room for, or a document
    longer than may be held in memory.
    """
    try:
        _header(path, size, 0)
    except ValueError:
        return False
    return not is_compressed or size <= LONGEST_DOCUMENT


def write_container(file: Path, files: Iterable[PackedFile]) -> None:
    """Write a container and sync it; the same members give the same tar file.

    Raises:
        Damaged: the bytes of a member are not what they must be.
    """
    with opened_to_write(file) as stream:
        if file.suffix == ".xz":
            for part in _gathered(files):
                stream.write(lzma.compress(part, lzma.FORMAT_XZ, lzma.CHECK_CRC64, _PRESET))
        else:
            for member in files:
                _append(stream, member)
            stream.write(_END)
        sync(stream)


def rewrite_container(container: Path, ready: Path, changed: Mapping[str, Path]) -> None:
    """Write a container anew to `ready`, the members of the paths in `changed` with the content of these files."""
    write_container(ready, (_as_it_is(member, changed.get(path)) for path, member in members(container).items()))


def _as_it_is(member: Packed, changed: Path | None) -> PackedFile:
    content = changed or member
    return PackedFile(path=member.path, content=content, size=size_of(content), sha256=None, modified=member.modified)


def _gathered(files: Iterable[PackedFile]) -> Iterator[bytes]:
    part = BytesIO()
    for member in files:
        _append(part, member)
        if part.tell() >= _GATHERED:
            yield part.getvalue()
            part = BytesIO()
    part.write(_END)
    yield part.getvalue()


def _append(into: BinaryIO, member: PackedFile) -> None:
    into.write(_header(member.path, member.size, member.modified))
    sha256, size = hashlib.sha256(), 0
    for block in _blocks(member.content):
        sha256.update(block)
        size += len(block)
        if size <= member.size:
            into.write(block)
    if size != member.size or member.sha256 not in {None, sha256.hexdigest()}:
        raise Damaged(f"{member.content!s:.300}: does not match its commit; run verify and restore it from a copy")
    into.write(bytes(-size % BLOCK))


def _blocks(content: Stored | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with opened(content) as stream:
        while block := stream.read(_COPIED):
            yield block


def _header(path: str, size: int, modified: int) -> bytes:
    """The header of a member; `ValueError` when it does not fit into one block."""
    about = tarfile.TarInfo(path)
    about.size, about.mtime = size, modified
    return about.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def is_container(path: str) -> bool:
    """True for the path of a container."""
    return path.startswith(f"{PACKS}/")


def containers_of(commit: Commit) -> list[NamedFile]:
    """The containers that a commit names; none unless it packed a year."""
    return [named for named in commit.files if commit.kind == PACK and is_container(named.path)]


def drop_packed(layout: Layout, commit: Commit, now: Mapping[str, tuple[NamedFile, ...]]) -> int:
    """Remove each file of which a container of the commit holds the same bytes; how many there were.

    A file with other bytes stays: which of the two is right is for `verify` to tell. `now` are all named files as
    they must be, or may be, by path.

    Raises:
        Damaged: a container does not match its commit; nothing was removed.
    """
    mark = PartialCopy.of(layout)
    named_here = ((named, layout.path(named.path)) for named in containers_of(commit))
    containers = [n for n, file in named_here if not (mark and mark.is_excused(commit.n, n.path, file))]
    for named in containers:
        may_be = {(one.bytes, one.sha256) for one in now[named.path]}
        if file_digest(file := layout.path(named.path)) not in may_be:
            raise Damaged(f"{file}: does not match commit {commit.n}; restore it from a copy")
    dropped = [loose for named in containers for loose in _dropped(layout, layout.path(named.path))]
    for folder in sorted({file.parent for file in dropped}, reverse=True):
        sync_folder(folder)
        with suppress(OSError):  # not empty, or in use again
            folder.rmdir()
    return len(dropped)


def _dropped(layout: Layout, container: Path) -> Iterator[Path]:
    for packed in members(container).values():
        loose = layout.path(packed.path)
        if loose.exists() and file_digest(loose) == file_digest(packed):
            loose.unlink()
            yield loose
