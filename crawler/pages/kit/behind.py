"""Text directly behind a body: what a stray end tag inside it looks like to every parser."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from lxml import etree

from crawler.pages.page import ends_sentence, squeeze, strings
from pipelines.record import Problem

_FURNITURE = re.compile(
    "[上下]一[篇条]|打印|关闭|编辑|字体|收藏|分享|评论|返回|录入|作者|来源|相关|版权|声明|点击|附件【"
)
_OF_THE_SITE = re.compile("主办|承办|备案|ICP|未经|转载|二维码|版权|声明")
_WITHOUT_WORDS = frozenset({"br", "script", "style"})
_BLOCKS = frozenset({"p", "div", "section"})
_SHORTEST_PARAGRAPH, _SHORTEST_SENTENCE, _LONGEST_FURNITURE = 5, 12, 40


def text_behind(body: etree._Element, pagers: Sequence[etree._Element]) -> tuple[Problem, ...]:
    """The problem of paragraphs directly behind a body or the block around it, furniture and `pagers` left out."""
    around = body.getparent()
    text = _said_behind(body, pagers, {"p", "br"}) or _sentences_behind(body, pagers)
    if not text and around is not None and around.tag != "body" and _is_last(body):
        text = _sentences_behind(around, pagers)
    return (Problem(field="body", code="text-behind", detail=text[:60]),) if text else ()


def _said_behind(node: etree._Element, pagers: Sequence[etree._Element], tags: Container[object]) -> str:
    """The words behind an element up to the first of another kind; furniture is short and says what it is."""
    lines = [squeeze(node.tail or "")]
    for sibling in node.itersiblings(etree.Element):
        if sibling.tag not in tags or sibling in pagers:
            break
        lines.extend((squeeze("".join(strings(sibling))), squeeze(sibling.tail or "")))
    text = "".join(line for line in lines if not _is_furniture(line))
    return text if len(text) >= _SHORTEST_PARAGRAPH else ""


def _sentences_behind(node: etree._Element, pagers: Sequence[etree._Element]) -> str:
    """The first sentence among the blocks behind an element, as far as these hold no links and no furniture."""
    for sibling in node.itersiblings(etree.Element):
        line = squeeze("".join(strings(sibling)))
        is_plain = sibling.tag in _BLOCKS and sibling not in pagers and next(sibling.iter("a"), None) is None
        if not is_plain or _is_furniture(line):
            break
        if len(line) >= _SHORTEST_PARAGRAPH and ends_sentence(line):
            return line
    return ""


def _is_furniture(line: str) -> bool:
    if len(line) >= _SHORTEST_SENTENCE and ends_sentence(line):
        return _OF_THE_SITE.search(line) is not None
    return len(line) <= _LONGEST_FURNITURE and _FURNITURE.search(line) is not None


def _is_last(node: etree._Element) -> bool:
    return all(sibling.tag in _WITHOUT_WORDS for sibling in node.itersiblings(etree.Element))
