"""A chain that lost its end, or is another's: told before anything is written, and the way out works."""

from __future__ import annotations

import itertools
import json
import shlex
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.__main__ import main
from pipelines.archive import errors
from pipelines.archive.disk.heads_file import HeadsFile, Noted
from pipelines.archive.disk.layout import DERIVED_FILES
from pipelines.archive.prove.verify import verify, verify_quick
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.admission import Cautions
from pipelines.archive.write.kinds.clock_repair import repair_clock
from pipelines.archive.write.kinds.reconciliation import accept_ours
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.rebuild import rebuild
from pipelines.archive.write.writer import ArchiveRun
from tests.broken import commit_file
from tests.conftest import Site, run_code
from tests.exchanges import exchange
from tests.faults import KILLED, strike
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import FACTS, crawl, day, listed, opened, sealed, speech, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from pipelines.archive.write.writer import Sealed


def cut(root: Path, n: int) -> None:
    """Remove the last commit, as somebody who knows the format would: with every file it names."""
    for named in Archive(root).commits()[n - 1].files:
        (root / named.path).unlink()
    commit_file(root, n).unlink()
    commit_file(root, n).with_name(f"{n:08d}.json.sha256").unlink()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """One archive as it was after its third and its fourth run, with a file of the heads of both beside it."""
    root = tmp_path_factory.mktemp("made") / "gszx"
    crawl(root, 1, speech("1", day(1)), speech("2", day(1)))
    crawl(root, 2, listed("1", day(2)))
    note(root, crawl(root, 3, speech("1", day(3), body="改了"))[1])
    third = Path(shutil.copytree(root, root.parent / "third"))
    note(root, crawl(root, 4, speech("2", day(4), body="也改了"), speech("3", day(4)))[1])
    return {3: third, 4: root}


def note(root: Path, sealed: Sealed) -> None:
    at = Archive(root).commits()[-1].recorded_at
    HeadsFile(root.parent / "heads").note(Noted(at=at, site="gszx", commit=sealed.commit, head=sealed.head))


def files(root: Path) -> dict[str, bytes]:
    """All but the lock, which names its last holder."""
    return {name: data for name, data in tree(root).items() if name != "staging/run.lock"}


def at(number: int) -> When:
    return When(recorded_at=day(number), software={})


def acted(root: Path, number: int) -> None:
    redact(root, Order(native_id="1", reason="x"), at(number))


