"""KesionCMS in every form of its addresses: the same speeches, exact, whatever a site made of its links."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.replica.process import Replica
from tests.conftest import Site
from tests.small import PROFILE
from tests.test_crawl import assert_same

FILES = {
    "7.0": r"/html/[a-z]+/(?P<id>\d+)(?:_(?P<part>\d+))?\.html$",
    "X2": r"/html/[a-z]+/(?P<id>\d{6}/\d+)(?:_(?P<part>\d+))?\.html$",
}
FORMS = [
    ("pseudo", "6.5"),
    ("rewrite", "7.0"),
    ("static", "7.0"),
    ("static", "X2"),
    ("ajax", "X2"),
]


def profile(folder: Path, *lines: str) -> str:
    """A profile file with further lines; the argument that names it."""
    path = folder / "profile.toml"
    path.write_text(PROFILE + "".join(f"{line}\n" for line in lines), "utf-8")
    return f"profile={path}"


@pytest.mark.parametrize(("urls", "flavour"), FORMS)
def test_every_speech_once_and_exact(urls: str, flavour: str, site: Site, tmp_path: Path) -> None:
    lines = [f"static_article = '{FILES[flavour]}'"] if urls == "static" else []
    with Replica(flavour=flavour, speeches=28, urls=urls, per_page=7) as replica:
        ended = site.crawl(replica.url, "-a", profile(tmp_path, *lines))
        assert (ended.status, ended.err) == (0, "")
        truth = replica.truth()
        assert_same(truth, site.latest())
        told = {(gap["native_id"], gap["reason"]) for gap in site.report()["not_captured"]}
        assert told == {(row["native_id"], row["reason"]) for row in truth["withheld"]}
        log = replica.log()
        assert log["increments"]["total"] == log["purchases"] == 0
        again = site.crawl(replica.url, "-a", profile(tmp_path, *lines))
        assert (again.status, site.events(2)) == (0, {})
    assert site.verify().status == 0


def test_print_pages_say_the_same_with_fewer_requests(site: Site, tmp_path: Path) -> None:
    with Replica(flavour="7.0", speeches=40, urls="rewrite") as replica:
        ended = site.crawl(replica.url, "-a", profile(tmp_path, "print_page = true"))
        assert (ended.status, ended.err) == (0, "")
        truth, log = replica.truth(), replica.log()
        assert_same(truth, site.latest())
        told = {(gap["native_id"], gap["reason"]) for gap in site.report()["not_captured"]}
        assert told == {(row["native_id"], row["reason"]) for row in truth["withheld"]}
        assert log["increments"]["total"] == log["purchases"] == 0
        counters = sum("gethits" in entry["path"].lower() for entry in log["requests"])
        needed = [speech for speech in truth["speeches"] if set("<>&") & set(speech["body"]) or not speech["views"]]
        assert counters == len(needed), "only what a print page would damage, and a 0, is asked for elsewhere"
        assert 0 < counters < len(truth["speeches"]) / 2
        step = replica.step()
        arguments = ("-a", profile(tmp_path, "print_page = true"), "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
        assert site.crawl(replica.url, *arguments).status == 0
        assert site.events(2) == {event: set(ids) for event, ids in step.items() if ids}, (
            "print pages outlive articles"
        )
