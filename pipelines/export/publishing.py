"""Writes a package beside its target and moves it there when it is complete and synced to disk."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pipelines.archive.disk.files import sync_file, sync_folder
from pipelines.archive.disk.layout import ARCHIVE_JSON
from pipelines.archive.errors import Damaged
from pipelines.export.not_exportable import NotExportable
from pipelines.untrusted import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.archive.disk.files import NamedFile
    from pipelines.stored.packed import Stored

_BLOCK = 1 << 20
_RANDOM = re.compile("[a-z0-9_]{8}")
"""What `tempfile` adds to a name."""
_SCRATCH = "scratch"
"""What a form may keep beside the package."""


@contextmanager
def new_package(target: Path, *archives: Path, replaces: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """A path for the package, in a folder of its own beside `target`; after success it is moved to `target`.

    Other files in that folder are deleted. Raises `NotExportable` when `target` exists or lies inside one of the
    `archives` or another one, or when it cannot be written. What exists and `replaces` says yes to is replaced.
    What an export that was killed left beside `target` is removed: it may hold words that were removed since.
    """
    target = target.absolute()
    inside = {*(target.parent / "any").resolve().parents}
    if not inside.isdisjoint(map(Path.resolve, archives)) or any((one / ARCHIVE_JSON).exists() for one in inside):
        raise NotExportable(f"--out {target}: lies inside an archive; give a path outside it")
    try:
        _remove_left(target)
        _refuse_taken(target, replaces)
        with _scratch_folder(target) as made:
            package = made / target.name
            yield package
            _sync_tree(package)
            _refuse_taken(target, replaces)
            _move(package, target, made / f"{target.name}.before")
            sync_folder(target.parent)
    except OSError as error:
        if not target.parent.is_dir():
            raise NotExportable(f"--out {target}: there is no folder {target.parent}; make it first") from error
        problem = f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
        raise NotExportable(
            f"--out {target}: cannot be made: {problem}; free some space, or give another path"
        ) from error


@contextmanager
def _scratch_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target`, locked while it is in use: one without a lock was left, and is removed."""
    while True:
        temporary = tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
        with temporary as made, _opened_folder(Path(made)) as handle:
            if handle is not None:
                with suppress(OSError):  # where folders cannot be locked, none is removed either
                    fcntl.flock(handle, fcntl.LOCK_EX)
            if os.path.lexists(made):  # else another export was faster than the lock
                yield Path(made)
                return


@contextmanager
def _opened_folder(folder: Path) -> Iterator[int | None]:
    """A handle of a folder, which may be locked as long as it is open; null for anything else."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        handle = None
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)


def _remove_left(target: Path) -> None:
    """Remove what exports to `target` left when they were killed. An export that they had moved away comes back."""
    begin, before = f".{target.name}.", f"{target.name}.before"
    ours = {target.name, before, _SCRATCH}
    for folder in target.parent.iterdir():
        if not folder.name.startswith(begin) or not _RANDOM.fullmatch(folder.name.removeprefix(begin)):
            continue
        with _opened_folder(folder) as handle:
            if handle is None or os.fstat(handle).st_uid != os.geteuid() or not ours.issuperset(_names_in(folder)):
                continue  # somebody else's
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue  # in use
            if (folder / before).exists() and not os.path.lexists(target):
                (folder / before).rename(target)
            shutil.rmtree(folder)


def _names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _refuse_taken(target: Path, replaces: Callable[[Path], bool] | None) -> None:
    if not os.path.lexists(target):
        return
    if replaces is None:
        raise NotExportable(f"--out {target}: exists already; remove it, or give another name")
    if not replaces(target):
        raise NotExportable(f"--out {target}: is no export of this program, so it stays; give another name")


def _move(package: Path, target: Path, before: Path) -> None:
    """Put the package in its place; what was there goes to `before`, and comes back when the package cannot."""
    if not os.path.lexists(target):
        package.rename(target)
        return
    target.rename(before)
    try:
        package.rename(target)
    except OSError:
        before.rename(target)
        raise


def _sync_tree(package: Path) -> None:
    for file in (package, *package.rglob("*")):
        if file.is_dir():
            sync_folder(file)
        else:
            sync_file(file)


def copy_proved(source: Stored, named: NamedFile, into: BinaryIO) -> None:
    """Copy a file block by block; `Damaged` when it does not match its commit."""
    sha256 = hashlib.sha256()
    try:
        stream = opened(source)
    except OSError as error:
        raise Damaged(f"{source}: {error.strerror}; restore it from a copy") from error
    with stream:
        while block := stream.read(_BLOCK):
            sha256.update(block)
            into.write(block)
    if sha256.hexdigest() != named.sha256:
        raise Damaged(f"{source}: does not match its commit; run verify and restore it from a copy")
