"""The places of lines: the history of one speech without reading the archive, and never less of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.__main__ import main
from pipelines.archive.disk import files
from pipelines.archive.disk.layout import PLACES_JSON, PLACES_LINES
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.canonical import sorted_sha256
from tests.test_archive import crawl, day, speech
from tests.test_state import forged, life

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.archive.disk.streams import Line


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive whose files have several gzip members, though they are short."""
    root = tmp_path_factory.mktemp("places") / "a"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "MEMBER_LINES", 2)
        for _ in life(root):
            told_alike(root)
        crawl(root, 27, *(speech(str(n), day(27)) for n in range(20, 27)))
        yield root


def told_alike(root: Path) -> None:
    """Of every id, what is read by places is what a reading of everything gives; and of an id that is not there."""
    archive = Archive(root)
    history = list(archive.history())
    for id_ in (*{line["id"]: None for line in history}, "gszx:486", "gszx:64"):
        assert list(archive.about(id_)) == [line for line in history if line["id"] == id_], id_


def read_whole(root: Path, id_: str) -> tuple[list[Line], list[str]]:
    """The lines about a speech, and the files that were read from their beginning for them."""
    whole: list[str] = []
    lines_of = raw_lines

    def noted(file: Any) -> Iterator[bytes]:
        if file.name != PLACES_LINES:
            whole.append(file.name)
        return lines_of(file)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipelines.archive.read.places.raw_lines", noted)
        return list(Archive(root).about(id_)), whole


def test_the_history_of_a_speech_is_read_without_that_of_others(lived: Path, tmp_path: Path) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    told_alike(root)
    assert len((root / PLACES_LINES).read_bytes().split(b"\n")) > 10
    assert read_whole(root, "4864")[1] == []
    pack(root, "2026", When(recorded_at="2027-06-01T00:00:00Z", software={}))
    assert not (root / "versions/2026").exists()
    told_alike(root)
    assert read_whole(root, "26")[1] == []
    assert verify(root).problems == []


def resealed(root: Path, change: Callable[[bytes], bytes], **said: str) -> None:
    """Alter the lines, and make their document fit again, as a forger would."""
    lines = change((root / PLACES_LINES).read_bytes())
    (root / PLACES_LINES).write_bytes(lines)
    value = json.loads((root / PLACES_JSON).read_bytes()) | {"sha256": hashlib.sha256(lines).hexdigest()} | said
    del value["document_sha256"]
    (root / PLACES_JSON).write_text(json.dumps(value | {"document_sha256": sorted_sha256(value)}))


def altered(root: Path, name: str, old: bytes, new: bytes) -> None:
    data = (root / name).read_bytes()
    assert old in data
    (root / name).write_bytes(data.replace(old, new, 1))


def untold(line: bytes) -> bytes:
    """Leave an id out where its second version of three is."""
    return line.replace(b" 9 ", b" 8 ") if b'"commit":2,"file":"versions/' in line else line


def elsewhere(line: bytes) -> bytes:
    """Tell an id where another one is; only where that is in the file, since an end not told cannot be missed."""
    return line.replace(b" 4864 ", b" 48 ").replace(b" 9 ", b" 9 4864 ") if b" 9 " in line else line


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda root: (root / PLACES_JSON).unlink(), ""),
    "without lines": (lambda root: (root / PLACES_LINES).unlink(), PLACES_LINES),
    "cut": (lambda root: (root / PLACES_LINES).write_bytes((root / PLACES_LINES).read_bytes()[:-9]), PLACES_LINES),
    "an id less": (lambda root: altered(root, PLACES_LINES, b" 4864 ", b" "), PLACES_LINES),
    "of another chain": (lambda root: altered(root, PLACES_JSON, b'"head": "', b'"head": "0'), PLACES_JSON),
    "of an older commit": (lambda root: altered(root, PLACES_JSON, b'"commit": 1', b'"commit": '), PLACES_JSON),
    "no document": (lambda root: (root / PLACES_JSON).write_bytes(b"[]"), PLACES_JSON),
    "forged: other offsets": (
        lambda root: resealed(root, lambda data: data.replace(b'"members":[[0,', b'"members":[[1,')), PLACES_LINES
    ),
    "forged: offsets below 0": (
        lambda root: resealed(root, lambda data: data.replace(b'"members":[[0,', b'"members":[[-7,')), PLACES_LINES
    ),
    "forged: another member": (
        lambda root: resealed(root, lambda data: b"\n".join(map(elsewhere, data.split(b"\n")))), PLACES_LINES
    ),
    "forged: a version less": (
        lambda root: resealed(root, lambda data: b"\n".join(map(untold, data.split(b"\n")))), PLACES_LINES
    ),
    "forged: an id nowhere": (
        lambda root: resealed(root, lambda data: data.replace(b" 4864 ", b" 4865 ")), PLACES_LINES
    ),
    "forged: of another chain": (
        lambda root: resealed(root, lambda data: data.replace(b" 4864 ", b" 48 "), head="0" * 64), PLACES_JSON
    ),
    "forged: a file less": (lambda root: resealed(root, lambda data: data.partition(b"\n")[2]), PLACES_LINES),
    "forged: no list": (
        lambda root: resealed(root, lambda data: data.replace(b'"members":', b'"members":4,"m":')), PLACES_LINES
    ),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARM)
