"""Containers: the files of a closed year in one tar file a stream, and where each lies in it.

`tar xf` gives every file back under its own path, byte for byte. Commits and run reports are small and alike: their
container is compressed, in xz streams of whole members, so that none is unpacked further than to the one wanted.
"""

from __future__ import annotations

import tarfile
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.stored.packed import Packed, unpacked
from pipelines.untrusted import opened, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

PACKS = "packs"
CONTAINERS = {
    "commits": "commits.tar.xz",
    "runs": "runs.tar.xz",
    "versions": "versions.tar",
    "observations": "observations.tar",
    "warc": "warc.tar",
}
"""What is packed, by the first folder of its path, and the name of its container below `packs/YYYY/`."""

BLOCK = tarfile.BLOCKSIZE
_END = bytes(BLOCK)
_MOST_INDEXED = 1024
"""Containers whose members are kept in mind: of 200 years."""


def members(container: Path) -> Mapping[str, Packed]:
    """The members of a container by path, in their order.

    Raises:
        Damaged: it cannot be read as one; a file that is not there is one without members.
    """
    try:
        state = state_of(container)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Damaged(f"{container}: {error.strerror}; restore it from a copy") from error
    return _indexed(container, state)


@lru_cache(_MOST_INDEXED)
def _indexed(container: Path, _state: tuple[int, ...]) -> Mapping[str, Packed]:
    """`members`, once for a file as it stands."""
    found: dict[str, Packed] = {}
    try:
        for member in _members(container):
            if member.path in found:
                raise ValueError(f"holds {member.path[:200]!r} twice")  # noqa: TRY301 - told with the others
            found[member.path] = member
    except (OSError, ValueError, tarfile.TarError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise Damaged(f"{container}: cannot be read ({why}); restore it from a copy") from error
    return found


def _members(container: Path) -> Iterator[Packed]:
    with opened(container) as stream:
        size = stream.seek(0, 2)
        if container.suffix != ".xz":
            for about in _headers(stream, size):
                yield Packed(container, *about)
            return
        at = 0
        while at < size:
            stream.seek(at)
            plain, taken = unpacked(stream)
            for about in _headers(BytesIO(plain), len(plain)):
                yield Packed(container, *about, stream=at)
            at += taken


def _headers(stream: BinaryIO, size: int) -> Iterator[tuple[str, int, int, int]]:
    """Path, offset, size and date of each member up to the end of the tar file, or of a part of one."""
    at = 0
    while at < size:
        stream.seek(at)
        block = stream.read(BLOCK)
        if block == _END:
            return
        about = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        end = at + BLOCK + about.size
        if about.type != tarfile.REGTYPE or about.size < 0 or end > size:
            raise ValueError(f"the member at {at} is no regular file, or breaks off")
        yield about.name, at + BLOCK, about.size, int(about.mtime)
        at = end + -end % BLOCK
