"""Detectors for characters and markup that do not belong in a text."""

from __future__ import annotations

import re
from html.entities import html5

from pipelines.damage.spans import HANZI, PUNCTUATION, Span, spans

# Half of a surrogate pair is not a character either: JSON can hold it, UTF-8 cannot.
_NO_CHARACTERS = "\ufffd\ud800-\udfff"
_FONTS = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_UNSEEN = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
ODD = f"{_NO_CHARACTERS}{_FONTS}{_CONTROLS}\r{_UNSEEN}"
"""Characters, for a character class: a text without them has none that the first four detectors report."""
_DAMAGED = re.compile(f"[{_NO_CHARACTERS}]")
_PRIVATE = re.compile(f"[{_FONTS}]")
_CONTROL = re.compile(rf"[{_CONTROLS}]|\r(?!\n)")
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
_JOINERS = "\u200c\u200d"
_WIDE = re.compile(f"[{HANZI}{PUNCTUATION}]")
_ENTITY = re.compile(r"&(?:#(?:\d{2,7}|[xX][0-9a-fA-F]{2,6});|([A-Za-z][A-Za-z0-9]{1,31});|nbsp)")
_QUOTED = re.compile('[“‘「『"]')
_TAG = re.compile(
    r"</?(?:p|br|div|span|font|strong|b|em|i|u|a|img|table|tbody|tr|td|th|ul|ol|li|h[1-6]|center|script|style|o:p)"
    r"(?=[\s/>])[^<>\n]*>|<!--",
    re.IGNORECASE,
)


def damaged(text: str) -> list[Span]:
    """U+FFFD, which replaces undecodable bytes, and lone surrogates."""
    return spans(_DAMAGED, text)


def private_use(text: str) -> list[Span]:
    """Characters of Unicode's private use areas, defined only by the page's font."""
    return spans(_PRIVATE, text)


def control(text: str) -> list[Span]:
    """C0 and C1 control characters but tab and line ends."""
    return spans(_CONTROL, text)


def invisible(text: str) -> list[Span]:
    """Zero-width, soft-hyphen and direction characters; joiners only next to Chinese, where they have no use."""
    return [span for span in spans(_INVISIBLE, text) if text[span[0]] not in _JOINERS or _is_in_chinese(text, span)]


def entities(text: str) -> list[Span]:
    """HTML entities that were not decoded (`&nbsp;`, `&#8220;`), unless the text quotes them."""
    if "&" not in text:
        return []
    entities = (found for found in _ENTITY.finditer(text) if found[1] is None or f"{found[1]};" in html5)
    return [found.span() for found in entities if not _is_quoted(text, found.start())]


def tags(text: str) -> list[Span]:
    """Tags of common elements, and comments, unless the text quotes them."""
    return [span for span in spans(_TAG, text) if not _is_quoted(text, span[0])] if "<" in text else []


def _is_quoted(text: str, place: int) -> bool:
    return bool(_QUOTED.match(text, place - 1)) if place else False


def _is_in_chinese(text: str, span: Span) -> bool:
    return bool(_WIDE.match(text, span[0] - 1) if span[0] else None) or bool(_WIDE.match(text, span[1]))
