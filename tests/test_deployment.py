"""A deployment: its sites are found by name, and its values hold for every command run in its folder."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from scrapy.settings import BaseSettings

from crawler.run.fleet.deployment import load_deployment
from crawler.run.fleet.precedence import arguments_of
from crawler.run.fleet.run_log import SITE, run_log
from crawler.sites.lookup import Profiles
from crawler.sites.profile import ProfileError
from tests.conftest import Ended, Site, run
from tests.small import PROFILE, Answer, article_page, list_page, serve

FLEET = """\
contact = "archive@example.org"
archive_root = "the archives"
profiles = "sites"
delay = 0.02
request_budget = 500
heads_file = "heads.txt"
"""


def answer(path: str, _: Message) -> Answer:
    if "GetHits" in path:
        return Answer("document.write('12');")
    if number := re.search(r"[?&]d=(\d+)", path):
        return Answer(article_page(int(number[1])))
    return Answer(list_page([(1, "在会上的讲话", "2020-01-01")]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A deployment of a site that is crawled, one that is not, one whose profile is broken, and a built-in one."""
    folder = tmp_path_factory.mktemp("deployment")
    (folder / "fleet.toml").write_text(FLEET, "utf-8")
    sites = folder / "sites"
    sites.mkdir()
    with serve(answer) as url:
        profile = PROFILE.replace("http://127.0.0.1/", url)
        (sites / "yunxi.toml").write_text(f"{profile}delay = 0.01\n", "utf-8")
        (sites / "asleep.toml").write_text(f'{profile}enabled = false\ndisabled_because = "dug up"\n', "utf-8")
        (sites / "broken.toml").write_text(f"{profile}attachement_mb = 1\n", "utf-8")
        (sites / "gszx.toml").write_text(profile.replace("广水市政协网", "广水政协"), "utf-8")
        yield folder


def command(folder: Path, *words: str, **environment: str) -> Ended:
    return run("crawler", *words, cwd=folder, env={**os.environ, **environment})


def test_a_broken_profile_hides_no_other(folder: Path) -> None:
    listed = command(folder, "sites")
    assert [line.split("\t")[0] for line in listed.out.split("\n")] == ["asleep", "gszx", "yunxi", ""]
    assert "\t广水政协\t" in listed.out
    assert "\tdisabled: dug up\n" in listed.out
    assert listed.status == 2
    assert "broken.toml: unknown key 'attachement_mb'" in listed.err
    told = {one["site"]: one for one in json.loads(command(folder, "sites", "--json").out)}
    assert "unknown key" in told["broken"]["error"]
    assert (told["yunxi"]["delay"], told["yunxi"]["error"]) == (0.01, None)
    assert told["broken"].keys() == told["yunxi"].keys()


def test_a_crawl_takes_what_the_deployment_says(folder: Path) -> None:
    ended = command(folder, "crawl", "yunxi")
    assert (ended.status, ended.err) == (0, ""), ended
    site = Site(folder / "the archives", "yunxi")
    assert site.report()["politeness"]["user_agent"].endswith(" archive@example.org")
    assert site.report()["politeness"]["delay_seconds"] == 0.01
    assert re.fullmatch(r"\S+ yunxi 1 [0-9a-f]{64}\n", (folder / "heads.txt").read_text("utf-8"))
    described = command(folder, "describe", "the archives/yunxi", "--rights", "CC0", "--reason", "said so")
    assert described.status == 0, described
    assert re.fullmatch(r"(?:\S+ yunxi [12] [0-9a-f]{64}\n){2}", (folder / "heads.txt").read_text("utf-8"))
    assert command(folder, "sites", SPEECH_ARCHIVE_FLEET="").out.startswith("gszx\t政协广水市委员会\t广水市政协网\t")
    elsewhere = command(folder.parent, "crawl", "yunxi", "-a", "plan=1", SPEECH_ARCHIVE_FLEET=f"{folder}/fleet.toml")
    assert (elsewhere.status, elsewhere.err) == (0, ""), elsewhere


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("crawl", "asleep"), "its profile says enabled = false, disabled_because = 'dug up'; it is not crawled"),
        (("crawl", "broken"), "broken.toml: unknown key 'attachement_mb'"),
        (("crawl", "yunxii"), "sites/yunxii.toml; known are: asleep, broken, gszx, yunxi; write it"),
    ],
)  # fmt: skip
def test_what_cannot_be_crawled_is_named(words: tuple[str, ...], said: str, folder: Path) -> None:
    ended = command(folder, *words)
    assert (ended.status, ended.out, said in ended.err) == (2, "", True), ended


