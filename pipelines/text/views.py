"""Reads view counts of pages and counters: one string → the count, or why there is none.

The answers are those of the counters of KesionCMS, DedeCMS, EmpireCMS (`document.write('124');`), PHPCMS
(`$('#hits').html('12');`) and 博达 (a plain number). Unknown is never 0.
"""

from __future__ import annotations

import re

from pipelines.text.dates import Unread

_FOLD = str.maketrans("０１２３４５６７８９，．：（）－−＋　\xa0\ufeff\u200b", "0123456789,.:()--+    ")
_WRITE = r"document\s*\.\s*write(?:ln)?\s*\(\s*(?P<q1>['\"])(?P<written>[^'\"]*)(?P=q1)\s*\)"
_FILL = (
    r"(?:\$|jQuery)\s*\(\s*(?P<q2>['\"])(?P<target>[^'\"]*)(?P=q2)\s*\)\s*\.\s*(?:html|text)\s*"
    r"\(\s*(?P<q3>['\"]?)(?P<filled>[^'\"()]*)(?P=q3)\s*\)"
)
_STATEMENT = re.compile(rf"\s*(?:{_WRITE}|{_FILL})\s*;?\s*")
_WORD = r"(?:浏览|点击|阅读|访问|查看|点阅|人气)(?:次数|人数|总数|数量|量|数|率)?"
_COUNT = re.compile(
    rf"(?:(?:本文|文章|本页|已有|已被|已|共|总|累计|被)*+(?:{_WORD})?(?:了|为)?)\s*[:(\[]?\s*"
    r"(?P<sign>[-+])?(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.(?P<fraction>[0-9]+))?\s*(?P<unit>[万萬wW亿億])?\s*"
    rf"(?:人次|次|人)?\s*(?:{_WORD})?\s*[)\]]?"
)
_UNITS = {"": 1, "万": 10**4, "萬": 10**4, "w": 10**4, "W": 10**4, "亿": 10**8, "億": 10**8}
_LARGEST = 2**53 - 1  # what every reader of JSON holds exactly


def view_count(raw: str | None, *, source: str | None) -> int | Unread:
    """The view count of a speech; `source` is "counter" (a counter's answer) or "page" (printed in the page).

    Codes: missing (empty, or a counter that wrote ''), placeholder (a 0 that no counter vouches for: pages print it
    before a script fills it in), impossible (negative, or above 2^53 - 1), unreadable (all else, as an error page, a
    count that is no whole number, or `10万+`). `1.2万` is 12000, exactly. Never raises for any text.
    """
    text = (raw or "").translate(_FOLD).strip()
    value = _written(text)
    if value is None:
        return Unread("unreadable", _quote(text))
    value = value.strip()
    match = _COUNT.fullmatch(value)
    if not match:
        return Unread("unreadable" if value else "missing", _quote(text))
    count = _whole(match)
    if isinstance(count, Unread):
        return Unread(count.code, _quote(text))
    if count == 0 and source != "counter":
        return Unread("placeholder", _quote(text))
    return count


def _written(text: str) -> str | None:
    """The text that a counter's script writes; the text itself if it is not a script; None for several texts."""
    statements, end = [], 0
    while match := _STATEMENT.match(text, end):
        statements.append(match)
        end = match.end()
    if not statements:
        return text
    if end < len(text):
        return None
    if len(statements) > 1:
        # PHPCMS fills the counts of the day, week and month next to the total.
        statements = [m for m in statements if (m["target"] or "") in {"#hits", "#views"}]
    values = [m["written"] if m["written"] is not None else m["filled"] for m in statements]
    return str(values[0]) if len(values) == 1 else None


def _whole(match: re.Match[str]) -> int | Unread:
    if match["whole"] is None:
        # A label, a sign or a unit without a number: only the label alone says "no value".
        empty = not (match["sign"] or match["fraction"] or match["unit"])
        return Unread("missing" if empty else "unreadable", "")
    digits, fraction = match["whole"].replace(",", ""), (match["fraction"] or "").rstrip("0")
    if len(digits.lstrip("0")) > 16:
        return Unread("impossible", "")
    unit = _UNITS[match["unit"] or ""]
    if len(fraction) > 8:  # finer than 亿 can make whole
        return Unread("unreadable", "")
    count, rest = divmod(int(digits.lstrip("0") + fraction or "0") * unit, 10 ** len(fraction))
    if rest:
        return Unread("unreadable", "")
    return count if count <= _LARGEST and not (match["sign"] == "-" and count) else Unread("impossible", "")


def _quote(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
