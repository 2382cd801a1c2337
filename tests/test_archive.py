"""The archive on disk: what a run leaves behind, what is refused, and that no alteration goes unseen."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from pipelines.__main__ import main
from pipelines.archive import errors
from pipelines.archive.disk.layout import DERIVED_FILES, natural_key
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import load
from pipelines.archive.write import staging
from pipelines.archive.write.admission import Cautions
from pipelines.archive.write.rebuild import rebuild
from pipelines.archive.write.run_lines import placed
from pipelines.archive.write.writer import ArchiveRun, Sealed
from pipelines.canonical import packed_line
from pipelines.reasons import Reason
from pipelines.record import Attachment, Capture, Listed, Look, Missed, Problem, Raw, Row, SiteFacts, Speech
from pipelines.warc.record_reader import read_at
from tests.exchanges import exchange

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS = SiteFacts(
    site="gszx",
    name="广水市政协网",
    committee="政协广水市委员会",
    cms="kesion",
    id_namespace="kesion-1",
    hosts=("gszx.example",),
    timezone="+08:00",
    language="zh-CN",
    rights=None,
    contact=None,
)
SOFTWARE = {"speech-archive": "0.1.0"}
HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE}"}


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, which may be limited or die."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT)


def day(number: int) -> str:
    return f"2026-01-{number:02d}T02:00:00Z"


def look(
    at: str, *, payload: str = "page", title: str | None = "讲话", looked: tuple[str, ...] = ("list", "article")
) -> Look:
    sha256 = hashlib.sha256(payload.encode()).hexdigest()
    capture = Capture(role="article", part=1, url="http://gszx.example/a", captured_at=at, payload_sha256=sha256)
    return Look(
        observed_at=at,
        looked=looked,
        listed=Row(title=title, date="2023-12-28") if title else None,
        http_status=200,
        payload_sha256=sha256,
        captures=(capture,),
    )


def speech(
    native_id: str, at: str, *, body: str = "各位委员：\n　　大家好！", parser: str = "kesion/1+norm/1", **other: Any
) -> Speech:
    made = Speech(
        site="gszx",
        native_id=native_id,
        parser=parser,
        url=f"http://gszx.example/Item/Show.asp?m=1&d={native_id}",
        section="领导讲话",
        title="在政协第九届\u2028第三次会议上的讲话",
        published_on="2023-12-28",
        published_at="2023-12-28T19:00:29+08:00",
        published_precision="second",
        author="何庆海",
        source=None,
        body=body,
        attachments=(Attachment(name="附件.doc", url="http://gszx.example/x/004864.doc?a=1"),),
        delivered_on=None,
        speaker="何庆海",
        speaker_post=None,
        committee=None,
        term="第九届",
        session=None,
        meeting=None,
        genre=None,
        evidence=(),
        raw=Raw(title="讲话", published=None, views="12", author=None, source=None, breadcrumb=None),
        problems=(),
        view_count=12,
        look=look(at, payload=other.pop("payload", body)),
    )
    return replace(made, **other)


def missed(native_id: str, at: str, reason: Reason = Reason.DELETED) -> Missed:
    seen = look(at, payload="该信息已删除")
    return Missed(site="gszx", native_id=native_id, url="http://gszx.example/x", reason=reason, detail="", look=seen)


def listed(native_id: str, at: str) -> Listed:
    return Listed(site="gszx", native_id=native_id, look=look(at, looked=("list", "counter")))


def opened(
    root: Path,
    number: int,
    *,
    facts: SiteFacts = FACTS,
    days: int = 14,
    run: str | None = None,
    disk_floor: int = 1 << 20,
    at: str | None = None,
) -> ArchiveRun:
    cautions = Cautions(disk_floor=disk_floor)
    return ArchiveRun.open(root, facts, run or f"run-{number}", at or day(number), days, cautions)


def sealed(run: ArchiveRun, number: int) -> Sealed:
    with run:
        report = {"verdict": "complete", "exit_status": 0, "counts": {"listed": 3}, "listing_complete": True}
        return run.seal(report, f"2026-01-{number:02d}T03:00:00Z", SOFTWARE)


def crawl(root: Path, number: int, *things: Speech | Listed | Missed, days: int = 14) -> tuple[list[str], Sealed]:
    run = opened(root, number, days=days)
    told: list[str] = []
    for thing in things:
        if isinstance(thing, Speech):
            told.append(str(run.keep(thing)))
        elif isinstance(thing, Listed):
            run.see(thing, 34)
        else:
            told.append(str(run.miss(thing)))
    return told, sealed(run, number)


def whole(root: Path) -> None:
    report = verify(root)
    assert report.problems == []
    assert report.notes == []


def story(root: Path) -> Path:
    """Five runs in which everything happens that an archive can tell."""
    crawl(root, 1, speech("4864", day(1)), speech("101-7", day(1)), speech("9", day(1)))
    crawl(root, 2, speech("9", day(2), body="改了"), listed("4864", day(2)), missed("101-7", day(2)))
    crawl(
        root, 3, missed("101-7", day(3), Reason.NETWORK), speech("4864", day(3), parser="kesion/2", speaker="何 庆海")
    )
    crawl(root, 20, missed("101-7", day(20)))
    crawl(root, 21, speech("101-7", day(21), body="回来了"))
    return root


def tree(root: Path) -> dict[str, bytes]:
    return {str(f.relative_to(root)): f.read_bytes() for f in sorted(root.rglob("*")) if f.is_file()}


def last_event(root: Path, native_id: str) -> dict[str, Any]:
    return [line for line in Archive(root).versions() if line["native_id"] == native_id][-1]


# what a run tells


def test_a_speech_is_created_once_and_then_the_same(tmp_path: Path) -> None:
    assert crawl(tmp_path / "a", 1, speech("1", day(1)))[0] == ["created"]
    told, commit = crawl(tmp_path / "a", 2, speech("1", day(2)))
    assert told == ["same"]
    assert commit.counts["observations"] == 1
    (_, second) = Archive(tmp_path / "a").observations()
    assert (second["content"], second["version"], second["presence"], second["view_count"]) == (
        "same",
        1,
        "present",
        12,
    )
    whole(tmp_path / "a")


def test_an_edit_by_the_site_is_a_version_and_a_parser_fix_is_a_reading(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    assert crawl(root, 2, speech("1", day(2), body="改了"))[0] == ["changed"]
    assert crawl(root, 3, speech("1", day(3), body="改 了", parser="kesion/2", payload="改了"))[0] == ["reprocessed"]
    assert crawl(root, 4, speech("1", day(4), body="改 了", parser="kesion/3", payload="改了"))[0] == ["same"]
    # Other bytes and another parser: whoever changed it, it is never told as a mere reading.
    assert crawl(root, 5, speech("1", day(5), body="又改", parser="kesion/4"))[0] == ["changed"]
    told = [(line["event"], line["version"], line["reading"]) for line in Archive(root).versions()]
    assert told == [("created", 1, 1), ("changed", 2, 1), ("reprocessed", 2, 2), ("changed", 3, 1)]
    whole(root)


@pytest.mark.parametrize(
    ("old_reads", "now_reads", "told"),
    [
        ("旧读", "旧读", [("reprocessed", 1, 2, "旧读", 1)]),
        ("原文", "改了", [("changed", 2, 1, "改了", 3)]),
        ("旧读", "改了", [("reprocessed", 1, 2, "旧读", 1), ("changed", 2, 1, "改了", 3)]),
        ("原文", "原文", []),
    ],
    ids=["ours", "the site's", "both", "neither"],
)
@pytest.mark.parametrize("is_back", [False, True])
def test_page_and_parser_changed_together_and_each_is_told_apart(
    old_reads: str, now_reads: str, told: list[tuple[Any, ...]], is_back: bool, tmp_path: Path
) -> None:
    """`before` is the archive's own bytes as the new parser reads them."""
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1), body="原文"))
    if is_back:
        crawl(root, 2, missed("1", day(2)), days=0)
    now = speech("1", day(3), body=now_reads, payload="页面改了", parser="kesion/2")
    before = speech("1", day(1), body=old_reads, payload="原文", parser="kesion/2")
    run = opened(root, 3)
    first = run.keep(now, before)
    sealed(run, 3)
    lines = [line for line in Archive(root).versions() if line["commit"] == len(Archive(root).commits())]
    kept = [(n["event"], n["version"], n["reading"], n["body"], int(n["observed_at"][9])) for n in lines]
    assert kept == [("restored", 1, 1, "原文", 3)] * is_back + told
    assert first == ("restored" if is_back else (told or [("same",)])[-1][0])
    seen = list(Archive(root).observations())[-1]
    assert (seen["content"], seen["version"]) == (("changed", 2) if now_reads == "改了" else ("same", 1))
    whole(root)


