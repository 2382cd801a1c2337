"""What to say when a command needed files that a partial copy lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.layout import Layout, archives_in, is_archive
from pipelines.archive.errors import Damaged

if TYPE_CHECKING:
    import argparse


def partial_told(arguments: argparse.Namespace, said: str) -> str:
    """The end of the message `said` about a missing file, when a given archive is a copy that may lack it."""
    given = [*getattr(arguments, "archives", ()), *filter(None, [getattr(arguments, "archive", None)])]
    for path in map(Path, given):
        for folder in [path] if is_archive(path) else archives_in(path):
            if f"{folder}/warc/" in said and (mark := _mark(folder)):
                return f". This is a partial copy: `sync pull {folder} {mark.store} --captures` brings what it lacks"
    return ""


def _mark(folder: Path) -> PartialCopy | None:
    try:
        return PartialCopy.of(Layout(folder))
    except Damaged:
        return None
