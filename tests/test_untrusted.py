"""An archive from elsewhere may be written to do harm: each harm ends as named damage, soon and in little memory."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler.pages.addresses import native_id
from crawler.replay.saved import saved_pages
from pipelines.__main__ import main
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.rebuild import rebuild
from pipelines.export.bagit import write_bag
from pipelines.export.snapshot import snapshot
from pipelines.untrusted import MOST_CONTAINERS, MOST_DEPTH, parsed_json, whole
from pipelines.warc.records import WarcDamaged, WarcRecord
from tests.broken import commit_file, rename_file, reseal, versions_of
from tests.conftest import ROOT
from tests.test_archive import crawl, day, speech, story

FILE = {"bytes": 1, "lines": None, "sha256": "0" * 64, "sha256_uncompressed": None}
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return story(tmp_path_factory.mktemp("story") / "a")


@pytest.fixture
def root(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "a"))


def bomb(unit: bytes, megabytes: int) -> bytes:
    """A gzip member that unpacks to so much and takes a thousandth of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(unit * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + piece * megabytes + packer.flush() + b"\0" * 8


def put(root: Path, n: int, prefix: str, data: bytes) -> Path:
    """Other bytes for a file of commit `n`, with every hash made to fit, as a forger would."""
    entries = json.loads(commit_file(root, n).read_bytes())["files"]
    path: str = next(entry["path"] for entry in entries if entry["path"].startswith(prefix))
    (root / path).write_bytes(data)

    def edit(value: dict[str, Any]) -> None:
        entry = next(entry for entry in value["files"] if entry["path"] == path)
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    reseal(root, n, edit)
    return root / path


def rewritten(root: Path, old: bytes, new: bytes) -> Path:
    file = versions_of(root, 1)
    plain = gzip.decompress(file.read_bytes())
    assert old in plain
    file.write_bytes(gzip.compress(plain.replace(old, new, 1), mtime=0))
    path = file.relative_to(root).as_posix()
    reseal(root, 1, lambda value: rename_file(value, root, path))
    return file


def longer(file: Path) -> Path:
    with file.open("r+b") as stream:
        stream.truncate(1 << 40)
    return file


def in_commit(root: Path, **said: Any) -> Path:
    reseal(root, 2, lambda value: value.update(said))
    return commit_file(root, 2)


def deep_commit(root: Path) -> Path:
    commit_file(root, 2).write_bytes(commit_file(root, 2).read_bytes().replace(b"null", DEEP, 1))
    return commit_file(root, 2)


def deep_latest(root: Path) -> Path:
    (root / "latest.json").write_bytes(DEEP)
    return root / "latest.json"


def as_link(file: Path) -> Path:
    """The very same bytes, in a place outside that the archive's name points to."""
    outside = Path(shutil.move(file, file.parent.parent.parent / "outside"))
    file.symlink_to(outside)
    return file


def as_fifo(file: Path) -> Path:
    file.unlink()
    os.mkfifo(file)
    return file


HARM: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a line of a gigabyte": (lambda root: put(root, 1, "versions/", bomb(b"a", 1024)), "line 1"),
    "a billion lines": (lambda root: put(root, 1, "versions/", bomb(b"\n", 1024)), "line 1"),
    "a line that nests": (lambda root: rewritten(root, b'"evidence":[]', b'"evidence":' + DEEP), "line 1"),
    "a list of millions": (
        lambda root: rewritten(root, b'"evidence":[]', b'"evidence":[' + b"[]," * MOST_CONTAINERS + b"[]]"),
        "lists and objects",
    ),
    "a number of 5,000 digits": (lambda root: rewritten(root, b'"seq":1,', b'"seq":' + b"9" * 5000 + b","), "digits"),
    "no number": (lambda root: rewritten(root, b'"version":1,', b'"version":NaN,'), "NaN"),
    "beyond every number": (lambda root: rewritten(root, b'"version":1,', b'"version":1e999,'), "1e999"),
    "half a surrogate pair": (lambda root: rewritten(root, b'"title":"', b'"title":"\\ud800'), "surrogates"),
    "a commit that nests": (deep_commit, "altered"),
    "a commit of a terabyte": (lambda root: longer(commit_file(root, 2)), "bytes long"),
    "a head of a terabyte": (lambda root: longer(root / "archive.json"), "bytes"),
    "a run that is no name": (lambda root: in_commit(root, run="../../run"), "run is"),
    "a run that is a number": (lambda root: in_commit(root, run=7), "run is"),
    "a path of 5,000 characters": (lambda root: in_commit(root, files=[FILE | {"path": "x" * 5000}]), "path"),
    "counts of words": (lambda root: in_commit(root, counts={"created": "one"}), "counts is"),
    "a seq that is a word": (lambda root: in_commit(root, seq={"first": "a", "last": 2}), "seq is"),
    "files that are words": (lambda root: in_commit(root, files=["a"]), "unreadable commit"),
    "latest of a terabyte": (lambda root: longer(root / "latest.jsonl"), "line"),
    "latest that nests": (deep_latest, "nested"),
    "a run report that nests": (lambda root: put(root, 2, "runs/", DEEP), "nested"),
    "a fifo": (lambda root: as_fifo(root / "runs/run-21.json"), "not a regular file"),
    "a linked file": (lambda root: as_link(versions_of(root, 1)), "symbolic link"),
    "a linked folder": (lambda root: as_link(root / "commits"), "symbolic link"),
    "a linked head": (lambda root: as_link(root / "archive.json"), "symbolic link"),
    "a linked stranger": (lambda root: as_link(root / "latest.jsonl"), "symbolic link"),
}


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_named_as_damage(root: Path, harm: str) -> None:
    make, said = HARM[harm]
    file = make(root)
    report = verify(root)
    assert report.exit_status == 5
    assert any(str(file) in problem and said in problem for problem in report.problems), report.problems


