"""Bad input: a clear message that names the thing and the remedy, the right exit status, an archive that verifies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.replica.process import Replica
from tests.conftest import ROOT, Site, exit_of, run, started
from tests.test_crawl import wait_for_articles

PROFILE = (ROOT / "crawler" / "sites" / "gszx.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["site=nowhere"], ["nowhere", "known are", "gszx"]),
        (["site=../etc"], ["a-z, 0-9 and -"]),
        ([], ["site=NAME", "scrapy sites"]),
        (["site=gszx", "start_url=gszx.gov.cn"], ["start_url", "http://"]),
        (["site=gszx", "limit=some"], ["limit", "whole number"]),
        (["site=gszx", "mode=quick"], ["mode", "incremental, full"]),
        (["site=gszx", "speed=9"], ["speed", "allowed are"]),
        (["site=gszx", "profile=missing.toml"], ["missing.toml"]),
        (["site=gszx", "plan=yes"], ["plan", "0, 1"]),
    ],
)
def test_wrong_arguments(arguments: list[str], said: list[str], site: Site) -> None:
    given = [word for argument in arguments for word in ("-a", argument)]
    ended = run("scrapy", "crawl", "speeches", *given, "-s", f"ARCHIVE_ROOT={site.root}")
    assert (ended.status, ended.out) == (2, "")
    assert all(words in ended.err for words in said), ended.err
    assert not site.root.exists()


def test_a_setting_nobody_reads_is_refused(site: Site) -> None:
    ended = site.crawl("http://127.0.0.1:9/", "-s", "DOWNLOAD_DELY=3")
    assert (ended.status, ended.out) == (2, "")
    assert "did you mean DOWNLOAD_DELAY?" in ended.err
    assert not site.root.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PROFILE + "hosts = [", "is not TOML"),
        (PROFILE.replace("committee", "comittee"), "unknown key 'comittee'; allowed are: name, committee"),
        (PROFILE.replace('cms = "kesion"\n', ""), "key 'cms' is missing; it must be one of: kesion"),
        (PROFILE.replace('"read_only"', '"sometimes"'), "must be one of: read_only, none, increments"),
        (PROFILE + 'body = "div"\n', "#id, .class or an XPath beginning with /"),
        (PROFILE.replace('"kesion"', '["kesion"]'), "cms = ['kesion']: must be one of: kesion"),
        (PROFILE + 'rows = ".list"\n', "body and rows are not for cms = 'kesion'"),
        (PROFILE.replace('"kesion"', '"trs"') + "print_page = true\n", "print_page = true: only with cms = kesion"),
        (PROFILE + 'timezone = "Asia/Guangshui"\n', "a time zone such as Asia/Shanghai"),
        (PROFILE + "static_article = '(x'\n", "static_article"),
        (
            PROFILE + r"static_article = '/html/(?P<id>(?:\d+-?)+)\.html'",
            "static_article takes too long on '/html/', 1000 times '1'",
        ),
        (PROFILE + "gone_after_days = true\n", "a number of days"),
    ],
)
def test_broken_profiles(text: str, said: str, site: Site, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(text, "utf-8")
    ended = site.crawl("http://127.0.0.1:9/", "-a", f"profile={profile}")
    assert ended.status == 2
    assert str(profile) in ended.err
    assert said in ended.err


def test_a_site_that_is_not_there(site: Site) -> None:
    ended = site.crawl("http://127.0.0.1:9/", "-s", "RETRY_TIMES=1")
    assert ended.status == 3
    assert "http://127.0.0.1:9/" in ended.out
    assert ended.err == ""
    assert not site.folder.exists(), "an archive must not remember a host that was never there"


def test_a_page_that_is_no_such_site(site: Site, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html><title>Welcome</title><p>Nothing of the kind</p></html>")
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().split("port ")[1].split()[0]
        ended = site.crawl(f"http://127.0.0.1:{port}/")
        server.terminate()
    assert ended.status == 2
    assert "领导讲话" in ended.out
    assert "start_url" in ended.out
    assert not site.folder.exists(), "a first crawl of the wrong site leaves nothing behind"


def test_another_host_is_refused(site: Site) -> None:
    with Replica(speeches=12) as replica:
        assert site.crawl(replica.url).status == 0
        ended = site.crawl(replica.url.replace("127.0.0.1", "127.0.0.2"))
        assert ended.status == 2
        assert "ARCHIVE_ROOT" in ended.err
    assert site.verify().status == 0


def test_an_unwritable_root(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = Site(tmp_path / "file" / "deeper").crawl("http://127.0.0.1:9/")
    assert ended.status == 2
    assert str(tmp_path / "file") in ended.err


def test_an_archive_of_a_newer_format(site: Site) -> None:
    with Replica(speeches=12) as replica:
        assert site.crawl(replica.url).status == 0
        file = site.folder / "archive.json"
        original = file.read_bytes()
        file.write_text(json.dumps({**json.loads(original), "format_version": 99}), "utf-8")
        ended = site.crawl(replica.url)
        assert ended.status == 2
        assert "99" in ended.err
        file.write_bytes(original)
    assert site.verify().status == 0


def test_two_crawls_of_one_site_at_once(site: Site) -> None:
    with (
        Replica(speeches=20) as replica,
        started(*site.command(replica.url, "-s", "DOWNLOAD_DELAY=0.2")) as first,
    ):
        wait_for_articles(replica, 1)
        second = site.crawl(replica.url)
        assert second.status == 6
        assert str(first.pid) in second.err
        first.terminate()
        assert exit_of(first) == 11
    assert site.verify().status == 0
