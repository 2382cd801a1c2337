"""What people say of an archive: recorded in the chain, and handed over in the words of libraries and archives."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from pipelines.__main__ import main
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.export.mets import _EVENTS
from tests.conftest import ROOT
from tests.test_archive import story

if TYPE_CHECKING:
    pass

METS, DC, PREMIS, OAI = (
    f"{{{name}}}"
    for name in (
        "http://www.loc.gov/METS/",
        "http://purl.org/dc/elements/1.1/",
        "http://www.loc.gov/premis/v3",
        "http://www.openarchives.org/OAI/2.0/",
    )
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = story(tmp_path_factory.mktemp("described") / "gszx")
    said = ["--rights", "政协广水市委员会所有", "--custody", "广水市档案馆", "--reason", "移交"]
    assert main(["describe", str(root), *said]) == 0
    return root


def test_a_description_is_a_commit_and_its_last_word_counts(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(made, tmp_path / "gszx")
    assert main(["describe", str(root), "--contact", "archives@example.org", "--reason", "new address"]) == 0
    capsys.readouterr()
    assert main(["describe", str(root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rights"], told["custody"]) == ("政协广水市委员会所有", "广水市档案馆")
    assert told["contact"] == "archives@example.org"
    for path in (root / "state.json", None):
        assert Archive(root).facts_now().rights == "政协广水市委员会所有"
        if path is not None:
            path.unlink()
    report = verify(root)
    assert (report.problems, sum("described anew" in note for note in report.notes)) == ([], 2)
    assert main(["rebuild", str(root)]) == 0
    assert Archive(root).facts_now().contact == "archives@example.org"
    assert main(["describe", str(root), "--contact", "archives@example.org", "--reason", "again"]) == 2
    assert main(["describe", str(root), "--contact", "a\nb", "--reason", "again"]) == 2
    assert main(["describe", str(root), "--contact", "other"]) == 2


def written(root: Path, form: str, tmp_path: Path) -> etree._Element:
    assert main(["export", str(root), "--to", form, "--out", str(tmp_path / form)]) == 0
    return etree.parse(tmp_path / form).getroot()


def test_dublin_core_has_a_record_for_the_archive_and_each_speech(made: Path, tmp_path: Path) -> None:
    records = written(made, "dc", tmp_path).findall(f".//{OAI}record")
    latest = list(Archive(made).latest())
    assert len(records) == 1 + len(latest)
    for record, line in zip(records[1:], latest, strict=True):
        elements = {name: [one.text for one in record.iter(f"{DC}{name}")] for name in ("title", "creator", "date")}
        assert elements == {"title": [line["title"]], "creator": [line["speaker"]], "date": [line["published_at"]]}
        assert [one.text for one in record.iter(f"{DC}identifier")] == [line["id"], line["url"]]
        assert [one.text for one in record.iter(f"{DC}rights")] == ["政协广水市委员会所有"]


def test_mets_names_every_file_with_its_checksum_and_every_commit_as_an_event(made: Path, tmp_path: Path) -> None:
    mets = written(made, "mets", tmp_path)
    ids = [one.get("ID") for one in mets.iter() if one.get("ID")]
    assert len(ids) == len(set(ids))
    referred = {one.get(name) for one in mets.iter() for name in ("DMDID", "ADMID", "FILEID")} - {None}
    assert referred <= set(ids)
    files = {
        one[0].get("{http://www.w3.org/1999/xlink}href"): one.get("CHECKSUM") for one in mets.iter(f"{METS}file")
    }
    assert files == {path: hashlib.sha256((made / str(path)).read_bytes()).hexdigest() for path in files}
    assert set(files) == {named.path for commit in Archive(made).commits() for named in commit.files}
    heads = [one.text for one in mets.iter(f"{PREMIS}eventIdentifierValue")]
    assert heads == [commit.sha256 for commit in Archive(made).commits()]
    assert [one.text for one in mets.iter(f"{PREMIS}eventType")][-1] == "metadata modification"
    assert next(one.text for one in mets.iter(f"{METS}name")) == "广水市档案馆"


def test_the_format_page_maps_kinds_to_events_as_mets_does() -> None:
    page = (ROOT / "docs/archive-format.md").read_text("utf-8")
    table = page.partition("## 12. PREMIS")[2].partition("## 13.")[0]
    told = {
        kind: event
        for kinds, event in re.findall(r"^\| (.*?) \| (.*?) \|", table, re.MULTILINE)
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    assert all(told[kind].startswith(event) for kind, (event, _) in _EVENTS.items())
    assert {kind for kind, event in told.items() if event == "other"}.isdisjoint(_EVENTS)


def test_the_sender_of_a_bag_is_who_keeps_the_archive(made: Path, tmp_path: Path) -> None:
    assert main(["export", str(made), "--to", "bagit", "--out", str(tmp_path / "bag")]) == 0
    info = (tmp_path / "bag" / "bag-info.txt").read_text("utf-8")
    assert "Source-Organization: 广水市档案馆\n" in info
    assert "Rights: 政协广水市委员会所有\n" in info


@pytest.mark.parametrize("form", ["dc", "mets"])
def test_an_export_of_a_commit_says_what_was_said_by_then_and_is_the_same_each_time(
    made: Path, tmp_path: Path, form: str
) -> None:
    last = len(Archive(made).commits())
    for number, name in ((last - 1, "before"), (last, "one"), (last, "two")):
        out = str(tmp_path / name)
        assert main(["export", str(made), "--to", form, "--out", out, "--commit", str(number)]) == 0
    before, one, two = ((tmp_path / name).read_bytes() for name in ("before", "one", "two"))
    assert "广水市档案馆".encode() not in before
    assert one == two


def test_mets_of_a_packed_year_names_the_files_that_a_bag_has(made: Path, tmp_path: Path) -> None:
    root = shutil.copytree(made, tmp_path / "gszx")
    year = Archive(root).commits()[0].recorded_at[:4]
    pack(root, year, When(recorded_at="2099-01-01T00:00:00Z", software={}))
    place = "{http://www.w3.org/1999/xlink}href"
    named = {str(one.get(place)) for one in written(root, "mets", tmp_path).iter(f"{METS}FLocat")}
    assert main(["export", str(root), "--to", "bagit", "--out", str(tmp_path / "bag")]) == 0
    assert all((tmp_path / "bag" / "data" / path).is_file() for path in named)
    assert any(path.startswith(f"packs/{year}/") for path in named)