def test_no_writer_goes_on_where_derived_files_tell_of_a_later_commit(
    made: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(shutil.copytree(made[4], tmp_path / "a"))
    cut(root, 4)
    for derived in sorted(name for name in DERIVED_FILES if name.endswith(".json")):
        before = files(root)
        for write in (lambda: crawl(root, 5, listed("1", day(5))), lambda: rebuild(root), lambda: acted(root, 5)):
            with pytest.raises(errors.TailLost, match=rf"{derived}: is of commit 4, the chain ends at commit 3"):
                write()
            assert files(root) == before
        for prove in (verify, verify_quick):
            assert [f"{root}/{derived}" in problem for problem in prove(root).problems] == [True]
        assert main(["status", str(root)]) == 0
        assert f"PROBLEM: {root}/{derived}: is of commit 4" in capsys.readouterr().err
        (root / derived).unlink()
    crawl(root, 5, listed("1", day(5)))
    assert verify(root).problems == []
    shutil.rmtree(root / "commits")
    with pytest.raises(errors.TailLost, match="no commit is here: restore the archive from a copy"):
        crawl(root, 6, listed("1", day(6)))


def with_heads(root: Path, number: int, heads: Path, *things: Any) -> Sealed:
    run = ArchiveRun.open(root, FACTS, f"run-{number}", day(number), 14, Cautions(heads=HeadsFile(heads)))
    for thing in things:
        run.keep(thing)
    return sealed(run, number)


def test_a_chain_without_the_last_noted_head_is_written_no_further(made: dict[int, Path], tmp_path: Path) -> None:
    heads = made[4].parent / "heads"
    restored, lost = Path(shutil.copytree(made[3], tmp_path / "gszx")), tmp_path / "nothing"
    with pytest.raises(
        errors.TailLost,
        match=r"ends at commit 3 .*: it is an older copy or another",
    ):
        with_heads(restored, 5, heads)
    with pytest.raises(errors.TailLost, match=r"no archive here, but .*: commit 4 was noted at"):
        with_heads(lost, 5, heads)
    assert not lost.exists()
    # Written on without the file of heads: the other copy has another commit 4, made later or at the same time.
    for number, said in (
        (6, "an older copy was restored and written on"),
        (4, "two machines wrote at the same time"),
    ):
        fork = Path(shutil.copytree(restored, tmp_path / f"fork{number}"))
        crawl(fork, number, listed("1", day(number)))
        with pytest.raises(errors.TailLost, match=rf"has another commit 4 \(run run-{number}, .*: {said}"):
            with_heads(fork, number + 1, heads)
        (problem,) = verify(fork, heads=HeadsFile(heads)).problems
        assert said in problem
    whole = Path(shutil.copytree(made[4], tmp_path / "whole"))
    with_heads(whole, 5, heads, speech("1", day(5), body="又改了"))
    acted(whole, 6)  # the head of which nobody noted
    with_heads(whole, 7, heads, speech("2", day(7), body="又改了"))
    assert verify(whole, heads=HeadsFile(heads)).problems == []


def test_a_decision_is_noted_too_and_not_lost_with_an_older_copy(
    made: dict[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heads = Path(shutil.copy(made[4].parent / "heads", tmp_path / "heads"))
    monkeypatch.setenv("HEADS_FILE", str(heads))
    root, older = (Path(shutil.copytree(made[4], tmp_path / name)) for name in ("gszx", "older"))
    redacting = ("redact", str(root), "1", "--reason", "x")
    told(capsys, *redacting)
    assert HeadsFile(heads).of("gszx")[-1].head == Archive(root).head
    with pytest.raises(errors.TailLost, match="ends at commit 4"):
        with_heads(older, 5, heads)
    assert main(["redact", str(older), "2", "--reason", "x"]) == 5
    capsys.readouterr()
    told(capsys, "reconcile", older, "--accept", "ours", "--reason", "x", "--heads", heads)
    assert HeadsFile(heads).of("gszx")[-1].head == Archive(older).head
    heads.unlink()
    heads.mkdir()
    assert main(["redact", str(older), "2", "--reason", "x"]) == 2
    assert len(Archive(older).commits()) == 5


def test_heads_of_many_archives_are_checked_at_once(
    made: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heads = Path(shutil.copy(made[4].parent / "heads", tmp_path / "heads"))
    shutil.copytree(made[4], tmp_path / "all/gszx")
    assert main(["verify", str(tmp_path / "all"), "--heads", str(heads), "--quick"]) == 0
    assert capsys.readouterr().out.startswith("gszx: whole: 4 commits")
    with heads.open("a") as stream:
        stream.write(f"2026-01-04T03:00:00Z other 7 {'0' * 64}\n2026-01-05T03:0")
    HeadsFile(heads).note(Noted(at=day(6), site="gszx", commit=5, head="1" * 64))
    assert main(["verify", str(tmp_path / "all"), "--heads", str(heads), "--quick", "--json"]) == 5
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert "no archive here, but" in told["other"]["problems"][0]
    assert "the chain ends at commit 4" in told["gszx"]["problems"][0]
    assert f"note: {heads}, line 4: notes no head\n" in captured.err


@pytest.fixture
def section() -> Iterator[tuple[str, list[Path]]]:
    """A section of one speech; files in the list are moved away when it is asked for."""
    article = article_page(1, body=f"<p>{'各位委员：' * 30}</p>")
    pages = {"/Item/list.asp?id=5": list_page([(1, "在会上的讲话", "2020-01-01")]), "/Item/Show.asp?m=1&d=1": article}
    doomed: list[Path] = []

    def answer(path: str, _: Message) -> Answer:
        if "GetHits" in path:
            return Answer("document.write('5');")
        for file in doomed:
            file.rename(file.with_name("moved"))
            file.mkdir()
        doomed.clear()
        return Answer(pages.get(path, ""), 200 if path in pages else 404)

    with serve(answer) as url:
        yield f"{url}Item/list.asp?id=5", doomed


def test_each_crawl_notes_its_head_and_heeds_the_last_one(
    site: Site, section: tuple[str, list[Path]], tmp_path: Path
) -> None:
    url, doomed = section
    (tmp_path / "profile.toml").write_text(PROFILE, "utf-8")
    heads, profile = tmp_path / "heads", ("-a", f"profile={tmp_path / 'profile.toml'}")
    for place in (tmp_path, tmp_path / "no/heads", site.folder / "heads"):
        assert site.crawl(url, *profile, "-s", f"HEADS_FILE={place}").status == 2
    noting = (*profile, "-s", f"HEADS_FILE={heads}")
    first = site.crawl(url, *noting)
    assert (first.status, f"heads     {heads}\n" in first.out) == (0, True), first.err
    copy = shutil.copytree(site.folder, tmp_path / "copy")
    assert site.crawl(url, *noting).status == 0
    noted = HeadsFile(heads).of("gszx")
    assert [(one.commit, one.head) for one in noted] == [(c.n, c.sha256) for c in Archive(site.folder).commits()]
    shutil.rmtree(site.folder)
    shutil.copytree(copy, site.folder)
    refused = site.crawl(url, *noting)
    assert (refused.status, "an older copy or another machine's" in refused.err) == (
        5,
        True,
    )
    assert len(Archive(site.folder).commits()) == 1
    # Another file of heads knows nothing of this archive yet; one that is lost meanwhile is told.
    other = tmp_path / "other"
    noting = (*profile, "-s", f"HEADS_FILE={other}")
    assert f"{other} had no head of gszx before this run's" in site.crawl(url, *noting).out
    doomed.append(other)
    ended = site.crawl(url, *noting)
    assert (ended.status, "but the head could not be noted: " in ended.out) == (11, True), ended
    assert len(Archive(site.folder).commits()) == 3


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a verb that ends with 0 prints."""
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


def test_a_lost_tail_is_recorded_and_then_nothing_stands_in_the_way(
    made: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By derived files alone; by noted heads, which an older copy knows nothing of."""
    heads = Path(shutil.copy(made[4].parent / "heads", tmp_path / "heads"))
    by_derived = Path(shutil.copytree(made[4], tmp_path / "cut"))
    cut(by_derived, 4)
    by_heads = Path(shutil.copytree(made[3], tmp_path / "gszx"))
    lost = HeadsFile(heads).last("gszx")
    assert lost is not None
    for root, more in ((by_derived, ()), (by_heads, ("--heads", heads))):
        before = files(root)
        assert "commit 4 " in told(capsys, "reconcile", root, *more)
        assert main(["reconcile", str(root), *map(str, more), "--accept", "ours"]) == 2
        assert files(root) == before
    told(capsys, "reconcile", by_derived, "--accept", "ours", "--reason", "the disk was replaced")
    accept_ours(by_heads, at(20), reason="the disk was replaced", heads=HeadsFile(heads))
    for root, more in ((by_derived, ()), (by_heads, ("--heads", heads))):
        note = "commit 4: commits that are not in this chain were given up: 4 (the disk was replaced)"
        assert (verify(root).problems, verify(root).notes) == ([], [note])
        assert "no commit is known" in told(capsys, "reconcile", root, *more)
    assert [one.commit for one in HeadsFile(heads).of("gszx")] == [3, 4, 4]
    with_heads(by_heads, 21, heads, speech("1", day(21), body="后来"))
    assert verify(by_heads, heads=HeadsFile(heads)).problems == []
    assert told(capsys, "status", by_heads).startswith("site      gszx")


def test_a_tail_cut_back_to_where_a_loss_was_recorded_is_told(made: dict[int, Path], tmp_path: Path) -> None:
    root = Path(shutil.copytree(made[4], tmp_path / "gszx"))
    cut(root, 4)
    accept_ours(root, at(20), reason="the disk was replaced")
    for number in (21, 22):
        crawl(root, number, listed("1", day(number)))
    for number in (6, 5):
        cut(root, number)
    with pytest.raises(errors.ArchiveError, match="commits 5–6 were cut off"):
        crawl(root, 23, listed("1", day(23)))
    assert "commits 5–6 were cut off" in str(verify(root).problems)


def test_two_copies_that_parted_are_shown_and_one_goes_on(
    made: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = (Path(shutil.copytree(made[3], tmp_path / name)) for name in ("our copy", "theirs"))
    heads = tmp_path / "heads"
    with_heads(ours, 4, heads, speech("2", day(4), body="也改了"))
    HeadsFile(heads).note(Noted(at=day(4), site="gszx", commit=4, head=Archive(ours).head))
    crawl(theirs, 5, speech("3", day(5)), listed("1", day(5)))
    acted(theirs, 6)
    before = files(ours), files(theirs)
    shown = told(capsys, "reconcile", ours, "--with", theirs)
    parting = json.loads(told(capsys, "reconcile", ours, "--with", theirs, "--json"))
    assert (parting["common"], parting["ours"]["speeches"]) == (3, {"gszx:2": {"changed": 1}})
    assert [commit["kind"] for commit in parting["theirs"]["commits"]] == ["crawl", "redaction"]
    assert shown.startswith("identical up to commit 3\n")
    assert "commit 5 redacts gszx:1 (x): to be made again if given up" in shown
    way = told(capsys, "reconcile", ours, "--with", theirs, "--accept", "theirs", "--reason", "x")
    assert before == (files(ours), files(theirs))
    # The commands that it prints, but for the last, whose moment would be now.
    for command in way.split("\n")[1:3]:
        subprocess.run(shlex.split(command), check=True)
    with pytest.raises(errors.TailLost, match="has another commit 4"):
        with_heads(ours, 7, heads)
    accept_ours(ours, at(7), reason="x", other=Archive(f"{ours}.given-up"))
    with_heads(ours, 8, heads, speech("1", day(8), body="后来"))
    assert verify(ours, heads=HeadsFile(heads)).problems == []
    assert main(["reconcile", str(ours), "--with", str(ours), "--accept", "ours", "--reason", "x"]) == 2


def test_what_a_killed_run_left_is_told_before_anything_is_committed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "gszx"
    run = opened(root, 1)
    run.keep(speech("1", day(1)))
    run.captures.add(exchange("http://gszx.example/a", b"<p>"))
    run.save()
    assert ": 1 observation and 0 bytes" not in (under_way := told(capsys, "status", root))
    assert "staging   run-1, begun 2026-01-01T02:00:00Z: 1 observation and " in under_way
    assert under_way.endswith("captures saved; under way\n")
    run.close()
    assert "it died; the next crawl of the site commits that" in told(capsys, "status", root)
    value = json.loads(told(capsys, "status", root, "--json"))
    assert (value["site"], value["last_commit"], value["staging"][0]["is_under_way"]) == ("gszx", None, False)
    crawl(root, 2, listed("1", day(2)))
    assert Archive(root).commits()[0].kind == "salvage"
    assert "staging" not in told(capsys, "status", root)


def test_damage_is_told_before_a_run_commits_on_top(made: dict[int, Path], tmp_path: Path) -> None:
    """In archive.json, in the newest files, and in those of an older commit on the day that is its turn."""
    source = Path(shutil.copytree(made[3], tmp_path / "source"))
    run = opened(source, 4)
    captured = run.captures.add(exchange("http://gszx.example/a", b"<p>"))
    run.keep(speech("2", day(4), body="也改了"))
    sealed(run, 4)
    assert captured is not None
    turned = next(n for n in range(5, 9) if datetime.fromisoformat(day(n)).toordinal() % 4 == 1)
    for path, number in (
        ("archive.json", 5),
        ("runs/run-4.json", 5),
        (captured.file, 5),
        ("versions/2026/00000004.jsonl.gz", 5),
        ("commits/00000003.json", 5),
        ("commits/00000002.json", turned),
        ("runs/run-2.json", turned),
    ):
        root = Path(shutil.copytree(source, tmp_path / path.replace("/", "-")))
        data = bytearray((root / path).read_bytes())
        data[data.find(b"run-") if path.startswith("commits") else len(data) // 2] ^= 1
        (root / path).write_bytes(data)
        before = files(root)
        with pytest.raises(errors.Damaged, match=rf"{path}: .*(altered|unreadable).*copy"):
            crawl(root, number, listed("1", day(number)))
        assert files(root) == before
    run = ArchiveRun.open(root, FACTS, "run-9", day(turned), 14, Cautions(accept=frozenset({"damage"})))
    run.see(listed("1", day(turned)), None)
    with run:
        run.seal({}, day(turned), {})
    assert Archive(root).commits()[-1].decision == {"accept": "damage", "damaged": ["runs/run-2.json"]}


def test_a_missing_derived_file_is_made_anew_as_the_message_says(
    made: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(shutil.copytree(made[4], tmp_path / "a"))
    for file in root.glob("latest*"):
        file.unlink()
    with pytest.raises(errors.Damaged) as said:
        list(Archive(root).latest())
    assert f"`python -m pipelines rebuild {root}` makes it anew" in str(said.value)
    assert "copy" not in str(said.value)
    shown = told(capsys, "show", root, "1")  # needs none of them
    assert main(["rebuild", str(root)]) == 0
    assert told(capsys, "show", root, "1") == shown
    assert list(Archive(root).latest())


def die_while_deciding(source: Path, folder: Path, kind: str, stride: int) -> int:
    """Let a decision die at every `stride`-th of its steps; how many it took to live."""
    for step in itertools.count(0, stride):
        root = Path(shutil.copytree(source, folder / str(step)))

        def decide(_: int) -> None:
            if kind == "clock":
                repair_clock(root, at(5), reason="x")  # noqa: B023
            else:
                accept_ours(root, at(5), reason="x")  # noqa: B023

        died = strike(decide, 0, step, "kill") == KILLED
        is_made = Archive(root).commits()[-1].kind == kind
        assert [lost for lost in verify(root).problems if is_made or "cut off" not in lost] == [], step
        if not is_made:
            decide(0)
        crawl(root, 6, listed("1", day(6)))
        kinds = [commit.kind for commit in Archive(root).commits()]
        assert (verify(root).problems, kinds.count(kind), kinds[-1]) == ([], 1, "crawl"), step
        assert [f.name for f in (root / "staging").iterdir()] == ["run.lock"], step
        if not died:
            return step
    raise AssertionError


@pytest.mark.parametrize("stride", [14, pytest.param(1, marks=pytest.mark.soak)])
def test_a_decision_that_dies_anywhere_can_be_made_again(made: dict[int, Path], tmp_path: Path, stride: int) -> None:
    lost = Path(shutil.copytree(made[4], tmp_path / "lost"))
    cut(lost, 4)
    ahead = Path(shutil.copytree(made[3], tmp_path / "ahead"))
    later = "2036-01-04T02:00:00Z"
    for run in ("ahead", "died"):
        with ArchiveRun.open(ahead, FACTS, run, later, 14) as held:
            held.keep(speech("4", later, body=run))
            held.save()
            if run == "ahead":
                held.seal({}, later, {})
    for kind, source in (("reconciliation", lost), ("clock", ahead)):
        died = f"die_while_deciding(*map(Path, sys.argv[1:]), {kind!r}, {stride})"
        code = f"from tests.test_tails import *; print({died})"
        ended = run_code(code, source, tmp_path / f"dying-{kind}")
        assert ended.err == ""
        assert int(ended.out) > 20
