"""A takedown order: the words go, everything else stays and explains itself, and a crash is finished."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import shutil
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from benchmarks.made import make
from pipelines.__main__ import main
from pipelines.archive.disk.layout import DERIVED_FILES
from pipelines.archive.disk.redactions import MARKER
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import load
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.rebuild import rebuild
from pipelines.record import Listed
from tests import broken
from tests.conftest import run_code
from tests.faults import KILLED, strike
from tests.test_archive import committed, crawl, day, missed, speech, story
from tests.test_format import shell

WORDS = ["改了", "大家好", "第三次会议上", '"title": "讲话"', "附件", "何庆海"]


def ordered(root: Path, native_id: str = "9", number: int = 22) -> None:
    order = Order(native_id=native_id, reason="court order", reference="2026-1")
    redact(root, order, When(recorded_at=day(number), software={}))


def history_of(root: Path, native_id: str) -> str:
    lines = [line for line in Archive(root).history() if line["id"] == f"gszx:{native_id}"]
    return json.dumps(lines, ensure_ascii=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return story(tmp_path / "a")


def test_the_words_are_gone_and_everything_explains_itself(archive: Path) -> None:
    before = {line["seq"]: line for line in Archive(archive).history()}
    files = {f: f.read_bytes() for f in committed(archive)}
    ordered(archive)
    after = {line["seq"]: line for line in Archive(archive).history()}
    assert not [word for word in WORDS if word in history_of(archive, "9")]
    assert MARKER in history_of(archive, "9")
    assert after.keys() == before.keys()
    same = ("id", "event", "version", "reading", "observed_at", "content_sha256", "captures", "url", "view_count")
    for seq, line in after.items():
        assert line == before[seq] or line["id"] == "gszx:9"
        assert [line.get(key) for key in same] == [before[seq].get(key) for key in same]
    redaction = Archive(archive).commits()[-1].redaction
    assert redaction
    changed = {f.relative_to(archive).as_posix() for f, data in files.items() if f.read_bytes() != data}
    assert changed - DERIVED_FILES == {replaced.new.path for replaced in redaction.files}
    report = verify(archive)
    assert report.problems == []
    assert report.notes == ["commit 6: text of gszx:9 removed from 4 lines (court order, order 2026-1)"]
    assert shell(archive).returncode == 0
    told = Archive(archive)
    derived = [*told.latest(), *told.index(), *told.changes(reprocessed=True), *told.as_of(day(22))]
    of_speech = [line for line in derived if line["id"] == "gszx:9"]
    assert len(of_speech) > 3
    assert not [word for word in WORDS if word in json.dumps(of_speech, ensure_ascii=False)]
    assert next(Archive(archive).latest())["title"] == MARKER
    schema = json.loads((archive / "schemas/speech-1.schema.json").read_bytes())
    for line in Archive(archive).versions():
        jsonschema.validate(line, schema)


def test_life_goes_on_after_a_redaction(archive: Path) -> None:
    ordered(archive)
    ordered(archive, "101-7", 23)
    assert crawl(archive, 24, speech("9", day(24), body="改了", parser="kesion/9"))[0] == ["same"]
    assert crawl(archive, 25, missed("9", day(25)), days=0)[0] == ["gone"]
    assert crawl(archive, 26, speech("9", day(26), body="改了"))[0] == ["restored"]
    assert "改了" not in history_of(archive, "9")
    assert crawl(archive, 27, speech("9", day(27), body="又改"))[0] == ["changed"]
    ordered(archive, "9", 28)
    assert "又改" not in history_of(archive, "9")
    assert verify(archive).problems == []
    assert shell(archive).returncode == 0


def test_what_is_not_redacted_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make(tmp_path / "made", 20, 10, processes=1)
    report = root / "runs/made-00002.json"
    report.write_bytes(b'{"not_captured": [{"native_id": "9"}]}')
    broken.reseal(root, 2, lambda value: broken.rename_file(value, root, "runs/made-00002.json"))
    rebuild(root)
    assert main(["redact", str(root), "made:11", "--reason", "x"]) == 2
    assert "no line of this archive holds its text" in capsys.readouterr().err
    journal = tmp_path / "fleet/attempts/made.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("{}\n", "utf-8")
    assert main(["redact", str(root), "made:9", "--reason", "x"]) == 0
    report_named, journal_named = capsys.readouterr().err.splitlines()
    assert report_named == "runs/made-00002.json: may still hold it and was not redacted"
    assert journal_named.startswith(f"{journal}: messages of runs in it may hold the words")
    assert verify(root).problems == []


def test_a_text_put_back_or_bent_after_a_redaction_is_found(archive: Path, tmp_path: Path) -> None:
    before = Path(shutil.copytree(archive, tmp_path / "before"))
    ordered(archive)
    redaction = Archive(archive).commits()[-1].redaction
    assert redaction
    path = redaction.files[0].new.path
    shutil.copy(before / path, archive / path)
    assert "still holds that text" in " ".join(verify(archive).notes)
    rebuild(archive)
    assert "改了" not in history_of(archive, "9")
    plain = gzip.decompress((archive / path).read_bytes()).replace(MARKER.encode(), b"[REDACTED]")
    (archive / path).write_bytes(gzip.compress(plain))
    assert path in verify(archive).problems[0]


def die_while_redacting(source: Path, folder: Path, stride: int) -> int:
    """Let a redaction die at every `stride`-th of its steps; how many it took to live."""
    for step in itertools.count(0, stride):
        root = Path(shutil.copytree(source, folder / str(step)))
        died = strike(lambda _: ordered(root), 0, step, "kill") == KILLED  # noqa: B023
        assert verify(root).problems == [], step
        rebuild(root)
        is_done = len(Archive(root).commits()) == 6
        assert is_done != ("改了" in history_of(root, "9")), step
        assert verify(root).problems == [], step
        crawl(root, 25, speech("9", day(25), body="改了"))
        assert verify(root).problems == [], step
        assert [f.name for f in (root / "staging").iterdir()] == ["run.lock"], step
        if not died:
            return step
    raise AssertionError


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.soak)])
def test_a_redaction_that_dies_anywhere_is_finished(archive: Path, tmp_path: Path, stride: int) -> None:
    died = f"die_while_redacting(*map(Path, sys.argv[1:]), {stride})"
    code = f"from tests.test_redaction import *; print({died})"
    told = run_code(code, archive, tmp_path / "dying")
    assert told.err == ""
    assert int(told.out) > 20


def test_loaders_and_status_are_told(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redact", str(archive), "9", "--reason", " "]) == 2
    before = len(Archive(archive).commits())
    ordered(archive)
    capsys.readouterr()
    assert main(["files", str(archive), "--since", f"commit:{before}"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]
    assert told
    assert all(hashlib.sha256((archive / file["path"]).read_bytes()).hexdigest() == file["sha256"] for file in told)
    assert main(["status", str(archive), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["last_run"]["kind"] != "redaction"


def test_the_list_does_not_bring_the_title_back(archive: Path) -> None:
    ordered(archive)
    state = load(Archive(archive).by_commit())["9"]
    assert state.is_redacted
    newest = list(Archive(archive).versions())[-1]["seq"]
    crawl(archive, 30, missed("9", day(30)))
    crawl(archive, 31, Listed(site="gszx", native_id="9", look=speech("9", day(31)).look))
    for line in Archive(archive).observations():
        if line["id"] == "gszx:9" and line["seq"] > newest and line["listed"] is not None:
            assert line["listed"]["title"] == "[redacted]"
    assert verify(archive).problems == []
