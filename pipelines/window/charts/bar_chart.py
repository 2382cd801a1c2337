"""The chart of counts by period: a column for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from pipelines.window.charts.axis_scales import CountScale, NamedScale
from pipelines.window.charts.drawing import CHARACTERS, COLOUR, drawing_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.window.charts.drawing import Drawing


_WIDEST = 40
"""A column alone in a chart would be a wall."""


def bar_chart(counts: Mapping[str, int]) -> Drawing:
    """A column for each name, in order, on an axis that begins at 0.

    Args:
        counts: by the name below the column, such as `2026-11`; also those of 0, or a gap would be no gap.

    Raises:
        ValueError: there is none.
    """
    if not counts:
        raise ValueError("no counts: there is no column to draw")
    scales = NamedScale(list(counts), CHARACTERS), CountScale(0, max(counts.values()))
    return drawing_of(scales, list(counts.items()), _Columns())


class _Columns:
    """What leather asks of a shape: its own columns, each with its figure."""

    def validate_series(self, series: Any) -> None:
        """Any series will do: `bar_chart` makes it."""

    def to_svg(
        self, width: float, height: float, x: NamedScale, y: CountScale, series: Any, _palette: object
    ) -> Element:
        """The group of elements."""
        group = Element("g", {"class": "columns"})
        for datum in series.data():
            left, right = x.project_interval(datum.x, 0, width)
            middle, half = (left + right) / 2, min(right - left, _WIDEST) / 2
            top = y.project(datum.y, height, 0)
            place = {
                "x": f"{middle - half:g}",
                "y": f"{top:g}",
                "width": f"{2 * half:.1f}",
                "height": f"{height - top:.1f}",
            }
            column = SubElement(group, "rect", {**place, "fill": COLOUR})
            SubElement(column, "title").text = f"{datum.x} · {datum.y:,}"
        return group
