"""How a crawl treats a host: one clock for all processes, pauses as asked for, limits of a run, a contact."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawler.http.netloc import Server
from crawler.http.politeness.host_clock import LONGEST, HostClockError, HostClocks, seconds_since_boot
from crawler.http.politeness.limits import Limits
from crawler.http.politeness.pacing import Pacing
from crawler.sites.schedule import Hours
from pipelines.fleet.attempts import Journal
from tests.conftest import Ended, Site, run
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_window_health import health_of
from tests.test_wire import certificate

HOUR = timedelta(hours=1)
CHALLENGE = Answer("<html><script>document.cookie='__jsl_clearance=1';location.reload()</script></html>", 521)


@dataclass
class Log:
    """A small site of some articles, and when each request came and its answer was ready (seconds)."""

    articles: int = 3
    robots: str = ""
    instead: Callable[[str, int], Answer | None] = lambda *_: None
    entries: list[tuple[str, float, float]] = field(default_factory=list)

    def answer(self, path: str, _: Message) -> Answer:
        began = time.monotonic()
        answer = self.instead(path, len(self.asked(path))) or self._usual(path)
        self.entries.append((path, began, time.monotonic()))
        return answer

    def _usual(self, path: str) -> Answer:
        if path == "/robots.txt":
            return Answer(self.robots, 200 if self.robots else 404)
        if "GetHits" in path:
            return Answer("document.write('1');")
        if "Show" in path:
            number = int(path.rpartition("=")[2])
            return Answer(article_page(number, title=f"讲话之{number}", body=f"<p>各位委员，第{number}篇</p>"))
        return Answer(list_page([(n, f"讲话之{n}", "2020-01-01") for n in range(1, self.articles + 1)]))

    def asked(self, path: str) -> list[str]:
        return [one for one, *_ in self.entries if one == path]

    @property
    def gaps(self) -> list[float]:
        """From the end of each answer to the next request."""
        ordered = sorted(self.entries, key=lambda entry: entry[1])
        return [after[1] - before[2] for before, after in itertools.pairwise(ordered)]


@pytest.fixture
def locks(tmp_path: Path) -> tuple[str, str]:
    return "-s", f"HOST_LOCKS={tmp_path / 'hosts'}"


def crawl(site: Site, url: str, *more: str) -> Ended:
    site.root.mkdir(parents=True, exist_ok=True)
    profile = site.root / "small.toml"
    profile.write_text(PROFILE, "utf-8")
    return site.crawl(url, "-a", f"profile={profile}", *more)


def last_attempt(site: Site) -> dict[str, Any]:
    lines = Journal(site.root, site.name).file.read_text("utf-8").splitlines()
    entry: dict[str, Any] = json.loads(lines[-1])
    return entry


def test_two_commands_at_one_host_keep_one_clock(tmp_path: Path, locks: tuple[str, str]) -> None:
    log, delay = Log(articles=2), 0.15
    sites = [Site(tmp_path / "a"), Site(tmp_path / "b")]
    with serve(log.answer, has_robots=True) as url, ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda site: crawl(site, url, *locks, "-s", f"DOWNLOAD_DELAY={delay}"), sites))
    assert [one.status for one in ended] == [0, 0], ended
    assert len(log.entries) == 2 * 7
    assert min(log.gaps) >= delay, log.entries
    told = sites[0].report()["politeness"]
    assert told["smallest_gap"] >= delay <= told["median_gap"]
    assert (told["requests"], told["by_status"]) == (7, {"200": 6, "404": 1})
    assert list(told["robots"].values()) == ["none"]


def test_a_crawl_delay_is_kept_and_told(site: Site, locks: tuple[str, str]) -> None:
    log = Log(articles=1, robots="User-agent: *\nCrawl-delay: 0.2\n")
    with serve(log.answer, has_robots=True) as url:
        assert crawl(site, url, *locks).status == 0
    told = site.report()["politeness"]
    assert min(log.gaps) >= 0.2 <= told["smallest_gap"]
    assert (told["delay_seconds"], told["crawl_delay"], list(told["robots"].values())) == (0.2, 0.2, ["allowed"])


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_a_crawl_delay_that_is_no_number_never_reaches_the_hosts_clock(seconds: float) -> None:
    with pytest.raises(ValueError, match="is no number of seconds"):
        Pacing.__new__(Pacing).honour("http://127.0.0.1/", seconds)


def test_a_certificate_is_told_of_each_server(site: Site, locks: tuple[str, str], tmp_path: Path) -> None:
    with serve(Log(articles=1).answer, certificate=certificate(tmp_path / "cert.pem")) as url:
        assert crawl(site, url, *locks).status == 0
    (told,) = site.report()["politeness"]["certificates"].items()
    assert f"https://{told[0]}/" == url
    assert "self" in told[1]


@pytest.mark.parametrize("status", [429, 503, 512])
def test_a_host_that_asks_for_an_hour_is_asked_once_over_two_runs(
    status: int, site: Site, locks: tuple[str, str]
) -> None:
    log = Log(instead=lambda path, _: None if "robots" in path else Answer("busy", status, {"Retry-After": "3600"}))
    with serve(log.answer, has_robots=True) as url:
        first = crawl(site, url, *locks)
        not_before = datetime.fromisoformat(site.report()["not_before"])
        assert abs(not_before - datetime.now(UTC) - HOUR) < timedelta(minutes=1)
        assert last_attempt(site)["not_before"] == site.report()["not_before"] in first.out
        second = crawl(Site(site.root.parent / "other"), url, *locks)
        if status == 503:
            probed = run("scrapy", "probe", url, "--out", str(site.root.parent / "out"), *locks)
            assert (probed.status, "Retry-After 3600 s" in probed.err) == (11, True), probed
    assert (first.status, second.status, len(log.asked("/"))) == (11, 11, 1), second
    assert "address" not in first.out
    assert f"Retry-After 3600 s; to ask nevertheless, remove {site.root.parent}" in second.err


def test_one_article_that_ends_every_run_hides_no_other(site: Site, locks: tuple[str, str]) -> None:
    busy = Answer("busy", 503, {"Retry-After": "2"})
    log = Log(articles=6, instead=lambda path, _: busy if path.endswith("d=1") else None)
    with serve(log.answer, has_robots=True) as url:
        assert crawl(site, url, *locks, "-s", "RETRY_AFTER_MAX=1").status == 11
        assert site.report()["politeness"]["ended_by"] == f"{url}Item/Show.asp?m=1&d=1"
        next((site.root.parent / "hosts").glob("*.later")).unlink()
        log.entries.clear()
        assert crawl(site, url, *locks, "-s", "RETRY_AFTER_MAX=1").status == 11
    assert log.entries[-1][0].endswith("d=1")
    assert site.latest().keys() == {str(number) for number in range(2, 7)}
    assert [one["native_id"] for one in site.report()["failing"]] == ["1"], "later runs leave it out on most nights"


def test_a_counter_that_ends_a_run_costs_no_text(site: Site, locks: tuple[str, str]) -> None:
    busy = Answer("busy", 429, {"Retry-After": "2"})
    log = Log(articles=6, instead=lambda path, _: busy if "GetHits" in path else None)
    with serve(log.answer, has_robots=True) as url:
        assert crawl(site, url, *locks, "-s", "RETRY_AFTER_MAX=1").status == 11
        assert len(site.latest()) == 1
        next((site.root.parent / "hosts").glob("*.later")).unlink()
        assert crawl(site, url, *locks, "-s", "RETRY_AFTER_MAX=1").status == 3
    assert len(site.latest()) == 6
    assert [(gap["what"], gap["reason"]) for gap in site.report()["not_captured"]] == [("counter", "rate-limited")]


def test_a_limit_without_a_time_is_waited_out_longer_each_time(site: Site, locks: tuple[str, str]) -> None:
    waits = (*locks, "-s", "RATE_LIMIT_WAIT=0.1")
    log = Log(instead=lambda path, before: Answer("slow down", 429) if path == "/" and before < 3 else None)
    with serve(log.answer, has_robots=True) as url:
        assert crawl(site, url, *waits).status == 0
        assert [gap >= wait for gap, wait in zip(log.gaps[1:4], (0.1, 0.2, 0.4), strict=True)] == [True] * 3
        assert site.report()["politeness"]["pauses"] == {"count": 3, "seconds": 0.7}
        log.instead = lambda path, _: Answer("slow down", 429) if "Show" in path else None
        log.entries.clear()
        other = Site(site.root.parent / "other")
        assert crawl(other, url, *waits).status == 11
    assert sum("Show" in path for path, *_ in log.entries) == 4
    assert datetime.fromisoformat(other.report()["not_before"]) > datetime.now(UTC) + HOUR - timedelta(minutes=1)


def test_without_retries_a_limit_is_its_own_reason(site: Site, locks: tuple[str, str]) -> None:
    log = Log(instead=lambda path, _: Answer("slow down", 429) if path.endswith("d=2") else None)
    with serve(log.answer, has_robots=True) as url:
        assert crawl(site, url, *locks, "-s", "RETRY_TIMES=0", "-s", "RATE_LIMIT_WAIT=0").status == 3
    assert [gap["reason"] for gap in site.report()["not_captured"]] == ["rate-limited"]


@pytest.mark.parametrize(
    ("limit", "words"),
    [("REQUEST_BUDGET=5", "budget of 5 requests"), ("TIME_BUDGET=0.02", "0.02 minutes are over")],
)
def test_a_run_ends_at_its_budget_and_the_next_completes(
    limit: str, words: str, site: Site, locks: tuple[str, str]
) -> None:
    log = Log(articles=8)
    with serve(log.answer, has_robots=True) as url:
        ended = crawl(site, url, *locks, "-s", limit, "-s", "DOWNLOAD_DELAY=0.1")
        assert (ended.status, words in ended.out, site.report()["not_before"]) == (11, True, None), ended
        left = site.report()["politeness"]["budget_left"]
        assert (left["requests"], left["seconds"] is None) == ((0, True) if "REQUEST" in limit else (None, False))
        assert (left["seconds"] or 0) < 0.5
        before = len(log.entries)
        assert "REQUEST" not in limit or before == 5
        assert crawl(site, url, *locks).status == 0
    assert len(site.latest()) == 8
    assert site.verify().status == 0


def test_outside_its_hours_a_site_is_not_requested(site: Site, locks: tuple[str, str]) -> None:
    log, now = Log(), datetime.now(UTC).astimezone(tz=None)
    china = (datetime.now(UTC) + 8 * HOUR).replace(tzinfo=None)
    hours = f"{china + 2 * HOUR:%H:%M}-{china + 3 * HOUR:%H:%M}"
    with serve(log.answer, has_robots=True) as url:
        ended = crawl(site, url, *locks, "-s", f"CRAWL_HOURS={hours}")
        wrong = crawl(site, url, *locks, "-s", "CRAWL_HOURS=night")
    assert (ended.status, log.entries, hours in ended.err) == (11, [], True), ended
    assert wrong.status == 2
    assert "22:00-06:00" in wrong.err
    opens = now + 2 * HOUR
    assert not site.folder.exists()
    journal = [json.loads(line) for line in Journal(site.root, site.name).file.read_text("utf-8").splitlines()]
    assert abs(datetime.fromisoformat(journal[1]["not_before"]) - opens) < timedelta(minutes=2)


def test_a_run_ends_with_its_hours_and_says_when_they_begin_again() -> None:
    china = ZoneInfo("Asia/Shanghai")
    limits = Limits(datetime(2026, 1, 1, 5, tzinfo=china), hours=Hours.parse("22:00-06:00"), zone=china)
    assert limits.end(10**6, datetime(2026, 1, 1, 5, 59, 59, tzinfo=china)) is None
    end = limits.end(1, datetime(2026, 1, 1, 6, 0, tzinfo=china))
    assert end is not None
    assert end.not_before == datetime(2026, 1, 1, 22, tzinfo=china)
    assert "22:00-06:00 in Asia/Shanghai" in end.words


def test_a_site_that_challenges_is_left_alone(site: Site, locks: tuple[str, str]) -> None:
    log = Log(articles=30, instead=lambda path, _: CHALLENGE if "Show" in path else None)
    with serve(log.answer, has_robots=True) as url:
        ended = crawl(site, url, *locks, "-s", "RETRY_TIMES=0", "-s", "DOWNLOAD_DELAY=0.05")
    assert (ended.status, "8 answers in a row" in ended.out) == (4, True), ended
    assert len(log.entries) == 3 + 8
    assert health_of(site.root) == ("blocked", None, 200), "its list, which came"


@pytest.mark.parametrize("command", ["crawl", "probe"])
def test_a_public_site_is_not_requested_without_a_contact(command: str, site: Site, tmp_path: Path) -> None:
    url = "http://www.gszx.example/"
    profile = tmp_path / "small.toml"
    profile.write_text(PROFILE, "utf-8")
    words = {
        "crawl": site.command(url, "-a", f"profile={profile}"),
        "probe": ["scrapy", "probe", url, "--out", str(tmp_path / "out")],
    }
    ended = run(*words[command], env={**os.environ, "ARCHIVE_CONTACT": ""})
    assert (ended.status, "ARCHIVE_CONTACT" in ended.err, site.folder.exists()) == (2, True, False), ended


def test_a_clock_is_held_by_one_and_never_blocks(tmp_path: Path) -> None:
    clocks, server = HostClocks(tmp_path / "hosts"), Server("a.example", 80)
    clocks.prepare()
    one, other = clocks.clock(server), clocks.clock(Server("www.a.example", 8080))
    assert one.take()
    assert not other.take()
    assert clocks.clock(Server("b.example", 80)).take()
    one.note(5.0)
    one.close()
    assert other.take()
    assert 1.0 < other.seconds_left(1.0) <= 5.0
    (file,) = (tmp_path / "hosts").glob("a.example*.clock")
    other.close()
    for boot, ahead, most in ((clocks.boot, 1e6, 2.0), ("another", 0, 0.0), (clocks.boot, float("nan"), 2.0)):
        file.write_text(json.dumps({"boot": boot, "at": seconds_since_boot() + ahead, "delay": 0}))
        assert other.take()
        assert other.seconds_left(2.0) <= most
        other.release()
    file.unlink()
    assert one.take()
    assert other.take() is False
    one.close()
    file.unlink()
    (tmp_path / "elsewhere").touch()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="clock"):
        clocks.clock(server).take()


def test_a_pause_is_known_to_all_and_ends_in_a_week_at_the_latest(tmp_path: Path) -> None:
    clocks, server, now = HostClocks(tmp_path / "hosts"), Server("127.0.0.1", 8000), datetime.now(UTC)
    clocks.prepare()
    assert clocks.later(server, now) is None
    clocks.ask_later(server, now + HOUR, "因为" * 400)
    assert (told := HostClocks(clocks.folder).later(Server("localhost", 8000), now))
    assert told.why.startswith("因为")
    assert clocks.later(Server("127.0.0.1", 8001), now) is None
    assert clocks.later(server, now + 2 * HOUR) is None
    assert clocks.later(server, now - LONGEST) is None, "the clock was set back"
    (tmp_path / "file").touch()
    with pytest.raises(HostClockError, match="HOST_LOCKS"):
        HostClocks(tmp_path / "file").prepare()
