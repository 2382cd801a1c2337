"""`latest.jsonl`: the newest reading of every present speech. Derived, so it may be made anew at any time."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from pipelines.archive.layout import Layout, natural_key
from pipelines.archive.reader import parsed, raw_lines
from pipelines.record import LATEST_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.commits import Commit
    from pipelines.archive.reader import Line
    from pipelines.archive.state import SpeechState, States


def latest_lines(layout: Layout, commits: Iterable[Commit], states: States, scratch: Path | None) -> Iterator[bytes]:
    """The lines in natural order of id. Bodies pass through an unnamed file in `scratch`, never all in memory."""
    with tempfile.TemporaryFile(dir=scratch) as bodies:
        places = _gather(layout, commits, states, bodies)
        for native_id in sorted(places, key=natural_key):
            offset, length = places[native_id]
            bodies.seek(offset)
            line = _latest(json.loads(bodies.read(length)), states[native_id])
            yield (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _gather(
    layout: Layout, commits: Iterable[Commit], states: States, bodies: BinaryIO
) -> dict[str, tuple[int, int]]:
    """Copy the wanted lines into `bodies`; where each one lies there."""
    wanted = {state.content_seq for state in states.values() if not state.is_gone}
    places, end = {}, 0
    for commit in commits:
        named = commit.stream("versions")
        if named is None or commit.first_seq is None:
            continue
        file = layout.path(named.path)
        # A commit's version lines come first and without gaps, so a line's place in its file tells its seq.
        for number, line in enumerate(raw_lines(file)):
            if commit.first_seq + number in wanted:
                places[parsed(line, file, number + 1)["native_id"]] = (end, len(line))
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
