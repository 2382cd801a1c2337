"""The view counts that were read, as a feed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive.disk.streams import parsed
from pipelines.archive.errors import Damaged
from pipelines.archive.read.feeds.checked_files import CheckedFiles
from pipelines.archive.read.feeds.feed_records import VIEWS_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.extent import Extent, Told
    from pipelines.stored.packed import Stored

_TOLD = ("id", "seq", "commit", "observed_at", "view_count", "views_source")
# The contract fixes the order of keys, and a quote in a text is escaped: neither can be met inside one.
_BEGIN = re.compile(
    rb'\{"schema":"observation/1","seq":(\d{1,18}),"commit":\d{1,18},"id":"([a-z0-9-]+:[A-Za-z0-9._-]+)"'
    rb',"run":"[^"\\]+","observed_at":"([^"\\]+)"'
)
_COUNT = re.compile(rb',"view_count":(null|\d{1,18}),"views_raw":')


class Count(NamedTuple):
    """The view count of an observation line."""

    id: str
    seq: int
    observed_at: str
    view_count: int


def count_in(raw: bytes, file: Stored, number: int) -> Count | None:
    """The count of an observation line, many times faster than parsing it; null when none was read.

    `Damaged` when the line lacks what an observation has.
    """
    begin, count = _BEGIN.match(raw), _COUNT.search(raw)
    if begin and count:
        seq, id_, at = begin.groups()
        return None if count[1] == b"null" else Count(id_.decode(), int(seq), at.decode(), int(count[1]))
    line = parsed(raw, file, number)
    return None if line.get("view_count", 0) is None else count_of(line, f"{file}, line {number}")


def count_of(line: Line, where: str) -> Count:
    """The count of an observation that has one; `Damaged` when it lacks what an observation has."""
    try:
        if not isinstance(line["id"], str):
            raise TypeError("id is no text")  # noqa: TRY301 - told with the others
        return Count(line["id"], int(line["seq"]), line["observed_at"], int(line["view_count"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{where}: lacks what a line must have ({error!r}); run verify") from error


def view_counts(told: Told, extent: Extent, id: str | None) -> Iterator[Line]:  # noqa: A002 - the contract's key
    """One `views/1` object per observation with a view count, by rising seq; of one speech when `id` is given.

    `decreased` is true when the count is below the one before it; the count itself is never altered. An observation
    without a count is left out: unknown is not 0.
    """
    checked = CheckedFiles(told)
    last = _counts_before(told, extent, id, checked) if extent.after else {}
    for seen in _observations(told, extent, id, checked):
        count = seen["view_count"]
        if count is None:
            continue
        if extent.has(seen):
            place = {"schema": VIEWS_SCHEMA, "site": seen["id"].partition(":")[0]}
            fields = {key: seen[key] for key in _TOLD}
            yield place | fields | {"decreased": count < last.get(seen["id"], 0)}
        last[seen["id"]] = count


def _observations(told: Told, extent: Extent, id: str | None, checked: CheckedFiles) -> Iterator[Line]:  # noqa: A002
    if id is None:
        for commit in extent.commits(told):
            for raw, file, number in checked.lines(commit, "observations"):
                yield parsed(raw, file, number)
        return
    for commit, lines in told.about_by_commit(id):
        if extent.after < commit.n <= extent.until:
            yield from (line for line in lines if "event" not in line)


def _counts_before(told: Told, extent: Extent, id: str | None, checked: CheckedFiles) -> dict[str, int]:  # noqa: A002
    """The last counts before the extent of the speeches counted in it; the newest commits are read first."""
    if id is None:
        wanted = {one.id for commit in extent.commits(told) for one in _counted(commit, checked)}
        new = (line for commit in extent.commits(told) for line, *_ in checked.headings(commit))
        wanted -= {line.id for line in new if line.event == "created"}
    else:
        wanted = {id}
    found: dict[str, int] = {}
    for n in range(extent.after, 0, -1):
        if not wanted:
            break
        newest = {one.id: one.view_count for one in _counted(told.commit(n), checked) if one.id in wanted}
        found |= newest
        wanted -= newest.keys()
    return found


def _counted(commit: Commit, checked: CheckedFiles) -> Iterator[Count]:
    """The counts of the observations of a commit that have one, in their order."""
    return filter(None, (count_in(*line) for line in checked.lines(commit, "observations")))
