"""A year at a glance: a cell for each day, the darker the more it has; a row for each month."""

from __future__ import annotations

from calendar import monthrange
from math import ceil
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from pipelines.window.charts.axis_scales import NamedScale
from pipelines.window.charts.drawing import CHARACTERS, COLOUR, drawing_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.window.charts.drawing import Drawing

LEVELS = 4
"""Shades of days that have something."""
_HEIGHT = 270
_DAYS = [f"{day:02}" for day in range(1, 32)]
_MONTHS = [f"{month:02}" for month in range(12, 0, -1)]
"""The axis counts from below."""


def day_calendar(year: int, counts: Mapping[str, int]) -> Drawing:
    """The days of a year, each in one of `LEVELS` shades.

    Args:
        year: which one.
        counts: by day (`2026-11-30`), above 0; days of other years are left out.
    """
    scales = NamedScale(_DAYS, CHARACTERS + 10), NamedScale(_MONTHS, 12 * CHARACTERS)
    found = {day: n for day, n in counts.items() if day.startswith(f"{year:04}-")}
    return drawing_of(scales, [(_DAYS[0], _MONTHS[0])], _Cells(year, found), _HEIGHT, has_grid=False)


def shades(counts: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """The shades that the counts of a year need, the lightest first: level, lowest and highest count."""
    most = max(counts.values(), default=0)
    bounds = [(level, most * (level - 1) // LEVELS + 1, most * level // LEVELS) for level in range(1, LEVELS + 1)]
    return [(level, low, high) for level, low, high in bounds if low <= high]


def _level(n: int, most: int) -> int:
    return ceil(n * LEVELS / most)


class _Cells:
    """What leather asks of a shape: all days of the year as cells, those of a count above 0 with their figure."""

    def __init__(self, year: int, counts: Mapping[str, int]) -> None:
        self._year, self._counts = year, counts

    def validate_series(self, series: Any) -> None:
        """The series only places the axes."""

    def to_svg(
        self, width: float, height: float, x: NamedScale, y: NamedScale, _series: Any, _palette: object
    ) -> Element:
        """The group of elements."""
        group = Element("g", {"class": "days"})
        levels = {n: SubElement(group, "g", _style(n)) for n in range(1, LEVELS + 1)}
        empty = SubElement(group, "path", {"class": "none", "fill": COLOUR, "fill-opacity": "0.1"})
        most, without = max(self._counts.values(), default=0), []
        for month in range(1, 13):
            bottom, top = y.project_interval(f"{month:02}", height, 0)
            for day in range(1, monthrange(self._year, month)[1] + 1):
                left, right = x.project_interval(f"{day:02}", 0, width)
                date = f"{self._year:04}-{month:02}-{day:02}"
                cell = f"M{left:g} {top:g}H{right:g}V{bottom:g}H{left:g}z"
                if n := self._counts.get(date, 0):
                    shown = SubElement(levels[_level(n, most)], "path", {"d": cell})
                    SubElement(shown, "title").text = f"{date} · {n:,}"
                else:
                    without.append(cell)
        empty.set("d", "".join(without))
        return group


def _style(level: int) -> dict[str, str]:
    return {"class": f"level-{level}", "fill": COLOUR, "fill-opacity": f"{level / LEVELS:g}"}
