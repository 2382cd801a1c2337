"""Detects patterns that take more than linear time, by trying them on inputs that make patterns slow.

These inputs are a beginning of a match, then a repeated part, many times, then a character that does not match; and
many beginnings in a row. A search that fails on them tries again at every position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from crawler.crawl.reading_time import reading_time
from crawler.pages.page import PageTimeError

# The only parser of Python's pattern syntax; its names have been the same since Python 2.
_PARSER: Any = import_module("re._parser")
_MANY = 16
_SAMPLES = "a1 中/-_.<=\"'(;!\n\t\u3000"
_END = "\x00"
"""Characters that hardly any pattern continues with."""
_MOST_WITNESSES = 100

Items = list[tuple[Any, Any]]


def witnesses(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Pairs of a beginning and the part to repeat after it, one attempt each."""
    found = {*_repeated(list(_PARSER.parse(pattern.pattern, pattern.flags)), "")}
    return sorted((begin, pump) for begin, pump in found if pump)[:_MOST_WITNESSES]


def _repeated(items: Items, begin: str) -> Iterator[tuple[str, str]]:
    whole = ""
    for item in items:
        for kind, inner in _inner(item):
            for word in _words(inner) if kind == "repeat" else ():
                yield begin + whole, word
            yield from _repeated(inner, begin + whole)
        whole += next(_words([item]), "")
        yield "", begin + whole
        yield begin, whole


def _inner(item: tuple[Any, Any]) -> Iterator[tuple[str, Items]]:
    name, value = str(item[0]), item[1]
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        yield ("repeat" if value[1] > _MANY else "once"), list(value[2])
    elif name == "SUBPATTERN":
        yield "once", list(value[3])
    elif name == "ATOMIC_GROUP":
        yield "once", list(value)
    elif name == "BRANCH":
        for branch in value[1]:
            yield "once", list(branch)
    elif name in {"ASSERT", "ASSERT_NOT"}:
        yield "once", list(value[1])


def _words(items: Items) -> Iterator[str]:
    """A few texts that the items match, the simplest first."""
    if len(items) == 1:
        yield from _words_of(items[0])
    else:
        yield "".join(next(_words([item]), "") for item in items)
        for place, item in enumerate(items):
            for word in islice(_words([item]), 1, 4):
                others = [next(_words([other]), "") for other in items]
                yield "".join([*others[:place], word, *others[place + 1 :]])


def _words_of(item: tuple[Any, Any]) -> Iterator[str]:
    name, value = str(item[0]), item[1]
    if name == "LITERAL":
        yield chr(value)
    elif name in {"NOT_LITERAL", "IN", "ANY"}:
        yield from _members(name, value)
    elif name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        inner = list(value[2])
        for word in _words(inner):
            yield word * max(value[0], 1)
    elif name in {"SUBPATTERN", "ATOMIC_GROUP"}:
        yield from _words(list(value[3] if name == "SUBPATTERN" else value))
    elif name == "BRANCH":
        for branch in value[1]:
            yield from islice(_words(list(branch)), 3)


def _members(name: str, value: Any) -> Iterator[str]:
    """Characters of a class: our samples that are in it, then the first ones that it names."""
    if name == "IN":
        named = [one[1] if str(one[0]) == "LITERAL" else one[1][0] for one in value if str(one[0]) in _CODES]
        characters = dict.fromkeys((*_SAMPLES, *map(chr, named)))
        yield from (one for one in characters if _is_in(value, one))
    else:
        yield from (sign for sign in _SAMPLES if name == "ANY" or ord(sign) != value)


_CODES = frozenset({"LITERAL", "RANGE"})
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdigit,
    "SPACE": str.isspace,
    "WORD": lambda sign: sign.isalnum() or sign == "_",
}


def _is_in(members: Items, sign: str) -> bool:
    is_negated = str(members[0][0]) == "NEGATE"
    return any(_is_member(str(name), value, sign) for name, value in members) != is_negated


def _is_member(name: str, value: Any, sign: str) -> bool:
    if name == "LITERAL":
        return bool(ord(sign) == value)
    if name == "RANGE":
        return bool(value[0] <= ord(sign) <= value[1])
    if name != "CATEGORY":
        return False
    kind = str(value).rpartition("_")[2]
    return _CATEGORIES[kind](sign) != ("_NOT_" in str(value))


def slow_on(search: Callable[[str], object], pattern: re.Pattern[str], length: int, seconds: float) -> str | None:
    """A description of an input of about `length` characters that takes longer than `seconds` of CPU time, or None.

    Args:
        search: the attempt: `search`, `match` or `fullmatch` of the pattern.
        pattern: the text pattern to try.
        length: characters of each input.
        seconds: from 0.01 on.
    """
    for begin, pump in witnesses(pattern):
        many = length // len(pump)
        try:
            with reading_time("", seconds):
                search(begin + pump * many + _END)
        except PageTimeError:
            return f"{begin[:20]!r}, {many} times {pump[:20]!r}"
    return None