def test_a_growing_view_count_makes_no_version_and_stands_in_latest(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    crawl(root, 2, listed("1", day(2)))
    crawl(root, 3, speech("1", day(3), view_count=None, parser="kesion/2"))
    (line,) = Archive(root).latest()
    assert (line["schema"], line["view_count"], line["view_count_at"]) == ("latest/1", 34, day(2))
    assert (line["first_seen"], line["last_seen"], line["last_checked"]) == (day(1), day(3), day(3))
    assert len(list(Archive(root).versions())) == 1


def test_gone_needs_a_second_look_and_keeps_its_evidence(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    assert crawl(root, 2, missed("1", day(2)))[0] == ["missing"]
    assert crawl(root, 10, missed("1", day(10), Reason.NETWORK))[0] == ["unknown"]
    assert crawl(root, 15, missed("1", day(15)))[0] == ["missing"]
    assert crawl(root, 16, missed("1", day(16)))[0] == ["gone"]
    assert crawl(root, 17, missed("1", day(17)))[0] == ["missing"]
    line = last_event(root, "1")
    assert line["presence"] == {"reason": "deleted-notice", "first_missed_at": day(2), "last_seen_at": day(1)}
    assert (line["version"], line["reading"], line["body"], line["section"]) == (1, None, None, None)
    assert line["title"]
    assert list(Archive(root).latest()) == []
    whole(root)


@pytest.mark.parametrize("between", [listed("1", day(10)), missed("1", day(10), Reason.LOGIN)])
def test_a_sign_of_life_begins_the_wait_again(tmp_path: Path, between: Listed | Missed) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    crawl(root, 2, missed("1", day(2)))
    crawl(root, 10, between)
    assert crawl(root, 20, missed("1", day(20)))[0] == ["missing"]


def test_zero_days_take_the_first_notice_as_proof_but_no_login_wall(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)), speech("2", day(1)))
    told, _ = crawl(root, 2, missed("1", day(2)), missed("2", day(2), Reason.LOGIN), missed("3", day(2)), days=0)
    assert told == ["gone", "withheld", "missing"]
    assert len(list(Archive(root).observations())) == 4, "a row never captured is only in the run report"
    whole(root)


