"""Detectors for paragraphs that are boilerplate, cut off, or repeated.

Each takes a text and the places of its paragraphs, which all of them share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from pipelines.damage.spans import HANZI, Span

_HINTS = ("ICP", "公网安备", "opyright", "©")
_NUMBERED = re.compile(r"ICP[备证]?(?:字第)?\d{6,}号?|公网安备\s*\d{8,}|Copyright\s*(?:©|\([cC]\)|&copy;)|©\s*\d{4}")
_NAVIGATION = re.compile(
    "|".join(
        (
            r"[\[【（(]?[上下]一[篇条](?:[\]】）)]|\s*[:：]|$)|上一页.{0,40}下一页",
            r"[\[【（(]?(?:打印本[页文稿]|关闭(?:本页|窗口|本窗口)|返回(?:顶部|首页|上一页)|加入收藏|设为首页)",
            r"[\[【](?:打印|关闭|收藏|字号|返回)",
            r"(?=[您你现当目所])[您你]?(?:现在|当前|目前)?的?(?:所在)?的?位置\s*[:：]",
            r"分享到(?:\s*[:：]|微信|朋友圈|$)|扫一扫(?:在手机|分享|关注|打开)",
            r"字[体号]\s*[:：]?\s*[\[【]?\s*[大小]|相关(?:新闻|文章)\s*[:：]?$",
            r"技术支持\s*[:：]|主办(?:单位)?\s*[:：].*(?:邮编|电话|承办|备案)|[^。]{0,30}版权所有[^。]*$",
        )
    )
)
_COUNTER = re.compile(
    r"(?:浏览|点击|阅读)(?:(?:次数|数|量|率)\s*+[:：]|\s*+[:：]\s*+(?:\d|$)|\s*+(?:[:：]\s*+)?\d+\s*次)",
)
_COUNTED = ("浏览", "点击", "阅读")
_EDITOR = re.compile(r"[\[【（(]?(?:责任编辑|责编)\s*[:：]")
_LONGEST_LINE = 80
_CREDITS = 3

_ENDS_SENTENCE = re.compile(r"[。！？…]")
_CANNOT_BEGIN = re.compile(rf"[，。、；：？！）》】」』](?=[{HANZI}])")
_OPEN_ENDS = "，、"
_SHORTEST_RUNNING = 40
_SHORTEST_REPEATED = 40
_FEWEST_CHARACTERS = 20
_SHORTEST_TITLE = 5
_TITLE_LINES = 3
_BLANKS = re.compile(r"\s+")


def page_furniture(text: str, lines: Sequence[Span]) -> list[Span]:
    """Short boilerplate lines; the editor's line may close a text."""
    counts = any(word in text for word in _COUNTED)
    short = [
        (start, end)
        for number, (start, end) in enumerate(lines)
        if end - start <= _LONGEST_LINE and _is_furniture(text[start:end], len(lines) - number, counts=counts)
    ]
    if not any(hint in text for hint in _HINTS):
        return short
    return sorted({*short, *(span for span in lines if _NUMBERED.search(text, *span))})


def half_paragraphs(text: str, lines: Sequence[Span]) -> list[Span]:
    """Last characters of lines that cut a sentence off.

    Either the next line begins with a character that cannot begin one, or a line of running text stops at a comma.
    """
    found = []
    for (start, end), (following, _) in zip_longest(lines, lines[1:], fillvalue=(len(text), len(text))):
        stops_at_comma = text[end - 1] in _OPEN_ENDS and _is_running(text[start:end])
        if stops_at_comma or _CANNOT_BEGIN.match(text, following):
            found.append((end - 1, end))
    return found


def repeated_paragraphs(text: str, lines: Iterable[Span]) -> list[Span]:
    """Long paragraphs repeated word for word."""
    met: set[str] = set()
    found = []
    for start, end in lines:
        if end - start < _SHORTEST_REPEATED:
            continue
        paragraph = text[start:end]
        if paragraph in met and len(set(paragraph)) >= _FEWEST_CHARACTERS:
            found.append((start, end))
        met.add(paragraph)
    return found


def title_repeated(text: str, lines: Sequence[Span], title: str) -> Span | None:
    """The title as the first line or lines of the text."""
    wanted = _BLANKS.sub("", title)
    if len(wanted) < _SHORTEST_TITLE:
        return None
    first = None
    said = ""
    for start, end in lines[:_TITLE_LINES]:
        first = start if first is None else first
        said += _BLANKS.sub("", text[start:end])
        if said == wanted:
            return first, end
    return None


def _is_furniture(line: str, lines_left: int, *, counts: bool) -> bool:
    """`counts`: the text has a word of a counter."""
    if _NAVIGATION.match(line) or (counts and _COUNTER.search(line)):
        return True
    return lines_left > _CREDITS and bool(_EDITOR.match(line))


def _is_running(paragraph: str) -> bool:
    return len(paragraph) >= _SHORTEST_RUNNING and bool(_ENDS_SENTENCE.search(paragraph))
