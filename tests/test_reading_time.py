"""A page whose reading does not end is given up and told; patterns that are slow are found before they are used."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from crawler.crawl.reading_time import reading_time
from crawler.pages import ArticlePage, family
from crawler.pages.page import Page, PageTimeError
from crawler.replay import reading
from crawler.replay.reading import PageReader
from crawler.replay.saved import SavedPage
from pipelines.normalise import Normaliser

ENDLESS = re.compile("(a+)+$")


def test_a_pattern_that_does_not_end_is_interrupted_and_the_next_reading_has_its_own_time() -> None:
    for _ in range(2):
        told = pytest.raises(PageTimeError, match="a page: reading it took more than")
        with told, reading_time("a page", 0.1), reading_time("within", 99):
            ENDLESS.search("a" * 60 + "!")
    ENDLESS.search("a" * 18 + "!")  # longer than the time before, which is over


def test_a_saved_page_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    generic = family("generic", None, ("领导讲话",), ())

    def endless(page: Page, part: int, title: str | None) -> ArticlePage:  # noqa: ARG001 - as the family's own
        while True:
            pass

    monkeypatch.setattr(type(generic), "read_article", lambda _, *given: endless(*given))
    monkeypatch.setattr(reading, "reading_time", partial(reading_time, seconds=0.1))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    reader = PageReader(generic, Normaliser(generic.reader, "", ZoneInfo("Asia/Shanghai")), now)
    line = reader.line(SavedPage("a.html", None, "<html><body><p>各位委员。</p></body></html>"))
    assert [(one["field"], one["code"]) for one in line["problems"]] == [("page", "too-large")]
