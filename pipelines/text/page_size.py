"""Whether a page is small enough to be parsed: more than any real page has takes parser and reader too long."""

from __future__ import annotations

import re

_TAG = re.compile(r"<[a-zA-Z/!][^<>]*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_SEPARATORS = re.compile(r"[\s/]+")
_LONG_TAG = 10_000  # characters: no shorter tag has too many attributes
_MAYBE_LONG = re.compile(rf"<[a-zA-Z/!][^<>]{{{_LONG_TAG - 1}}}")
MOST_TAGS, MOST_TEXT, MOST_ATTRIBUTES = 60_000, 2_000_000, 1_000
"""Tags, characters outside them, and attributes of one tag that a page may have: well above the largest real pages
seen (5,916 tags, 442,715 characters). Attributes take the parser quadratic time; the rest takes readers memory.
"""


def excess_of(text: str) -> str | None:
    """What a page has too much of; None for every real one. Linear in the text."""
    is_long = _has_long_stretch(text) and _MAYBE_LONG.search(text) is not None
    if text.count("<") <= MOST_TAGS and len(text) <= MOST_TEXT and not is_long:
        return None
    tags, inside = 0, 0
    for tag in _TAG.finditer(text):
        size = tag.end() - tag.start()
        tags, inside = tags + 1, inside + size
        if tags > MOST_TAGS:
            return f"more than {MOST_TAGS} tags"
        if size > _LONG_TAG and len(_SEPARATORS.findall(_QUOTED.sub("", tag[0]))) > MOST_ATTRIBUTES:
            return f"a tag with more than {MOST_ATTRIBUTES} attributes"
    return f"more than {MOST_TEXT} characters" if len(text) - inside > MOST_TEXT else None


def _has_long_stretch(text: str) -> bool:
    """Whether so many characters stand between two tags: seen in a hundredth of the time that the pattern takes."""
    at = 0
    while len(text) - at >= _LONG_TAG:
        last = text.rfind("<", at, at + _LONG_TAG)
        if last < 0:
            return True
        at = last + 1
    return False
