"""The events since a place in history, as a feed, and the series of view counts."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.disk.wrong_clock import latest_possible
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.moments import start_of
from pipelines.archive.read.state import SAYING, apart_from_views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line

CHANGE_SCHEMA = "change/1"
REDACTED_EVENT = "redacted"
VIEWS_SCHEMA = "views/1"
_SINCE = re.compile(r"(?:(seq|commit):)?([0-9]{1,18})")
_TOLD = ("seq", "commit", "id", "event", "version", "reading", "title", "url", "observed_at", "recorded_at")


def seq_before(since: str | int, last: Commit, last_seq: int, commits: Callable[[], Iterable[Commit]]) -> int:
    """The last seq that is not new since `since`.

    `since` is `seq:123` or a bare number (what came after that line), `commit:4` (after that commit), or a day or
    moment in which, or after which, a line was recorded; `NotUnderstood` when it is none of these.
    """
    found = _SINCE.fullmatch(str(since))
    _check_place(last, last_seq, since, found)
    if found is not None and found[1] != "commit":
        return int(found[2])
    is_old = _is_old(since, last, commits, found)
    if is_old(last):
        return last_seq
    return max((commit.last_seq or 0 for commit in commits() if is_old(commit)), default=0)


def _is_old(
    since: str | int, last: Commit, commits: Callable[[], Iterable[Commit]], found: re.Match[str] | None
) -> Callable[[Commit], bool]:
    """Whether a commit lies before a place that is a commit, or a moment."""
    if found is not None:
        return lambda commit: commit.n <= int(found[2])
    try:
        moment = start_of(str(since))
    except NotUnderstood as error:
        raise NotUnderstood(f"since {error}; or seq:123, or commit:4") from error
    if last.recorded_at < moment:
        return lambda _: True
    bounds = latest_possible(tuple(commits()))
    return lambda commit: min(commit.recorded_at, bounds.get(commit.n, commit.recorded_at)) < moment


def _check_place(last: Commit, last_seq: int, since: str | int, found: re.Match[str] | None) -> None:
    """Refuse a place beyond the end: it is of another archive, or of a later state of this one."""
    if found is None:
        return
    end = last.n if found[1] == "commit" else last_seq
    if int(found[2]) > end:
        raise NotUnderstood(f"since {since}: this archive ends at {found[1] or 'seq'} {end}; is it an older copy?")


def changes(versions: Iterable[Line], after: int, *, reprocessed: bool) -> Iterator[Line]:
    """One `change/1` object per event with a seq above `after`, by rising seq.

    `fields` names the changed keys of `changed` and `reprocessed`, null otherwise; `reprocessed` events are left out
    unless asked for. `versions` must be all lines from the first, since a change is computed against the line before.
    """
    prints: dict[str, array[int]] = {}
    for line in versions:
        event, fields = line["event"], None
        if event != "gone":
            was, now = prints.get(line["id"]), _fingerprint(line)
            prints[line["id"]] = now
            if was is not None and event != "restored":
                fields = [key for key, old, new in zip(SAYING, was, now, strict=True) if old != new]
        if line["seq"] > after and (reprocessed or event != "reprocessed"):
            yield {"schema": CHANGE_SCHEMA} | {key: line[key] for key in _TOLD} | {"fields": fields}


def is_after(since: str | int, act: dict[str, int], commit: Commit) -> bool:
    """Whether a rekey or a redaction comes after a place in history; `act` is {commit, after}, as in `Totals`."""
    found = _SINCE.fullmatch(str(since))
    if found is None:
        return commit.recorded_at >= start_of(str(since))
    return act["commit"] > int(found[2]) if found[1] == "commit" else act["after"] >= int(found[2])


def with_acts(events: Iterable[Line], commits: Iterable[Commit]) -> Iterator[Line]:
    """The events with those of commits that no run made, in order; these have no seq and nothing of a text."""
    waiting = list(commits)
    for event in events:
        while waiting and waiting[0].n < event["commit"]:
            yield from _of_act(waiting.pop(0))
        yield event
    for commit in waiting:
        yield from _of_act(commit)


def _of_act(commit: Commit) -> Iterator[Line]:
    nothing = dict.fromkeys((*_TOLD, "fields"))
    place = {"commit": commit.n, "recorded_at": commit.recorded_at}
    if told := commit.redaction:
        why = {"seqs": list(told.seqs), "reason": told.reason, "order": told.order, "suppressed": told.is_suppressed}
        yield {"schema": CHANGE_SCHEMA} | nothing | place | {"id": told.id, "event": REDACTED_EVENT} | why
    rekey = Rekey.of(commit)
    for pair in rekey.pairs if rekey else ():
        told_of = {"id": pair.old, "event": "succeeded", "succeeded_by": pair.new}
        yield {"schema": CHANGE_SCHEMA} | nothing | place | told_of


def _fingerprint(line: Line) -> array[int]:
    """An eight-byte hash per key, to detect a change without keeping the value."""
    values = map(apart_from_views(line).__getitem__, SAYING)
    # Inverted, so that null differs from the text "None".
    return array("q", [hash(value) if type(value) is str else ~hash(repr(value)) for value in values])


def view_counts(observations: Iterable[Line], id: str | None) -> Iterator[Line]:  # noqa: A002 - the contract's key
    """One `views/1` object per observation with a view count, by rising seq; of one speech when `id` is given.

    `decreased` is true when the count is below the one before it; the count itself is never altered. An observation
    without a count is left out: unknown is not 0.
    """
    last: dict[str, int] = {}
    for seen in observations:
        count = seen["view_count"]
        if count is None or (id is not None and seen["id"] != id):
            continue
        fields = {key: seen[key] for key in ("id", "seq", "observed_at", "view_count", "views_source")}
        yield {"schema": VIEWS_SCHEMA} | fields | {"decreased": count < last.get(seen["id"], 0)}
        last[seen["id"]] = count
