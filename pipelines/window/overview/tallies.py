"""What the front page and the page of a site say of speeches, counted in one pass over their summaries."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from pipelines.archive.read.moments import moment_of
from pipelines.window.reading.summary import order_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.window.reading.summary import Edit, Summary

_Row = TypeVar("_Row")
_FIRST_ZONE = timedelta(hours=14)
"""How far the clocks of the world's first time zone are ahead of UTC: days of publication are local ones."""
_MOST_YEARS = 150
"""The CPPCC is younger; more years would be rows and columns of zeros."""
_LATELY = frozenset({"gone", "restored", "redacted"})


@dataclass(frozen=True, slots=True)
class Lately:
    """Something that happened to a speech after it was published: `changed` (with its edit), `gone`, `restored` …"""

    at: str
    event: str
    speech: Summary
    edit: Edit | None = None


class Foremost(Generic[_Row]):
    """The rows with the largest keys of all that were offered; of equal keys those offered first."""

    def __init__(self, most: int, key: Callable[[_Row], tuple[object, ...]]) -> None:
        self._most, self._key = most, key
        self._rows: list[_Row] = []

    def offer(self, row: _Row) -> None:
        """Consider a row."""
        self._rows.append(row)
        if len(self._rows) > 20 * self._most:
            self._rows = self.rows()

    def rows(self) -> list[_Row]:
        """The foremost, the largest key first."""
        return heapq.nlargest(self._most, self._rows, key=self._key)


class SpeechTally:
    """Counts of some speeches, of one site or of all. `as_of`: days that begin nowhere by then are mistakes."""

    def __init__(self, as_of: str, most: int) -> None:
        now = moment_of(as_of)
        self._latest = (now + _FIRST_ZONE).date().isoformat() if now else as_of[:10]
        self.states: Counter[str] = Counter()
        self.days: Counter[str] = Counter()
        self.undated = 0
        self.versions = 0
        self.edits = 0
        self.to_look_at = 0
        self.newest: Foremost[Summary] = Foremost(most, self._day)
        self.viewed: Foremost[Summary] = Foremost(
            most, lambda one: (one.view_count or 0, order_of(one.published_on, one.id))
        )
        self.lately: Foremost[Lately] = Foremost(most, lambda one: order_of(one.at, one.speech.id))

    def _day(self, summary: Summary) -> tuple[str, str, str]:
        return order_of(summary.published_on, summary.id)

    def add(self, summary: Summary) -> None:
        """Count a speech. One that has another id now is counted under that."""
        self.states[summary.state] += 1
        self.versions += summary.versions
        self.edits += len(summary.edits)
        for one in _lately(summary):
            self.lately.offer(one)
        if summary.state != "succeeded":
            self._count_day(summary.published_on)
        if summary.state != "present":
            return
        self.to_look_at += any(summary.problems.get(severity) for severity in ("error", "warning"))
        if summary.published_on and summary.published_on <= self._latest:
            self.newest.offer(summary)
        if summary.view_count is not None:
            self.viewed.offer(summary)

    def _count_day(self, day: str | None) -> None:
        """Count a speech that lists of its year have, be it gone from the site."""
        if day:
            self.days[day] += 1
        else:
            self.undated += 1

    def months(self) -> dict[str, int]:
        """Speeches, also gone ones, by month of publication, from the first to the last, also the empty ones."""
        found = Counter[str]()
        for day, n in self.days.items():
            found[day[:7]] += n
        return {month: found[month] for month in _months(min(found), max(found))} if found else {}

    def years(self) -> dict[str, int]:
        """The same by year; of a time so long that a mistaken day must have begun it without the empty ones."""
        found = Counter[str]()
        for day, n in self.days.items():
            found[day[:4]] += n
        years = [f"{year:04}" for year in range(int(min(found)), int(max(found)) + 1)] if found else []
        return {year: found[year] for year in years if found[year] or len(years) <= _MOST_YEARS}


def _lately(summary: Summary) -> Iterator[Lately]:
    yield from (Lately(edit.observed_at, "changed", summary, edit) for edit in summary.edits)
    yield from (
        Lately(one.observed_at or one.recorded_at, one.event, summary)
        for one in summary.events
        if one.event in _LATELY
    )


def _months(first: str, last: str) -> Iterator[str]:
    year, month = int(first[:4]), int(first[5:7])
    while (found := f"{year:04}-{month:02}") <= last:
        yield found
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
