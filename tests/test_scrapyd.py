"""A real scrapyd deploys the project as an egg, schedules crawls, lists and cancels them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from pipelines.fleet.attempts import Journal
from tests.conftest import PATIENCE, ROOT, Site
from tests.judging import free_port, tool
from tests.small import serve, speeches

PAGE = (ROOT / "docs" / "programs.md").read_text("utf-8").partition("## scrapyd")[2]
SCHEDULE, LIST, CANCEL = re.findall(r"^curl .*$", PAGE, re.MULTILINE)
LOCAL = "http://localhost:6800/"
CONFIG = """\
[scrapyd]
http_port = {port}
poll_interval = 0.1
max_proc = 2
"""
FLEET = """\
contact = "archive@example.org"
archive_root = "the archives"
delay = 0
"""


@dataclass(frozen=True, slots=True)
class Scrapyd:
    """A running scrapyd."""

    url: str

    def curl(self, line: str, **more: str) -> dict[str, Any]:
        """What a line of the page asks, with `more` data."""
        _, url, *rest = shlex.split(line)
        assert url.startswith(LOCAL)
        assert set(rest[::2]) <= {"-d"}
        data = [*(one.partition("=")[::2] for one in rest[1::2]), *more.items()]
        with urlopen(url.replace(LOCAL, self.url), urlencode(data).encode() if data else None) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        return told

    def listed(self, state: str) -> set[str]:
        return {job["id"] for job in self.curl(LIST)[state]}


@contextmanager
def scrapyd(folder: Path) -> Iterator[Scrapyd]:
    """Run it in `folder`, with the deployment there in its environment."""
    port = free_port()
    (folder / "scrapyd.conf").write_text(CONFIG.format(port=port), "utf-8")
    (folder / "fleet.toml").write_text(FLEET, "utf-8")
    environment = {**os.environ, "SPEECH_ARCHIVE_FLEET": str(folder / "fleet.toml")}
    with (folder / "scrapyd.log").open("wb") as log:
        server = subprocess.Popen(
            [tool("scrapyd", "scrapyd")], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        running = Scrapyd(f"http://127.0.0.1:{port}/")
        wait_until(lambda: answers(running), server)
        yield running
    finally:
        server.terminate()
        server.wait(PATIENCE)


def answers(running: Scrapyd) -> bool:
    try:
        return bool(running.curl(f"curl {LOCAL}daemonstatus.json")["status"] == "ok")
    except URLError:
        return False


def wait_until(holds: Callable[[], bool], server: subprocess.Popen[bytes] | None = None) -> None:
    for _ in range(PATIENCE * 10):
        if holds():
            return
        if server is not None and server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail("scrapyd does not do what it should")


def deploy(folder: Path, url: str) -> None:
    """As a person does in the project's folder: `scrapyd-deploy`; here in a copy, since it leaves files behind."""
    project = folder / "project"
    for name in ("crawler", "pipelines"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    config = (ROOT / "scrapy.cfg").read_text("utf-8")
    (project / "scrapy.cfg").write_text(config.replace(LOCAL, url), "utf-8")
    # With bytecode in the egg each job starts two seconds sooner.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [tool("scrapyd", "python"), tool("scrapyd", "scrapyd-deploy")]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["spiders"] == 1


def test_scrapyd_deploys_schedules_lists_and_cancels(tmp_path: Path) -> None:
    with scrapyd(tmp_path) as server, serve(speeches(3)) as url:
        deploy(tmp_path, server.url)
        whole = server.curl(SCHEDULE.replace("/srv", str(tmp_path)), start_url=url)["jobid"]
        wait_until(lambda: whole in server.listed("finished"))
        site = Site(tmp_path / "archives")
        assert site.latest().keys() == {"1", "2", "3"}
        assert site.report()["verdict"] == "complete"
        # Without a root of its own a job takes the deployment's.
        slow = server.curl(SCHEDULE.partition(" -d setting")[0], start_url=url, setting="DOWNLOAD_DELAY=60")["jobid"]
        journal = Journal(tmp_path / "the archives", "gszx")
        wait_until(lambda: [one.is_under_way for one in journal.attempts()] == [True])
        assert server.listed("running") == {slow}
        assert server.curl(CANCEL.replace("=ID", f"={slow}"))["prevstate"] == "running"
        wait_until(lambda: slow in server.listed("finished"))
        assert [one.ended and one.ended.exit_status for one in journal.attempts()] == [11]
    assert not (tmp_path / "output").exists()
    log = (tmp_path / "logs" / "crawler" / "speeches" / f"{whole}.log").read_text("utf-8")
    assert "Traceback" not in log
