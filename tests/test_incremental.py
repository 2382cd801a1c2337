"""Incremental crawling: what is read again and why, what costs one request and no parsing, and what a plan says."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest

from crawler.crawl.plan import Plan
from crawler.replica.process import Replica
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import SpeechState
from pipelines.record import Row
from tests.conftest import Site
from tests.small import PROFILE, Answer, article_page, list_page, serve

NOW = datetime(2026, 1, 10, 2, tzinfo=UTC)
ROW = Row(title="讲话", date="2020-01-01")


def known(native_id: str, published: str | None, read_days_ago: float, **more: object) -> SpeechState:
    checked = (NOW - timedelta(days=read_days_ago)).isoformat()
    state = SpeechState(
        id=f"gszx:{native_id}", native_id=native_id, version=1, reading=1, content_sha256="", derived_sha256="",
        article_sha256=("a",), content_seq=1, content_commit=1, event_seq=1, event_commit=1, is_gone=False, url="",
        title="讲话", section="", parser="", first_seen=checked, last_seen=checked, last_checked=checked, listed=ROW,
        published_on=published, is_redacted=False,
    )  # fmt: skip
    for key, value in more.items():
        setattr(state, key, value)
    return state


@pytest.mark.parametrize(
    ("state", "row", "why"),
    [
        (None, ROW, "new"),
        (known("1", "2026-01-01", 1), ROW, "young"),
        (known("1", "2026-01-01", 0.5), ROW, None),
        (known("1", "2020-01-01", 1), ROW, None),
        (known("1", "2020-01-01", 300), ROW, "due"),
        (known("1", None, 300), ROW, "due"),
        (known("1", "2020-01-01", 1), Row(title="改题", date="2020-01-01"), "row changed"),
        (known("1", "2020-01-01", 1, is_gone=True), ROW, "was missing"),
        (known("1", "2020-01-01", 1, first_missed_at="2026-01-09T02:00:00Z"), ROW, "was missing"),
    ],
)
def test_why_an_article_is_read(state: SpeechState | None, row: Row, why: str | None) -> None:
    states = {"1": state} if state else {}
    assert Plan(states, NOW, 30, read_all=False).why_read("1", row) == why
    assert Plan(states, NOW, 30, read_all=True).why_read("1", row) == ("mode=full" if state else "new")


def test_old_articles_come_round_a_few_at_a_time() -> None:
    states = {str(n): known(str(n), "2015-06-01", 500 + n % 7) for n in range(2_000)}
    plan = Plan(states, NOW, 30, read_all=False)
    chosen = [native_id for native_id in states if plan.why_read(native_id, ROW)]
    assert len(chosen) == 20
    assert {states[native_id].last_checked for native_id in chosen} == {min(s.last_checked for s in states.values())}


def test_an_unchanged_old_site_costs_its_list_pages(site: Site) -> None:
    with Replica(flavour="7.0", speeches=100) as replica:
        assert site.crawl(replica.url).status == 0
        before = len(replica.log()["requests"])
        planned = site.crawl(replica.url, "-a", "plan=1")
        assert planned.status == 0
        withheld = len([row for row in replica.truth()["withheld"] if row["reason"] != "foreign-host"])
        assert f"{withheld + 1} articles would be read" in planned.out, "what was never had is tried again"
        assert len(Archive(site.folder).commits()) == 1, "a plan writes nothing"
        between = len(replica.log()["requests"])
        ended = site.crawl(replica.url)
        assert ended.status == 0, ended
        asked = replica.log()["requests"][between:]
        pages = site.report()["counts"]["list_pages"]
        assert len(asked) <= pages + 3 + 2 * withheld + 100 * 0.02
        # The front page, robots.txt, and the first list page once more.
        assert between - before <= pages + 3
        assert site.events(2) == {}


def small_site(text: list[str]) -> Callable[[str, Message], Answer]:
    """A site of one speech whose server knows If-None-Match; `text` is its body and its date in the list."""

    def answer(path: str, headers: Message) -> Answer:
        if "GetHits" in path:
            return Answer(f"document.write('{next(count)}');")
        if "Show" not in path:
            return Answer(list_page([(7, "在会上的讲话", text[1])]))
        tag = f'"{len(text[0])}"'
        is_known = headers.get("If-None-Match") == tag
        return Answer("" if is_known else article_page(7, body=text[0]), 304 if is_known else 200, {"ETag": tag})

    count = itertools.count(5)
    return answer


def test_a_server_that_answers_304_is_believed(site: Site) -> None:
    text, asked = ["<p>各位委员：</p>", "2020-01-01"], list[str]()
    profile = site.root.parent / "young.toml"
    profile.write_text(PROFILE, "utf-8")
    with serve(small_site(text), asked) as url:
        assert site.crawl(url, "-a", f"profile={profile}").status == 0
        counted = site.latest()["7"]["view_count"]
        text[1] = "01-01"
        assert site.crawl(url, "-a", f"profile={profile}").status == 0
        assert site.report()["counts"]["same"] == 1
        assert f'/Item/Show.asp?m=1&d=7 "{len(text[0])}"' in asked
        newest = list(Archive(site.folder).observations())[-1]
        assert (newest["http_status"], newest["content"], newest["version"]) == (304, "same", 1)
        assert site.latest()["7"]["view_count"] > counted
        text[0] = "<p>各位委员、同志们：</p>"
        assert site.crawl(url, "-a", f"profile={profile}", "-a", "mode=full").status == 0
        assert site.latest()["7"]["version"] == 2
    assert site.verify().status == 0


def test_a_304_needs_no_reading_whoever_reads(site: Site) -> None:
    """A newer parser is no reason to fetch what is archived: the archive's own bytes are read again instead."""
    text = ["<p>各位委员：</p>", "2020-01-01"]
    profiles = [site.root.parent / name for name in ("old.toml", "new.toml")]
    profiles[0].write_text(PROFILE, "utf-8")
    profiles[1].write_text(PROFILE + 'timezone = "Asia/Tokyo"\n', "utf-8")
    with serve(small_site(text)) as url:
        assert site.crawl(url, "-a", f"profile={profiles[0]}").status == 0
        text[1] = "01-01"
        assert site.crawl(url, "-a", f"profile={profiles[1]}").status == 0
        assert site.report()["counts"]["same"] == 1
        assert list(Archive(site.folder).observations())[-1]["http_status"] == 304
        assert site.crawl(url, "-a", "replay=latest", "-a", f"profile={profiles[1]}").status == 0
    assert site.events(3) == {"reprocessed": {"7"}}
    assert site.latest()["7"]["published_at"] == "2020-01-01T08:00:00+09:00"
