"""Archives that earlier releases made, kept as they were: they open, verify, replay, and are continued for ever."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive, read_about
from pipelines.archive.write.writer import ArchiveRun
from pipelines.record import Listed, Look, Row
from tests.conftest import ROOT, run
from tests.small import PROFILE

if TYPE_CHECKING:
    from pathlib import Path

OLD = sorted((ROOT / "tests/archives").glob("*.tar.xz"))
HEADS = {"format-1": "8292af07e44bd92bac91ac138ada08dd7e9c2ed6a6da5c42ca64cf823ebf12f4"}


@pytest.fixture(params=OLD, ids=lambda file: file.name.partition(".")[0])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three speeches; one changed, one gone, one new; a redaction; a run that read all again."""
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "gszx"


def test_it_is_whole_and_replays(old: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    report = verify(old)
    assert (report.problems, report.head) == ([], HEADS[request.node.callspec.id])
    (tmp_path / "gszx.toml").write_text(PROFILE, "utf-8")
    newest = Archive(old).commits()[-1].run
    command = ["-a", "site=gszx", "-a", f"profile={tmp_path}/gszx.toml", "-s", f"ARCHIVE_ROOT={tmp_path}/again"]
    told = run("scrapy", "crawl", "speeches", *command, "-a", f"replay={old}/runs/{newest}.json")
    assert told.status == 0, told.err
    assert verify(tmp_path / "again/gszx").problems == []


def test_it_is_continued_in_the_present_format(old: Path) -> None:
    before = Archive(old)
    facts, kept = read_about(old_layout := before.layout), {f: f.read_bytes() for f in old.rglob("*.json*")}
    assert facts is not None
    at = "2126-01-01T00:00:00Z"
    with ArchiveRun.open(old, facts, "later", at, 14) as later:
        known = later.known["4"]
        seen = Look(observed_at=at, looked=("list",), listed=known.listed or Row(title=None, date=None))
        later.see(Listed(site="gszx", native_id="4", look=seen), None)
        later.seal({"verdict": "complete"}, at, {})
    after = Archive(old)
    assert [commit.format_version for commit in after.commits()] == [1, 1, 1, 1, 2]
    assert json.loads(old_layout.commit(5).read_bytes())["format"] == "speech-archive/2"
    assert after.commits()[:-1] == before.commits()
    derived = {f for f in kept if f.name.startswith(("latest", "index", "state"))}
    assert all(f.read_bytes() == data for f, data in kept.items() if f not in derived)
    assert verify(old).problems == []
    assert {row["id"] for row in after.index()} == {f"gszx:{n}" for n in range(1, 5)}