def test_places_that_are_not_the_archives_take_nothing_away(lived: Path, tmp_path: Path, harm: str) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    do, named = HARM[harm]
    do(root)
    told_alike(root)
    told = verify(root)
    assert [problem for problem in told.problems if named not in problem] == []
    assert bool(told.problems) is bool(named)
    assert told.problems or any(PLACES_LINES in note for note in told.notes)
    if "chain" not in harm and "forged" not in harm:  # the next run builds on nothing that is not sound
        crawl(root, 29, speech("26", day(29)))
        assert verify(root).problems == []


def test_a_redacted_line_is_found_where_it_is_now(lived: Path, tmp_path: Path) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    before = {name: (root / name).read_bytes() for name in (PLACES_LINES, PLACES_JSON)}
    redact(root, Order(native_id="20", reason="by order"), When(recorded_at=day(28), software={}))
    told_alike(root)
    assert read_whole(root, "26")[1] == []
    now = (root / PLACES_LINES).read_bytes()
    assert now != before[PLACES_LINES]
    for name, data in before.items():  # what a crash before their replacement leaves
        (root / name).write_bytes(data)
    told_alike(root)
    lines, whole = read_whole(root, "26")
    assert len(lines) == len(read_whole(lived, "26")[0])
    assert whole
    assert verify(root).problems == []
    crawl(root, 29, speech("26", day(29)))  # the next run makes them anew
    assert read_whole(root, "26")[1] == []
    assert verify(root).problems == []


@pytest.mark.parametrize("is_told", [True, False], ids=["places", "no places"])
def test_no_lines_are_told_from_a_file_that_is_not_its_commits(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], is_told: bool
) -> None:
    """After a redaction its file counts, also where a copy has brought the one before it back."""
    root = shutil.copytree(lived, tmp_path / "a")
    redact(root, Order(native_id="20", reason="by order"), When(recorded_at=day(28), software={}))
    if not is_told:
        (root / PLACES_LINES).unlink()
    changed = [
        path
        for path in lived.glob("versions/*/*.gz")
        if path.read_bytes() != (root / path.relative_to(lived)).read_bytes()
    ]
    (before,) = (path.relative_to(lived) for path in changed)
    text = "versions/2026/00000003.jsonl.gz"
    count = "observations/2026/00000001.jsonl.gz"
    for name, data, commands in (
        (before, (lived / before).read_bytes(), (["show", "20@1"], ["log", "20"])),
        (
            text,
            other(root / text, "大家好", "大家坏"),
            (["show", "4864@2"], ["diff", "4864@1.1", "4864@2"], ["cite", "4864"]),
        ),
        (count, other(root / count, '"view_count":12,', '"view_count":21,'), (["views", "4864"], ["log", "4864"])),
    ):
        kept = (root / name).read_bytes()
        (root / name).write_bytes(data)
        for command, *given in commands:
            assert main([command, str(root), *given]) == 5
            told = capsys.readouterr()
            assert (told.out, "than its commit says" in told.err) == ("", True)
        (root / name).write_bytes(kept)
    told_alike(root)


def other(file: Path, old: str, new: str) -> bytes:
    """A whole file of lines, with other words."""
    lines = gzip.decompress(file.read_bytes())
    assert old.encode() in lines
    return gzip.compress(lines.replace(old.encode(), new.encode()))


