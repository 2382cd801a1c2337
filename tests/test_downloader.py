"""The short way of requests keeps Scrapy's limits, also beside requests that go Scrapy's own way."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

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
