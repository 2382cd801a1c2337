"""Archives made by earlier versions open, verify, tell their history and replay into the same texts."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from pipelines.archive.read.reader import Archive
from tests.conftest import ROOT, Site, run

HEADS = {
    "2026-11-23-4e33599": "330bf0f0a1279b643e7ec4d5e9fb2098e6e45923ef1f8545e4f41b56575360ab",
    "2026-11-23-d9efe4c": "ea565b9845c2ea6a1d19eae8ea89f169c707205c9befb6517415e4e03b1e3976",
    "2026-11-23-45070d4": "59c74ca108106b6931084cb27bf99cb528989c367dfae86eaec81c41a92c0a9b",
    "2026-11-23-c323fcf": "48720f65c6fc7a4e515ad9eb4cfa4832f4b3ffaf0584848fb92cac0ba4afb798",
    "2026-11-29-00813e4": "023a4e3b5be2fac9b6966b33b4dfa231202c34ed3e9dc82e52e36e5033c17d19",
}
WITHOUT_CAPTURES = {"2026-11-23-4e33599", "2026-11-23-d9efe4c"}
CHANGES = [
    (1, "created", "1017", 1),
    (1, "created", "1018", 1),
    (1, "created", "1080", 1),
    (2, "changed", "1018", 2),
    (2, "gone", "1080", 1),
    (3, "restored", "1080", 1),
]
LATEST = {"1017": 1, "1018": 2, "1080": 1}


def contents(archive: Archive) -> dict[str, tuple[str, str]]:
    """Hash and body of each present speech."""
    return {line["native_id"]: (line["content_sha256"], line["body"]) for line in archive.latest()}


def test_every_archive_is_tried() -> None:
    assert {path.name.removesuffix(".tar.xz") for path in (ROOT / "tests/archives").glob("*.tar.xz")} == HEADS.keys()


@pytest.mark.parametrize("made", HEADS)
def test_an_earlier_archive_opens_verifies_and_replays(made: str, tmp_path: Path) -> None:
    with tarfile.open(ROOT / "tests" / "archives" / f"{made}.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    site = Site(tmp_path)
    archive = Archive(site.folder)
    verified = run("pipelines", "verify", str(site.folder), "--head", HEADS[made])
    assert (verified.status, f"head {HEADS[made]}" in verified.out) == (0, True), verified
    found = [(one["commit"], one["event"], one["id"].split(":")[1], one["version"]) for one in archive.changes()]
    assert found == CHANGES
    assert {line["native_id"]: line["version"] for line in archive.latest()} == LATEST
    before = contents(archive)
    assert [before["1080"][1], "[redacted]" in before["1018"][1]] == ["[redacted]", False]

    replayed = run(
        "scrapy", "crawl", "speeches", "-a", "site=gszx", "-a", "replay=latest", "-s", f"ARCHIVE_ROOT={tmp_path}"
    )
    told = "not captured  no-capture (2)" if made in WITHOUT_CAPTURES else "read again 2 ·"
    assert (replayed.status, told in replayed.out) == (3 if made in WITHOUT_CAPTURES else 0, True), replayed
    again = Archive(site.folder)
    assert contents(again) == before
    assert {line["commit"] for line in again.changes(reprocessed=True)} <= {1, 2, 3, 5}
    assert [line["id"].split(":")[1] for line in again.index()] == list(LATEST)
    assert site.verify().status == 0
