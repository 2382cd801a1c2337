"""The stored captures of one line: pages, view count and attachments as they were."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from scrapy.http import Request, Response, TextResponse
from scrapy.responsetypes import responsetypes

from crawler.crawl.attachments import Fetching, is_wanted, not_fetched
from crawler.http.capture import Arrival, capture
from crawler.http.fetch import Fetcher, NotCaptured
from crawler.http.hosts import Hosts
from crawler.http.middlewares import SHA256_BEFORE, Undecodable
from crawler.replay.answers import flags_of, stored_answer
from crawler.sites.profile import SiteProfile
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import Damaged
from pipelines.archive.write.captures import Captured
from pipelines.record import Attachment, Capture, Look, Problem
from pipelines.stored.distant import OutOfReach
from pipelines.warc.masking import REDACTED, REMOVED
from pipelines.warc.records import WarcDamaged

Line = dict[str, Any]


class StoreAway(Exception):  # noqa: N818 - reads as a sentence: "the store is away"
    """The captures of a line lie in a store that does not answer: nothing is known of what they hold."""


class CapturedAnswers:
    """Answers requests from the captures of one line, any number of times."""

    def __init__(self, layout: Layout, captures: Sequence[Capture]) -> None:
        self._layout = layout
        self._captures = {capture.url: capture for capture in captures}

    async def download_async(self, request: Request) -> Response:
        """The captured answer, its content coding decoded.

        Raises:
            NotCaptured: there is none, or its bytes differ from the line's digest.
            StoreAway: it lies elsewhere, and cannot be read now.
        """
        captured = self._captures.get(request.url)
        if captured is None or captured.file is None or captured.offset is None or captured.length is None:
            raise NotCaptured(f"no raw bytes of {request.url} were kept")
        read = partial(stored_answer, self._layout, captured.file, captured.offset, captured.length)
        try:
            # Only what lies elsewhere takes so long that the event loop must not wait for it.
            stored = await asyncio.to_thread(read) if self._layout.elsewhere else read()
        except OutOfReach as error:
            raise StoreAway(str(error)) from error
        except (OSError, Damaged, WarcDamaged, Undecodable) as error:
            raise NotCaptured(f"{error}; run verify") from error
        record, message, headers, payload, body = stored
        if (by := record.get(REDACTED)) and body == REMOVED:
            raise NotCaptured(f"{captured.file} at {captured.offset}: removed by order, by {by}; `log` says why")
        if not by and hashlib.sha256(body).hexdigest() != captured.payload_sha256:
            raise NotCaptured(
                f"{captured.file} at {captured.offset}: other bytes than the line was read from; run verify"
            )
        kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
        kept: asyncio.Future[Captured | None] = asyncio.get_running_loop().create_future()
        kept.set_result(Captured(captured.file, captured.offset, captured.length, record.record_id))
        request.meta["arrival"] = Arrival(captured.captured_at, kept)
        # A line was read from it, so if it was cut short the same bytes came twice.
        request.meta[SHA256_BEFORE] = captured.payload_sha256
        flags = flags_of(record, message, payload)
        return kind(url=request.url, status=message.status, headers=headers, body=body, flags=flags, request=request)


class CapturedViews:
    """The view count as it was read, or the problem in the line."""

    def __init__(self, fetcher: Fetcher, line: Line, captures: Sequence[Capture]) -> None:
        self.fetcher, self.line = fetcher, line
        self._counter = next((one.url for one in captures if one.role == "counter"), None)

    async def with_views(
        self,
        look: Look,
        printed: str | None,
        counter_url: str | None,  # noqa: ARG002 - it is not requested again
    ) -> tuple[Look, tuple[Problem, ...]]:
        """See `crawler.crawl.articles.Views`."""
        if printed is not None:
            return replace(look, views_raw=printed, views_source="page"), ()
        answer = await self.fetcher.get(self._counter, "counter") if self._counter else None
        if answer is None or answer.reason is not None or not isinstance(answer.response, TextResponse):
            return look, _problems_of(self.line, "view_count")
        captures = (*look.captures, await capture("counter", 1, answer.response))
        raw = self.fetcher.family.count_in(answer.response.text)
        return replace(look, views_raw=raw, views_source="counter", captures=captures), ()


class CapturedFiles:
    """The attachments as they were fetched; those found only by the current parser were never fetched.

    The current profile (`attachment_mb`, `attachment_types`) changes nothing about attachments in the line; it
    applies only to those that a newer parser finds.
    """

    def __init__(self, profile: SiteProfile, hosts: Hosts, line: Line, captures: Sequence[Capture]) -> None:
        self.profile, self.hosts, self.line = profile, hosts, line
        self._captures = tuple(one for one in captures if one.role == "attachment")

    async def fetch(self, found: tuple[Attachment, ...]) -> Fetching:
        """See `crawler.crawl.articles.Files`."""
        fetched = {attachment["url"]: attachment["sha256"] for attachment in self.line["attachments"]}
        named = [replace(one, url=self.hosts.local(one.url) or one.url) for one in found]
        stored = _problems_of(self.line, "attachments")
        problems = [
            problem
            for one in named
            if (problem := self._new_problem(one) if one.url not in fetched else _first_of(stored, one.url))
        ]
        of_all = [one for one in stored if not any(one.detail.startswith(f"{url}: ") for url in fetched)]
        kept = tuple(replace(one, sha256=fetched.get(one.url)) for one in named)
        return Fetching(kept, self._captures, (*problems, *of_all))

    def _new_problem(self, found: Attachment) -> Problem | None:
        is_missed = is_wanted(self.profile, found.url)
        return not_fetched(found.url, "never captured") if is_missed else None


def _first_of(stored: tuple[Problem, ...], url: str) -> Problem | None:
    return next((problem for problem in stored if problem.detail.startswith(f"{url}: ")), None)


def _problems_of(line: Line, field: str) -> tuple[Problem, ...]:
    return tuple(Problem(**problem) for problem in line["problems"] if problem["field"] == field)
