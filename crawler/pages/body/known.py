"""Lines of a page, and blocks whose lines are known from an earlier page of the site.

Menus, side boxes and footers are most of a page and the same on each. A block is known by its serialised source, so
that its lines can only be those that reading it again would give.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, repeat
from urllib.parse import urlsplit

from lxml import etree

_TRIED = frozenset("aside center div dl footer form header nav ol section table td tr ul".split())
_FEWEST = 2  # children of a block that is looked up: others are read in the time that this takes
_DEEPEST = 40  # blocks around it: each level of a page writes it once more, and real ones have less
# What libxml2 writes for any control character: blocks that differ in these only would be one.
_UNWRITTEN = b"&#xFFFD;"
_MOST_CHANGES = 3  # times in a row that a block was another one: it holds what a page has of its own
_LONGEST, _LARGEST = 30_000, 60_000  # bytes of a block that is kept, and of all that are kept for one site
_MOST_NAMES = 1_000  # blocks of a site whose changes are counted, and of which is known that they were met
_MOST_SITES = 64  # sites that one process crawls in turn

Piece = tuple[etree._Element, bool]


@dataclass(slots=True)
class Line:
    """One line: `text` on one line, `bare` without whitespace, `size` its characters, `linked` those in links.

    `block`: the innermost block around it. `pieces`: the text nodes, each as the element it belongs to and whether it
    is that element's tail.
    """

    text: str
    bare: str
    size: int
    linked: int
    block: etree._Element
    _pieces: Sequence[Piece]
    _numbers: Sequence[tuple[int, bool]] = ()
    _nodes: Sequence[etree._Element] = ()

    @property
    def pieces(self) -> Sequence[Piece]:
        return self._pieces or [(self._nodes[number], is_tail) for number, is_tail in self._numbers]


@dataclass(slots=True)
class Lines:
    """The lines of a page in order; `spans` gives first and end of an element's lines, inner elements first.

    `known`: blocks whose lines an earlier page had, each with the place of its first line.
    """

    all: list[Line] = field(default_factory=list)
    spans: dict[etree._Element, tuple[int, int]] = field(default_factory=dict)
    known: list[tuple[int, KnownBlock]] = field(default_factory=list)


class KnownBlock:
    """The lines and spans of a block, with the numbers of its elements in document order."""

    __slots__ = ("__weakref__", "_blocks", "_lines", "_pieces", "_spanned", "_spans", "is_read", "source")

    def __init__(self, source: bytes) -> None:
        self.source, self.is_read = source, False

    def __len__(self) -> int:
        return len(self._blocks)

    def read(self, node: etree._Element, lines: Lines, first: int, spans: int) -> None:
        """Keep the lines from `first` on, and all spans but as many as there were before the block."""
        number = {one: index for index, one in enumerate(node.iter())}
        own = lines.all[first:]
        self._lines = tuple(zip(*((line.text, line.bare, line.size, line.linked) for line in own), strict=True))
        self._blocks = [number[line.block] for line in own]
        self._pieces = [tuple((number[one], is_tail) for one, is_tail in line.pieces) for line in own]
        inner = list(islice(lines.spans.items(), spans, None))
        self._spanned = [number[one] for one, _ in inner]
        self._spans = [(begin - first, end - first) for _, (begin, end) in inner]
        self.is_read = True

    def put(self, node: etree._Element, lines: Lines) -> None:
        """Append the lines and spans as they are on another page, where `node` is the block."""
        if not self._blocks:
            return
        nodes, first = list(node.iter()), len(lines.all)
        blocks = map(nodes.__getitem__, self._blocks)
        lines.known.append((first, self))
        lines.all += map(Line, *self._lines, blocks, repeat(()), self._pieces, repeat(nodes))
        spans = [(begin + first, end + first) for begin, end in self._spans]
        lines.spans.update(zip(map(nodes.__getitem__, self._spanned), spans, strict=True))


class KnownBlocks:
    """The blocks of one site, the one not seen for the longest time going first."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[bytes, KnownBlock] = OrderedDict()
        self._changes: dict[tuple[object, ...], int] = {}
        self._met: set[int] = set()
        self._size = 0

    def find(self, node: etree._Element, depth: int) -> KnownBlock | None:
        """The block that an element is: known, or met a second time and to be read and kept; None for any other."""
        if len(node) < _FEWEST or depth > _DEEPEST or node.tag not in _TRIED:
            return None
        name = node.tag, node.get("class"), node.get("id"), depth
        changes = self._changes.get(name, 0)
        if changes >= _MOST_CHANGES:
            return None
        source = etree.tostring(node, encoding="utf-8", xml_declaration=False, with_tail=False)
        if (known := self._blocks.get(source)) is not None:
            self._blocks.move_to_end(source)
            return known
        met = hash(source)
        is_again = met in self._met and _UNWRITTEN not in source
        if len(self._changes) >= _MOST_NAMES or len(self._met) >= _MOST_NAMES:
            self._changes.clear()
            self._met.clear()
        self._met.add(met)
        self._changes[name] = 0 if is_again else changes + 1
        return KnownBlock(source) if is_again and len(source) <= _LONGEST else None

    def keep(self, node: etree._Element, block: KnownBlock, first: int, spans: int, lines: Lines) -> None:
        """Keep a block that was read; arguments as for `KnownBlock.read`."""
        block.read(node, lines, first, spans)
        self._blocks[block.source] = block
        self._size += len(block.source)
        while self._blocks and self._size > _LARGEST:
            self._size -= len(self._blocks.popitem(last=False)[0])


def known_blocks(url: str) -> KnownBlocks:
    """The blocks of the site that an address is of."""
    return _of_site(urlsplit(url).netloc)


@lru_cache(_MOST_SITES)
def _of_site(host: str) -> KnownBlocks:  # noqa: ARG001 - what is kept for it
    return KnownBlocks()
