"""`scrapy crawlall`: many sites in one process, each with its own archive, verdict and end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crawler.run.fleet.deployment import load_deployment
from crawler.run.fleet.full_runs import is_full_due
from crawler.run.fleet.planning import candidates
from crawler.run.home import VARIABLE
from pipelines.archive.disk.lock import SiteLock
from pipelines.fleet.attempts import Attempt, Journal
from pipelines.fleet.register import read_register
from pipelines.fleet.survey import survey
from tests.conftest import PATIENCE, Ended, Site, exit_of, run, started
from tests.small import PROFILE, Answer, serve, speeches

SPEECHES = 3


@dataclass
class Made:
    """A deployment of made sites."""

    folder: Path
    asked: dict[str, list[str]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "archives"

    def add(self, name: str, url: str, *more: str) -> None:
        (self.folder / "sites").mkdir(exist_ok=True)
        profile = PROFILE.replace("http://127.0.0.1/", url)
        (self.folder / "sites" / f"{name}.toml").write_text("\n".join([profile, *more]), "utf-8")
        self.urls[name] = url

    def crawlall(self, *more: str) -> Ended:
        return run("scrapy", "crawlall", "--fleet", str(self.folder / "fleet.toml"), *more)

    def command(self) -> list[str]:
        return ["scrapy", "crawlall", "--fleet", str(self.folder / "fleet.toml")]

    def attempts(self, name: str) -> list[Attempt]:
        return Journal(self.root, name).attempts()

    def wait_for(self, *names: str) -> None:
        """Until the crawls of these sites have ended."""
        for _ in range(PATIENCE * 20):
            if all(any(one.ended for one in self.attempts(name)) for name in names):
                return
            time.sleep(0.05)
        raise TimeoutError(names)

    def runs(self) -> list[dict[str, Any]]:
        files = sorted((self.root / "fleet").glob("[0-9]*.json"))
        return [json.loads(file.read_text("utf-8")) for file in files]


@contextmanager
def made(folder: Path, names: list[str]) -> Iterator[Made]:
    """A deployment with a small site of each name, served."""
    found = Made(folder)
    lines = ['contact = "archive@example.org"', 'profiles = "sites"', 'sites = ["m-*"]', "delay = 0"]
    (folder / "fleet.toml").write_text("\n".join(lines), "utf-8")
    with ExitStack() as stack:
        for name in names:
            found.add(name, stack.enter_context(serve(speeches(SPEECHES), found.asked.setdefault(name, []))))
        yield found


def test_each_site_gets_its_archive_and_verdict(tmp_path: Path) -> None:
    with made(tmp_path, ["m-a", "m-b", "m-crash", "m-same"]) as fleet:
        file = tmp_path / "fleet.toml"
        file.write_text(file.read_text("utf-8").replace('["m-*"]', '["m-*", "m-gone"]'), "utf-8")
        fleet.add("m-same", fleet.urls["m-a"], "full_every = 30")
        fleet.add("m-dead", "http://127.0.0.1:9/")
        fleet.add("m-off", fleet.urls["m-b"], "enabled = false", 'disabled_because = "gone"')
        (tmp_path / "sites" / "m-broken.toml").write_text("name = 3", "utf-8")
        ended = fleet.crawlall("--jobs", "9", "-s", 'EXTENSIONS={"tests.own.Crashing": 0}')
        asked = {name: list(paths) for name, paths in fleet.asked.items()}
        plan = fleet.crawlall("--due", "--plan")
        again = fleet.crawlall("--due", "--quiet")
        assert fleet.asked == asked
        environment = {**os.environ, VARIABLE: str(tmp_path / "fleet.toml")}
        crawl = ("scrapy", "crawl", "speeches", "--quiet", "-a", "site=m-b")
        quiet = [run(*crawl, *more, env=environment) for more in ((), ("-a", "limit=x"))]
        assert run("pipelines", "retire", str(fleet.root / "m-b"), "--reason", "closed").status == 0
        retired = [fleet.crawlall("--quiet", "--sites", "m-b,m-broken,m-gone") for _ in range(2)]
        assert [one.status for one in retired] == [2, 2]
        last = max((fleet.root / "fleet").glob("[0-9]*.json"), key=lambda file: file.stat().st_mtime_ns)
        last.write_text(re.sub(r'"ended_at": "[^"]+"', '"ended_at": null', last.read_text("utf-8"), count=1), "utf-8")
        # Of a run that died nobody knows what it printed; it asked for other sites, and is not continued.
        assert "m-gone" in fleet.crawlall("--quiet", "--sites", "m-gone").out
        # What ended so the time before as well is not printed again.
        assert [line.split()[:3] for line in retired[0].out.split("\n")[1:2]] == [["m-b", "2", "wrong-use"]]
        assert (retired[0].out.count("\n"), retired[1].out, retired[1].err) == (3, "", "")
    assert [(one.status, one.out, one.err != "") for one in quiet] == [(0, "", False), (2, "", True)], quiet
    statuses = {"m-a": 0, "m-b": 0, "m-same": 0, "m-dead": 3, "m-crash": 1, "m-broken": 2, "m-gone": 2}
    assert ({one["site"]: one["exit_status"] for one in fleet.runs()[0]["sites"]}, ended.status) == (statuses, 1)
    rows = [line.split()[:3] for line in ended.out.split("\n")[1:5]]
    assert "the host gave no answer (DownloadConnectionRefusedError" in ended.out
    assert rows == [
        ["m-crash", "1", "error"],
        ["m-broken", "2", "broken-profile"],
        ["m-gone", "2", "broken-profile"],
        ["m-dead", "3", "unreachable"],
    ]
    for name in ("m-a", "m-b", "m-same"):
        assert len(Site(fleet.root, name).latest()) == SPEECHES
        assert fleet.attempts(name)[0].is_good
    # Two sites of one host, one after the other.
    first, second = sorted(fleet.attempts("m-a") + fleet.attempts("m-same"), key=lambda one: one.began.attempt)
    assert first.ended is not None
    assert first.ended.at <= second.began.at
    assert Site(fleet.root, "m-same").report()["mode"] == "full"
    assert not is_full_due(fleet.root / "m-same", 30, datetime.now(UTC))
    assert is_full_due(fleet.root / "m-same", 30, datetime.now(UTC) + timedelta(days=31))
    # Nothing is due again, and what failed waits.
    assert plan.status == 0
    assert {line.split()[0]: line.split()[1] for line in plan.out.split("\n")[1:-1]} == dict.fromkeys(
        [*statuses, "m-off"], "no"
    )
    assert (again.status, again.out, again.err) == (0, "", "")
    assert not any(one["selection"]["due"] for one in fleet.runs())
    register = read_register(fleet.root)
    assert register is not None
    assert {one.site: bool(one.next_due) for one in register.sites} == {
        **dict.fromkeys(statuses, True),
        "m-off": False,
        "m-b": False,
    }
    # Whatever the journals say, what is not there any more is not well.
    assert "damaged" not in run("pipelines", "status", str(fleet.root)).out
    shutil.rmtree(fleet.root / "m-a")
    next((fleet.root / "m-same" / "versions").rglob("*.gz")).unlink()
    status = run("pipelines", "status", str(fleet.root)).out
    assert re.findall("(?m)^(m-[a-z]+) +broken: damaged", status) == ["m-a", "m-same"]


@pytest.mark.parametrize(("number", "more"), [(signal.SIGKILL, ["--due"]), (signal.SIGTERM, [])])
def test_a_run_that_ends_early_goes_on(number: signal.Signals, more: list[str], tmp_path: Path) -> None:
    with made(tmp_path, ["m-a", "m-b", "m-slow"]) as fleet:
        fleet.add("m-slow", fleet.urls["m-slow"], "delay = 0.3")
        (tmp_path / "sites" / "m-broken.toml").write_text("name = 3", "utf-8")
        with started(*fleet.command(), *more) as process:
            fleet.wait_for("m-a", "m-b")
            os.kill(process.pid or 0, number)
            assert exit_of(process) == (2 if number is signal.SIGTERM else -9)
        asked = {name: list(paths) for name, paths in fleet.asked.items()}
        (file,) = (fleet.root / "fleet").glob("[0-9]*.json")  # as if an earlier part of the run had stopped one
        file.write_text(file.read_text("utf-8").replace('"exit_status": 0', '"exit_status": 11', 1), "utf-8")
        locked = SiteLock(fleet.root / "fleet" / "lock", "other")
        told = tmp_path / "told"
        held = fleet.crawlall("--quiet", "-s", f"NOTIFY_CMD=cat > {told}")
        assert (held.status, held.out + held.err) == (6, "")
        # One died; the run that holds the lock may hang.
        assert ('"died"' in told.read_text("utf-8")) is (number is signal.SIGKILL)
        long_ago = time.time() - 3 * 86_400
        os.utime(file, (long_ago, long_ago))
        hanging = fleet.crawlall("--quiet")
        assert (hanging.status, "No site of it has ended for 2 days: if it hangs, kill it" in hanging.err) == (
            11,
            True,
        )
        locked.release()
        again = fleet.crawlall(*more, "--quiet")
    # What a killed run could not print is printed by the one that goes on.
    assert (again.status, "m-broken" in again.out) == (2, number is signal.SIGKILL)
    assert [fleet.asked[name] for name in ("m-a", "m-b")] == [asked[name] for name in ("m-a", "m-b")]
    assert len(Site(fleet.root, "m-slow").latest()) == SPEECHES
    (record,) = fleet.runs()
    assert {one["site"]: one["exit_status"] for one in record["sites"]} == {
        "m-broken": 2,
        "m-a": 0,
        "m-b": 0,
        "m-slow": 0,
    }
    verdicts = [one.ended and one.ended.exit_status for one in fleet.attempts("m-slow")]
    assert verdicts == [11 if number is signal.SIGTERM else None, 0]


def test_an_impossible_name_hides_no_site_and_a_full_disk_is_told(tmp_path: Path) -> None:
    """The name is as a file from an archive of another system has it."""
    with made(tmp_path, ["m-a"]) as fleet:
        file = os.fsdecode(os.fsencode(tmp_path / "sites") + b"/m-" + "广.toml".encode("gbk"))
        Path(file).write_text(PROFILE, "utf-8")
        ended = fleet.crawlall()
        status = run("pipelines", "status", str(fleet.root))
        full = fleet.crawlall("--sites", "m-a", "--quiet", "-s", "DISK_FLOOR_MB=999999999")
        environment = {**os.environ, VARIABLE: str(tmp_path / "fleet.toml")}
        crawl = ("scrapy", "crawl", "speeches", "--quiet", "-a", "site=m-a", "-s", "DISK_FLOOR_MB=999999999")
        alone = run(*crawl, env=environment)
    # A full disk asks for a person, although the next run goes on.
    assert (full.status, "blocked" in full.out, alone.status, "MiB free" in alone.err) == (11, True, 11, True)
    for line, shown in (("m-a   0 ", ended), ("m-a   complete ", status)):
        assert (re.sub(" +", " ", line) in re.sub(" +", " ", shown.out), "m-\\xb9\\xe3" in shown.out) == (
            True,
            True,
        ), shown
    assert (ended.status, status.status) == (2, 3)


def test_max_hours_ends_what_never_ends(tmp_path: Path) -> None:
    hanging = threading.Event()
    with made(tmp_path, ["m-a"]) as fleet, serve(lambda *_: (hanging.wait(PATIENCE), Answer(""))[1]) as url:
        for name in ("m-one", "m-other"):
            fleet.add(name, url)
        ended = fleet.crawlall("--max-hours", "0.001")
        hanging.set()
    (record,) = fleet.runs()
    assert (ended.status, record["stopped"], record["left"]) == (11, "after --max-hours 0.001", 1)
    assert sorted(one["exit_status"] for one in record["sites"]) == [0, 11]
    assert "stopped after --max-hours 0.001, sites left: 1; run it again to go on" in ended.out
    # Their host has one crawl at a time; whose turn came first, hangs.
    (behind,) = {"m-one", "m-other"} - {one["site"] for one in record["sites"]}
    # What never has a turn is due since it first was, so that it is told, and is the first of the next run.
    file = fleet.root / "fleet" / "sites.json"
    told = file.read_text("utf-8").partition(f'"{behind}"')[2].partition("}")[0]
    (due,) = re.findall(r'"next_due": ("[^"]+")', told)
    file.write_text(file.read_text("utf-8").replace(due, '"2020-01-01T00:00:00Z"'), "utf-8")
    assert fleet.crawlall("--sites", "m-a", "--due").status == 0
    (found,) = [one for one in survey(fleet.root, datetime.now(UTC)) if one.site == behind]
    assert (found.condition, found.next_due) == ("stale", "2020-01-01T00:00:00Z")
    deployment = load_deployment(tmp_path / "fleet.toml")
    waiting = candidates(deployment, fleet.root, datetime.now(UTC) + timedelta(days=3))
    assert min(waiting, key=lambda one: one.order).site == behind


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--sites", "tag:none"], "no site is selected by tag:none"),
        (["--sites", "m-a,m-b"], "no site is selected by m-b"),
        (["--sites", ""], "--sites '': names no site, glob or tag:NAME"),
        (["--jobs", "0"], "--jobs 0: must be a number of sites at once"),
        (["--max-hours", "0"], "--max-hours 0: must be a number of hours above 0"),
        (["-s", "DOWNLOAD_DELY=1"], "did you mean DOWNLOAD_DELAY?"),
    ],
)
def test_wrong_use_is_told(more: list[str], words: str, tmp_path: Path) -> None:
    with made(tmp_path, []) as fleet:
        fleet.add("m-a", "http://127.0.0.1:9/")
        ended = fleet.crawlall(*more)
    assert (ended.status, words in ended.err, fleet.runs()) == (2, True, []), ended


def test_a_deployment_with_a_store_is_for_workers(tmp_path: Path) -> None:
    with made(tmp_path, []) as fleet:
        fleet.add("m-a", "http://127.0.0.1:9/")
        file = tmp_path / "fleet.toml"
        file.write_text(file.read_text("utf-8") + '\nstore = "store"\n', "utf-8")
        crawl = partial(run, "scrapy", "crawl", "speeches", "-a", "site=m-a", env={"SPEECH_ARCHIVE_FLEET": str(file)})
        ended = fleet.crawlall()
        one = crawl()
        (tmp_path / "elsewhere" / "fleet").mkdir(parents=True)
        place = tmp_path / "elsewhere" / "fleet" / "place"
        place.touch()
        beside = crawl("-s", f"ARCHIVE_ROOT={tmp_path}/elsewhere", "-a", "replay=latest")
        place.unlink()
        tried = crawl("-s", f"ARCHIVE_ROOT={tmp_path}/elsewhere")
    assert (ended.status, "speech-archive worker" in ended.err, fleet.runs()) == (2, True, []), ended
    assert (one.status, "--now m-a" in one.err, "ARCHIVE_ROOT=DIR" in one.err) == (2, True, True), one
    assert (beside.status, "sync push" in beside.err) == (2, True), beside
    assert tried.status == 3, tried
