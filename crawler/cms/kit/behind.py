"""Text directly behind a body: what a stray end tag inside it looks like to every parser."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from crawler.page import squeeze, strings
from pipelines.record import Problem

_FURNITURE = re.compile(
    "[上下]一[篇条]|打印|关闭|编辑|字体|收藏|分享|评论|返回|录入|作者|来源|相关|版权|声明|点击|附件【"
)
_SHORTEST_PARAGRAPH = 5


def text_behind(body: etree._Element, pagers: Sequence[etree._Element]) -> tuple[Problem, ...]:
    """The problem of paragraphs directly behind a body, furniture and `pagers` left out."""
    pieces = [body.tail or ""]
    for sibling in body.itersiblings(etree.Element):
        if sibling.tag not in {"p", "br"} or sibling in pagers:
            break
        pieces.extend((*strings(sibling), sibling.tail or ""))
    text = squeeze("".join(pieces))
    if len(text) < _SHORTEST_PARAGRAPH or _FURNITURE.search(text):
        return ()
    return (Problem(field="body", code="text-behind", detail=text[:60]),)
