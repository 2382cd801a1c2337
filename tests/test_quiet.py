"""A site where nothing happened: its answers are not stored again, and all that is said of them can be proved."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crawler.replay.fixture import Fixture
from crawler.replica.process import Replica
from pipelines.archive.disk.commits import Commit
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.warc.record_reader import read_at
from tests import broken
from tests.conftest import Site, run
from tests.test_docs import CAPTURES, blocks
from tests.test_format import shell
from tests.test_replay import history, replay
from tests.test_verify import is_whole, unseen


@dataclass(frozen=True)
class Rested:
    """A site crawled, twice at rest, once with every answer stored, and once more at rest; it is up still."""

    site: Site
    replica: Replica

    def copy(self, root: Path) -> Site:
        shutil.copytree(self.site.root, root)
        return Site(root)


NIGHTS: list[list[str]] = [[], [], ["-a", "mode=full"], ["-s", "CAPTURE_REPEATED=1"], []]
STORED = {1, 4}
"""Commits that brought captures."""


@pytest.fixture(scope="module")
def rested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rested]:
    site = Site(tmp_path_factory.mktemp("rested") / "archives")
    with Replica(speeches=14) as replica:
        for more in NIGHTS:
            ended = site.crawl(replica.url, *more)
            assert (ended.status, ended.err) == (0, "")
        yield Rested(site, replica)


def captures_of(site: Site, commit: Commit) -> list[dict[str, Any]]:
    """Every capture that a commit names, in lines and beside them."""
    lines = [one for line in Archive(site.folder).all_lines_of(commit) for one in line["captures"]]
    listed = commit.listing.captures if commit.listing else ()
    return [*lines, *listed, *(answer.document() for answer in commit.repeated)]


def test_what_came_again_is_named_and_not_stored(rested: Rested) -> None:
    site, commits = rested.site, Archive(rested.site.folder).commits()
    assert {commit.n for commit in commits if any(f.path.startswith("warc/") for f in commit.files)} == STORED
    for before, commit in pairwise(commits):
        counts = json.loads((site.folder / "runs" / f"{commit.run}.json").read_bytes())["captures"]
        came = {(one["url"], one["captured_at"]) for one in captures_of(site, commit)}
        if commit.n in STORED:
            assert (counts["repeated"], counts["revisits"] > 0) == (0, True)
            continue
        assert counts["repeated"] == len(came), "each answer is named once"
        assert (counts["exchanges"], counts["files"], counts["unreadable"]) == (0, 0, 0)
        for one in captures_of(site, commit):
            record = read_at(site.folder / one["file"], one["offset"], one["length"])
            assert before.recorded_at <= one["captured_at"] <= commit.recorded_at
            assert (record.target_uri, record.date <= one["captured_at"]) == (one["url"], True)
    assert {answer.url.removeprefix(rested.replica.url) for answer in commits[1].repeated} >= {"", "robots.txt"}
    assert verify(site.folder).problems == []
    assert shell(site.folder).returncode == 0, "stock tools see nothing wrong"


@pytest.mark.skipif(shutil.which("jq") is None, reason="the recipe needs jq")
def test_stock_tools_list_what_no_line_names(rested: Rested) -> None:
    command = ["sh", "-c", blocks(CAPTURES, "sh")[0]]
    out = subprocess.run(command, cwd=rested.site.folder, capture_output=True, text=True, check=True).stdout
    second = Archive(rested.site.folder).commits()[1]
    keys = ("captured_at", "url", "file", "offset", "length")
    told = [*(second.listing.captures if second.listing else ()), *(one.document() for one in second.repeated)]
    assert out.split("\n")[:-1] == ["\t".join(str(one[key]) for key in keys) for one in told]


def test_records_stored_all_the_same_are_not_what_later_runs_name(rested: Rested) -> None:
    """The whole answer stays the one that is named; only what no earlier run had could refer to the newer file."""
    commits = Archive(rested.site.folder).commits()
    assert {one["file"] for one in captures_of(rested.site, commits[4])} == {
        file.path for file in commits[0].files if file.path.startswith("warc/")
    }


def test_a_quiet_night_is_made_again(rested: Rested, site: Site) -> None:
    commits = Archive(rested.site.folder).commits()
    for commit in commits[:3]:
        ended = replay(site, rested.site.folder / "runs" / f"{commit.run}.json")
        assert (ended.status, ended.err) == (0, ""), ended
        assert site.report()["replay"]["not_asked"] == 0
    assert history(site) == [line for line in history(rested.site) if line["commit"] <= 3]
    made = Archive(site.folder).commits()
    assert [(one.repeated, one.listing) for one in made] == [(one.repeated, one.listing) for one in commits[:3]]
    assert made[1].listing is not None
    assert verify(site.folder).problems == []


def test_a_full_night_at_rest_is_made_again_alone_and_as_a_fixture(
    rested: Rested, site: Site, tmp_path: Path
) -> None:
    report = rested.site.folder / "runs" / f"{Archive(rested.site.folder).commits()[2].run}.json"
    assert replay(site, report).status == 0
    texts = [
        {line["native_id"]: line["body"] for line in Archive(one.folder).latest()} for one in (rested.site, site)
    ]
    assert texts[0] == texts[1]
    assert verify(site.folder).problems == []
    again = Site(tmp_path / "again")
    assert replay(again, site.folder / "runs" / report.name).status == 0
    assert (history(again), len(Archive(again.folder).commits())) == (history(site), 1)
    fixture = Fixture(tmp_path / "fixture")
    fixture.folder.mkdir()
    fixture.record(report, None)
    assert {line["id"] for line in fixture.replay()} == {line["id"] for line in history(site)}


def bent(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(commit: dict[str, Any]) -> None:
        commit["repeated"][0][key] = value

    return edit


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("offset", 1),
        ("length", 9),
        ("record_id", "<urn:x>"),
        ("payload_sha256", "0" * 64),
        ("file", "warc/a.gz"),
        ("url", "http://127.0.0.1/"),
    ],
)
def test_a_bent_answer_is_found(rested: Rested, tmp_path: Path, key: str, value: Any) -> None:
    folder = rested.copy(tmp_path / "copy").folder
    broken.reseal(folder, 2, bent(key, value))
    problems = verify(folder).problems
    assert f"{broken.commit_file(folder, 2)}, repeated: captured" in problems[0]


def test_an_answer_that_is_none_is_refused(rested: Rested, tmp_path: Path) -> None:
    folder = rested.copy(tmp_path / "copy").folder
    broken.reseal(folder, 2, bent("file", "../a"))
    assert "unreadable commit (file of an answer is '../a')" in verify(folder).problems[0]


def flipped(site: Site, one: dict[str, Any]) -> Path:
    """The WARC file in which a byte of a capture was altered."""
    file: Path = site.folder / one["file"]
    data = bytearray(file.read_bytes())
    data[one["offset"] + one["length"] // 2] ^= 1
    file.write_bytes(data)
    return file


def test_every_flip_is_found_and_a_damaged_capture_ends_no_history(rested: Rested, tmp_path: Path) -> None:
    site = rested.copy(tmp_path / "copy")
    folder = site.folder
    assert unseen(folder, 30, 5, is_whole) == []
    file = flipped(site, captures_of(site, Archive(folder).commits()[1])[0])
    report = verify(folder)
    assert [problem.partition(":")[0] for problem in report.problems] == [str(file)]
    assert not any("lines not followed" in note for note in report.notes)


def test_nights_go_on_after_damage_and_after_a_redaction(rested: Rested, tmp_path: Path) -> None:
    site = rested.copy(tmp_path / "copy")
    removed = next(iter(site.latest()))
    assert run("pipelines", "redact", str(site.folder), removed, "--reason", "by order").status == 0
    assert site.crawl(rested.replica.url, "-a", "mode=full").status == 0
    assert site.report()["captures"]["exchanges"] == 0
    ended = replay(Site(tmp_path / "again"), site.folder / "runs" / f"{site.report()['run']}.json")
    assert (ended.status, f"removed text of gszx:{removed}" in ended.err) == (2, True)
    assert verify(site.folder).problems == []
    first = next(one for one in captures_of(site, Archive(site.folder).commits()[1]) if one["role"] == "list")
    flipped(site, first)
    ended = site.crawl(rested.replica.url)
    assert "1 stored before cannot be read: run verify" in ended.out
    assert site.report()["captures"]["exchanges"] == 1
