"""The speeches on the site at one moment, as known at another: a fold over raw lines."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.disk.streams import heading, parsed, raw_lines
from pipelines.archive.disk.wrong_clock import latest_possible
from pipelines.archive.errors import Damaged
from pipelines.record import AS_OF_SCHEMA, SPEECH_SCHEMA, AsOf, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line, LineHeading
    from pipelines.stored.packed import Stored

_ADDED = tuple(one.name for one in fields(AsOf))[len(fields(Version)) :]
_SPEECH, _AS_OF = (f'{{"schema":"{name}",'.encode() for name in (SPEECH_SCHEMA, AS_OF_SCHEMA))


@dataclass(slots=True)
class _Standing:
    """One speech: its newest reading so far, what was seen of it, and the observations around the moment that read
    that version.
    """

    first_seen: str
    last_seen: str
    last_checked: str
    is_present: bool = False
    is_succeeded: bool = False
    version: int = 0
    reading: int = 0
    seq: int = 0
    commit: int = 0
    presence: str = "present"
    is_listed: bool = False
    view_count: int | None = None
    view_count_at: str | None = None
    verified_before: str | None = None
    verified_after: str | None = None


def as_of_lines(layout: Layout, commits: Sequence[Commit], at: str, known_at: str | None) -> Iterator[bytes]:
    """The `as-of/1` lines of the speeches present at `at` as known at `known_at` (null: now), by rising seq.

    Each is the committed line under another schema, with the keys that `latest/1` adds as of `at`, and with
    `verified_before` and `verified_after`: the last observation up to `at` and the first one after it that confirmed
    this version, null when there was none. Moments are written as in lines; what was made under a clock ahead counts
    as of the moment at which that was recorded. A speech that has another id now is there once.
    """
    bounds = latest_possible(commits)
    known = [c for c in commits if known_at is None or min(c.recorded_at, bounds.get(c.n, c.recorded_at)) <= known_at]
    fold = _Fold(layout, at)
    for commit in known:
        fold.take(commit, bounds.get(commit.n))
    wanted = {one.seq: one for one in fold.standings.values() if one.is_present and not one.is_succeeded}
    of_commits = {standing.commit for standing in wanted.values()}
    for commit in known:
        if commit.n not in of_commits or commit.first_seq is None:
            continue
        # A commit's version lines come first and without gaps, so a line's place in its file gives its seq.
        for raw, number, _ in _raw(layout, commit, "versions"):
            if standing := wanted.get(commit.first_seq + number - 1):
                yield _as_of(raw, standing)


def _raw(layout: Layout, commit: Commit, folder: str) -> Iterator[tuple[bytes, int, Stored]]:
    named = commit.stream(folder)
    if named is not None:
        file = layout.stored(named.path)
        for number, raw in enumerate(raw_lines(file), 1):
            yield raw, number, file


class _Fold:
    """What commits say of each speech up to a moment, as `pipelines.archive.read.state` folds all of them."""

    def __init__(self, layout: Layout, at: str) -> None:
        self.standings: dict[str, _Standing] = {}
        self._layout, self._at = layout, at

    def take(self, commit: Commit, bound: str | None) -> None:
        """Take the next commit into account; `bound`: no moment in it is later."""
        for raw, number, file in _raw(self._layout, commit, "versions"):
            line = heading(raw, file, number)
            if min(line.observed_at, bound or line.observed_at) <= self._at:
                self._say(line, bound)
        observed = set()
        for raw, number, file in _raw(self._layout, commit, "observations"):
            look = parsed(raw, file, number)
            observed.add(look["id"])
            if standing := self.standings.get(look["id"]):
                seen = min(look["observed_at"], bound or look["observed_at"])
                _observe(standing, look, seen, is_up_to=seen <= self._at)
        listed = commit.listing.observed_at if commit.listing else None
        if listed and (seen := min(listed, bound or listed)) <= self._at:
            self._list(observed, seen)
        rekey = Rekey.of(commit)
        for pair in rekey.pairs if rekey else ():
            self._succeed(pair.old, pair.new)

    def _say(self, line: LineHeading, bound: str | None) -> None:
        seen = min(line.observed_at, bound or line.observed_at)
        if (standing := self.standings.get(line.id)) is None:
            standing = self.standings[line.id] = _Standing(seen, seen, seen)
        if line.event in {"created", "gone", "restored"}:
            standing.is_present = line.event != "gone"
        if line.reading is not None and (line.version, line.reading) >= (standing.version, standing.reading):
            if line.version != standing.version:
                standing.verified_before = standing.verified_after = None
            standing.version, standing.reading = line.version, line.reading
            standing.seq, standing.commit = line.seq, line.commit

    def _list(self, observed: set[str], seen: str) -> None:
        """Take a listing into account, which stands for an observation of each speech that was on the list."""
        for id_, one in self.standings.items():
            is_on_it = one.presence == "present" and one.is_listed and id_ not in observed
            if is_on_it and one.is_present and not one.is_succeeded:
                one.last_seen = seen

    def _succeed(self, old: str, new: str) -> None:
        """Before the new id was first seen, the site had the speech under the old one."""
        if new in self.standings:
            self.standings[new].is_succeeded = False
            if old in self.standings:
                self.standings[old].is_succeeded = True


def _observe(standing: _Standing, line: Line, seen: str, *, is_up_to: bool) -> None:
    if line["version"] == standing.version:
        if is_up_to:
            standing.verified_before = max(standing.verified_before or seen, seen)
        else:
            standing.verified_after = min(standing.verified_after or seen, seen)
    if not is_up_to:
        return
    standing.presence = line["presence"]
    if line["presence"] in {"present", "unlisted"}:
        standing.last_seen = seen
    if "article" in line["looked"]:
        standing.last_checked = seen
    if line["listed"] is not None:
        standing.is_listed = True
    if line["view_count"] is not None:
        standing.view_count, standing.view_count_at = line["view_count"], seen


def _as_of(raw: bytes, standing: _Standing) -> bytes:
    """A version line under the schema of this feed, with the keys that were found."""
    if not raw.startswith(_SPEECH):
        raise Damaged(f"line with seq {standing.seq}: does not begin with {_SPEECH.decode()}; run verify")
    more = {key: getattr(standing, key) for key in _ADDED}
    end = json.dumps(more, ensure_ascii=False, separators=(",", ":")).encode()
    return _AS_OF + raw.rstrip()[len(_SPEECH) : -1] + b"," + end[1:] + b"\n"
