"""Date, author, source and views of an article page: the words between its title and its body.

A date needs no label, since real 6.5 sites print `2009年08月31日  大洋网  张星星`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from crawler.pages.labels import AUTHOR, INPUTTER, LABEL, NUMBER, PUBLISHED, SOURCE, UPDATE_LABEL, UPDATED, VIEWS
from crawler.pages.page import Page, squeeze, strings, tidy
from pipelines.text.dates import find_dates, leading_date

_LABEL = re.compile(LABEL + "|(发布于|发表于|更新于)")
_VALUE_END = re.compile(r"[\u00a0\u3000 ]{2,}|[|｜【\[]|\n")
_UPDATE = re.compile(rf"{UPDATE_LABEL}$")
_BLOCK_END = frozenset({"br", "p", "div", "td", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "hr", "center"})
_LINES_ABOVE = 2
_LINES_WITHOUT_HEADING = 4
_LINES_BEHIND = 3
_LONGEST_LINE = 120
_BLANKS = " \u00a0\u3000\t"
# Where inline elements begin and end: a value ends with the element its label stands in. HTML has no such characters.
_BEGIN, _END = "\x1e", "\x1f"
_UNMARKED = str.maketrans({_BEGIN: None, _END: None})
_OPENING = "【[（(［"
_CLOSING = {"】": "【", "]": "[", "）": "（", ")": "(", "］": "［"}


@dataclass(frozen=True, slots=True)
class Info:
    """The strings exactly as found; None where the page has none."""

    published: str | None
    views: str | None
    author: str | None
    source: str | None


def read_info(page: Page, body: etree._Element, heading: str) -> Info:
    """Read the info line of an article: the words between its heading and its body.

    A date in the two lines above the heading, and words behind the body, count only where their line begins with
    a label: side bars and related articles have dates, authors and sources of their own.
    """
    before = _lines(page.root, stop=body)
    start = max((i for i, line in enumerate(before) if squeeze(heading) in squeeze(line)), default=None)
    if start is None:
        between, above = before[-_LINES_WITHOUT_HEADING:], []
    else:
        own_line = _plain(before[start])
        rest = own_line.partition(heading)[2] if heading in own_line else ""
        between, above = [rest, *before[start + 1 :]], before[max(0, start - _LINES_ABOVE) : start]
    labelled = [_labelled(between), _labelled(_behind(body))]
    beside = [_labelled(_beginning_with_label(above)), labelled[1]]
    dates = (_by_label(values, labels) for labels in (PUBLISHED, UPDATED) for values in beside)
    return Info(
        published=_published(between) or next(filter(None, dates), None),
        views=_number(_first(labelled[:1], VIEWS)),
        author=_first(labelled, AUTHOR) or _first(labelled, INPUTTER),
        source=_first(labelled, SOURCE),
    )


def _beginning_with_label(lines: list[str]) -> list[str]:
    return [line for line in lines if _LABEL.match(_plain(line).strip(_BLANKS + _OPENING))]


def _plain(line: str) -> str:
    return line.translate(_UNMARKED)


def _lines(root: etree._Element, stop: etree._Element) -> list[str]:
    """Text before `stop`, one string a block, inline elements marked, NBSP and U+3000 kept, scripts left out."""
    pieces: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if node is stop:
            break
        if event == "start" and node.tag in _BLOCK_END:
            pieces.append("\n")
        elif event == "start":
            pieces.append(_BEGIN)
        if event == "start" and node.tag not in {"script", "style", "title", "option"}:
            pieces.append(_one_line(node.text))
        if event == "end":
            pieces.append("\n" if node.tag in _BLOCK_END else _END)
        if event != "start":
            pieces.append(_one_line(node.tail))
    return [line for line in "".join(pieces).split("\n") if line.strip()]


def _behind(body: etree._Element) -> list[str]:
    """Lines directly behind the body that begin with a label, before anything else is said."""
    lines: list[str] = []
    node: etree._Element | None = body
    while node is not None and node.tag != "body" and len(lines) < _LINES_BEHIND:
        lines.append(_one_line(node.tail))
        for sibling in node.itersiblings(etree.Element):
            lines.extend(("".join(_one_line(text) for text in strings(sibling)), _one_line(sibling.tail)))
        node = node.getparent()
    said = [line for line in lines if line.strip(_BLANKS)][:_LINES_BEHIND]
    kept: list[str] = []
    for line in said:
        if len(line) > _LONGEST_LINE or not _beginning_with_label([line]):
            break
        kept.append(line)
    return kept


def _one_line(text: str | None) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text or "")


def _labelled(lines: list[str]) -> dict[str, str]:
    """Label → the text behind it, up to the next label, a wide gap or a bracket; the first of each label counts."""
    values: dict[str, str] = {}
    for line in lines:
        marks = list(_LABEL.finditer(line))
        for mark, following in zip(marks, [*marks[1:], None], strict=False):
            text = _same_element(line[mark.end() : following.start() if following else len(line)]).strip(_BLANKS)
            end = _VALUE_END.search(text)
            values.setdefault(squeeze(mark[1] or mark[2]), _value(text[: end.start()] if end else text))
    return values


def _same_element(text: str) -> str:
    """The text behind a label up to the end of the element the label stands in, unless nothing stands there."""
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign == _BEGIN) - (sign == _END)
        if depth < 0:
            if _plain(text[:index]).strip(_BLANKS):
                return _plain(text[:index])
            depth = 0
    return _plain(text)


def _value(text: str) -> str:
    """A value without the bracket its label stands in: cut at the first closing one that opens nowhere in it."""
    for index, sign in enumerate(text):
        if sign in _CLOSING and text.count(_CLOSING[sign], 0, index) <= text.count(sign, 0, index):
            return tidy(text[:index])
    return tidy(text).rstrip(_OPENING + _BLANKS)


def _first(zones: list[dict[str, str]], labels: list[str]) -> str | None:
    return next((zone[label] for zone in zones for label in labels if zone.get(label)), None)


def _number(value: str | None) -> str | None:
    match = NUMBER.match(value or "")
    return match[0].strip() if match else None


def _published(lines: list[str]) -> str | None:
    """A labelled date, else the first full date of the zone."""
    by_label = _by_label(_labelled(lines), PUBLISHED)
    if by_label:
        return by_label
    printed = (date for line in lines for date in _whole_dates(_plain(line)))
    return next(printed, None) or _by_label(_labelled(lines), UPDATED)


def _whole_dates(line: str) -> Iterator[str]:
    for start, _, _ in find_dates(line):
        if (end := leading_date(line[start:])) and not _UPDATE.search(line[:start]):
            yield line[start : start + end]


def _by_label(values: dict[str, str], labels: list[str]) -> str | None:
    for label in labels:
        if value := values.get(label):
            return next(_whole_dates(value), value)
    return None
