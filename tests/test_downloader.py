"""The short ways of requests and items keep to what Scrapy's do, also beside requests that go Scrapy's own way."""

from __future__ import annotations

import json
import logging
from collections import Counter
from itertools import pairwise

import pytest

from crawler.http.transport import downloader
from tests.conftest import run
from tests.fetch_mixed import EACH, SLOTS
from tests.small import Answer, serve


def test_requests_of_both_ways_keep_the_clock_of_their_slot_and_leave_nothing_behind() -> None:
    with serve(lambda *_: Answer("page")) as url:
        done = run("tests.fetch_mixed", url)
    assert done.status == 0, done
    told = json.loads(done.out)
    assert told["left"] == []
    # Of each slot and way; the refused one is tried twice.
    assert Counter(told["answers"]) == {200: 4 * EACH, "DownloadConnectionRefusedError": 4}
    assert {slot: len(began) for slot, began in told["began"].items()} == dict.fromkeys(SLOTS, 2 * EACH + 4)
    delay = SLOTS["slow"]["delay"] - 1e-6  # rounding
    assert all(later - sooner >= delay for sooner, later in pairwise(told["began"]["slow"])), told["began"]
    assert told["most"]["one"] == 1


def test_the_short_way_of_items_comes_to_what_scrapys_does() -> None:
    done = run("tests.scrape_both")
    assert done.status == 0, done
    scrapys, ours = json.loads(done.out)
    assert (scrapys["scraper"], ours["scraper"]) == ("Scraper", "ShortScraper")
    assert ours["came_to"] == scrapys["came_to"]
    # Three articles with a slow item each, and an error of the callback, did not stop the rest.
    assert scrapys["came_to"]["stats"].items() >= {"item_scraped_count": 10, "spider_exceptions/count": 1}.items()


def test_scrapy_makes_no_log_records_that_no_handler_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    def level_with(*handlers: int) -> int:
        monkeypatch.setattr(logging.root, "handlers", [logging.NullHandler(level) for level in handlers])
        downloader._make_no_records_that_are_thrown_away()
        return logging.getLogger("scrapy").level

    monkeypatch.setattr(downloader, "_LEVEL", {})
    monkeypatch.setattr(logging.getLogger("scrapy"), "level", logging.DEBUG)
    assert level_with(logging.WARNING, logging.INFO) == logging.INFO
    assert level_with(logging.INFO, logging.DEBUG) == logging.DEBUG
    assert level_with(logging.WARNING) == logging.WARNING
    logging.getLogger("scrapy").setLevel(logging.ERROR)
    assert level_with(logging.INFO) == logging.ERROR, "given by somebody else"
