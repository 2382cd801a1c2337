"""Decides which listed articles a run reads again, and why: new, row changed, failed before, or due by age. Pure.

An article is read daily while it is young, then when a tenth of its age has passed since its last reading; of the
old ones at most a hundredth of the archive in one run, the longest unread first. So an unchanged site costs its list
pages and little more, and every article is read again eventually.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pipelines.archive.read.moments import stamp
from pipelines.archive.read.state import SpeechState
from pipelines.gaps.memory import Failing, Memory
from pipelines.record import Row

_DAILY = timedelta(hours=20)
_SHARE_OF_AGE = 10
_SHARE_OF_ARCHIVE = 100


class Plan:
    """The plan of one run.

    Args:
        known: the archive's state of each speech, by native id.
        now: the moment the run began, UTC.
        young_days: how long after its publication (else after it was first seen) an article is read daily.
        read_all: read every article, whatever its age.
        memory: what failed in the runs before.
    """

    def __init__(
        self,
        known: Mapping[str, SpeechState],
        now: datetime,
        young_days: int,
        *,
        read_all: bool,
        memory: Memory | None = None,
    ) -> None:
        self.known, self.now, self.read_all = known, now, read_all
        self._memory = memory or Memory(stamp(now))
        self._young = timedelta(days=young_days)
        old = [state for state in known.values() if not state.is_suppressed and self._is_old_and_due(state)]
        old.sort(key=lambda state: (state.last_checked, state.native_id))
        self._due = {state.native_id for state in old[: max(1, len(known) // _SHARE_OF_ARCHIVE)]}

    def why_read(self, native_id: str, row: Row) -> str | None:
        """Why the article of a list row is read in this run; None when it is not."""
        state = self.known.get(native_id)
        if state is None:
            return "new"
        if state.is_suppressed:
            return None
        if self.read_all:
            return "mode=full"
        if state.is_gone or state.first_missed_at is not None:
            return "was missing"
        is_failing = state.succeeded_by is None and self._memory.is_failing(native_id)
        if state.first_doubted_at is not None or state.presence == "unknown" or is_failing:
            return "was not captured"
        if state.listed != row:
            return "row changed"
        if self._age(state) < self._young:
            return "young" if self._unread_for(state) >= _DAILY else None
        return "due" if native_id in self._due else None

    def waits(self, native_id: str, row: Row | None) -> Failing | None:
        """The failure because of which an article is not read in this run; `row`: null when it is on no list."""
        state = self.known.get(native_id)
        if state is not None and (not state.is_present or state.is_suppressed):
            return None
        return self._memory.waiting("speech", native_id, row)

    def _is_old_and_due(self, state: SpeechState) -> bool:
        age = self._age(state)
        return state.is_present and age >= self._young and self._unread_for(state) >= max(age / _SHARE_OF_AGE, _DAILY)

    def _age(self, state: SpeechState) -> timedelta:
        if state.published_on is not None:
            return self.now - datetime.fromisoformat(state.published_on).replace(tzinfo=UTC)
        return self.now - datetime.fromisoformat(state.first_seen)

    def _unread_for(self, state: SpeechState) -> timedelta:
        return self.now - datetime.fromisoformat(state.last_checked)
