"""`index.jsonl`: one row per speech ever archived, present or not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

from pipelines.archive.disk.commits import names_commit
from pipelines.archive.disk.layout import INDEX_JSON, INDEX_LINES, natural_key
from pipelines.archive.errors import Damaged
from pipelines.canonical import json_line
from pipelines.inflate import blocks
from pipelines.record import Moment, SpeechId
from pipelines.untrusted import LONGEST_LINE, json_object, opened
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.read.state import SpeechState, States

INDEX_SCHEMA = "index/1"

Standing = Literal["present", "unlisted", "missing", "withheld", "unknown", "gone", "succeeded"]


@frozen(kw_only=True)
class IndexRow:
    """One line of `index.jsonl` (`index/1`): a speech ever archived, and its state."""

    schema: Annotated[str, "index/1"]
    id: Annotated[SpeechId, "site:native_id"]
    state: Annotated[
        Standing, "succeeded by another id; gone, when that is proven; else the presence in the newest observation"
    ]
    title: Annotated[str, "of the newest reading"]
    url: Annotated[str, "canonical address, of the newest reading"]
    first_seen: Annotated[Moment, "UTC, when it was created"]
    last_seen: Annotated[Moment, "last observation that found it present"]
    last_checked: Annotated[Moment, "last observation that read its article"]
    versions: Annotated[int, "number of states of it that the site published"]
    readings: Annotated[int, "number of readings of the newest version"]
    last_seq: Annotated[int, "of the newest line about it, version or observation"]
    view_count: Annotated[int | None, "newest non-null observation"]
    view_count_at: Annotated[Moment | None, "when that was seen, UTC"]
    succeeded_by: Annotated[SpeechId | None, "the id under which the site has it now"]


def index_lines(states: States) -> Iterator[bytes]:
    """The lines in natural order of id."""
    for native_id in sorted(states, key=natural_key):
        yield index_line(states[native_id])


def index_line(state: SpeechState) -> bytes:
    """The line of one speech."""
    return f"{json_line(index_row(state))}\n".encode()


def index_row(state: SpeechState) -> IndexRow:
    """The row of one speech."""
    return IndexRow(
        schema=INDEX_SCHEMA,
        id=state.id,
        state=_standing(state),
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
        succeeded_by=state.succeeded_by,
    )


def _standing(state: SpeechState) -> Standing:
    if state.succeeded_by is not None:
        return "succeeded"
    return "gone" if state.is_gone else state.presence


def counted_states(layout: Layout, n: int, head: str) -> tuple[int, int, int] | None:
    """How many speeches the index.jsonl of commit `n` has, how many are gone, and how many ids have others now.

    `head` is the hash of that commit. Null when it is of another commit, or not what its document says.
    """
    counts, sha256 = [0, 0, 0], hashlib.sha256()
    try:
        told = json_object(layout.path(INDEX_JSON))
        with opened(layout.path(INDEX_LINES)) as stream:
            for block in _whole_lines(blocks(stream)):
                sha256.update(block)
                # Within a text each quotation mark is escaped, so that this is always the key.
                for at, needle in enumerate((b"\n", b'"state":"gone"', b'"state":"succeeded"')):
                    counts[at] += block.count(needle)
        is_sound = names_commit(told, n, head) and (told["count"], told["sha256"]) == (counts[0], sha256.hexdigest())
    except (OSError, ValueError, KeyError, TypeError, Damaged):
        return None
    return (counts[0], counts[1], counts[2]) if is_sound else None


def _whole_lines(data: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at ends of lines; `ValueError` when a line is too long."""
    held = b""
    for block in data:
        whole, end, rest = (held + block).rpartition(b"\n")
        yield whole + end
        if len(rest) > LONGEST_LINE:
            raise ValueError("a line is too long")
        held = rest
    yield held


_ADDED_LATER = b',"succeeded_by":null'


def is_index_line(line: bytes, state: SpeechState) -> bool:
    """True for the line of a speech, also as software wrote it before ids could be succeeded."""
    return index_line(state) in {line, line.replace(b"}\n", _ADDED_LATER + b"}\n")}
