"""Archived HTML made safe to look at: what is not on a list of what is allowed is taken out. Pure.

The page is parsed as the crawler does, and written anew from its tree: only elements and attributes of the lists are
left in it, so that nothing of the source's own syntax reaches the browser.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lxml import etree

from pipelines.shown import harmless
from pipelines.text.page_size import excess_of
from pipelines.text.styles import declared

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

_KEPT = frozenset(
    "abbr address article b bdi bdo big blockquote br caption center cite code dd del dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q rp rt ruby s samp section small strike "
    "strong sub sup table tbody td tfoot th thead tr tt u ul var wbr".split()
)
"""Elements that only mark up text. Of others the content is left, but for the following."""
_FRAMES = "applet audio canvas embed frame frameset iframe math object svg video".split()
_DROPPED = tuple("base datalist input link meta noembed noframes script select style template textarea title".split())
"""Elements that go with all that is in them."""
_REMOVED: Mapping[str, tuple[str, ...]] = {
    "scripts": ("script",),
    "styles": ("style", "link"),
    "pictures": ("img",),
    "frames": tuple(_FRAMES),
    "forms": ("form", "input", "select", "textarea", "button"),
    "links": ("a", "area"),
}
"""What is told of having been taken out, by the elements that are counted for it."""
_FIT: Mapping[str, re.Pattern[str]] = {
    "colspan": re.compile(r"\d{1,3}"),
    "dir": re.compile("ltr|rtl|auto"),
    "lang": re.compile("[A-Za-z0-9-]{1,35}"),
    "rowspan": re.compile(r"\d{1,3}"),
    "start": re.compile(r"\d{1,9}"),
}
"""The attributes that are left, and which values."""
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NO_WORDS = "\u25a1"
"""Stands for a picture without a text of its own."""
UNSEEN = "\u27e6", "\u27e7"
"""Stand around words that a style hides. Chinese texts do not use them as their own."""
_STYLED = etree.XPath("descendant::*[@style or @hidden]")
_HOLDERS = frozenset("table tbody thead tfoot tr ul ol dl".split())
"""Elements with no words of their own, of which each part is marked."""
_PARTS = ("caption", "td", "th", "li", "dt", "dd")
_INLINE = frozenset(
    "a b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup "
    "tt u var".split()
)
_IN: Mapping[str, Set[str]] = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}}
"""What is a part of a list only within one."""


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML of allowed elements only, and how much was taken out of it.

    `removed` counts elements: `scripts`, `styles`, `pictures` (their texts are left), `frames` (what is embedded),
    `forms`, and `links`, which lead nowhere now; what there was none of is not named. `unseen` counts the places that
    are between the marks `UNSEEN`, since a style in the element hides them. Without `has_words` it shows nothing.
    """

    html: str
    removed: Mapping[str, int]
    unseen: int
    has_words: bool


class NotShown(ValueError):  # noqa: N818 - reads as a sentence: "not shown"
    """A page that is not parsed: it has more than any real page, or the parser would lose text."""


def safe_html(source: str) -> SafeHtml:
    """The page without anything that executes, loads, moves or asks.

    Raises:
        NotShown: it is larger, or nested deeper, than any real page.
    """
    text = source.replace("\x00", "")
    if excess := excess_of(text):
        raise NotShown(excess)
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(text.encode(errors="replace"), parser) if text.strip() else None
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise NotShown("tags nested deeper than the HTML parser follows")
    tree = etree.Element("div")
    for one in [] if root is None else [root, *root.itersiblings(etree.Element)]:
        tree.append(one)
    tags = Counter(str(node.tag) for node in tree.iter())
    counts = {what: sum(tags[tag] for tag in of_what) for what, of_what in _REMOVED.items()}
    unseen = _clean(tree, tags.keys() - _KEPT)
    html = etree.tostring(tree, method="html", encoding="unicode")
    has_words = any(str(words).strip() for words in tree.itertext())
    removed = {what: number for what, number in counts.items() if number}
    return SafeHtml(harmless(html), removed, unseen, has_words)


def _clean(tree: etree._Element, others: Set[str]) -> int:
    """Leave in the tree what is allowed, and count what was marked; `others` are the elements that are not."""
    for picture in tree.iter("img"):
        words = _NO_XML.sub("", picture.get("alt") or "")
        picture.tag, picture.text = "span", f"[{words or _NO_WORDS}]"
    etree.strip_elements(tree, *_FRAMES, *_DROPPED, with_tail=False)
    unseen = _mark_unseen(tree)
    etree.strip_tags(tree, *others, "span")
    _mend_lists(tree)
    for node in tree.iter():
        if given := node.items():
            node.attrib.clear()
            for name, value in given:
                fit = _FIT.get(str(name))
                if fit is not None and fit.fullmatch(str(value)):
                    node.set(name, value)
    for node in unseen:
        node.set("class", "unseen")
    return len(unseen)


def _mark_unseen(tree: etree._Element) -> list[etree._Element]:
    """Put marks around words that the style of their element hides; the elements, which are allowed ones now."""
    marked: dict[etree._Element, None] = {}
    for node in filter(_is_unseen, cast("list[etree._Element]", _STYLED(tree))):
        for part in node.iter(*_PARTS) if node.tag in _HOLDERS else (node,):
            is_within = part in marked or any(above in marked for above in part.iterancestors())
            if not is_within and any(str(words).strip() for words in part.itertext()):
                marked[part] = None
    for node in marked:
        node.text = UNSEEN[0] + (node.text or "")
        if len(node):
            node[-1].tail = (node[-1].tail or "") + UNSEEN[1]
        else:
            node.text += UNSEEN[1]
        if node.tag not in _KEPT:
            node.tag = "small"
    return list(marked)


def _is_unseen(node: etree._Element) -> bool:
    style = declared(_NO_XML.sub("", node.get("style") or ""))
    is_hidden = style.is_visible is False or style.has_size is False or node.get("hidden") is not None
    return is_hidden or style.hides(is_block=node.tag not in _INLINE)


def _mend_lists(tree: etree._Element) -> None:
    """Let lists hold their parts alone, and no part stand outside one, as pages often have it."""
    for node in tree.iter("ul", "ol", "dl"):
        if any(node.tag not in _IN.get(str(child.tag), ()) for child in node):
            node.tag = "div"
    for node in tree.iter(*_IN):
        above = node.getparent()
        if above is None or above.tag not in _IN[str(node.tag)]:
            node.tag = "div"
