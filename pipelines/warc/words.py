"""Finds words in stored bytes, whatever their encoding and whatever markup stands between the characters."""

from __future__ import annotations

import html
import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""First byte, and the first one after the last."""

ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_NOTHING = r"[\s\u3000\u00a0\u00ad\u200b-\u200f\ufeff]"
_BLANK = re.compile(f"{_NOTHING}+")
_REFERENCE = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
_WRITTEN = rf"{_REFERENCE}|\\u[0-9a-fA-F]{{4}}|(?:%[0-9a-fA-F]{{2}})+|\\[\"/]|{_NOTHING}+"
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}|%[89A-Fa-f][0-9A-Fa-f]")
_AS_IT_STANDS = re.compile(_WRITTEN)
_AS_SHOWN = re.compile(rf"<[^<>]{{0,4096}}>|{_WRITTEN}")
FEWEST = 8
"""Characters of a title below which it is one only where it stands alone: 讲话 is in the name of every section."""
_EDGE = re.compile(r"[\s<>\"'\\(){}\[\]（）【】《》·|,:：_-]|\Z")
_SEED, _MANY = 12, 24
"""Characters by which a paragraph is found, and of which at least it is quoted: a committee's full name has 17."""
_PARAGRAPH = 16
_LONGEST_TEXT = 8 << 20
"""Bytes of a page; what is longer, or holds a zero byte, is a file, and only the words' own bytes are looked for."""


class Words:
    """The words of a text: its titles, and the paragraphs of its body, of which a part may be quoted.

    A short title counts only where it stands alone; `anywhere` are words that count inside others as well.
    """

    def __init__(self, titles: Iterable[str], paragraphs: Iterable[str] = (), anywhere: Iterable[str] = ()) -> None:
        """Blanks and empty words do not count."""
        self._anywhere = {bare(word) for word in anywhere}
        found = ({bare(title) for title in titles} | self._anywhere) - {""}
        self.titles = tuple(sorted(found, key=lambda word: (-len(word), word)))
        bared = dict.fromkeys(map(bare, paragraphs))
        self.paragraphs = tuple(one for one in bared if len(one) >= _PARAGRAPH)
        self._seeds = {
            one[at : at + _SEED]: (one, at)
            for one in self.paragraphs
            for at in (*range(0, len(one) - _SEED + 1, _SEED), len(one) - _SEED)
        }

    def only(self, titles: Iterable[str]) -> Self:
        """These of the titles alone."""
        kept = set(titles)
        return type(self)(kept, (), self._anywhere & kept)

    def spans(self, data: bytes) -> list[Span]:
        """Where the words are in `data`, by rising place; none overlaps another."""
        if len(data) > _LONGEST_TEXT or b"\0" in data:
            return _joined(self._in_binary(data))
        return _joined(span for encoding in ENCODINGS[:2] for span in self._spans_in(data, encoding))

    def within(self, text: str) -> list[Span]:
        """As `spans`, in characters of a text."""
        if not self._may_be_in(text):
            return []
        shown, written = _Plain.of(text, _AS_SHOWN), _Plain.of(text, _AS_IT_STANDS)
        found = [plain.span(*place) for plain in (shown, written) for place in self._quoted(plain.text)]
        for title in self.titles:
            is_free = len(title) >= FEWEST or title in self._anywhere
            for plain in (shown, written) if is_free else (written,):
                places = (plain.span(at, at + len(title)) for at in _occurrences(plain.text, title))
                found += [place for place in places if is_free or _stands_alone(text, place)]
        return _joined(found)

    def _may_be_in(self, text: str) -> bool:
        """False for a text that lacks a character of every word: most pages, at a fraction of the cost."""
        if _ESCAPED.search(text):
            return True
        shown = set(text).union(*map(html.unescape, set(re.findall(_REFERENCE, text))))
        return any(shown.issuperset(word) for word in chain(self.titles, self._seeds))

    def _spans_in(self, data: bytes, encoding: str) -> Iterator[Span]:
        text = data.decode(encoding, "surrogateescape")
        for first, last in self.within(text):
            start = _size(text[:first], encoding)
            yield start, start + _size(text[first:last], encoding)

    def _in_binary(self, data: bytes) -> Iterator[Span]:
        for word in (*self.titles, *self.paragraphs):
            for encoding in ENCODINGS:
                written = word.encode(encoding, "replace")
                at = data.find(written)
                while at >= 0:
                    yield at, at + len(written)
                    at = data.find(written, at + 1)

    def _quoted(self, text: str) -> Iterator[Span]:
        for seed, (paragraph, at) in self._seeds.items():
            for place in _occurrences(text, seed):
                first, last = place, place + _SEED
                begin, end = at, at + _SEED
                while first and begin and text[first - 1] == paragraph[begin - 1]:
                    first, begin = first - 1, begin - 1
                while last < len(text) and end < len(paragraph) and text[last] == paragraph[end]:
                    last, end = last + 1, end + 1
                if last - first >= min(_MANY, len(paragraph)):
                    yield first, last


def bare(text: str) -> str:
    """The text without its blanks."""
    return _BLANK.sub("", text)


def decoded(data: bytes) -> str:
    """A page's text in UTF-8 if that is what it is, else in GB 18030; what is neither stands as it can."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


class _Plain(NamedTuple):
    """The characters of a text that count, and for each its first and last place in the text."""

    text: str
    places: list[Span]

    @classmethod
    def of(cls, text: str, skipped: re.Pattern[str]) -> Self:
        found: list[str] = []
        places: list[Span] = []
        at = 0
        for token in skipped.finditer(text):
            found.append(text[at : token.start()])
            places += [(one, one + 1) for one in range(at, token.start())]
            begin = token.start()
            for meant, size in _meant(token[0]):
                found.append(meant)
                places.append((begin, begin + size))
                begin += size
            at = token.end()
        found.append(text[at:])
        places += [(one, one + 1) for one in range(at, len(text))]
        return cls("".join(found), places)

    def span(self, first: int, last: int) -> Span:
        """Where characters `first` to `last` are in the text."""
        return self.places[first][0], self.places[last - 1][1]


def _meant(token: str) -> Iterator[tuple[str, int]]:
    """Each character that a token stands for, and how long it is written."""
    if token.startswith("&"):
        meant = html.unescape(token)
        if len(meant) == 1 and not _BLANK.fullmatch(meant):
            yield meant, len(token)
    elif token.startswith("\\u"):
        yield chr(int(token.removeprefix("\\u"), 16)), len(token)
    elif token.startswith("\\"):
        yield token[1], len(token)
    elif token.startswith("%"):
        yield from _of_percents(token)


def _of_percents(token: str) -> Iterator[tuple[str, int]]:
    data = unquote_to_bytes(token)
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        yield from ((char, 3 * len(char.encode(encoding))) for char in text)
        return


def _occurrences(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _stands_alone(text: str, place: Span) -> bool:
    first, last = place
    return (not first or _EDGE.match(text, first - 1) is not None) and _EDGE.match(text, last) is not None


def _size(text: str, encoding: str) -> int:
    return len(text.encode(encoding, "surrogateescape"))


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
