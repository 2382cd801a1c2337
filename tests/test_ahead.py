"""Reading ahead by a second process: it changes no line of an archive, and its loss costs nothing but time."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import pickle
import re
import signal
import socket
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import Message
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from crawler.crawl.ahead import child, process
from crawler.crawl.ahead.messages import AskedArticle, AskedList, Found
from crawler.crawl.ahead.process import ReaderProcess
from crawler.crawl.ahead.reading import ReadingAhead
from crawler.crawl.reading_time import SPENT, Spent, reading_time
from crawler.pages import Family
from crawler.pages.families.questions import article_of, notice_of, section_of
from crawler.pages.page import Page, PageError, PageTimeError
from crawler.sites.lookup import Profiles
from pipelines.archive.read.reader import Archive
from pipelines.normalise import speech_of
from tests.conftest import run_code
from tests.small import Answer, article_page, list_page, serve

GSZX = Profiles().load("gszx")
TEXT = "<p>各位委员、同志们：</p><p>现在我代表常务委员会，向第{0}次会议报告工作。</p>"
MANY = 12
_CRAWLS = """
import asyncio, os
from crawler import crawl_site
from crawler.crawl.ahead import process, reading
from crawler.pages.page import Page

url, root = sys.argv[1:]
reading.processors = lambda: 2
read, pages = process.ReaderProcess.read, []

async def read_when_ready(self, asked):
    while not self._is_ready and not self._is_over:
        await asyncio.sleep(0.01)
    pages.append(type(asked).__name__)
    if root.endswith("killed") and len(pages) == 5:
        os.kill(self._process.pid, 9)
    return await read(self, asked)

parse, parsed = Page._parsed, []

def counted(page):
    parsed.append(page.url) if "<html" in page.text else None  # else it is a body
    return parse(page)

