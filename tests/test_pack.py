"""Years in few files: what is packed says and proves what the single files did, and no crash loses any of it."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import lzma
import os
import random
import re
import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings

from crawler import settings as project_settings
from crawler.run.arguments import Arguments
from crawler.run.ending.outcome import Outcome, finish
from crawler.run.prepare import prepare
from pipelines.__main__ import main
from pipelines.archive.disk import packs
from pipelines.archive.disk.containers import members
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import ArchiveError, ClockBehind, Damaged, DiskFull, NotUnderstood
from pipelines.archive.pack import packing
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify, verify_quick
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.rebuild import rebuild
from pipelines.archive.write.sealing import place
from pipelines.archive.write.writer import ArchiveRun
from pipelines.exits import Exit
from pipelines.untrusted import opened
from tests.faults import first_things, live, next_things, strike
from tests.test_archive import FACTS, SOFTWARE, speech, tree, whole
from tests.test_format import block, shell

UNPACKING = next(n for n in range(9) if "for container in packs/" in block("sh", n))
"""Which of the shell blocks on the format's page unpacks."""
WHEN = When(recorded_at="2027-01-02T00:00:00Z", software={})
FAULTS = ("kill", "power", "ENOSPC", "EIO")


@pytest.fixture(scope="module", autouse=True)
def unsynced() -> Iterator[None]:
    """What a dying process gave the system stays, so fsync need not do anything; a fault counts it all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 2026 with captures, and one run of 2027."""
    root = tmp_path_factory.mktemp("pack") / "gszx"
    live(root, 1, first_things(1))
    live(root, 2, next_things(2)[:4])
    run = ArchiveRun.open(root, FACTS, "run-next", "2027-01-01T02:00:00Z", 14)
    run.keep(speech("0", "2027-01-01T02:00:00Z", body="又改了"))
    with run:
        run.seal({"verdict": "complete", "exit_status": 0, "counts": {}}, "2027-01-01T03:00:00Z", SOFTWARE)
    whole(root)
    return root


@pytest.fixture(scope="module")
def packed(loose: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(loose, tmp_path_factory.mktemp("packed") / "gszx"))
    done = pack(root, "2026", WHEN)
    assert (done.commit, done.year, done.containers) == (4, "2026", 5)
    whole(root)
    return root


def copied(root: Path, folder: Path) -> Path:
    return Path(shutil.copytree(root, folder / "gszx"))


def kept(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree(root).items() if path != "staging/run.lock"}


def unpacked(root: Path) -> Path:
    """Every container taken apart where it lies, as the format's page says."""
    done = shell(root, UNPACKING)
    assert (done.returncode, done.stderr) == (0, "")
    return root


def said(*arguments: str) -> str:
    """What a verb prints."""
    with redirect_stdout(out := io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)):
        assert main(arguments) == 0
    return out.buffer.getvalue().decode()


def told(root: Path, out: Path) -> dict[str, object]:
    """Everything that an archive tells and gives away, by what was asked."""
    out.mkdir(parents=True)
    asked = ["changes", "changes --all", "views", "files", "status --json", "export --as-of 2026-01-02"]
    asked += ["log 0", "show 1 --json", "show 1@1.1 --json", "diff 0@1 0@2"]
    given: dict[str, object] = {one: said(one.split()[0], str(root), *one.split()[1:]) for one in asked}
    given |= {file: (root / file).read_bytes() for file in ("latest.jsonl", "index.jsonl", "latest.json")}
    for form, n in itertools.product(("bagit", "wacz", "datapackage", "dc", "mets"), ("2", "4")):
        made = out / f"{form}-{n}"
        assert main(["export", str(root), "--to", form, "--commit", n, "--out", str(made)]) == 0
        given[f"{form} {n}"] = tree(made) if made.is_dir() else made.read_bytes()
    report = verify(root)
    return given | {"verify": (report.problems, report.files, report.bytes, report.versions, report.observations)}


