"""Years in few files: what is packed says and proves what the single files did, and no crash loses any of it."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.writer import ArchiveRun
from tests.faults import first_things, live, next_things, strike
from tests.test_archive import FACTS, SOFTWARE, speech, tree, whole

WHEN = When(recorded_at="2027-01-02T00:00:00Z", software={})
FAULTS = ("kill", "power", "ENOSPC", "EIO")


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


def unpacked(root: Path) -> Path:
    """Every container taken apart where it lies, as the format's page says."""
    for container in sorted(root.glob("packs/*/*")):
        subprocess.run(["tar", "xf", str(container.relative_to(root))], cwd=root, check=True)
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
    for form, n in itertools.product(("bagit", "wacz", "datapackage"), ("2", "4")):
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
    assert tree(root) == wanted, f"{fault} at {at}"
    assert [file.name for file in (root / "staging").iterdir()] == ["run.lock"], f"{fault} at {at}"
    whole(root)
    shutil.rmtree(root)
    return ended == 0


def points(loose: Path, packed: Path, folder: Path, fault: str, first: int, stride: int) -> int:
    wanted = tree(packed)
    for at in range(first, sys.maxsize, stride):
        if strike_pack(loose, wanted, folder / str(at), at, fault):
            return at
    raise AssertionError


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_while_packing_loses_nothing(loose: Path, packed: Path, tmp_path: Path, fault: str) -> None:
    assert points(loose, packed, tmp_path, fault, FAULTS.index(fault) * 4, 17) > 80


@pytest.mark.soak
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_every_point_of_packing(loose: Path, packed: Path, tmp_path: Path, fault: str) -> None:
    assert points(loose, packed, tmp_path, fault, 0, 1) > 80
