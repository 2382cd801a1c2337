"""`latest.jsonl`: the newest reading of every present speech. Derived, so it may be made anew at any time."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from pipelines.archive.layout import Layout, natural_key
from pipelines.archive.streams import raw_lines
from pipelines.record import LATEST_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.commits import Commit
    from pipelines.archive.state import SpeechState, States
    from pipelines.archive.streams import Line


def latest_lines(layout: Layout, commits: Iterable[Commit], states: States, scratch: Path | None) -> Iterator[bytes]:
    """The lines in natural order of id. Bodies pass through an unnamed file in `scratch`, never all in memory."""
    with tempfile.TemporaryFile(dir=scratch) as bodies:
        places = _gather(layout, commits, states, bodies)
        for native_id in sorted(places, key=natural_key):
            bodies.seek(places[native_id])
            line = _latest(json.loads(bodies.readline()), states[native_id])
            yield (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _gather(layout: Layout, commits: Iterable[Commit], states: States, bodies: BinaryIO) -> dict[str, int]:
    """Copy the wanted lines into `bodies`; where each one begins there."""
    wanted = {state.content_seq: state.native_id for state in states.values() if not state.is_gone}
    places, end = {}, 0
    for commit in commits:
        named = commit.stream("versions")
        if named is None or commit.first_seq is None:
            continue
        # A commit's version lines come first and without gaps, so a line's place in its file tells its seq.
        for seq, line in enumerate(raw_lines(layout.path(named.path)), commit.first_seq):
            if (native_id := wanted.get(seq)) is not None:
                places[native_id] = end
                end += bodies.write(line)
    return places


def _latest(line: Line, state: SpeechState) -> Line:
    return line | {
        "schema": LATEST_SCHEMA,
        "view_count": state.view_count,
        "view_count_at": state.view_count_at,
        "first_seen": state.first_seen,
        "last_seen": state.last_seen,
        "last_checked": state.last_checked,
    }
