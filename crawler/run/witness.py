"""Compares this machine's clock with the site's: after a commit with a wrong clock, later runs are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Self, cast

from scrapy import signals
from scrapy.exceptions import NotConfigured

from pipelines.archive.read.moments import stamp

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.spiders.speeches import SpeechesSpider

_APART = timedelta(days=1)
"""Servers in the wrong time zone are hours off; a clock that lost its battery is years off."""


_ANSWERS = 3
"""A cache may give an old answer with its old date, a section's list and articles rarely come from one."""


class ClockWitness:
    """Scrapy extension that ends a crawl when the site's dates and this machine's clock lie days apart.

    Only where the archive itself cannot tell: before its first commit, and long after its last one. One answer whose
    date agrees is enough; the first few that do not, or all there are, refuse the run.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._agrees = False
        self._apart: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = cast("SpeechesSpider", crawler.spider)
        if not spider.job.doubts_clock:
            raise NotConfigured
        witness = cls(crawler)
        crawler.signals.connect(witness.came, signal=signals.response_received)
        crawler.signals.connect(witness.closed, signal=signals.spider_closed)
        return witness

    def came(self, response: Response) -> None:
        told = _date(response)
        if told is None or self._agrees or len(self._apart) == _ANSWERS:
            return
        spider = cast("SpeechesSpider", self.crawler.spider)
        now = spider.job.occasion.clock()
        self._agrees = abs(now - told) <= _APART
        if self._agrees:
            return
        self._apart.append(
            f"this machine's clock says {stamp(now)}, the site's (Date of {response.url}) says {stamp(told)}. "
            "Nothing was kept. Set the clock right; if it is right, run again with -a accept=clock"
        )
        if len(self._apart) == _ANSWERS:
            spider.stop.doubt_clock(self._apart[0])

    def closed(self, spider: SpeechesSpider) -> None:
        if self._apart and not self._agrees:
            spider.report.doubt_clock(self._apart[0])


def _date(response: Response) -> datetime | None:
    """When the answer was given: its `Date`, and the seconds that a cache has kept it since."""
    return _given_at(response.headers.get("Date"), response.headers.get("Age"))


@lru_cache(16)  # answers of the same second are dated alike
def _given_at(raw: bytes | None, age: bytes | None) -> datetime | None:
    try:
        told = parsedate_to_datetime(raw.decode("ascii")) if raw else None
        kept = timedelta(seconds=int(age)) if age and age.isdigit() else timedelta()
        return told.replace(tzinfo=told.tzinfo or UTC) + kept if told else None
    except (ValueError, OverflowError):
        return None
