"""`latest.jsonl`: the newest reading of every present speech. Derived, so it may be made anew at any time."""

from __future__ import annotations

import hashlib
import json
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from pipelines.archive.files import json_document, replace_synced, sync, sync_folder
from pipelines.archive.layout import LATEST_JSON, LATEST_LINES, Layout, natural_key
from pipelines.archive.reader import parsed, raw_lines
from pipelines.record import LATEST_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.commits import Commit
    from pipelines.archive.reader import Line
    from pipelines.archive.state import SpeechState, States


def write_latest(layout: Layout, commits: Iterable[Commit], states: States, n: int) -> None:
    """Replace both derived files by those of commit `n`."""
    sha256, size, count = hashlib.sha256(), 0, 0
    ready = layout.staging / f"{LATEST_LINES}.new"
    with ready.open("wb") as stream:
        for line in latest_lines(layout, commits, states, layout.staging):
            stream.write(line)
            sha256.update(line)
            size, count = size + len(line), count + 1
        sync(stream)
    ready.replace(layout.path(LATEST_LINES))
    sync_folder(layout.root)
    about = latest_document(n, count, sha256.hexdigest(), size)
    replace_synced(layout.path(LATEST_JSON), about, layout.staging)


def latest_document(n: int, count: int, sha256: str, size: int) -> bytes:
    """The bytes of latest.json."""
    return json_document({"schema": LATEST_SCHEMA, "commit": n, "count": count, "sha256": sha256, "bytes": size})


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
