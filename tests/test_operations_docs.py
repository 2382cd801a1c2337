"""From nothing to a fleet, as docs/operations.md shows it, and the other schedulers of docs/schedulers.md."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from crawler.replica.process import Replica
from crawler.sites.lookup import SITES
from tests.conftest import ROOT, run
from tests.test_docs import PAGES, blocks

WALK = "".join(blocks(PAGES["docs/operations.md"], "console"))
SHOWN = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", WALK, re.MULTILINE)
SCHEDULERS = PAGES["docs/schedulers.md"]
FIRST, HOME = "http://www.first.example/", "/srv/fleet"


def test_a_fleet_is_set_up_crawled_and_scheduled_as_the_page_shows(tmp_path: Path) -> None:
    """Every command in its order; the sites are replicas, and built-in ones are replaced by a profile of one."""
    place = tmp_path
    with Replica(speeches=6, per_page=4) as first, Replica(speeches=6, per_page=4) as built_in:
        for command, shown in SHOWN:
            words = shlex.split(command.replace(FIRST, first.url).replace(HOME, str(tmp_path / "fleet")))
            if words[0] == "cd":
                place = Path(words[1])
                _hurry(place, built_in.url)
                continue
            assert words[0] == "speech-archive"
            ended = run("crawler", *words[1:], cwd=place)
            pattern = re.escape(shown.replace(HOME, str(tmp_path / "fleet"))).replace("…", ".*")
            assert (ended.status, ended.err) == (0, ""), (command, ended)
            # Columns are as wide as what stands in them; which site is due first depends on the time of day.
            out = re.sub("^(gszx .*\n)(first .*\n)", r"\2\1", ended.out, flags=re.MULTILINE)
            assert re.fullmatch(re.sub(r"(\\ )+", r"\\s+", pattern), out, re.DOTALL), (command, ended)
        table = PAGES["docs/operations.md"].partition("## Day two")[2].partition("\n## ")[0]
        later = re.findall(r"`speech-archive (?!probe)([^`]+)`", table)
        assert len(later) >= 6
        for command in later:
            ended = run("crawler", *_words(command, place), cwd=place)
            assert (ended.status, ended.err) == (0, ""), (command, ended)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "docs/operations.zh.md"])
def test_other_pages_show_commands_of_this_walk(name: str) -> None:
    shown = re.findall(r"^\$ (.*)$", "".join(blocks(PAGES[name], "console")), re.MULTILINE)
    assert len(shown) >= 6
    assert [command for command, _ in SHOWN if command in shown] == shown


def _words(command: str, folder: Path) -> list[str]:
    """A command of the table of day two, for this fleet."""
    here = {"NAME": "first", "FILE": str(folder / "heads.txt")}
    return [here.get(word, word) for word in shlex.split(command)]


def _hurry(folder: Path, url: str) -> None:
    fleet = folder / "fleet.toml"
    text = fleet.read_text("utf-8").replace("# delay = 1.0", "delay = 0")
    fleet.write_text(text.replace('# heads_file = ""', 'heads_file = "heads.txt"'), "utf-8")
    profile = (SITES / "gszx.toml").read_text("utf-8").replace("http://gszx.zggswz.com/", url)
    (folder / "sites" / "gszx.toml").write_text(profile.replace("gszx.zggswz.com", "127.0.0.1"), "utf-8")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A deployment of one site that is not crawled."""
    (tmp_path / "fleet.toml").write_text('contact = "a@example.org"\nprofiles = "sites"\nsites = ["off"]\n', "utf-8")
    (tmp_path / "sites").mkdir()
    profile = (SITES / "gszx.toml").read_text("utf-8")
    (tmp_path / "sites" / "off.toml").write_text(f'{profile}enabled = false\ndisabled_because = "x"\n', "utf-8")
    return tmp_path


def shell(script: str, fleet: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as these schedulers do, the command on its PATH."""
    script = script.replace("/srv/fleet", str(fleet))
    command = fleet / "speech-archive"
    command.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-P", "-m", "crawler"])} "$@"\n', "utf-8")
    command.chmod(0o755)
    path = os.pathsep.join([str(fleet), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    command_line = ["bash", "-e", "-c", script]
    return subprocess.run(command_line, env=environment, cwd="/", capture_output=True, text=True, check=False)


def test_the_job_of_github_fails_only_when_a_person_is_needed(fleet: Path) -> None:
    (workflow,) = blocks(SCHEDULERS, "yaml")
    script = re.sub(r"^ {10}", "", workflow.partition("- run: |\n")[2], flags=re.MULTILINE)
    assert shell(script, fleet).returncode == 0
    (fleet / "sites" / "off.toml").write_text("name = 1", "utf-8")
    failed = shell(script, fleet)
    assert failed.returncode == 2
    assert "off" in failed.stdout
    interrupted = script.replace("speech-archive crawlall", "sh -c 'exit 11' crawlall")
    assert shell(interrupted, fleet).returncode == 0


def test_the_task_of_airflow_runs_the_same_command(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = blocks(SCHEDULERS, "python")
    made: list[dict[str, Any]] = []
    for name in (
        "airflow",
        "airflow.providers",
        "airflow.providers.standard",
        "airflow.providers.standard.operators",
    ):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    bash, sdk = ModuleType("airflow.providers.standard.operators.bash"), ModuleType("airflow.sdk")
    vars(bash)["BashOperator"] = lambda **given: made.append(given)
    vars(sdk)["DAG"] = lambda *_, **__: nullcontext()
    monkeypatch.setitem(sys.modules, bash.__name__, bash)
    monkeypatch.setitem(sys.modules, sdk.__name__, sdk)
    exec(compile(program, "schedulers.md", "exec"), {})  # noqa: S102 - our own page
    (task,) = made
    assert task["bash_command"] in SCHEDULERS.partition("## cron")[0]
    assert task["skip_on_exit_code"] == [6, 11]
    assert shell(task["bash_command"], fleet).returncode == 0
