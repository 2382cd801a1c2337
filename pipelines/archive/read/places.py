"""`places.jsonl`: in which gzip members of which files each speech has lines, so that its history is a few of them.

Derived: it may be old, damaged or forged. What it does not tell, or tells wrongly, is read from the files themselves.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.archive.disk.commits import commit_at
from pipelines.archive.disk.files import INFLATE_ERRORS
from pipelines.archive.disk.layout import PLACES_JSON, PLACES_LINES
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.read.feeds.checked_files import CheckedFiles
from pipelines.archive.read.state_file import checked_about, sealed
from pipelines.canonical import json_line
from pipelines.inflate import Member, blocks, lines_of
from pipelines.untrusted import opened, parsed_json
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.extent import Told
    from pipelines.stored.packed import Stored

PLACES_SCHEMA = "places/1"
STREAM_FOLDERS = ("versions", "observations")
# The first key named `id` is that of the line: before it stand a word and numbers.
_NATIVE_ID = re.compile(
    rb'\{"schema":"[a-z]+/1","seq":\d{1,18},"commit":\d{1,18},"id":"[a-z0-9-]+:([A-Za-z0-9._-]+)"'
)
_FILE = re.compile(rb'\{"schema":"places/1","commit":(\d{1,18}),"file":"([A-Za-z0-9/._-]+)"')


def places_lines(layout: Layout, commits: Iterable[Commit]) -> Iterator[bytes]:
    """A line for each file of lines that the commits brought, in their order; none for one that cannot be read."""
    for commit in commits:
        for named in filter(None, map(commit.stream, STREAM_FOLDERS)):
            # A damaged file is told by whoever reads its lines: it must not end the run that writes this.
            with suppress(Damaged):
                yield places_line(commit, named.path, layout.stored(named.path))


def places_line(commit: Commit, path: str, file: Stored) -> bytes:
    """The line of one file: the offset of each gzip member, and the native ids of its lines, a space around each."""
    members = [(offset, f" {' '.join(ids)} ") for offset, ids in _ids_of_members(file)]
    told = {"schema": PLACES_SCHEMA, "commit": commit.n, "file": path, "members": members}
    return f"{json_line(told)}\n".encode()


def _ids_of_members(file: Stored) -> Iterator[tuple[int, list[str]]]:
    offset, ahead, number = 0, b"", 0
    try:
        with opened(file) as stream:
            packed = blocks(stream)
            while ahead := ahead or next(packed, b""):
                member, ids = Member(packed, ahead), []
                for number, line in enumerate(lines_of(member), number + 1):  # noqa: B020 - goes on counting
                    ids.append(_native_id(line, file, number))
                yield offset, ids
                offset, ahead = offset + member.length, member.ahead
    except (OSError, *INFLATE_ERRORS) as error:
        raise Damaged(f"{file}: cannot be read ({error}); restore it from a copy") from error


def _native_id(line: bytes, file: Stored, number: int) -> str:
    if found := _NATIVE_ID.match(line):
        return found[1].decode()
    return str(parsed(line, file, number).get("id")).partition(":")[2]


def told_of_places(told: dict[str, Any], head: str) -> dict[str, Any]:
    """What `places.json` says, given what every derived document says: the head, and a hash of all of it."""
    return sealed(told | {"head": head})


def sound_places(layout: Layout, n: int) -> Path | None:
    """The places.jsonl of commit `n`; null when it is of another one, or not what its document says."""
    file, sha256 = layout.path(PLACES_LINES), hashlib.sha256()
    try:
        about = _read_about(layout)
        for line in raw_lines(file):
            sha256.update(line)
    except (Damaged, OSError, ValueError, KeyError, TypeError):
        return None
    return file if (about.commit, about.sha256) == (n, sha256.hexdigest()) else None


@frozen
class _About:
    """Of which commit a places.jsonl is, and its hash."""

    commit: int
    sha256: str


def _read_about(layout: Layout) -> _About:
    """`Damaged`, `OSError`, `ValueError`, `KeyError` or `TypeError` when there is none of a commit in the chain."""
    value = checked_about(layout.path(PLACES_JSON))
    if value["schema"] != PLACES_SCHEMA:
        raise ValueError("it is of other rules")
    n, head, sha256 = value["commit"], value["head"], value["sha256"]
    if type(n) is not int or commit_at(layout, n).sha256 != head:
        raise ValueError("it is of another chain")
    return _About(n, sha256)


class LinesOfOne:
    """The lines about one speech: by a sound places.jsonl from a few gzip members, else from whole files.

    Every file in which it has lines is checked against its commit before they are told.
    """

    def __init__(self, told: Told, wanted: str) -> None:
        """Find the places of an id, as `gszx:4864`, and see whether they give its life from its beginning."""
        self._layout, self._wanted, self._checked = told.layout, wanted, CheckedFiles(told)
        self._places: dict[str, _Places] = {}
        self._versions: dict[str, list[Line]] = {}
        with suppress(Damaged, OSError, ValueError, KeyError, TypeError):  # nothing is known then
            places = _found(told.layout, wanted.partition(":")[2])
            self._versions = self._read_versions(told, places)
            self._places = places

    def _read_versions(self, told: Told, places: dict[str, _Places]) -> dict[str, list[Line]]:
        """By file its version lines; `ValueError` when one is missing between them, so that no place is believed."""
        found: dict[str, list[Line]] = {}
        for path, place in places.items():
            named = told.commit(place.commit).stream("versions") if place.commit <= told.last.n else None
            if place.offsets and named is not None and named.path == path:
                found[path] = _at(self._layout.stored(path), place.offsets, self._wanted) or []
        if not is_unbroken(sorted(chain.from_iterable(found.values()), key=itemgetter("seq"))):
            raise ValueError("a version is missing")
        return found

    def of(self, commit: Commit) -> Iterator[Line]:
        """Those that a commit brought, by rising seq; `Damaged` where a file is not what its commit says."""
        for named in filter(None, map(commit.stream, STREAM_FOLDERS)):
            place = self._places.get(named.path)
            if place is not None and not place.offsets:
                continue  # most files of a long history: to look where they are costs more than all else
            file = self._checked(named)
            lines = self._versions.get(named.path) or (_at(file, place.offsets, self._wanted) if place else None)
            yield from lines or _of(enumerate(raw_lines(file), 1), file, self._wanted)


class HeldIn(NamedTuple):
    """A gzip member of a file: its offset, and the number of its first line in the file."""

    offset: int
    number: int


def members_holding(layout: Layout, native_ids: Container[str]) -> tuple[int, dict[str, tuple[int, list[HeldIn]]]]:
    """Where the lines of some speeches lie, by places.jsonl, which may be forged as far as it goes.

    Returns:
        The commit up to which it tells; by file the commit that brought it, and its members that hold such lines.

    Raises:
        Damaged, OSError, ValueError, KeyError, TypeError: there is none of a commit in the chain.
    """
    about, sha256, found = _read_about(layout), hashlib.sha256(), dict[str, tuple[int, list[HeldIn]]]()
    for line in raw_lines(layout.path(PLACES_LINES)):
        sha256.update(line)
        told, number, held = parsed_json(line), 1, []
        for offset, ids in told["members"]:
            of_member = ids.split()
            held += [HeldIn(offset, number)] if any(one in native_ids for one in of_member) else []
            number += len(of_member)
        found[told["file"]] = told["commit"], held
    if sha256.hexdigest() != about.sha256:
        raise ValueError("not what its document says")
    return about.commit, found


@frozen
class _Places:
    """The offsets of those members of a file of a commit that hold lines of one speech."""

    commit: int
    offsets: list[int]


def _found(layout: Layout, native_id: str) -> dict[str, _Places]:
    """By file; found without parsing the lines that do not hold the id, a word among others."""
    about, sha256, needle = _read_about(layout), hashlib.sha256(), f" {native_id} "
    word, found = needle.encode(), dict[str, _Places]()
    for line in raw_lines(layout.path(PLACES_LINES)):
        sha256.update(line)
        if file := _FILE.match(line):
            members = parsed_json(line)["members"] if word in line else ()
            found[file[2].decode()] = _Places(int(file[1]), [int(offset) for offset, ids in members if needle in ids])
    if sha256.hexdigest() != about.sha256:
        raise ValueError("not what its document says")
    return found


def is_unbroken(versions: list[Line]) -> bool:
    """Whether version lines are a life from its beginning, with none missing between two; an end may be missing."""
    version, reading, is_gone = 0, 0, True
    for line in versions:
        may_be = {
            "created": (1, 1) if version == 0 else None,
            "changed": None if is_gone else (version + 1, 1),
            "reprocessed": None if is_gone else (version, reading + 1),
            "gone": None if is_gone else (version, None),
            "restored": (version, reading) if is_gone and version else None,
        }
        if (line["version"], line["reading"]) != may_be[line["event"]]:
            return False
        is_gone = line["event"] == "gone"
        version, reading = line["version"], reading if is_gone else line["reading"]
    return version > 0


def _of(numbered: Iterable[tuple[int, bytes]], file: Stored, wanted: str) -> Iterator[Line]:
    """The lines about one speech."""
    needle = f'"id":"{wanted}"'.encode()
    for number, raw in numbered:
        if needle in raw and (line := parsed(raw, file, number))["id"] == wanted:
            yield line


def _at(file: Stored, offsets: Iterable[int], wanted: str) -> list[Line] | None:
    """The lines about one speech in the gzip members at `offsets`; null when one of these has none, or is none."""
    found: list[Line] = []
    try:
        for offset in offsets:
            lines = list(_of(enumerate(lines_at(file, offset), 1), file, wanted))
            if not lines:
                return None
            found += lines
    except (Damaged, OSError, *INFLATE_ERRORS):
        return None  # as after a redaction; the whole file is read then
    return found


def lines_at(file: Stored, offset: int) -> Iterator[bytes]:
    """The lines of the gzip member at `offset`; one of `INFLATE_ERRORS` or `OSError` when none begins there."""
    with opened(file) as stream:
        stream.seek(offset)
        yield from lines_of(Member(_small_blocks(stream)))


def _small_blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


_BLOCK = 1 << 16
"""Bytes read at a time: a member of 256 lines of 1 kB has a hundred thousand."""
