"""The body's HTML: a copy of its element without the lines that are no part of the article."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from itertools import accumulate

from lxml import etree

from crawler.pages.body.find import Body
from crawler.pages.body.judging import Judged
from crawler.pages.body.known import Line
from crawler.pages.body.lines import FORM_FIELDS
from crawler.pages.page import drop
from pipelines.record import Problem

_MOST_WORDS = 300
"""Characters of what was cut that a problem quotes."""
_INNER = frozenset({"caption", "dd", "dt", "legend", "li", "td", "th"})

_Copies = dict[etree._Element, etree._Element]


def cut(
    page: Judged, body: Body, shown: Collection[etree._Element] = (), skipped: Collection[etree._Element] = ()
) -> etree._Element:
    """The body's element as a copy, with the paragraphs beside it that are its own, without what is no part of it.

    Args:
        page: the judged lines.
        body: its element and the lines that are its own.
        shown: elements read whatever their style says; the copy does not hide them.
        skipped: elements that were not read.
    """
    copies: _Copies = {}
    whole = _copied(body.node, copies)
    if body.lead or body.rest:
        block = etree.Element("div")
        block.extend([*(_led(_copied(node, copies)) for node in body.lead), whole])
        block.extend([_copied(node, copies) for node in body.rest])
        block[-1].tail = None
        whole = block
    keeps = set(body.keeps)
    kept_before = [0, *accumulate(index in keeps for index in range(body.first, body.end))]
    for index in range(body.first, body.end):
        if index not in keeps:
            _blank(page.lines[index], copies)
    for node, (first, end) in page.spans.items():
        if not body.first <= first < end <= body.end or node not in copies:
            continue
        if kept_before[first - body.first] == kept_before[end - body.first]:
            drop(copies[node])
    for node in [*(copies[node] for node in skipped if node in copies), *whole.iter(*FORM_FIELDS)]:
        drop(node)
    for node in (copies[node] for node in shown if node in copies):
        for name in ("style", "hidden"):
            node.attrib.pop(name, "")
    return whole


def lines_cut(page: Judged, body: Body) -> tuple[Problem, ...]:
    """The problem of lines that say something and were left out of the body: how many, and their first words."""
    if not body.cut:
        return ()
    said = " / ".join(page.lines[index].text for index in body.cut)
    words = said if len(said) <= _MOST_WORDS else f"{said[:_MOST_WORDS]}…"
    return (Problem(field="body", code="cut", detail=f"{len(body.cut)} lines left out: {words}"),)


def _copied(node: etree._Element, copies: _Copies) -> etree._Element:
    copy = deepcopy(node)
    copies.update(zip(node.iter(), copy.iter(), strict=True))
    return copy


def _led(copy: etree._Element) -> etree._Element:
    """A line at the title as a paragraph: a cell or an entry of a list is none outside of its table or list."""
    copy.tag = "p" if copy.tag in _INNER else copy.tag
    return copy


def _blank(line: Line, copies: _Copies) -> None:
    for node, is_tail in line.pieces:
        copy = copies.get(node)
        if copy is not None and is_tail:
            copy.tail = None
        elif copy is not None:
            copy.text = None
