"""What was counted of every speech that was looked at: the keys of `latest/1` that no version line has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import names_commit
from pipelines.archive.disk.files import file_digest
from pipelines.archive.disk.layout import INDEX_JSON, INDEX_LINES, natural_key
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.disk.wrong_clock import CLOCK_KIND
from pipelines.archive.errors import Damaged
from pipelines.archive.read.feeds.feed_records import CHANGE_SCHEMA, NOTHING, SEEN
from pipelines.archive.read.index import index_row
from pipelines.archive.read.known import Known
from pipelines.canonical import json_value
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.checked_files import CheckedFiles
    from pipelines.archive.read.feeds.extent import Extent, Told

_COUNTED = ("view_count", "view_count_at", "first_seen", "last_seen", "last_checked")
_ID = re.compile(rb'\{"schema":"[a-z]+/1","seq":\d{1,18},"commit":\d{1,18},"id":"([^"\\]+)"')


def seen_since(told: Told, extent: Extent, also: Iterable[str], checked: CheckedFiles) -> Iterator[Line]:
    """One event `seen` per present speech that a commit of the extent has a line or a listing of, by natural id.

    `also` are ids of which it has something else. So each speech with an entity in the extent has its counts here.

    A `clock` commit may set back the moments of any speech, so after one all are told.
    """
    ids = set(also)
    listed: set[str] = set()
    is_set_back = False
    for commit in extent.commits(told):
        for folder in ("versions", "observations"):
            ids |= _ids(commit, folder, checked)
        listed |= {commit.listing.observed_at} if commit.listing else set()
        is_set_back |= commit.kind == CLOCK_KIND
    if not (ids or listed or is_set_back):
        return
    until = told.commit(extent.until)
    for row in index_rows(told, extent):
        is_present = row["state"] not in {"gone", "succeeded"}
        if is_present and (is_set_back or row["id"] in ids or row["last_seen"] in listed):
            yield _seen(row, until)


def _ids(commit: Commit, folder: str, checked: CheckedFiles) -> set[str]:
    found = ((_ID.match(raw), raw, file, number) for raw, file, number in checked.lines(commit, folder))
    return {one[1].decode() if one else parsed(raw, file, number)["id"] for one, raw, file, number in found}


def index_rows(told: Told, extent: Extent) -> Iterator[Line]:
    """The `index/1` rows as of the end of the extent; those of the archive's index, when it is of that commit."""
    if extent.until == told.last.n:
        if _is_index_of(told.layout, told.last):
            file = told.layout.path(INDEX_LINES)
            return (parsed(raw, file, number) for number, raw in enumerate(raw_lines(file), 1))
        known = told.known(for_writing=False)
    else:
        known = Known.of((pair for pair in told.by_commit() if pair[0].n <= extent.until), for_writing=False)
    states = sorted(known.states.values(), key=lambda state: natural_key(state.native_id))
    return (json_value(index_row(state)) for state in states)


def _is_index_of(layout: Layout, last: Commit) -> bool:
    try:
        about = json_object(layout.path(INDEX_JSON))
        digest = file_digest(layout.path(INDEX_LINES))
        return names_commit(about, last.n, last.sha256) and digest == (about["bytes"], about["sha256"])
    except (OSError, ValueError, KeyError, TypeError, Damaged):
        return False


def _seen(row: Line, until: Commit) -> Line:
    place = {"site": row["id"].partition(":")[0], "commit": until.n, "id": row["id"], "event": SEEN}
    entity = {"id": row["id"]} | {key: row[key] for key in _COUNTED}
    made = NOTHING | {"schema": CHANGE_SCHEMA} | place
    return made | {"recorded_at": until.recorded_at, "op": "MOD", "entity": entity}
