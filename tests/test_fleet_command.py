"""`scrapy fleet`: sets a deployment up, prints schedules that run as they stand, and shows what is due."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path

import pytest

from crawler.run.fleet.deployment import Deployment, Metrics, Notify, load_deployment
from pipelines.exits import Exit
from tests.conftest import Ended, Site, run
from tests.small import PROFILE, serve
from tests.test_deployment import answer

NAME = 'the "fleet\'s" 100% $HOME'
"""A folder whose name must be quoted for the shell, for cron and for systemd."""


def fleet(folder: Path, *words: str) -> Ended:
    return run("crawler", "fleet", *words, cwd=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new deployment of two served sites, one that is not crawled, and the built-in one left out."""
    above = tmp_path_factory.mktemp("above")
    made = fleet(above, "init", NAME, "--contact", "archive@example.org")
    assert (made.status, made.err, made.out.count("\n")) == (0, "", 4), made
    folder = above / NAME
    file = folder / "fleet.toml"
    file.write_text(file.read_text("utf-8").replace('# sites = ["*"]', 'sites = ["m-*"]'), "utf-8")
    with serve(answer) as one, serve(answer) as two:
        for name, url, more in (("m-a", one, ""), ("m-b", two, 'schedule = "0 3 1 * *"\n')):
            profile = PROFILE.replace("http://127.0.0.1/", url)
            (folder / "sites" / f"{name}.toml").write_text(f"{profile}delay = 0\n{more}", "utf-8")
        off = 'enabled = false\ndisabled_because = "dug up"\n'
        (folder / "sites" / "m-off.toml").write_text(f"{PROFILE}{off}", "utf-8")
        yield folder


def test_a_new_deployment_says_every_key_and_its_default(tmp_path: Path) -> None:
    assert fleet(tmp_path, "init", "--contact", "a@example.org").status == 0
    file = tmp_path / "fleet.toml"
    text = file.read_text("utf-8")
    assert load_deployment(file).contact == "a@example.org"
    uncommented = re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE)
    file.write_text(uncommented, "utf-8")
    written, named = load_deployment(file), set(re.findall(r"^([a-z_]+) = ", uncommented, re.MULTILINE))
    tables = {field.name for kind in (Notify, Metrics) for field in fields(kind)}
    assert named == {field.name for field in fields(Deployment)} - {"file", "notify", "metrics"} | tables
    usual = Deployment(
        file=file, contact="a@example.org", archive_root=tmp_path / "archives", profiles=tmp_path / "sites"
    )
    assert written == usual
    again = fleet(tmp_path, "init", ".", "--contact", "b@example.org")
    assert (again.status, "is there already, and is never overwritten" in again.err) == (2, True), again
    assert file.read_text("utf-8") == uncommented
    assert run("scrapy", "sites", cwd=tmp_path).status == 0


def test_without_a_contact_nothing_is_crawled_until_there_is_one(tmp_path: Path) -> None:
    made = fleet(tmp_path, "init", "new")
    assert (made.status, "fill in `contact`" in made.err) == (0, True), made
    refused = fleet(tmp_path / "new", "queue")
    assert (refused.status, "contact = '': must be a text" in refused.err) == (2, True), refused


def test_wrong_use_says_what_is_right(tmp_path: Path) -> None:
    for words in ((), ("schedule", "at"), ("init", "a", "b")):
        ended = fleet(tmp_path, *words)
        assert (ended.status, "init [DIR]" in ended.err + ended.out, list(tmp_path.iterdir())) == (2, True, []), ended
    ended = fleet(tmp_path, "queue")
    assert (ended.status, "no fleet.toml in this folder" in ended.err) == (2, True), ended


def queue(folder: Path) -> dict[str, dict[str, str]]:
    ended = fleet(folder, "queue", "--json")
    assert (ended.status, ended.err) == (0, ""), ended
    return {row["site"]: row for row in json.loads(ended.out)}


def as_cron_does(line: str) -> subprocess.CompletedProcess[str]:
    """A line of a crontab, run as cron runs it: its percent signs, its shell, its bare environment."""
    fields_, command = line.split(" ", 5)[:5], line.split(" ", 5)[5]
    assert all(re.fullmatch(r"\d+|\*", one) for one in fields_)
    assert not re.search(r"(?<!\\)%", command)
    bare = {"HOME": "/", "PATH": "/usr/bin:/bin", "CLOCK_JUMP_DAYS": os.environ["CLOCK_JUMP_DAYS"]}
    command = command.replace("\\%", "%")
    return subprocess.run(["/bin/sh", "-c", command], cwd="/", env=bare, capture_output=True, text=True, check=False)


