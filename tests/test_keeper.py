"""Exchanges are kept in their order, and the event loop of the crawl is not held up by it."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from crawler.http.capture import Arrival, Keeper, Recording, _Watch, capture
from crawler.http.ending import Ending, Stopping
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.payloads import KeptPayloads
from pipelines.archive.write.captures import Captured, CaptureFiles
from pipelines.exits import Exit
from pipelines.warc.exchange import Exchange
from pipelines.warc.record_reader import records
from tests.exchanges import exchange


def capture_files(folder: Path) -> CaptureFiles:
    return CaptureFiles(folder, folder, lambda n: f"{n}.warc.gz", {"software": "x"}, KeptPayloads())


def not_failed(error: ArchiveError) -> None:
    raise error


def responses(folder: Path) -> list[str | None]:
    """The addresses of the responses in a folder's files, in the order they were written."""
    files = sorted(folder.glob("*.warc.gz"))
    return [one.target_uri for file in files for _, one in records(file) if one.type == "response"]


def test_the_event_loop_waits_neither_for_a_thread_nor_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is synced in it, a busy thread is not waited for, and a sync keeps no exchange waiting."""
    files, synced = capture_files(tmp_path), list[tuple[bool, bool]]()
    at_once: dict[str, bool] = {}

    def fsync(handle: int, plain: Any = os.fsync) -> None:
        synced.append((threading.current_thread() is threading.main_thread(), files._lock.locked()))
        plain(handle)

    async def crawl() -> None:
        keeper = Keeper(files, not_failed)

        async def keep(*names: str) -> None:
            waiting = []
            for name in names:
                body = os.urandom(300 << 10) if name.startswith("large") else b"page"
                waiting.append(keeper.keep(exchange(f"http://a.example/{name}", body)))
                at_once[name] = waiting[-1].done()
            await asyncio.gather(*waiting)

        await keep("first")
        await keep("plain")
        files._lock.acquire()
        threading.Timer(0.5, files._lock.release).start()
        await keep("held", "behind")
        await keep("large-1", "small", "large-2")
        files._largest = 1
        await keep("in-next-file")
        await keeper.close()

    monkeypatch.setattr(os, "fsync", fsync)
    asyncio.run(crawl())
    assert len(at_once) == 8
    assert [name for name, is_done in at_once.items() if is_done] == ["plain"]
    assert synced
    assert not any(is_in_loop for is_in_loop, _ in synced)
    synced.clear()
    files.sync()
    assert synced == [(True, False)]
    files.close()
    assert responses(tmp_path) == [f"http://a.example/{name}" for name in at_once]


@pytest.mark.parametrize(("processors", "quick"), [(1, ["plain", "page"]), (2, ["page"])])
def test_an_answer_that_may_decode_to_very_much_is_not_measured_in_the_event_loop(
    processors: int, quick: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a page, where a thread has a processor for it."""
    monkeypatch.setattr("crawler.http.capture.processors", lambda: processors)
    zeros, page = gzip.compress(bytes(50 << 20)), gzip.compress(b"page")
    assert len(zeros) < 60_000
    answers = {
        "begins-the-file": ("identity", b"page"), "plain": ("identity", b"page" * 9_000), "page": ("gzip", page),
        "bomb": ("gzip", zeros), "two": ("gzip, gzip", gzip.compress(page)),
        "apart": ("gzip\r\ncontent-encoding: gzip", gzip.compress(page)),
    }  # fmt: skip
    at_once: dict[str, bool] = {}

    async def crawl() -> None:
        keeper = Keeper(files, not_failed)
        for name, (coding, body) in answers.items():
            head = b"HTTP/1.1 200 OK\r\n"
            if coding != "identity":
                head += f"Content-Encoding: {coding}\r\n".encode()
            kept = keeper.keep(exchange(f"http://a.example/{name}", body, head=head))
            at_once[name] = kept.done()
            await kept
        await keeper.close()

    files = capture_files(tmp_path)
    asyncio.run(crawl())
    files.close()
    assert [name for name, is_done in at_once.items() if is_done] == quick
    assert responses(tmp_path) == [f"http://a.example/{name}" for name in answers]


def test_an_exchange_is_written_though_who_asks_for_its_place_is_cancelled(tmp_path: Path) -> None:
    files, url = capture_files(tmp_path), "http://a.example/"

    async def crawl() -> Captured | None:
        keeper = Keeper(files, not_failed)
        with files._lock:
            keeper.keep(exchange(f"{url}before", b"page"))
            kept = keeper.keep(exchange(url, b"page"))
            arrival = Arrival("2026-01-01T00:00:00Z", kept)
            request = Request(url, meta={"arrival": arrival})
            asking = asyncio.ensure_future(capture("article", 1, Response(url, request=request)))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
        await keeper.close()
        return await kept

    assert asyncio.run(crawl()) is not None
    files.close()
    assert responses(tmp_path) == [f"{url}before", url]


def test_a_download_is_watched_though_others_cancelled_its_task_in_vain() -> None:
    async def download() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, task.uncancel)
        with _Watch(Recording(str), 0.02):
            await asyncio.sleep(5)

    with pytest.raises(DownloadTimeoutError):
        asyncio.run(download())


@pytest.mark.parametrize("error", [None, ConnectionError])
def test_the_end_of_a_crawl_leaves_no_task_cancelled(error: type[Exception] | None) -> None:
    """Also when the download makes an error of its own of the cancellation."""

    async def download() -> Response:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            if error is not None:
                raise error from None
            raise
        raise AssertionError("not cancelled")

    async def crawl() -> int:
        ending, task = Ending(cast("Crawler", SimpleNamespace(crawling=False, engine=None))), asyncio.current_task()
        assert task is not None
        ending.opened()
        with pytest.raises(error or Stopping):
            await ending.run(download())
        return task.cancelling()

    assert asyncio.run(crawl()) == 0


@pytest.mark.parametrize("method", ["add", "add_at_once"])
def test_an_error_of_the_program_ends_the_crawl_though_nobody_asks_for_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    files, told = capture_files(tmp_path), list[ArchiveError]()

    def fails(_: Exchange) -> None:
        raise KeyError("a bug")

    async def crawl() -> None:
        keeper = Keeper(files, told.append)
        if method == "add_at_once":
            await keeper.keep(exchange("http://a.example/first", b"page"))
        monkeypatch.setattr(files, method, fails)
        kept = keeper.keep(exchange("http://a.example/", b"page"))
        await keeper.close()
        await asyncio.sleep(0)
        assert isinstance(kept.exception(), KeyError)

    asyncio.run(crawl())
    files.close()
    assert [(one.exit_status, str(one)) for one in told] == [
        (Exit.INTERNAL_ERROR, "http://a.example/: could not be kept, by an error of this program: KeyError('a bug')")
    ]
