"""The chart of a value over time, with the looks that found it and the events on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from pipelines.window.charts.axis_scales import CountScale, TimeScale
from pipelines.window.charts.drawing import COLOUR, drawing_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipelines.window.charts.drawing import Drawing

    Point = tuple[datetime, float | None]

_MOST_DOTS = 60
"""Points that are drawn as dots of their own, with their figures; of more only the line could be told apart."""
_STRETCHES = 120
"""A longer line is drawn by first, lowest, highest and last point of stretches four units of the drawing wide."""
_LOOK = 12
"""Height of the stroke of a look."""
_LETTER = 7.5
"""Width of a letter of a mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on the axis of time; `label`: a few letters of no language, such as `v2`."""

    at: datetime
    label: str


def line_chart(
    points: Sequence[Point], marks: Sequence[Mark] = (), *, scale: tuple[float, float] | None = None
) -> Drawing:
    """The values over time; a look that found no value breaks the line, and has its stroke below like every other.

    Args:
        points: moment (aware) and value of each look, in any order; at least one has a value.
        marks: events, as strokes across the drawing.
        scale: the lowest and the highest value of the axis; null for those of the points.

    Raises:
        ValueError: no point has a value.
    """
    ordered = sorted(points, key=lambda point: point[0])
    values = [value for _, value in ordered if value is not None]
    if not values:
        raise ValueError("no point has a value: there is no line to draw")
    moments = [*(at for at, _ in ordered), *(mark.at for mark in marks)]
    low, high = scale or (min(values), max(values))
    scales = TimeScale(min(moments), max(moments)), CountScale(low, high)
    return drawing_of(scales, ordered, _Looks(sorted(marks, key=lambda mark: mark.at)))


class _Looks:
    """What leather asks of a shape: draws line, dots, the strokes of the looks and the marks."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._marks = marks

    def validate_series(self, series: Any) -> None:
        """Any series will do: `line_chart` makes it."""

    def to_svg(
        self, width: float, height: float, x: TimeScale, y: CountScale, series: Any, _palette: object
    ) -> Element:
        """The group of elements."""
        points: list[Point] = [(datum.x, datum.y) for datum in series.data()]
        group = Element("g", {"class": "line"})
        for at, mark in ((x.project(mark.at, 0, width), mark) for mark in self._marks):
            _add_stroke(group, at, height, mark)
        _add_labels(group, [(x.project(mark.at, 0, width), mark.label) for mark in self._marks], width)
        looks = dict.fromkeys(round(x.project(at, 0, width)) for at, _ in points)
        strokes = "".join(f"M{at} {height:g}v-{_LOOK}" for at in looks)
        SubElement(group, "path", {"class": "looks", "stroke": COLOUR, "d": strokes})
        drawn = points if len(points) <= 4 * _STRETCHES else list(_thinned(points))
        placed = [(x.project(at, 0, width), None if v is None else y.project(v, height, 0)) for at, v in drawn]
        SubElement(group, "path", {"class": "curve", "fill": "none", "stroke": COLOUR, "d": _path(placed)})
        if len(points) <= _MOST_DOTS:
            _add_dots(group, points, placed)
        return group


def _add_stroke(group: Element, at: float, height: float, mark: Mark) -> None:
    stroke = SubElement(group, "path", {"class": "mark", "stroke": COLOUR, "d": f"M{at:g} 0V{height:g}"})
    SubElement(stroke, "title").text = f"{mark.at:%Y-%m-%d %H:%M:%S} · {mark.label}"


def _add_labels(group: Element, placed: Sequence[tuple[float, str]], width: float) -> None:
    """The labels of the marks above the drawing, but those for which the one before leaves no room."""
    free = 0.0
    for at, label in placed:
        half = len(label) * _LETTER / 2
        middle = min(max(at, half), width - half)
        if middle - half >= free:
            free = middle + half
            place = {"x": f"{middle:.1f}", "y": "-5", "text-anchor": "middle", "fill": COLOUR, "class": "mark-label"}
            SubElement(group, "text", place).text = label


def _add_dots(group: Element, points: Sequence[Point], placed: Sequence[tuple[float, float | None]]) -> None:
    for (at, value), (left, top) in zip(points, placed, strict=True):
        if value is not None:
            dot = SubElement(group, "circle", {"cx": f"{left:g}", "cy": f"{top:g}", "r": "3", "fill": COLOUR})
            SubElement(dot, "title").text = f"{at:%Y-%m-%d %H:%M:%S} · {value:,}"


def _path(placed: Sequence[tuple[float, float | None]]) -> str:
    """The line through the points, broken where one has no value."""
    parts, pen = [], "M"
    for left, top in placed:
        if top is not None:
            parts.append(f"{pen}{left:g} {top:g}")
        pen = "M" if top is None else "L"
    return "".join(parts)


def _thinned(points: Sequence[Point]) -> Iterator[Point]:
    """Of each stretch of time the first, the lowest, the highest and the last point, and one without a value."""
    first, last = points[0][0], points[-1][0]
    stretch = max((last - first) / _STRETCHES, last.resolution)
    by_stretch: dict[int, list[int]] = {}
    for place, (at, _) in enumerate(points):
        by_stretch.setdefault((at - first) // stretch, []).append(place)
    for places in by_stretch.values():
        valued = [(points[place][1], place) for place in places if points[place][1] is not None]
        without = [place for place in places if points[place][1] is None][:1]
        extremes = [min(valued)[1], max(valued)[1]] if valued else []
        for place in sorted({places[0], places[-1], *without, *extremes}):
            yield points[place]
