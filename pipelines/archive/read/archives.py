"""`Archives`: the archives of a root, or of several paths, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import archives_in, is_archive, roots_told
from pipelines.archive.errors import NotAnArchive, NotUnderstood
from pipelines.archive.read.reader import Archive

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


class Archives:
    """The archives of some paths, each the folder of an archive or a folder of archives, in order of their names.

    Nothing is opened before it is asked for, so that thousands cost no memory.
    """

    def __init__(self, *paths: str | os.PathLike[str]) -> None:
        """`NotAnArchive` when a path holds none. An archive that two paths name is there once."""
        found: dict[Path, Path] = {}
        for path in map(Path, paths):
            folders = [path] if is_archive(path) else archives_in(path)
            if not folders:
                hint = f"Give the folder of a site, or one that holds archives{roots_told(path)}"
                raise NotAnArchive(f"{path}: no archive here. {hint}")
            found |= {folder.resolve(): folder for folder in folders}
        self.folders = tuple(sorted(found.values(), key=lambda folder: (folder.name, folder)))

    def __iter__(self) -> Iterator[Archive]:
        """Open one after the other; `ArchiveError` when one cannot be."""
        return map(Archive, self.folders)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.folders)


class OnePerSite:
    """Sees to it that of the archives which are read no two are of one site: their lines could not be told apart."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}

    def add(self, site: str, folder: Path) -> None:
        """`NotUnderstood`, which names both folders, when an archive in another folder is of that site."""
        first = self._folders.setdefault(site, folder)
        if first != folder:
            raise NotUnderstood(f"{first} and {folder} are both of site {site}: give one of them")
