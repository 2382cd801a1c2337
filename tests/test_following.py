"""Following archives: whoever applies the feed by commit cursor has what latest.jsonl has, whatever happened."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.archive import Archive, Archives, errors
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.schema.schemas import documents
from pipelines.archive.write.acts import When
from pipelines.archive.write.kinds.clock_repair import repair_clock
from pipelines.archive.write.kinds.pairing import Wanted, rekey
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.reasons import Reason
from tests import broken
from tests.conftest import ROOT
from tests.test_archive import FACTS, SOFTWARE, crawl, day, listed, look, missed, opened, sealed, speech
from tests.test_history import LOOKS, replayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipelines.archive.disk.streams import Line
    from pipelines.record import Speech

PAGE = (ROOT / "docs/following.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"^```python\n((?s:.*?))^```$", PAGE, re.MULTILINE)


def followed(database: Path, *paths: Path, code: str = CODE) -> int:
    names: dict[str, Any] = {"__name__": "following"}
    exec(code, names)  # noqa: S102 - the text people copy is what is tested
    status: int = names["follow"](str(database), *map(str, paths))
    return status


def quiet(root: Path, number: int, *ids: str) -> None:
    """A night on which the list showed what it showed before."""
    run = opened(root, number)
    for one in ids:
        run.see(replace(listed(one, day(number)), look=look(day(number), looked=("list",))), None)
    with run:
        run.seal({"listing_complete": True}, f"2026-01-{number:02d}T03:00:00Z", SOFTWARE)
    assert Archive(root).last.listing


def when(number: int) -> When:
    return When(recorded_at=f"2026-01-{number:02d}T04:00:00Z", software=SOFTWARE)


def asked(root: Path, number: int, native_id: str) -> None:
    redact(root, Order(native_id=native_id, reason="court order"), when(number))


def renamed(root: Path, number: int, old: str, new: str) -> None:
    rekey(root, when(number), reason="新版网站", wanted=Wanted(named=((old, new),)))


def reread(native_id: str, number: int, parser: str = "kesion/2") -> Speech:
    genre = "讲话" if parser == "kesion/2" else "致辞"
    return speech(native_id, day(number), body=f"第{native_id}篇 \U00020000\u2028", parser=parser, genre=genre)


NEXT_YEAR = When(recorded_at="2027-01-02T04:00:00Z", software=SOFTWARE)
EDITED: dict[str, Any] = {"body": "改了", "attachments": ()}
LIFE: list[tuple[str, Callable[[Path, int], object]]] = [
    (
        "new",
        lambda root, n: crawl(root, n, *(speech(one, day(n), body=f"第{one}篇 \U00020000\u2028") for one in "12345")),
    ),
    ("changed", lambda root, n: crawl(root, n, speech("1", day(n), **EDITED, view_count=5))),
    ("gone", lambda root, n: crawl(root, n, missed("2", day(n)), missed("3", day(n), Reason.NETWORK), days=0)),
    ("restored", lambda root, n: crawl(root, n, speech("2", day(n), body="回来了"), listed("3", day(n)))),
    (
        "reprocessed",
        lambda root, n: replayed(root, n, speech("1", day(2), **EDITED, parser="kesion/2", genre="工作报告")),
    ),
    ("views only", lambda root, n: crawl(root, n, listed("3", day(n)))),
    ("a night without news", lambda root, n: quiet(root, n, "1", "2", "3", "4", "5")),
    ("redacted", lambda root, n: asked(root, n, "1")),
    ("gone, too", lambda root, n: crawl(root, n, missed("3", day(n)), days=0)),
    ("redacted while gone", lambda root, n: asked(root, n, "3")),
    ("new, and later redacted", lambda root, n: crawl(root, n, speech("6", day(n), body="甲"))),
    ("changed, and later redacted", lambda root, n: crawl(root, n, speech("6", day(n), body="乙"))),
    ("redacted at once", lambda root, n: asked(root, n, "6")),
    ("twins", lambda root, n: crawl(root, n, speech("n-4", day(n), body="第4篇"))),
    ("succeeded", lambda root, n: renamed(root, n, "4", "n-4")),
    ("an old id read anew", lambda root, n: replayed(root, n, reread("4", 1))),
    ("old id again", lambda root, n: crawl(root, n, listed("4", day(n)))),
    ("resumed", lambda root, n: renamed(root, n, "n-4", "4")),
    ("read anew after it", lambda root, n: replayed(root, n, reread("4", 1, parser="kesion/3"))),
    ("under a clock ahead", lambda root, _: crawl(root, 30, listed("2", day(30)), listed("5", day(30)))),
    ("the clock set back", lambda root, n: repair_clock(root, when(n), reason="the battery")),
    ("a year packed", lambda root, _: pack(root, "2026", NEXT_YEAR)),
    ("redacted in a pack", lambda root, _: redact(root, Order(native_id="5", reason="court order"), NEXT_YEAR)),
]
"""What happens to one archive, step by step."""


def difference(database: Path, *roots: Path) -> list[Any]:
    """The rows by which the table and the latest.jsonl of the archives differ, on all keys."""
    types = json.loads(documents()["schemas/readers.json"])["latest/1"]["duckdb"]
    keys = ", ".join(f'"{key}"' for key in types)
    latest = "read_json($1, format = 'newline_delimited', columns = $2)"
    with duckdb.connect(str(database)) as db:
        kept = db.execute(f"select {keys} from speeches order by id").fetchall()  # noqa: S608
        files = [f"{root}/latest.jsonl" for root in roots]
        told = db.execute(f"select {keys} from {latest} order by id", [files, types]).fetchall()  # noqa: S608
    return [pair for pair in itertools.zip_longest(kept, told) if pair[0] != pair[1]]


def test_a_table_follows_by_commit_cursor_exactly_once(tmp_path: Path) -> None:
    root, other = tmp_path / "sites/a", tmp_path / "sites/b"
    database, crashing = (
        tmp_path / "it's.duckdb",
        CODE.replace("delete from cursors", "from crash; delete from cursors"),
    )
    run = opened(other, 1, facts=replace(FACTS, site="other"))
    run.keep(replace(speech("1", day(1)), site="other"))
    sealed(run, 1)
    for number, (name, happens) in enumerate(LIFE, 1):
        happens(root, number)
        if name.endswith("later redacted"):
            continue
        if number in {3, 8}:  # the crash is between the rows and the cursors
            with pytest.raises(duckdb.CatalogException, match="crash"):
                followed(database, tmp_path / "sites", code=crashing)
        assert followed(database, tmp_path / "sites") == 0
        assert difference(database, root, other) == [], name
    followed(database, tmp_path / "sites")
    assert difference(database, root, other) == []
    assert verify(root).problems == []
    late = tmp_path / "late.duckdb"
    followed(late, tmp_path / "sites")
    assert difference(late, root, other) == []
    with duckdb.connect(str(database)) as db:
        assert db.execute("select count(*) from speeches").fetchone() == (6,)
    assert_lines_are_of_their_schemas(root)
    assert_the_end_is_told_as_in_the_whole(root)
    assert at_the_end(root, None) == latest_of(root)
    assert_replaced_archives_are_told(root, tmp_path)


def assert_lines_are_of_their_schemas(root: Path) -> None:
    archive = Archive(root)
    lines = [*archive.changes(seen=True, fields=True), *archive.view_counts(), archive.cursor()]
    lines += archive.as_of("2026-01-12")
    schemas = {
        name: jsonschema.Draft202012Validator(json.loads(text))
        for name, text in documents().items()
        if "schema.json" in name
    }
    for line in lines:
        validator = schemas[f"schemas/{line['schema'].replace('/', '-')}.schema.json"]
        assert [error.message for error in validator.iter_errors(line)] == []
        assert list(line) == list(validator.schema["properties"])  # every key, in order
    assert {line.get("event") for line in lines} >= {"created", "gone", "redacted", "succeeded", "resumed", "seen"}
    assert "第三次会议上" not in json.dumps(
        [line for line in lines if line.get("id") in {"gszx:1", "gszx:3"}], ensure_ascii=False
    )


def assert_the_end_is_told_as_in_the_whole(root: Path) -> None:
    """From whichever commit: what is compared with older lines is so, too."""
    archive = Archive(root)
    events, counts = list(archive.changes(fields=True, full=True)), list(archive.view_counts())
    assert {"body", "genre"} <= {field for event in events for field in event["fields"] or ()}
    assert sum(count["decreased"] for count in counts) > 0
    for n in range(archive.last.n + 1):
        assert list(archive.changes(f"commit:{n}", fields=True, full=True)) == [e for e in events if e["commit"] > n]
        assert list(archive.view_counts(None, f"commit:{n}")) == [c for c in counts if c["commit"] > n]
        up_to = [c for c in counts if c["commit"] <= n and c["id"] == "gszx:3"]
        assert list(archive.view_counts("3", until=f"commit:{n}")) == up_to
        assert list(archive.view_counts("3", f"commit:{n}")) == [
            c for c in counts if c["commit"] > n and c["id"] == "gszx:3"
        ]


def assert_replaced_archives_are_told(root: Path, folder: Path) -> None:
    """An older copy that was written on has another head at the cursor's commit."""
    old = folder / "old"
    LIFE[0][1](old, 1)
    cursor = Archive(old).cursor()
    assert list(Archive(root).changes({**cursor, "commit": 0, "head": None}, "commit:0")) == []
    with pytest.raises(errors.NotUnderstood, match="replaced, or its end lost"):
        Archive(root).changes({**cursor, "head": "0" * 64})
    with pytest.raises(errors.NotUnderstood, match="older copy"):
        Archive(old).changes(Archive(root).cursor())