def test_a_restored_speech_repeats_what_it_was_and_then_tells_the_change(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)), speech("2", day(1)))
    crawl(root, 2, missed("1", day(2)), missed("2", day(2)), days=0)
    assert crawl(root, 3, speech("1", day(3)), speech("2", day(3), body="改了"))[0] == ["restored", "restored"]
    told = [(line["native_id"], line["event"], line["version"], line["body"]) for line in Archive(root).versions()][
        4:
    ]
    old = speech("1", day(1)).body
    assert told == [("1", "restored", 1, old), ("2", "restored", 1, old), ("2", "changed", 2, "改了")]
    assert [line["content"] for line in Archive(root).observations()][4:] == ["same", "changed"]
    assert last_event(root, "1")["presence"]["first_missed_at"] == day(2)
    assert [line["body"] for line in Archive(root).latest()] == [old, "改了"]
    whole(root)


def test_reading_the_captures_again_adds_a_reading_and_no_look(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)), speech("2", day(1)))
    run = opened(root, 2)
    assert run.reread(speech("1", day(1), body="新读", parser="kesion/2", payload="anything")) == "reprocessed"
    assert run.reread(speech("2", day(1), body="新读")) == "same"
    with run:
        run.seal({}, day(3), SOFTWARE, kind="replay")
    assert len(list(Archive(root).observations())) == 2
    assert last_event(root, "1")["observed_at"] == day(1)
    whole(root)


def test_an_unlisted_speech_that_was_read_is_told_as_such(tmp_path: Path) -> None:
    crawl(tmp_path / "a", 1, speech("1", day(1), look=look(day(1), title=None)))
    (line,) = Archive(tmp_path / "a").observations()
    assert (line["presence"], line["listed"]) == ("unlisted", None)


