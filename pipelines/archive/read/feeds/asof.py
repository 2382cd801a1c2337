"""The speeches on the site at one moment, as known at another: a fold over raw lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.site_life import succeeded_by
from pipelines.archive.disk.streams import heading, parsed, raw_lines
from pipelines.archive.disk.wrong_clock import latest_possible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import LineHeading
    from pipelines.packed import Stored


@dataclass(slots=True)
class _Standing:
    """One speech: its newest reading so far, and the observations that confirmed that version around the moment."""

    is_present: bool = False
    version: int = 0
    reading: int = 0
    seq: int = 0
    commit: int = 0
    before: str | None = None
    after: str | None = None


def as_of_lines(layout: Layout, commits: Sequence[Commit], at: str, known_at: str | None) -> Iterator[bytes]:
    """The `speech/1` lines of the speeches present at `at` as known at `known_at` (null: now), by rising seq.

    Each is the committed line with two more keys, `verified_before` and `verified_after`: the last observation up to
    `at` and the first one after it that confirmed this version, null when there was none. Moments are written as in
    lines; what was made under a clock ahead counts as of the moment at which that was recorded.
    A speech that has another id now is there once.
    """
    bounds = latest_possible(commits)
    known = [c for c in commits if known_at is None or min(c.recorded_at, bounds.get(c.n, c.recorded_at)) <= known_at]
    standings: dict[str, _Standing] = {}
    for commit in known:
        for raw, number, file in _raw(layout, commit, "versions"):
            line = heading(raw, file, number)
            if min(line.observed_at, bounds.get(commit.n, line.observed_at)) <= at:
                _update(standings.setdefault(line.id, _Standing()), line)
    for commit in known:
        for raw, number, file in _raw(layout, commit, "observations"):
            _confirm(standings, parsed(raw, file, number), at, bounds.get(commit.n))
    # Before the new id was first seen, the site had the speech under the old one.
    succeeded = {old for old, new in succeeded_by(known).items() if new in standings}
    present = (one for id_, one in standings.items() if one.is_present and id_ not in succeeded)
    wanted = {standing.seq: standing for standing in present}
    of_commits = {standing.commit for standing in wanted.values()}
    for commit in known:
        if commit.n not in of_commits or commit.first_seq is None:
            continue
        # A commit's version lines come first and without gaps, so a line's place in its file gives its seq.
        for raw, number, _ in _raw(layout, commit, "versions"):
            if standing := wanted.get(commit.first_seq + number - 1):
                yield _with_confirmations(raw, standing)


def _raw(layout: Layout, commit: Commit, folder: str) -> Iterator[tuple[bytes, int, Stored]]:
    named = commit.stream(folder)
    if named is not None:
        file = layout.stored(named.path)
        for number, raw in enumerate(raw_lines(file), 1):
            yield raw, number, file


def _update(standing: _Standing, line: LineHeading) -> None:
    if line.event in {"created", "gone", "restored"}:
        standing.is_present = line.event != "gone"
    if line.reading is not None and (line.version, line.reading) >= (standing.version, standing.reading):
        standing.version, standing.reading = line.version, line.reading
        standing.seq, standing.commit = line.seq, line.commit


def _confirm(standings: dict[str, _Standing], observation: dict[str, object], at: str, bound: str | None) -> None:
    standing = standings.get(str(observation["id"]))
    if standing is None or observation["version"] != standing.version:
        return
    seen = str(observation["observed_at"])
    seen = min(seen, bound or seen)
    if seen <= at:
        standing.before = max(standing.before or seen, seen)
    else:
        standing.after = min(standing.after or seen, seen)


def _with_confirmations(raw: bytes, standing: _Standing) -> bytes:
    before, after = json.dumps(standing.before), json.dumps(standing.after)
    more = f',"verified_before":{before},"verified_after":{after}}}\n'
    return raw.rstrip()[:-1] + more.encode()
