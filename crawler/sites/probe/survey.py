"""Surveys a site: its start page, two list pages and one article, and which family reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Request, TextResponse
from scrapy.robotstxt import RobotParser
from scrapy.settings import BaseSettings

from crawler.crawl.reading_time import reading_time
from crawler.http.fetch import Fetched, Fetcher
from crawler.http.hosts import Hosts
from crawler.http.politeness.pacing import pacing_of
from crawler.pages import ArticlePage, Ask, Family, ListedRow, ListPage, SectionLink, family
from crawler.pages.marks import Marks, marks_in
from crawler.pages.page import Page, PageError, PageTimeError
from crawler.run.site_settings import SITE_ONLY, add_to
from crawler.sites.probe.columns import MOST_ASKED, Column, column_links, is_speech, is_spoken, rows_of
from crawler.sites.probe.naming import section_candidates
from pipelines.exits import Exit
from pipelines.reasons import Reason

GENERIC = "generic"
_REFUSING = frozenset({Reason.ROBOTS, Reason.CHALLENGE, Reason.BANNED, Reason.GUARD, Reason.LOGIN})
_WRONG = frozenset({Reason.NOT_FOUND, Reason.UNREADABLE, Reason.FOREIGN_HOST})
_LOCKED = ("HTTP 401", "HTTP 403")


class NotProbed(Exception):  # noqa: N818 - reads as a sentence
    """A site that cannot be probed; has the message with the remedy, and the exit status."""

    def __init__(self, status: Exit, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Reading:
    """The section as one family reads it: its first list pages and one of its articles."""

    family: Family
    marks: Marks
    start_url: str
    section: SectionLink
    lists: tuple[ListPage, ...]
    article: ArticlePage | None


@dataclass(slots=True)
class Survey:
    """The result of the survey: `pages` and `answers` by requested address; `robots` is None without rules.

    `columns` are the section, and others that may hold speeches.
    """

    url: str
    hosts: Hosts
    pages: dict[str, Page] = field(default_factory=dict)
    answers: dict[str, TextResponse] = field(default_factory=dict)
    reading: Reading | None = None
    columns: list[Column] = field(default_factory=list)
    robots: RobotParser | None = None
    refusal: NotProbed | None = None


class SurveySpider(Spider):
    """Requests a few pages of a site through our middlewares and keeps nothing; the result is in its survey.

    Args:
        survey: filled by the spider.
        sections: possible names of the section.
    """

    name = "survey"

    def __init__(self, survey: Survey, sections: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.survey, self.sections = survey, sections

    @property
    def hosts(self) -> Hosts:
        """The hosts that may be requested."""
        return self.survey.hosts

    @property
    def first_page(self) -> str:
        """The first address."""
        return self.survey.url

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Keep to one site."""
        add_to(settings, SITE_ONLY)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> SurveySpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.robots_parsed, signal=signals.robots_parsed)
        return spider

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:  # noqa: ARG002 - Scrapy's signature
        """Keep the rules of the site's own host, the first that is requested."""
        self.survey.robots = self.survey.robots or robotparser

    async def start(self) -> AsyncIterator[Any]:
        """Survey the site; nothing is yielded."""
        try:
            await self._look()
            if self.survey.reading is not None:
                self.survey.columns = await self._columns(self.survey.reading)
        except NotProbed as error:
            self.survey.refusal = error
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def closed(self, reason: str) -> None:  # noqa: ARG002 - Scrapy's signature
        """Tell why the probe ended itself, if it did."""
        pacing = pacing_of(self.crawler)
        if pacing is not None and pacing.end is not None:
            status = Exit.REFUSED if pacing.end.kind == "challenges" else Exit.INTERRUPTED
            self.survey.refusal = NotProbed(status, f"{self.survey.url}: {pacing.end.words}")

    async def _look(self) -> None:
        """Try families by their evidence, again after every page; the generic one only if no other reads the site."""
        starts = [await self._start(self.survey.url)]
        tried: set[str] = set()
        while candidate := self._likeliest(tried):
            tried.add(candidate.family)
            if read := await self._try(candidate, starts):
                self.survey.reading = read
        if self.survey.reading is None and (root := urljoin(self.survey.url, "/")) not in self.survey.pages:
            self.survey.url = root
            await self._look()
        elif self.survey.reading is None:
            raise NotProbed(Exit.WRONG_USE, self._no_section(starts[0]))

    def _likeliest(self, tried: set[str]) -> Marks | None:
        ranked = [*marks_in([page.text for page in self.survey.pages.values()]), Marks(GENERIC, ())]
        held = self.survey.reading.marks.family if self.survey.reading else None
        better: list[Marks] = []
        for one in ranked:
            if one.family == held:
                break
            better.append(one)
        return next((one for one in better if one.family not in tried), None)

    async def _start(self, url: str) -> Page:
        fetched = await self._fetch(family(GENERIC, None, self.sections, ()), url)
        if fetched.page is None:
            raise NotProbed(*_why_unread(url, fetched))
        return fetched.page

    async def _try(self, candidate: Marks, starts: Sequence[Page]) -> Reading | None:
        """The section as a family reads it, None when it finds no section, no rows or no article."""
        reader = family(candidate.family, None, self.sections, ())
        for start in starts:
            with _reading(start.url):
                self.survey.hosts.learn(reader.own_links(start))
                section = reader.find_section(start, self.sections)
            if section is None:
                continue
            lists = await self._lists(reader, section)
            article = await self._article(reader, lists)
            if article is not None:
                evidence = marks_in([page.text for page in self.survey.pages.values()])
                found = next((one for one in evidence if one.family == candidate.family), candidate)
                return Reading(reader, found, start.url, section, lists, article)
        return None

    async def _lists(self, reader: Family, section: SectionLink) -> tuple[ListPage, ...]:
        first = await self._fetch(reader, section.url)
        if first.page is None:
            if first.reason in _REFUSING:
                raise NotProbed(*_why_unread(section.url, first))
            return ()
        with _reading(section.url):
            listing = reader.read_list(first.page)
        following = listing.linked.get(2) or listing.next_url
        second = await self._fetch(reader, following) if following else None
        if second is None or second.page is None:
            return (listing,)
        with _reading(second.page.url):
            return listing, reader.read_list(second.page)

    async def _article(self, reader: Family, lists: Sequence[ListPage]) -> ArticlePage | None:
        """The first article that can be read, of the first three."""
        rows = [row for listing in lists for row in listing.rows if row.native_id and not row.is_doubtful]
        for row in [row for row in rows if self.survey.hosts.local(row.url)][:3]:
            fetched = await self._fetch(reader, row.url, "article")
            if fetched.page is not None:
                try:
                    with reading_time(row.url):
                        return reader.read_article(fetched.page, 1, row.title)
                except PageError:
                    continue
            elif fetched.reason in {Reason.ROBOTS, Reason.CHALLENGE}:
                raise NotProbed(*_why_unread(row.url, fetched))
        return None

    async def _columns(self, reading: Reading) -> list[Column]:
        """The section, then the other columns that may hold speeches, of the site's front page, too."""
        await self._fetch(reading.family, urljoin(self.survey.url, "/"))
        # Parsed again: reading an article removes boilerplate from its tree.
        pages = [Page(page.url, page.text) for page in self.survey.pages.values()]
        known = {self.hosts.local(row.url) for listing in reading.lists for row in listing.rows}
        links = column_links(pages, reading.family, self.hosts.local)
        own, column = self.hosts.local(reading.section.url), reading.family.column_id(reading.section.url)
        rows = rows_of(reading.lists[0])
        spoken = is_spoken([row.title or "" for row in rows]) or self._is_speech(reading.article)
        columns = [Column(reading.section.name, own or reading.section.url, True, len(rows), spoken)]
        for url, name in links.items():
            if url in known or url == own or (column is not None and reading.family.column_id(url) == column):
                continue
            if len(columns) > MOST_ASKED or any(one.why_not == Reason.CHALLENGE for one in columns):
                columns.append(Column(name, url, why_not="not asked"))
            else:
                columns.append(await self._column(reading, name, url))
        return columns

    async def _column(self, reading: Reading, name: str, url: str) -> Column:
        fetched = await self._ask(reading.family, Ask(url))
        if fetched.page is None:
            return Column(name, url, why_not=(fetched.reason or Reason.UNREADABLE).value)
        try:
            with reading_time(url):
                rows = rows_of(reading.family.read_list(fetched.page))
        except PageError:
            return Column(name, url, why_not=Reason.UNREADABLE.value)
        listed = {row.native_id or row.url for listing in reading.lists for row in listing.rows}
        is_within = bool(rows) and {row.native_id or row.url for row in rows} <= listed
        spoken: bool | None = is_spoken([row.title or "" for row in rows]) if rows else None
        if spoken is False and not is_within:
            spoken = self._is_speech(await self._first_article(reading, rows))
        return Column(name, url, rows=len(rows), has_speeches=spoken, is_within=is_within)

    async def _first_article(self, reading: Reading, rows: Sequence[ListedRow]) -> ArticlePage | None:
        """The first article of rows, null when it cannot be read."""
        row = next((row for row in rows if row.native_id and self.hosts.local(row.url)), None)
        fetched = await self._ask(reading.family, Ask(row.url), "article") if row else None
        if row is None or fetched is None or fetched.page is None:
            return None
        try:
            with reading_time(row.url):
                return reading.family.read_article(fetched.page, 1, row.title)
        except PageError:
            return None

    @staticmethod
    def _is_speech(article: ArticlePage | None) -> bool | None:
        return None if article is None else is_speech(article, datetime.now(UTC))

    async def _fetch(self, reader: Family, asked: str | Ask, expected: str = "page") -> Fetched:
        """An answer, and its page kept as one of the pages that tell of the site."""
        ask = Ask(asked) if isinstance(asked, str) else asked
        local = self.survey.hosts.local(ask.url)
        if local and ask.form is None and local in self.survey.pages:
            seen = self.survey.pages[local]
            # Parsed again: reading an article removes boilerplate from its tree.
            return Fetched(self.survey.answers.get(local), Page(seen.url, seen.text), None, "")
        fetched = await self._ask(reader, ask, expected)
        if local and fetched.page is not None:
            self.survey.pages[local] = fetched.page
            if isinstance(fetched.response, TextResponse):
                self.survey.answers[local] = fetched.response
        return fetched

    async def _ask(self, reader: Family, ask: Ask, expected: str = "page") -> Fetched:
        local = self.survey.hosts.local(ask.url)
        if local is None:
            return Fetched(None, None, Reason.FOREIGN_HOST, f"leads to {ask.url}")
        assert self.crawler.engine is not None  # noqa: S101 - used only while crawling
        address = Ask(local, ask.form, ask.headers, ask.is_fragment)
        return await Fetcher(self.crawler.engine, self.survey.hosts, reader).get(address, expected)

    def _no_section(self, start: Page) -> str:
        names = ", ".join(section_candidates(start))
        if not names and start.all("//input[@type='password']"):
            return f"{start.url}: asks for a login; no public page was found"
        if not start.all("//a[@href]"):
            return f"{start.url}: not a page with links; give the address of the site or of its list"
        seen = f"sections found: {names}" if names else "no section was found"
        return f"{start.url}: no list named {' or '.join(self.sections)}; {seen}; name one with --section"


@contextmanager
def _reading(url: str) -> Iterator[None]:
    """Read a page that the probe needs; if it takes too long, the probe ends."""
    try:
        with reading_time(url):
            yield
    except PageTimeError as error:
        raise NotProbed(Exit.GAPS, str(error)) from error


def _why_unread(url: str, fetched: Fetched) -> tuple[Exit, str]:
    reason = fetched.reason or Reason.UNREADABLE
    if reason in _REFUSING or fetched.detail.startswith(_LOCKED):
        return Exit.REFUSED, f"{url}: the site refuses ({reason.value}): {fetched.detail}; nothing more was requested"
    if reason in _WRONG:
        return (
            Exit.WRONG_USE,
            f"{url}: not a page to begin at ({reason.value}): {fetched.detail}; give another address",
        )
    return Exit.GAPS, f"{url}: could not be read ({reason.value}): {fetched.detail}; is the site up?"
