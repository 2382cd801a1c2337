"""`repair clock`: a commit under the right clock that says which commits before it were made under a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import Layout
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.disk.wrong_clock import CLOCK_KIND, WrongClock
from pipelines.archive.errors import ClockBehind, NotUnderstood, writing
from pipelines.archive.write.acts import Act, acting
from pipelines.archive.write.salvaging.salvage import salvage_as_recorded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.write.acts import When


def repair_clock(path: Path, when: When, *, reason: str, first: int | None = None) -> Commit:
    """Record that the commits from `first` on were made under a clock that was ahead; `when` is the right time.

    What dead runs left is committed before, under the clock they had, so that it is among them.

    Args:
        path: the archive.
        when: the right time.
        reason: why the moments are known to be wrong; kept in the commit.
        first: the first of them; by default the first that is later than `when`.

    Raises:
        NotUnderstood: no commit is later, or there is no commit `first`.
        ClockBehind: the commit before `first`, made under a right clock, is later than `when`.
    """
    layout = Layout(path)
    if layout.staging.is_dir():
        with writing(path):
            lock = SiteLock(layout.lock, CLOCK_KIND)
            try:
                salvage_as_recorded(layout, when.recorded_at)
            finally:
                lock.release()
    with acting(path, CLOCK_KIND, when) as held:
        commits = held.archive.commits()
        wrong = WrongClock(first=_first(commits, when, first), last=len(commits), reason=reason)
        return held.commit(Act(kind=CLOCK_KIND, details=wrong.details()))


def _first(commits: Sequence[Commit], when: When, told: int | None) -> int:
    later = (commit.n for commit in commits if commit.recorded_at > when.recorded_at)
    first = told if told is not None else next(later, None)
    if first is None:
        raise NotUnderstood(f"no commit is later than {when.recorded_at}; name the first wrong one: --wrong-since N")
    if not 1 <= first <= len(commits):
        raise NotUnderstood(f"--wrong-since {first}: there are commits 1–{len(commits)}")
    before = commits[first - 2] if first > 1 else None
    if before is not None and before.recorded_at > when.recorded_at:
        said = f"the clock says {when.recorded_at}, before commit {before.n}, of {before.recorded_at}"
        raise ClockBehind(f"{said}. Set the clock right, or name an earlier commit: --wrong-since")
    return first
