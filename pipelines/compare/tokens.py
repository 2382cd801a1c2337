"""Splits a paragraph into tokens for comparison: whole numbers and names, single characters. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipelines.text.names import COMPOUND, POST, is_name, people
from pipelines.text.numbers import find_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TokenKind = Literal["number", "name", "mark", "character"]

_TITLE = re.compile(rf"同志|先生|女士|{POST}")
# What may follow a name that stands behind a post: without it `主席李明出席` would hold a `李明出`.
_ENDS_NAME = re.compile(
    r"$|\W|同志|先生|女士|出席|参加|主持|讲话|发言|致|作|说|代表|宣布|指出|强调|率|带领|表示|介绍|在|向|及|和|等|对|到|就|为|与|同"
)
_JOINS = frozenset("和于时向同从由")
_LONGEST_SIGNATURE = 40
# Characters with a meaning, though Unicode counts them as punctuation.
_MEANING = frozenset("%‰‱#&@§*/\\")


class Token(NamedTuple):
    """`text` as written; `sense` is equal for two tokens of the same meaning (`１，２００` and `1200`)."""

    kind: TokenKind
    text: str
    sense: str

    @property
    def spelling(self) -> str:
        """The text without differences of width and grouping."""
        folded = unicodedata.normalize("NFKC", self.text)
        return folded.replace(",", "") if self.kind == "number" else folded


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """People named in prose: beside a post or 同志, or alone on a line that is nothing but names and posts."""
    return frozenset(name for text in texts for name in _names(text))


def _names(text: str) -> Iterator[str]:
    if len(text) <= _LONGEST_SIGNATURE and (found := people(text)):
        yield from found.split("、")
    for title in _TITLE.finditer(text):
        yield from _name_before(text[: title.start()])
        yield from _name_after(text[title.end() : title.end() + 8])


def _name_before(text: str) -> Iterator[str]:
    for length in (4, 3, 2):
        name = text[-length:]
        if len(name) == length and is_name(name, marked=True) and (length < 4 or name[:2] in COMPOUND):
            joined = name[0] in _JOINS and length == 3 and is_name(name[1:], marked=True)
            yield name[1:] if joined else name
            return


def _name_after(text: str) -> Iterator[str]:
    for length in (4, 3, 2):
        name = text[:length]
        if len(name) == length and is_name(name, marked=True) and _ENDS_NAME.match(text, length):
            yield name
            return


def tokens(text: str, names: frozenset[str]) -> list[Token]:
    """The pieces of a text, in order; their texts joined are the text."""
    made: list[Token] = []
    end = 0
    for start, stop, token in _wholes(text, names):
        if start >= end:
            made += map(_single, text[end:start])
            made.append(token)
            end = stop
    return made + [_single(character) for character in text[end:]]


def _wholes(text: str, names: frozenset[str]) -> list[tuple[int, int, Token]]:
    """Names and numbers with their places, in order; where two overlap, the name or the longer comes first."""
    found = [
        (n.start, n.end, Token("number", text[n.start : n.end], f"{n.value.normalize()}{n.unit}"))
        for n in find_numbers(text)
    ]
    if names:
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        pattern = re.compile("|".join(map(re.escape, longest_first)))
        found += [(m.start(), m.end(), Token("name", m[0], m[0])) for m in pattern.finditer(text)]
    return sorted(found, key=lambda whole: (whole[0], whole[2].kind != "name"))


@lru_cache(8192)  # a text has a few thousand different characters, and a million in all
def _single(character: str) -> Token:
    category = unicodedata.category(character)
    if category[0] in "PZC" and unicodedata.normalize("NFKC", character) not in _MEANING:
        return Token("mark", character, "")
    return Token("character", character, unicodedata.normalize("NFKC", character))
