"""The state file, and the listing of a list in which nothing changed: both say what the history says, at no cost."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.__main__ import main
from pipelines.archive.disk.files import json_document
from pipelines.archive.disk.layout import DERIVED_FILES
from pipelines.archive.errors import ArchiveError, TailLost
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.known import Known
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.rebuild import rebuild
from pipelines.canonical import sorted_sha256
from pipelines.record import Listed, Row
from tests.broken import reseal
from tests.exchanges import exchange
from tests.test_archive import crawl, day, listed, look, missed, opened, sealed, speech, story, tree, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DERIVED = tuple(sorted(DERIVED_FILES))


def row(native_id: str, at: str, title: str = "讲话") -> Listed:
    """A look at the list alone."""
    return Listed(site="gszx", native_id=native_id, look=look(at, title=title, looked=("list",)))


def quiet(root: Path, number: int, *things: Any, complete: bool = True) -> None:
    """A run over a list, captured; rows are seen without view counts."""
    run = opened(root, number)
    for thing in things:
        if isinstance(thing, Listed):
            body = b"<p>list</p>"
            kept = run.captures.add(exchange(thing.look.captures[0].url, body))
            assert kept is not None
            page = replace(
                thing.look.captures[0], role="list", payload_sha256=hashlib.sha256(body).hexdigest(), **kept._asdict()
            )
            run.see(replace(thing, look=replace(thing.look, captures=(page,))), None)
        else:
            run.keep(thing)
    with run:
        run.seal({"listing_complete": complete}, f"2026-01-{number:02d}T03:00:00Z", {})


def life(root: Path) -> Iterator[int]:
    """Runs and an act after which an archive is to be looked at: changes, absences, quiet nights, a salvage."""
    story(root)
    yield 5
    crawl(root, 22, *(speech(n, day(22), body="改了又改") for n in ("4864", "9")), speech("11", day(22)))
    yield 6
    crawl(root, 23, *(row(n, day(23)) for n in ("4864", "9", "11", "101-7")))
    yield 7
    redact(root, Order(native_id="9", reason="by order"), When(recorded_at=day(24), software={}))
    yield 8
    died = opened(root, 25)
    died.see(row("11", day(25)), None)
    died.save()
    died.close()
    crawl(root, 26, missed("11", day(26)), row("4864", day(26)))
    yield 10


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lived") / "a"
    for _ in life(root):
        pass
    return root


def same(one: Known, other: Known) -> bool:
    told = [(known.states, list(known.payloads.items()), known.totals) for known in (one, other)]
    return told[0] == told[1]


def test_what_a_run_leaves_is_what_the_history_gives(tmp_path: Path) -> None:
    root = tmp_path / "a"
    for n in life(root):
        archive = Archive(root)
        assert (archive.last.n, archive.has_state) == (n, True)
        assert same(archive.known(), Known.of(archive.by_commit()))
        left = {name: (root / name).read_bytes() for name in DERIVED}
        again = tmp_path / f"again-{n}"
        shutil.copytree(root, again)
        rebuild(again)
        assert {name: (again / name).read_bytes() for name in DERIVED} == left
        assert verify(root).problems == []


def test_lines_out_of_order_leave_the_same_derived_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("4864", day(1)))
    with (
        monkeypatch.context() as patched
    ):  # software that orders ids otherwise: derived files are made from all commits
        patched.setattr("pipelines.archive.write.staging.natural_key", lambda native_id: native_id[::-1])
        crawl(root, 2, *(speech(n, day(2), body=f"第{n}篇") for n in ("10", "9", "4864", "21")))
    left = {name: (root / name).read_bytes() for name in DERIVED}
    assert [one["native_id"] for one in Archive(root).latest()] == ["9", "10", "21", "4864"]
    rebuild(root)
    assert {name: (root / name).read_bytes() for name in DERIVED} == left


def test_nothing_reads_older_commits_when_nothing_is_new(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(lived, tmp_path / "a")

    def chain(_layout: object) -> None:
        raise AssertionError("the chain was read")

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.archive.read.reader.read_commits", chain)
        for number in (27, 28):
            crawl(root, number, *(row(n, day(number)) for n in ("4864", "101-7")))
        assert main(["status", str(root)]) == 0
        assert "commit    12 of 2026-01-28" in capsys.readouterr().out
        for place in (f"seq:{Archive(root).last_seq}", "commit:12", "2026-02-01"):
            assert main(["changes", str(root), "--since", place]) == 0
        assert capsys.readouterr().out == ""
        with pytest.raises(AssertionError, match="the chain was read"):
            main(["log", str(root), "4864"])
    assert verify(root).problems == []


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        file = root / name
        assert old in file.read_bytes()
        file.write_bytes(file.read_bytes().replace(old, new, 1))

    return change


def forged(**said: Any) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        file = root / "state.json"
        value = {**json.loads(file.read_bytes()), **said}
        del value["document_sha256"]
        file.write_text(json.dumps(value | {"document_sha256": sorted_sha256(value)}))

    return change


NOT_TO_BE_USED: dict[str, tuple[Callable[[Path], object], bool]] = {
    "absent": (lambda root: (root / "state.json").unlink(), False),
    "without its lines": (lambda root: (root / "state.jsonl").unlink(), True),
    "cut": (lambda root: (root / "state.jsonl").write_bytes((root / "state.jsonl").read_bytes()[:-9]), True),
    "with a flipped byte": (replaced("state.jsonl", b'"version":2', b'"version":3'), True),
    "with another text": (replaced("state.jsonl", b'"derived_sha256":"', b'"derived_sha256":"0'), True),
    "of other rules": (forged(fold="2"), False),
    "with a flipped number": (replaced("state.json", b'"gone": ', b'"gone": 1'), True),
    "with another head": (replaced("state.json", b'"head": "', b'"head": "0'), True),
    "with an older number": (replaced("state.json", b'"commit": 1', b'"commit": '), True),
    "with words for numbers": (forged(speeches="four"), True),
    "no document": (lambda root: (root / "state.json").write_bytes(b"[]"), True),
}


@pytest.mark.parametrize("harm", NOT_TO_BE_USED)
def test_a_state_that_is_not_the_archives_is_not_used(lived: Path, tmp_path: Path, harm: str) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    do, is_damage = NOT_TO_BE_USED[harm]
    do(root)
    assert same(Archive(root).known(), Archive(lived).known())
    report = verify(root)
    assert bool(report.problems) is is_damage, report.problems
    assert all("state.json" in told for told in (*report.problems, *report.notes) if "by order" not in told)
    crawl(root, 27, row("4864", day(27)))
    assert verify(root).problems == []
    assert Archive(root).has_state


@pytest.mark.parametrize("said", [{"head": "0" * 64}, {"commit": 11}], ids=str)
def test_a_state_of_another_chain_is_not_used_and_stops_a_run(lived: Path, tmp_path: Path, said: Any) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    forged(**said)(root)
    assert same(Archive(root).known(), Archive(lived).known())
    assert any("state.json" in problem for problem in verify(root).problems)
    with pytest.raises(TailLost):
        opened(root, 27)


def test_a_folder_in_the_place_of_a_derived_file_is_named(lived: Path, tmp_path: Path) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    for name in ("latest.jsonl", "state.json"):
        (root / name).unlink()
        (root / name).mkdir()
        with pytest.raises(ArchiveError, match=rf"{name}: is a directory, a file belongs there. Move it away"):
            rebuild(root)
        (root / name).rmdir()
        rebuild(root)
    assert verify(root).problems == []


def test_a_forged_state_is_found(lived: Path, tmp_path: Path) -> None:
    root = shutil.copytree(lived, tmp_path / "a")
    replaced("state.jsonl", b'"last_seen":"2026', b'"last_seen":"2025')(root)
    lines = (root / "state.jsonl").read_bytes()
    forged(sha256=hashlib.sha256(lines).hexdigest())(root)
    assert any("state.jsonl, line" in problem for problem in verify(root).problems)


def test_derived_files_of_a_fork_with_as_many_commits_count_for_nothing(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They have a head; older software wrote none, and its files are believed, and valid, as they were."""
    ours, fork = (shutil.copytree(lived, tmp_path / name / "gszx") for name in ("ours", "fork"))
    crawl(ours, 27, speech("4864", day(27), body="我们的"), speech("77", day(27)))
    crawl(fork, 27, speech("4864", day(27), body="分叉的"))
    laid = ("latest.jsonl", "latest.json", "index.jsonl", "index.json")

    def told() -> list[str]:
        for command in (["export"], ["status"], ["changes", "--seen"], ["search", "的", "--json"]):
            name, *options = command
            assert main([name, str(ours.parent if name == "search" else ours), *options]) == 0
        forged(fold="4")(ours)
        assert main(["status", str(ours)]) == 0
        return capsys.readouterr().out.split("\n")

    state = (ours / "state.json").read_bytes()
    expected = told()
    for name in laid:
        shutil.copy(fork / name, ours / name)
    (ours / "state.json").write_bytes(state)
    assert told() == expected
    (ours / "state.json").write_bytes(state)
    assert "index.json: is of another commit 11" in verify(ours).problems[0]
    with pytest.raises(TailLost, match="is of another commit"):
        opened(ours, 28)
    for name in laid:
        (ours / name).unlink()
    rebuild(ours)
    assert verify(ours).problems == []
    for name in ("latest.json", "index.json"):
        value = json.loads((ours / name).read_bytes())
        assert value.pop("head") == Archive(ours).head
        (ours / name).write_bytes(json_document(value))
    assert verify(ours).problems == []
    forged(fold="4")(ours)
    monkeypatch.setattr("pipelines.archive.read.known.Known.of", lambda *_, **__: pytest.fail("the lines were read"))
    assert told() == expected


