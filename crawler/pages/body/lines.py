"""A page as the lines a reader sees, each with the text nodes it is made of: one walk over the tree.

A line ends where a block begins or ends and at `<br>`; hidden text and form fields are no lines. Every element that
holds a line break knows which lines are its own, so that what lines are worth adds up for elements.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import islice

from lxml import etree

from crawler.pages.body.known import KnownBlock, KnownBlocks, Line, Lines
from crawler.pages.hidden import hideable as find_hideable
from crawler.pages.hidden import is_hidden
from crawler.pages.page import EDGES, squeeze, tidy

_BREAKS = frozenset(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main marquee menu nav ol p pre "
    "section summary table tbody td tfoot th thead tr ul xmp".split()
)
FORM_FIELDS = ("button", "option", "select", "textarea")
_NOT_READ = (
    "applet audio canvas embed iframe noembed noframes noscript object script style svg template title video".split()
)
# A source line break between two CJK characters is nothing (CSS Text 3 §4.1.3).
_SOURCE_BREAK = re.compile(
    r"(?<=[\u2014-\u2026\u2e80-\U0003ffff])[ \t\r]*\n[ \t\r\n]*(?=[\u2014-\u2026\u2e80-\U0003ffff])"
)

# A link of more text nodes than a button's or a row's is known by the first of them.
_SOMEWHERE = ("/", "http:", "https:")
_NOWHERE, _SENTENCE, _MOST_TEXTS = ("#", "javascript:"), re.compile("[，、。！？；：]"), 20
_LONGEST_KEPT = 100  # characters of a line whose words are kept: paragraphs would fill the memory
_ROLES = {**dict.fromkeys((*_NOT_READ, *FORM_FIELDS), "unread"), **dict.fromkeys(_BREAKS, "block"), "a": "link"}


def read_lines(  # noqa: C901, PLR0912, PLR0915 - one loop: a call an element costs a fifth of it
    root: etree._Element,
    body: etree._Element | None = None,
    *,
    hideable: Iterable[etree._Element] | None = None,
    shown: Collection[etree._Element] = (),
    skipped: Collection[etree._Element] = (),
    known: KnownBlocks | None = None,
) -> Lines:
    """Every visible line below `root`.

    Args:
        root: where to begin.
        body: a declared container of the body: no line reaches over its edges, and it always has a span.
        hideable: `hidden.hideable(root)`, where that is known.
        shown: elements that are read whatever their style says.
        skipped: elements that are not read.
        known: blocks of the site's earlier pages, whose lines are taken from there.
    """
    lines, line = Lines(), _OpenLine()
    ended, spans, texts = lines.all, lines.spans, line.texts
    blocks, links, anchors, breaks = [root], 0, 0, 0
    opened: list[tuple[str, int, int]] = []
    # What is asked about these and the blocks around them depends on more than their source.
    special = _around(*([] if body is None else [body]), *shown, *skipped) if known is not None else frozenset()
    new: tuple[etree._Element, KnownBlock, int, int] | None = None
    seeking = known
    marked = set(find_hideable(root) if hideable is None else hideable)
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        if event == "start":
            tag = node.tag
            what = _ROLES.get(tag, "")
            if what == "link" and not is_link(node):
                what = "anchor"
            if node is body:
                what = "block"
                anchors += tag == "a"
            if what == "block":
                if texts:
                    ended.append(line.end(blocks[-1]))
                blocks.append(node)
                opened.append((what, len(ended), breaks))
                breaks += 1
            else:
                # An inline element that begins within a line holds part of it only, as one that ends within a line.
                opened.append((what, len(ended), -1 if texts else breaks))
                if what in {"link", "anchor"}:
                    anchors += 1
                    links += what == "link"
            if (
                what == "unread"
                or (node in marked and node not in shown and is_hidden(node, is_block=what == "block"))
                or (skipped and node in skipped)
            ):
                walker.skip_subtree()
                continue
            if node is body:
                seeking = None  # what it holds is of this page alone
            elif seeking is not None and what == "block" and not anchors and node not in special:
                found = seeking.find(node, len(blocks))
                if found is not None and found.is_read:
                    found.put(node, lines)
                    walker.skip_subtree()
                    continue
                if found is not None:
                    new, seeking = (node, found, len(ended), len(spans)), None
            if (text := node.text) and (texts or not text.isspace()):
                line.add(text, node, False, links)
            continue
        if event == "end":
            what, first, breaks_before = opened.pop()
            if what == "block":
                block = blocks.pop()
                if texts:
                    ended.append(line.end(block))
                if known is not None and new is not None and new[0] is node:
                    known.keep(*new, lines)
                    new, seeking = None, known
            elif what == "link":
                links -= 1
                anchors -= 1
            elif what == "anchor":
                anchors -= 1
            if node is body:
                seeking = known
            if node is body or (-1 < breaks_before < breaks and first < len(ended) and not texts):
                spans[node] = (first, len(ended))
        if (text := node.tail) and (texts or not text.isspace()):
            line.add(text, node, True, links)
    return lines


def _around(*nodes: etree._Element) -> frozenset[etree._Element]:
    """Some elements, and those around them."""
    return frozenset(one for node in nodes for one in (node, *node.iterancestors()))


def is_link(node: etree._Element) -> bool:
    """True for an `<a>` that leads somewhere, or that a script may: a button or a row, and no more than a few words.

    A bookmark leads nowhere: Word leaves them around whole paragraphs, with a name or without.
    """
    href = node.get("href") or ""
    if href.startswith(_SOMEWHERE):
        return True
    href = href.strip().lower()
    if href and not href.startswith(_NOWHERE):
        return True
    if not href and node.get("name") is not None:
        return False
    return not any(_SENTENCE.search(str(text)) for text in islice(node.itertext(), _MOST_TEXTS))


def leads_nowhere(line: Line) -> bool:
    """True for a line whose links all lack an address."""
    links = (a for node, _ in line.pieces for a in (node, *node.iterancestors("a")) if a.tag == "a")
    return all(not (link.get("href") or "").strip() for link in links)


@lru_cache(2_048)
def _words(text: str) -> tuple[str, str]:
    """The text of a line, and it without whitespace; those of short ones are kept, as menus stand on all pages."""
    text = text.strip(EDGES)
    bare = squeeze(text)
    if len(bare) < len(text):
        text = tidy(_SOURCE_BREAK.sub("", text) if "\n" in text else text)
    return text, bare


class _OpenLine:
    """The line being read: empty until a text that is no blank begins it."""

    __slots__ = ("linked", "pieces", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pieces: list[tuple[etree._Element, bool]] = []
        self.linked: list[str] = []

    def add(self, text: str, node: etree._Element, is_tail: bool, links: int) -> None:
        if links:
            self.linked.append(text)
        self.texts.append(text)
        self.pieces.append((node, is_tail))

    def end(self, block: etree._Element) -> Line:
        text = self.texts[0] if len(self.texts) == 1 else "".join(self.texts)
        text, bare = (_words if len(text) <= _LONGEST_KEPT else _words.__wrapped__)(text)
        size = len(bare)
        linked = size if len(self.linked) == len(self.texts) else sum(len(squeeze(text)) for text in self.linked)
        line = Line(text, bare, size, linked, block, self.pieces)
        self.texts.clear()
        self.linked.clear()
        self.pieces = []
        return line
