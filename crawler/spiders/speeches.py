"""The one spider: section → list pages → articles → counters. Navigation only: no selector, no pattern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cached_property, partial
from http import HTTPStatus
from types import MethodType
from typing import Any
from urllib.parse import urlsplit
from weakref import finalize

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.crawl.ahead.reading import ReadingAhead
from crawler.crawl.articles import Article, ArticleReader
from crawler.crawl.attachments import AttachmentFetcher
from crawler.crawl.counters import CounterReader
from crawler.crawl.judge import Judge
from crawler.crawl.observed import OnList, http_facts
from crawler.crawl.renumbered import tell_old_ids
from crawler.crawl.requisites.fetching import PageRequisites
from crawler.crawl.sections.several import SectionsWalk, Standing
from crawler.crawl.unchanged import conditional_headers, is_confirmed
from crawler.crawl.walk import ListTask
from crawler.http.capture import arrived, capture
from crawler.http.ending import Halt, Stopping
from crawler.http.fetch import Fetched, Fetcher, failed
from crawler.http.hosts import Hosts
from crawler.http.politeness.held_back import HeldBack
from crawler.http.transport.downloader import Between
from crawler.pages import SectionLink
from crawler.pages.shown import shown
from crawler.replay.past import PastReader
from crawler.replay.single import PageSpider, profile_of
from crawler.run.fleet.precedence import arguments_here
from crawler.run.job import AnswersAnew, CrawlJob
from crawler.run.prepare import adjust, prepare
from pipelines.archive.read.state import SpeechState
from pipelines.archive.write.captures import CaptureFiles
from pipelines.archive.write.writer import ArchiveRun
from pipelines.health import RunReport
from pipelines.normalise import Normaliser
from pipelines.reasons import Reason
from pipelines.record import Compared, Confirmed, Listed, Look, Missed, RawSpeech, Row

_LAST = -100
"""Priority of a second request: after every first request and its retries."""

Item = RawSpeech | Compared[RawSpeech] | Listed | Confirmed | Missed


class SpeechesSpider(Spider):
    """Crawls the leader speeches of one site into its archive.

    `scrapy crawl speeches -a site=NAME` and `crawler.crawl_site` prepare the job (profile, archive, report), and seal
    it after the crawl. Run by other code (`AsyncCrawlerProcess.crawl("speeches", site=NAME)`) the spider prepares its
    own job, which `crawler.seal` seals. Without arguments there is no crawl and no archive: see `PageSpider`.
    """

    name = "speeches"

    def __init__(self, job: CrawlJob, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self._again: list[Request] = []
        self._held_back: HeldBack | None = None
        self._listed_again: dict[str, OnList] = {}

    @classmethod
    def from_crawler(  # type: ignore[override]
        cls, crawler: Crawler, *args: Any, job: CrawlJob | None = None, **arguments: object
    ) -> Spider:
        """The spider of a prepared job, or of the arguments of `scrapy crawl -a`; else `PageSpider`."""
        given = {name: str(value) for name, value in arguments.items()}
        if job is None and (cls.start is not _WALK or not given):
            pages = PageSpider.from_crawler(crawler, cls.name, site=given.get("site"), profile=given.get("profile"))
            if cls.start is not _WALK:
                pages.start = MethodType(cls.start, pages)  # type: ignore[method-assign]
            return pages
        own = job or prepare(arguments_here(given, crawler.settings), crawler.settings)
        adjust(crawler.settings, own)
        spider = super().from_crawler(crawler, *args, job=own)
        if job is None:
            from crawler.run.ending.outcome import leave_unsealed  # noqa: PLC0415 - our command seals by itself

            crawler.signals.connect(spider.park, signals.spider_closed)
            finalize(spider, leave_unsealed, own)
        return spider

    @classmethod
    def handles_request(cls, request: Request) -> bool:
        """True for addresses of built-in sites, so that `scrapy parse URL` finds this spider."""
        return profile_of(request.url) is not None

    def park(self, reason: str) -> None:
        """End a crawl that may never be sealed; `reason` is Scrapy's finish reason."""
        from crawler.run.ending.outcome import park  # noqa: PLC0415 - as above

        park(self.job, reason)

    @cached_property
    def stop(self) -> Halt:
        """Ends the crawl when its archive fails."""
        return Halt(self.crawler, self.report)

    @property
    def archive(self) -> ArchiveRun:
        """The archive run that this crawl writes."""
        return self.job.archive

    @property
    def report(self) -> RunReport:
        """The run report."""
        return self.job.report

    @property
    def normaliser(self) -> Normaliser:
        """Makes records of raw speeches."""
        return self.job.normaliser

    @property
    def captures(self) -> CaptureFiles | None:
        """The WARC files of the run; None when raw bytes are not kept."""
        return self.job.archive.captures if self.job.captures else None

    @property
    def replay(self) -> AnswersAnew | None:
        """The run that is replayed, if any."""
        return self.job.replay

    def now(self) -> str:
        """The current time as written in archives."""
        return self.job.now()

    @property
    def hosts(self) -> Hosts:
        """The hosts that may be requested."""
        return self.job.hosts

    @property
    def first_page(self) -> str:
        """The first address."""
        return self.job.arguments.start_url

    @cached_property
    def fetcher(self) -> Fetcher:
        """Fetches pages of this site through the running engine."""
        engine = self.crawler.engine
        assert engine is not None  # noqa: S101 - used only while crawling
        tried_once, ahead = self.report.memory.tried_once, self.crawler.get_extension(ReadingAhead)
        return Fetcher(Between(engine), self.job.hosts, self.job.family, tried_once, ahead)

    @cached_property
    def counters(self) -> CounterReader:
        """Reads view counts."""
        return CounterReader(self.job.profile.counter, self.fetcher, self.report, self.job.asked_last)

    @cached_property
    def reader(self) -> ArticleReader:
        """Reads articles with their counters and attachments."""
        return ArticleReader(self.job.profile.site, self.fetcher, self.counters, self.files)

    @cached_property
    def files(self) -> AttachmentFetcher:
        """Fetches attachments."""
        return AttachmentFetcher(self.job.profile, self.fetcher)

    @cached_property
    def requisites(self) -> PageRequisites:
        """Fetches what pages need to look as they did."""
        return PageRequisites(self.crawler, self.job, self.fetcher)

    @cached_property
    def past(self) -> PastReader:
        """Reads stored captures of a speech, where page and parser both changed."""
        job, parser = self.job, self.normaliser.parser
        return PastReader(job.folder, self.archive.known, job.profile, job.family, parser, job.elsewhere)

    @cached_property
    def judge(self) -> Judge:
        """Checks whether a text is that of the speech."""
        return Judge(
            self.job.profile.site,
            self.archive.known,
            self.normaliser,
            self.past,
            self.job.is_long_since,
            self.report.texts,
            accepts_new_ids=self.job.accepts_new_ids,
        )

    async def start(self) -> AsyncIterator[Any]:
        """Find the section, walk its lists, and plan what to read; then request known speeches that are on no list.

        Second requests come last, when a temporary failure may have passed and other texts are known to compare.
        """
        with self.report.walking():
            self._held_back = HeldBack(self.crawler, _LAST)
            async for output in self._held_back.others(self._walk()):
                yield output
        for request in self._second_requests():
            yield request

    async def _walk(self) -> AsyncIterator[Any]:
        job = self.job
        task = ListTask(
            job.profile,
            job.arguments.start_url,
            self.archive.known,
            self.report,
            accepts_new_ids=job.accepts_new_ids,
            on_page=lambda page: self.requisites.note(self.requisites.of(page)),
        )
        walk = SectionsWalk(task, self.report, self.fetcher)
        if not await walk.find():
            return
        if not job.accepts_new_ids:
            self.report.note_known(walk.known)
        limit, planned, is_limited = job.arguments.limit, 0, False
        async for standing in walk.rows():
            if is_limited := limit is not None and planned >= limit:
                break
            async for output in self._plan_row(standing):
                planned += isinstance(output, Request)
                if not job.arguments.plan_only:
                    yield output
        walk.end(is_whole=not is_limited)
        if limit is None and self.report.listing_complete and not job.accepts_new_ids:
            tell_old_ids(self.archive.known, walk.seen, self.report)
            for request in self._absent(walk):
                if not job.arguments.plan_only:
                    yield request

    async def _plan_row(self, standing: Standing) -> AsyncIterator[Request | Item]:
        """The request or item for one row of a list page: its article, only a note, or why it cannot be read."""
        job, row, page = self.job, standing.row, standing.page
        listed = OnList(Row(title=row.title, date=row.date), page)
        if standing.is_again:
            self.judge.note(row, listed)
            return
        if standing.key in job.report.rows:
            self._listed_again[standing.key] = listed
            return
        is_known = row.native_id in job.archive.known
        job.report.expect(standing.key, listed=True, is_known=is_known)
        local = job.hosts.local(row.url)
        if local is None or row.native_id is None:
            reason = Reason.FOREIGN_HOST if local is None else Reason.BAD_URL
            unknown = f"not a {job.profile.cms} article address: {row.url}; `static_article` adds others"
            detail = f"links to {row.url}" if local is None else unknown
            yield await self._missed(row.native_id, row.url, Fetched(None, None, reason, detail), listed)
            return
        self.judge.note(row, listed)
        if failing := job.plan.waits(row.native_id, listed.row):
            job.report.postpone(failing)
        elif why := job.plan.why_read(row.native_id, listed.row):
            is_doubtful = row.is_doubtful
            yield self._article_request(row.native_id, local, listed, standing.section, why, is_doubtful=is_doubtful)
            return
        if not is_known:
            job.report.settle(row.native_id, "postponed")
        else:
            at = page.captured_at if page else job.now()
            look = replace(self._look(listed, ("list",), at), captures=listed.captures)
            yield Listed(site=job.profile.site, native_id=row.native_id, look=look)

    def _absent(self, walk: SectionsWalk) -> list[Request]:
        """Requests for known, present speeches that are on no list page: only their address shows whether gone."""
        requests = []
        for native_id, known in self.job.archive.known.items():
            if native_id in walk.seen or not known.is_present or known.is_suppressed:
                continue
            if failing := self.job.plan.waits(native_id, None):
                self.report.postpone(failing)
            else:
                self.report.expect(native_id, listed=False)
                url, section = self.hosts.here(known.url), walk.section_of(known)
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
        given = Article(native_id, url, listed, section)
        return self._asking(given, is_doubtful=is_doubtful, headers=headers)

    def _asking(
        self, article: Article, *, is_doubtful: bool, is_second: bool = False, headers: dict[str, str] | None = None
    ) -> Request:
        given = {name: getattr(article, name) for name in ("native_id", "url", "listed", "section")}
        # Only its own page shows whether a doubtful row belongs to the section, or whether an unlisted one is gone.
        return self.fetcher.article(
            article.url,
            is_own_page=is_doubtful or article.listed is None,
            headers=headers,
            callback=self.parse_article,
            errback=self.article_failed,
            cb_kwargs=given | {"is_doubtful": is_doubtful, "is_second": is_second},
            priority=_LAST if is_second or article.url in self.job.asked_last else 0,
        )

    async def article_failed(self, failure: Failure) -> AsyncIterator[Item | Request]:
        """Errback of an article: no answer after all retries."""
        if isinstance(failure.value, Stopping):
            return
        if own := self.fetcher.own_page(failure.request):  # type: ignore[attr-defined]
            yield own
            return
        given, error = failure.request.cb_kwargs, failure.value  # type: ignore[attr-defined]
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
        """Read all parts of an article and its counter: gives one speech, or a `Missed` with the reason."""
        look = self._look(listed, ("list", "article") if listed else ("article",), arrived(response))
        known = self.job.archive.known.get(native_id)
        if (
            known is not None
            and not self.job.plan.read_all
            and is_confirmed(known, response, self.job.normaliser.parser)
        ):
            if not await self._is_read_nevertheless(known):
                yield await self._confirmed(known, response, look, listed)
                return
            response = await self._in_full(response)
        article = Article(native_id, url, listed, section)
        known_ahead = self.fetcher.known(1, listed.row.title if listed else None, look.observed_at)
        first = await self.fetcher.settle(response, "article", known_ahead)
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
        """Read the answer, then accept it, request it again or report it."""
        native_id, listed = article.native_id, article.listed
        doubts = partial(self.judge.doubt, listed=listed, again=is_second)
        needed = self.requisites.of(first.page)
        is_unsure = is_doubtful and native_id not in self.job.archive.known
        read = await self.reader.read(article, first, look, is_doubtful=is_unsure, doubts=doubts)
        if isinstance(read, RawSpeech):
            compared = await self.past.compared(read)
            if not isinstance(compared, Fetched):
                self.judge.kept(read, self.job.report)
                self.requisites.note(needed, (one.url for one in read.attachments))
                yield compared
                return
            read = replace(compared, response=first.response)
        if isinstance(read, Fetched):
            yield await self._missed(native_id, article.url, self._by_notice(first, read), listed)
        elif is_second or read.is_final:
            yield await self._missed(native_id, article.url, read.missed(first), listed)
        else:
            self._request_again(article, is_doubtful=is_doubtful)
            for output in self._second_requests():
                yield output

    def _second_requests(self) -> list[Item | Request]:
        """The second requests; while the lists are walked they wait for the end of the walk."""
        if self.job.report.is_walk_broken:
            return []
        waiting, self._again = self._again, []
        return list(waiting)

    async def _is_read_nevertheless(self, known: SpeechState) -> bool:
        """Whether an unchanged page is read: it may name a counter that failed, or one of its files changed."""
        if known.counter_url is None and self.report.memory.has_counters:
            return True
        for url, digest, validators in await self.past.files(known):
            if await self.files.is_replaced(url, digest, validators):
                return True
        return False

    async def _in_full(self, response: Response) -> Response:
        """The page itself, after an answer of 304."""
        if response.status != HTTPStatus.NOT_MODIFIED:
            return response
        answer = await self.fetcher.get(response.url, "article")
        return answer.response if answer.response is not None else response

    def _request_again(self, article: Article, *, is_doubtful: bool) -> None:
        """Request an article once more, at the end of the run and unconditionally."""
        listed = self._listed_again.get(article.native_id, article.listed)
        self._again.append(self._asking(replace(article, listed=listed), is_doubtful=is_doubtful, is_second=True))

    @staticmethod
    def _by_notice(first: Fetched, read: Fetched) -> Fetched:
        """A failed answer whose page shows a notice, with the reason of the notice."""
        notice = shown(first.page).notice() if first.page is not None and read.reason is Reason.UNREADABLE else None
        return Fetched(read.response, None, *notice) if notice else read

    def _other_article(self, native_id: str, fetched: Fetched) -> str | None:
        """Id of the article to which a row's address redirected, when it is another one of this site."""
        target = self.job.family.native_id(fetched.response.url) if fetched.page and fetched.response else None
        return target if target != native_id else None

    def _titles(self, article: Article) -> list[str | None]:
        known = self.job.archive.known.get(article.native_id)
        return [article.listed.row.title if article.listed else None, known.title if known else None]

    def _is_of_row(self, article: Article, first: Fetched) -> bool:
        """Whether the article at a redirect's target is the row's: error pages may have article addresses, too."""
        if first.page is None:
            return False
        seen = shown(first.page)
        if any(map(seen.names, self._titles(article))):
            return True
        # The title of a row that has always been a redirect may differ; the judge checks it.
        return article.native_id not in self.job.archive.known and seen.notice() is None

    def _led_astray(self, article: Article, asked: Response, first: Fetched) -> Fetched | None:
        """The failed answer when a redirect led to the front page, a list or an error page; else None."""
        answer, family = first.response, self.job.family
        if first.page is None or answer is None or answer.url == asked.url:
            return None
        target, seen = family.native_id(answer.url), shown(first.page)
        is_column = target is None and family.column_id(answer.url) is not None
        is_list = is_column or urlsplit(answer.url).path in {"", "/"}
        if target == article.native_id or (any(map(seen.names, self._titles(article))) and not is_list):
            return None
        if notice := seen.notice():
            return Fetched(answer, None, *notice)
        reason = Reason.NO_ARTICLE if article.listed else Reason.ELSEWHERE
        return Fetched(answer, None, reason, f"redirects to {answer.url}, which is not the article")

    async def _led_elsewhere(self, target: str, article: Article, first: Fetched) -> AsyncIterator[Item | Request]:
        """A row that only redirects to another article: that one is the speech, and it is taken once."""
        answer, listed = first.response, article.listed
        elsewhere = Fetched(answer, None, Reason.ELSEWHERE, f"redirects to {self.job.profile.site}:{target}")
        yield await self._missed(article.native_id, article.url, elsewhere, listed)
        if target not in self.job.report.rows and answer is not None:
            self.job.report.expect(target, listed=True)
            async for item in self.parse_article(answer, target, answer.url, listed, article.section):
                yield item

    async def _confirmed(
        self, known: SpeechState, response: Response, look: Look, listed: OnList | None
    ) -> Confirmed:
        """An observation of an unchanged article; its view count is read nevertheless."""
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
        reason, site = fetched.reason or Reason.UNREADABLE, self.job.profile.site
        return Missed(site=site, native_id=native_id, url=url, reason=reason, detail=fetched.detail, look=look)


_WALK = SpeechesSpider.start
"""`scrapy parse` and `fetch` replace start() with their own: they request one page and crawl nothing."""