def test_a_packed_archive_tells_and_gives_what_its_unpacked_copy_does(
    loose: Path, packed: Path, tmp_path: Path
) -> None:
    single, out = unpacked(copied(packed, tmp_path)), tmp_path / "out"
    streams = ("commits/", "versions/", "observations/", "warc/", "runs/")
    before = {path: data for path, data in tree(loose).items() if path.startswith(streams)}
    assert before.items() <= tree(single).items()
    given = told(packed, out / "packed")
    assert given == told(single, out / "single")
    assert verify(single).notes == ["12 files lie outside their container as well; `pack` removes them"]
    bag = out / "packed/bagit-4/data"
    whole(bag)
    assert not (bag / "versions/2026").exists()


def test_an_older_copy_over_a_packed_archive_changes_nothing(tmp_path: Path) -> None:
    """Its derived files are of a commit that is the last single one, and the next is in a container."""
    made = tmp_path / "made"
    live(made, 1, first_things(1))
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    live(made, 2, next_things(2)[:4])
    pack(made, "2026", WHEN)
    last = len(Archive(made).commits())
    containers = {file: file.read_bytes() for file in made.rglob("packs/*/*")}
    shutil.copytree(copy, made, dirs_exist_ok=True)
    assert Archive(made).last.n == last
    assert json.loads(said("status", str(made), "--json"))["last_commit"]["n"] == last
    with pytest.raises(ClockBehind, match=f"before commit {last}"):
        live(made, 3, [])
    pack(made, "2026", WHEN)  # removes the copy's single files again
    whole(made)
    assert {file: file.read_bytes() for file in made.rglob("packs/*/*")} == containers


def test_no_container_is_ever_replaced(packed: Path, tmp_path: Path) -> None:
    root = copied(packed, tmp_path)
    ready = tmp_path / "ready"
    ready.write_bytes(b"another")
    with pytest.raises(Damaged, match="may hold the only copy"):
        place(Layout(root), None, {"packs/2026/versions.tar": ready})


