"""The view counts that were read, as a feed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.read.feeds.checked_files import CheckedFiles
from pipelines.archive.read.feeds.extent import headings
from pipelines.archive.read.feeds.feed_records import VIEWS_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.extent import Extent, Told

_TOLD = ("id", "seq", "commit", "observed_at", "view_count", "views_source")
# No text in a line can hold an unescaped quote, so this is the key.
_COUNT = re.compile(rb'\{"schema":"observation/1",.*?"id":"([^"\\]+)".*,"view_count":(\d{1,18}),', re.DOTALL)


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
            if named := commit.stream("observations"):
                checked(named)
                yield from told.lines_of(commit, "observations")
        return
    for commit, lines in told.about_by_commit(id):
        if extent.after < commit.n <= extent.until:
            yield from (line for line in lines if "event" not in line)


def _counts_before(told: Told, extent: Extent, id: str | None, checked: CheckedFiles) -> dict[str, int]:  # noqa: A002
    """The last counts before the extent of the speeches counted in it; the newest commits are read first."""
    if id is None:
        wanted = {one for commit in extent.commits(told) for one, _ in _counted(commit, checked)}
        new = (line for commit in extent.commits(told) for line, *_ in headings(told, commit))
        wanted -= {line.id for line in new if line.event == "created"}
    else:
        wanted = {id}
    found: dict[str, int] = {}
    for n in range(extent.after, 0, -1):
        if not wanted:
            break
        newest = {one: count for one, count in _counted(told.commit(n), checked) if one in wanted}
        found |= newest
        wanted -= newest.keys()
    return found


def _counted(commit: Commit, checked: CheckedFiles) -> Iterator[tuple[str, int]]:
    """Id and count of the observations of a commit that have one, in their order."""
    if named := commit.stream("observations"):
        file = checked(named)
        for number, raw in enumerate(raw_lines(file), 1):
            if b'"view_count":null' in raw:
                continue
            if found := _COUNT.match(raw):
                yield found[1].decode(), int(found[2])
            elif (line := parsed(raw, file, number))["view_count"] is not None:
                yield line["id"], line["view_count"]
