"""View counts: printed on the page, or requested from the counter where that counts no view or is allowed."""

from __future__ import annotations

from dataclasses import replace

from scrapy.http import TextResponse

from crawler.http.capture import capture
from crawler.http.fetch import Fetcher
from crawler.pages import CounterMode
from pipelines.health import Gaps
from pipelines.reasons import Reason
from pipelines.record import Look, Problem


class CounterReader:
    """Adds view counts to observations.

    Args:
        allowed: the profile's `counter`: it may forbid requests, or allow requests that count as views.
        fetcher: fetches counters.
        gaps: receives counters that do not answer.
    """

    def __init__(self, allowed: str, fetcher: Fetcher, gaps: Gaps) -> None:
        self.allowed, self.fetcher, self.gaps = allowed, fetcher, gaps

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


def withheld(allowed: str, mode: CounterMode) -> str | None:
    """Why a counter is not requested; None when it is. `allowed` is the profile's `counter`."""
    if allowed == "none":
        return "the profile says counter = none"
    if mode == "increments" and allowed != "increments":
        return "asking the counter counts; counter = increments in the profile would allow it"
    return None