def test_a_stranger_checks_and_reads_a_packed_archive_by_the_page(packed: Path, tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(block("python", 1), names)  # noqa: S102 - the page's own code
    for stream in ("versions", "observations"):
        read = list(getattr(Archive(packed), stream)())
        assert list(names["lines"](packed, stream)) == read
    (first, *_) = Archive(packed).commits()
    assert shell(packed, UNPACKING + 1).stdout == f"{first.sha256}  -\n"
    assert shell(packed).returncode != 0
    root = unpacked(copied(packed, tmp_path))
    assert shell(root).stdout == f"whole: 4 commits, head {Archive(packed).head}\n"
    assert shell(root, UNPACKING).returncode != 0, "nothing is replaced"


# by itself


def ended(root: Path, moment: str, **settings: object) -> Outcome:
    """A run that found nothing, at a moment: what comes after its commit is the same."""
    own = Settings()
    own.setmodule(project_settings, priority="project")
    own.setdict(
        {"ARCHIVE_ROOT": str(root.parent), "ARCHIVE_CONTACT": "a@example.org", **settings}, priority="cmdline"
    )
    asked = Arguments.parse({"site": "gszx", "start_url": "http://gszx.example/"})
    return finish(prepare(asked, own, clock=lambda: datetime.fromisoformat(moment)), "finished", {}, {})


def packed_now(root: Path) -> list[str]:
    return sorted(file.parent.name for file in root.glob("packs/*/commits.tar.xz"))


def test_the_first_run_of_a_new_year_packs_the_one_before(
    loose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, heads = copied(loose, tmp_path), tmp_path / "heads.txt"
    usual = ended(root, "2027-01-01T04:00:00Z", PACK_YEARS=0)
    assert packed_now(root) == []

    def is_full(*_: object) -> None:
        raise DiskFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(packing, "_check_room", is_full)
        full = ended(root, "2027-01-01T05:00:00Z")
    assert full.exit_status == usual.exit_status
    assert full.summary.endswith(
        "\nnote      a year that is over was not packed (-s PACK_YEARS=0 leaves it so): no room"
    )
    first = ended(root, "2027-01-02T02:00:00Z", HEADS_FILE=str(heads))
    assert first.exit_status == usual.exit_status
    assert "\npacked    12 files of 2026 in 5 containers\ncommit    7 · head " in first.summary
    assert heads.read_text("utf-8").split("\n")[-2].split()[2:] == ["7", Archive(root).head]
    second = ended(root, "2027-01-03T02:00:00Z", HEADS_FILE=str(heads))
    assert "packed" not in second.summary
    assert packed_now(root) == ["2026"]
    whole(root)
    ended(root, "2028-01-01T02:00:00Z")
    assert packed_now(root) == ["2026", "2027"]
    whole(root)


def test_a_damaged_year_is_told_and_not_packed(loose: Path, tmp_path: Path) -> None:
    root = copied(loose, tmp_path)
    file = root / "warc/2026/gszx-run-1-00000.warc.gz"
    file.write_bytes(b"x" + file.read_bytes()[1:])
    outcome = ended(root, "2027-01-03T02:00:00Z")
    assert outcome.exit_status == Exit.DAMAGED
    assert outcome.sealed is not None
    assert f"a year that is over was not packed (-s PACK_YEARS=0 leaves it so): {file}" in outcome.verdict.message
    assert not (root / "packs").exists()


# what is refused


def test_a_packed_run_is_known(packed: Path) -> None:
    with pytest.raises(ArchiveError, match="already holds a run run-1"):
        ArchiveRun.open(packed, FACTS, "run-1", "2027-01-05T02:00:00Z", 14)


def test_a_single_file_with_other_bytes_stays_and_is_told(packed: Path, tmp_path: Path) -> None:
    root = unpacked(copied(packed, tmp_path))
    file = root / "runs/run-1.json"
    file.write_bytes(b"{}")
    assert str(file) in verify(root).problems[0]
    assert pack(root, "2026", WHEN).files == 11
    assert file.read_bytes() == b"{}"
    assert str(file) in verify(root).problems[0]


def test_a_container_holds_what_its_year_names_and_nothing_else(
    loose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, contents_of = copied(loose, tmp_path), packing.contents_of
    stranger = packs.PackedFile(path="versions/2026/stranger", content=b"", size=0, sha256=None, modified=0)

    def with_stranger(archive: Archive, year: str) -> packing.Contents:
        found = contents_of(archive, year)
        found["packs/2026/versions.tar"].append(stranger)
        return found

    monkeypatch.setattr(packing, "contents_of", with_stranger)
    pack(root, "2026", WHEN)
    said = "packs/2026/versions.tar: holds 'versions/2026/stranger', which no commit of 2026 names"
    assert verify(root).problems == [f"{root}/{said}"]


def test_only_a_year_that_is_over_is_packed_and_only_once(loose: Path, packed: Path, tmp_path: Path) -> None:
    root = copied(loose, tmp_path)
    before = kept(root)
    for year, error in {
        "2027": "2027 is not over, commits of it are still to come; pack it next year",
        "2025": "no commit of year '2025'; there are 2026, 2027",
        "26": "no commit of year '26'; there are 2026, 2027",
    }.items():
        with pytest.raises(NotUnderstood, match=re.escape(error)):
            pack(root, year, WHEN)
    assert kept(root) == before
    with pytest.raises(NotUnderstood, match="2026 is packed already, by commit 4"):
        pack(packed, "2026", WHEN)
    whole(packed)


def test_what_cannot_be_packed_whole_is_not_packed(
    loose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copied(loose, tmp_path)
    before = kept(root)
    with pytest.raises(DiskFull, match="packing needs the room of the year once more"):
        pack(root, "2026", WHEN, disk_floor=1 << 60)
    assert kept(root) == before
    for path in ("versions/2026/00000001.jsonl.gz", "runs/run-1.json", "commits/00000001.json"):
        data = (root / path).read_bytes()
        (root / path).write_bytes(data[:-2] + b"x" + data[-1:])
        with pytest.raises(Damaged, match=re.escape(path)):
            pack(root, "2026", WHEN)
        (root / path).write_bytes(data)
        assert kept(root) == before
    monkeypatch.setattr(packs, "LONGEST_DOCUMENT", len(before["runs/run-1.json"]) - 1)
    pack(root, "2026", WHEN)  # what is too long for a compressed container stays as it is
    assert (root / "runs/run-1.json").exists()
    whole(root)


# damage


@pytest.mark.parametrize("count", [150, pytest.param(10_000, marks=pytest.mark.soak)])
def test_every_flipped_byte_of_a_container_is_found(packed: Path, tmp_path: Path, count: int) -> None:
    root = copied(packed, tmp_path)
    files, dice, unseen = sorted(root.glob("packs/*/*")), random.Random(7), []  # noqa: S311 - any will do
    for number in range(count):
        file = files[number % len(files)]
        data = file.read_bytes()
        at, bit = dice.randrange(len(data)), 1 << dice.randrange(8)
        file.write_bytes(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
        if str(file) not in " ".join(verify(root).problems):
            unseen.append(f"{file.name}, byte {at}, bit {bit}")
        file.write_bytes(data)
    assert unseen == []
    whole(root)


def tar_of(*infos: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for info in infos:
            made.addfile(info, io.BytesIO(b"x" * info.size) if info.isreg() else None)
    return out.getvalue()


def info(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, link
    return made


HOSTILE = {
    "a link": tar_of(info("warc/2026/a", kind=tarfile.SYMTYPE, link="/etc/passwd")),
    "a device": tar_of(info("warc/2026/a", kind=tarfile.CHRTYPE)),
    "a name twice": tar_of(info("warc/2026/a"), info("warc/2026/a")),
    "a name outside": tar_of(info("../outside", 3)),
    "a name for none": tar_of(info("warc/2026/stranger", 3)),
    "an extended header": tar_of(info("warc/" + "a" * 200, 3)),
    "a member that breaks off": tar_of(info("warc/2026/a", 5000))[:2048],
    "no tar": b"no tar at all" * 100,
    "nothing": b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_container_is_told_as_damage(packed: Path, tmp_path: Path, data: bytes) -> None:
    root = copied(packed, tmp_path)
    file = root / "packs/2026/warc.tar"
    file.write_bytes(data)
    if data not in {HOSTILE["a name outside"], HOSTILE["a name for none"], HOSTILE["nothing"]}:
        with pytest.raises(Damaged, match=re.escape(str(file))):
            members(file)
    for prove in (verify, verify_quick):
        report = prove(root)
        assert report.exit_status == Exit.DAMAGED
        assert str(file) in report.problems[0]
        assert len(report.problems) < 6
    file.unlink()
    for prove in (verify, verify_quick):
        assert prove(root).problems[0].startswith(f"{file}: No such file")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lzma.compress(bytes(49 << 20), preset=0), "unpacks to more than"),
        (b"no xz" * 20, "a damaged xz stream"),
        (lzma.compress(b"x")[:-1], "breaks off"),
        (lzma.compress(b"x" * 1000), "invalid header"),
    ],
)
def test_a_hostile_compressed_container_is_told_as_damage(
    packed: Path, tmp_path: Path, data: bytes, why: str
) -> None:
    root = copied(packed, tmp_path)
    for name in ("runs", "commits"):
        file = root / f"packs/2026/{name}.tar.xz"
        kept_data = file.read_bytes()
        file.write_bytes(data)
        assert str(file) in verify(root).problems[0]
        with pytest.raises(Damaged, match=f"{file}: cannot be read .*{why}"):
            members(file)
        file.write_bytes(kept_data)
    file.write_bytes(data)
    with pytest.raises(Damaged, match=re.escape(str(file))):
        Archive(root).commits()


# a crash


def lines_of(root: Path) -> list[object]:
    return list(Archive(root).history())


def strike_pack(loose: Path, wanted: dict[str, bytes], root: Path, at: int, fault: str) -> bool:
    """Meet a fault at one point of packing; True when packing was over before it."""
    shutil.copytree(loose, root)

    def packing(_: int) -> None:
        pack(root, "2026", WHEN)

    ended = strike(packing, 0, at, fault)
    assert ended != 1, f"{fault} at {at}: an error that is not told"
    assert (verify(root).problems, lines_of(root)) == ([], lines_of(loose)), f"{fault} at {at}"
    try:
        pack(root, "2026", WHEN)
    except NotUnderstood as error:
        assert "packed already, by commit 4" in str(error)  # noqa: PT017 - either may be
    assert kept(root) == wanted, f"{fault} at {at}"
    assert [file.name for file in (root / "staging").iterdir()] == ["run.lock"], f"{fault} at {at}"
    whole(root)
    shutil.rmtree(root)
    return ended == 0


def points(loose: Path, packed: Path, folder: Path, fault: str, first: int, stride: int) -> int:
    wanted = kept(packed)
    for at in range(first, sys.maxsize, stride):
        if strike_pack(loose, wanted, folder / str(at), at, fault):
            return at
    raise AssertionError


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_while_packing_loses_nothing(loose: Path, packed: Path, tmp_path: Path, fault: str) -> None:
    assert points(loose, packed, tmp_path, fault, FAULTS.index(fault) * 11, 43) > 80


@pytest.mark.soak
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_every_point_of_packing(loose: Path, packed: Path, tmp_path: Path, fault: str) -> None:
    assert points(loose, packed, tmp_path, fault, 0, 1) > 80


# redactions of what is packed


def plain(root: Path) -> bytes:
    """Everything in an archive, unpacked, in one piece."""
    found = []
    for file in (file for file in sorted(root.rglob("*")) if file.is_file()):
        held = [*members(file).values()] if file.parent.parent.name == "packs" else [file]
        for one in held:
            with opened(one) as stream:
                data = stream.read()
            found.append(gzip.decompress(data) if one.name.endswith(".jsonl.gz") else data)
    return b"".join(found)


def redact_packed(root: Path) -> None:
    redact(root, Order(native_id="0", reason="court order"), replace(WHEN, recorded_at="2027-01-03T00:00:00Z"))


def test_words_are_taken_out_of_containers_too(packed: Path, tmp_path: Path) -> None:
    root = copied(packed, tmp_path)
    assert "改了".encode() in plain(root)
    redact_packed(root)
    assert "改了".encode() not in plain(root)
    report = verify(root)
    assert (report.problems, len(report.notes)) == ([], 1)
    changed = [one.new.path for one in Archive(root).commits()[-1].redaction.files]  # type: ignore[union-attr]
    assert sorted(path for path in changed if path.startswith("packs/")) == [
        "packs/2026/observations.tar",
        "packs/2026/versions.tar",
    ]
    assert not (root / "versions/2026").exists()
    after = kept(root)
    # A restored copy brings the old files and containers back; the next holder of the lock finishes the order.
    for file in ("packs/2026/versions.tar", "packs/2026/observations.tar"):
        shutil.copyfile(packed / file, root / file)
    unpacked(root)
    assert "改了".encode() in plain(root)
    rebuild(root)
    assert pack(root, "2026", replace(WHEN, recorded_at="2027-01-04T00:00:00Z")).commit == 4
    assert kept(root) == after


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_while_words_are_taken_out_of_containers(packed: Path, tmp_path: Path, fault: str) -> None:
    for at in range(FAULTS.index(fault) * 7, sys.maxsize, 29):
        root = Path(shutil.copytree(packed, tmp_path / str(at)))
        ended = strike(lambda _, root=root: redact_packed(root), 0, at, fault)  # type: ignore[misc]
        assert ended != 1
        assert verify(root).problems == []
        rebuild(root)
        is_done = Archive(root).commits()[-1].redaction is not None
        assert is_done is ("改了".encode() not in plain(root))
        assert [verify(root).problems, len(verify(root).notes)] == [[], int(is_done)]
        if ended == 0:
            assert at > 40
            return
