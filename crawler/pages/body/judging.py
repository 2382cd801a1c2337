"""The lines of a page judged: what each is, and what it is worth in characters of prose, alone and among its like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from weakref import WeakKeyDictionary

from lxml import etree

from crawler.pages.body.kinds import BY_WORDS, Kind, kind, worth
from crawler.pages.body.known import KnownBlock, Line, Lines
from crawler.pages.page import link_around
from pipelines.text.remembered import remembered

_ITEMS = frozenset({"li", "dd"})
_MOST_LINES_OF_A_ROW, _LONGEST_ROW, _FEWEST_TEASERS = 6, 800, 3
"""Lines and characters of a row with its abstract, below a text's; rows of a kind that make a list."""
_FEWEST_CELLS, _FEWEST_ROWS = 2, 2
"""Of a table that is one: templates lay out pages with single cells."""
_MAY_BE_FILE = re.compile("[.Dd]")
_FILE = re.compile(
    r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|dps|ofd|txt|rtf|csv|zip|rar|7z)(?:[?#]|$)|filedown|download", re.IGNORECASE
)


_found_file = remembered(2_048)(_FILE.search)
_LONGEST_KEPT, _MOST_KEPT = 60, 2_048
"""Characters of a line that is kept, and how many lines: longer ones would fill the memory."""
_KINDS: dict[tuple[str, int], Kind] = {}
_JUDGED: WeakKeyDictionary[KnownBlock, tuple[list[Kind], list[int]]] = WeakKeyDictionary()


@dataclass(slots=True)
class Judged:
    """The lines of a page, what each is, and what it is worth in characters of prose."""

    lines: list[Line]
    spans: dict[etree._Element, tuple[int, int]]
    kinds: list[Kind]
    worths: list[int]

    def prose(self, first: int, end: int) -> int:
        """Characters of prose among some lines."""
        return sum(value for value in self.worths[first:end] if value > 0)

    def repeats(self, line: Line, first: int, end: int) -> bool:
        """True for a line that says what one of some lines says."""
        return any(line.bare == other.bare for other in self.lines[first:end])


def judge(lines: Lines) -> Judged:
    """Judge every line; a list item, or one of several like blocks, of a link and an abstract is no prose."""
    kinds: list[Kind] = []
    for block, first, end in _stretches(lines):
        own = lines.all[first:end]
        kinds += map(_kind, own) if block is None else _verdict(block, own)[0]
    items = [span for node, span in lines.spans.items() if span[1] - span[0] > 1 and node.tag in _ITEMS]
    rows = [span for span in items if _may_be_row(lines, *span) and Kind.LINKS in kinds[slice(*span)]]
    for first, end in chain(rows, _teasers(lines, kinds)):
        kinds[first:end] = [Kind.LINKS if what is Kind.PROSE else what for what in kinds[first:end]]
    _make_cells(kinds, lines)
    return Judged(lines.all, lines.spans, kinds, _worths(lines, kinds))


def _stretches(lines: Lines) -> Iterator[tuple[KnownBlock | None, int, int]]:
    """All lines in order, those of each known block apart, with first and end."""
    at = 0
    for first, block in lines.known:
        yield None, at, first
        at = first + len(block)
        yield block, first, at
    yield None, at, len(lines.all)


def _verdict(block: KnownBlock, lines: list[Line]) -> tuple[list[Kind], list[int]]:
    """Kinds and worths of a known block's lines, each judged alone: once for all pages."""
    if block not in _JUDGED:
        kinds = list(map(_kind, lines))
        _JUDGED[block] = kinds, list(map(_worth, lines, kinds))
    return _JUDGED[block]


def _worths(lines: Lines, kinds: list[Kind]) -> list[int]:
    worths: list[int] = []
    for block, first, end in _stretches(lines):
        own, what = lines.all[first:end], kinds[first:end]
        known = ([], []) if block is None else _verdict(block, own)
        worths += known[1] if block is not None and known[0] == what else map(_worth, own, what)
    return worths


def _kind(line: Line) -> Kind:
    """The kind of a line; those of short ones are kept, since a site's menus and tools stand on every page of it."""
    if line.size > _LONGEST_KEPT:
        return kind(line)
    key = line.text, line.linked
    if key not in _KINDS:
        if len(_KINDS) >= _MOST_KEPT:
            _KINDS.clear()
        _KINDS[key] = kind(line)
    return _KINDS[key]


def _make_cells(kinds: list[Kind], lines: Lines) -> None:
    """What stands in a table of words, rows of cells without a link, is data: 审核 and 打印 are headings there."""
    for node, (first, end) in lines.spans.items():
        if node.tag != "table" or not any(what in BY_WORDS for what in kinds[first:end]):
            continue
        rows = sum(len(row) >= _FEWEST_CELLS for row in node.iter("tr"))
        if rows >= _FEWEST_ROWS and not any(line.linked for line in lines.all[first:end]):
            kinds[first:end] = [Kind.SHORT if what in BY_WORDS else what for what in kinds[first:end]]


def _worth(line: Line, what: Kind) -> int:
    return 1 if what is Kind.LINKS and names_file(line) else worth(line, what)


def _teasers(lines: Lines, kinds: Sequence[Kind]) -> Iterator[tuple[int, int]]:
    """Spans of blocks that begin with a link and go on with a little text, three or more of a kind side by side."""
    like: dict[tuple[etree._Element | None, object], list[tuple[int, int]]] = {}
    for node, (first, end) in lines.spans.items():
        if 1 < end - first <= _MOST_LINES_OF_A_ROW and kinds[first] is Kind.LINKS:
            like.setdefault((node.getparent(), node.tag), []).append((first, end))
    for spans in like.values():
        if len(spans) >= _FEWEST_TEASERS:
            yield from (span for span in spans if _may_be_row(lines, *span))


def _may_be_row(lines: Lines, first: int, end: int) -> bool:
    short = 1 < end - first <= _MOST_LINES_OF_A_ROW
    return short and sum(line.size for line in lines.all[first:end]) <= _LONGEST_ROW


def names_file(line: Line) -> bool:
    """True for a line that names or links a file: an attachment."""
    if line.text.startswith("附件") or (_MAY_BE_FILE.search(line.text) and _FILE.search(line.text)):
        return True
    for node, is_tail in line.pieces:
        link = None if is_tail else link_around(node)
        address = "" if link is None else link.get("href", "")
        if address and _found_file(address):
            return True
    return False
