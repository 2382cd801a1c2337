"""Writes a package beside its target and moves it there when it is complete and synced to disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
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
    from pipelines.packed import Stored

_BLOCK = 1 << 20


@contextmanager
def new_package(target: Path, *archives: Path, replaces: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """A path for the package, in a folder of its own beside `target`; after success it is moved to `target`.

    Other files in that folder are deleted. Raises `NotExportable` when `target` exists or lies inside one of the
    `archives` or another one, or when it cannot be written. What exists and `replaces` says yes to is replaced.
    """
    target = target.absolute()
    inside = {*(target.parent / "any").resolve().parents}
    if not inside.isdisjoint(map(Path.resolve, archives)) or any((one / ARCHIVE_JSON).exists() for one in inside):
        raise NotExportable(f"--out {target}: lies inside an archive; give a path outside it")
    _refuse_taken(target, replaces)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as made:
            package = Path(made) / target.name
            yield package
            _sync_tree(package)
            _refuse_taken(target, replaces)
            _move(package, target, Path(made) / f"{target.name}.before")
            sync_folder(target.parent)
    except OSError as error:
        if not target.parent.is_dir():
            raise NotExportable(f"--out {target}: there is no folder {target.parent}; make it first") from error
        problem = f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
        raise NotExportable(
            f"--out {target}: cannot be made: {problem}; free some space, or give another path"
        ) from error


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
