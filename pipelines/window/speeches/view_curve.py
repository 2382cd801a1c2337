"""The looks at one speech: what each found, and its view counts as the points of a curve. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.archive.disk.streams import Line

_FIRST_SHOWN, _NEWEST_SHOWN = 10, 110
"""Rows of a table of looks: a hundred bytes each, beside a long text they fit into a page of 60 KB."""
_MOST_POINTS = 240
"""Points of a curve: more cannot be told apart in a picture of this width."""


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
class ViewCurve:
    """Every look, what a table shows of them, and the curve.

    `points` are counts by their moments, `marks` the moments of looks that read none. `left_out`: how many looks lie
    between the first ones and the newest, which the table leaves out; `thinned`: how many points were read in all,
    null where the curve has each.
    """

    looks: tuple[SeenOnce, ...]
    first: tuple[SeenOnce, ...]
    newest: tuple[SeenOnce, ...]
    points: tuple[tuple[str, int], ...]
    marks: tuple[str, ...]
    thinned: int | None

    @property
    def left_out(self) -> int:
        """How many rows the table lacks."""
        return len(self.looks) - len(self.first) - len(self.newest)

    @property
    def growth(self) -> int | None:
        """By how much the count rose from the first one to the newest; null with fewer than two."""
        return self.points[-1][1] - self.points[0][1] if len(self.points) > 1 else None

    @property
    def decreases(self) -> int:
        """How often a count was below the one before it."""
        return sum(look.is_decrease for look in self.looks)


def view_curve(observations: Iterable[Line]) -> ViewCurve:
    """The curve of a speech from its observation lines, by rising seq."""
    looks = tuple(_looks(observations))
    points = [(look.at, look.views) for look in looks if look.views is not None]
    kept = thinned(points, _MOST_POINTS)
    fits = len(looks) <= _FIRST_SHOWN + _NEWEST_SHOWN
    return ViewCurve(
        looks=looks,
        first=() if fits else looks[:_FIRST_SHOWN],
        newest=looks if fits else looks[-_NEWEST_SHOWN:],
        points=kept,
        marks=tuple(look.at for look in looks if look.views is None)[-_MOST_POINTS:],
        thinned=len(points) if len(kept) < len(points) else None,
    )


def thinned(points: Sequence[tuple[str, int]], most: int) -> tuple[tuple[str, int], ...]:
    """At most `most` of the points: the first, the last, and of each stretch between them its lowest and highest."""
    if len(points) <= most:
        return tuple(points)
    inner, stretches = points[1:-1], (most - 2) // 2
    kept = {0, len(points) - 1}
    for n in range(stretches):
        start, end = len(inner) * n // stretches, len(inner) * (n + 1) // stretches
        places = range(start + 1, end + 1)
        kept |= {min(places, key=lambda at: points[at][1]), max(places, key=lambda at: points[at][1])}
    return tuple(points[at] for at in sorted(kept))


def _looks(observations: Iterable[Line]) -> Iterable[SeenOnce]:
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
