"""View counts: printed on the page, or requested from the counter where that counts no view or is allowed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import urlsplit

from scrapy.http import TextResponse

from crawler.http.capture import capture
from crawler.http.fetch import Fetcher
from crawler.pages import CounterMode
from pipelines.health import GapsThatWait
from pipelines.reasons import Reason
from pipelines.record import Look, Problem


class CounterReader:
    """Adds view counts to observations.

    Args:
        allowed: the profile's `counter`: it may forbid requests, or allow requests that count as views.
        fetcher: fetches counters.
        gaps: receives counters that do not answer.
        ended_by: addresses at which earlier runs had to end. Where one was a counter, none like it is requested.
    """

    def __init__(self, allowed: str, fetcher: Fetcher, gaps: GapsThatWait, ended_by: Collection[str] = ()) -> None:
        self.allowed, self.fetcher, self.gaps = allowed, fetcher, gaps
        self._left_alone = {urlsplit(url).path for url in ended_by}
        self._has_told = False

    async def with_views(
        self, look: Look, printed: str | None, counter_url: str | None
    ) -> tuple[Look, tuple[Problem, ...]]:
        """The observation with the view count of its page or counter, or a problem."""
        if printed is not None:
            return replace(look, views_raw=printed, views_source="page"), ()
        counter = self.fetcher.hosts.local(counter_url) if counter_url else None
        if counter is None:
            detail = "the page prints no number and names no counter of this site"
            return look, (Problem(field="view_count", code="missing", detail=detail),)
        if why := withheld(self.allowed, self.fetcher.family.counter_mode(counter)):
            return look, (Problem(field="view_count", code="withheld", detail=why),)
        if urlsplit(counter).path in self._left_alone:
            self._tell_left_alone(counter)
            return look, (Problem(field="view_count", code="not-answered", detail=_LEFT_ALONE),)
        if failing := self.gaps.waiting("counter", counter):
            self.gaps.postpone(failing)
            return look, (Problem(field="view_count", code="not-answered", detail="not asked in this run"),)
        answer = await self.fetcher.get(counter, "counter")
        if not isinstance(answer.response, TextResponse) or answer.reason is not None:
            reason = answer.reason or Reason.NETWORK
            self.gaps.add_gap("counter", counter, reason, answer.detail)
            return look, (Problem(field="view_count", code="not-answered", detail=answer.stable_detail),)
        self.gaps.note_answer(counter)
        captures = (*look.captures, await capture("counter", 1, answer.response))
        raw = self.fetcher.family.count_in(answer.response.text)
        looked = (*look.looked, "counter")
        return replace(look, looked=looked, views_raw=raw, views_source="counter", captures=captures), ()

    def _tell_left_alone(self, counter: str) -> None:
        if not self._has_told:
            self._has_told = True
            self.gaps.add_gap("counter", counter, Reason.RATE_LIMITED, f"{_LEFT_ALONE}; nor is any other like it")


_LEFT_ALONE = "not requested: such a counter asked an earlier run to wait so long that it ended"


def withheld(allowed: str, mode: CounterMode) -> str | None:
    """Why a counter is not requested; None when it is. `allowed` is the profile's `counter`."""
    if allowed == "none":
        return "the profile says counter = none"
    if mode == "increments" and allowed != "increments":
        return "asking the counter counts; counter = increments in the profile would allow it"
    return None
