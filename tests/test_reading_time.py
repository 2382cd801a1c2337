"""A page whose reading does not end is given up and told; patterns that are slow are found before they are used."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email.message import Message
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from crawler.crawl.reading_time import SPENT, Spent, reading_time
from crawler.pages import ArticlePage, family
from crawler.pages.page import Page, PageTimeError
from crawler.replay import reading
from crawler.replay.reading import PageReader
from crawler.replay.saved import SavedPage
from pipelines.normalise import Normaliser
from tests.conftest import ROOT, Site
from tests.small import PROFILE, Answer, article_page, list_page, serve

ENDLESS = re.compile("(a+)+$")


def test_a_pattern_that_does_not_end_is_interrupted_and_the_next_reading_has_its_own_time() -> None:
    for _ in range(2):
        told = pytest.raises(PageTimeError, match="a page: reading it took more than")
        with told, reading_time("a page", 0.1), reading_time("within", 99):
            ENDLESS.search("a" * 60 + "!")
    ENDLESS.search("a" * 18 + "!")  # longer than the time before, which is over


def test_a_handler_that_a_program_sets_meanwhile_does_not_end_the_limit() -> None:
    with reading_time("a page"):
        pass
    signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
    told = pytest.raises(PageTimeError)
    with told, reading_time("a page", 0.1):
        ENDLESS.search("a" * 28 + "!")


def test_the_time_of_other_threads_does_not_count() -> None:
    is_over = threading.Event()
    others = [threading.Thread(target=lambda: [None for _ in iter(is_over.is_set, True)]) for _ in range(2)]
    for other in others:
        other.start()
    spent = Spent()
    SPENT.set(spent)
    with reading_time("a page", 0.1):
        began = time.process_time()
        while time.process_time() - began < 0.3:  # nearly all of it of the other threads
            time.sleep(0.01)
    is_over.set()
    assert spent.seconds < 0.1
    told = pytest.raises(PageTimeError)
    with told, reading_time("a page", 0.1):
        ENDLESS.search("a" * 60 + "!")
    assert spent.seconds > 0.1
    SPENT.set(None)


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


SLOW = """
import sys
from scrapy.cmdline import execute
from crawler.crawl.reading_time import SPENT, Spent, reading_time
from crawler.pages.families.base import BaseFamily
reading_time.__wrapped__.__defaults__ = (0.3,)
def endless(read):
    def reading(self, page, *more):
        while "没有尽头" in page.text:
            pass
        return read(self, page, *more)
    return reading
BaseFamily.read_article = endless(BaseFamily.read_article)
execute(["scrapy", *sys.argv[1:]])
"""


def test_a_crawl_goes_on_without_the_pages_that_take_too_long(site: Site) -> None:
    def answer(path: str, _: Message) -> Answer:
        if "Show.asp" in path:
            number = int(path.rpartition("=")[2])
            return Answer(
                article_page(number, title=f"第{number}篇讲话", body="没有尽头" if number == 2 else "<p>各位。</p>")
            )
        if "Page=2" in path:
            return Answer(list_page([(4, "第4篇讲话", "2020-01-01")], side="没有尽头"))
        pager = '<div>页次：1/2页 <a href="?id=5&Page=2">下一页</a></div>'
        return Answer(list_page([(n, f"第{n}篇讲话", "2020-01-01") for n in (1, 2, 3)], pager=pager))

    profile = site.root.parent / "small.toml"
    profile.write_text(f'{PROFILE}counter = "none"\n', "utf-8")
    with serve(answer) as url:
        command = site.command(url, "-a", f"profile={profile}", "-s", "RETRY_TIMES=0")
        assert command[0] == "scrapy"
        done = subprocess.run(
            [sys.executable, "-c", SLOW, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 3, done
    assert site.latest().keys() == {"1", "3"}
    gaps = [(gap["what"], gap["reason"]) for gap in site.report()["not_captured"]]
    assert sorted(gaps) == [("list", "too-large"), ("speech", "too-large")]
