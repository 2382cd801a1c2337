"""Reads one speech from its answers: every part of the article, the view count, the attachments."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from scrapy.http import Response

from crawler.crawl.attachments import Fetching
from crawler.crawl.doubts import Doubt
from crawler.crawl.observed import OnList, http_facts
from crawler.crawl.reading_time import reading_time
from crawler.http.capture import capture
from crawler.http.fetch import Fetched, Fetcher, unread
from crawler.pages import ArticlePage, SectionLink, lists
from crawler.pages.families.questions import article_of
from crawler.pages.page import Page, PageError, PageTimeError, squeeze
from crawler.pages.shown import Shown, key, shown
from pipelines.reasons import Reason
from pipelines.record import Attachment, Look, Problem, RawSpeech
from pipelines.values import frozen

_MOST_PARTS = 200
_TURNING = re.compile(r"[共第]?\d+页?|[上下首末尾前后]一?页|页")
_LONGEST_TURNING = 12
"""Words of pagination, which some templates put into the body."""

Doubts = Callable[[RawSpeech, Shown], Awaitable[Doubt | None]]
"""Checks whether a text, read from a page, is that of the speech."""


class Views(Protocol):
    """Adds the view count to an observation."""

    async def with_views(
        self, look: Look, printed: str | None, counter_url: str | None
    ) -> tuple[Look, tuple[Problem, ...]]: ...


class Files(Protocol):
    """Fetches the attachments of a speech."""

    async def fetch(self, found: tuple[Attachment, ...]) -> Fetching: ...


@frozen
class Article:
    """What is known of an article before it is read: its address `url`, and its list row `listed`."""

    native_id: str
    url: str
    listed: OnList | None
    section: SectionLink


class ArticleReader:
    """Reads speeches from the site, or from stored captures.

    Args:
        site: its name.
        fetcher: fetches further parts, only from the site's own hosts; its family reads the pages.
        views: adds view counts.
        files: gets attachments.
    """

    def __init__(self, site: str, fetcher: Fetcher, views: Views, files: Files) -> None:
        self.site, self.fetcher, self.views, self.files = site, fetcher, views, files

    async def read(
        self, article: Article, first: Fetched, look: Look, *, is_doubtful: bool = False, doubts: Doubts | None = None
    ) -> RawSpeech | Fetched | Doubt:
        """The speech whose first part is `first`, or the answer because of which it was not captured.

        `is_doubtful`: only an article that names the section is one of its speeches. `doubts` is called before
        counter and attachments are requested.
        """
        seen = shown(first.page) if first.page is not None and doubts is not None else None
        try:
            parts, answers, missing = await self._parts(first, article.listed)
        except PageError as error:
            return unread(first.response, error)
        if missing is not None:
            return missing
        first_part = parts[0]
        if is_doubtful:
            named = self._named_section(first_part, article.section)
            if named is None:
                return Fetched(first.response, None, *_why_not_of_section(first_part))
            article = replace(article, section=named)
        captures = tuple([await capture("article", number, answer) for number, answer in enumerate(answers, 1)])
        look = replace(look, captures=captures, **http_facts(first.response))
        draft = self._speech(article, parts, look)
        if len(parts) > 1 and self.fetcher.ahead is not None:
            await self.fetcher.ahead.read_text(draft)
        try:
            doubt = await doubts(draft, seen) if doubts is not None and seen is not None else None
        except PageTimeError as error:
            return unread(first.response, error)
        if doubt is not None:
            return doubt
        look, problems = await self.views.with_views(look, first_part.raw.views, first_part.counter)
        files = await self.files.fetch(draft.attachments)
        shown_on = article.listed.captures if article.listed else ()
        return replace(
            draft,
            raw=replace(first_part.raw, views=look.views_raw),
            attachments=files.attachments,
            look=replace(look, captures=(*look.captures, *files.captures, *shown_on)),
            problems=(*draft.problems, *problems, *files.problems),
        )

    def _speech(self, article: Article, parts: list[ArticlePage], look: Look) -> RawSpeech:
        """The speech as found on its pages, before its counter and its attachments are requested."""
        first_part = parts[0]
        return RawSpeech(
            site=self.site,
            native_id=article.native_id,
            url=self.fetcher.family.canonical(article.url),
            section=article.section.name,
            title=first_part.title,
            raw=first_part.raw,
            body_html=tuple(part.body_html for part in parts),
            attachments=tuple(dict.fromkeys(one for part in parts for one in part.attachments)),
            look=look,
            problems=(*first_part.problems, *self._column_problems(first_part, article.section), *_of_further(parts)),
            dates=first_part.dates,
        )

    async def _parts(
        self, first: Fetched, listed: OnList | None
    ) -> tuple[list[ArticlePage], list[Response], Fetched | None]:
        """Every part of an article in order, with its answer; if one part fails, the whole article does."""
        parts: list[ArticlePage] = []
        answers: list[Response] = []
        fetched, title = first, listed.row.title if listed else None
        while True:
            if fetched.page is None or fetched.response is None:
                return parts, answers, _missing_part(len(parts) + 1, fetched) if parts else fetched
            number = len(parts) + 1
            seen = shown(fetched.page) if parts else None
            with reading_time(fetched.page.url):
                part = article_of(self.fetcher.family, fetched.page, number, title)
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
            fetched = await self.fetcher.get(following, "article", self.fetcher.known(number + 1, title))

    def _named_section(self, article: ArticlePage, section: SectionLink) -> SectionLink | None:
        """The section, or one beside it, that the article names as its column; None when it names others only."""
        column_id = self.fetcher.family.column_id
        mine = column_id(section.url)
        if mine is None or mine in article.column_ids:
            return section
        entries = lists.named_columns(article.raw.breadcrumb or "") if section.beside else ()
        return next(
            (x for x in section.beside if squeeze(x.name) in entries or column_id(x.url) in article.column_ids), None
        )

    def _column_problems(self, article: ArticlePage, section: SectionLink) -> tuple[Problem, ...]:
        """A problem when the breadcrumb of a listed article names other columns only."""
        if not article.column_ids or self._named_section(article, section):
            return ()
        detail = f"listed in {section.name}, its breadcrumb says {article.raw.breadcrumb}"
        return (Problem(field="section", code="disagrees", detail=detail),)


def _why_not_of_section(first: ArticlePage) -> tuple[Reason, str]:
    """The reason for a doubtful row: its article names another column, or none at all."""
    if first.column_ids:
        return Reason.OTHER_SECTION, f"in a side block of the list; its breadcrumb says {first.raw.breadcrumb}"
    remedy = "name the list's container with `rows` in the profile"
    return Reason.UNREADABLE, f"perhaps in a side block of the list, and its page names no column; {remedy}"


def _why_no_part(
    seen: Shown, part: ArticlePage, answer: Response, parts: list[ArticlePage], answers: list[Response]
) -> str | None:
    """Why an answer is not the next part of the article whose earlier parts are given; None when it is."""
    first_part = parts[0]
    if any(answer.url == before.url or answer.body == before.body for before in answers):
        return "the same page as an earlier part"
    pieces = _pieces(part, answer.url)
    if not part.attachments and not key(_TURNING.sub("", "".join(pieces))):
        return "a page without a text"
    text = _long(pieces)
    if text and any(text == _long(_pieces(one, answer.url)) for one in parts):
        return "the same text as an earlier part"
    if seen.names(first_part.title):
        return None
    if key(part.title) != key(first_part.title):
        return f"another page, headed {part.title!r}"
    notice = seen.notice()
    return f"a notice: {notice[1]}" if notice else None


def _pieces(part: ArticlePage, url: str) -> tuple[str, ...]:
    return shown(Page(url, part.body_html)).pieces


def _long(pieces: tuple[str, ...]) -> list[str]:
    """The pieces of a text that are not words of its pagination."""
    return [piece for piece in pieces if len(piece) > _LONGEST_TURNING]


def _missing_part(number: int, fetched: Fetched) -> Fetched:
    """The answer for a further part that failed: its absence proves nothing about the article itself."""
    reason = Reason.UNREADABLE if fetched.reason and fetched.reason.is_the_sites_word else fetched.reason
    return replace(fetched, reason=reason, detail=f"part {number}: {fetched.detail}")


def _of_further(parts: Sequence[ArticlePage]) -> tuple[Problem, ...]:
    """Problems of the body of an article's further parts; their titles and info lines repeat the first one's."""
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
