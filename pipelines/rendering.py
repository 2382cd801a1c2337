"""Visible text of an HTML fragment: no visible character is lost, added or folded.

Rules, as in browsers (CSS 2.2 §9, CSS Text 3 §4.1): a block, a table row and `<br>` end a line; cells of a row are
joined by a tab; inline text is joined by nothing; a source line break between two CJK characters vanishes, any other
run of ASCII whitespace is one space; where breaks are kept (`<pre>`, `white-space`) a source line is a line; hidden
text is left out. Only indentation and empty lines are dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from lxml import etree

from pipelines.text.styles import NOTHING, Declared, declared

BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main marquee menu nav ol optgroup "
    "option p pre search section summary table tbody td tfoot th thead tr ul xmp".split()
)
NEVER_SHOWN = frozenset(
    "audio canvas embed frameset head iframe noembed noframes noscript object rp script style template title "
    "video".split()
)
_PREFORMATTED = frozenset({"listing", "plaintext", "pre", "xmp"})

# Quotes, dashes and dots that Chinese text sets full width although Unicode calls their width ambiguous.
_AMBIGUOUS_CJK = frozenset("“”‘’…—·")
_ASCII_BLANKS = re.compile(r"[ \t\n\r\f]+")
_LINE_BREAK, _KEPT_BREAK = re.compile(r"[\n\r]"), re.compile(r"\r\n?|\n")
# Category Zs without the spaces that have width inside a line; those stay unless they are at its edge.
_INDENT = " \t\n\r\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_INVISIBLE = _INDENT + "\u200b\u200c\u200d\u2060\ufeff\u00ad"


def body_text(parts: Sequence[str]) -> str:
    """Text of the parts of an article (HTML fragments, in order), one paragraph a line, without a final newline."""
    return "\n".join(text for text in map(visible_text, parts) if text)


def visible_text(fragment: str) -> str:
    """Text of one HTML fragment as a browser shows it, lines separated by `\\n`."""
    # libxml2 would end the text at a NUL, which HTML does not allow.
    source = fragment.replace("\x00", "")
    if not source.strip():
        return ""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=False)
    return _Renderer().render(etree.fromstring(f"<div>{source}</div>".encode(), parser))


class _Style(NamedTuple):
    """Inherited style: whether text is visible, whether it has a size, whether breaks are kept."""

    visible: bool
    sized: bool
    keeps_breaks: bool

    @property
    def shown(self) -> bool:
        return self.visible and self.sized


@dataclass(slots=True)
class _Box:
    """Lines of the root or of one table cell; `row` collects the cells of the table row open inside it."""

    lines: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    row: list[str] | None = None

    def end_line(self) -> None:
        if not self.inline:
            return
        line = _line("".join(self.inline))
        self.inline.clear()
        if line:
            self.lines.append(line)

    def text(self) -> str:
        self.end_line()
        return "\n".join(self.lines)


class _Role(Enum):
    """The effect of the end of an element on the lines."""

    INLINE = "nothing"
    BREAK = "none: it ended a line at its start"
    BLOCK = "ends a line"
    CELL = "joins its lines to the row's cells"
    ROW = "makes one line of its cells"
    REMOVED = "none: it was not shown"


_ENDS_LINE = (_Role.BREAK, _Role.BLOCK, _Role.ROW)


class _Renderer:
    """One walk over a tree, without recursion, since a page may be nested arbitrarily deep."""

    def __init__(self) -> None:
        self.boxes = [_Box()]
        self.roles: list[_Role] = []
        self.styles = [_Style(visible=True, sized=True, keeps_breaks=False)]

    def render(self, root: etree._Element) -> str:
        walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, node in walker:
            if event == "start":
                role = self._start(node)
                if role is _Role.REMOVED:
                    walker.skip_subtree()
                else:
                    self._add(node.text)
                continue
            if event == "end":
                self._end()
            self._add(node.tail)
        return self.boxes[0].text()

    def _add(self, text: str | None) -> None:
        style = self.styles[-1]
        if not text or not style.shown:
            return
        box = self.boxes[-1]
        first, *more = _KEPT_BREAK.split(text) if style.keeps_breaks else (text,)
        box.inline.append(first)
        for line in more:
            box.end_line()
            box.inline.append(line)

    def _start(self, node: etree._Element) -> _Role:
        """Open a node and return its role."""
        style = node.get("style")
        given = declared(style) if style else NOTHING
        role = _role(node, given)
        self.roles.append(role)
        self.styles.append(_inherit(self.styles[-1], node, given))
        if role in _ENDS_LINE:
            self.boxes[-1].end_line()
        if role is _Role.ROW:
            self.boxes[-1].row = []
        elif role is _Role.CELL:
            self.boxes.append(_Box())
        return role

    def _end(self) -> None:
        self.styles.pop()
        role = self.roles.pop()
        if role is _Role.BLOCK:
            self.boxes[-1].end_line()
        elif role is _Role.ROW:
            self._end_row()
        elif role is _Role.CELL:
            text = self.boxes.pop().text()
            row = self.boxes[-1].row
            if row is not None:
                row.append(text)

    def _end_row(self) -> None:
        box = self.boxes[-1]
        box.end_line()
        row, box.row = box.row, None
        if row and any(row):
            box.lines.append("\t".join(row))


def _role(node: etree._Element, given: Declared) -> _Role:
    tag = node.tag
    is_block = tag in BLOCKS if given.is_block is None else given.is_block
    if tag in NEVER_SHOWN or given.hides(is_block=is_block) or node.get("hidden") is not None:
        return _Role.REMOVED
    if tag == "tr":
        return _Role.ROW
    if tag in {"td", "th"} and _is_cell(node):
        return _Role.CELL
    if tag == "br":
        return _Role.BREAK
    return _Role.BLOCK if is_block else _Role.INLINE


def _is_cell(node: etree._Element) -> bool:
    parent = node.getparent()
    return parent is not None and parent.tag == "tr"


def _inherit(parent: _Style, node: etree._Element, given: Declared) -> _Style:
    visible, sized, keeps_breaks = given.is_visible, given.has_size, given.keeps_breaks
    if sized is None and node.tag == "font" and node.get("size"):
        sized = True
    if keeps_breaks is None and node.tag in _PREFORMATTED:
        keeps_breaks = True
    if visible is None and sized is None and keeps_breaks is None:
        return parent
    return _Style(
        parent.visible if visible is None else visible,
        parent.sized if sized is None else sized,
        parent.keeps_breaks if keeps_breaks is None else keeps_breaks,
    )


def _line(raw: str) -> str:
    line = raw.strip(_INDENT)
    if not line.strip(_INVISIBLE):
        return ""
    return _ASCII_BLANKS.sub(_blank if _LINE_BREAK.search(line) else " ", line)


def _blank(match: re.Match[str]) -> str:
    """One space for a run of whitespace; none for a source line break between two CJK characters."""
    source, start, end = match.string, match.start(), match.end()
    breaks = _LINE_BREAK.search(match.group())
    return "" if breaks and _is_cjk(source[start - 1]) and _is_cjk(source[end]) else " "


def _is_cjk(character: str) -> bool:
    if character in _AMBIGUOUS_CJK:
        return True
    wide = unicodedata.east_asian_width(character) in {"W", "F"}
    return wide and not unicodedata.name(character, "").startswith("HANGUL")
