"""Reads a saved page to one line by the same steps as in a crawl (obstacle, notice, page object, normaliser)."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crawler.crawl.reading_time import reading_time
from crawler.http.blocked import obstacle
from crawler.pages import ArticlePage, Family
from crawler.pages.page import Page, PageError, PageSizeError, PageTimeError
from crawler.replay.saved import SavedPage
from pipelines.archive.read.moments import stamp
from pipelines.normalise import Normaliser
from pipelines.reasons import Reason
from pipelines.record import KEYS, Look, Problem, RawSpeech, Speech
from pipelines.values import frozen

# RFC 2606: a reserved name, by which relative links of the page become absolute.
_UNKNOWN_URL = "http://saved-page.invalid/"
_FIRST = ("title", "published_on", "published_at", "published_precision", "view_count")
_KEYS = (*_FIRST, *(key for key, role in KEYS.items() if role.hashed and key not in {*_FIRST, "attachments"}))
"""Keys that a page gives by itself, without its list and its site."""
_LONG_AFTER = timedelta(days=400)


class UnreadPage(Exception):  # noqa: N818 - reads as a sentence
    """A page without a speech; has the reason and a detail."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@frozen
class PageReader:
    """Reads saved pages of one CMS family.

    Args:
        family: its page objects.
        normaliser: as in a crawl.
        now: used where the moment of capture is unknown: later dates are refused.
    """

    family: Family
    normaliser: Normaliser
    now: datetime

    def line(self, saved: SavedPage) -> dict[str, Any]:
        """The line of the page, with a fixed set of keys; `body` is null when the page has no speech."""
        try:
            with reading_time(saved.file):
                article, is_unended = self._article(saved)
                speech = self._speech(saved, article)
        except UnreadPage as error:
            return _unread(saved, error)
        except PageTimeError as error:
            return _unread(saved, UnreadPage(Reason.TOO_LARGE, str(error)))
        values = {key: getattr(speech, key) for key in _KEYS}
        problems = [*speech.problems, *_page_problems(article, is_unended=is_unended)]
        if saved.captured_at is None and self._hangs_on_the_clock(speech):
            values |= dict.fromkeys(("published_on", "published_at", "published_precision"))
            problems.append(Problem(field="published_on", code="relative", detail=speech.raw.published or ""))
        more = {"confidence": article.confidence, "problems": [asdict(problem) for problem in problems]}
        return {"file": saved.file, "url": saved.url} | values | more

    def speech(self, saved: SavedPage) -> Speech:
        """The whole record of a page's speech.

        Raises:
            UnreadPage: the page has no speech.
        """
        return self._speech(saved, self._article(saved)[0])

    def _speech(self, saved: SavedPage, article: ArticlePage) -> Speech:
        return self.normaliser.speech(_raw_speech(saved, article, self.now))

    def _article(self, saved: SavedPage) -> tuple[ArticlePage, bool]:
        """The article, and whether the page lacks its end tag: a problem, since it cannot be requested again."""
        if saved.broken is not None:
            raise UnreadPage(Reason.UNREADABLE, saved.broken)
        reason = obstacle(saved.status, saved.text, "article")
        is_file = saved.captured_at is None
        is_unended = reason is Reason.TRUNCATED and (is_file or self.family.closes_body(saved.text))
        if reason is not None and not is_unended:
            raise UnreadPage(reason, f"instead of the page: {reason.value}")
        try:
            page = Page(saved.url or _UNKNOWN_URL + quote(os.fsencode(Path(saved.file).name)), saved.text)
        except PageSizeError as error:
            raise UnreadPage(Reason.TOO_LARGE, str(error)) from error
        except PageError as error:
            raise UnreadPage(Reason.UNREADABLE, str(error)) from error
        if notice := self.family.notice(page, is_article=True):
            raise UnreadPage(*notice)
        try:
            return self.family.read_article(page, 1, None), is_unended
        except PageTimeError:
            raise
        except PageError as error:
            if target := self.family.redirect(page):
                raise UnreadPage(Reason.ELSEWHERE, f"its script leads to {target}") from error
            raise UnreadPage(Reason.UNREADABLE, str(error)) from error

    def _hangs_on_the_clock(self, speech: Speech) -> bool:
        """Whether the date is relative to "now", so that it would differ a year later."""
        text, tz = speech.raw.published, self.normaliser.timezone
        if text is None or speech.published_on is None:
            return False
        from pipelines.text.dates import published  # noqa: PLC0415 - a crawl of a site imports this module, too

        return published(text, tz=tz, seen_at=self.now) != published(text, tz=tz, seen_at=self.now + _LONG_AFTER)


def _unread(saved: SavedPage, why: UnreadPage) -> dict[str, Any]:
    """The line of a page without a speech: one problem of the field `page`, with the crawl's reason as code."""
    problem = Problem(field="page", code=why.reason.value, detail=why.detail)
    more = {"confidence": None, "problems": [asdict(problem)]}
    return {"file": saved.file, "url": saved.url} | dict.fromkeys(_KEYS) | more


def _raw_speech(saved: SavedPage, article: ArticlePage, now: datetime) -> RawSpeech:
    look = Look(
        observed_at=stamp(saved.captured_at or now.astimezone(UTC)),
        looked=("article",),
        listed=None,
        views_raw=article.raw.views,
        views_source="page" if article.raw.views is not None else None,
    )
    return RawSpeech(
        site="",
        native_id="",
        url=saved.url or "",
        section="",
        title=article.title,
        raw=replace(article.raw, views=look.views_raw),
        body_html=(article.body_html,),
        attachments=article.attachments,
        look=look,
        problems=article.problems,
        dates=article.dates,
    )


def _page_problems(article: ArticlePage, *, is_unended: bool) -> list[Problem]:
    """Problems for data that a crawl would have requested."""
    problems = []
    if is_unended:
        problems.append(
            Problem(field="body", code="no-end", detail="the page has no end tag: its end may be missing")
        )
    if article.next_part:
        problems.append(Problem(field="body", code="continued", detail=f"goes on at {article.next_part}"))
    if article.raw.views is None and article.counter:
        problems.append(Problem(field="view_count", code="not-answered", detail=f"not asked: {article.counter}"))
    return problems
