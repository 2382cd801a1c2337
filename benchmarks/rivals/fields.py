"""What every rival reads of a page of the recorded site: with lxml here, with parsel in `parsel_fields`.

The facts are those of this one template (`FullSize` in benchmarks/served/pages.py), as somebody would write them who
needs this site only: the title, the day, the text of the body with all its parts, the address of the view counter.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from lxml.etree import XPath
from lxml.html import HTMLParser, document_fromstring

PAGES = "//select[@name='page']/option[not(@selected)]/@value"
ROWS = "//a[@class='t']/@href"
TITLE = "string(//h1)"
INFO = "string(//div[@class='info'])"
BODY = "string(//div[@id='MyContent'])"
COUNTER = "string(//div[@class='info']/script/@src)"
LATER = "string(//a[@class='next']/@href)"
_PART = re.compile(r"\(\d+\)$")
_DAY = re.compile(r"更新时间：(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_VIEWS = re.compile(r"'(\d+)'")
_pages, _rows, _title, _info, _body, _counter, _later = (
    XPath(one, smart_strings=False) for one in (PAGES, ROWS, TITLE, INFO, BODY, COUNTER, LATER)
)


class Read(NamedTuple):
    """A page of an article: addresses as the page has them, empty where it has none."""

    title: str
    published: str
    body: str
    counter: str
    later: str


def links(page: bytes) -> tuple[list[str], list[str]]:
    """The other list pages, and the articles, that a list page links to."""
    tree = _parsed(page)
    return list(_pages(tree)), list(_rows(tree))  # type: ignore[arg-type]


def read(page: bytes) -> Read:
    """A page of an article."""
    tree = _parsed(page)
    return made(*(str(one(tree)) for one in (_title, _info, _body, _counter, _later)))


def made(title: str, info: str, body: str, counter: str, later: str) -> Read:
    """What the strings found say; the counter is asked so that it counts no view."""
    day = _DAY.search(info)
    published = f"{int(day[1])}-{int(day[2]):02}-{int(day[3]):02}" if day else ""
    return Read(_PART.sub("", title.strip()), published, body.strip(), counter.replace("Action=Count&", ""), later)


def views(script: bytes) -> int | None:
    """What a counter says."""
    found = _VIEWS.search(script.decode("ascii", "replace"))
    return int(found[1]) if found else None


def speech(url: str, parts: list[Read], counted: int | None) -> dict[str, Any]:
    """The record that every rival writes, a line of JSON each."""
    first = parts[0]
    body = "\n".join(part.body for part in parts)
    return {"url": url, "title": first.title, "published": first.published, "body": body, "views": counted}


def _parsed(page: bytes) -> Any:
    return document_fromstring(page, parser=HTMLParser(encoding="gb18030"))
