"""What the style of an element hides from a page's reader; a test holds it to what the text of a body leaves out."""

from __future__ import annotations

import re

from lxml import etree

from pipelines.text.remembered import remembered

_HIDDEN = re.compile(
    r"(?<![\w-])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|text-indent\s*:\s*-\d{4})", re.IGNORECASE
)
_PLACED = re.compile(r"(?<![\w-])position\s*:\s*(?:absolute|fixed)", re.IGNORECASE)
_OFF_SCREEN = re.compile(r"(?<![\w-])(?:left|top|right)\s*:\s*-\d{4}", re.IGNORECASE)
_TRANSPARENT = re.compile(r"(?<![\w-])opacity\s*:\s*0\s*(?:;|!|$)", re.IGNORECASE)


_HIDEABLE = etree.XPath("descendant-or-self::*/@style/..|descendant-or-self::*/@hidden/..")


def hideable(root: etree._Element) -> list[etree._Element]:
    """The elements of a tree with an attribute that may hide them, in order."""
    found = _HIDEABLE(root)
    return [node for node in found if isinstance(node, etree._Element)] if isinstance(found, list) else []


def is_hidden(node: etree._Element, *, is_block: bool) -> bool:
    """True for an element that its attributes hide."""
    style = node.get("style")
    return node.get("hidden") is not None or (style is not None and hides(style, is_block=is_block))


@remembered(1_024)
def hides(style: str, *, is_block: bool) -> bool:
    """True when nothing of an element with this style is seen; letters without a size may get one below.

    A transparent block is one that a script fades in as the reader comes near; a transparent word is hidden.
    """
    is_away = _PLACED.search(style) and _OFF_SCREEN.search(style)
    return bool(_HIDDEN.search(style) or is_away or (not is_block and _TRANSPARENT.search(style)))
