"""Runs a command over many archives: one that cannot be read is told, and the others are still read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.archives import Archives
from pipelines.archive.read.reader import Archive
from pipelines.exits import worst
from pipelines.verbs.output import print_message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def each(paths: Sequence[str], do: Callable[[Archive], int]) -> int:
    """Run `do` for each archive of the paths; the worst exit status.

    With a single archive its error is raised as it is.
    """
    folders = Archives(*paths).folders
    if len(folders) == 1:
        return do(Archive(folders[0]))
    statuses: list[int] = []
    for folder in folders:
        try:
            statuses.append(do(Archive(folder)))
        except ArchiveError as error:
            print_message(f"PROBLEM: {error}")
            statuses.append(error.exit_status)
    return worst(statuses)