def test_one_look_at_a_speech_a_run(tmp_path: Path) -> None:
    run = opened(tmp_path / "a", 1)
    run.keep(speech("1", day(1)))
    with pytest.raises(ValueError, match="second observation"):
        run.keep(speech("1", day(1)))
    with pytest.raises(ValueError, match="not known"):
        run.see(listed("2", day(1)), None)
    with pytest.raises(ValueError, match="native id"):
        run.keep(speech("../1", day(1)))
    with pytest.raises(ValueError, match="this archive is of gszx"):
        run.keep(speech("3", day(1), site="other"))
    run.close()


# what lies on the disk


def test_ids_are_ordered_as_people_count() -> None:
    ids = ["101-7", "10", "9", "4864", "101-12", "a9", "04864"]
    assert sorted(ids, key=natural_key) == ["9", "10", "04864", "4864", "a9", "101-7", "101-12"]


def test_the_same_runs_make_the_same_bytes(tmp_path: Path) -> None:
    one, other = tree(story(tmp_path / "a")), tree(story(tmp_path / "b"))
    # The lock keeps who held it last, for the message to a second run.
    assert {k: v for k, v in one.items() if "lock" not in k} == {k: v for k, v in other.items() if "lock" not in k}


def test_lines_are_numbered_over_both_streams_and_follow_the_schemas(tmp_path: Path) -> None:
    root = story(tmp_path / "a")
    archive = Archive(root)
    assert [line["seq"] for line in archive.history()] == list(range(1, 1 + sum(1 for _ in archive.history())))
    assert [line["native_id"] for line in archive.latest()] == ["9", "4864", "101-7"]
    streams = {"speech": archive.versions(), "observation": archive.observations(), "latest": archive.latest()}
    streams["index"] = archive.index()
    for name, stream in streams.items():
        schema = json.loads((root / f"schemas/{name}-1.schema.json").read_bytes())
        jsonschema.Draft202012Validator.check_schema(schema)
        for line in stream:
            jsonschema.validate(line, schema)
            assert list(line) == list(schema["properties"])
    assert archive.line(1)["event"] == "created"
    with pytest.raises(LookupError):
        archive.line(99)
    whole(root)


def test_sha256sum_agrees_with_the_commits(tmp_path: Path) -> None:
    root = story(tmp_path / "a")
    subprocess.run("sha256sum -c --strict --quiet *.sha256", shell=True, check=True, cwd=root / "commits")  # noqa: S602
    files = [named for commit in Archive(root).commits() for named in commit.files]
    listing = "".join(f"{named.sha256}  {named.path}\n" for named in files)
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet"], input=listing.encode(), check=True, cwd=root)
    packed = [named for named in files if named.path.endswith(".jsonl.gz")]
    assert packed
    for named in packed:
        plain = gzip.decompress((root / named.path).read_bytes())
        assert (hashlib.sha256(plain).hexdigest(), plain.count(b"\n")) == (named.sha256_uncompressed, named.lines)


def test_captures_are_committed_with_the_lines_that_name_them(tmp_path: Path) -> None:
    run = opened(tmp_path / "a", 1)
    kept = run.captures.add(exchange("http://gszx.example/1", b"<p>1</p>"))
    assert kept is not None
    sha256 = hashlib.sha256(b"<p>1</p>").hexdigest()
    capture = replace(look(day(1)).captures[0], **kept._asdict(), payload_sha256=sha256)
    run.keep(speech("1", day(1), look=replace(look(day(1)), captures=(capture,))))
    sealed(run, 1)
    assert kept.file == "warc/2026/gszx-run-1-00000.warc.gz"
    assert read_at(tmp_path / "a" / kept.file, kept.offset, kept.length).record_id == kept.record_id
    whole(tmp_path / "a")