def test_the_lines_of_cron_run_and_are_silent(folder: Path) -> None:
    before = queue(folder)
    assert [row["last_good"] for row in before.values()] == [None] * 3
    assert before["m-off"] == {
        "site": "m-off", "schedule": "daily", "last_good": None, "next_due": None, "why": "disabled: dug up"
    }  # fmt: skip
    printed = fleet(folder, "schedule", "cron")
    assert (printed.status, "\nMAILTO=archive@example.org\n" in printed.out) == (0, True), printed
    crawl, verify = [line for line in printed.out.split("\n") if line[:1].isdigit()]
    for line in (crawl, verify, crawl):
        done = as_cron_does(line)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (line, done)
    for name in ("m-a", "m-b"):
        assert len(list((folder / "archives" / name / "runs").iterdir())) == 1
        assert Site(folder / "archives", name).latest().keys() == {"1"}
        (log,) = (folder / "archives" / "fleet" / "logs" / name).iterdir()
        told = re.findall(r"INFO scrapy\.core\.engine: (Spider \w+)|attempt: (\w+) \(exit", log.read_text("utf-8"))
        assert told == [("Spider opened", ""), ("Spider closed", ""), ("", "complete")]
    after = queue(folder)
    assert all(
        after[name]["last_good"] and after[name]["next_due"] > after[name]["last_good"] for name in ("m-a", "m-b")
    )
    assert after["m-b"]["schedule"] == "0 3 1 * *"
    shown = fleet(folder, "queue", "--sites", "m-a").out.split("\n")
    assert [line.split()[0] for line in shown if line] == ["site", "m-a"]
    for commit in folder.glob("archives/m-*/commits/*.json"):
        commit.write_bytes(commit.read_bytes()[:-9])
    (folder / "archives" / "proofs.jsonl").unlink()
    assert "PROBLEM" in as_cron_does(verify).stdout


def test_the_units_of_systemd_are_valid_and_run_the_same(folder: Path, tmp_path: Path) -> None:
    written = fleet(folder, "schedule", "systemd", "--out", str(tmp_path))
    assert written.status == 0, written
    files = sorted(Path(line) for line in written.out.split("\n") if line)
    assert [file.suffix for file in files] == [".service", ".timer", ".service", ".timer"]
    printed = fleet(folder, "schedule", "systemd").out
    assert all(f"# /etc/systemd/system/{file.name}\n{file.read_text('utf-8')}" in printed for file in files)
    assert all("\nPersistent=true\n" in file.read_text("utf-8") for file in files if file.suffix == ".timer")
    _, crawl = [re.findall(r"^ExecStart=(.*)$", file.read_text("utf-8"), re.MULTILINE) for file in files[::2]]
    assert not re.search(r"[%$]", re.sub(r"%%|\$\$", "", crawl[0]))
    assert all("%" not in file.read_text("utf-8").replace("%%", "") for file in files)
    words = shlex.split(crawl[0].replace("%%", "%").replace("$$", "$"))
    (cron,) = re.findall(r"^\d+ \* \* \* \* (.*)$", fleet(folder, "schedule", "cron").out, re.MULTILINE)
    assert words == shlex.split(cron.replace("\\%", "%"))
    again = fleet(folder, "schedule", "systemd", "--out", str(tmp_path))
    assert (again.status, "is there already" in again.err) == (2, True), again
    assert_valid(files)


def test_a_deployment_with_a_store_gets_no_timers_and_a_name_without_a_profile_is_told(
    folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(folder, tmp_path / "copy")
    file = folder / "fleet.toml"
    text = re.sub("^sites = .*$", 'sites = ["m-a", "m-slip"]', file.read_text("utf-8"), flags=re.MULTILINE)
    file.write_text(f'store = "store"\n{text}', "utf-8")
    for kind in ("cron", "systemd"):
        refused = fleet(folder, "schedule", kind)
        assert (refused.status, refused.out) == (2, ""), refused
        assert "`speech-archive fleet schedule worker`" in refused.err, refused
    assert fleet(folder, "schedule", "worker").status == 0
    told = f"{file}: there is no profile of m-slip; write {folder}/sites/m-slip.toml, or correct `sites`\n"
    sites = run("scrapy", "sites", cwd=folder)
    assert (sites.status, "m-a\t" in sites.out, sites.err) == (2, True, f"scrapy sites: {told}")


def assert_valid(files: list[Path]) -> None:
    """Where systemd is: it has nothing to say about the units."""
    if analyze := shutil.which("systemd-analyze"):
        checked = subprocess.run([analyze, "verify", *files], capture_output=True, text=True, check=False)
        assert (checked.returncode, str(files[0].parent) in checked.stderr) == (0, False), checked


def test_the_unit_of_workers_is_valid_and_holds_no_secret(folder: Path, tmp_path: Path) -> None:
    (file,) = fleet(folder, "schedule", "worker", "--out", str(tmp_path)).out.split()
    text = Path(file).read_text("utf-8")
    assert set(re.findall("%.", text.replace("%%", ""))) == {"%i", "%d"}
    unit = ConfigParser(interpolation=None, strict=True)
    unit.read_string(text)
    held, _, kept_in = unit["Service"]["LoadCredential"].partition(":")
    *words, option, database = shlex.split(unit["Service"]["ExecStart"].replace("%%", "%").replace("$$", "$"))
    assert words[1:] == ["-P", "-m", "crawler", "worker", "--fleet", str(folder / "fleet.toml")]
    assert (option, database, kept_in) == ("--database", f"@%d/{held}", "/etc/speech-archive/database")
    assert int(unit["Service"]["RestartPreventExitStatus"]) == Exit.WRONG_USE
    assert int(unit["Service"]["SuccessExitStatus"]) == Exit.INTERRUPTED
    refused = run(*words[3:4], *words[4:], option, f"@{tmp_path}", cwd=folder)
    assert (refused.status, f"{tmp_path}: cannot be read" in refused.err) == (2, True), refused
    instance = Path(file.replace("@.service", "@1.service"))
    instance.write_text(text, "utf-8")
    assert_valid([instance])
