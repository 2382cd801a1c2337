"""A store in a folder, also of another machine: durable, and every object whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import file_digest, sync, sync_folder
from pipelines.archive.disk.layout import LINK
from pipelines.store.protocol import StoreError, StoreObject, digest_of
from pipelines.untrusted import opened, opened_to_write, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

_UNFINISHED = ".unfinished-"
"""How the names of files begin that are being written: they are no objects."""
_DEAD_AFTER = 3600.0
"""Seconds after the last write to a file from which it is nobody's: a write waits for the disk, but not so long."""
_BLOCK = 1 << 20
_LOCAL = frozenset({"staging"})
"""Folders that a store never holds; an archive that is read as a store may have them."""


class FolderStore:
    """Objects are files below a folder, which is itself a root of archives that every command reads."""

    has_create = True
    """A hard link never replaces a file, over NFS neither."""

    def __init__(self, address: str) -> None:
        """Nothing is made yet."""
        self.address = address
        self._root = Path(address)
        self._tidied: set[Path] = set()

    def folders(self, below: str = "") -> list[str]:
        """As `Store.folders`."""
        folder = self._path(below) if below else self._root
        with _told(folder):
            return sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []

    def names(self, below: str) -> Iterator[StoreObject]:
        """As `Store.names`, and what writing has left that died."""
        root = self._path(below)
        found: list[StoreObject] = []
        with _told(root):
            for folder, folders, files in os.walk(root, onerror=_raised):
                folders[:] = [name for name in folders if name not in _LOCAL]
                inside = Path(folder).relative_to(self._root).as_posix()
                for name in files:
                    with suppress(FileNotFoundError):  # another machine has just removed it
                        found.append(StoreObject(f"{inside}/{name}", (Path(folder) / name).stat().st_size))
        yield from sorted(found, key=lambda held: held.name)

    def read(self, name: str) -> bytes:
        """As `Store.read`."""
        file = self._path(name)
        try:
            with _told(file):
                return whole(file)
        except ValueError as error:
            raise StoreError(f"{file}: {error}; it is none of ours, remove it") from error

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        """As `Store.read_part`; a folder that is not there at all, as one that is not mounted, is a store away."""
        file = self._path(name)
        try:
            with _told(file), opened(file) as stream:
                stream.seek(offset)
                return stream.read(length)
        except FileNotFoundError as error:
            if not self._root.is_dir():
                raise StoreError(f"{self._root}: is not there. See that it is mounted, and run again") from error
            raise

    def size(self, name: str) -> int | None:
        """As `Store.size`."""
        file = self._path(name)
        try:
            with _told(file):
                return file.stat().st_size
        except FileNotFoundError:
            return None

    def digest(self, name: str) -> tuple[int, str]:
        """As `Store.digest`."""
        file = self._path(name)
        with _told(file):
            return file_digest(file)

    def fetch(self, name: str, file: Path) -> None:
        """As `Store.fetch`."""
        there = self._path(name)
        with _told(there):
            stream = opened(there)
        with stream, opened_to_write(file) as into:
            into.writelines(_blocks(there, stream))
            sync(into)

    def put(self, name: str, file: Path) -> None:
        """As `Store.put`."""
        final = self._path(name)
        with _told(final), opened(file) as stream, self._unfinished(final) as (ready, into):
            shutil.copyfileobj(stream, into)
            sync(into)
            ready.replace(final)
            sync_folder(final.parent)

    def create(self, name: str, data: bytes) -> bool:
        """As `Store.create`."""
        final = self._path(name)
        with _told(final), self._unfinished(final) as (ready, into):
            into.write(data)
            sync(into)
            try:
                os.link(ready, final)
            except FileExistsError:
                # Over NFS the answer to a link that was made may be lost, and the second try finds it there.
                return self.digest(name) == digest_of(data)
            sync_folder(final.parent)
        return True

    def remove(self, names: Iterable[str]) -> None:
        """As `Store.remove`."""
        folders = set()
        for name in names:
            file = self._path(name)
            with _told(file), suppress(FileNotFoundError):
                file.unlink()
                folders.add(file.parent)
        for folder in sorted(folders, reverse=True):
            with _told(folder):
                sync_folder(folder)
            with suppress(OSError):  # not empty
                folder.rmdir()

    def _path(self, name: str) -> Path:
        """The file of an object; no link below the store's own folder is followed."""
        path = self._root
        for part in name.split("/"):
            if part in {"", ".", ".."}:
                raise StoreError(f"{self.address}: {name[:200]!r} is no name of an object")
            path /= part
            with _told(path):
                is_link = path.is_symlink()
            if is_link:
                raise StoreError(f"{path}: {LINK}")
        return path

    @contextmanager
    def _unfinished(self, final: Path) -> Iterator[tuple[Path, BinaryIO]]:
        """A new file beside `final`; gone at the end, unless it was renamed. What a crash leaves is no object."""
        missing = [folder for folder in (final.parent, *final.parent.parents) if not folder.exists()]
        final.parent.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            sync_folder(folder.parent)
        handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=final.parent)
        os.fchmod(handle, 0o644)
        if final.parent not in self._tidied:
            self._tidied.add(final.parent)
            _remove_dead(final.parent, Path(name))
        try:
            with os.fdopen(handle, "wb") as into:
                yield Path(name), into
        finally:
            Path(name).unlink(missing_ok=True)


def _remove_dead(folder: Path, new: Path) -> None:
    """Remove what writing to a folder has left that died: a redaction does not find it, and it takes room."""
    dead_before = new.stat().st_mtime - _DEAD_AFTER  # by the clock of the file server, as all these
    for file in folder.glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):  # it was finished just now
            if file.stat().st_mtime < dead_before:
                file.unlink()


def _blocks(there: Path, stream: BinaryIO) -> Iterator[bytes]:
    """What is read of an object: an error of writing it elsewhere is none of the store."""
    with _told(there):
        while block := stream.read(_BLOCK):
            yield block


def _raised(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """Turn every `OSError` but that of a missing file into a `StoreError` that names the remedy."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        said = f"{error.filename or place}: {error.strerror or error}"
        raise StoreError(f"{said}. See that the store can be read and written, and run again") from error