@pytest.mark.parametrize("wrong", ["offset", "length", "record_id", "payload_sha256"])
def test_a_line_its_raw_bytes_do_not_prove_is_damage(tmp_path: Path, wrong: str) -> None:
    run = opened(tmp_path / "a", 1)
    first, second = (run.captures.add(exchange(f"http://gszx.example/{n}", b"<p>%d</p>" % n)) for n in range(2))
    assert first is not None
    assert second is not None
    right = first._asdict() | {"payload_sha256": hashlib.sha256(b"<p>0</p>").hexdigest()}
    other = second._asdict() | {"payload_sha256": hashlib.sha256(b"<p>1</p>").hexdigest(), "length": first.length - 1}
    capture = replace(look(day(1)).captures[0], **(right | {wrong: other[wrong]}))
    run.keep(speech("1", day(1), look=replace(look(day(1)), captures=(capture,))))
    sealed(run, 1)
    assert "captured at" in verify(tmp_path / "a").problems[0]


def test_a_capture_nobody_committed_is_damage(tmp_path: Path) -> None:
    capture = replace(look(day(1)).captures[0], file="warc/2026/none.warc.gz", offset=0, length=1)
    crawl(tmp_path / "a", 1, speech("1", day(1), look=replace(look(day(1)), captures=(capture,))))
    assert "which no commit" in verify(tmp_path / "a").problems[0]


def test_a_run_that_found_nothing_commits_its_report(tmp_path: Path) -> None:
    root = tmp_path / "a"
    _, commit = crawl(root, 1)
    assert commit.commit == 1
    first = Archive(root).commits()[0]
    assert (first.first_seq, first.last_seq) == (None, None)
    assert not (root / "versions").exists()
    crawl(root, 2, speech("1", day(2)))
    assert Archive(root).commits()[1].first_seq == 1
    whole(root)


# refusals


def test_giving_up_a_new_archive_leaves_no_trace(tmp_path: Path) -> None:
    run = opened(tmp_path / "out" / "a", 1)
    run.keep(speech("1", day(1)))
    run.abandon()
    assert list(tmp_path.iterdir()) == []
    crawl(tmp_path / "a", 1, speech("1", day(1)))
    before = tree(tmp_path / "a")
    run = opened(tmp_path / "a", 2)
    run.keep(speech("2", day(2)))
    run.abandon()
    assert {**tree(tmp_path / "a"), "staging/run.lock": b""} == {**before, "staging/run.lock": b""}


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    second = "import sys; from pipelines.__main__ import main; sys.exit(main(['rebuild', sys.argv[1]]))"
    with opened(root, 2):
        refused = python(second, root)
    assert refused.returncode == errors.LockHeld.exit_status == 6
    assert "run run-2" in refused.stderr
    assert python(second, root).returncode == 0


@pytest.mark.parametrize(
    ("refusal", "attempt"),
    [
        (errors.WrongHost, lambda root: opened(root, 9, facts=replace(FACTS, hosts=("127.0.0.1:8000",)))),
        (errors.WrongHost, lambda root: opened(root, 9, facts=replace(FACTS, id_namespace="dede-1"))),
        (errors.ClockBehind, lambda root: opened(root, 2)),
        (errors.ArchiveError, lambda root: opened(root, 28, run="run-5")),
        (errors.Unwritable, lambda root: opened(root / "archive.json", 9)),
    ],
)
def test_refusals_write_nothing(
    tmp_path: Path, refusal: type[Exception], attempt: Callable[[Path], ArchiveRun]
) -> None:
    crawl(tmp_path / "a", 5, speech("1", day(5)))
    before = tree(tmp_path / "a")
    with pytest.raises(refusal):
        attempt(tmp_path / "a")
    assert tree(tmp_path / "a") == before


def test_another_port_of_the_same_host_is_the_same_site(tmp_path: Path) -> None:
    crawl(tmp_path / "a", 1, speech("1", day(1)))
    opened(tmp_path / "a", 2, facts=replace(FACTS, hosts=("GSZX.example:8080",))).close()


def test_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/archive.json").write_text('{"format": "speech-archive", "format_version": 3}')
    with pytest.raises(errors.NewerFormat):
        opened(tmp_path / "a", 1)
    assert list((tmp_path / "a").iterdir()) == [tmp_path / "a/archive.json"]


# damage


def committed(root: Path) -> list[Path]:
    return [f for f in sorted(root.rglob("*")) if f.is_file() and "staging" not in f.parts]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return story(tmp_path_factory.mktemp("story") / "a")