# a list in which nothing changed


def commit_of(root: Path) -> Any:
    return json.loads(Archive(root).layout.commit(Archive(root).last.n).read_bytes())


def test_an_unchanged_list_is_one_observation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, each = tmp_path / "one", tmp_path / "each"
    for root in (one, each):
        crawl(root, 1, *(speech(str(n), day(1)) for n in range(5)))
        crawl(root, 2, speech("0", day(2)), missed("1", day(2)))
        quiet(root, 3, *(row(str(n), day(3)) for n in (2, 3, 4)), speech("0", day(3)), speech("1", day(3)))
        quiet(root, 4, *(row(str(n), day(4)) for n in range(5)), complete=root is one)
    told = commit_of(one)
    assert (told["listing"]["speeches"], told["listing"]["observed_at"]) == (5, day(4))
    assert [capture["role"] for capture in told["listing"]["captures"]] == ["list"]
    assert (told["seq"]["first"], told["counts"]["observations"]) == (None, 0)
    assert "listing" not in commit_of(each)
    assert commit_of(each)["counts"]["observations"] == 5
    latest = [[{**line, "last_seq": 0} for line in Archive(root).latest()] for root in (one, each)]
    index = [[{**line, "last_seq": 0} for line in Archive(root).index()] for root in (one, each)]
    assert latest[0] == latest[1]
    assert index[0] == index[1]
    assert {line["last_seen"] for line in index[0]} == {day(4)}
    for root in (one, each):
        whole(root)
        assert main(["log", str(root), "2"]) == 0
    logs = capsys.readouterr().out.split("在政协")
    assert logs[1] == logs[2]
    assert "observed  3 (present 3); at list 3, article 1" in logs[1]


