"""Reading history: what stood when, what changed since, and the verbs that tell it, on archives made by real runs."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.archive import Archive, errors
from pipelines.archive.disk.streams import heading
from pipelines.archive.prove.verify import verify
from pipelines.archive.write.rebuild import rebuild
from pipelines.reasons import Reason
from pipelines.record import Row
from tests.test_archive import SOFTWARE, crawl, day, listed, look, missed, opened, sealed, speech, whole

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = "各位委员：\n我代表主席会议报告工作，请予审议。\n2022年办理提案128件，办复率100%。\n谢谢大家！"
SECOND = "各位委员：\n我代表主席会议报告工作，请予审议。\n2022年办理提案182件，办复率100%。\n谢谢大家!"


def replayed(root: Path, number: int, read: Any) -> None:
    run = opened(root, number)
    run.reread(read)
    with run:
        run.seal({}, f"2026-01-{number:02d}T03:00:00Z", SOFTWARE, kind="replay")


def lived(root: Path) -> Path:
    """A speech edited, read anew, retitled, gone and back with another text; two beside it that stay or go."""
    beside = speech("9", day(1)), speech("101-7", day(1))
    crawl(root, 1, speech("4864", day(1), body=FIRST), *beside)
    crawl(root, 2, speech("4864", day(2), body=SECOND), listed("9", day(2)), missed("101-7", day(2)))
    replayed(root, 3, speech("4864", day(2), body=SECOND, parser="kesion/2", genre="报告"))
    crawl(root, 4, replace(speech("4864", day(4), body=SECOND, parser="kesion/2"), title="工作报告", genre="报告"))
    crawl(root, 5, missed("4864", day(5)), missed("9", day(5), Reason.NETWORK), days=0)
    crawl(root, 20, speech("4864", day(20), body=FIRST, parser="kesion/2"), missed("101-7", day(20)))
    return root


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    root = lived(tmp_path_factory.mktemp("history") / "gszx")
    whole(root)
    return Archive(root)


# as of a moment


def stood(archive: Archive, at: str, known_at: str | None = None) -> dict[str, tuple[int, int]]:
    return {line["native_id"]: (line["version"], line["reading"]) for line in archive.as_of(at, known_at)}


@pytest.mark.parametrize(
    ("at", "known_at", "version"),
    [
        ("2026-01-01T01:59:59Z", None, None),
        ("2026-01-01T02:00:00Z", None, (1, 1)),
        ("2026-01-01T10:00:00+08:00", None, (1, 1)),
        ("2026-01-01", "2026-01-01T02:59:59Z", None),
        ("2026-01-01", "2026-01-01T03:00:00Z", (1, 1)),
        ("2026-01-02T01:59:59Z", None, (1, 1)),
        ("2026-01-02T02:00:00Z", None, (2, 2)),
        ("2026-01-02", "2026-01-03T02:59:59Z", (2, 1)),
        ("2026-01-02", "2026-01-01", (1, 1)),
        ("2026-01-04", None, (3, 1)),
        ("2026-01-05T01:59:59Z", None, (3, 1)),
        ("2026-01-05T02:00:00Z", None, None),
        ("2026-01-05", "2026-01-04", (3, 1)),
        ("2026-01-19", None, None),
        ("2026-01-20", None, (4, 1)),
        ("2026-01-20", "2026-01-19", None),
        ("9999-12-31", None, (4, 1)),
    ],
)
def test_what_stood_at_a_moment_as_known_at_another(
    archive: Archive, at: str, known_at: str | None, version: tuple[int, int] | None
) -> None:
    assert stood(archive, at, known_at).get("4864") == version


def test_now_is_what_latest_holds(archive: Archive) -> None:
    latest = {line["id"]: line for line in archive.latest()}
    told = {line["id"]: line for line in archive.as_of("2027-01-01")}
    assert {id_: line | {"schema": "as-of/1"} for id_, line in latest.items()} == {
        id_: {key: line[key] for key in latest[id_]} for id_, line in told.items()
    }
    assert stood(archive, "2026-01-19").keys() == {"9", "101-7"}
    assert stood(archive, "2026-01-20").keys() == {"9", "4864"}


def test_a_text_tells_between_which_looks_it_was_really_seen(archive: Archive) -> None:
    def verified(native_id: str, at: str, known_at: str | None = None) -> tuple[str | None, str | None]:
        (line,) = (line for line in archive.as_of(at, known_at) if line["native_id"] == native_id)
        assert list(line)[-2:] == ["verified_before", "verified_after"]
        return line["verified_before"], line["verified_after"]

    assert verified("4864", "2026-01-01") == (day(1), None)
    assert verified("9", "2026-01-04") == (day(1), None), "seen on a list only, or not answered, is not verified"
    assert verified("4864", "2026-01-04") == (day(4), None), "it came back as another"
    assert verified("4864", "2026-01-04", "2026-01-19") == (day(4), None)


def counted(looks: list[dict[str, Any]], created: str) -> list[Any]:
    """view_count, view_count_at, first_seen, last_seen and last_checked by the words of `latest/1`."""
    counts = [(look["view_count"], look["observed_at"]) for look in looks if look["view_count"] is not None]
    present = [look["observed_at"] for look in looks if look["presence"] in {"present", "unlisted"}]
    checked = [look["observed_at"] for look in looks if "article" in look["looked"]]
    return [*(counts[-1] if counts else (None, None)), created, [created, *present][-1], [created, *checked][-1]]


def contract(archive: Archive, at: str, known_at: str) -> dict[str, list[Any]]:
    """The words of the contract, by brute force."""
    recorded = {commit.n: commit.recorded_at for commit in archive.commits()}
    known = [line for line in archive.versions() if line["observed_at"] <= at and line["recorded_at"] <= known_at]
    looks = [line for line in archive.observations() if recorded[line["commit"]] <= known_at]
    stood = {}
    for id_ in {line["id"] for line in known}:
        mine = [line for line in known if line["id"] == id_]
        states = [line["event"] for line in mine if line["event"] in {"created", "gone", "restored"}]
        newest = max((n for n in mine if n["reading"]), key=lambda n: (n["version"], n["reading"], n["seq"]))
        seen = sorted(o["observed_at"] for o in looks if o["id"] == id_ and o["version"] == newest["version"])
        before = [moment for moment in seen if moment <= at]
        after = [moment for moment in seen if moment > at]
        if states[-1] != "gone":
            looks_at_it = [look for look in looks if look["id"] == id_ and look["observed_at"] <= at]
            counts = counted(looks_at_it, mine[0]["observed_at"])
            stood[id_] = [newest["seq"], *counts, before[-1] if before else None, after[0] if after else None]
    return stood


LOOKS: dict[str, Callable[[str, str], Any]] = {
    "a": lambda id_, at: speech(id_, at, body="甲"),
    "b": lambda id_, at: speech(id_, at, body="乙"),
    "reread": lambda id_, at: speech(id_, at, body="甲。", payload="甲", parser="kesion/2"),
    "unlisted": lambda id_, at: speech(id_, at, body="甲", look=look(at, payload="甲", title=None)),
    "deleted": missed,
    "down": lambda id_, at: missed(id_, at, Reason.NETWORK),
}


@settings(max_examples=12, derandomize=True)
@given(st.lists(st.lists(st.sampled_from([None, *LOOKS]), min_size=2, max_size=2), min_size=2, max_size=6))
def test_any_history_is_read_by_the_words_of_the_contract(runs: list[list[str | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "a"
        for number, seen in enumerate(runs, 1):
            crawl(root, number, *(LOOKS[what](str(n), day(number)) for n, what in enumerate(seen) if what), days=0)
        whole(root)
        archive = Archive(root)
        moments = [f"2026-01-{n:02d}T{time}Z" for n in range(1, len(runs) + 1) for time in ("01:59:59", "02:00:00")]
        for at in moments:
            for known_at in [commit.recorded_at for commit in archive.commits()]:
                told = {line["id"]: [line["seq"], *list(line.values())[-7:]] for line in archive.as_of(at, known_at)}
                assert told == contract(archive, at, known_at)
        events = {line["seq"]: line["event"] for line in archive.versions()}
        assert {change["seq"]: change["event"] for change in archive.changes(reprocessed=True)} == events


def test_lines_are_read_alike_by_heading_and_whole(archive: Archive) -> None:
    for line in archive.versions():
        kept = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
        spaced = json.dumps(line).encode()
        told = heading(kept, Path("a"), 1)
        assert told == heading(spaced, Path("a"), 1)
        assert told._asdict().items() <= line.items()
    with pytest.raises(errors.Damaged, match="line 7"):
        heading(b'{"schema":"speech/1"}', Path("a"), 7)


# the feed


def test_changes_name_the_fields_and_leave_out_what_only_we_changed(archive: Archive) -> None:
    told = [
        (c["id"], c["event"], c["version"], c["fields"])
        for c in archive.changes(fields=True)
        if c["id"] == "gszx:4864"
    ]
    assert told == [
        ("gszx:4864", "created", 1, None),
        ("gszx:4864", "changed", 2, ["body"]),
        ("gszx:4864", "changed", 3, ["title"]),
        ("gszx:4864", "gone", 3, None),
        ("gszx:4864", "restored", 3, None),
        ("gszx:4864", "changed", 4, ["title", "body", "genre"]),
    ]
    (ours,) = (c for c in archive.changes(reprocessed=True, fields=True) if c["event"] == "reprocessed")
    assert (ours["version"], ours["reading"], ours["fields"]) == (2, 2, ["genre"])


@pytest.mark.parametrize(
    ("since", "commits"),
    [
        (0, [1, 2, 4, 5, 20]),
        ("commit:2", [4, 5, 20]),
        ("2026-01-04", [4, 5, 20]),
        ("2026-01-04T03:00:00Z", [4, 5, 20]),
        ("2026-01-04T11:00:01+08:00", [5, 20]),
        ("2030-01-01", []),
    ],
)
def test_changes_since_a_place(archive: Archive, since: str | int, commits: list[int]) -> None:
    told = list(archive.changes(since))
    assert sorted({int(change["recorded_at"][8:10]) for change in told}) == commits
    assert [change["seq"] for change in told] == sorted(change["seq"] for change in told)


def test_a_follower_by_seq_misses_nothing_and_gets_nothing_twice(archive: Archive) -> None:
    everything = list(archive.changes(0))
    for at in range(archive.commits()[-1].last_seq or 0):
        tail = [change for change in everything if change["seq"] > at]
        assert list(archive.changes(at)) == list(archive.changes(f"seq:{at}")) == tail


@pytest.mark.parametrize(
    "since",
    [
        "x",
        "commit:99",
        "99999",
        "20260101",
        "١٢",
        "commit:",
        "seq:-1",
        "2026-13-01",
        "2026-01-01T00:00:00",
        "",
        "1e3",
    ],
)
def test_a_place_that_means_nothing_is_refused(archive: Archive, since: str) -> None:
    with pytest.raises(errors.NotUnderstood, match=r"\S"):
        list(archive.changes(since))
    assert issubclass(errors.NotUnderstood, ValueError)
    assert main(["changes", str(archive.layout.root), f"--since={since}"]) == 2


def test_a_falling_counter_is_kept_and_flagged(tmp_path: Path) -> None:
    root = tmp_path / "a"
    for number, count in enumerate((12, None, 40, 7, 0, 9), 1):
        crawl(root, number, replace(speech("1", day(number)), view_count=count))
    told = [(v["view_count"], v["decreased"]) for v in Archive(root).view_counts("1")]
    assert told == [(12, False), (40, False), (7, True), (0, True), (9, False)]
    assert [line["view_count"] for line in Archive(root).observations()] == [12, None, 40, 7, 0, 9]


# a row per speech


def test_the_index_has_a_row_for_every_speech_and_its_state(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, *(speech(str(n), day(1)) for n in range(1, 7)))
    crawl(root, 2, missed("6", day(2)), days=0)
    unlisted = speech("2", day(3), look=look(day(3), payload=speech("2", day(1)).body, title=None))
    others = (missed("3", day(3)), missed("4", day(3), Reason.LOGIN), missed("5", day(3), Reason.NETWORK))
    crawl(root, 3, listed("1", day(3)), unlisted, *others)
    rows = {row["id"].partition(":")[2]: row for row in Archive(root).index()}
    states = ["present", "unlisted", "missing", "withheld", "unknown", "gone"]
    assert [row["state"] for row in rows.values()] == states
    assert (rows["1"]["last_seen"], rows["1"]["last_checked"], rows["1"]["view_count"]) == (day(3), day(1), 34)
    assert (rows["3"]["first_seen"], rows["3"]["last_seen"], rows["3"]["last_checked"]) == (day(1), day(1), day(3))
    last = {line["id"]: line["seq"] for line in Archive(root).history()}
    assert {row["id"]: row["last_seq"] for row in rows.values()} == last
    whole(root)


def test_a_lost_or_altered_index_is_told_and_made_anew(archive: Archive, tmp_path: Path) -> None:
    root = Path(shutil.copytree(archive.layout.root, tmp_path / "a"))
    good = (root / "index.jsonl").read_bytes()
    (root / "index.jsonl").write_bytes(good.replace(b'"gone"', b'"lost"'))
    assert "index.jsonl, line" in verify(root).problems[0]
    (root / "index.jsonl").unlink()
    assert "index.jsonl" in verify(root).problems[0]
    (root / "index.json").unlink()
    assert (verify(root).problems, len(verify(root).notes)) == ([], 1)
    crawl(root, 21)
    whole(root)
    assert (root / "index.jsonl").read_bytes() == good
    (root / "index.json").unlink()
    rebuild(root)
    whole(root)


@pytest.mark.parametrize("name", ["index", "latest"])
def test_a_derived_file_of_an_older_commit_may_be_old_but_not_wrong(tmp_path: Path, name: str) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)), speech("2", day(1)))
    lines, about = ((root / f"{name}.{kind}").read_bytes() for kind in ("jsonl", "json"))
    crawl(root, 2, speech("1", day(2), view_count=99))
    new = (root / f"{name}.jsonl").read_bytes()
    (root / f"{name}.json").write_bytes(about)  # died between the two: new lines, old document
    assert (verify(root).problems, len(verify(root).notes)) == ([], 1)
    (root / f"{name}.jsonl").write_bytes(lines)  # died before either
    assert (verify(root).problems, len(verify(root).notes)) == ([], 1)
    (root / f"{name}.jsonl").write_bytes(lines.replace(b'"view_count":12', b'"view_count":13'))
    assert f"{name}.jsonl, line 1" in verify(root).problems[0]
    (root / f"{name}.jsonl").write_bytes(lines)
    (root / f"{name}.json").write_bytes(about.replace(b'"commit": 1', b'"commit": 9'))
    assert f"{name}.json: is of commit 9" in verify(root).problems[0]
    (root / f"{name}.json").unlink()  # as verify says
    rebuild(root)
    whole(root)
    assert (root / f"{name}.jsonl").read_bytes() == new


# the verbs


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(arguments) == status
    captured = capsys.readouterr()
    assert bool(captured.err) is bool(status)
    return captured.err if status else captured.out


def test_log_and_show_and_diff_tell_one_speech(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(archive.layout.root)
    life = json.loads(told(capsys, "log", root, "4864", "--json"))
    assert [event["event"] for event in life["events"]][-2:] == ["restored", "changed"]
    assert (life["versions"], life["looks"]["total"], life["looks"]["presence"]["missing"]) == (4, 5, 1)
    text = told(capsys, "log", root, "gszx:4864")
    assert "@2.2   reprocessed  genre" in text
    for wanted, reading, genre in (("4864@2", 2, "报告"), ("4864@2.1", 1, None), ("gszx:4864@3", 1, "报告")):
        line = json.loads(told(capsys, "show", root, wanted, "--json"))
        assert (line["schema"], line["reading"], line["genre"]) == ("speech/1", reading, genre)
    assert "182件" in told(capsys, "show", root, "4864@2")
    assert "[-128-]{+182+}件" in told(capsys, "diff", root, "4864@1", "4864@2.1")
    assert "\x1b[31" in told(capsys, "diff", root, "4864@1", "4864@2.1", "--color=always")
    assert main(["diff", root, "4864@1", "4864@2"]) == 0
    ours = capsys.readouterr()
    assert "genre (our reading)" in ours.out
    assert "read by two parsers" in ours.err
    same = told(capsys, "diff", root, "4864@1", "4864@1")
    assert "4 paragraphs the same" in same


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "4864@9"], "there are @1.1, @2.1, @2.2, @3.1, @4.1"),
        (["show", "4864@2.7"], "there are"),
        (["show", "5@1"], "never captured"),
        (["show", "@1"], "write an id"),
        (["show", "other:4864"], "this archive is of gszx"),
        (["log", "5"], "never captured"),
        (["log", "../x"], "not the id of a speech"),
        (["views", "5"], "never captured"),
        (["diff", "4864@1", "5@1"], "never captured"),
        (["changes", "--since", "5"], "--since 5: write seq:5 or commit:5"),
        (["views", "--since", "0"], "write seq:0 or commit:0"),
        (["files", "--since", "5"], "write commit:5, a day, a moment or FILE.json"),
        (["files", "--since", "seq:5"], "write commit:5"),
        (["export", "--since", "5"], "write commit:5"),
        (["changes", "--until", "5"], "write commit:5, a day or a moment"),
        (["changes", "--until", "soon"], "--until soon: neither a day"),
        (["changes", "--until", "commit:99"], "older copy"),
        (["export", "--as-of", "yesterday"], "neither a day"),
        (["export", "--as-of", "2026-02-30"], "no such day"),
        (["export", "--as-of", "2026-01-01T00:00:00"], "time zone"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(
    archive: Archive, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    verb, *more = arguments
    assert said in told(capsys, verb, str(archive.layout.root), *more, status=2)


def test_the_feeds_are_json_lines_of_what_the_library_gives(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines(*arguments: str) -> list[Any]:
        verb, *more = arguments
        out = told(capsys, verb, str(archive.layout.root), *more)
        return [json.loads(line) for line in out.split("\n") if line]

    assert lines("changes", "--since", "commit:1", "--all") == list(archive.changes("commit:1", reprocessed=True))
    assert lines("views") == list(archive.view_counts())
    assert lines("views", "9") == lines("views", "--until", "2026-12-31", "9") == list(archive.view_counts("gszx:9"))
    dated = lines("export", "--as-of", "2026-01-05", "--known-at", "2026-01-04")
    assert dated == list(archive.as_of("2026-01-05", "2026-01-04"))
    assert [file["path"] for file in lines("files")] == [f.path for c in archive.commits() for f in c.files]
    assert {file["commit"] for file in lines("files", "--since", "commit:3")} == {4, 5, 6}
    (at,) = {file["recorded_at"] for file in lines("files", "--since", "commit:5")}
    assert lines("files", "--since", at) == lines("files", "--since", "commit:5")


HOSTILE = '<script>alert("1")</script>\x1b[2J\u202e&amp;'


def test_a_page_of_a_difference_stands_alone_and_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1), title=HOSTILE, body=f"{HOSTILE}\n走", attachments=()))
    seen = look(day(2), payload="2")
    crawl(root, 2, speech("1", day(2), title=f"{HOSTILE}二", body=f"来\n{HOSTILE}", look=seen))
    page = told(capsys, "diff", str(root), "1@1", "1@2", "--html")
    assert "&lt;script&gt;" in page
    assert not {"<script", 'http-equiv="refresh', "src=", "href=", "\x1b", "\u202e"} & {*page.split(), *page}
    assert "<script" not in page
    assert "attachments" in page
    plain = told(capsys, "diff", str(root), "1@1", "1@2")
    assert not {"\x1b", "\u202e"} & {*plain}
    assert "\\x1b[2J\\u202e" in plain
    document = json.loads(told(capsys, "diff", str(root), "1@1", "1@2", "--json"))
    assert document["old"]["title"] == HOSTILE
    assert {field["name"] for field in document["fields"]} == {"title", "attachments"}


def test_list_titles_and_replayed_rows_do_not_shift_the_feed(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    crawl(
        root,
        2,
        replace(listed("1", day(2)), look=replace(look(day(2), looked=("list",)), listed=Row(title="新", date=None))),
    )
    assert [change["event"] for change in Archive(root).changes()] == ["created"]
    run = opened(root, 3)
    sealed(run, 3)
    assert list(Archive(root).changes("commit:2")) == []