Page._parsed = counted
process.ReaderProcess.read = read_when_ready
several = {"CONCURRENT_REQUESTS": 4, "CONCURRENT_REQUESTS_PER_DOMAIN": 4, "DOWNLOAD_DELAY": 0}
settings = {**several, "READ_AHEAD": "alone" not in root, "ARCHIVE_ROOT": root}
crawl_site("gszx", start_url=url, settings=settings)
shared = process.ReaderProcess._shared
print(*map(pages.count, ("AskedArticle", "AskedList", "AskedText")), shared and shared.failure)
print(*sorted({url.partition("&d=")[2] for url in parsed}))
"""


def asked(text: str = article_page(1, body=TEXT), site: int = 0) -> AskedArticle:
    return AskedArticle(
        site, "http://127.0.0.1/Item/Show.asp?m=1&d=1", text, "utf-8", 1, None, "2026-01-01T00:00:00Z"
    )


@asynccontextmanager
async def reader() -> AsyncIterator[ReaderProcess]:
    """A process that is ready to read pages of one site, whose number is 0."""
    reads = ReaderProcess.shared()
    reads.site(GSZX)
    reads.start()
    try:
        while not reads._is_ready and not reads._is_over:  # noqa: ASYNC110 - for a test alone
            await asyncio.sleep(0.01)
        yield reads
    finally:
        reads.leave()


def answer(path: str, _: Message) -> Answer:
    """A list of articles: the second has two parts, the third is a notice, the fourth forwards, the fifth is torn."""
    if "GetHits" in path:
        return Answer("document.write('12');")
    if (number := re.search(r"[?&]d=(\d+)", path)) is None:
        return Answer(list_page([(n, f"在第{n}次会议上的讲话", "2020-01-01") for n in range(1, MANY + 1)]))
    n, pages = (
        int(number[1]),
        {
            3: "<html><body>该信息不存在或已被管理员删除！</body></html>",
            4: "<html><script>location.href='/Item/Show.asp?m=1&d=6'</script></html>",
            5: article_page(5).partition("<h3>")[0],
        },
    )
    more = '<a href="/Item/Show.asp?m=1&d=2&p=2">下一页</a>' if n == 2 and "p=2" not in path else ""
    body = TEXT.format(n if "p=2" not in path else "二十二")
    page = article_page(n, title=f"在第{n}次会议上的讲话", body=body + more)
    return Answer(pages.get(n, page))


def told(folder: Path) -> tuple[list[dict[str, Any]], Any]:
    """Every line of an archive and what its report says of each speech, without moments and places."""
    moments = {"seq", "run", "observed_at", "recorded_at", "captures"}
    archive = Archive(folder)
    lines = [{key: value for key, value in line.items() if key not in moments} for line in archive.versions()]
    report = archive.report(archive.commits()[-1].run)
    missed = sorted(report["not_captured"], key=lambda gap: str(gap["url"]))
    return sorted(lines, key=lambda line: str(line["id"])), (report["counts"], missed, report["problems"])


def test_an_archive_is_the_same_with_without_and_when_the_process_is_killed(tmp_path: Path) -> None:
    with serve(answer) as url:
        ended = {how: run_code(_CRAWLS, url, tmp_path / how) for how in ("ahead", "alone", "killed")}
    assert all(one.status == 0 for one in ended.values()), ended
    found = {how: told(tmp_path / how / "gszx") for how in ended}
    assert found["ahead"] == found["alone"] == found["killed"]
    # Articles, also one that another forwards to, and a second part; the list, found and walked; a text of two parts.
    asked = f"{MANY + 2} 2 1"
    printed = {how: ended[how].out.split("\n")[:2] for how in ended}
    assert [printed[how][0] for how in ended] == [f"{asked} ", "0 0 0 None", f"{asked} ended"]
    # Here only notices are parsed, and the article to which another page led; not even the list that has the section.
    assert printed["ahead"][1] == "3 4 6"
    assert {"1", "2", "2&p=2"} < set(printed["alone"][1].split())


def test_a_page_that_remembers_an_error_is_freed_without_the_collector() -> None:
    def fail(page: Page) -> None:
        raise PageError(page.url)

    page = Page("http://127.0.0.1/", "<p>")
    for _ in range(2):
        with suppress(PageError):
            page.asked("part 1", partial(fail, page))
    gc.disable()
    try:
        freed = weakref.ref(page)
        del page
        assert freed() is None
    finally:
        gc.enable()


def test_the_process_imports_no_scrapy_and_answers_as_this_one_until_it_dies(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    is_small = 'assert not {"scrapy", "twisted", "asyncio"} & sys.modules.keys()'
    monkeypatch.setattr(process, "_START", process._START.replace("work(socket", f"{is_small}\nwork(socket"))
    caplog.set_level(logging.WARNING)

    async def read() -> tuple[Found | None, list[Found | None]]:
        async with reader() as reads:
            first = await reads.read(asked())
            assert reads._process is not None
            os.kill(reads._process.pid, signal.SIGSTOP)
            waiting = [asyncio.ensure_future(reads.read(asked())) for _ in range(process._MOST + 1)]
            assert await waiting[-1] is None, "it is asked although too many wait"
            os.kill(reads._process.pid, signal.SIGKILL)
            return first, [*await asyncio.gather(*waiting), await reads.read(asked())]

    found, later = asyncio.run(read())
    here = child._found(asked(), GSZX, GSZX.family())
    assert found is not None
    assert {"notice True", "redirect", "forward", "part 1 None"} < found.answers.keys()
    assert (found.answers, found.text) == (here.answers, here.text)
    assert later == [None] * len(later)
    assert [one.getMessage() for one in caplog.records].count(
        "the process that reads ahead ended: all further pages are read by this one"
    ) == 1


def test_a_process_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(process, "_SECONDS", 0.2)

    async def read() -> Found | None:
        async with reader() as reads:
            assert reads._process is not None
            os.kill(reads._process.pid, signal.SIGSTOP)
            return await asyncio.wait_for(reads.read(asked()), 30)

    assert asyncio.run(read()) is None
    assert "has given no answer for 0.2 seconds" in caplog.text


def test_an_answer_that_cannot_be_read_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read() -> list[Found | None]:
        async with reader() as reads:
            monkeypatch.setattr(process, "LENGTH", SimpleNamespace(size=4, unpack_from=lambda *_: (1,)))
            waiting = [reads.read(asked()) for _ in range(2)]
            return await asyncio.wait_for(asyncio.gather(*waiting), 30)

    assert asyncio.run(read()) == [None, None]


def never_ending(method: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> Family:
    """A family one of whose methods never ends; reading may take so many seconds."""

    def endless(*_: object) -> None:
        while True:
            pass

    family = GSZX.family()
    monkeypatch.setattr(type(family), method, endless)
    monkeypatch.setattr(child, "reading_time", partial(reading_time, seconds=seconds))
    return family


def test_an_error_of_the_program_is_not_taken_for_one_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("an error of the program")

    family = GSZX.family()
    monkeypatch.setattr(type(family), "read_article", broken)
    with pytest.raises(KeyError, match="of the program"):
        child._found(asked(), GSZX, family)


def test_a_page_that_takes_too_long_is_told_by_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    family = never_ending("read_article", 0.1, monkeypatch)
    found = pickle.loads(pickle.dumps(child._found(asked(), GSZX, family)))  # noqa: S301
    page = Page("", "", None, found.answers)
    assert found.seconds >= 0.1
    assert notice_of(family, page, is_article=True) is None
    with pytest.raises(PageTimeError, match=r"reading it took more than 0\.1 seconds"):
        article_of(family, page, 1, None)


def test_where_the_section_is_takes_no_time_from_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    family = never_ending("find_section", 0.5, monkeypatch)
    rows = AskedList(0, "http://127.0.0.1/", list_page([(1, "在会议上的讲话", "2020-01-01")]), "utf-8")
    answers = child._found(rows, GSZX, family).answers
    assert {"list", "part 1 None"} < answers.keys()
    late = [question for question, answer in answers.items() if isinstance(answer, PageTimeError)]
    assert [question.split()[0] for question in late] == ["section"]


def test_questions_are_told_apart() -> None:
    family: Any = SimpleNamespace(read_article=lambda *given: given[1:], find_section=lambda *given: given[1:])
    page = Page("", "<p>")
    assert article_of(family, page, 1, None) != article_of(family, page, 1, "None")
    assert section_of(family, page, ["领导", "讲话"]) != section_of(family, page, ["领导 讲话"])


def test_a_process_is_started_only_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    async def read() -> None:
        reads = ReaderProcess()
        for number in range(process._FEW + 1):
            assert await reads.read(asked()) is None
            monkeypatch.setattr(reads, "start", partial(started.append, number + 2))

    asyncio.run(read())
    assert started == [process._FEW, process._FEW + 1]


def test_a_process_that_would_read_by_other_rules_does_not_begin() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(SystemExit, match="the software was replaced"):
        child.work(theirs, 0.0)


def test_the_process_hardly_looks_for_cycles() -> None:
    """Python's own thresholds cost it a tenth of its time."""
    ours, theirs = socket.socketpair()
    ours.close()
    before = gc.get_threshold()
    try:
        child.work(theirs, time.time())
        assert gc.get_threshold() == (5_000, 20, 20)
    finally:
        gc.set_threshold(*before)


def test_what_is_known_of_one_text_is_told_of_no_other() -> None:
    first, other = (
        ("在会上的讲话", (f"<p>{words}</p>",), "2026-01-01T00:00:00Z", None) for words in ("各位", "同志")
    )
    read = speech_of.read_text(*first)
    speech_of.know(first, read)
    assert speech_of._read_text(*other) == speech_of.read_text(*other) != read
    assert speech_of._read_text(*first) is read


def test_what_the_process_spends_is_spent_by_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(*_: object) -> Found:
        return Found({"list": []}, None, 2.5)

    monkeypatch.setattr(ReaderProcess, "read", read)
    ahead, page = ReadingAhead(get_crawler()), HtmlResponse("http://127.0.0.1/", body=b"<p>", encoding="utf-8")
    ahead._process, spent = ReaderProcess(), Spent()
    SPENT.set(spent)
    assert [asyncio.run(ahead.of_list(page)) for _ in range(2)] == [{"list": []}] * 2
    assert spent.seconds == 5
    SPENT.set(None)
