"""That damage is found, named as nearly as it can be, and told apart from what is whole."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.captured import make_captured
from benchmarks.made import make
from pipelines.__main__ import main
from pipelines.archive import errors
from pipelines.archive.disk.layout import DERIVED_FILES
from pipelines.archive.prove.ahead import NotProvedAhead, WorkAhead
from pipelines.archive.prove.flaws import _FITS, _SHAPES, flaw
from pipelines.archive.prove.verify import verify, verify_quick
from pipelines.archive.read.reader import Archive
from pipelines.archive.schema.json_types import misfit
from pipelines.archive.write.rebuild import rebuild
from pipelines.record import SPEECH_SCHEMA
from tests import broken
from tests.test_archive import committed, crawl, day, speech, story, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.archive.disk.streams import Line


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return story(tmp_path_factory.mktemp("story") / "a")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,200 lines of 400 speeches: several gzip members in each file."""
    root = make(tmp_path_factory.mktemp("made") / "a", 1200, 400, processes=1)
    rebuild(root)
    return root


def copied(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root, tmp_path / "a"))


@pytest.mark.parametrize("how", broken.BROKEN, ids=lambda how: how.__name__)
def test_a_broken_archive_is_told_by_file_and_fault(
    finished: Path, tmp_path: Path, how: Callable[[Path], None]
) -> None:
    root = copied(finished, tmp_path)
    how(root)
    file, said = broken.BROKEN[how]
    report = verify(root)
    assert report.exit_status == 5
    assert f"{root / file}" in report.problems[0]
    assert said in report.problems[0]
    assert report.unaffected
    if "00000002" in file:
        assert report.unaffected.startswith("commits 1–1 with all their files")


@pytest.mark.parametrize("how", [None, *broken.BROKEN], ids=lambda how: how.__name__ if how else "whole")
def test_two_processes_find_what_one_finds(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Callable[[Path], None] | None
) -> None:
    root = copied(finished, tmp_path)
    if how:
        how(root)
    monkeypatch.setattr("pipelines.archive.prove.verify.LARGE", 0)
    assert verify(root, two_processes=True) == verify(root)