def test_any_flipped_byte_is_found(finished: Path) -> None:
    chance = random.Random(20260110)  # noqa: S311 - a sample, not a secret
    files = committed(finished)
    for file in files * (1 + 150 // len(files)):
        data = file.read_bytes()
        at = chance.randrange(len(data))
        file.write_bytes(data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :])
        problems = verify(finished).problems
        file.write_bytes(data)
        assert problems, f"{file} byte {at}"
    whole(finished)


@pytest.mark.parametrize("cut", [0, -1])
def test_any_shortened_or_missing_file_is_found(finished: Path, tmp_path: Path, cut: int) -> None:
    for number, file in enumerate(committed(finished)):
        copy = tmp_path / str(number)
        shutil.copytree(finished, copy)
        target = copy / file.relative_to(finished)
        data = target.read_bytes()
        if cut:
            target.write_bytes(data[:cut])
            assert verify(copy).problems, file
            continue
        target.unlink()
        report = verify(copy)
        # The last hash and latest.json are what a run may die before writing; they can be made from the rest.
        derived = {"latest.json", "index.json", "state.json", "places.json"}
        is_tail = file.name in derived | {"00000005.json.sha256", "00000005.json"}
        assert report.problems or (is_tail and report.notes), file


def test_a_broken_chain_is_found_even_with_matching_hashes(finished: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(finished, tmp_path / "a"))
    file = root / "commits/00000002.json"
    file.write_bytes(file.read_bytes().replace(b'"run-2"', b'"run-x"'))
    sidecar = f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
    file.with_name("00000002.json.sha256").write_text(sidecar)
    assert "00000003.json: does not follow" in verify(root).problems[0]


def test_a_cut_tail_is_found_with_the_head_kept_elsewhere(finished: Path, tmp_path: Path) -> None:
    head = Archive(finished).head
    assert verify(finished, head).problems == []
    earlier = Archive(finished).commits()[2].sha256
    assert verify(finished, earlier).problems == []
    root = Path(shutil.copytree(finished, tmp_path / "a"))
    for name in ("00000005.json", "00000005.json.sha256"):
        (root / "commits" / name).unlink()
    for derived in DERIVED_FILES:
        (root / derived).unlink()
    rebuild(root)
    assert verify(root).problems == []
    assert "cut off" in verify(root, head).problems[0]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("event", "restored", "cannot follow"),
        ("version", 2, "cannot follow"),
        ("body", "另一", "content_sha256"),
        ("id", "gszx:5", "id is"),
        ("seq", 7, "seq is"),
        ("view", 0, "expected first"),
        ("attachments", None, "lacks attachments"),
        ("reading", True, "not int"),
    ],
)
def test_a_line_against_the_rules_is_found_though_every_hash_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: Any, told: str
) -> None:
    def bent(line: bytes, seq: int, commit: int, recorded_at: str) -> bytes:
        made = json.loads(original(line, seq, commit, recorded_at))
        if made["schema"] == "speech/1":
            made = {"view": 0} | made if key == "view" else made | {key: value}
        return packed_line(made)

    original = placed
    monkeypatch.setattr(staging, "placed", bent)
    run = opened(tmp_path / "a", 1)
    run.keep(speech("1", day(1)))
    with suppress(errors.ArchiveError, LookupError):  # deriving from such a line may fail too; the commit stands
        sealed(run, 1)
    problem = verify(tmp_path / "a").problems[0]
    assert "00000001.jsonl.gz, line 1: " in problem
    assert told in problem


# failures of the machine


@pytest.mark.parametrize(
    ("number", "said", "status"),
    [(errno.ENOSPC, "Free some space", 11), (errno.EMFILE, "`ulimit -n`", 11), (errno.EACCES, "permissions", 2)],
)
def test_a_refusal_names_what_refused(number: int, said: str, status: int, tmp_path: Path) -> None:
    error = errors.refusal(tmp_path, OSError(number, os.strerror(number)))
    assert (said in str(error), error.exit_status) == (True, status)


CRAWL_INTO_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from test_archive import opened, speech, day, sealed
from pipelines.archive.errors import LimitReached
run = opened(Path(sys.argv[1]), 2)
limit = int(sys.argv[2])
if limit > 3000: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for n in range(40):
        run.keep(speech(str(n), day(2), body=f"{n}" + "长" * 100))
        if n % 4 == 3: run.save()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sealed(run, 2)
