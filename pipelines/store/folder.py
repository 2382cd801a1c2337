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
from pipelines.store.protocol import StoreError, StoreObject
from pipelines.untrusted import opened, opened_to_write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

_UNFINISHED = ".unfinished-"
"""How the names of files begin that are being written: they are no objects."""
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

    def folders(self, below: str = "") -> list[str]:
        """As `Store.folders`."""
        folder = self._path(below) if below else self._root
        with _told(folder):
            return sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []

    def names(self, below: str) -> Iterator[StoreObject]:
        """As `Store.names`."""
        root = self._path(below)
        found: list[StoreObject] = []
        with _told(root):
            for folder, folders, files in os.walk(root, onerror=_raised):
                folders[:] = [name for name in folders if name not in _LOCAL]
                inside = Path(folder).relative_to(self._root).as_posix()
                found += [
                    StoreObject(f"{inside}/{n}", (Path(folder) / n).stat().st_size) for n in files if _is_object(n)
                ]
        yield from sorted(found, key=lambda held: held.name)

    def read(self, name: str) -> bytes:
        """As `Store.read`."""
        file = self._path(name)
        with _told(file), opened(file) as stream:
            return stream.read()

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
        with _told(there), opened(there) as stream, opened_to_write(file) as into:
            shutil.copyfileobj(stream, into)
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
                return self.read(name) == data
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
        try:
            with os.fdopen(handle, "wb") as into:
                yield Path(name), into
        finally:
            Path(name).unlink(missing_ok=True)


def _is_object(name: str) -> bool:
    return not name.startswith(_UNFINISHED)


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