def test_each_process_checks_its_share_of_the_lines(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked_here: list[int] = []

    def noted(line: Line, schema: str, site: str) -> str | None:
        checked_here.append(line["seq"])
        return flaw(line, schema, site)

    monkeypatch.setattr("pipelines.archive.prove.history.flaw", noted)
    monkeypatch.setattr("pipelines.archive.prove.verify.LARGE", 0)
    monkeypatch.setattr(WorkAhead, "_may_ask", lambda _: True)
    assert verify(made, two_processes=True).problems == []
    assert checked_here == list(range(1, 401))  # the first file, at which both begin
    assert verify(made).problems == []
    assert len(checked_here) == 400 + 2400


class AtOnce(Executor):
    """Does what it is asked in this process."""

    def submit(self, do: Callable[..., Any], /, *about: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(do(*about, **named))
        except Exception as error:  # noqa: BLE001 - as in the other process
            done.set_exception(error)
        return done


@pytest.mark.parametrize("asking", ["ask_places", "flaws"])
def test_a_second_process_that_was_killed_costs_only_its_help(
    finished: Path, monkeypatch: pytest.MonkeyPatch, asking: str
) -> None:
    killed: list[int] = []
    ask = getattr(WorkAhead, asking)

    def asked_of_the_dead(self: WorkAhead, about: Any) -> Any:
        worker: Any = self._worker
        if not killed:
            killed.append(worker.submit(os.getpid).result())
            os.kill(killed[0], signal.SIGKILL)
            while not worker._broken:
                time.sleep(0.01)
        return ask(self, about)

    monkeypatch.setattr("pipelines.archive.prove.verify.LARGE", 0)
    monkeypatch.setattr(WorkAhead, asking, asked_of_the_dead)
    monkeypatch.setattr(WorkAhead, "_may_ask", lambda _: True)
    assert verify(finished, two_processes=True) == verify(finished)
    assert killed


@pytest.mark.parametrize(
    "error",
    [errors.Damaged("read error"), OSError(24, "no files"), MemoryError(), RuntimeError("can't start new thread")],
)
def test_what_the_second_process_cannot_read_is_not_proved(
    made: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def unread(*_: Any) -> Any:
        raise error

    archive = Archive(made)
    monkeypatch.setattr("pipelines.archive.prove.flaws.raw_lines", unread)
    monkeypatch.setattr("pipelines.archive.prove.ahead.places_lines", unread)
    ahead = WorkAhead(AtOnce(), archive.layout, "made", archive.commits())
    ahead.ask_lines([(name, archive.layout.path(name), SPEECH_SCHEMA) for name in ("1", "2")])
    assert ahead.flaws("1") is None  # whoever reads it checks it; the next one was asked for
    with pytest.raises(NotProvedAhead):
        ahead.flaws("2")
    ahead.ask_places(archive.commits())
    with pytest.raises(NotProvedAhead):
        ahead.places()


def test_a_capture_that_is_not_its_record_is_not_proved_ahead(tmp_path: Path) -> None:
    archive = Archive(make_captured(tmp_path / "a", 10, nights=0))
    commits = tuple(archive.commits())
    ahead = WorkAhead(AtOnce(), archive.layout, "made", commits)
    of_commits = [list(archive.all_lines_of(commit)) for commit in commits]
    for commit, lines in zip(commits, of_commits, strict=True):
        ahead.take(commit)
        for capture in (one for line in lines for one in line["captures"]):
            assert ahead.complaint(capture) is None
    ahead.settle()
    own, again = of_commits[1][-1]["captures"][0], of_commits[1][1]["captures"][0]
    assert (own["file"], again["file"]) == (commits[1].files[-1].path, commits[0].files[-1].path)
    wrong = {"offset": 1, "length": 1, "record_id": "<urn:uuid:1>", "payload_sha256": "0" * 64}
    bad = [one | {key: value} for one in (own, again) for key, value in wrong.items()]
    for capture in (*bad, again | {"url": "http://made.example/"}, own | {"file": again["file"]}):
        with pytest.raises(NotProvedAhead):  # noqa: PT012 - the first tells the place, the second compares
            ahead.complaint(capture)
            ahead.settle()
        ahead._forget()
    ahead.complaint(own | {"url": "http://made.example/"})  # of its own commit's records the line says the address
    ahead.settle()
    file = archive.layout.path(own["file"])
    file.write_bytes(file.read_bytes().replace(b"\x1f\x8b", b"\x1f\x8a", 1))
    ahead = WorkAhead(AtOnce(), archive.layout, "made", commits)
    for commit in commits:
        ahead.take(commit)
    with pytest.raises(NotProvedAhead):
        ahead.settle()


def test_a_file_no_commit_names_is_a_note_and_no_reader_sees_it(finished: Path, tmp_path: Path) -> None:
    root = copied(finished, tmp_path)
    lines = len(list(Archive(root).versions()))
    broken.extra_file(root)
    report = verify(root)
    assert (report.problems, len(report.notes)) == ([], 1)
    assert "no commit names it" in report.notes[0]
    assert len(list(Archive(root).versions())) == lines


def test_a_newer_format_is_refused_by_name(finished: Path, tmp_path: Path) -> None:
    root = copied(finished, tmp_path)
    broken.newer_format(root)
    with pytest.raises(errors.NewerFormat, match=r"00000005.json: format version 3.*Upgrade"):
        verify(root)


def test_damage_names_its_lines_and_the_speeches_in_them(made: Path, tmp_path: Path) -> None:
    root = copied(made, tmp_path)
    file = broken_member(root)
    report = verify(root)
    (problem,) = report.problems
    assert str(file) in problem
    assert "damaged in lines 257–400 (seq 1057–1200)" in problem
    assert report.affected
    assert {int(each.partition(":")[2]) for each in report.affected} <= set(range(257, 401))
    assert report.unaffected == f"commits 1–1 with all their files; {report.files - 1} of {report.files} files"


def broken_member(root: Path) -> Path:
    """Flip a byte in the second member of the second commit's versions."""
    file = root / "versions/2001/00000002.jsonl.gz"
    data = bytearray(file.read_bytes())
    second = data.find(b"\x1f\x8b\x08\x00", 10)
    data[second + (len(data) - second) // 2] ^= 1
    file.write_bytes(data)
    return file


def test_an_altered_wrapping_leaves_every_line_whole(made: Path, tmp_path: Path) -> None:
    root = copied(made, tmp_path)
    file = root / "versions/2001/00000002.jsonl.gz"
    data = bytearray(file.read_bytes())
    data[4] ^= 1  # the time in the gzip header
    file.write_bytes(data)
    assert "every line in it is whole" in verify(root).problems[0]


# with a head kept elsewhere


def test_three_commits_deleted_with_their_files_are_missed(finished: Path, tmp_path: Path) -> None:
    root = copied(finished, tmp_path)
    archive = Archive(root)
    for commit in archive.commits()[2:]:
        for named in commit.files:
            (root / named.path).unlink()
        archive.layout.commit(commit.n).unlink()
        archive.layout.sidecar(commit.n).unlink()
    for derived in DERIVED_FILES:
        (root / derived).unlink()
    rebuild(root)
    assert verify(root).problems == []
    assert "cut off or rewritten" in verify(root, archive.head).problems[0]
    assert "cut off or rewritten" in verify_quick(root, archive.head).problems[0]


def test_history_altered_and_the_chain_rebuilt_is_seen(finished: Path, tmp_path: Path) -> None:
    root, head = copied(finished, tmp_path), Archive(finished).head
    report = root / "runs/run-2.json"
    report.write_bytes(report.read_bytes().replace(b"complete", b"Complete"))
    broken.reseal(root, 2, lambda value: broken.rename_file(value, root, "runs/run-2.json"))
    rebuild(root)
    assert verify(root).problems == []
    assert "cut off or rewritten" in verify(root, head).problems[0]


# flips


def flips(root: Path, count: int, seed: int) -> list[tuple[Path, int, int]]:
    """Positions drawn evenly over files, not bytes, so that small files are hit as often as large ones."""
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    files = [file for file in committed(root) if file.name not in DERIVED_FILES]
    return [
        (file, chance.randrange(file.stat().st_size), chance.randrange(1, 256))
        for file in (chance.choice(files) for _ in range(count))
    ]


def unseen(root: Path, count: int, seed: int, check: Callable[[Path], bool]) -> list[str]:
    """The flips that `check` takes for whole."""
    missed = []
    for file, at, bits in flips(root, count, seed):
        data = file.read_bytes()
        file.write_bytes(data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :])
        if check(root):
            missed.append(f"{file} byte {at} ^ {bits}")
        file.write_bytes(data)
    return missed


def is_whole(root: Path) -> bool:
    try:
        return not verify(root).problems
    except errors.ArchiveError:
        return False


def test_every_flip_is_found(finished: Path) -> None:
    assert unseen(finished, 100, 1, is_whole) == []
    assert verify(finished).problems == []


# the daily check


def test_quick_proves_the_chain_the_sizes_and_the_newest(finished: Path, tmp_path: Path) -> None:
    root = copied(finished, tmp_path)
    for number in range(22, 28):
        crawl(root, number, speech("4864", day(number), body=f"{number}"))
    assert verify_quick(root).problems == []
    old, new = broken.versions_of(root, 1), broken.versions_of(root, 9)
    for file, is_seen in ((old, False), (new, True)):
        data = file.read_bytes()
        file.write_bytes(data[:30] + bytes([data[30] ^ 1]) + data[31:])
        assert bool(verify_quick(root).problems) is is_seen
        assert verify(root).problems
        file.write_bytes(data[:-1])
        assert "bytes is" in verify_quick(root).problems[0]
        file.write_bytes(data)
    assert main(["verify", str(root), "--quick"]) == 0


# the quick answer to `misfit`


@pytest.mark.parametrize("bad", [None, 1, "x", True, [], {}, [None], {"role": "x"}, [{"role": 1}]])
def test_the_quick_check_of_a_line_agrees_with_the_slow_one(finished: Path, bad: Any) -> None:
    for stream in (Archive(finished).versions(), Archive(finished).observations()):
        line = next(stream)
        name = line["schema"]
        assert _FITS[name](line | {"later": 1})
        for key in line:
            bent = line | {key: bad}
            assert _FITS[name](bent) is (misfit(_SHAPES[name], bent) is None), key
        assert not _FITS[name]({key: line[key] for key in reversed(line)})


# signatures


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed: signatures were not tested")
def test_signatures_by_the_stock_tool(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, key = copied(finished, tmp_path), tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "keeper", "-f", key], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"keeper@example {(tmp_path / 'key.pub').read_text()}")
    assert main(["sign", str(root), "--key", str(key)]) == 0
    assert verify(root, signers=signers).problems == []
    assert verify(root, signers=signers).notes == []
    crawl(root, 25)
    assert "commits 6: not signed" in verify(root, signers=signers).notes[0]
    broken.reseal(root, 2, lambda value: value.update(parsers=["forged/1"]))
    assert [p for p in verify(root, signers=signers).problems if "00000002.json.sig: is not a signature" in p]
    signers.write_text(f"keeper@example {(tmp_path / 'key.pub').read_text().replace('AAAAI', 'AAAAJ')}")
    assert verify(root, signers=signers).problems
    assert main(["verify", str(root), "--signers", str(tmp_path / "none")]) == 2
    assert main(["sign", str(root), "--key", str(tmp_path / "none")]) == 2
    assert main(["verify", str(root), "--head", "abc"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_the_json_report_tells_what_is_unaffected(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copied(finished, tmp_path)
    broken.missing_file(root)
    before = tree(root)
    assert main(["verify", str(root), "--json"]) == 5
    told = json.loads(capsys.readouterr().out)
    count = told["files"]
    assert told["unaffected"] == f"commits 1–1 with all their files; {count - 1} of {count} files"
    assert tree(root) == before, "verify writes nothing"
    assert hashlib.sha256(broken.commit_file(root, 5).read_bytes()).hexdigest() == told["head"]
