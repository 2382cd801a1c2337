"""A page as the lines a reader sees, each with the text nodes it is made of: one walk over the tree.

A line ends where a block begins or ends and at `<br>`; hidden text and form fields are no lines. Every element that
holds a line break knows which lines are its own, so that what lines are worth adds up for elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from crawler.page import tidy

_BREAKS = frozenset(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main marquee menu nav ol p pre "
    "section summary table tbody td tfoot th thead tr ul xmp".split()
)
_NOT_READ = frozenset(
    "applet audio button canvas embed iframe noembed noframes noscript object option script select style "
    "svg template textarea title video".split()
)
# A source line break between two CJK signs is nothing (CSS Text 3 §4.1.3).
_SOURCE_BREAK = re.compile(
    r"(?<=[\u2014-\u2026\u2e80-\U0003ffff])[ \t\r]*\n[ \t\r\n]*(?=[\u2014-\u2026\u2e80-\U0003ffff])"
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{4}", re.IGNORECASE
)


@dataclass(slots=True)
class Line:
    """One line: `text` on one line, `size` its signs without blanks, `linked` those of them inside links.

    `pieces`: the text nodes, each as the element it belongs to and whether it is that element's tail. `block`: the
    innermost block around it.
    """

    text: str
    size: int
    linked: int
    block: etree._Element
    pieces: list[tuple[etree._Element, bool]]


@dataclass(slots=True)
class Lines:
    """The lines of a page in order; `spans` gives first and end of an element's lines, inner elements first."""

    all: list[Line] = field(default_factory=list)
    spans: dict[etree._Element, tuple[int, int]] = field(default_factory=dict)


def read_lines(root: etree._Element) -> Lines:
    """Every visible line below `root`."""
    lines, line = Lines(), _OpenLine()
    blocks, links, breaks = [root], 0, 0
    opened: list[tuple[int, int]] = []
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        tag = node.tag
        if event == "start":
            if tag in _BREAKS:
                line.end(lines.all, blocks[-1])
                blocks.append(node)
            # An inline element that begins within a line holds part of it only, as one that ends within a line.
            opened.append((len(lines.all), -1 if line.has_text else breaks))
            breaks += tag in _BREAKS
            links += tag == "a"
            if not _is_read(node, tag):
                walker.skip_subtree()
            elif node.text:
                line.add(node.text, node, is_tail=False, is_linked=links > 0)
            continue
        if event == "end":
            if tag in _BREAKS:
                line.end(lines.all, blocks.pop())
            first, breaks_before = opened.pop()
            if -1 < breaks_before < breaks and not line.has_text:
                lines.spans[node] = (first, len(lines.all))
            links -= tag == "a"
        if (tail := node.tail) and (line.has_text or not tail.isspace()):
            line.add(tail, node, is_tail=True, is_linked=links > 0)
    return lines


def _is_read(node: etree._Element, tag: object) -> bool:
    if tag in _NOT_READ:
        return False
    style = node.get("style")
    return not (style and _HIDDEN.search(style)) and node.get("hidden") is None


class _OpenLine:
    """The line being read."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pieces: list[tuple[etree._Element, bool]] = []
        self.linked = 0
        self.has_text = False

    def add(self, text: str, node: etree._Element, *, is_tail: bool, is_linked: bool) -> None:
        if not text.isspace():
            self.has_text = True
            if is_linked:
                self.linked += len("".join(text.split()))
        elif not self.has_text:
            return
        self.texts.append(text)
        self.pieces.append((node, is_tail))

    def end(self, lines: list[Line], block: etree._Element) -> None:
        if self.has_text:
            text = "".join(self.texts)
            if "\n" in text:
                text = _SOURCE_BREAK.sub("", text)
            lines.append(Line(tidy(text), len("".join(text.split())), self.linked, block, self.pieces))
            self.pieces = []
            self.texts.clear()
            self.linked, self.has_text = 0, False