def test_of_thousands_of_sites_only_similar_ones_are_named(tmp_path: Path) -> None:
    for number in range(1_000):
        (tmp_path / f"county-{number}.toml").touch()
    for name, said in (
        ("county-9999", ", similar are: county-999, "),
        ("x", "`scrapy sites` lists all 1001; write it"),
    ):
        with pytest.raises(ProfileError) as refused:
            Profiles(tmp_path).load(name)
        assert said in str(refused.value)
        assert len(str(refused.value)) < 500 + len(str(tmp_path))


def test_a_wrong_deployment_ends_every_command(folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "fleet.toml"
    wrong.write_text(f"{FLEET}x = 1", "utf-8")
    for words in (("crawl", "gszx"), ("sites",), ("probe", "http://127.0.0.1:1/")):
        ended = command(folder, *words, SPEECH_ARCHIVE_FLEET=str(wrong))
        assert (ended.status, "unknown key 'x'" in ended.err) == (2, True), ended
    wrong.write_text(FLEET, "utf-8")
    ended = command(tmp_path, "sites")
    assert (ended.status, "sites: the folder of profiles cannot be read" in ended.err) == (2, True), ended


def test_the_command_line_holds_over_profile_deployment_and_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*given: tuple[str, object]) -> list[object]:
        settings = BaseSettings({"DOWNLOAD_DELAY": 1.0, "REQUEST_BUDGET": 0}, priority="project")
        for name, value in given:
            settings.set(name, value, priority="cmdline")
        arguments_of({"site": "yunxi"}, settings, load_deployment(folder / "fleet.toml"))
        return [settings[name] for name in ("DOWNLOAD_DELAY", "REQUEST_BUDGET", "ARCHIVE_CONTACT")]

    assert held() == [0.01, 500, "archive@example.org"]
    assert held(("DOWNLOAD_DELAY", 3), ("REQUEST_BUDGET", 7)) == [3, 7, "archive@example.org"]
    monkeypatch.setenv("ARCHIVE_CONTACT", "other@example.org")
    monkeypatch.setenv("REQUEST_BUDGET", "1")  # read by nobody
    assert held(("ARCHIVE_CONTACT", "third@example.org")) == [0.01, 500, "third@example.org"]
    assert held() == [0.01, 500, None]  # the environment's is the project's own value


def logs(folder: Path) -> list[Path]:
    return sorted((folder / "the archives" / "fleet" / "logs" / "yunxi").iterdir())


def test_every_crawl_has_a_log_of_its_own_and_the_newest_are_kept(folder: Path) -> None:
    for _ in range(3):
        assert command(folder, "crawl", "yunxi", "-s", "KEEP_LOGS=2", "-s", "LOG_JSON=1").status == 0
    kept = sorted(logs(folder), key=lambda path: path.stat().st_mtime_ns)
    runs = (folder / "the archives" / "yunxi" / "runs").iterdir()
    reports = sorted(runs, key=lambda path: path.stat().st_mtime_ns)
    assert [path.stem for path in kept] == [path.stem for path in reports[-2:]]
    lines = [json.loads(line) for line in kept[-1].read_text("utf-8").split("\n") if line]
    assert {"at", "level", "logger", "message", "error"} == lines[0].keys()
    assert "Spider opened" in {line["message"] for line in lines}
    assert "complete (exit 0): the list was read" in lines[-1]["message"]
    refused = command(folder, "crawl", "yunxi", "-s", "CLOCK_JUMP_DAYS=some")
    assert refused.status == 2
    text = max(logs(folder), key=lambda path: path.stat().st_mtime_ns).read_text("utf-8")
    assert re.search(r"^\S+Z INFO \S+: wrong-use \(exit 2\): -s CLOCK_JUMP_DAYS=some: must be", text, re.MULTILINE), (
        text
    )


def test_what_is_logged_for_one_site_is_in_no_other_sites_log(tmp_path: Path) -> None:
    logger, settings = logging.getLogger("tests.deployment"), BaseSettings({"KEEP_LOGS": 3, "LOG_JSON": False})

    async def crawl(site: str) -> None:
        SITE.set(site)
        with run_log(tmp_path, site, "1", settings):
            await asyncio.sleep(0)
            logger.error("of %s\x1b[2J", site)
            await asyncio.to_thread(logger.error, "in a thread of %s", site)
            await asyncio.sleep(0.01)

    async def crawls() -> None:
        await asyncio.gather(crawl("one"), crawl("two"))

    asyncio.run(crawls())
    for site in ("one", "two"):
        text = (tmp_path / "fleet" / "logs" / site / "1.log").read_text("utf-8")
        assert re.findall(r" ERROR tests\.deployment: (.*)", text) == [f"of {site}\\x1b[2J", f"in a thread of {site}"]
    (tmp_path / "fleet" / "logs" / "three").write_text("a file", "utf-8")
    with run_log(tmp_path, "three", "1", settings) as log:
        assert log is None
