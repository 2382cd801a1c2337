"""Archives that earlier releases made, kept as they were: they open, verify, replay, and are continued for ever."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]
import pytest

from pipelines.archive.disk.layout import Layout
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive, read_about
from pipelines.archive.schema import schemas, sets
from pipelines.archive.write.writer import ArchiveRun
from pipelines.record import Listed, Look, Row
from tests.conftest import ROOT, run
from tests.small import PROFILE
from tests.test_following import applied

if TYPE_CHECKING:
    from pathlib import Path

PACKED = ROOT / "tests" / "archives"
HEADS = {
    "2026-11-23-4e33599": "330bf0f0a1279b643e7ec4d5e9fb2098e6e45923ef1f8545e4f41b56575360ab",
    "2026-11-23-d9efe4c": "ea565b9845c2ea6a1d19eae8ea89f169c707205c9befb6517415e4e03b1e3976",
    "2026-11-23-45070d4": "59c74ca108106b6931084cb27bf99cb528989c367dfae86eaec81c41a92c0a9b",
    "2026-11-23-c323fcf": "48720f65c6fc7a4e515ad9eb4cfa4832f4b3ffaf0584848fb92cac0ba4afb798",
    "2026-11-29-00813e4": "023a4e3b5be2fac9b6966b33b4dfa231202c34ed3e9dc82e52e36e5033c17d19",
    "format-1": "8292af07e44bd92bac91ac138ada08dd7e9c2ed6a6da5c42ca64cf823ebf12f4",
}
WITHOUT_CAPTURES = {"2026-11-23-4e33599", "2026-11-23-d9efe4c"}
CHANGES = [
    (1, "created", "1017", 1),
    (1, "created", "1018", 1),
    (1, "created", "1080", 1),
    (2, "changed", "1018", 2),
    (2, "gone", "1080", 1),
    (3, "restored", "1080", 1),
    (4, "redacted", "1080", None),
]
LATEST = {"1017": 1, "1018": 2, "1080": 1}
IDS = {"format-1": {"1", "2", "3", "4"}}


def unpacked(made: str, root: Path) -> Path:
    with tarfile.open(PACKED / f"{made}.tar.xz") as packed:
        for member in filter(tarfile.TarInfo.isfile, packed):
            content = packed.extractfile(member)
            assert content is not None
            (root / member.name).parent.mkdir(parents=True, exist_ok=True)
            (root / member.name).write_bytes(content.read())
    return root / "gszx"


def contents(archive: Archive) -> dict[str, tuple[str, str]]:
    """Hash and body of each present speech."""
    return {line["native_id"]: (line["content_sha256"], line["body"]) for line in archive.latest()}


def test_every_archive_is_tried() -> None:
    assert {path.name.removesuffix(".tar.xz") for path in PACKED.glob("*.tar.xz")} == HEADS.keys()


@pytest.mark.parametrize("made", sorted(HEADS.keys() - {"format-1"}))
def test_it_is_whole_tells_its_history_and_is_read_again_as_the_same(made: str, tmp_path: Path) -> None:
    archive = Archive(old := unpacked(made, tmp_path))
    assert ((report := verify(old)).problems, report.head) == ([], HEADS[made])
    found = [(one["commit"], one["event"], one["id"].split(":")[1], one["version"]) for one in archive.changes()]
    assert found == CHANGES
    assert {line["native_id"]: line["version"] for line in archive.latest()} == LATEST
    latest = {line["id"]: line | {"schema": "speech/1"} for line in archive.latest()}
    assert applied({}, archive.changes(seen=True)) == latest
    before = contents(archive)
    assert [before["1080"][1], "[redacted]" in before["1018"][1]] == ["[redacted]", False]

    told = run(
        "scrapy", "crawl", "speeches", "-a", "site=gszx", "-a", "replay=latest", "-s", f"ARCHIVE_ROOT={tmp_path}"
    )
    expected = (3, "not captured  no-capture (2)") if made in WITHOUT_CAPTURES else (0, "read again 2 ·")
    assert (told.status, expected[1] in told.out) == (expected[0], True), told
    assert contents(Archive(old)) == before
    # Keys that came later are null in the old lines, and a better reading is no edit by the site.
    lines = list(Archive(old).versions())
    assert [one["speakers"] for one in lines if one["commit"] <= 4] == [None] * 6
    assert {one["event"] for one in lines if one["commit"] > 4} <= {"reprocessed"}
    assert [row["id"].split(":")[1] for row in Archive(old).index()] == list(LATEST)
    assert verify(old).problems == []


def test_no_run_of_it_is_made_again_since_its_captures_hold_removed_text(tmp_path: Path) -> None:
    """Three speeches; one changed, one gone, one new; a redaction; a run that read all again."""
    old = unpacked("format-1", tmp_path)
    report = verify(old)
    assert (report.problems, report.head) == ([], HEADS["format-1"])
    (tmp_path / "gszx.toml").write_text(PROFILE, "utf-8")
    newest = Archive(old).commits()[-1].run
    command = ["-a", "site=gszx", "-a", f"profile={tmp_path}/gszx.toml", "-s", f"ARCHIVE_ROOT={tmp_path}/again"]
    told = run("scrapy", "crawl", "speeches", *command, "-a", f"replay={old}/runs/{newest}.json")
    assert (told.status, "commit 3 removed text of gszx:1 by order" in told.err) == (2, True), told.err


@pytest.mark.parametrize("made", HEADS)
def test_it_is_continued_in_the_present_format(made: str, tmp_path: Path) -> None:
    before = Archive(old := unpacked(made, tmp_path))
    # A set that no commit names, left by a chain that was given up, is none of the archive's.
    for path, document in schemas.documents().items():
        stray = old / path.replace("schemas/", "schemas/since-00000003/")
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(document)
    facts, kept = read_about(old_layout := before.layout), {f: f.read_bytes() for f in old.rglob("*.json*")}
    assert facts is not None
    at = "2126-01-01T00:00:00Z"
    with ArchiveRun.open(old, facts, "later", at, 14) as later:
        native_id, known = next(iter(later.known.items()))
        seen = Look(observed_at=at, looked=("list",), listed=known.listed or Row(title=None, date=None))
        later.see(Listed(site="gszx", native_id=native_id, look=seen), None)
        later.seal({"verdict": "complete"}, at, {})
    after = Archive(old)
    assert [commit.format_version for commit in after.commits()] == [1, 1, 1, 1, 2]
    assert json.loads(old_layout.commit(5).read_bytes())["format"] == "speech-archive/2"
    assert after.commits()[:-1] == before.commits()
    derived = {f for f in kept if f.name.startswith(("latest", "index", "state"))}
    assert all(f.read_bytes() == data for f, data in kept.items() if f not in derived)
    assert verify(old).problems == []
    assert {row["id"] for row in after.index()} == {f"gszx:{one}" for one in IDS.get(made, LATEST)}
    brought = {named.path for named in after.commits()[-1].files if named.path.startswith("schemas/")}
    assert brought == {path.replace("schemas/", "schemas/since-00000005/") for path in schemas.documents()}
    assert sets.newest_set(old_layout, 5) == "schemas/since-00000005"
    assert (sets.newest_set(old_layout, 4), sets.to_add(old_layout, 6)) == ("schemas", {})
    for name, lines in {"speech": after.versions(), "latest": after.latest(), "index": after.index()}.items():
        schema = json.loads((old / f"schemas/since-00000005/{name}-1.schema.json").read_bytes())
        checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        assert [error.message for line in lines for error in checker.iter_errors(line)] == []


def test_older_software_brings_no_set_and_a_damaged_one_is_replaced(tmp_path: Path) -> None:
    """The newest set counts, so that of older software would hide the keys and words of the newer."""
    newest, mine = tmp_path / "schemas", schemas.documents()
    newest.mkdir()
    for path, document in mine.items():
        (tmp_path / path).write_bytes(document)
    readers, codes = (json.loads(mine[f"schemas/{name}.json"]) for name in ("readers", "codes"))
    layout = Layout(tmp_path)
    assert sets.to_add(layout, 7) == {}
    for name, document, part in (("readers", readers, readers["speech/1"]), ("codes", codes, codes["genres"])):
        file = newest / f"{name}.json"
        file.write_text(json.dumps(document, indent=3), "utf-8")
        assert len(sets.to_add(layout, 7)) == len(mine), "the same in other bytes: no later software"
        later = part["polars"] | {"tone": "String"} if "polars" in part else [*part["codes"], {"code": "祝词"}]
        part["polars" if "polars" in part else "codes"] = later
        file.write_text(json.dumps(document), "utf-8")
        assert sets.to_add(layout, 7) == {}, name
        for damaged in ("[]", '{"speech/1": 3, "genres": {"codes": 4}}', '{"genres":', ""):
            file.write_text(damaged, "utf-8")
            assert len(sets.to_add(layout, 7)) == len(mine), (name, damaged)
        file.write_bytes(mine[f"schemas/{name}.json"])
    newest.rename(tmp_path / "else")
    assert len(sets.to_add(layout, 7)) == len(mine)
    newest.symlink_to(tmp_path / "else")
    assert sets.to_add(layout, 7) == {}
