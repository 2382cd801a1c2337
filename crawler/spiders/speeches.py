"""The one spider: section → list pages → articles → counters. Navigation only: no selector, no pattern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.articles import Article, ArticleReader
from crawler.attachments import AttachmentFetcher
from crawler.confirm import conditional_headers, is_confirmed
from crawler.counters import CounterReader
from crawler.ending import Stopping
from crawler.fetch import Fetched, Fetcher, failed
from crawler.hosts import Hosts
from crawler.job import CrawlJob
from crawler.looks import OnList, http_facts
from crawler.pages import ListedRow, SectionLink
from crawler.past import PastReader
from crawler.walk import ListWalk, find_section
from crawler.wire import arrived, capture
from pipelines.archive.state import SpeechState
from pipelines.compared import Compared
from pipelines.reasons import Reason
from pipelines.record import Capture, Confirmed, Listed, Look, Missed, RawSpeech, Row

Item = RawSpeech | Compared[RawSpeech] | Listed | Confirmed | Missed


class SpeechesSpider(Spider):
    """Crawls the leader speeches of one site into its archive.

    Run it by `scrapy crawl speeches -a site=NAME`; the command prepares the job (profile, archive, report).
    """

    name = "speeches"

    def __init__(self, job: CrawlJob, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    @property
    def hosts(self) -> Hosts:
        """The hosts it keeps to."""
        return self.job.hosts

    @property
    def first_page(self) -> str:
        """Where it begins."""
        return self.job.start_url

    @cached_property
    def fetcher(self) -> Fetcher:
        """Fetches pages of this site through the running engine."""
        engine = self.crawler.engine
        assert engine is not None  # noqa: S101 - asked only while crawling
        return Fetcher(engine, self.job.hosts, self.job.family)

    @cached_property
    def counters(self) -> CounterReader:
        """Reads view counts."""
        return CounterReader(self.job, self.fetcher)

    @cached_property
    def reader(self) -> ArticleReader:
        """Reads articles with their counters and attachments."""
        return ArticleReader(self.job, self.fetcher, self.counters, AttachmentFetcher(self.job, self.fetcher))

    @cached_property
    def past(self) -> PastReader:
        """Reads what the archive has of a speech, where page and parser both changed."""
        return PastReader(self.job)

    async def start(self) -> AsyncIterator[Any]:
        """Find the section, walk its lists, and plan what to read; then look for known speeches no list shows."""
        self.job.report.is_walk_broken = True
        async for output in self._walk():
            yield output
        self.job.report.is_walk_broken = False

    async def _walk(self) -> AsyncIterator[Any]:
        section = await find_section(self.job, self.fetcher)
        if section is None:
            return
        walk = ListWalk(self.job, self.fetcher, section)
        planned = 0
        async for row in walk.rows():
            if self.job.limit is not None and planned >= self.job.limit:
                return
            async for output in self._plan_row(row, section, walk.capture):
                planned += isinstance(output, Request)
                if not self.job.plan_only:
                    yield output
        if self.job.limit is None and self.job.report.listing_complete:
            for request in self._absent(walk.seen, section):
                if not self.job.plan_only:
                    yield request

    async def _plan_row(
        self, row: ListedRow, section: SectionLink, page: Capture | None
    ) -> AsyncIterator[Request | Item]:
        """What to do about one row of a list page: read its article, only note it, or tell why it cannot be had."""
        job, listed = self.job, OnList(Row(title=row.title, date=row.date), page)
        if (row.native_id or row.url) in job.report.rows:
            return
        job.report.expect(row.native_id or row.url, listed=True)
        local = job.hosts.local(row.url)
        if local is None or row.native_id is None:
            reason = Reason.FOREIGN_HOST if local is None else Reason.BAD_URL
            unknown = f"no {job.profile.cms} article address: {row.url}; `static_article` in the profile names others"
            detail = f"links to {row.url}" if local is None else unknown
            yield await self._missed(row.native_id, row.url, Fetched(None, None, reason, detail), listed)
        elif why := job.plan.why_read(row.native_id, listed.row):
            yield self._article_request(row.native_id, local, listed, section, why, is_doubtful=row.is_doubtful)
        else:
            at = page.captured_at if page else job.now()
            look = replace(self._look(listed, ("list",), at), captures=listed.captures)
            yield Listed(site=job.profile.site, native_id=row.native_id, look=look)

    def _absent(self, seen: set[str], section: SectionLink) -> list[Request]:
        """Known, present speeches that stood on no list page: only their address can say whether they are gone."""
        requests = []
        for native_id, known in self.job.archive.known.items():
            if native_id not in seen and not known.is_gone:
                url = self.job.hosts.here(known.url)
                self.job.report.expect(native_id, listed=False)
                requests.append(self._article_request(native_id, url, None, section, "on no list"))
        return requests

    def _article_request(
        self,
        native_id: str,
        url: str,
        listed: OnList | None,
        section: SectionLink,
        why: str,
        *,
        is_doubtful: bool = False,
    ) -> Request:
        title = listed.row.title if listed else self.job.archive.known[native_id].title
        self.job.report.planned.append({"native_id": native_id, "why": why, "url": url, "title": title})
        headers = {} if self.job.plan.read_all else conditional_headers(self.job.archive.known.get(native_id))
        kwargs = {
            "native_id": native_id,
            "url": url,
            "listed": listed,
            "section": section,
            "is_doubtful": is_doubtful,
        }
        # Only its own page says whether a doubtful row is the section's, or one on no list is gone.
        return self.fetcher.article(url, is_own_page=is_doubtful or listed is None).replace(
            callback=self.parse_article, errback=self.article_failed, cb_kwargs=kwargs, headers=headers
        )

    async def article_failed(self, failure: Failure) -> AsyncIterator[Item | Request]:
        """No answer at all for an article, after every retry."""
        if isinstance(failure.value, Stopping):
            return
        if own := self.fetcher.own_page(failure.request):  # type: ignore[attr-defined]
            yield own
            return
        given = failure.request.cb_kwargs  # type: ignore[attr-defined]
        error = failure.value
        assert error is not None  # noqa: S101 - a failure holds an exception
        yield await self._missed(given["native_id"], given["url"], failed(error), given["listed"])

    async def parse_article(
        self,
        response: Response,
        native_id: str,
        url: str,
        listed: OnList | None,
        section: SectionLink,
        is_doubtful: bool = False,
    ) -> AsyncIterator[Item | Request]:
        """Read all parts of an article and its counter: one speech, or why it is none."""
        look = self._look(listed, ("list", "article") if listed else ("article",), arrived(response))
        known = self.job.archive.known.get(native_id)
        if (
            known is not None
            and not self.job.plan.read_all
            and is_confirmed(known, response, self.job.normaliser.parser)
        ):
            yield await self._confirmed(known, response, look, listed)
            return
        first = await self.fetcher.settle(response, "article")
        if first.page is None and (own := self.fetcher.own_page(response.request)):
            yield own
            return
        if (target := self._other_article(native_id, first)) is not None:
            async for item in self._led_elsewhere(target, native_id, url, first, listed, section):
                yield item
            return
        read = await self.reader.read(
            Article(native_id, url, listed, section), first, look, is_doubtful=is_doubtful and known is None
        )
        if isinstance(read, Fetched):
            yield await self._missed(native_id, url, read, listed)
        else:
            yield await self.past.compared(read)

    def _other_article(self, native_id: str, fetched: Fetched) -> str | None:
        """Id of the article a row's address redirected to, when it is another one of this site."""
        target = self.job.family.native_id(fetched.response.url) if fetched.page and fetched.response else None
        return target if target != native_id else None

    async def _led_elsewhere(
        self, target: str, native_id: str, url: str, fetched: Fetched, listed: OnList | None, section: SectionLink
    ) -> AsyncIterator[Item | Request]:
        """A row that only leads to another article: that one is the speech, and it is taken once."""
        detail = f"redirects to {self.job.profile.site}:{target}"
        yield await self._missed(native_id, url, Fetched(fetched.response, None, Reason.ELSEWHERE, detail), listed)
        if target not in self.job.report.rows and fetched.response is not None:
            self.job.report.expect(target, listed=True)
            async for item in self.parse_article(fetched.response, target, fetched.response.url, listed, section):
                yield item

    async def _confirmed(
        self, known: SpeechState, response: Response, look: Look, listed: OnList | None
    ) -> Confirmed:
        """A look at an article that is as it was; its view count is read all the same."""
        look = replace(look, captures=(await capture("article", 1, response),), **http_facts(response))
        if response.status == 304:
            look = replace(look, http_status=304, payload_sha256=known.article_sha256[0])
        counter = self.job.hosts.here(known.counter_url) if known.counter_url else None
        look, _ = await self.counters.with_views(look, None, counter)
        look = replace(look, captures=(*look.captures, *(listed.captures if listed else ())))
        return Confirmed(site=self.job.profile.site, native_id=known.native_id, look=look)

    def _look(self, listed: OnList | None, looked: tuple[str, ...], at: str) -> Look:
        return Look(observed_at=at, looked=looked, listed=listed.row if listed else None)

    async def _missed(self, native_id: str | None, url: str, fetched: Fetched, listed: OnList | None) -> Missed:
        answer = fetched.response
        looked = (*(("list",) if listed else ()), *(("article",) if answer is not None else ()))
        seen = (await capture("article", 1, answer),) if answer is not None else ()
        look = replace(
            self._look(listed, looked, arrived(answer) if answer is not None else self.job.now()),
            captures=(*seen, *(listed.captures if listed else ())),
            **http_facts(answer),
        )
        reason = fetched.reason or Reason.UNREADABLE
        site = self.job.profile.site
        return Missed(site=site, native_id=native_id, url=url, reason=reason, detail=fetched.detail, look=look)
