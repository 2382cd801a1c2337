"""A chart as a drawing: the inside of an SVG element, without words of a language, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, tostring

import leather  # type: ignore[import-untyped]
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 520, 230
"""So narrow that the labels can still be read where a phone shrinks the drawing to its width."""
_MARGIN = 26
"""What leather leaves free on each side: a twentieth of the width."""
_AT_THE_LEFT = 18
"""So much of it is left out, since the labels of the axis stand beside it already."""
_HALF_A_DATE = 12
"""What the label of a tick at the right end needs beyond the margin."""
CHARACTERS = 58
"""So many characters fit below an axis."""
COLOUR = "currentColor"
"""That of the text around the drawing, until a style sheet gives another."""
_NUMBERS = frozenset({"x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy"})


@dataclass(frozen=True, slots=True)
class Drawing:
    """The inside of an `<svg>` element with this `viewBox`; a template gives it title, description and axis names."""

    view_box: str
    body: Markup


def drawing_of(
    scales: tuple[Any, Any],
    series: Sequence[tuple[Any, Any]],
    shape: Any,
    height: int = HEIGHT,
    *,
    has_grid: bool = True,
) -> Drawing:
    """The chart that `shape` makes of a series on the scales of x and y; `has_grid`: with a line at each tick."""
    chart = leather.Chart()
    chart.set_x_scale(scales[0])
    chart.set_y_scale(scales[1])
    chart.add_series(leather.Series(series), shape)
    group: Element = chart.to_svg_group(WIDTH, height)
    group.remove(group[0])  # its ground is that of the page
    for element in group.iter():
        if not has_grid and element.get("class") == "tick":
            element.remove(element[0])
        _leave_style_to_the_sheet(element)
    view_box = f"{_AT_THE_LEFT} 0 {WIDTH - _AT_THE_LEFT + _HALF_A_DATE} {height - _MARGIN + 6}"
    return Drawing(view_box, Markup(tostring(group, encoding="unicode")))  # noqa: S704 - an element tree escapes its text


def _leave_style_to_the_sheet(element: Element) -> None:
    for name in ("font-family", "font-size", "stroke-width"):
        element.attrib.pop(name, None)
    for name in ("fill", "stroke"):
        if element.get(name, "none") != "none":
            element.set(name, COLOUR)
    for name in _NUMBERS & element.attrib.keys():
        element.set(name, f"{round(float(element.attrib[name]), 1):g}")
