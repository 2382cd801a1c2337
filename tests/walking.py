"""Walks through lists without a crawl: the real walk, on pages that a function answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from crawler.crawl.sections.find import find_section
from crawler.crawl.walk import ListTask, ListWalk
from crawler.http.fetch import Fetched
from crawler.http.hosts import Hosts
from crawler.pages import Ask, Family, ListedRow, family
from crawler.pages.page import Page
from pipelines.health import RunReport
from pipelines.reasons import Reason

HOST = "http://yunxi.example"
Answers = Callable[[Ask], str | None]


@dataclass(slots=True)
class Walked:
    """What a walk gave: rows, the report, and what was asked."""

    rows: list[ListedRow]
    report: RunReport
    asked: list[str]

    @property
    def ids(self) -> list[str]:
        """Rows by the last part of their address."""
        return [row.url.rpartition("/")[2] for row in self.rows]

    @property
    def gaps(self) -> str:
        """Every gap and refusal in words; empty for a walk that says it saw all."""
        said = [f"{gap.reason}: {gap.detail}" for gap in self.report.failures]
        return "\n".join([*said, *([self.report.refusal[1]] if self.report.refusal else [])])


@dataclass(slots=True)
class _Fetcher:
    answers: Answers
    family: Family
    hosts: Hosts
    asked: list[str] = field(default_factory=list)

    async def get(self, page: str | Ask, expected: str = "page") -> Fetched:  # noqa: ARG002 - the fetcher's signature
        ask = Ask(page) if isinstance(page, str) else page
        self.asked.append(ask.url)
        text = self.answers(ask)
        if text is None:
            return Fetched(None, None, Reason.NOT_FOUND, "HTTP 404")
        return Fetched(None, Page(ask.url, text), None, "")


def walk(answers: Answers, start: str, made: Family | None = None, known: Mapping[str, Any] | None = None) -> Walked:
    """Find the section from `start` and walk its lists."""
    made = made or family("generic", None, ["领导讲话"], ["云溪市政协网"])
    report = RunReport("yunxi", "run", "incremental", start, "2026-01-10T02:00:00Z")
    profile = SimpleNamespace(section=["领导讲话"], sections=(), cms="generic", site="yunxi", name="云溪市政协网")
    task = ListTask(cast("Any", profile), start, dict(known or {}), report)
    fetcher = cast("Any", _Fetcher(answers, made, Hosts(start)))

    async def rows() -> list[ListedRow]:
        section = await find_section(task, report, fetcher)
        return [row async for row in ListWalk(task, fetcher, section).rows()] if section else []

    return Walked(asyncio.run(rows()), report, fetcher.asked)
