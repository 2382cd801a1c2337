"""Detects unpaired quotes and brackets.

A pair may span paragraphs; ASCII and full-width brackets pair with each other.
A quotation of several paragraphs opens each of them and closes once, at the end of the last.
"""

from __future__ import annotations

import re

from pipelines.damage.spans import Span

_PAIRS = ("“”", "‘’", "《》", "〈〉", "（）", "()", "【】", "「」", "『』", "〔〕", "〖〗", "［］", "[]")
_SAME = {"(": "（", "[": "［"}
_OPENS = {pair[0]: _SAME.get(pair[0], pair[0]) for pair in _PAIRS}
_CLOSES = {pair[1]: _SAME.get(pair[0], pair[0]) for pair in _PAIRS}
_SIGN = re.compile("[" + re.escape("".join(_PAIRS)) + "]")
_QUOTES = frozenset("“‘「『")
# 1) 二） a) at the beginning of a line, after punctuation or whitespace.
_ENUMERATOR = re.compile(r"(?:^|[\s。；;，,：:、（(])(?:\d{1,3}|[A-Za-z]|[一二三四五六七八九十]{1,3}|[①-⑳])$")
_APOSTROPHE = re.compile("[A-Za-z0-9]")
_SMILEY = re.compile("[:;=][-^]?$")
_LOOK_BACK = 6
_CLOSING_WORDS = 3


def unpaired(text: str) -> list[Span]:
    """Every unpaired quote or bracket."""
    waiting: dict[str, list[int]] = {kind: [] for kind in _OPENS.values()}
    alone: list[int] = []
    for found in _SIGN.finditer(text):
        character, place = found[0], found.start()
        if kind := _OPENS.get(character):
            if not (waiting[kind] and _continues(text, place)):
                waiting[kind].append(place)
        elif waiting[_CLOSES[character]]:
            waiting[_CLOSES[character]].pop()
        elif not _stands_alone(text, character, place):
            alone.append(place)
    alone += [place for places in waiting.values() for place in places]
    return [(place, place + 1) for place in sorted(alone)]


def _continues(text: str, place: int) -> bool:
    """Whether a quotation continues here: the quote begins its paragraph, which closes it at its end or never."""
    opening = text[place]
    if opening not in _QUOTES or text[text.rfind("\n", 0, place) + 1 : place].strip():
        return False
    end = text.find("\n", place)
    paragraph = text[place + 1 : end if end >= 0 else None].rstrip()
    depth = 0
    for found in _SIGN.finditer(paragraph):
        depth += (found[0] == opening) - (_CLOSES.get(found[0]) == opening)
        if depth < 0:
            return len(paragraph) - found.end() <= _CLOSING_WORDS
    return True


def _stands_alone(text: str, character: str, place: int) -> bool:
    """A closing character that needs no opening one: in an enumerator, an apostrophe or a smiley."""
    if character == "’":
        beside = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        return bool(_APOSTROPHE.search(beside))
    before = text[max(0, place - _LOOK_BACK) : place]
    return character in ")）" and bool(_ENUMERATOR.search(before) or _SMILEY.search(before))
