"""Finds the words of the evidence in a text, so that a page can mark them where they stand. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from pipelines.damage import ANYWHERE
from pipelines.text.names import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Span = tuple[int, int, str, int]
"""Start and end in a line, the key whose value was read from these characters, and the number of the evidence."""

_IN_THE_TEXT = frozenset({"head", "body", "tail", "signature"})
"""The places of an evidence whose words are in the body; apart from `title`, no other is archived as text."""
_AT_THE_END = frozenset({"tail", "signature"})
_MOST_MARKS = 200
"""A line has one evidence a key; more are of a foreign archive, and each is looked for in the whole text."""
DAMAGE = "damage"
"""What stands in place of a key at a damaged passage."""
_NO_EVIDENCE = -1


@dataclass(frozen=True, slots=True)
class MarkedPiece:
    """A run of characters, and the keys whose values were read from it; none for most of a text.

    `anchor`: the number of the first evidence that begins here, by which a page can lead to it.
    """

    text: str
    fields: tuple[str, ...] = ()
    anchor: int | None = None


@dataclass(frozen=True, slots=True)
class FoundWords:
    """An evidence; `anchor` is that of the piece where its words begin, null where no archived text holds them."""

    field: str
    where: str
    text: str
    anchor: int | None


@dataclass(frozen=True, slots=True)
class MarkedText:
    """Title and paragraphs in pieces, which joined are what was archived, and every evidence."""

    title: tuple[MarkedPiece, ...]
    paragraphs: tuple[tuple[MarkedPiece, ...], ...]
    evidence: tuple[FoundWords, ...]


def marked(
    title: str, body: str, evidence: Iterable[Mapping[str, str]], problems: Iterable[Mapping[str, str]] = ()
) -> MarkedText:
    """Mark the words of each {field, where, text} at the one place that it means, and passages that are damaged."""
    paragraphs = body.split("\n")
    lines = [title, *paragraphs]
    spans: dict[int, list[Span]] = {}
    anchors: dict[tuple[int, int], int] = {}
    found = []
    for number, one in enumerate(evidence):
        at = _place(lines, one["where"], one["text"]) if number < _MOST_MARKS else None
        if at is not None:
            n, start = at
            spans.setdefault(n, []).append((start, start + len(one["text"]), one["field"], number))
        anchor = None if at is None else anchors.setdefault(at, number)
        found.append(FoundWords(one["field"], one["where"], one["text"], anchor))
    for n, start, end in _damaged(lines, problems):
        spans.setdefault(n, []).append((start, end, DAMAGE, _NO_EVIDENCE))
    cut = [pieces(line, spans.get(n, ())) for n, line in enumerate(lines)]
    return MarkedText(cut[0], tuple(cut[1:]), tuple(found))


def _damaged(lines: Sequence[str], problems: Iterable[Mapping[str, str]]) -> Iterator[tuple[int, int, int]]:
    """Line, start and end of each passage that the text's problems mean."""
    for one in problems:
        detector = ANYWHERE.get(one["code"])
        if detector is None or one["field"] not in {"title", "body"}:
            continue
        first, text = (0, lines[0]) if one["field"] == "title" else (1, "\n".join(lines[1:]))
        for start, end in islice(detector(text), _MOST_MARKS):
            n, begun = first + text.count("\n", 0, start), text.rfind("\n", 0, start) + 1
            for number, part in enumerate(text[start:end].split("\n")):
                left = start - begun if number == 0 else 0
                if part:
                    yield n + number, left, left + len(part)


def _place(lines: Sequence[str], where: str, words: str) -> tuple[int, int] | None:
    """Line and character at which the words begin: the title is line 0, the body follows."""
    if not words or "\n" in words or where not in {"title", *_IN_THE_TEXT}:
        return None
    if where == "title":
        return (0, lines[0].index(words)) if words in lines[0] else None
    numbers = range(len(lines) - 1, 0, -1) if where in _AT_THE_END else range(1, len(lines))
    holding = [n for n in numbers if words in lines[n]]
    # A name alone on a line is meant where the line above it has the name among other words.
    alone = [n for n in holding if lines[n].strip(BLANKS + "\r") == words]
    n = next(iter(alone or holding), None)
    return None if n is None else (n, lines[n].index(words))


def pieces(line: str, spans: Sequence[Span]) -> tuple[MarkedPiece, ...]:
    """The line cut at every edge of a span; neighbours of the same keys are one piece, where none begins there."""
    if not spans:
        return (MarkedPiece(line),)
    edges = sorted({0, len(line), *(edge for start, end, *_ in spans for edge in (start, end))})
    made: list[MarkedPiece] = []
    for start, end in pairwise(edges):
        fields = tuple(dict.fromkeys(field for first, last, field, _ in spans if first <= start and end <= last))
        anchor = min((number for first, _, _, number in spans if first == start and number >= 0), default=None)
        if made and made[-1].fields == fields and anchor is None:
            made[-1] = replace(made[-1], text=made[-1].text + line[start:end])
        else:
            made.append(MarkedPiece(line[start:end], fields, anchor))
    return tuple(made)
