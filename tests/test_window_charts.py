"""Charts of the window: every figure at its place, ticks at round values, bytes that a strict page may hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipelines.window.charts.axis_scales import CountScale, NamedScale, TimeScale
from pipelines.window.charts.bar_chart import bar_chart
from pipelines.window.charts.day_calendar import LEVELS, day_calendar, shades
from pipelines.window.charts.line_chart import Mark, line_chart

if TYPE_CHECKING:
    from pipelines.window.charts.drawing import Drawing

START = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
MOMENTS = st.datetimes(
    START.replace(year=1970, tzinfo=None),
    START.replace(year=9000, tzinfo=None),
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Shanghai")]),
)
COUNTS = st.integers(0, 10**12)


def drawn(drawing: Drawing) -> etree._Element:
    return etree.fromstring(f"<svg>{drawing.body}</svg>")


def texts(drawing: Drawing, path: str) -> list[str]:
    return [element.text or "" for element in drawn(drawing).iterfind(path)]


@given(MOMENTS, MOMENTS)
def test_moments_have_two_to_five_round_ticks_within_the_axis(one: datetime, other: datetime) -> None:
    first, last = sorted([one, other])
    scale = TimeScale(first, last)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 5
    assert list(ticks) == sorted(set(ticks))
    assert all(scale.low <= tick <= scale.high for tick in ticks)
    written = [scale.format_tick(tick, 0, 0) for tick in ticks]
    assert len(set(written)) == len(written)
    if last - first > timedelta(days=100):
        # Written as a month or year, a tick must stand at its beginning.
        assert {(tick.day, tick.hour, tick.minute) for tick in ticks} == {(1, 0, 0)}


@given(COUNTS, COUNTS)
def test_counts_have_whole_ticks_around_all_values(one: int, other: int) -> None:
    low, high = sorted([one, other])
    scale = CountScale(low, high)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 6
    assert all(isinstance(tick, int) and tick >= 0 for tick in ticks)
    assert ticks[0] <= low <= high <= ticks[-1]
    assert len({after - before for before, after in pairwise(ticks)}) == 1
    assert (scale.project(ticks[0], 100, 0), scale.project(ticks[-1], 100, 0)) == (100, 0)


def test_a_line_leads_through_every_value_and_breaks_where_none_was_found() -> None:
    points = [(START + timedelta(days=day), value) for day, value in enumerate([10, 20, None, 30, 10])]
    marks = [Mark(START + timedelta(days=2), "v2"), Mark(START + timedelta(days=2, minutes=1), "v3")]
    chart = line_chart(points[::-1], marks)
    (curve,) = drawn(chart).iterfind(".//path[@class='curve']")
    strokes = re.findall(r"([ML])([\d.]+) ([\d.]+)", curve.get("d", ""))
    assert [pen for pen, _, _ in strokes] == ["M", "L", "M", "L"]
    across = [float(left) for _, left, _ in strokes]
    heights = [float(top) for _, _, top in strokes]
    assert across == pytest.approx([part * across[-1] for part in (0, 0.25, 0.75, 1)], abs=0.1)
    assert heights == pytest.approx([part * heights[0] for part in (1, 0.5, 0, 1)], abs=0.1)
    (looks,) = drawn(chart).iterfind(".//path[@class='looks']")
    assert looks.get("d", "").count("M") == len(points)
    assert texts(chart, ".//circle/title")[1] == "2026-02-01 23:30:00 · 20"
    assert texts(chart, ".//text[@class='mark-label']") == ["v2"]  # no room for the next one, but its stroke is there
    assert texts(chart, ".//path[@class='mark']/title") == ["2026-02-02 23:30:00 · v2", "2026-02-02 23:31:00 · v3"]
    with pytest.raises(ValueError, match="no point has a value"):
        line_chart([(START, None)])


def test_ten_years_of_looks_stay_small_and_keep_every_extreme() -> None:
    points = [
        (START + timedelta(days=day), 1000 + day + 5000 * (day == 2_501) - 900 * (day == 33)) for day in range(3_650)
    ]
    chart = line_chart(points)
    assert len(chart.body) < 12_000
    (curve,) = drawn(chart).iterfind(".//path[@class='curve']")
    heights = [float(top) for top in re.findall(r" ([\d.]+)", curve.get("d", ""))]
    scale = CountScale(133, 8_501)
    bottom = max(float(line.get("y1", "")) for line in drawn(chart).iterfind(".//g[@class='axis left']//line"))
    assert [min(heights), max(heights)] == [scale.project(8_501, bottom, 0), scale.project(133, bottom, 0)]


def test_columns_stand_on_zero_and_only_some_names_have_room() -> None:
    counts = {f"{year}-{month:02}": month % 3 * 5 for year in range(2016, 2027) for month in range(1, 13)}
    chart = bar_chart(counts)
    columns = drawn(chart).findall(".//g[@class='columns']/rect")
    assert [float(column.get("height", "")) > 0 for column in columns] == [count > 0 for count in counts.values()]
    assert {float(c.get("y", "")) + float(c.get("height", "")) for c in columns} == {float(columns[2].get("y", ""))}
    assert texts(chart, ".//rect/title")[:2] == ["2016-01 · 5", "2016-02 · 10"]
    names = texts(chart, ".//g[@class='axis bottom']/g/text")
    assert names[0] == "2016-01"
    assert 3 <= len(names) <= 8
    halves = [float(c.get("height", "")) for c in drawn(bar_chart({"a": 5, "b": 10})).iterfind(".//rect")]
    assert halves[1] == 2 * halves[0]
    assert NamedScale(["a", "b"], 58).ticks() == ["a", "b"]


def test_a_calendar_has_a_cell_for_each_day_of_its_year() -> None:
    counts = {"2024-02-29": 8, "2024-12-31": 1, "2023-02-28": 99}
    chart = day_calendar(2024, counts)
    cells = re.findall(r"M[\d.]+ [\d.]+H", str(chart.body))
    assert len(cells) == 366
    assert texts(chart, f".//g[@class='level-{LEVELS}']/path/title") == ["2024-02-29 · 8"]
    assert texts(chart, ".//g[@class='level-1']/path/title") == ["2024-12-31 · 1"]
    assert shades({"a": 8, "b": 1}) == [(1, 1, 2), (2, 3, 4), (3, 5, 6), (4, 7, 8)]
    assert shades({"a": 1}) == [(4, 1, 1)]
    assert shades({}) == []
    (leap,) = drawn(chart).iterfind(f".//g[@class='level-{LEVELS}']/path")
    left, top = map(float, re.findall(r"[\d.]+", leap.get("d", ""))[:2])
    places = {
        name.text: float(name.get("x", "")) for name in drawn(chart).iterfind(".//g[@class='axis bottom']/g/text")
    }
    rows = {name.text: float(name.get("y", "")) for name in drawn(chart).iterfind(".//g[@class='axis left']/g/text")}
    assert 0 < places["29"] - left < 10
    assert 0 < rows["02"] - top < 10
    assert rows["01"] < rows["12"]


@pytest.mark.parametrize(
    "chart",
    [
        line_chart([(START, 5)], [Mark(START, "<b>&")]),
        bar_chart({"<script>": 1}),
        day_calendar(2026, {"2026-01-01": 1}),
    ],
)
def test_a_strict_page_may_hold_a_chart(chart: Drawing) -> None:
    body = str(chart.body)
    assert not re.search(r"style|script>|font|#|href|<b>", body.replace("&lt;script&gt;", ""))
    assert {name for element in drawn(chart).iter() for name in (element.get("fill"), element.get("stroke"))} <= {
        "currentColor",
        "none",
        None,
    }
