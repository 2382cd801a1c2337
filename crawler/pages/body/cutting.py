"""The body's HTML: its element without the lines that are no part of the article."""

from __future__ import annotations

from itertools import accumulate

from lxml import etree

from crawler.pages.body.find import Body
from crawler.pages.body.judging import Judged
from crawler.pages.body.lines import FORM_FIELDS, Line
from crawler.pages.page import drop
from pipelines.record import Problem

_MOST_WORDS = 300


def cut(page: Judged, body: Body) -> str:
    """HTML of the body's element without the lines that are no part of the body; the tree is changed."""
    keeps = set(body.keeps)
    kept_before = [0, *accumulate(index in keeps for index in range(len(page.lines)))]
    for index in range(body.first, body.end):
        if index not in keeps:
            _blank(page.lines[index])
    for node, (first, end) in page.spans.items():
        is_inside = body.first <= first < end <= body.end and node is not body.node
        if is_inside and node.getparent() is not None and kept_before[first] == kept_before[end]:
            drop(node)
    for field in list(body.node.iter(*FORM_FIELDS)):
        if field is not body.node and field.getparent() is not None:
            drop(field)
    return etree.tostring(body.node, encoding="unicode", method="html", with_tail=False)


def told_cut(page: Judged, body: Body) -> tuple[Problem, ...]:
    """The problem of lines that say something and were left out of the body: how many, and their first words."""
    if not body.cut:
        return ()
    said = " / ".join(page.lines[index].text for index in body.cut)
    words = said if len(said) <= _MOST_WORDS else f"{said[:_MOST_WORDS]}…"
    return (Problem(field="body", code="cut", detail=f"{len(body.cut)} lines left out: {words}"),)


def _blank(line: Line) -> None:
    for node, is_tail in line.pieces:
        if is_tail:
            node.tail = None
        else:
            node.text = None
