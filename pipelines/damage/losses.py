"""Detectors for silent losses of extractors: 年 and 月, quotes, the width of punctuation.

Extractors that drop text nodes of one character turn 2023年12月27日 into 20231227日 and “放管服” into 放管服; others
fold ，：； into ASCII (Unicode NFKC).
"""

from __future__ import annotations

import re

from pipelines.damage.pairs import unpaired
from pipelines.damage.spans import HANZI, PUNCTUATION, Span, spans

# Digits first, what may not stand before them behind: a search that begins with literals is ten times as fast.
_YEAR = r"(?:19[4-9]\d|20[0-4]\d)(?<![\d.]\d{4})"
_MONTH = r"(?:1[0-2]|0?[1-9])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_AFTER_YEAR = (
    rf" ?{_MONTH} ?{_DAY}日",  # 年 and 月 lost
    rf"年 ?{_MONTH} ?(?:3[01]|[12]\d|0?[1-9])日(?<!年\d日)(?<!年\d\d日)",  # 月 lost
    rf" ?{_MONTH}月(?![刊会])",  # 年 lost
    rf"年{_MONTH}月{_DAY}(?=[在于，。；）)]|$)",  # 日 lost
    rf"(?<=—.{{4}}) ?{_MONTH} ?{_DAY}(?=$|[在于）)])",  # all lost, behind the dash before a speech's day
    rf"(?<![\d.] .{{4}}) {_MONTH} {_DAY}(?! ?[\d.:%])(?=[{HANZI}{PUNCTUATION}]| ?$)",
    r"(?<!0)来(?=[，,的])|以来",
)
_LOST_DATE = re.compile(f"{_YEAR}(?:{'|'.join(_AFTER_YEAR)})", re.MULTILINE)

_SET_PHRASES = re.compile(
    "两个(?:确立|维护|结合|一百年)|三严三实|四个(?:意识|自信|全面|服务)|五位一体|八个明确|十个明确|十四个坚持|六个必须坚持"
    "|国之大者|放管服|两学一做|三重一大|双随机|一带一路"
)
_QUOTE = re.compile('[“”‘’「」『』《》"]')
_FEWEST_PHRASES = 2

_WIDE = f"{HANZI}{PUNCTUATION}"
_COMMA = re.compile(rf",(?:(?<=[{_WIDE}\d%],)(?=[{_WIDE}])|(?<=[{HANZI}],)(?=[{_WIDE}\dA-Za-z\n]))")
_OTHER = re.compile(rf"[;:!?.](?<=[{_WIDE}\d%][;:!?.])(?=[{_WIDE}\n]|$)|[()](?:(?<=[{_WIDE}].)|(?=[{_WIDE}]))")
_FEWEST_COMMAS = 2


def lost_date_characters(text: str) -> list[Span]:
    """Dates that lost 年, 月 or 日."""
    return spans(_LOST_DATE, text)


def lost_quotes(text: str) -> list[Span]:
    """Set phrases without their quotes, and quotes left over.

    Two different phrases must be bare, and more of them bare than quoted: one may be the author's own way.
    """
    pairs = unpaired(text) if "”“" in text else []
    left_over = [(start, end + 1) for start, end in pairs if text[start : end + 1] == "”“"]
    phrases = list(_SET_PHRASES.finditer(text))
    bare = [found for found in phrases if not _is_quoted(text, found.start())]
    if len({found[0] for found in bare}) < _FEWEST_PHRASES or 2 * len(bare) <= len(phrases):
        return left_over
    return sorted([*left_over, *(found.span() for found in bare)])


def folded_punctuation(text: str) -> list[Span]:
    """ASCII punctuation between Chinese characters, where ASCII commas outnumber the Chinese ones.

    ASCII brackets, colons, semicolons and full stops alone are the style of many sites; commas are not.
    """
    commas = spans(_COMMA, text) if "," in text else []
    if len(commas) < _FEWEST_COMMAS or len(commas) <= text.count("，"):
        return []
    return sorted([*commas, *spans(_OTHER, text)])


def _is_quoted(text: str, place: int) -> bool:
    """Whether a quote or a title mark is open there, in the paragraph."""
    before = _QUOTE.findall(text, text.rfind("\n", 0, place) + 1, place)
    if not before:
        return False
    return before[-1] in "“‘「『《" or before.count('"') % 2 == 1
