"""The states of all speeches after a new commit, one after the other: only what was known before is held."""

from __future__ import annotations

import re
from heapq import merge
from itertools import groupby
from json import JSONDecoder
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.read.latest import version_of_latest
from pipelines.archive.read.state import fold_commit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.archive.read.state import SpeechState, States

STREAMS = ("versions", "observations")
# No text in JSON holds a key with its quotes, and no object within a line has one of this name.
_CAPTURES = re.compile(rb'"captures":(?=\[)')
_decoded = JSONDecoder().raw_decode

_Entry = tuple[str, str, tuple[bytes, "Line"] | None]
"""Natural key and native id of a speech, and a line about it, raw and parsed; null for the speech as it was known."""


def brought_on(archive: Archive, states: States, base: Path | None) -> Iterator[tuple[SpeechState, bytes | None]]:
    """Each speech after the archive's last commit, in natural order of id, with its newest content line.

    Args:
        archive: with the commit, whose lines are in that order.
        states: of all speeches before it; each is taken out when its turn comes.
        base: the latest.jsonl of the commit before; null for the first commit.

    Yields:
        The state, and the line, which is null for a speech that is not present.

    Raises:
        Damaged: a line is not where it should be.
    """
    commit = archive.last
    before = version_of_latest(base) if base else iter(())
    known: Iterator[_Entry] = ((natural_key(one), one, None) for one in sorted(states, key=natural_key))
    entries = merge(known, *(_ordered(archive, folder) for folder in STREAMS), key=itemgetter(0))
    for native_id, group in groupby(entries, key=itemgetter(1)):
        lines = [line for _, _, line in group if line is not None]
        own = {native_id: states.pop(native_id)} if native_id in states else {}
        fold_commit(own, commit, (line for _, line in lines))
        state = own[native_id]
        content = next((raw for raw, line in lines if line["seq"] == state.content_seq), None)
        if content is None and state.is_present:
            content = next((line for seq, line in before if seq == state.content_seq), None)
            if content is None:
                where = f"{archive.layout.root}: no line with seq {state.content_seq}"
                raise Damaged(f"{where}, of {state.id}; run verify")
        yield state, content


def _ordered(archive: Archive, folder: str) -> Iterator[_Entry]:
    """The lines of the last commit in one stream; `Damaged` when they are not in natural order of id."""
    named, last = archive.last.stream(folder), ""
    if named is None:
        return
    file = archive.layout.stored(named.path)
    for number, raw in enumerate(raw_lines(file), 1):
        line = parsed(raw, file, number)
        native_id = line["id"].partition(":")[2]
        key = natural_key(native_id)
        if key < last:
            raise Damaged(f"{file}, line {number}: {line['id']} is not in natural order; run verify")
        last = key
        yield key, native_id, (raw, line)


def with_captures(archive: Archive) -> Iterator[dict[str, Any]]:
    """The captures of each line of the last commit, by rising seq; nothing else of a line is parsed."""
    for named in filter(None, map(archive.last.stream, STREAMS)):
        file = archive.layout.stored(named.path)
        for number, raw in enumerate(raw_lines(file), 1):
            if found := _CAPTURES.search(raw):
                yield {"captures": _decoded(raw[found.end() :].decode())[0]}
            else:
                yield parsed(raw, file, number)
