"""One speech out of the answers behind it: every part of its article, its view count, its attachments."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from scrapy.http import Response

from crawler.crawl.attachments import Fetching
from crawler.crawl.doubts import Doubt
from crawler.crawl.looks import OnList, http_facts
from crawler.crawl.reading_time import reading_time
from crawler.http.capture import capture
from crawler.http.fetch import Fetched, Fetcher, unread
from crawler.pages import ArticlePage, SectionLink
from crawler.pages.page import Page, PageError, PageTimeError
from crawler.pages.shown import Shown, key, shown
from pipelines.reasons import Reason
from pipelines.record import Attachment, Look, Problem, RawSpeech

_MOST_PARTS = 200
_TURNING = re.compile(r"[共第]?\d+页?|[上下首末尾前后]一?页|页")
_LONGEST_TURNING = 12
"""The words of a pager, which some templates set into the body."""

Doubts = Callable[[RawSpeech, Shown], Awaitable[Doubt | None]]
"""Asks whether a text, as read from a page that shows what it shows, is the speech's."""


class Views(Protocol):
    """Adds the view count to a look."""

    async def with_views(
        self, look: Look, printed: str | None, counter_url: str | None
    ) -> tuple[Look, tuple[Problem, ...]]: ...


class Files(Protocol):
    """Gets the attachments of a speech."""

    async def fetch(self, found: tuple[Attachment, ...]) -> Fetching: ...


@dataclass(frozen=True, slots=True)
class Article:
    """What is known of an article before it is read: `url` is where it stands, `listed` the row that shows it."""

    native_id: str
    url: str
    listed: OnList | None
    section: SectionLink


class ArticleReader:
    """Reads speeches, off the site or out of the archive's own captures.

    Args:
        site: its name.
        fetcher: fetches further parts, on the site's own hosts; its family reads the pages.
        views: adds view counts.
        files: gets attachments.
    """

    def __init__(self, site: str, fetcher: Fetcher, views: Views, files: Files) -> None:
        self.site, self.fetcher, self.views, self.files = site, fetcher, views, files

    async def read(
        self, article: Article, first: Fetched, look: Look, *, is_doubtful: bool = False, doubts: Doubts | None = None
    ) -> RawSpeech | Fetched | Doubt:
        """The speech whose first part is `first`, or the answer that says why it cannot be had.

        `is_doubtful`: only an article that names the section is one of its speeches. `doubts` are asked before its
        counter and its attachments are.
        """
        seen = shown(first.page) if first.page is not None and doubts is not None else None
        try:
            parts, answers, missing = await self._parts(first, article.listed)
        except PageError as error:
            return unread(first.response, error)
        if missing is not None:
            return missing
        head = parts[0]
        if is_doubtful and not self._names_section(head, article.section):
            return Fetched(first.response, None, *_why_not_of_section(head))
        captures = tuple([await capture("article", number, answer) for number, answer in enumerate(answers, 1)])
        look = replace(look, captures=captures, **http_facts(first.response))
        draft = self._speech(article, parts, look)
        try:
            doubt = await doubts(draft, seen) if doubts is not None and seen is not None else None
        except PageTimeError as error:
            return unread(first.response, error)
        if doubt is not None:
            return doubt
        look, problems = await self.views.with_views(look, head.raw.views, head.counter)
        files = await self.files.fetch(draft.attachments)
        shown_on = article.listed.captures if article.listed else ()
        return replace(
            draft,
            raw=replace(head.raw, views=look.views_raw),
            attachments=files.attachments,
            look=replace(look, captures=(*look.captures, *files.captures, *shown_on)),
            problems=(*draft.problems, *problems, *files.problems),
        )

    def _speech(self, article: Article, parts: list[ArticlePage], look: Look) -> RawSpeech:
        """The speech as its pages give it, without its counter and with its attachments not fetched."""
        head = parts[0]
        return RawSpeech(
            site=self.site,
            native_id=article.native_id,
            url=self.fetcher.family.canonical(article.url),
            section=article.section.name,
            title=head.title,
            raw=head.raw,
            body_html=tuple(part.body_html for part in parts),
            attachments=tuple(dict.fromkeys(one for part in parts for one in part.attachments)),
            look=look,
            problems=(*head.problems, *self._column_problems(head, article.section), *_of_further(parts)),
            dates=head.dates,
        )

    async def _parts(
        self, first: Fetched, listed: OnList | None
    ) -> tuple[list[ArticlePage], list[Response], Fetched | None]:
        """Every part of an article in order, with its answer; one that cannot be had makes the whole missing."""
        parts: list[ArticlePage] = []
        answers: list[Response] = []
        fetched, title = first, listed.row.title if listed else None
        while True:
            if fetched.page is None or fetched.response is None:
                return parts, answers, _missing_part(len(parts) + 1, fetched) if parts else fetched
            number = len(parts) + 1
            seen = shown(fetched.page) if parts else None
            with reading_time(fetched.page.url):
                part = self.fetcher.family.read_article(fetched.page, number, title)
            if seen is not None and (why := _why_no_part(seen, part, fetched.response, parts, answers)):
                reason = Reason.NO_ARTICLE
                return parts, answers, Fetched(fetched.response, None, reason, f"part {number}: {why}")
            parts.append(replace(part, problems=(*part.problems, *_end_problems(fetched))))
            answers.append(fetched.response)
            following = self.fetcher.hosts.local(parts[-1].next_part or "")
            if not parts[-1].next_part:
                return parts, answers, None
            if following is None or number >= _MOST_PARTS:
                detail = f"part {number + 1}: cannot follow {parts[-1].next_part}"
                return parts, answers, Fetched(fetched.response, None, Reason.UNREADABLE, detail)
            fetched = await self.fetcher.get(following, "article")

    def _names_section(self, article: ArticlePage, section: SectionLink) -> bool:
        mine = self.fetcher.family.column_id(section.url)
        return mine is None or mine in article.column_ids

    def _column_problems(self, article: ArticlePage, section: SectionLink) -> tuple[Problem, ...]:
        """The list shows it, so it is the section's; but its own breadcrumb may name other columns."""
        if not article.column_ids or self._names_section(article, section):
            return ()
        detail = f"listed in {section.name}, its breadcrumb says {article.raw.breadcrumb}"
        return (Problem(field="section", code="disagrees", detail=detail),)


