"""Counts that a pager prints: how many pages, how many rows. Pieces of text stand apart by spaces."""

from __future__ import annotations

import re

_UNIT = r"(?:条|篇|则|个|项|笔)"
_THING = r"(?:记录|信息|文章|数据|内容|新闻|结果|资讯|稿件)"
_PAGES = (
    re.compile(r"(?:共|总计|合计)\s*+(?:(?:计|有)\s*+)?(?:[:：]\s*+)?(\d{1,6})\s*+[页頁]"),
    re.compile(r"(?:总页数|总页码|页数|页码总数)\s*+(?:[:：]\s*+)?(\d{1,6})(?!\s*/)"),
    re.compile(r"(?:页次|页码|当前页?|第)\s*+(?:[:：]\s*+)?\d{1,6}\s*+(?:页\s*+)?/\s*+(?:共\s*+)?(\d{1,6})"),
    re.compile(r"(?<![\d/.-])\d{1,6}\s*/\s*(\d{1,6})(?!\s*[/.-]?\d)"),
    re.compile(r"\bpage\s+\d{1,6}\s+of\s+(\d{1,6})", re.IGNORECASE),
)
_ROWS = (
    re.compile(rf"共\s*+(?:(?:计|有|找到)\s*+)?(?:[:：]\s*+)?(\d{{1,9}})\s*+(?:{_UNIT}(?!\s*/)|{_THING})"),
    re.compile(
        rf"(?:总{_THING}数|{_THING}总数|总条数|总记录|总数|{_THING}数|总共|合计)\s*+(?:[:：为]\s*+)?(\d{{1,9}})(?!\s*[页\d])"
    ),
    re.compile(rf"(?<![\d每页])(\d{{1,9}})\s*{_UNIT}\s*{_THING}(?!\s*/)"),
    re.compile(r"\b(?:of|total)\s*+(?::\s*+)?(\d{1,9})\s*(?:items|records|results|entries)", re.IGNORECASE),
)


def printed_pages(text: str) -> int | None:
    """How many pages a pager says there are; None when it does not."""
    return _first(_PAGES, text)


def printed_rows(text: str) -> int | None:
    """How many rows a pager says there are; None when it does not. `每页20条` is no such count."""
    return _first(_ROWS, re.sub(r"每\s*+页\s*+(?:显示\s*+)?\d+\s*(?:条|篇|个)?(?:记录)?", " ", text))


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> int | None:
    found = (match for pattern in patterns if (match := pattern.search(text)))
    first = next(found, None)
    return int(first[1]) or None if first else None
