"""The main job over the real command and a real server: what is there is archived exactly, what is not is told."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest

from crawler.replica.process import Replica
from pipelines.archive.read.reader import Archive
from pipelines.record import content_sha256
from tests.conftest import PATIENCE, Site, exit_of, run_code, started

FAULTS = ["500", "503", "reset", "truncated", "truncated-clean", "slow", "empty", "db-down", "challenge"]
EXACT = {"title", "published_on", "published_at", "body", "author", "source"}
STATED = ("speaker", "speakers", "delivered_on", "speaker_post", "committee", "term", "session", "meeting", "genre")


def assert_same(truth: dict[str, Any], latest: dict[str, dict[str, Any]]) -> None:
    speeches = {speech["native_id"]: speech for speech in truth["speeches"]}
    assert latest.keys() == speeches.keys()
    for native_id, speech in speeches.items():
        line = latest[native_id]
        assert {key: line[key] for key in EXACT} == {key: speech[key] for key in EXACT}
        assert line["view_count"] == speech["views"]
        assert sum(one["field"] == "committee" for one in line["evidence"]) == 1
        assert line["content_sha256"] == content_sha256(line)
    for key in STATED:
        stated = [(speech[key], latest[i][key]) for i, speech in speeches.items()]
        right = sum(told == read for told, read in stated if told is not None)
        assert right >= 0.98 * sum(told is not None for told, _ in stated)
        assert all(read is None for told, read in stated if told is None), f"{key} guessed"


@pytest.mark.parametrize("flavour", ["6.5", "7.0", "X2"])
def test_every_speech_once_and_exact(flavour: str, site: Site) -> None:
    with Replica(flavour=flavour, speeches=60) as replica:
        ended = site.crawl(replica.url)
        assert (ended.status, ended.err) == (0, "")
        truth = replica.truth()
        assert_same(truth, site.latest())
        told = {(gap["native_id"], gap["reason"]) for gap in site.report()["not_captured"]}
        assert told == {(row["native_id"], row["reason"]) for row in truth["withheld"]}
        log = replica.log()
        assert log["increments"]["total"] == 0
        assert log["purchases"] == 0
        assert_one_at_a_time(one["path"] for one in log["requests"])
    assert site.verify().status == 0


def assert_one_at_a_time(paths: Iterable[str]) -> None:
    """A counter is asked for before the next article: a kill costs the one answer under way."""
    article, counters = "", 0
    for path in paths:
        if shown := re.search(r"(?i)/show\.asp\?m=(\d+)&d=(\d+)", path):
            article = f"{shown[1]} {shown[2]}"
        elif counted := re.search(r"(?i)gethits\.asp.*&m=(\d+)&id=(\d+)", path):
            assert f"{counted[1]} {counted[2]}" == article
            counters += 1
    assert counters


@pytest.mark.parametrize("date_form", [4, 5, 9, 12, 14, 17, 26, 46, "raw"])
def test_any_date_form_of_the_list(date_form: int | str, site: Site) -> None:
    with Replica(flavour="7.0", speeches=12, date_form=date_form) as replica:
        assert site.crawl(replica.url).status == 0
        assert_same(replica.truth(), site.latest())
        assert all(row["raw"]["published"] for row in site.latest().values())


def test_faults_that_pass_leave_no_trace(site: Site) -> None:
    with Replica(flavour="6.5", speeches=60) as replica:
        replica.faults(rate=0.2, kinds=FAULTS, max_per_url=2, seed=5)
        assert site.crawl(replica.url).status == 0
        replica.faults()
        assert_same(replica.truth(), site.latest())
        assert replica.log()["increments"]["total"] == 0


def test_history_of_a_moving_site(site: Site) -> None:
    with Replica(flavour="X2", speeches=20) as replica:
        assert site.crawl(replica.url).status == 0
        replica.grow()
        assert site.crawl(replica.url, "-a", "mode=full").status == 0
        assert site.events(2) == {}
        looked = [o["id"] for o in Archive(site.folder).observations() if o["commit"] == 2]
        assert sorted(looked) == sorted({f"gszx:{native_id}" for native_id in site.latest()})
        assert_same(replica.truth(), site.latest())
        for commit in (3, 4):
            step = replica.step()
            assert site.crawl(replica.url, "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0").status == 0
            assert site.events(commit) == {event: set(ids) for event, ids in step.items() if ids}
            assert_same(replica.truth(), site.latest())
        gone_once = replica.step()["gone"]
        assert site.crawl(replica.url, "-a", "mode=full").status == 0
        assert "gone" not in site.events(5), "a first sight of an absence is not proof"
        states = {o["id"]: o["presence"] for o in Archive(site.folder).observations() if o["commit"] == 5}
        assert {states[f"gszx:{native_id}"] for native_id in gone_once} == {"missing"}
        assert site.crawl(replica.url).status == 0, "an incremental crawl reads what is new and what is missing"
        assert site.report()["counts"]["captured"] == 0
    assert site.verify().status == 0


def test_a_limited_crawl_is_partial(site: Site) -> None:
    with Replica(speeches=30) as replica:
        ended = site.crawl(replica.url, "-a", "limit=5")
        assert ended.status == 0
        assert site.report()["verdict"] == "partial"
        assert site.report()["counts"]["captured"] <= 5


CHALLENGED = {"kinds": ["challenge"], "only": ".", "rate": 1}
NO_ARTICLE = {"kinds": ["500"], "only": "(?i)show", "rate": 0.3}
NO_COUNTER = {"kinds": ["reset"], "only": "(?i)gethits", "rate": 1}
NO_THIRD_PAGE = {"kinds": ["empty"], "only": "(?i)list.*page=3", "rate": 1}


@pytest.mark.parametrize(
    ("plan", "status", "what"),
    [(CHALLENGED, 4, "list"), (NO_ARTICLE, 3, "speech"), (NO_COUNTER, 3, "counter"), (NO_THIRD_PAGE, 3, "list")],
)
def test_what_could_not_be_had_is_told(plan: dict[str, Any], status: int, what: str, site: Site) -> None:
    with Replica(flavour="7.0", speeches=45) as replica:
        replica.faults(**plan, permanent=True)
        ended = site.crawl(replica.url, "-s", "RETRY_TIMES=2")
        assert ended.status == status, ended.out
        report = site.report()
        assert report["exit_status"] == status
        failures = [gap for gap in report["not_captured"] if not gap["is_the_sites_word"]]
        assert {gap["what"] for gap in failures} == {what}
        live = {speech["native_id"] for speech in replica.truth()["speeches"]}
        if what == "speech":
            assert live - site.latest().keys() == live & {gap["native_id"] for gap in failures}
        assert site.latest().keys() <= live
    assert site.verify().status == 0


def test_an_empty_section_is_refused_and_takes_nothing_away(site: Site) -> None:
    with Replica(speeches=20) as replica:
        assert site.crawl(replica.url).status == 0
        before = site.latest().keys()
        replica.section(empty=True)
        assert site.crawl(replica.url, "-s", "GONE_AFTER_DAYS=0").status == 4
        assert site.latest().keys() == before


@pytest.mark.parametrize(
    ("text", "status"), [("User-agent: *\nDisallow: /Item/\n", 4), ("User-agent: *\nDisallow:\n", 0)]
)
def test_robots_txt_is_obeyed(text: str, status: int, site: Site) -> None:
    with Replica(speeches=12) as replica:
        replica.robots(text)
        assert site.crawl(replica.url).status == status
        asked = {entry["path"].split("?")[0].lower() for entry in replica.log()["requests"]}
        assert ("/item/list.asp" in asked) is (status == 0)


@pytest.mark.parametrize("start", ["Item/list.asp?id=5", "item/LIST.asp?ID=3", "Item/Show.asp?m=1&d={id}"])
def test_the_section_is_found_from_any_page(start: str, site: Site) -> None:
    with Replica(flavour="7.0", speeches=20) as replica:
        number = next(s["native_id"] for s in replica.truth()["speeches"] if s["native_id"].isdigit())
        assert site.crawl(replica.url + start.format(id=number)).status == 0
        assert_same(replica.truth(), site.latest())


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGINT] * 3, [signal.SIGTERM]], ids=str)
def test_an_interrupted_crawl_keeps_what_it_has_and_goes_on(signals: list[signal.Signals], site: Site) -> None:
    with Replica(speeches=24) as replica:
        with started(*site.command(replica.url, "-s", "DOWNLOAD_DELAY=0.1")) as crawl:
            wait_for_articles(replica, 6)
            with suppress(ProcessLookupError):  # it may have ended before the last signal
                for number in signals:
                    os.kill(crawl.pid or 0, number)
                    time.sleep(0.02)
            assert exit_of(crawl) == 11
        assert site.verify().status == 0
        assert 0 < len(site.latest()) < 24
        assert site.crawl(replica.url).status == 0
        assert_same(replica.truth(), site.latest())


def wait_for_articles(replica: Replica, count: int) -> None:
    for _ in range(PATIENCE * 10):
        if sum("gethits" in entry["path"].lower() for entry in replica.log()["requests"]) >= count:
            return
        time.sleep(0.1)
    raise AssertionError("the crawl did not get on")


ON_A_FULL_DISK = """
import resource, runpy, signal
size = int(sys.argv.pop(1))
del sys.argv[0]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
runpy.run_module(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("size", [3_000, 40_000])
def test_a_full_disk_ends_the_crawl_and_nothing_is_half_written(size: int, site: Site) -> None:
    with Replica(speeches=24) as replica:
        assert site.crawl(replica.url, "-a", "limit=1").status == 0
        crawl = run_code(ON_A_FULL_DISK, size, *site.command(replica.url))
        assert crawl.status == 11, crawl
        assert site.verify().status == 0
        assert site.crawl(replica.url).status == 0
        assert_same(replica.truth(), site.latest())
