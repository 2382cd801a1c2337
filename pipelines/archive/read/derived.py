"""Derived files, which can be rebuilt from the commits at any time: lines, and a document that names the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import json_document, replace_synced, sync, sync_folder
from pipelines.archive.disk.layout import INDEX_JSON, INDEX_LINES, LATEST_JSON, LATEST_LINES, Layout
from pipelines.archive.read.index import INDEX_SCHEMA, index_lines
from pipelines.archive.read.latest import latest_lines
from pipelines.record import LATEST_SCHEMA

if TYPE_CHECKING:
    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.state import States


@dataclass(frozen=True, slots=True)
class Derived:
    """A file with one line per speech, and the document beside it.

    `make` gives the lines, with a scratch folder if it needs one; gone speeches have a line only with `keeps_gone`.
    """

    schema: str
    lines_file: str
    about_file: str
    keeps_gone: bool
    make: Callable[[Layout, Iterable[Commit], States, Path | None], Iterator[bytes]]

    def document(self, n: int, count: int, sha256: str, size: int) -> bytes:
        """The bytes of the document, for the lines of commit `n`."""
        return json_document({"schema": self.schema, "commit": n, "count": count, "sha256": sha256, "bytes": size})


INDEX = Derived(INDEX_SCHEMA, INDEX_LINES, INDEX_JSON, True, index_lines)
LATEST = Derived(LATEST_SCHEMA, LATEST_LINES, LATEST_JSON, False, latest_lines)
DERIVED = (INDEX, LATEST)


def replace_derived(what: Derived, layout: Layout, commits: Iterable[Commit], states: States, n: int) -> None:
    """Replace both files by those of commit `n`; the document last, so that it never describes older lines."""
    sha256, size, count = hashlib.sha256(), 0, 0
    ready = layout.staging / f"{what.lines_file}.new"
    with ready.open("wb") as stream:
        for line in what.make(layout, commits, states, layout.staging):
            stream.write(line)
            sha256.update(line)
            size, count = size + len(line), count + 1
        sync(stream)
    ready.replace(layout.path(what.lines_file))
    sync_folder(layout.root)
    about = what.document(n, count, sha256.hexdigest(), size)
    replace_synced(layout.path(what.about_file), about, layout.staging)