READING = """
import re, resource, sys
from pathlib import Path
from pipelines.__main__ import main
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
status = main(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) // 1024, file=sys.stderr)
sys.exit(status)
"""
"""The peak is read from /proc: `ru_maxrss` of a new process begins with that of the process that started it."""


@pytest.mark.parametrize("harm", ["a line of a gigabyte", "a list of millions", "a commit of a terabyte", "a fifo"])
@pytest.mark.parametrize("verb", [["verify"], ["status"], ["changes"]], ids=" ".join)
def test_every_verb_ends_soon_and_small(root: Path, harm: str, verb: list[str]) -> None:
    HARM[harm][0](root)
    command = [sys.executable, "-c", READING, *verb, str(root)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    said, _, megabytes = ended.stderr.rstrip().rpartition("\n")
    # `changes` reads no run report, and of a line what is before the text; `status` no commit but the last.
    unread = ((["changes"], "a fifo"), (["changes"], "a list of millions"), (["status"], "a commit of a terabyte"))
    is_unread = (verb, harm) in unread
    assert ended.returncode == (0 if is_unread else 5), said
    assert "Traceback" not in said
    assert int(megabytes) <= 300


def test_nothing_is_written_through_a_link(root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    inside = {path.name for path in (root / "versions").iterdir()}
    for link in ("staging/run.lock", "staging/latest.jsonl.new", "staging/dead/run.json", "versions", "runs"):
        attacked = Path(shutil.copytree(root, tmp_path / link.replace("/", "-")))
        (attacked / link).parent.mkdir(exist_ok=True)
        place = attacked / link
        if place.is_dir():
            outside = Path(shutil.move(place, tmp_path / f"outside-{link}"))
            place.symlink_to(outside)
        else:
            place.unlink(missing_ok=True)
            place.symlink_to(victim)
        with pytest.raises(Damaged, match="symbolic link"):
            crawl(attacked, 30, speech("4864", day(30), body="新的"))
        if link != "runs":
            with pytest.raises(Damaged, match="symbolic link"):
                rebuild(attacked)
        assert victim.read_text() == "precious"
    assert {path.name for path in (tmp_path / "outside-versions").iterdir()} == inside


def test_a_linked_secret_never_lands_in_a_package(root: Path, tmp_path: Path) -> None:
    report = next((root / "runs").iterdir())
    secret = Path(shutil.move(report, tmp_path / "secret"))
    report.symlink_to(secret)
    with pytest.raises(Damaged, match="symbolic link"):
        write_bag(snapshot(Archive(root)), tmp_path / "bag")


def test_names_and_values_of_an_archive_do_not_steer_a_terminal(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "runs" / "\x1b[2J.json").write_text("a stranger")
    assert main(["verify", str(root)]) == 0
    in_commit(root, run="\x1b]0;title\x07")
    for verb in ("verify", "status", "log"):
        assert main([verb, str(root), *(["4864"] if verb == "log" else [])]) == 5
    said = capsys.readouterr()
    assert "x1b" in said.err
    assert "\x1b" not in said.err + said.out


def test_the_folder_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(root)
    assert verify(tmp_path / "here").exit_status == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "levels deep"),
        (b'{"a":' * (MOST_DEPTH + 1) + b"1" + b"}" * (MOST_DEPTH + 1), "levels deep"),
        (b"[" * 10_000_000, "lists and objects"),
        (b'["' + b'\\"[' * 99 + b'", ' + b"[" * 99 + b"]" * 100, "levels deep"),
        (b"[-Infinity]", "Infinity"),
        (b"1" * 19, "19 digits"),
        (b'"\\uDfff"', "surrogates"),
        (b"\xff", "utf-8"),
    ],
)
def test_json_beyond_the_bounds_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parsed_json(text)


