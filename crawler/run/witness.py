"""Compares this machine's clock with the site's: after a commit with a wrong clock, later runs are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
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


class ClockWitness:
    """Scrapy extension that ends a crawl when the first `Date` of the site and this machine's clock lie days apart.

    Only where the archive gives no evidence: before its first commit, and long after its last one.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._is_done = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = cast("SpeechesSpider", crawler.spider)
        if not spider.job.doubts_clock:
            raise NotConfigured
        witness = cls(crawler)
        crawler.signals.connect(witness.came, signal=signals.response_received)
        return witness

    def came(self, response: Response) -> None:
        date = _date(response)
        if date is None or self._is_done:
            return
        self._is_done = True
        spider = cast("SpeechesSpider", self.crawler.spider)
        now = spider.job.occasion.clock()
        if abs(now - date) > _APART:
            spider.stop.doubt_clock(
                f"this machine's clock says {stamp(now)}, the site's (Date of {response.url}) says {stamp(date)}. "
                "Nothing was kept. Set the clock right; if it is right, run again with -a accept=clock"
            )


def _date(response: Response) -> datetime | None:
    raw = response.headers.get("Date")
    try:
        date = parsedate_to_datetime(raw.decode("ascii")) if raw else None
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC) if date else None