def test_a_run_makes_the_places_that_older_software_did_not(lived: Path, tmp_path: Path) -> None:
    """Nothing else is made anew for it; and a damaged old file, which no run reads, does not end the run."""
    root = shutil.copytree(lived, tmp_path / "a")
    first = root / "versions/2026/00000001.jsonl.gz"
    first.write_bytes(first.read_bytes()[:-9])
    (root / PLACES_LINES).unlink()
    (root / PLACES_JSON).unlink()
    crawl(root, 29, speech("26", day(29)))
    assert Archive(root).last.n == json.loads((root / PLACES_JSON).read_bytes())["commit"]
    assert first.name.encode() in (root / PLACES_LINES).read_bytes()
    assert str(first.relative_to(root)).encode() not in (root / PLACES_LINES).read_bytes()
    with pytest.raises(Damaged, match=str(first)):
        read_whole(root, "26")


def test_show_tells_the_line_of_latest_without_it(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    lines = list(Archive(root).latest())
    (root / "latest.jsonl").unlink()
    assert len(lines) > 5
    for line in lines:
        assert main(["show", str(root), line["id"], "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == line


def test_status_counts_the_index_where_the_state_is_of_other_software(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    assert main(["status", str(root)]) == 0
    said = capsys.readouterr().out
    forged(fold="4")(root)
    assert not Archive(root).has_state
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.archive.read.reader.raw_lines", lambda file: pytest.fail(f"{file} was read"))
        assert main(["status", str(root)]) == 0
    assert capsys.readouterr().out == said
    altered(root, "index.jsonl", b'"state":"present"', b'"state":"gone"')
    assert main(["status", str(root)]) == 0
    assert capsys.readouterr().out == said


def test_a_speech_is_found_in_a_folder_of_archives_by_its_site(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder need not have the site's name, and one that is damaged hides no other."""
    root = tmp_path / "root"
    shutil.copytree(lived, root / "kept-here")
    assert main(["show", str(root), "4864", "--json"]) == 0  # there is no other
    one = capsys.readouterr().out
    for name in ("another", "broken"):
        shutil.copytree(lived, root / name)
        about = root / name / "archive.json"
        about.write_bytes(about.read_bytes().replace(b'"site": "gszx"', b'"site": "other"'))
    about.write_bytes(b"{")
    assert main(["show", str(root), "gszx:4864", "--json"]) == 0
    assert capsys.readouterr().out == one
    assert main(["log", str(root), "gszx:4864"]) == 0
    assert main(["diff", str(root), "gszx:4864@1", "gszx:4864@2"]) == 0
    capsys.readouterr()
    for id_, status, told in (("4864", 2, "of which site"), ("gone:4864", 5, "broken/archive.json")):
        assert main(["show", str(root), id_]) == status
        assert told in capsys.readouterr().err
    shutil.rmtree(root / "broken")
    assert main(["log", str(root), "gone:4864"]) == 2
    assert "no archive of the site gone" in capsys.readouterr().err


def test_status_and_verify_take_several_archives(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "more/c"):
        shutil.copytree(lived, tmp_path / name)
    (tmp_path / "b/archive.json").write_bytes(b"{")
    several = [str(tmp_path / name) for name in ("a", "b", "more")]
    assert main(["status", *several, "--json"]) == 5
    told = capsys.readouterr()
    assert [json.loads(line)["site"] for line in told.out.splitlines()] == ["gszx", "gszx"]
    assert f"PROBLEM: {tmp_path}/b/archive.json" in told.err
    assert main(["status", *several]) == 5
    assert capsys.readouterr().out.count("site      gszx") == 2
    assert main(["verify", *several, "--jobs", "1"]) == 5
    told = capsys.readouterr()
    assert [line.partition(" ")[0] + line.split()[1] for line in told.out.splitlines() if ":" in line] == [
        "a:whole:", "b:damaged:", "c:whole:"
    ]  # fmt: skip
    assert main(["verify", several[0], several[0] + "/../a"]) == 0  # one that is named twice is there once
    for wrong, said in (("--rotate=2", "of one folder"), ("--head=" + "0" * 64, "of one archive")):
        assert main(["verify", *several, wrong]) == 2
        assert said in capsys.readouterr().err
    shutil.copytree(lived, tmp_path / "more/a")
    assert main(["verify", *several]) == 2
    assert "a: two archives of this name" in capsys.readouterr().err
