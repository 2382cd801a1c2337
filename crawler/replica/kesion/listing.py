"""Dates, cut titles and pagers as KesionCMS prints them in lists."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

DATE_FORMS = {
    1: "{t:%Y-%m-%d}",
    2: "{t:%Y.%m.%d}",
    3: "{t:%Y/%m/%d}",
    4: "{t:%m/%d/%Y}",
    5: "{t:%Y}年{t:%m}月",
    6: "{t:%Y}年{t:%m}月{t:%d}日",
    7: "{t:%m.%d.%Y}",
    8: "{t:%m-%d-%Y}",
    9: "{t:%m/%d}",
    10: "{t:%m.%d}",
    11: "{t:%m}月{t:%d}日",
    12: "{t:%d}日{t:%H}时",
    13: "{t:%d}日{t:%H}点",
    14: "{t:%H}时{t.minute}分",
    15: "{t:%H:%M}",
    16: "{t:%m-%d}",
    17: "{t:%m/%d %H:%M}",
}


def list_date(moment: datetime, form: int, raw: str) -> str:
    """Form 1 to 17, +20 in round brackets, +40 in square ones; any other number is the raw stamp."""
    pattern = DATE_FORMS.get(form % 20)
    if pattern is None or form > 57:
        return raw
    text = pattern.format(t=moment)
    return {0: text, 1: f"({text})", 2: f"[{text}]"}[form // 20]


def cut_title(title: str, width: int) -> str:
    """The first `width` columns, without an ellipsis, blanks made unbreakable."""
    kept, used = "", 0
    for char in title:
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > width:
            break
        kept += char
    return html.escape(kept).replace(" ", "&nbsp;")


@dataclass(frozen=True)
class Place:
    """Which page of which list; `address` is how the pager writes the address of a page."""

    current: int
    total: int
    rows: int
    per_page: int
    address: Callable[[int], str]

    def link(self, page: int, text: str, enabled: bool = True) -> str:
        return f'<a href="{self.address(page)}">{text}</a>' if enabled else text


def pager(style: int, place: Place) -> str:
    if style == 1:
        inside = _words(place) + _select(place)
    elif style == 2:
        inside = _arrows_and_numbers(place) + _select(place)
    else:
        inside = _numbers_with_the_zero(place)
    return f'<div align="right" height="25" class="fenye" id="fenye">{inside}</div>'


def _words(place: Place) -> str:
    current, total = place.current, place.total
    steps = (
        place.link(1, "首页", current > 1),
        place.link(current - 1, "上一页", current > 1),
        place.link(current + 1, "下一页", current < total),
        place.link(total, "尾页", current < total),
    )
    counts = f"共 {place.rows} 篇  页次:<font color=red> {current}</font>/{total}页  {place.per_page} 篇/页 "
    return counts + " ".join(steps)


def _arrows_and_numbers(place: Place) -> str:
    current, total = place.current, place.total

    def arrow(sign: str, page: int, enabled: bool) -> str:
        return place.link(page, f"<font face=webdings>{sign}</font>", enabled)

    start = max(1, min(current - 5, total - 9))
    numbers = [
        f'<font color="red">{page}</font>' if page == current else place.link(page, str(page))
        for page in range(start, min(start + 10, total + 1))
    ]
    before = arrow("9", 1, current > 1) + " " + arrow("7", current - 1, current > 1)
    after = arrow("8", current + 1, current < total) + " " + arrow(":", total, current < total)
    return f"第<font color=red>{current}</font>页 共{total}页 {before} {' '.join(numbers)} {after}"


def _numbers_with_the_zero(place: Place) -> str:
    """Style 4. Near the end of exactly ten pages its window starts at 0: the CMS's own slip."""
    current, total = place.current, place.total

    start = 1 if current < 7 else current - 5
    if total - current < 5:
        start = total - 10
    start = 1 if start < 0 else start
    numbers = [
        f'<a href="#" class="curr">{page}</a>' if page == current else place.link(page, str(page))
        for page in range(start, min(start + 10, total + 1))
    ]
    previous = place.link(current - 1, "上一页") if current > 1 else '<a href="#">上一页</a>'
    following = place.link(current + 1, "下一页") if current < total else '<a href="#">下一页</a>'
    ends = f"{place.link(1, '首 页')} {' '.join(numbers)} {place.link(total, '末页')}"
    return f"{previous} {following} {ends} <span>总共{total}页</span>"


def _select(place: Place) -> str:
    options = "".join(
        f'<option value="{place.address(page)}"{" selected" if page == place.current else ""}>第{page}页</option>'
        for page in range(1, place.total + 1)
    )
    jump = "javascript:window.location=this.options[this.selectedIndex].value;"
    return f' 转到：<select name="page" size="1" onchange="{jump}">{options}</select>'


def part_pager(address: Callable[[int], str], current: int, total: int) -> str:
    """The pager of a long article; it offers a next page whenever `current` is not the last, also beyond the end."""

    start = max(1, current - 9) if current >= 10 else 1
    numbers = [
        f'<a class="curr" href="#"><span style="color:red">{page}</span></a>'
        if page == current
        else f'<a class="num" href="{address(page)}">{page}</a>'
        for page in range(start, min(start + 9, total) + 1)
    ]
    previous = f'<a class="prev" href="{address(current - 1)}">上一页</a> ' if current > 1 else ""
    following = f' <a class="next" href="{address(current + 1)}">下一页</a>' if current != total else ""
    return (
        '<div id="pageNext" style="text-align:center"><table align="center"><tr><td>'
        f"{previous}{' '.join(numbers)}{following}</td></tr></table></div>"
    )
