"""Derived files, which can be rebuilt from the commits at any time: lines, and a document that names the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from pipelines.archive.disk.commits import names_commit
from pipelines.archive.disk.files import file_digest, json_document, replace_synced, sync, sync_folder
from pipelines.archive.disk.layout import (
    INDEX_JSON,
    INDEX_LINES,
    LATEST_JSON,
    LATEST_LINES,
    PLACES_JSON,
    PLACES_LINES,
    STATE_JSON,
    STATE_LINES,
    Layout,
)
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.read.index import INDEX_SCHEMA, index_lines
from pipelines.archive.read.known import Known, Standing, Totals
from pipelines.archive.read.latest import latest_lines
from pipelines.archive.read.places import PLACES_SCHEMA, places_lines, sound_places, told_of_places
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import SpeechState, for_a_writer
from pipelines.archive.read.state_file import (
    STATE_SCHEMA,
    line_begin,
    line_end,
    payload_line,
    state_lines,
    told_by,
)
from pipelines.record import LATEST_SCHEMA, completed
from pipelines.untrusted import json_object, parsed_json
from pipelines.values import frozen

if TYPE_CHECKING:
    from pipelines.archive.disk.commits import Commit


@frozen
class Source:
    """What derived files are made from.

    `states` takes the state lines while those of latest are made, when `known` was not made for writing, so that less
    must be held in memory. Places are made anew, or with `is_next` brought on by the last commit.
    """

    archive: Archive
    known: Known
    is_next: bool = False
    states: BinaryIO | None = None


Teller = Callable[[dict[str, Any], Totals, Callable[[], Standing], str], dict[str, Any]]


@frozen
class LinesBeside:
    """What a document says of the lines beside it: how many, their hash, and their bytes."""

    count: int
    sha256: str
    size: int


@frozen
class Derived:
    """A file of lines, and the document beside it.

    `make` gives the lines; gone speeches have a line only with `keeps_gone`. `tell` gives what the document
    says from what every one says, the totals of the commits, the speeches counted, and the head of its commit.
    """

    schema: str
    lines_file: str
    about_file: str
    keeps_gone: bool
    make: Callable[[Source], Iterator[bytes]]
    tell: Teller = lambda told, _, __, head: told | {"head": head}

    def document(self, commit: Commit, lines: LinesBeside, totals: Totals, standing: Callable[[], Standing]) -> bytes:
        """The bytes of the document, for the lines of `commit`."""
        told = {"schema": self.schema, "commit": commit.n, "count": lines.count, "sha256": lines.sha256}
        told["bytes"] = lines.size
        return json_document(self.tell(told, totals, standing, commit.sha256))


def _latest(source: Source) -> Iterator[bytes]:
    archive, states = source.archive, source.known.states
    also = partial(_write_state, source.states) if source.states else None
    return latest_lines(archive.layout, archive.commits(), states, archive.layout.staging, also=also)


def _write_state(stream: BinaryIO, state: SpeechState, line: bytes) -> None:
    stream.write(line_begin(state) + line_end(*for_a_writer(completed(parsed_json(line)))))


def _state(source: Source) -> Iterator[bytes]:
    if source.states is None:
        return state_lines(source.known)
    source.states.seek(0)
    return chain(source.states, map(payload_line, source.known.payloads.items()))


def _places(source: Source) -> Iterator[bytes]:
    archive = source.archive
    base = sound_places(archive.layout, archive.last.n - 1) if source.is_next else None
    if base is None:
        return places_lines(archive.layout, archive.commits())
    return chain(raw_lines(base), places_lines(archive.layout, (archive.last,)))


INDEX = Derived(INDEX_SCHEMA, INDEX_LINES, INDEX_JSON, True, lambda source: index_lines(source.known.states))
LATEST = Derived(LATEST_SCHEMA, LATEST_LINES, LATEST_JSON, False, _latest)
STATE = Derived(STATE_SCHEMA, STATE_LINES, STATE_JSON, True, _state, told_by)
PLACES = Derived(
    PLACES_SCHEMA, PLACES_LINES, PLACES_JSON, True, _places, lambda told, _, __, head: told_of_places(told, head)
)
DERIVED = (INDEX, LATEST, PLACES, STATE)
"""In the order in which they are made: state lines may be made with those of latest, and a state file is the last."""


class Replacing:
    """A derived file that is written anew, in staging until it is `put` in its place."""

    def __init__(self, what: Derived, layout: Layout) -> None:
        """Begin the file."""
        self._what, self._layout = what, layout
        self._sha256, self._size, self._count = hashlib.sha256(), 0, 0
        self._ready = layout.staging / f"{what.lines_file}.new"
        self._stream = self._ready.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stream.close()

    def write(self, line: bytes) -> None:
        """Add a line."""
        self._stream.write(line)
        self._sha256.update(line)
        self._size += len(line)
        self._count += 1

    def put(self, commit: Commit, totals: Totals, standing: Callable[[], Standing]) -> None:
        """Put lines and document, of `commit`, in their places; the document last: it never tells of older lines."""
        what, layout = self._what, self._layout
        sync(self._stream)
        self._stream.close()
        self._ready.replace(layout.path(what.lines_file))
        sync_folder(layout.root)
        lines = LinesBeside(self._count, self._sha256.hexdigest(), self._size)
        about = what.document(commit, lines, totals, standing)
        replace_synced(layout.path(what.about_file), about, layout.staging)


def replace_derived(what: Derived, source: Source) -> None:
    """Replace both files by those of the last commit; the document last, so that it never describes older lines."""
    with Replacing(what, source.archive.layout) as ready:
        for line in what.make(source):
            ready.write(line)
        ready.put(source.archive.last, source.known.totals, source.known.standing)


def is_of(what: Derived, layout: Layout, commit: Commit) -> bool:
    """True when the document says that it is of this commit; false also when it cannot be read."""
    try:
        return names_commit(json_object(layout.path(what.about_file)), commit.n, commit.sha256)
    except (OSError, ValueError):
        return False


def sound_latest(layout: Layout, n: int, head: str | None) -> Path | None:
    """The latest.jsonl of commit `n`, whose hash is `head`.

    Null when it is of another commit, or not what its document says.
    """
    file = layout.path(LATEST_LINES)
    try:
        told = json_object(layout.path(LATEST_JSON))
        is_sound = names_commit(told, n, head) and file_digest(file) == (told["bytes"], told["sha256"])
    except (OSError, ValueError, KeyError, TypeError, Damaged):
        return None
    return file if is_sound else None
