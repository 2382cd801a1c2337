"""The one spider: section → list pages → articles → counters. Navigation only: no selector, no pattern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from types import MethodType
from typing import Any
from urllib.parse import urlsplit
from weakref import finalize

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.crawl.articles import Article, ArticleReader
from crawler.crawl.attachments import AttachmentFetcher
from crawler.crawl.counters import CounterReader
from crawler.crawl.doubts import Doubt
from crawler.crawl.judge import Judge
from crawler.crawl.looks import OnList, http_facts
from crawler.crawl.unchanged import conditional_headers, is_confirmed
from crawler.crawl.walk import ListTask, ListWalk, find_section
from crawler.http.capture import arrived, capture
from crawler.http.ending import Halt, Stopping
from crawler.http.fetch import Fetched, Fetcher, failed
from crawler.http.hosts import Hosts
from crawler.pages import ListedRow, SectionLink
from crawler.pages.shown import Shown, shown
from crawler.replay.past import PastReader
from crawler.replay.single import PageSpider, profile_of
from crawler.run.arguments import Arguments
from crawler.run.job import AnswersAnew, CrawlJob
from crawler.run.outcome import park
from crawler.run.prepare import adjust, prepare
from pipelines.archive.read.state import SpeechState
from pipelines.archive.write.captures import CaptureFiles
from pipelines.archive.write.writer import ArchiveRun
from pipelines.health import RunReport
from pipelines.normalise import Normaliser
from pipelines.reasons import Reason
from pipelines.record import Capture, Compared, Confirmed, Listed, Look, Missed, RawSpeech, Row

_LAST = -100
"""Priority of a second look: behind every first look and its retries."""

Item = RawSpeech | Compared[RawSpeech] | Listed | Confirmed | Missed


class SpeechesSpider(Spider):
    """Crawls the leader speeches of one site into its archive.

    `scrapy crawl speeches -a site=NAME` and `crawler.crawl_site` prepare the job (profile, archive, report), judge it
    after the crawl and seal it. Run by anything else (`AsyncCrawlerProcess.crawl("speeches", site=NAME)`) it prepares
    its own, which `crawler.seal` seals. Without arguments there is no crawl and no archive: see `PageSpider`.
    """

    name = "speeches"

    def __init__(self, job: CrawlJob, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self._again: list[Request] = []
        self._listed_again: dict[str, OnList] = {}

    @classmethod
    def from_crawler(  # type: ignore[override]
        cls, crawler: Crawler, *args: Any, job: CrawlJob | None = None, **arguments: str
    ) -> Spider:
        """The spider of a prepared job, or of arguments as `scrapy crawl -a` takes them; else `PageSpider`."""
        if job is None and (cls.start is not _WALK or not arguments):
            pages = PageSpider.from_crawler(crawler, cls.name, site=arguments.get("site"))
            if cls.start is not _WALK:
                pages.start = MethodType(cls.start, pages)  # type: ignore[method-assign]
            return pages
        own = job or prepare(Arguments.parse(arguments), crawler.settings)
        adjust(crawler.settings, own)
        spider = super().from_crawler(crawler, *args, job=own)
        if job is None:
            crawler.signals.connect(spider.park, signals.spider_closed)
            # A program that never seals must not keep the site from its next run.
            finalize(spider, own.archive.close)
        return spider

    @classmethod
    def handles_request(cls, request: Request) -> bool:
        """True for addresses of the sites that ship, so that `scrapy parse URL` knows whose spider to ask."""
        return profile_of(request.url) is not None

    def park(self, reason: str) -> None:
        """End a crawl that nobody may come to seal; `reason` is Scrapy's finish reason."""
        park(self.job, reason)

    @cached_property
    def stop(self) -> Halt:
        """Ends the crawl when its archive fails."""
        return Halt(self.crawler, self.report)

    @property
    def archive(self) -> ArchiveRun:
        """The run of the archive that is being written."""
        return self.job.archive

    @property
    def report(self) -> RunReport:
        """What the run has seen and done."""
        return self.job.report

    @property
    def normaliser(self) -> Normaliser:
        """Makes records of what pages say."""
        return self.job.normaliser

    @property
    def captures(self) -> CaptureFiles | None:
        """Where raw bytes are kept; None when they are not."""
        return self.job.archive.captures if self.job.captures else None

    @property
    def replay(self) -> AnswersAnew | None:
        """The run that is made again, if this is one."""
        return self.job.replay

    def now(self) -> str:
        """The present moment as archives write it."""
        return self.job.now()

    @property
    def hosts(self) -> Hosts:
        """The hosts it keeps to."""
        return self.job.hosts

    @property
    def first_page(self) -> str:
        """Where it begins."""
        return self.job.arguments.start_url

    @cached_property
    def fetcher(self) -> Fetcher:
        """Fetches pages of this site through the running engine."""
        engine = self.crawler.engine
        assert engine is not None  # noqa: S101 - asked only while crawling
        return Fetcher(engine, self.job.hosts, self.job.family)

    @cached_property
    def counters(self) -> CounterReader:
        """Reads view counts."""
        return CounterReader(self.job.profile.counter, self.fetcher, self.report)

    @cached_property
    def reader(self) -> ArticleReader:
        """Reads articles with their counters and attachments."""
        return ArticleReader(self.job.profile.site, self.fetcher, self.counters, self.files)

    @cached_property
    def files(self) -> AttachmentFetcher:
        """Fetches attachments."""
        return AttachmentFetcher(self.job.profile, self.fetcher)

    @cached_property
    def past(self) -> PastReader:
        """Reads what the archive has of a speech, where page and parser both changed."""
        return PastReader(
            self.job.folder, self.archive.known, self.job.profile, self.job.family, self.normaliser.parser
        )

    @cached_property
    def judge(self) -> Judge:
        """Says whether a text is the speech's."""
        job = self.job
        return Judge(job.profile.site, self.archive.known, self.normaliser, self.past, job.is_long_since)

    async def start(self) -> AsyncIterator[Any]:
        """Find the section, walk its lists, and plan what to read; then look for known speeches no list shows.

        Second looks come last, when whatever ailed the site may have passed and other texts are there to compare.
        """
        with self.report.walking():
            async for output in self._walk():
                yield output
        for request in self._second_looks():
            yield request

    async def _walk(self) -> AsyncIterator[Any]:
        task = ListTask(self.job.profile, self.job.arguments.start_url, self.archive.known, self.report)
        section = await find_section(task, self.fetcher)
        if section is None:
            return
        self.job.report.note_known(sum(not one.is_gone for one in self.job.archive.known.values()))
        walk = ListWalk(task, self.fetcher, section)
        planned = 0
        async for row in walk.rows():
            if self.job.arguments.limit is not None and planned >= self.job.arguments.limit:
                return
            async for output in self._plan_row(row, section, walk.capture):
                planned += isinstance(output, Request)
                if not self.job.arguments.plan_only:
                    yield output
        if self.job.arguments.limit is None and self.job.report.listing_complete:
            for request in self._absent(walk.seen, section):
                if not self.job.arguments.plan_only:
                    yield request

    async def _plan_row(
        self, row: ListedRow, section: SectionLink, page: Capture | None
    ) -> AsyncIterator[Request | Item]:
        """What to do about one row of a list page: read its article, only note it, or tell why it cannot be had."""
        job, listed = self.job, OnList(Row(title=row.title, date=row.date), page)
        if (row.native_id or row.url) in job.report.rows:
            self._listed_again[row.native_id or row.url] = listed
            return
        is_known = row.native_id in job.archive.known
        job.report.expect(row.native_id or row.url, listed=True, is_known=is_known)
        local = job.hosts.local(row.url)
        if local is None or row.native_id is None:
            reason = Reason.FOREIGN_HOST if local is None else Reason.BAD_URL
            unknown = f"no {job.profile.cms} article address: {row.url}; `static_article` in the profile names others"
            detail = f"links to {row.url}" if local is None else unknown
            yield await self._missed(row.native_id, row.url, Fetched(None, None, reason, detail), listed)
            return
        self.judge.note(row, listed)
        if why := job.plan.why_read(row.native_id, listed.row):
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
        self.report.plan(native_id, why, url, title)
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
        is_second: bool = False,
    ) -> AsyncIterator[Item | Request]:
        """Read all parts of an article and its counter: one speech, or why it is none."""
        look = self._look(listed, ("list", "article") if listed else ("article",), arrived(response))
        known = self.job.archive.known.get(native_id)
        if (
            known is not None
            and not self.job.plan.read_all
            and is_confirmed(known, response, self.job.normaliser.parser)
        ):
            if not await self._has_other_file(known):
                yield await self._confirmed(known, response, look, listed)
                return
            response = await self._in_full(response)
        article = Article(native_id, url, listed, section)
        first = await self.fetcher.settle(response, "article")
        if first.page is None and (own := self.fetcher.own_page(response.request)):
            yield own
            return
        if (target := self._other_article(native_id, first)) is not None and self._is_of_row(article, first):
            async for item in self._led_elsewhere(target, article, first):
                yield item
            return
        if stray := self._led_astray(article, response, first):
            yield await self._missed(native_id, url, stray, listed)
            return
        async for output in self._read(article, first, look, is_doubtful=is_doubtful, is_second=is_second):
            yield output

    async def _read(
        self, article: Article, first: Fetched, look: Look, *, is_doubtful: bool, is_second: bool
    ) -> AsyncIterator[Item | Request]:
        """Read what came, and believe it, ask again or tell."""
        native_id, listed = article.native_id, article.listed

        async def doubts(raw: RawSpeech, seen: Shown) -> Doubt | None:
            return await self.judge.doubt(raw, seen, listed, again=is_second)

        is_unsure = is_doubtful and native_id not in self.job.archive.known
        read = await self.reader.read(article, first, look, is_doubtful=is_unsure, doubts=doubts)
        if isinstance(read, RawSpeech):
            self._tell_kept(read)
            yield await self.past.compared(read)
        elif isinstance(read, Fetched):
            yield await self._missed(native_id, article.url, self._said(first, read), listed)
        elif is_second or read.is_final:
            yield await self._missed(native_id, article.url, read.missed(first), listed)
        else:
            self._look_again(article, is_doubtful=is_doubtful)
            for output in self._second_looks():
                yield output

    def _second_looks(self) -> list[Item | Request]:
        """Second looks to take; while the lists are walked they wait for their end."""
        if self.job.report.is_walk_broken:
            return []
        waiting, self._again = self._again, []
        return list(waiting)

    async def _has_other_file(self, known: SpeechState) -> bool:
        """Whether a file of a speech whose page is as it was is another one now."""
        if not known.files:
            return False
        for url, digest, validators in await self.past.files(known):
            if await self.files.is_replaced(url, digest, validators):
                return True
        return False

    async def _in_full(self, response: Response) -> Response:
        """The page itself, for an answer that only said that it is as before."""
        if response.status != HTTPStatus.NOT_MODIFIED:
            return response
        answer = await self.fetcher.get(response.url, "article")
        return answer.response if answer.response is not None else response

    def _look_again(self, article: Article, *, is_doubtful: bool) -> None:
        """Ask for an article once more, at the end of the run and without conditions."""
        listed = self._listed_again.get(article.native_id, article.listed)
        kwargs = {
            "native_id": article.native_id,
            "url": article.url,
            "listed": listed,
            "section": article.section,
            "is_doubtful": is_doubtful,
            "is_second": True,
        }
        request = self.fetcher.article(article.url, is_own_page=is_doubtful or listed is None)
        self._again.append(
            request.replace(
                callback=self.parse_article, errback=self.article_failed, cb_kwargs=kwargs, priority=_LAST
            )
        )

    def _tell_kept(self, raw: RawSpeech) -> None:
        """A new speech without words and files, or with another's text, is kept; the run that brings it says so."""
        title = raw.look.listed.title if raw.look.listed else None
        if raw.native_id in self.judge.without_text:
            reason, detail = Reason.NO_ARTICLE, "kept without a text: its page has neither words nor a file"
        elif (other := self.judge.copies.get(raw.native_id)) is not None:
            reason, detail = Reason.DOUBTFUL, f"kept with the very text of {self.job.profile.site}:{other}"
        else:
            return
        self.job.report.add_gap("speech", raw.url, reason, detail, raw.native_id, title)

    @staticmethod
    def _said(first: Fetched, read: Fetched) -> Fetched:
        """A page that no reader can read, told by the words it says itself."""
        said = shown(first.page).notice() if first.page is not None and read.reason is Reason.UNREADABLE else None
        return Fetched(read.response, None, *said) if said else read

    def _other_article(self, native_id: str, fetched: Fetched) -> str | None:
        """Id of the article a row's address redirected to, when it is another one of this site."""
        target = self.job.family.native_id(fetched.response.url) if fetched.page and fetched.response else None
        return target if target != native_id else None

    def _titles(self, article: Article) -> list[str | None]:
        known = self.job.archive.known.get(article.native_id)
        return [article.listed.row.title if article.listed else None, known.title if known else None]

    def _is_of_row(self, article: Article, first: Fetched) -> bool:
        """Whether the article that an address led to is the row's: error pages have article addresses, too."""
        if first.page is None:
            return False
        seen = shown(first.page)
        if any(map(seen.names, self._titles(article))):
            return True
        # A row that was never anything but a pointer may bear words of its own; the judge looks at them.
        return article.native_id not in self.job.archive.known and seen.notice() is None

    def _led_astray(self, article: Article, asked: Response, first: Fetched) -> Fetched | None:
        """Why the page an address led to is not the article: the front page, a list, an error page."""
        answer, family = first.response, self.job.family
        if first.page is None or answer is None or answer.url == asked.url:
            return None
        target, seen = family.native_id(answer.url), shown(first.page)
        is_list = (target is None and family.column_id(answer.url) is not None) or _is_root(answer.url)
        if target == article.native_id or (any(map(seen.names, self._titles(article))) and not is_list):
            return None
        if said := seen.notice():
            return Fetched(answer, None, *said)
        reason = Reason.NO_ARTICLE if article.listed else Reason.ELSEWHERE
        return Fetched(answer, None, reason, f"redirects to {answer.url}, which is not the article")

    async def _led_elsewhere(self, target: str, article: Article, first: Fetched) -> AsyncIterator[Item | Request]:
        """A row that only leads to another article: that one is the speech, and it is taken once."""
        answer, listed = first.response, article.listed
        detail = f"redirects to {self.job.profile.site}:{target}"
        elsewhere = Fetched(answer, None, Reason.ELSEWHERE, detail)
        yield await self._missed(article.native_id, article.url, elsewhere, listed)
        if target not in self.job.report.rows and answer is not None:
            self.job.report.expect(target, listed=True)
            async for item in self.parse_article(answer, target, answer.url, listed, article.section):
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


_WALK = SpeechesSpider.start
"""`scrapy parse` and `fetch` put a start() of their own in its place: they ask for one page and crawl nothing."""


def _is_root(url: str) -> bool:
    return urlsplit(url).path in {"", "/"}