def test_brackets_and_numbers_in_words_are_words() -> None:
    value = {"body": '[{"' * 2_000_000, "n": [10**18 - 1, -(10**18 - 1), 1.5], "pair": "😀\\ud83d"}
    for ascii_only in (True, False):
        assert parsed_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value
    assert len(parsed_json(b"[" + b"[]," * (MOST_CONTAINERS - 2) + b"[]]")) == MOST_CONTAINERS - 1


def test_a_file_longer_than_it_may_be_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "long"
    file.write_bytes(b"12345")
    assert whole(file, 5) == b"12345"
    with pytest.raises(ValueError, match="5 bytes long, more than the 4"):
        whole(file, 4)


def record(
    uri: str = "http://a.example/Item/4864.aspx", date: str = "2026-01-01T00:00:00Z", length: str = ""
) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>x</p>"
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {uri}\r\nWARC-Date: {date}\r\n"
    return f"{head}Content-Length: {length or len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(record(uri="http://[::1/x\x1b[2J")),
        gzip.compress(record(date="9999-99-99T99:99:99Z")),
        gzip.compress(record(date="")),
        gzip.compress(record(length="9" * 5000)),
        gzip.compress(record(length="²")),
        gzip.compress(record()[:-2]),
        bomb(b"a", 200),
        b"\x1f\x8b",
    ],
)
def test_a_bad_record_is_a_broken_page(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.warc.gz"
    file.write_bytes(data)
    pages = list(saved_pages(str(file), lambda url: native_id(url) is not None))
    assert [page.text for page in pages] in ([""], [])
    assert all(page.broken for page in pages)
    assert pages or b"WARC-Date: \r" in zlib.decompress(data, 31)


@pytest.mark.parametrize("offset", ["-1", "9" * 5000, "²", "x", ""])
def test_a_revisit_of_nowhere_is_damage(offset: str) -> None:
    revisit = WarcRecord((("WARC-Refers-To-Filename", "../x"), ("WARC-Refers-To-File-Offset", offset)), b"")
    with pytest.raises(WarcDamaged, match="refers to offset"):
        _ = revisit.original
