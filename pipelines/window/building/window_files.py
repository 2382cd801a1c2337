"""The files of a window: each is replaced atomically, and only where its bytes differ."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import archives_in, is_archive
from pipelines.archive.errors import NO_ROOM, DiskFull, LockHeld, NotUnderstood
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

STATE = "window.json"
LOCK = "window.lock"
SUMMARIES = "state"
SCRATCH = ".scratch"
_DEPTH = 3
"""Folders above those of single speeches: `zh/speeches/SITE`."""
_SWEPT = ("zh", "en", "renderings", "feeds", "search", "assets", SUMMARIES)
"""Folders that hold nothing but what a build writes."""


_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class WindowFiles:
    """Writes below the window's folder. Processes may have one each, for files of their own."""

    def __init__(self, root: Path) -> None:
        """Write below `root`; `removed` counts the files that were removed."""
        self.root = root
        self.removed, self._root = 0, os.fspath(root)
        self._folders: set[str] = set()

    def write(self, address: str, data: bytes) -> bool:
        """Let the file have these bytes; false when it has them already."""
        # Paths as texts: objects of pathlib take as long as the disk, for the files of twenty thousand speeches.
        folder, _, name = address.rpartition("/")
        within = f"{self._root}/{folder}" if folder else self._root
        if _has(f"{within}/{name}", data):
            return False
        if folder not in self._folders:
            os.makedirs(within, exist_ok=True)  # noqa: PTH103
            self._folders.add(folder)
        ready = f"{within}/.{name}.new"
        with os.fdopen(os.open(ready, _ANEW, 0o666), "wb") as stream:
            stream.write(data)
        os.replace(ready, f"{within}/{name}")  # noqa: PTH105
        return True

    def remove(self, address: str) -> None:
        """Let there be no such file, nor a folder of its own.

        The address may be from a state that came from elsewhere: nothing is removed but below a build's own folders.
        """
        top, *within = address.split("/")
        if top not in _SWEPT or ".." in within:
            return
        file = self.root / address
        try:
            file.unlink()
        except FileNotFoundError:
            return
        self.removed += 1
        for folder in file.relative_to(self.root).parents[:-1]:
            try:
                (self.root / folder).rmdir()
            except OSError:  # it has other files
                return
            self._folders.discard(folder.as_posix())

    def sweep(self, kept: Collection[str]) -> None:
        """Remove every file of a build that is not among `kept`, as one that was killed leaves them."""
        start = len(os.fspath(self.root)) + 1
        for name in _SWEPT:
            for folder, _, files in os.walk(self.root / name):
                within = folder[start:].replace(os.sep, "/")
                for file in files:
                    if f"{within}/{file}" not in kept:
                        self.remove(f"{within}/{file}")


def _has(file: str, data: bytes) -> bool:
    try:
        if os.stat(file).st_size != len(data):  # noqa: PTH116
            return False
        with open(file, "rb") as stream:  # noqa: PTH123
            return stream.read() == data
    except (FileNotFoundError, NotADirectoryError):
        return False


@contextmanager
def held_window(root: Path) -> Iterator[WindowFiles]:
    """Hold the folder of a window, which is made when it is not there.

    Raises:
        NotUnderstood: the folder holds something else, or links, lies in an archive, or cannot be written.
        LockHeld: another build holds it.
        DiskFull: no space is left for its files.
    """
    try:
        _refuse_other_folders(root)
        root.mkdir(parents=True, exist_ok=True)
        opened = (root / LOCK).open("ab")
    except OSError as error:
        raise NotUnderstood(f"--out {root}: cannot be written: {error.strerror}; give another path") from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LockHeld(f"{root}: another process builds this window; wait for its end") from error
        try:
            for torn in root.glob(".*.new"):
                torn.unlink()
            yield WindowFiles(root)
        except (IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError) as error:
            place = error.filename2 or error.filename
            raise NotUnderstood(f"{place}: {error.strerror}; remove what is there, and build again") from error
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            raise DiskFull(f"{root}: {error.strerror}; free some space, then build again") from error


def _refuse_other_folders(root: Path) -> None:
    whole = root.resolve()
    inside = next((folder for folder in (whole, *whole.parents) if is_archive(folder)), None)
    if inside is not None:
        raise NotUnderstood(f"--out {root}: lies in the archive {inside}, which only crawls may write; give another")
    if root.exists() and not root.is_dir():
        raise NotUnderstood(f"--out {root}: is no folder; give another")
    names = {entry.name for entry in root.iterdir()} if root.exists() else set()
    if archives_in(root):
        raise NotUnderstood(f"--out {root}: holds archives; give a folder of its own, as {root / 'window'}")
    if names - {LOCK} and STATE not in names:
        raise NotUnderstood(f"--out {root}: holds other files ({min(names)}); give an empty folder, or a new one")
    if STATE in names and not _may_be_ours(root / STATE):
        raise NotUnderstood(f"--out {root}: its {STATE} is of another program; give an empty folder, or a new one")
    link = next(_links(root, _DEPTH), None)
    if link:
        raise NotUnderstood(f"--out {root}: {link} is a link, and a build removes files; give a folder without links")


def _may_be_ours(state: Path) -> bool:
    """Also what cannot be read: the next build makes all of the window anew."""
    try:
        return str(json_object(state).get("schema")).startswith("window/")
    except (OSError, ValueError):
        return True


def _links(folder: Path, depth: int) -> Iterator[str]:
    """Links in a folder and in those below it, but the deepest of a window, which hold files alone."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        found = [(entry.path, entry.is_symlink(), entry.is_dir()) for entry in entries]
    yield from (path for path, is_link, _ in found if is_link)
    if depth:
        for path in (path for path, _, is_folder in found if is_folder):
            yield from _links(Path(path), depth - 1)


def way_between(folder: Path, target: Path) -> str:
    """How `target` is reached from `folder`, with `/`; absolute where they share no drive."""
    try:
        return Path(os.path.relpath(target.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return target.resolve().as_posix()