@pytest.mark.parametrize(
    ("last", "lines"),
    [(None, 2), (row("2", day(2), "另一题"), 1), (listed("2", day(2)), 1)],
    ids=["a row is away", "a row changed", "a view count was read"],
)
def test_a_listing_is_of_rows_that_are_as_they_were(tmp_path: Path, last: Listed | None, lines: int) -> None:
    """A row with news has a line of its own; one that nobody saw gives each of the others a line as well."""
    root = tmp_path / "a"
    crawl(root, 1, *(speech(str(n), day(1)) for n in range(3)))
    run = opened(root, 2)
    for thing in filter(None, (row("0", day(2)), row("1", day(2)), last)):
        run.see(thing, 34 if "counter" in thing.look.looked else None)
    sealed(run, 2)
    assert sum(line["commit"] == 2 for line in Archive(root).observations()) == lines
    assert ("listing" in commit_of(root)) is (last is not None)
    whole(root)


def test_a_false_listing_is_found(tmp_path: Path) -> None:
    made = tmp_path / "made"
    crawl(made, 1, *(speech(str(n), day(1)) for n in range(3)))
    quiet(made, 2, *(row(str(n), day(2)) for n in range(3)))
    whole(made)
    told = commit_of(made)["listing"]
    lies = {
        "rows": told | {"rows_sha256": "0" * 64},
        "count": told | {"speeches": 2},
        "place": told | {"captures": [told["captures"][0] | {"offset": 1}]},
        "shape": told | {"captures": [told["captures"][0] | {"part": "one"}]},
        "type": told | {"speeches": "3"},
    }
    for name, lie in lies.items():
        root = shutil.copytree(made, tmp_path / name)
        reseal(root, 2, partial(dict.update, listing=lie))
        assert any("listing" in problem for problem in verify(root).problems), name
    before = tree(made)
    redact(made, Order(native_id="1", reason="by order"), When(recorded_at=day(3), software={}))
    assert verify(made).problems == [], "the words of a row may be removed, its place among the rows remains"
    assert before["commits/00000002.json"] == tree(made)["commits/00000002.json"]
    assert Archive(made).known().states["1"].listed == Row(title="[redacted]", date="2023-12-28")
