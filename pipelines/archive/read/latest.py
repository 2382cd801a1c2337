"""`latest.jsonl`: the newest reading of every present speech. Derived: it can be rebuilt at any time."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import fields
from typing import TYPE_CHECKING, BinaryIO

from pipelines.archive.disk.layout import Layout, natural_key
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.record import LATEST_SCHEMA, SPEECH_SCHEMA, Latest, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.state import SpeechState, States

_ADDED = tuple(f.name for f in fields(Latest))[len(fields(Version)) :]


def latest_lines(
    layout: Layout,
    commits: Iterable[Commit],
    states: States,
    scratch: Path | None,
    *,
    also: Callable[[SpeechState, bytes], None] | None = None,
) -> Iterator[bytes]:
    """The lines in natural order of id. Bodies pass through an unnamed file in `scratch`, never all in memory.

    Args:
        layout: the archive's.
        commits: those in which the lines are looked for.
        states: of all speeches, after the last commit.
        scratch: a folder for the unnamed file.
        also: called with each state in this order, those of speeches not present too, and its newest content line.
    """
    with tempfile.TemporaryFile(dir=scratch) as bodies:
        wanted = {state.content_seq: state for state in states.values() if also or state.is_present}
        places = _gather(layout, commits, wanted, bodies)
        for native_id in sorted((state.native_id for state in wanted.values()), key=natural_key):
            state, place = states[native_id], places.get(native_id)
            if place is None:
                raise Damaged(f"{layout.root}: no line with seq {state.content_seq}, of {state.id}; run verify")
            bodies.seek(place[0])
            line = bodies.read(place[1])
            if also:
                also(state, line)
            if state.is_present:
                yield latest_line(line, state)


def version_of_latest(base: Path) -> Iterator[tuple[int, bytes]]:
    """Seq and bytes of the version line that each line of a latest.jsonl was made from."""
    for number, line in enumerate(raw_lines(base), 1):
        found = _BASE_LINE.fullmatch(line)
        if found is None:
            raise Damaged(f"{base}, line {number}: is no line of latest/1; `rebuild` makes it anew")
        yield int(found[2]), _SPEECH + found[1] + b"}\n"


def _gather(
    layout: Layout, commits: Iterable[Commit], wanted: Mapping[int, SpeechState], bodies: BinaryIO
) -> dict[str, tuple[int, int]]:
    """Copy the wanted lines, given by seq, into `bodies`; returns the place of each by native id."""
    places, end = {}, 0
    for commit in commits:
        named = commit.stream("versions")
        if named is None or commit.first_seq is None:
            continue
        # A commit's version lines come first and without gaps, so a line's place in its file gives its seq.
        for seq, line in enumerate(raw_lines(layout.stored(named.path)), commit.first_seq):
            if state := wanted.get(seq):
                places[state.native_id] = (end, len(line))
                end += bodies.write(line)
    return places


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SPEECH, _LATEST = (f'{{"schema":"{name}",'.encode() for name in (SPEECH_SCHEMA, LATEST_SCHEMA))
# What `seen_since` adds has no other key of this name, and no text that could hold one.
_BASE_LINE = re.compile(re.escape(_LATEST) + rb'("seq":(\d{1,18}),.*),"view_count":[^{}]*\}\n', re.DOTALL)


def latest_line(line: bytes, state: SpeechState) -> bytes:
    """A version line as in latest.jsonl: its own bytes under another schema, and the keys of `seen_since`."""
    if not line.startswith(_SPEECH):
        raise Damaged(f"line with seq {state.content_seq}: does not begin with {_SPEECH.decode()}; run verify")
    return _LATEST + line[len(_SPEECH) : -2] + seen_since(state)


def latest_object(line: Line, state: SpeechState) -> Line:
    """The same of a version line that was parsed."""
    return {**line, "schema": LATEST_SCHEMA} | {key: getattr(state, key) for key in _ADDED}


def version_line(line: bytes, state: SpeechState) -> bytes | None:
    """The version line from which a line of latest.jsonl was made; null when it does not belong to `state`."""
    seen = seen_since(state)
    if not (line.startswith(_LATEST) and line.endswith(seen)):
        return None
    return _SPEECH + line[len(_LATEST) : -len(seen)] + b"}\n"


def seen_since(state: SpeechState) -> bytes:
    """The keys `latest/1` adds to a version line, and its end."""
    seen = {key: getattr(state, key) for key in _ADDED}
    return b"," + _compact(seen).encode()[1:] + b"\n"
