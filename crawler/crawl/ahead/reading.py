"""Reading ahead for one crawl: a Scrapy extension, which the spider asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import TextResponse

from crawler.crawl.ahead.messages import Asked, AskedArticle, AskedList, AskedText
from crawler.crawl.reading_time import SPENT
from crawler.pages.page import Answers
from pipelines.verbs.processes import processors

if TYPE_CHECKING:
    from crawler.crawl.ahead.process import ReaderProcess
    from crawler.run.job import CrawlJob
    from pipelines.normalise import Normaliser
    from pipelines.record import RawSpeech


class OfJob(Protocol):
    """The spider, as far as it is needed here."""

    job: CrawlJob


class ReadingAhead:
    """Asks the process about the articles of a crawl, from when its spider is opened until it is closed.

    Statistics: `read_ahead/pages` read by the process, `read_ahead/failure` that it ended or hung.
    """

    _process: ReaderProcess | None = None
    _normaliser: Normaliser
    _site = 0

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """`NotConfigured` where it would not pay: a crawl with one article at a time waits for it anyway."""
        is_one_of_many = SPENT.get() is not None
        has_several = is_one_of_many or crawler.settings.getint("CONCURRENT_REQUESTS") > 1
        if not has_several or not crawler.settings.getbool("READ_AHEAD"):
            raise NotConfigured
        if processors() < 2:
            raise NotConfigured
        ahead = cls(crawler)
        crawler.signals.connect(ahead.opened, signals.spider_opened)
        crawler.signals.connect(ahead.closed, signals.spider_closed)
        return ahead

    def opened(self, spider: OfJob) -> None:
        """Where all articles will be read, start the process, while robots.txt and the first list are fetched."""
        from crawler.crawl.ahead.process import ReaderProcess  # noqa: PLC0415 - as above

        job = spider.job
        self._process, self._normaliser = ReaderProcess.shared(), job.normaliser
        self._site = self._process.site(job.profile)
        if SPENT.get() is None and (job.plan.read_all or not job.archive.known):
            self._process.start()

    @property
    def is_started(self) -> bool:
        """Whether there is a process already."""
        return self._process is not None and self._process.is_started

    def closed(self) -> None:
        """Let the process end."""
        if self._process is None:
            return
        if self._process.failure:
            self._count("failure")
        self._process.leave()

    async def of_article(
        self, part: int, listed_title: str | None, observed_at: str | None, page: TextResponse
    ) -> Answers:
        """What is known of a page of an article; nothing when it is not read ahead."""
        given = self._site, page.url, page.text, page.encoding
        return await self._answers(AskedArticle(*given, part, listed_title, observed_at))

    async def of_list(self, page: TextResponse) -> Answers:
        """The same of a list page."""
        return await self._answers(AskedList(self._site, page.url, page.text, page.encoding))

    async def read_text(self, raw: RawSpeech) -> None:
        """Let the text of several parts be read, which no page has as a whole."""
        if self._process is not None:
            text = raw.title, raw.body_html, raw.look.observed_at, self._normaliser.committee
            await self._answers(AskedText(self._site, text))

    async def _answers(self, asked: Asked) -> Answers:
        found = await self._process.read(asked) if self._process else None
        if found is None:
            return {}
        self._count("pages")
        if (spent := SPENT.get()) is not None:
            spent.seconds += found.seconds
        if found.text is not None:
            self._normaliser.know(*found.text)
        return found.answers

    def _count(self, what: str) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"read_ahead/{what}")
