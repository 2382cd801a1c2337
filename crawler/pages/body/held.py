"""A text that its page holds where no reader sees it until a script moves it: in a form field or a template."""

from __future__ import annotations

import re
from copy import deepcopy
from html import unescape
from itertools import islice

from lxml import etree

from crawler.pages.body.judging import Judged
from crawler.pages.body.kinds import Kind, is_sentence
from crawler.pages.page import drop, squeeze

_Words = etree._ElementUnicodeResult
_ENOUGH, _MOST = 80, 200
"""Characters of an article, as of any body; elements looked at, of a page that may have thousands."""
_FEWEST, _FEWEST_IN_FIELD = 20, 30
"""Characters of sentences: a paragraph in a script; a field for comments holds a request to be polite."""
_FEWEST_AMONG = 8
"""Chinese characters of a field or template that words of the text follow, or of a field's paragraph: fewer are a
button's."""
_OF_SENTENCES = "[\u4e00-\u9fff\\d，、；：“”《》（）％%.]"
_SENTENCES = re.compile(f"(?<!{_OF_SENTENCES}){_OF_SENTENCES}{{8,}}+[。！？]")
_SHOWN = etree.XPath(".//text()[not(ancestor::textarea or ancestor::template or ancestor::script)]")
_CJK = re.compile("[\u4e00-\u9fff]")
_MAY_SAY = re.compile("[\u4e00-\u9fff。！？]")
_TAGS, _ENDS = re.compile(r"<[^<>]{0,2000}>"), re.compile(r"</?(?:p|br|div|section|li|tr|h[1-6])\b", re.IGNORECASE)
_TEMPLATE_TYPES = re.compile(r"text/(?:html|plain|x-[\w-]+|template|ng-template)", re.IGNORECASE)
_SENTENCE, _TAG = re.compile("[\u4e00-\u9fff][。！？]"), re.compile(r"<(?:p|br|div|span|section)\b", re.IGNORECASE)


def says_little(page: Judged) -> bool:
    """True for a page whose visible sentences make no article."""
    said = (i for i, what in enumerate(page.kinds) if what is Kind.PROSE and is_sentence(page.lines[i]))
    return sum(page.lines[i].size for i in said) < _ENOUGH


def with_held(page: etree._Element) -> etree._Element | None:
    """A copy of a page with the texts that form fields and templates hold in their place; None without any."""
    root = deepcopy(page)
    held = [(node, block) for node in _holders(root) if (block := _held(node)) is not None]
    for node, block in held:
        node.addprevious(block)
        drop(node)
    return root if held else None


def held_back(body: etree._Element) -> str | None:
    """The first words that a form field, a template or a script within a body holds and the body does not show.

    A sentence counts anywhere, a few words (who speaks) only in a field or template that text follows, or in a field
    that holds markup: what readers are to write over is plain text.
    """
    found = islice(body.iter("textarea", "template", "script"), _MOST)
    # Most are scripts of players and counters, without any of these signs.
    holders = [one for one in found if one.tag == "textarea" or _MAY_SAY.search("".join(map(str, one.itertext())))]
    if not holders:
        return None
    texts = _SHOWN(body)
    seen = [one for one in texts if isinstance(one, _Words)] if isinstance(texts, list) else []
    shown, among = squeeze("".join(seen)), _among(body, seen)
    for node in holders:
        text = squeeze(_TAGS.sub("", "".join(map(str, node.itertext())).replace("\\/", "/")))
        held = [said for said in _SENTENCES.findall(text) if said not in shown]
        if sum(map(len, held)) >= (_FEWEST_IN_FIELD if node.tag == "textarea" else _FEWEST):
            return str(held[0])
        # What is there to be copied has the page's address.
        if node in among and len(_CJK.findall(text)) >= _FEWEST_AMONG and text not in shown and "http" not in text:
            return text
        if said := next((one for one in _paragraphs(node) if one not in shown), None):
            return said
    return None


def _paragraphs(node: etree._Element) -> list[str]:
    """The paragraphs that the markup in a form field holds."""
    blocks = _ENDS.split(_source(node)) if node.tag == "textarea" else []
    # Of a tag that was split only its end is left; without one it is a link or a picture to be copied.
    texts = [squeeze(unescape(_TAGS.sub("", f"<p{block}"))) for block in blocks[1:]]
    return [text for text in texts if len(_CJK.findall(text)) >= _FEWEST_AMONG and "http" not in text]


def _among(body: etree._Element, shown: list[_Words]) -> set[etree._Element]:
    """Fields and templates that words of the text follow."""
    last = next((text for text in reversed(shown) if _CJK.search(text)), None)
    beside = last.getparent() if last is not None else None
    if last is None or beside is None:
        return set()
    found: set[etree._Element] = set()
    for node in body.iter():
        if node is beside and not last.is_tail:
            return found
        if _may_hold(node):
            found.add(node)
        if node is beside:
            return found | {one for one in beside.iterdescendants() if _may_hold(one)}
    return set()


def _may_hold(node: etree._Element) -> bool:
    if node.tag == "script":
        return _TEMPLATE_TYPES.fullmatch((node.get("type") or "").strip()) is not None
    return node.tag in {"textarea", "template"}


def _holders(root: etree._Element) -> list[etree._Element]:
    found = islice(root.iter("textarea", "template", "noscript", "script"), _MOST)
    return [one for one in found if one.tag == "noscript" or _may_hold(one)]


def _source(node: etree._Element) -> str:
    """The markup in a field or template; empty where it holds plain text."""
    if len(node):
        source = etree.tostring(node, encoding="unicode", method="html", with_tail=False)
        return source[source.index(">") + 1 : source.rindex("<")]
    text = "".join(map(str, node.itertext()))
    return text if _TAG.search(text) else ""


def _held(node: etree._Element) -> etree._Element | None:
    """The text an element holds, as a block; None for anything else. libxml2 reads tags in a field as elements."""
    text = "".join(map(str, node.itertext()))
    if len(squeeze(text)) < _ENOUGH or not _SENTENCE.search(text):
        return None
    source = _source(node)
    parsed = etree.fromstring(f"<div>{source}</div>".encode(), etree.HTMLParser(encoding="utf-8")) if source else None
    block = parsed.find(".//div") if parsed is not None else None
    if block is not None:
        block.tail = None
    return block
