"""The looks at one speech: what each found, and its view counts as a curve. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.window.charts.line_chart import Mark, line_chart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.archive.disk.streams import Line
    from pipelines.window.charts.drawing import Drawing

_FIRST_SHOWN, _NEWEST_SHOWN = 10, 110
"""Rows of a table of looks: a hundred bytes each, beside a long text they fit into a page of 60 KB."""
_FEWEST_COUNTS = 2
"""One count is a number, no curve."""
_LEAST_SHARE, _LEAST_SPAN = 0.1, 10
"""The axis shows at least a tenth of the count, and ten views, or a single view would be a steep climb."""


@dataclass(frozen=True, slots=True)
class SeenOnce:
    """One observation. `is_decrease`: its view count is below the one before it."""

    at: str
    presence: str
    content: str
    version: int | None
    reason: str | None
    looked: tuple[str, ...]
    status: int | None
    views: int | None
    is_decrease: bool


@dataclass(frozen=True, slots=True)
class SeenViews:
    """Every look at a speech, and which of them a table shows: `first` and `newest`, all when they are few."""

    looks: tuple[SeenOnce, ...]
    first: tuple[SeenOnce, ...]
    newest: tuple[SeenOnce, ...]

    @property
    def left_out(self) -> int:
        """How many looks between the first ones and the newest the table lacks."""
        return len(self.looks) - len(self.first) - len(self.newest)

    @property
    def counts(self) -> tuple[SeenOnce, ...]:
        """The looks that read a view count."""
        return tuple(look for look in self.looks if look.views is not None)

    @property
    def decreases(self) -> int:
        """How often a count was below the one before it."""
        return sum(look.is_decrease for look in self.looks)


def seen_views(observations: Iterable[Line]) -> SeenViews:
    """The looks at a speech from its observation lines, by rising seq."""
    looks = tuple(_looks(observations))
    if len(looks) <= _FIRST_SHOWN + _NEWEST_SHOWN:
        return SeenViews(looks, (), looks)
    return SeenViews(looks, looks[:_FIRST_SHOWN], looks[-_NEWEST_SHOWN:])


def view_curve(seen: SeenViews, texts: Iterable[Line]) -> Drawing | None:
    """The curve of the counts, with each look, and the versions as marks; null with fewer than two counts."""
    if len(seen.counts) < _FEWEST_COUNTS:
        return None
    points = [(datetime.fromisoformat(look.at), look.views) for look in seen.looks]
    first_readings = [line for line in texts if line["reading"] == 1]
    marks = [Mark(datetime.fromisoformat(line["observed_at"]), f"v{line['version']}") for line in first_readings]
    return line_chart(points, marks, scale=_axis([look.views for look in seen.counts if look.views is not None]))


def _axis(counts: Sequence[int]) -> tuple[int, int]:
    low, high = min(counts), max(counts)
    span = max(high - low, round(high * _LEAST_SHARE), _LEAST_SPAN)
    return (low, high) if high - low == span else _around(low, high, span)


def _around(low: int, high: int, span: int) -> tuple[int, int]:
    bottom = max(0, (low + high - span) // 2)
    return bottom, bottom + span


def _looks(observations: Iterable[Line]) -> Iterator[SeenOnce]:
    before: int | None = None
    for line in observations:
        views = line["view_count"]
        is_decrease = views is not None and before is not None and views < before
        before = before if views is None else views
        yield SeenOnce(
            at=line["observed_at"],
            presence=line["presence"],
            content=line["content"],
            version=line["version"],
            reason=line["reason"],
            looked=tuple(line["looked"]),
            status=line["http_status"],
            views=views,
            is_decrease=is_decrease,
        )
