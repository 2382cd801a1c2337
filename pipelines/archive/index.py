"""`index.jsonl`: one row per speech there ever was, present or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.layout import natural_key
from pipelines.canonical import json_line
from pipelines.record import INDEX_SCHEMA, IndexRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.commits import Commit
    from pipelines.archive.layout import Layout
    from pipelines.archive.state import SpeechState, States


def index_lines(
    _layout: Layout, _commits: Iterable[Commit], states: States, _scratch: Path | None
) -> Iterator[bytes]:
    """The lines in natural order of id."""
    for native_id in sorted(states, key=natural_key):
        yield f"{json_line(index_row(states[native_id]))}\n".encode()


def index_row(state: SpeechState) -> IndexRow:
    """How one speech stands."""
    return IndexRow(
        schema=INDEX_SCHEMA,
        id=state.id,
        state="gone" if state.is_gone else state.presence,
        title=state.title,
        url=state.url,
        first_seen=state.first_seen,
        last_seen=state.last_seen,
        last_checked=state.last_checked,
        versions=state.version,
        readings=state.reading,
        last_seq=state.last_seq,
        view_count=state.view_count,
        view_count_at=state.view_count_at,
    )