except LimitReached as error:
    run.close()
    print(error)
    sys.exit(error.exit_status)
"""


@pytest.mark.parametrize("limit", [20_000, 4_000, 2_000, 500, 0])
def test_a_full_disk_commits_nothing_and_the_next_run_goes_on(tmp_path: Path, limit: int) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    full = python(CRAWL_INTO_A_FULL_DISK, root, limit)
    assert (full.returncode, "`ulimit -f`" in full.stdout) == (errors.LimitReached.exit_status, True), full.stderr
    assert len(Archive(root).commits()) == 1
    assert verify(root).problems == []
    staged = gzip.decompress((root / "staging/run-2/looks.jsonl.gz").read_bytes()).count(b"\n")
    crawl(root, 3, *(speech(str(n), day(3), body=f"{n}") for n in range(40)))
    salvaged = [commit.counts["observations"] for commit in Archive(root).commits() if commit.kind == "salvage"]
    assert salvaged == [staged] * (staged > 0)
    whole(root)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("archive.json", b'"format_version": 2', b'"format_version": 3'),
        ("archive.json", b'"speech-archive"', b'"speech-Archive"'),
        ("commits/00000005.json", b"speech-archive/2", b"speech-archive/3"),
    ],
)
def test_damage_that_looks_like_another_format_is_told_as_damage(
    finished: Path, tmp_path: Path, file: str, old: bytes, new: bytes
) -> None:
    root = Path(shutil.copytree(finished, tmp_path / "a"))
    assert old in (root / file).read_bytes()
    (root / file).write_bytes((root / file).read_bytes().replace(old, new))
    assert file in verify(root).problems[0]


def test_a_commit_stands_when_only_the_derived_files_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    run = opened(root, 2)
    run.keep(speech("2", day(2)))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.archive.write.rebuild.replace_next", full)
        with pytest.raises(errors.LatestStale, match=r"commit 2 stands.*rebuild"):
            sealed(run, 2)
    assert len(Archive(root).commits()) == 2
    assert sum("not of the last commit" in note for note in verify(root).notes) == 4
    rebuild(root)
    assert verify(root).problems == []
    crawl(root, 3)
    whole(root)
    assert list((root / "staging").iterdir()) == [root / "staging/run.lock"]


def test_knowing_many_speeches_stays_small(tmp_path: Path) -> None:
    root = tmp_path / "a"
    run = opened(root, 1)
    for n in range(3000):
        run.keep(speech(str(n), day(1), body="长" * 2000, title=f"在会议上的讲话（{n}）"))
    sealed(run, 1)
    measure = (
        "import sys, tracemalloc\n"
        "from pipelines.archive.read.reader import Archive\nfrom pipelines.archive.read.state import load\n"
        "archive = Archive(sys.argv[1]); tracemalloc.start(); held = load(archive.by_commit())\n"
        "print(tracemalloc.get_traced_memory()[0] // len(held))"
    )
    told = python(measure, root)
    assert int(told.stdout) < 2000, "200,000 speeches must fit into 400 MB"


# the commands


def test_show_status_and_verify(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(finished), "gszx:4864"]) == 0
    assert "大家好" in capsys.readouterr().out
    assert main(["show", str(finished), "4864", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "gszx:4864"
    assert main(["show", str(finished), "5"]) == 2
    assert "never captured" in capsys.readouterr().err
    assert main(["status", str(finished), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["speeches"] == {"present": 3, "gone": 0, "succeeded": 0}
    assert told["last_commit"]["head"] == Archive(finished).head
    assert main(["status", str(finished)]) == 0
    assert "3 present" in capsys.readouterr().out
    assert main(["verify", str(finished), "--head", "0" * 64]) == 5
    assert "cut off" in capsys.readouterr().err
    assert main(["status", str(finished.parent)]) == 0
    assert "1 site: 1 complete" in capsys.readouterr().out
    assert main(["status", str(finished / "runs")]) == 2
    assert "Give the folder" in capsys.readouterr().err


def test_show_tells_that_a_speech_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = opened(tmp_path / "a", 1, facts=replace(FACTS, name="某\x1b[2J"))
    run.keep(speech("1", day(1), body="\x1b[2J各位"))
    sealed(run, 1)
    assert main(["status", str(tmp_path / "a")]) == 0
    assert "某\\x1b[2J\n" in capsys.readouterr().out
    crawl(tmp_path / "a", 2, missed("1", day(2)), days=0)
    assert main(["show", str(tmp_path / "a"), "1"]) == 0
    told = capsys.readouterr()
    assert "deleted-notice" in told.err
    assert "\\x1b[2J各位" in told.out


def test_show_tells_the_problems_that_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = ("title-repeated", "cut", "damaged", "of-a-later-day")
    told = tuple(Problem(field="body", code=code, detail="here") for code in codes)
    crawl(tmp_path / "a", 1, speech("1", day(1), problems=told))
    for words, shown, hidden in (
        (None, codes[1:], "title-repeated (1)"),
        ("damage", ("damaged",), "cut (1), of-a-later-day (1), title-repeated (1)"),
        ("error", ("damaged", "of-a-later-day"), "cut (1), title-repeated (1)"),
        ("all", codes, None),
    ):
        assert main(["show", str(tmp_path / "a"), "1", *(["--problems", words] if words else [])]) == 0
        (row,) = re.findall("^problems  (.*)$", capsys.readouterr().out, re.MULTILINE)
        expected = [*(f"body: {code} (here)" for code in shown)]
        expected += [f"left out: {hidden}; --problems all has them"] if hidden else []
        assert row == "; ".join(expected), words
    assert main(["status", str(tmp_path), "--problems", "damage,doubt"]) == 0
    site, speeches, with_problems, words = capsys.readouterr().out.split("\n")[1].split(maxsplit=3)
    assert (site, speeches, with_problems) == ("gszx", "1", "1")
    hidden = "of-a-later-day (1), title-repeated (1)"
    assert words == f"body: cut (1), body: damaged (1); left out: {hidden}; --problems all has them"
    assert main(["report", str(tmp_path), "--month", "2026-01"]) == 0
    row = r"\| gszx \| 1 \| 1 \| body: cut \(1\), body: damaged \(1\), body: of-a-later-day \(1\) \|"
    assert re.search(f"## Texts to look at\n(.*\n)+{row}", capsys.readouterr().out)
    assert main(["status", str(tmp_path / "a"), "--problems", "error", "--json"]) == 0
    (counted,) = json.loads(capsys.readouterr().out)["sites"]
    assert [(one["code"], one["kind"], one["severity"], one["count"]) for one in counted["problems"]] == [
        ("damaged", "damage", "error", 1),
        ("of-a-later-day", None, None, 1),
    ]
    with pytest.raises(SystemExit):
        main(["show", str(tmp_path / "a"), "1", "--problems", "bad"])
    assert "the codes are: missing, unreadable" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error(finished: Path) -> None:
    show = shlex.join([sys.executable, "-m", "pipelines", "show", str(finished), "4864", "--json"])
    command = f"{show} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, "")


def test_reading_needs_no_third_party_package(finished: Path) -> None:
    command = f"from pipelines.archive import Archive; print(sum(1 for _ in Archive({str(finished)!r}).latest()))"
    bare = [sys.executable, "-S", "-c", command]  # -S: no site-packages
    read = subprocess.run(bare, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    assert read.stdout == "3\n"
    assert len(load(Archive(finished).by_commit())) == 3


def test_a_line_gets_its_place_whatever_it_says(tmp_path: Path) -> None:
    """Its place is put into bytes that are not parsed, in which the text may look like a place to be filled."""
    said = ',"seq":null,"commit":null,"recorded_at":null\\",\u2028"recorded_at":null'
    run = opened(tmp_path / "a", 1)
    run.keep(replace(speech("1", day(1)), title=said, body=said, section=said))
    sealed(run, 1)
    archive = Archive(tmp_path / "a")
    version, observation = archive.all_lines_of(archive.last)
    assert (version["title"], version["body"], version["section"]) == (said, said, said)
    assert [(one["seq"], one["commit"]) for one in (version, observation)] == [(1, 1), (2, 1)]
    assert version["recorded_at"] == archive.last.recorded_at
    assert verify(tmp_path / "a").problems == []
