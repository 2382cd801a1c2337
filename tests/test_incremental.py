"""Incremental crawling: what is read again and why, what costs one request and no parsing, and what a plan says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crawler.plan import Plan
from crawler.replica.process import Replica
from pipelines.archive.reader import Archive
from pipelines.archive.state import SpeechState
from pipelines.record import Row
from tests.conftest import Site

NOW = datetime(2026, 1, 10, 2, tzinfo=UTC)
ROW = Row(title="讲话", date="2020-01-01")


def known(native_id: str, published: str | None, read_days_ago: float, **more: object) -> SpeechState:
    checked = (NOW - timedelta(days=read_days_ago)).isoformat()
    state = SpeechState(
        id=f"gszx:{native_id}", native_id=native_id, version=1, reading=1, content_sha256="", derived_sha256="",
        article_sha256=("a",), content_seq=1, event_seq=1, is_gone=False, url="", title="讲话", section="",
        parser="", first_seen=checked, last_seen=checked, last_checked=checked, listed=ROW, published_on=published,
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
    with Replica(flavour="7.0", speeches=200) as replica:
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
        assert len(asked) <= pages + 2 + 2 * withheld + 200 * 0.02
        assert between - before <= pages + 2
        assert site.events(2) == {}


ARTICLE = """<html><head><title>在会上的讲话-广水市政协网</title></head><body><h1>在会上的讲话</h1>
<p>日期:{date}</p><Script Src="/item/GetHits.asp?Action=Count&GetFlag=0&m=1&ID=7"></Script>
<div id="MyContent">{text}</div></body></html>"""
LIST = """<html><body><a href="/Item/list.asp?id=5">领导讲话</a>
<li><a href="/Item/Show.asp?m=1&d=7">在会上的讲话</a>{date}</li></body></html>"""


@contextmanager
def small_site(text: list[str], asked: list[str]) -> Iterator[str]:
    """A site of one speech whose server knows If-None-Match; `text` is body and date in the list."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tag = f'"{len(text[0])}"'
            asked.append(f"{self.path} {self.headers.get('If-None-Match', '')}".strip())
            body = LIST.format(date=text[1])
            if "GetHits" in self.path:
                body = f"document.write('{len(asked)}');"
            elif "Show" in self.path:
                body = ARTICLE.format(text=text[0], date="2020-01-01 08:00:00")
            elif "robots" in self.path:
                body = ""
            is_known = "Show" in self.path and self.headers.get("If-None-Match") == tag
            self.send_response(304 if is_known else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if "Show" in self.path:
                self.send_header("ETag", tag)
            payload = b"" if is_known else body.encode()
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_answers_304_is_believed(site: Site) -> None:
    text, asked = ["<p>各位委员：</p>", "2020-01-01"], list[str]()
    profile = site.root.parent / "young.toml"
    profile.write_text(
        'name = "广水市政协网"\ncommittee = "政协广水市委员会"\ncms = "kesion"\nid_namespace = "k"\n'
        'section = "领导讲话"\nstart_url = "http://127.0.0.1/"\nhosts = ["127.0.0.1"]\n',
        "utf-8",
    )
    with small_site(text, asked) as url:
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
