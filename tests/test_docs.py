"""What the documents show is what the program does: commands, output, calls and tables are run or compared."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from crawler.profile import SITES, SiteProfile
from pipelines.health import Exit
from tests.conftest import ROOT, Ended, Site, run

README = (ROOT / "README.md").read_text("utf-8")
ADDING = (ROOT / "docs" / "adding-a-site.md").read_text("utf-8")
CAPTURES = (ROOT / "docs" / "captures.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Site]:
    root = tmp_path_factory.mktemp("demo")
    return run("scrapy", "demo", "-s", f"ARCHIVE_ROOT={root}"), Site(root / "demo")


def test_the_demo_says_what_happened(demo: tuple[Ended, Site]) -> None:
    ended, site = demo
    assert (ended.status, ended.err) == (0, "")
    for said in (
        "created: 3",
        "changed: 3",
        "gone: 2",
        "raised by reading them: 0",
        "whole: 2 commits",
        str(site.folder),
    ):
        assert said in ended.out


def test_the_line_shown_is_a_real_one(demo: tuple[Ended, Site]) -> None:
    shown: dict[str, Any] = json.loads(blocks(README, "json")[0])
    line = demo[1].latest()[shown["id"].partition(":")[2]]
    beginning = shown.pop("body").removesuffix("…")
    assert line["body"].startswith(beginning)
    assert {key: line[key] for key in shown} == shown
    assert [key for key in line if key in shown] == list(shown), "keys out of the contract's order"


def test_every_reader_counts_the_same(demo: tuple[Ended, Site]) -> None:
    """Each call of the README, as it stands, in the archive's folder; then rows and non-null values per key."""
    counted = {
        "pandas": "{k: int(n) for k, n in speeches.notna().sum().items()}",
        "polars": "{k: speeches.height - n for k, n in speeches.null_count().row(0, named=True).items()}",
        "duckdb": "(lambda rows, names: {k: sum(r[i] is not None for r in rows) for i, k in enumerate(names)})"
        "(speeches.fetchall(), [d[0] for d in speeches.description])",
        "json": "{k: sum(line[k] is not None for line in speeches) for k in speeches[0]}",
    }
    counts = []
    calls = blocks(README, "python")
    assert len(calls) == len(counted)
    for call, count in zip(calls, counted.values(), strict=True):
        program = f"{call}\nprint(json.dumps({count}))"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=demo[1].folder,
            capture_output=True,
            text=True,
            check=True,
        )
        counts.append(json.loads(done.stdout))
    assert counts[0] == counts[1] == counts[2] == counts[3]
    assert counts[0]["id"] == len(demo[1].latest())


@pytest.mark.parametrize("text", [README, CHINESE, ADDING], ids=["README.md", "README.zh.md", "adding-a-site.md"])
def test_every_archive_command_runs(text: str, demo: tuple[Ended, Site]) -> None:
    some_id = next(key for key, line in demo[1].latest().items() if line["version"] > 1)
    for line in "".join(blocks(text, "sh")).split("\n"):
        words = shlex.split(line.partition("#")[0])
        if words[:3] == [".venv/bin/python", "-m", "pipelines"]:
            folder = str(demo[1].folder)
            ids = re.compile(r"^(4864|ID)(?=@|$)")
            given = [folder if "/" in word else ids.sub(some_id, word) for word in words[3:]]
            ended = run("pipelines", *given)
            assert ended.status == 0, (line, ended)
            assert all(said.startswith("note: ") for said in ended.err.split("\n") if said), (line, ended)
        elif "sha256sum" in line:
            command = line.replace("output/gszx", str(demo[1].folder))
            assert subprocess.run(command, shell=True, check=False, capture_output=True).returncode == 0  # noqa: S602


@pytest.mark.skipif(shutil.which("jq") is None, reason="the recipe needs jq")
def test_the_bytes_of_a_line_come_out_with_stock_tools(demo: tuple[Ended, Site]) -> None:
    site = demo[1]
    command = ["sh", "-c", blocks(CAPTURES, "sh")[0]]
    out = subprocess.run(command, cwd=site.folder, capture_output=True, check=True).stdout
    line = json.loads((site.folder / "latest.jsonl").read_text("utf-8").partition("\n")[0])
    articles = [capture for capture in line["captures"] if capture["role"] == "article"]
    assert out.count(b"WARC-Type: response\r\n") + out.count(b"WARC-Type: revisit\r\n") == len(articles) > 0
    assert all(f"WARC-Record-ID: {capture['record_id']}\r\n".encode() in out for capture in articles)


def test_tables_and_profiles_are_those_of_the_code() -> None:
    assert [int(n) for n in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)] == sorted(Exit)
    assert tomllib.loads(blocks(README, "toml")[0]) == tomllib.loads((SITES / "gszx.toml").read_text("utf-8"))
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", ADDING, re.MULTILINE))))
    assert named == {field.name for field in fields(SiteProfile)} - {"site"}
    targets = re.findall(r"^make (\w+)", "".join(blocks(README, "sh")), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert targets
    assert all(f"\n{target}:" in makefile for target in targets)


def test_sites_are_listed() -> None:
    ended = run("scrapy", "sites")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("gszx\t政协广水市委员会\t")
    assert Path(SITES).is_dir()
