"""docs/programs.md: what it shows is run, against a small site; and whatever runs our spider loses nothing."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from email.message import Message
from pathlib import Path

import pytest
from scrapy import Request

from crawler.run import home
from crawler.settings import ARCHIVE_ROOT
from crawler.spiders.speeches import SpeechesSpider
from pipelines.archive.disk.layout import archives_in
from pipelines.archive.read.reader import Archive
from pipelines.record import Version
from tests.conftest import PATIENCE, ROOT, Ended, Site, run
from tests.small import Answer, serve, speeches

PAGE = (ROOT / "docs" / "programs.md").read_text("utf-8")
LIVE = "http://gszx.zggswz.com/"
CONSOLE = "".join(re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
SHOWN = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", CONSOLE, re.MULTILINE)
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def answer(path: str, headers: Message) -> Answer:
    if path == "/robots.txt":
        return Answer("User-agent: *\nCrawl-delay: 0.05\n")
    return speeches(3)(path, headers)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(answer, has_robots=True) as url:
        yield url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


def program(text: str, url: str, folder: Path) -> Ended:
    """Run a program of the page for the small site, quickly, into `output/` of `folder`."""
    quick = f'"DOWNLOAD_DELAY": 0, "ARCHIVE_ROOT": {str(folder / "output")!r}'
    text = re.sub(r"settings(=|\.setdict\(){", rf"settings\1{{{quick}, ", text)
    text = text.replace('"gszx"', f'"gszx", start_url={url!r}')
    command = [sys.executable, "-W", "error", "-c", text]
    place = ROOT if "get_project_settings" in text else folder
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[" ".join(command.split()[:3]) for command, _ in SHOWN])
def test_a_command_shows_what_the_page_says(command: str, shown: str, url: str, folder: Path) -> None:
    words = shlex.split(command.replace(LIVE, url))
    module, place = ("crawler", folder) if words[0] == "speech-archive" else ("scrapy", ROOT)
    if {"crawl", "replay", "runspider"} & set(words):
        more = ["-a", f"start_url={url}"] if "replay" not in words else []
        words += [*more, "-s", "DOWNLOAD_DELAY=0"]
        words += ["-s", f"ARCHIVE_ROOT={folder / 'output'}"]
    before = set(Path(ARCHIVE_ROOT).iterdir())
    ended = run(module, *words[1:], cwd=place)
    pattern = re.escape(shown.replace(LIVE, url)).replace("…", ".*")
    assert ended.status == 0, ended
    assert re.match(pattern.rstrip(r"\n").rstrip("\\"), ended.out, re.DOTALL), ended
    assert set(Path(ARCHIVE_ROOT).iterdir()) == before


def test_programs_crawl_seal_and_lose_nothing(url: str, tmp_path: Path) -> None:
    of_site, of_process = PROGRAMS
    cached = (
        "from twisted.internet import reactor\nassert type(reactor.resolver).__name__ == 'CachingThreadedResolver'\n"
    )
    done = program(of_site + cached, url, tmp_path)
    assert (done.status, done.err) == (0, ""), done
    archive = Archive(tmp_path / "output" / "gszx")
    assert [commit.kind for commit in archive.commits()] == ["crawl", "crawl"]
    rows = [json.loads(line) for line in (tmp_path / "speeches.jsonl").read_text("utf-8").split("\n") if line]
    assert {row["native_id"]: row["event"] for row in rows} == {"1": None, "2": None, "3": "created"}
    assert list(rows[0]) == [field.name for field in fields(Version)]
    lines = {line["native_id"]: line for line in archive.versions()}
    new = next(row for row in rows if row["event"])
    assert new == lines["3"] | dict.fromkeys(("seq", "commit", "recorded_at"))

    without_seal = of_process.replace("print(seal(crawler).summary)", "").replace('"gszx"', '"gszx", limit=2')
    unsealed = program(without_seal, url, tmp_path)
    assert (unsealed.status, "was not sealed" in unsealed.err) == (0, True), unsealed
    sealed = program(of_process, url, tmp_path)
    assert (sealed.status, "complete (exit 0)" in sealed.out, sealed.err) == (0, True, ""), sealed
    assert "salvaged run" in sealed.out
    site = Site(tmp_path / "output")
    assert [commit.kind for commit in Archive(site.folder).commits()] == ["crawl", "crawl", "salvage", "crawl"]
    assert site.verify().status == 0


def test_the_spider_knows_its_sites() -> None:
    assert SpeechesSpider.handles_request(Request(f"{LIVE}Item/Show.asp?m=1&d=1"))
    assert not SpeechesSpider.handles_request(Request("http://example.org/"))


def test_archives_of_an_installed_package_go_to_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(ROOT / "output") == ARCHIVE_ROOT
    monkeypatch.setattr(home, "CHECKOUT", None)
    assert runpy.run_path(str(ROOT / "crawler" / "settings.py"))["ARCHIVE_ROOT"] == "output"


def test_a_feed_that_cannot_be_written_is_told(url: str, site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    ended = site.crawl(url, "-O", str(tmp_path / "file" / "feed.jsonl"), "-a", "_job=1")
    assert ended.status == 1
    assert "feed      not written" in ended.out
    assert site.report()["verdict"] == "complete"


def test_components_of_others_run_beside_ours(url: str, site: Site, tmp_path: Path) -> None:
    theirs = {
        "DOWNLOADER_MIDDLEWARES": '{"scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": 300}',
        "SPIDER_MIDDLEWARES": '{"scrapy.spidermiddlewares.depth.DepthMiddleware": 900}',
        "EXTENSIONS": '{"scrapy.extensions.logstats.LogStats": 0}',
        "DOWNLOAD_HANDLERS": '{"ftp": null}',
        "ITEM_PIPELINES": '{"tests.own.Noting": 500}',
    }
    settings = [word for name, value in theirs.items() for word in ("-s", f"{name}={value}")]
    given = [*site.command(url, *settings), "-s", "MYADDON_KEY=1"]
    ended = run(*given, env={"NOTED": str(tmp_path / "noted")})
    assert (ended.status, "MYADDON_KEY" in ended.err) == (0, True), ended
    assert (tmp_path / "noted").read_text("utf-8") == "Speech\n" * 3
    assert len(site.latest()) == 3
    assert site.report()["politeness"]["delay_seconds"] == 0.05
    assert site.verify().status == 0


@pytest.mark.parametrize("setting", ["HTTPCACHE_ENABLED=1", 'DOWNLOAD_HANDLERS={"https": "a.Handler"}'])
def test_answers_from_elsewhere_are_refused_before_the_crawl(setting: str, url: str, site: Site) -> None:
    ended = site.crawl(url, "-s", setting)
    assert (ended.status, setting.partition("=")[0] in ended.err, archives_in(site.root)) == (2, True, []), ended


@pytest.mark.parametrize("limit", ["ITEMCOUNT=1", "PAGECOUNT=3"])
def test_a_limit_of_scrapy_interrupts_the_run(limit: str, url: str, site: Site) -> None:
    ended = site.crawl(url, "-s", f"CLOSESPIDER_{limit}", "-s", "DOWNLOAD_DELAY=0.5")
    assert (ended.status, "interrupted (by closespider_" in ended.out) == (11, True), ended
    assert site.crawl(url).status == 0


def test_spiders_of_others_run_as_in_any_project(url: str, tmp_path: Path) -> None:
    more = ("-s", "SPIDER_MODULES=crawler.spiders,tests.own", "-s", "DOWNLOAD_DELAY=0")
    feed = tmp_path / "own.jsonl"
    assert run("scrapy", "crawl", "own", "-a", f"url={url}", "-O", str(feed), *more).status == 0
    assert json.loads(feed.read_text("utf-8")) == {"url": url}
    ended = run("scrapy", "crawl", "unknown", *more)
    assert (ended.status, "own, speeches" in ended.err + ended.out) == (2, True), ended


def test_parse_takes_a_profile(url: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('section = "x"', "utf-8")
    words = ("--spider", "speeches", "-a", "site=other", "-a", f"profile={tmp_path / 'bad.toml'}", url)
    ended = run("scrapy", "parse", *words)
    assert "key 'name' is missing" in ended.err, ended
