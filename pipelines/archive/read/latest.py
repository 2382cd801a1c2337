"""`latest.jsonl`: the newest reading of every present speech. Derived: it can be rebuilt at any time."""

from __future__ import annotations

import json
import tempfile
from dataclasses import fields
from typing import TYPE_CHECKING, BinaryIO

from pipelines.archive.disk.layout import Layout, natural_key
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.record import LATEST_SCHEMA, SPEECH_SCHEMA, Latest, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.state import SpeechState, States

_ADDED = tuple(f.name for f in fields(Latest))[len(fields(Version)) :]


def latest_lines(layout: Layout, commits: Iterable[Commit], states: States, scratch: Path | None) -> Iterator[bytes]:
    """The lines in natural order of id. Bodies pass through an unnamed file in `scratch`, never all in memory."""
    with tempfile.TemporaryFile(dir=scratch) as bodies:
        places = _gather(layout, commits, states, bodies)
        for native_id in sorted(places, key=natural_key):
            offset, length = places[native_id]
            bodies.seek(offset)
            yield latest_line(bodies.read(length), states[native_id])


def _gather(
    layout: Layout, commits: Iterable[Commit], states: States, bodies: BinaryIO
) -> dict[str, tuple[int, int]]:
    """Copy the wanted lines into `bodies`; returns the place of each."""
    wanted = {state.content_seq: state.native_id for state in states.values() if not state.is_gone}
    places, end = {}, 0
    for commit in commits:
        named = commit.stream("versions")
        if named is None or commit.first_seq is None:
            continue
        # A commit's version lines come first and without gaps, so a line's place in its file gives its seq.
        for seq, line in enumerate(raw_lines(layout.stored(named.path)), commit.first_seq):
            if seq in wanted:
                places[wanted[seq]] = (end, len(line))
                end += bodies.write(line)
    return places


_SPEECH, _LATEST = (f'{{"schema":"{name}",'.encode() for name in (SPEECH_SCHEMA, LATEST_SCHEMA))


def latest_line(line: bytes, state: SpeechState) -> bytes:
    """A version line as in latest.jsonl: its own bytes under another schema, and the keys of `seen_since`."""
    if not line.startswith(_SPEECH):
        raise Damaged(f"line with seq {state.content_seq}: does not begin with {_SPEECH.decode()}; run verify")
    return _LATEST + line[len(_SPEECH) : -2] + seen_since(state)


def version_line(line: bytes, state: SpeechState) -> bytes | None:
    """The version line from which a line of latest.jsonl was made; null when it does not belong to `state`."""
    seen = seen_since(state)
    if not (line.startswith(_LATEST) and line.endswith(seen)):
        return None
    return _SPEECH + line[len(_LATEST) : -len(seen)] + b"}\n"


def seen_since(state: SpeechState) -> bytes:
    """The keys `latest/1` adds to a version line, and its end."""
    seen = {key: getattr(state, key) for key in _ADDED}
    return b"," + json.dumps(seen, ensure_ascii=False, separators=(",", ":")).encode()[1:] + b"\n"