def applied(table: dict[str, Line], events: Iterable[Line]) -> dict[str, Line]:
    """What an upsert of id → entity gives."""
    table = dict(table)
    for event in events:
        if event["op"] == "DEL":
            table.pop(event["id"], None)
        else:
            row = table.get(event["id"], {}) if event["event"] == "seen" else {}
            table[event["id"]] = row | event["entity"]
    return table


def latest_of(root: Path) -> dict[str, Line]:
    return {line["id"]: line | {"schema": "speech/1"} for line in Archive(root).latest()}


def at_the_end(root: Path, known_at: str | None) -> dict[str, Line]:
    """The speeches as of a moment after all others, without what only `as-of/1` has."""
    told = (line | {"schema": "speech/1"} for line in Archive(root).as_of("9999-12-31", known_at))
    return {line["id"]: {k: v for k, v in line.items() if not k.startswith("verified_")} for line in told}


@settings(max_examples=8, derandomize=True)
@given(
    st.lists(st.lists(st.sampled_from([None, *LOOKS]), min_size=2, max_size=2), min_size=2, max_size=6),
    st.integers(0, 6),
)
def test_any_way_through_history_leads_to_what_latest_holds(runs: list[list[str | None]], ordered: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "a"
        known: list[tuple[Any, int, dict[str, Line]]] = [(0, 0, {})]
        for number, seen in enumerate(runs, 1):
            crawl(root, number, *(LOOKS[what](str(n), day(number)) for n, what in enumerate(seen) if what), days=0)
            if number == ordered and any(line["id"] == "gszx:0" for line in Archive(root).versions()):
                known.append((Archive(root).cursor(), Archive(root).last_seq, latest_of(root)))
                asked(root, number, "0")
            archive, latest = Archive(root), latest_of(root)
            for cursor, seq, table in known:
                place = cursor and f"commit:{cursor['commit']}"
                assert applied(table, archive.changes(cursor, seen=True)) == latest
                assert applied(table, archive.changes(seq, seen=True)) == latest
                before = archive.changes(0, place, seen=True) if place else ()
                assert applied(applied({}, before), archive.changes(place, seen=True)) == latest
            assert at_the_end(root, archive.last.recorded_at) == latest
            known.append((archive.cursor(), archive.last_seq, latest))


def lines_of(out: str) -> list[Line]:
    return [json.loads(line) for line in out.split("\n") if line]


def test_files_load_right_in_any_order_after_a_redaction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "a"
    for number, (_, happens) in enumerate(LIFE[:6], 1):
        happens(root, number)
    loaded = {line["seq"]: line for line in Archive(root).history()}
    words = {file: file.read_bytes() for file in root.glob("versions/*/*")}
    place, end = f"commit:{Archive(root).last.n}", str(Archive(root).last.n)
    asked(root, 8, "1")
    for since in ("commit:0", place):
        assert main(["files", str(root), "--since", since, "--cursors"]) == 0
        *told, cursor = lines_of(capsys.readouterr().out)
        assert (cursor["commit"], {file["redaction"] for file in told}) == (
            int(end) + 1,
            {7} if since == place else {None, 7},
        )
        for files in (told, told[::-1], sorted(told, key=lambda file: str(file["sha256"]))):
            rows = dict(loaded) if since == place else {}
            for file in files:
                assert file["sha256"] == hashlib.sha256((root / file["path"]).read_bytes()).hexdigest()
                if file["path"].endswith(".jsonl.gz"):
                    of_file = [
                        json.loads(line) for line in gzip.decompress((root / file["path"]).read_bytes()).splitlines()
                    ]
                    assert {line["commit"] for line in of_file} == {file["commit"]}
                    rows |= {line["seq"]: line for line in of_file}
            assert rows == {line["seq"]: line for line in Archive(root).history()}
    for path, data in words.items():  # as a crash between the commit and the new files leaves them
        path.write_bytes(data)
    for asked_for in ([], ["--full"], ["--fields"], ["--since", place, "--full"]):
        assert main(["changes", str(root), *asked_for]) == 5
        shown = capsys.readouterr()
        assert "a redaction was not finished, run rebuild" in shown.err
        assert "改了" not in shown.out


def assert_an_export_is_followed(root: str, folder: Path, told: Callable[..., tuple[list[Line], str]]) -> None:
    """What came after an export is told by its manifest; two archives of one site are no feed."""
    assert main(["export", "--to", "jsonl", "--tables", "speeches", root, "--out", str(folder / "out")]) == 0
    held = opened(Path(root) / "two", 3, facts=replace(FACTS, site="two"))
    held.keep(replace(speech("2", day(3)), site="two"))
    sealed(held, 3)
    manifest = str(folder / "out/manifest.json")
    assert [(line["id"], line["op"]) for line in told("changes", "--full", "--since", manifest)[0]] == [
        ("two:2", "ADD")
    ]
    for option, asked_for in (
        ("--full", "full"),
        ("--fields", "fields"),
        ("--seen", "seen"),
        ("--all", "reprocessed"),
    ):
        given: dict[str, Any] = {asked_for: True}
        assert told("changes", option)[0] == [one for archive in Archives(root) for one in archive.changes(**given)]
    for number, (part, why) in enumerate(
        {
            ("--as-of", day(1)): "(--as-of)",
            ("--tables", "speeches", "--where", "version>1"): "(--where)",
            ("--tables", "speeches", "--since", manifest): "(--since)",
            ("--tables", "versions"): "no table speeches with ids",
            ("--tables", "speeches", "--fields", "title"): "no table speeches with ids",
        }.items()
    ):
        assert main(["export", "--to", "jsonl", root, "--out", str(folder / f"part{number}"), *part]) == 0
        lines, said = told("changes", "--since", str(folder / f"part{number}/manifest.json"), status=2)
        assert lines == []
        assert why in said
    shutil.copytree(Path(root) / "one", folder / "all/zwei")
    lines, said = told("changes", "--cursors", status=2)
    assert re.search("/one and .*/zwei are both of site one", said)
    assert [line["site"] for line in lines if line["schema"] == "cursor/1"] == ["one", "three", "two"]
    with pytest.raises(duckdb.Error, match=r"[Dd]uplicate key"):
        followed(folder / "twice.duckdb", Path(root))
    shutil.rmtree(folder / "all/zwei")
    (folder / "output").symlink_to(root)
    (script,) = re.findall(r"^```sh\n((?s:.*?))^```$", PAGE, re.MULTILINE)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True, env={**os.environ, "PATH": path})
    assert (folder / "cursors.jsonl").read_text() == "".join(
        json.dumps(archive.cursor(), separators=(",", ":")) + "\n" for archive in Archives(root)
    )
    forged = folder / "forged"
    shutil.copytree(Path(root) / "two", forged / "two")
    (file,) = (forged / "two/versions").glob("*/*3.jsonl.gz")
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b'"id":"two:', b'"id":"one:')))
    older = forged / "older"
    shutil.copytree(Path(root) / "two", older)
    (first,) = (older / "versions").glob("*/*1.jsonl.gz")
    first.write_bytes(gzip.compress(gzip.decompress(first.read_bytes()).replace(b'"genre":', b'"genre" :')))
    feeds = Archive(forged / "two").changes(), Archive(older).changes("commit:1", fields=True)
    for one in feeds:
        with pytest.raises(errors.Damaged, match="has other bytes than its commit says; run verify"):
            list(one)
    shutil.rmtree(older)
    (seen,) = (forged / "two/observations").glob("*/*3.jsonl.gz")
    whole = seen.read_bytes()
    seen.write_bytes(gzip.compress(gzip.decompress(whole).replace(b'"view_count":12', b'"view_count":99')))
    for more in ([], ["--every", "day"], ["--since", "commit:3"]):
        assert main(["views", str(forged / "two"), *more]) == (0 if "commit:3" in more else 5)
    seen.write_bytes(whole)
    path = f"versions/2026/{file.name}"
    broken.reseal(forged / "two", 3, lambda value: broken.rename_file(value, forged / "two", path))
    with pytest.raises(errors.Damaged, match="is of one:2; run verify"):
        list(Archive(forged / "two").changes())


