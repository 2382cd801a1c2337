"""The articles of a list that wait for their turn: a queue of the scheduler that keeps a request in a few bytes."""

from __future__ import annotations

from collections import deque
from dataclasses import fields
from operator import attrgetter
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler

from crawler.crawl.observed import OnList
from crawler.pages import SectionLink
from pipelines.record import Capture, Row
from pipelines.text.compact import PackedQueue

_FEW = 256
_PLAIN = (str, int, float, bool, type(None))
_NAMES = tuple(field.name for field in fields(Capture))
_values = attrgetter(*_NAMES)


class WaitingArticles:
    """First in, first out, as Scrapy's own queue of start requests.

    A list is walked to its end in minutes and its articles are read for hours: of tens of thousands of them, each
    request as an object would be most of what the process holds. The first are kept as they are, and so is whatever
    is not a request for an article with nothing but plain values about it.
    """

    def __init__(self, spider: Spider | None) -> None:
        self._article, self._failed = (getattr(spider, name, None) for name in ("parse_article", "article_failed"))
        self._first: deque[Request] = deque()
        self._others: dict[int, Request] = {}
        self._packed = PackedQueue()
        self._sections: list[SectionLink] = []
        self._number = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, _key: str) -> Self:
        """The queue for the spider of a crawl."""
        return cls(crawler.spider)

    def __len__(self) -> int:
        return len(self._first) + len(self._packed)

    def push(self, request: Request) -> None:
        """Add one at the end."""
        if not self._packed and len(self._first) < _FEW:
            self._first.append(request)
            return
        record = self._record(request)
        if record is None:
            self._number += 1
            self._others[self._number] = request
        self._packed.push(record or self._number)

    def pop(self) -> Request | None:
        """Take the first one out; None when there is none."""
        if self._first:
            return self._first.popleft()
        record = self._packed.pop()
        return self._others.pop(record) if type(record) is int else self._request(record)

    def close(self) -> None:
        """Nothing is left open."""

    def _record(self, request: Request) -> tuple[Any, ...] | None:
        """All that a request for an article is made of; None for any other."""
        if request.callback != self._article or request.errback != self._failed or not request.dont_filter:
            return None
        if request.method != "GET" or request.body or request.cookies or request.flags:
            return None
        given, listed = dict(request.cb_kwargs), request.cb_kwargs["listed"]
        section = given.pop("section")
        if section not in self._sections:
            self._sections.append(section)
        del given["listed"]
        if not all(type(value) in _PLAIN for value in (*request.meta.values(), *given.values())):
            return None
        row = None if listed is None else (listed.row.title, listed.row.date)
        page = None if listed is None or listed.page is None else _values(listed.page)
        headers = [(name, list(values)) for name, values in request.headers.items()]
        about = request.url, request.encoding, request.priority, headers, dict(request.meta)
        return *about, given, self._sections.index(section), row, page

    def _request(self, record: tuple[Any, ...] | None) -> Request | None:
        if record is None:
            return None
        url, encoding, priority, headers, meta, given, section, row, page = record
        listed = None
        if row is not None:
            listed = OnList(Row(title=row[0], date=row[1]), page and Capture(**dict(zip(_NAMES, page, strict=True))))
        return Request(
            url, self._article, headers=headers, meta=meta, encoding=encoding, priority=priority, dont_filter=True,
            errback=self._failed, cb_kwargs=given | {"listed": listed, "section": self._sections[section]},
        )  # fmt: skip
