"""Scales of the charts: where a value stands on an axis, and at which round values the axis has ticks. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import MAXYEAR, datetime, timedelta
from itertools import count, islice
from math import ceil, floor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_TICKS = 5
"""More moments than that would touch each other on an axis of the charts' width."""

Value = TypeVar("Value")


class _Scale(ABC, Generic[Value]):
    """What leather asks of a scale, for values between `low` and `high`."""

    def __init__(self, low: Value, high: Value, ticks: Sequence[Value]) -> None:
        self.low, self.high = low, high
        self._ticks = ticks

    def contains(self, value: Value) -> bool:
        """Whether it is shown."""
        return self._share(self.low) <= self._share(value) <= self._share(self.high)

    def project(self, value: Value, start: float, end: float) -> float:
        """Where a value stands between `start` and `end`, to a tenth of a unit of the drawing."""
        return round(start + (end - start) * self._share(value), 1)

    def ticks(self) -> Sequence[Value]:
        """The values that have a tick."""
        return self._ticks

    @abstractmethod
    def _share(self, value: Value) -> float:
        """How far along the axis a value is: 0 at `low`, 1 at `high`."""


class CountScale(_Scale[float]):
    """Whole numbers as ticks, at ones, twos or fives; it begins and ends at a tick."""

    def __init__(self, low: float, high: float) -> None:
        """For values from `low` to `high`; where they are equal, one below is shown too, or one above zero."""
        if low == high:
            low, high = (low - 1, high) if low >= 1 else (low, low + 1)
        step = next(s for s in _round_steps() if ceil(high / s) - floor(low / s) <= _MOST_TICKS)
        ticks = [step * n for n in range(floor(low / step), ceil(high / step) + 1)]
        super().__init__(ticks[0], ticks[-1], ticks)

    def format_tick(self, value: float, _index: int, _count: int) -> str:
        """`12,000`."""
        return f"{value:,}"

    def _share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)


class NamedScale(_Scale[str]):
    """Names side by side, as many of them with a tick as there is room for."""

    def __init__(self, names: Sequence[str], characters: int) -> None:
        """`characters`: how many fit below the whole axis."""
        self._places = {name: place for place, name in enumerate(names)}
        widest = max(map(len, names)) + 2
        super().__init__(names[0], names[-1], names[:: ceil(len(names) * widest / characters)])

    def project_interval(self, value: str, start: float, end: float) -> tuple[float, float]:
        """Where the column of a name begins and ends."""
        width = (end - start) / len(self._places)
        left = start + width * self._places[value]
        return round(left + width * 0.1, 1), round(left + width * 0.9, 1)

    def format_tick(self, value: str, _index: int, _count: int) -> str:
        """The name."""
        return value

    def _share(self, value: str) -> float:
        return (self._places[value] + 0.5) / len(self._places)


class TimeScale(_Scale[datetime]):
    """Moments, with ticks at round seconds, minutes, hours, days, months or years of their time zone."""

    def __init__(self, first: datetime, last: datetime) -> None:
        """For moments from `first` to `last`, both aware; around a single one a day is shown."""
        around = timedelta(hours=12) if first == last else timedelta(seconds=5)
        if last - first < timedelta(seconds=10):
            first, last = first - around, last + around
        last = last.astimezone(first.tzinfo)
        ticks, self._format = _time_ticks(first, last)
        super().__init__(first, last, ticks)

    def format_tick(self, value: datetime, _index: int, _count: int) -> str:
        """As much of the moment as tells the ticks apart, from the largest unit down."""
        return value.strftime(self._format)

    def _share(self, value: datetime) -> float:
        return (value - self.low) / (self.high - self.low)


def _round_steps() -> Iterator[int]:
    return (digit * 10**power for power in count() for digit in (1, 2, 5))


_SECONDS = [timedelta(seconds=n) for n in (1, 2, 5, 10, 15, 30)]
_HOURS = [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)]
_DAYS = [timedelta(days=n) for n in (1, 2, 4, 7, 14)]
_MONTHS = [1, 2, 3, 6]
_YEARS = [12 * n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)]
_STEPS: list[tuple[timedelta | int, str]] = [
    *((step, "%H:%M:%S") for step in _SECONDS),
    *((step, "%m-%d %H:%M") for step in _HOURS),
    *((step, "%Y-%m-%d") for step in _DAYS),
    *((months, "%Y-%m") for months in _MONTHS),
    *((months, "%Y") for months in _YEARS),
]
"""Steps from tick to tick, a number is of months, the finest first; how much of a moment tells such ticks apart."""


def _time_ticks(first: datetime, last: datetime) -> tuple[list[datetime], str]:
    """Ticks from `first` to `last` at the finest step with no more than there is room for; how they are written."""
    for step, form in _STEPS:
        ticks = list(islice(_at_steps(first, last, step), _MOST_TICKS + 1))
        if len(ticks) <= _MOST_TICKS:
            return ticks, form
    raise AssertionError  # the last step is longer than all the years there are


def _at_steps(first: datetime, last: datetime, step: timedelta | int) -> Iterator[datetime]:
    """Every moment from `first` to `last` that lies whole steps after the first midnight; months after January."""
    if isinstance(step, int):
        yield from _at_months(first, last, step)
        return
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    place = midnight + ceil((first - midnight) / step) * step
    while place <= last:
        yield place
        place += step


def _at_months(first: datetime, last: datetime, months: int) -> Iterator[datetime]:
    """The first midnight of every so many months, counted from January, or from the year 0."""
    midnight = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begun = first.year * 12 + first.month - 1 + (midnight < first)
    for place in range(ceil(begun / months) * months, last.year * 12 + last.month, months):
        if place // 12 <= MAXYEAR:
            yield midnight.replace(year=place // 12, month=place % 12 + 1)