def test_many_archives_are_one_feed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for site in ("one", "three", "two"):
        for number in (1, 2):
            held = opened(tmp_path / "all" / site, number, facts=replace(FACTS, site=site))
            held.keep(replace(speech("1", day(number), body="甲" * number, view_count=number), site=site))
            sealed(held, number)
    root, cursors = str(tmp_path / "all"), tmp_path / "cursors.jsonl"
    commits = {site: Archive(tmp_path / "all" / site).commits() for site in ("one", "three", "two")}

    def told(*command: str, status: int = 0) -> tuple[list[Line], str]:
        assert main([command[0], root, *command[1:]]) == status
        shown = capsys.readouterr()
        return lines_of(shown.out), shown.err

    for verb in ("changes", "views", "files"):
        assert {line["site"] for line in told(verb)[0]} == commits.keys(), verb
    for place in ("seq:1", "commit:1"):
        assert "is a place in one archive" in told("changes", "--since", place, status=2)[1]
    for verb in ("changes", "views", "files", "export"):  # once, and not of each archive
        assert told(verb, "--since", "yesterday", status=2)[1].count("neither a day") == 1
    assert {file["commit"] for file in told("files", "--since", "2026-01-02")[0]} == {2}
    assert main(["changes", str(tmp_path)]) == 2
    assert f"{root} holds archives" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["changes", root, "--nope"])
    assert capsys.readouterr().err.startswith("usage: speech-archive changes ")
    assert "is a place in one archive" in told("changes", "--until", "commit:1", status=2)[1]
    assert "of which site?" in told("views", "1", status=2)[1]
    assert [line["view_count"] for line in told("views", "two:1")[0]] == [1, 2]
    first, _ = told("changes", "--cursors", "--until", "2026-01-01")
    assert [line.get("event", line.get("commit")) for line in first] == ["created", 1] * 3
    cursors.write_text("".join(json.dumps(line) + "\n" for line in first if line["schema"] == "cursor/1"))
    second, _ = told("changes", "--cursors", "--since", str(cursors))
    assert [(line["site"], line.get("event", line.get("head"))) for line in second] == [
        pair for site, made in commits.items() for pair in ((site, "changed"), (site, made[1].sha256))
    ]
    cursors.write_text('{"one": 2, "three": 1, "gone": 5}')
    some, said = told("views", "--since", str(cursors))
    assert [(line["site"], line["view_count"], line["decreased"]) for line in some] == [
        ("three", 2, False), ("two", 1, False), ("two", 2, False)
    ]  # fmt: skip
    assert "sites that were not read: gone" in said
    assert_an_export_is_followed(root, tmp_path, told)
    (tmp_path / "all/three/versions/2026/00000002.jsonl.gz").write_bytes(b"")
    left, said = told("changes", "--full", "--cursors", status=5)
    assert [line["site"] for line in left if line["schema"] == "cursor/1"] == ["one", "two"]
    assert "three" in said
    assert followed(tmp_path / "some.duckdb", Path(root)) == 5
    assert "three is left out: " in capsys.readouterr().err
    with duckdb.connect(str(tmp_path / "some.duckdb")) as db:  # nothing of it, although its first commit is sound
        assert db.execute("select distinct site from speeches order by all").fetchall() == [("one",), ("two",)]
        assert db.execute("select site from cursors order by all").fetchall() == [("one",), ("two",)]
    assert followed(tmp_path / "none.duckdb", Path(root) / "three") == 5
    for wrong in ("", "[]", "{", '{"one": "2"}', '{"schema":"change/1"}\n{}', '{"one": -1}'):
        cursors.write_text(wrong)
        assert "no file of cursors" in told("changes", "--since", str(cursors), status=2)[1]
    assert "let it hold {}" in told("changes", "--since", str(tmp_path / "none.json"), status=2)[1]
