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
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from pipelines.text.remembered import LONGEST
from pipelines.text.styles import NOTHING, declared

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
    return _Renderer().render(etree.fromstring(f"<div>{source}</div>".encode(), _PARSER))


_PARSER = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=False)


class _Style(NamedTuple):
    """Inherited style: whether text is visible, whether it has a size, whether breaks are kept."""

    visible: bool
    sized: bool
    keeps_breaks: bool


class _Role(Enum):
    """The effect of the end of an element on the lines."""

    INLINE = "nothing"
    BREAK = "none: it ended a line at its start"
    BLOCK = "ends a line"
    CELL = "joins its lines to the row's cells"
    ROW = "makes one line of its cells"
    REMOVED = "none: it was not shown"


_INLINE, _BREAK, _BLOCK, _CELL, _ROW, _REMOVED = _Role
_PLAIN = _Style(visible=True, sized=True, keeps_breaks=False)
_Changes = tuple[bool | None, bool | None, bool | None]
"""What an element changes of the style below it, in the order of `_Style`; None where it says nothing."""


@dataclass(slots=True)
class _Box:
    """Lines of the root or of one table cell; `row` collects the cells of the table row open inside it."""

    lines: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    row: list[str] | None = None

    def end_line(self) -> None:
        if not self.inline:
            return
        raw = self.inline[0] if len(self.inline) == 1 else "".join(self.inline)
        self.inline.clear()
        if line := _line(raw):
            self.lines.append(line)

    def end_row(self) -> None:
        row, self.row = self.row, None
        if row and any(row):
            self.lines.append("\t".join(row))

    def text(self) -> str:
        self.end_line()
        return "\n".join(self.lines)


class _Renderer:
    """One walk over a tree, without recursion, since a page may be nested arbitrarily deep."""

    def __init__(self) -> None:
        self.box = _Box()
        self.around: list[_Box] = []
        """The boxes around the box of a cell."""

    def render(self, root: etree._Element) -> str:
        style, opened = _PLAIN, []
        walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, node in walker:
            if event == "start":
                given = node.get("style")
                known = _effect if given is None or len(given) <= LONGEST else _effect.__wrapped__
                role, changes = known(tag := node.tag, given)
                if role is _CELL or tag == "font" or node.get("hidden") is not None:
                    role, changes = _looked_at(node, role, changes)
                opened.append((role, style))
                if role is _REMOVED:
                    walker.skip_subtree()
                    continue
                text = node.text
                if changes is not None:
                    style = _changed(style, changes)
                if role is not _INLINE:
                    self._begin(role)
            else:
                if event == "end":
                    role, style = opened.pop()
                    if role is not _INLINE:
                        self._end(role)
                text = node.tail
            if text and style.visible and style.sized:
                (self._add_lines if style.keeps_breaks else self.box.inline.append)(text)
        return self.box.text()

    def _add_lines(self, text: str) -> None:
        """Add a text whose breaks are kept."""
        first, *more = _KEPT_BREAK.split(text)
        self.box.inline.append(first)
        for line in more:
            self.box.end_line()
            self.box.inline.append(line)

    def _begin(self, role: _Role) -> None:
        if role is _CELL:
            self.around.append(self.box)
            self.box = _Box()
            return
        if self.box.inline:
            self.box.end_line()
        if role is _ROW:
            self.box.row = []

    def _end(self, role: _Role) -> None:
        if role is _CELL:
            text, self.box = self.box.text(), self.around.pop()
            if self.box.row is not None:
                self.box.row.append(text)
        elif role is _BLOCK or role is _ROW:
            if self.box.inline:
                self.box.end_line()
            if role is _ROW:
                self.box.end_row()


def _looked_at(node: etree._Element, role: _Role, changes: _Changes | None) -> tuple[_Role, _Changes | None]:
    """Role and changes of an element whose parent or other attributes may make them others."""
    if node.get("hidden") is not None:
        return _REMOVED, None
    tag = node.tag
    if role is _CELL and ((parent := node.getparent()) is None or parent.tag != "tr"):
        role = _BLOCK if _is_block(tag, node.get("style")) else _INLINE
    if tag == "font" and node.get("size"):
        visible, sized, keeps_breaks = changes or (None, None, None)
        changes = visible, True if sized is None else sized, keeps_breaks
    return role, changes


def _changed(style: _Style, changes: _Changes) -> _Style:
    visible, sized, keeps_breaks = changes
    return _Style(
        style.visible if visible is None else visible,
        style.sized if sized is None else sized,
        style.keeps_breaks if keeps_breaks is None else keeps_breaks,
    )


@lru_cache(1_024)
def _effect(tag: str, style: str | None) -> tuple[_Role, _Changes | None]:
    """What a tag with a style does, whatever its other attributes and its parent say."""
    given = declared(style) if style else NOTHING
    is_block = _is_block(tag, style)
    keeps_breaks = True if given.keeps_breaks is None and tag in _PREFORMATTED else given.keeps_breaks
    changes = (given.is_visible, given.has_size, keeps_breaks)
    if tag in NEVER_SHOWN or given.hides(is_block=is_block):
        role = _REMOVED
    else:
        role = _ROLES.get(tag) or (_BLOCK if is_block else _INLINE)
    return role, None if changes == (None, None, None) else changes


_ROLES = {"tr": _ROW, "td": _CELL, "th": _CELL, "br": _BREAK}


def _is_block(tag: str, style: str | None) -> bool:
    is_block = declared(style).is_block if style else None
    return tag in BLOCKS if is_block is None else is_block


def _line(raw: str) -> str:
    line = raw.strip(_INDENT)
    if line[:1] in _INVISIBLE and not line.strip(_INVISIBLE):
        return ""
    # Most lines are as they will be; to look for five strings takes a tenth of the time that the pattern takes.
    if not ("  " in line or "\n" in line or "\t" in line or "\r" in line or "\f" in line):
        return line
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
