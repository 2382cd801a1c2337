"""Places in a text, and its paragraphs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

Span = tuple[int, int]
"""Start and end of a place, in characters from 0."""

Detector = Callable[[str], Iterable[Span]]

_PARAGRAPH = re.compile(r"\S(?:[^\r\n]*\S)?")

HANZI = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, for a character class."""

PUNCTUATION = "\u3001-\u3003\u3008-\u3011\u3014-\u301b\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3d\uff5b-\uff5d“”‘’—…·"
"""Chinese punctuation, for a character class."""


def spans(pattern: re.Pattern[str], text: str) -> list[Span]:
    """Every match of a pattern."""
    return [found.span() for found in pattern.finditer(text)]


def paragraphs(text: str) -> Iterator[Span]:
    """Paragraphs that are not empty, without whitespace at their edges."""
    return (found.span() for found in _PARAGRAPH.finditer(text))