def _why_not_of_section(head: ArticlePage) -> tuple[Reason, str]:
    """An article that names another column says so itself; of one that names none nobody knows."""
    if head.column_ids:
        return Reason.OTHER_SECTION, f"in a side block of the list; its breadcrumb says {head.raw.breadcrumb}"
    remedy = "`rows` in the profile names the list's container"
    return Reason.UNREADABLE, f"perhaps of a side block of the list, and it names no column; {remedy}"


def _why_no_part(
    seen: Shown, part: ArticlePage, answer: Response, parts: list[ArticlePage], answers: list[Response]
) -> str | None:
    """Why an answer is no further part of the article whose earlier parts are given; None when it is one."""
    head = parts[0]
    if any(answer.url == before.url or answer.body == before.body for before in answers):
        return "the page of an earlier part came again"
    pieces = _pieces(part, answer.url)
    if not part.attachments and not key(_TURNING.sub("", "".join(pieces))):
        return "its page came without a text"
    text = _long(pieces)
    if text and any(text == _long(_pieces(one, answer.url)) for one in parts):
        return "it shows the text of an earlier part again"
    if seen.names(head.title):
        return None
    if key(part.title) != key(head.title):
        return f"another page came, headed {part.title!r}"
    said = seen.notice()
    return f"a notice came: {said[1]}" if said else None


def _pieces(part: ArticlePage, url: str) -> tuple[str, ...]:
    return shown(Page(url, part.body_html)).pieces


def _long(pieces: tuple[str, ...]) -> list[str]:
    """The pieces of a text that are no words of its pager."""
    return [piece for piece in pieces if len(piece) > _LONGEST_TURNING]


def _missing_part(number: int, fetched: Fetched) -> Fetched:
    """A further part that cannot be had: its absence says nothing about the article, whose first part is there."""
    reason = Reason.UNREADABLE if fetched.reason and fetched.reason.is_the_sites_word else fetched.reason
    return replace(fetched, reason=reason, detail=f"part {number}: {fetched.detail}")


def _of_further(parts: Sequence[ArticlePage]) -> tuple[Problem, ...]:
    """What is told of the text of an article's further parts; their heads repeat the first one's."""
    return tuple(
        replace(problem, detail=f"part {number}: {problem.detail}")
        for number, part in enumerate(parts[1:], 2)
        for problem in part.problems
        if problem.field == "body"
    )


def _end_problems(fetched: Fetched) -> tuple[Problem, ...]:
    problems: tuple[Problem, ...] = ()
    if fetched.is_unended:
        problems = (Problem(field="body", code="no-end", detail="the page has no end tag, as others of its site"),)
    if fetched.is_short:
        detail = "fewer bytes came than the head of the answer promised, the same ones twice"
        problems += (Problem(field="body", code="length-disagrees", detail=detail),)
    return problems
