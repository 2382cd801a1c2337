"""`export` of tables: which rows they have, and what the folder says of itself."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.__main__ import main
from pipelines.archive import Archive, Archives
from pipelines.archive.errors import NotUnderstood
from pipelines.export.not_exportable import NotExportable
from pipelines.export.publishing import new_package
from pipelines.tables.choosing.choice import Choice
from pipelines.tables.choosing.where import RowCondition, filtered
from pipelines.tables.columns import columns
from pipelines.tables.forms.duck import STEP, Duck
from pipelines.tables.selection import Selection
from pipelines.tables.table import TABLES
from tests.conftest import ROOT
from tests.nasty_archives import nasty
from tests.test_archive import FACTS, crawl, day, listed, missed, opened, sealed, speech
from tests.test_packages import tree
from tests.test_places import altered
from tests.test_redaction import ordered

Row = dict[str, Any]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sites. Of gszx 1 changed in commit 2 and was deleted in 3; 2 is gone in 2; 3 came in 2."""
    root = tmp_path_factory.mktemp("tables")
    folder = root / "gszx"
    crawl(folder, 1, speech("1", day(1)), speech("2", day(1)), speech("4", day(1), view_count=None))
    crawl(folder, 2, speech("1", day(2), body="改了"), missed("2", day(2)), speech("3", day(2)), days=0)
    ordered(folder, "1", 3)
    crawl(folder, 4, listed("4", day(4)))
    run = opened(root / "other", 2, facts=replace(FACTS, site="other"))
    run.keep(replace(speech("1", day(2), speaker="李三"), site="other"))
    sealed(run, 2)
    return root


def export(path: Path, out: Path, *arguments: str, form: str = "jsonl", status: int = 0) -> Row:
    """Export, and the manifest; nothing where that fails."""
    assert main(["export", str(path), "--to", form, "--out", str(out), *arguments]) == status
    manifest: Row = json.loads((out / "manifest.json").read_bytes()) if (out / "manifest.json").exists() else {}
    return manifest


def rows(file: Path) -> list[Row]:
    return [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]


def ids(file: Path) -> list[str]:
    return [row["id"] for row in rows(file)]


@pytest.mark.parametrize("partition", [(), ("--partition", "site"), ("--partition", "year")])
def test_the_same_commits_give_the_same_parquet_files_and_parts_have_all_rows(
    root: Path, tmp_path: Path, partition: tuple[str, ...]
) -> None:
    for name in ("first", "second"):
        export(root, tmp_path / name, *partition, form="parquet")
    files = tree(tmp_path / "first")
    assert files == tree(tmp_path / "second")
    parts = {"--partition site": {"gszx", "other"}, "--partition year": {"2023"}}.get(" ".join(partition))
    names = {f"speeches/{part}.parquet" for part in parts} if parts else {"speeches.parquet"}
    assert {name for name in files if name.startswith("speeches")} == names
    for table in TABLES:
        files_of = "/*" if (tmp_path / "first" / table).is_dir() else ""
        found = duckdb.read_parquet(f"{tmp_path}/first/{table}{files_of}.parquet")
        selection = Selection(Archives(root).folders)
        assert len(found) == len(list(selection.lines(table)))
        assert found.columns == [column.name for column in columns(TABLES[table])]
    kinds = dict(zip(found.columns, map(str, found.types), strict=True))
    assert kinds["recorded_at"] == "TIMESTAMP WITH TIME ZONE"


def test_a_duckdb_file_has_the_tables_with_what_their_columns_mean(root: Path, tmp_path: Path) -> None:
    manifest = export(root, tmp_path / "out", form="duckdb")
    with duckdb.connect(str(tmp_path / "out" / "speeches.duckdb"), read_only=True) as connection:
        for name, table in manifest["tables"].items():
            assert len(connection.table(name)) == table["rows"]
        about = "select comment from duckdb_columns() where table_name = 'speeches' and column_name = 'id'"
        assert connection.execute(about).fetchone() == ("site:native_id, for example gszx:4864",)


@pytest.mark.parametrize("form", ["parquet", "duckdb", "csv"])
def test_flat_tables_have_no_lists_and_objects(root: Path, tmp_path: Path, form: str) -> None:
    """In a folder whose name has signs that stand for others."""
    out = tmp_path / "[a]*'b"
    more = ["--partition", "site"] if form == "parquet" else []
    manifest = export(root, out, "--flat", "--problems", "all", *more, form=form)
    kinds = {column["name"]: column["kind"] for column in manifest["tables"]["speeches"]["columns"]}
    assert kinds["speakers"] == kinds["problems"] == "text"
    assert "captures" not in kinds
    if form == "parquet":
        found = duckdb.read_parquet([str(file) for file in (out / "speeches").iterdir()], filename=False)
        assert dict(zip(found.columns, map(str, found.types), strict=True))["problems"] == "VARCHAR"
        for table in ("sites", "problems"):  # a file also for the site that has none
            assert sorted(file.stem for file in (out / table).iterdir()) == ["gszx", "other"]
        ids_and_problems = found.filter("id = 'gszx:1'").project("problems").fetchall()
        assert ids_and_problems == [("redacted",)]


def test_since_gives_what_came_later_and_what_was_rewritten(root: Path, tmp_path: Path) -> None:
    gszx = root / "gszx"
    manifest = export(gszx, tmp_path / "out", "--since", "commit:2")
    assert ids(tmp_path / "out" / "speeches.jsonl") == ["gszx:1"]
    redacted = rows(tmp_path / "out" / "versions.jsonl")
    assert [(line["seq"], line["body"]) for line in redacted] == [
        (line["seq"], "[redacted]") for line in Archive(gszx).versions() if line["native_id"] == "1"
    ]
    assert ids(tmp_path / "out" / "observations.jsonl")[-1] == "gszx:4"
    assert manifest["sites"][0] | {"recorded_at": "", "head": ""} == {
        "site": "gszx",
        "commit": 4,
        "since": 2,
        "recorded_at": "",
        "head": "",
    }
    manifest = export(gszx, tmp_path / "first", "--since", day(2))
    assert ids(tmp_path / "first" / "speeches.jsonl") == ["gszx:1", "gszx:3"]
    assert manifest["left_out"]["not_present"] == {"gszx": ["gszx:2"]}
    (tmp_path / "seen.json").write_text('{"gszx": 3}')
    manifest = export(root, tmp_path / "all", "--since", str(tmp_path / "seen.json"))
    assert ids(tmp_path / "all" / "speeches.jsonl") == ["other:1"]
    assert [site["since"] for site in manifest["sites"]] == [3, 0]
    assert manifest["asked"]["since"] == "cursors"


def test_speeches_of_a_moment_have_a_record_of_their_own(root: Path, tmp_path: Path) -> None:
    manifest = export(root / "gszx", tmp_path / "out", "--as-of", day(1), form="parquet")
    assert set(manifest["tables"]) == {"speeches", "problems", "sites"}
    found = duckdb.read_parquet(f"{tmp_path}/out/speeches.parquet").project("id, verified_after")
    assert [id_ for id_, _ in sorted(found.project("id, 1").fetchall())] == ["gszx:1", "gszx:2", "gszx:4"]
    assert found.types[1] == "TIMESTAMP WITH TIME ZONE"


SPEECHES: list[Row] = [
    {"id": "a:1", "title": "在协商会上", "view_count": 9, "published_on": "2023-12-28", "speaker": None},
    {"id": "a:2", "title": "null", "view_count": 10, "published_on": None, "speaker": "何庆海"},
    {"id": "a:3", "title": "协商", "view_count": None, "published_on": "2024-01-01", "speaker": "何庆海、李三"},
]
MORE: list[Row] = [
    {
        "published_at": "2023-12-28T01:00:00+08:00",
        "problems": [{"field": "body", "code": "cut"}],
        "observed_at": "2026-01-01T02:00:00Z",
    },
    {"published_at": None, "problems": [], "observed_at": "2026-01-02T02:00:00Z"},
    {"published_at": "2024-01-01T07:00:00+08:00", "problems": [{"code": "no-year"}], "observed_at": None},
]


@pytest.mark.parametrize(
    ("conditions", "right"),
    [
        ("title~协商", "13"),
        ("title=协商", "3"),
        ("title!=协商", "12"),
        ('title="null"', "2"),
        ("speaker=null", "1"),
        ("speaker!=null", "23"),
        ("speaker!=何庆海", "13"),
        ("view_count>=10", "2"),
        ("view_count<10", "1"),
        ("view_count!=9", "23"),
        ("published_on<2024-01-01", "1"),
        ("published_on=2024-01-01", "3"),
        ("published_at>=2024-01-01", "3"),
        ("published_at<2023-12-27T18:00:00Z", "1"),
        ("published_at<2023-12-27T17:00:00Z", ""),
        ("published_at=2023-12-31T23:00:00Z", "3"),
        ("published_at_text~+08:00", "13"),
        ("problems=cut", "1"),
        ("problems=body", "1"),
        ("problems~year", "3"),
        ("problems!=cut", "23"),
        ("site=a", "123"),
        ("title~协商 view_count=null", "3"),
    ],
)
def test_conditions_compare_by_the_type_of_the_column(conditions: str, right: str) -> None:
    lines = [json.dumps({**one, **more}).encode() + b"\n" for one, more in zip(SPEECHES, MORE, strict=True)]
    found = filtered(iter(lines), [RowCondition.of(one) for one in conditions.split(" ")], TABLES["speeches"])
    assert "".join(json.loads(line)["id"][2:] for line in found) == right


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tables", "speech"], "--tables speech: no such table; there are speeches, versions"),
        (["--fields", "titel"], "--fields titel: no such column; there are site, schema"),
        (["--where", "speker=x"], "--where speker: no such column; there are site"),
        (["--where", "speaker"], "write KEY, one of != <="),
        (["--where", "view_count>many"], "view_count is a integer"),
        (["--where", "published_on>yesterday"], "neither a day"),
        (["--where", "published_on~2023"], "~ is of text"),
        (["--where", "speakers<x"], "= != ~ only"),
        (["--where", "title>null"], "by = or !="),
        (["--where", "problems=mojibak"], "no such word; problems has "),
        (["--where", "genre!=speech"], "no such word; genre has 工作报告, "),
        (["--where", "event=edited"], "no such word; event has created, changed"),
        (["--where", "speaker=x", "--tables", "views"], "no such column"),
        (["--where", "speaker=x", "--tables", "speeches,views"], "table views has no column speaker"),
        (["--as-of", "2026-01-31", "--tables", "versions"], "with --as-of there are speeches, problems, sites"),
        (["--as-of", "2026-01-31", "--since", "2026-01-01"], "so --since cannot be with it"),
        (["--known-at", "2026-01-31"], "needs --as-of"),
        (["--as-of", "yesterday"], "neither a day"),
        (["--since", "yesterday"], "neither a day"),
        (["--since", "12"], "write commit:12, a day, a moment or FILE.json"),
        (["--since", "commit:2"], "is a place in one archive"),
        (["--since", "none.json"], "no such file"),
        (["--partition", "site"], "has no --partition"),
        (["--commit", "1"], "has no --commit"),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_what_there_is(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert export(root, tmp_path / "out", *arguments, status=2) == {}
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_tables_without_a_column_of_a_condition_are_left_out_and_told(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = export(root, tmp_path / "out", "--where", "speaker=李三")
    assert ids(tmp_path / "out" / "speeches.jsonl") == ["other:1"]
    assert set(manifest["tables"]) == {"speeches", "versions"}
    assert "no such columns or moment: observations, views, problems, sites" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["latest", "versions", "archive.json", "facts", "site", "newer", "empty"])
def test_a_damaged_archive_is_told_and_the_others_are_whole(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    """A file of lines with one other byte, in no place that a reader of gzip sees; a site without a commit yet."""
    copy = shutil.copytree(root, tmp_path / "root")
    match damage:
        case "versions":
            file = next((copy / "gszx").glob("versions/*/*.gz"))
            file.write_bytes(file.read_bytes()[:4] + b"\1" + file.read_bytes()[5:])
        case "latest":
            (copy / "gszx" / "latest.jsonl").write_bytes(b'{"id":"forged:1"}\n')
        case "archive.json":
            (copy / "gszx" / "archive.json").write_text("{")
        case "facts":
            altered(copy / "gszx", "archive.json", "广水市政协网".encode(), "广山市政协网".encode())
        case "site":  # which would be a part of the names of files
            altered(copy / "gszx", "archive.json", b'"site": "gszx"', b'"site": "../../x"')
        case "newer":
            altered(copy / "gszx", "archive.json", b'"format_version": ', b'"format_version": 9')
        case _:
            (copy / "empty" / "commits").mkdir(parents=True)
    status = {"latest": 0, "newer": 2, "empty": 2}.get(damage, 5)
    manifest = export(copy, tmp_path / "out", form="parquet", status=status)
    whole = {"latest": ["gszx", "other"], "empty": ["gszx", "other"]}.get(damage, ["other"])
    assert [site["site"] for site in manifest["sites"]] == whole
    assert list(manifest["left_out"]["archives"]) == {"latest": [], "empty": ["empty"]}.get(damage, ["gszx"])
    found = duckdb.read_parquet(f"{tmp_path}/out/speeches.parquet").project("site").distinct()
    assert sorted(found.fetchall()) == [(site,) for site in whole]
    card, told = (tmp_path / "out/README.md").read_text("utf-8"), capsys.readouterr().err
    assert ("PROBLEM: " in told) == (status != 0)
    sites, left = len(whole), len(manifest["left_out"]["archives"])
    assert f"parquet of {f'{sites} of {sites + left}' if left else sites} site" in told
    assert (f"# {sites} of {sites + left} CPPCC websites: " in card) == bool(left)
    for said in (told, card):
        assert re.findall(r"Left out, since they cannot be read: (\w+) ", said) == [*manifest["left_out"]["archives"]]
    # Tables without a row, which the library would not load, are not offered.
    assert ("config_name: problems" in card) == bool(manifest["tables"]["problems"]["rows"])
    if status == 5:
        assert export(copy / "gszx", tmp_path / "alone", status=5) == {}
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "root"]
    elif damage == "newer":
        assert main(["search", str(copy), "各位", "--count"]) == 2
        assert capsys.readouterr().out == "1\n"


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (
            b'"published_on":"2023-12-28"',
            b'"published_on":"2023-13-28"',
            "gszx:1: published_on is '2023-13-28'",
        ),
        (b'"version":1', b'"version":"one"', "row 2: gszx:3: version is str, not int"),
        (b'"section":"', b'"section":"\\ud800', "row 1: cannot be read ('utf-8' codec"),
        (b'"author":', b'"title":"x","author":', "row 1: cannot be read (it has 'title' twice)"),
    ],
)
def test_a_row_that_is_not_as_the_format_says_is_named_and_the_others_are_written(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], was: bytes, now: bytes, said: str
) -> None:
    copy = shutil.copytree(root, tmp_path / "root")
    lines = (copy / "gszx" / "latest.jsonl").read_bytes().replace(was, now, 1)
    about = json.loads((copy / "gszx" / "latest.json").read_bytes())
    about |= {"sha256": hashlib.sha256(lines).hexdigest(), "bytes": len(lines)}
    (copy / "gszx" / "latest.jsonl").write_bytes(lines)
    (copy / "gszx" / "latest.json").write_text(json.dumps(about))
    form = "duckdb" if b"version" in was else "parquet"
    assert main(["export", str(copy), "--where", "version>0"]) == (
        0 if was.startswith((b'"published', b'"author')) else 5
    )
    assert main(["export", str(copy), "--flat"]) == (5 if was.startswith((b'"section', b'"author')) else 0)
    manifest = export(copy, tmp_path / "out", form=form, status=5)
    assert [site["site"] for site in manifest["sites"]] == ["other"]
    assert manifest["left_out"]["archives"] == {"gszx": "Damaged"}
    told = capsys.readouterr().err
    assert "PROBLEM: gszx: speeches, row " in told
    assert said in told


def test_all_that_cannot_be_read_is_found_at_once(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(root, tmp_path / "root")
    for site in ("a", "b", "c"):
        run = opened(copy / site, 1, facts=replace(FACTS, site=site))
        run.keep(replace(speech("1", day(1)), site=site))
        sealed(run, 1)
        next((copy / site).glob("versions/*/*.gz")).unlink()
    manifest = export(copy, tmp_path / "out", status=5)
    assert list(manifest["left_out"]["archives"]) == ["a", "b", "c"]
    assert capsys.readouterr().err.count("PROBLEM: ") == 3
    assert main(["export", str(copy), "--tables", "versions", "--where", "event=created"]) == 5
    printed = capsys.readouterr()
    assert printed.err.count("PROBLEM: ") == 3
    assert [json.loads(line)["id"] for line in printed.out.split("\n")[-2:-1]] == ["other:1"]
    assert main(["export", str(copy / "a"), str(copy / "b"), "--to", "csv", "--out", str(tmp_path / "nothing")]) == 5
    assert "not written" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert export(root, tmp_path / "none", form="parquet", status=2) == {}
    assert "pip install 'CHECKOUT-OR-WHEEL[parquet]'" in capsys.readouterr().err


def test_all_tables_are_of_one_commit_also_where_a_run_ends_between_them(root: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(root / "gszx", tmp_path / "gszx")
    selection = Selection([folder], scratch=tmp_path)
    before = list(selection.lines("speeches"))
    crawl(folder, 5, speech("3", day(5), body="又改了"), speech("5", day(5)))
    assert list(selection.lines("speeches")) == before
    assert max(json.loads(line)["commit"] for line in selection.lines("versions")) < 5
    assert len(list(Selection([folder]).lines("speeches"))) == len(before) + 1
    ordered(folder, "3", 6)
    with pytest.raises(NotExportable, match="removed by order while it was exported; run it again"):
        list(selection.lines("versions"))


def test_one_site_in_two_folders_is_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(root / "gszx", tmp_path / "gszx")
    paths = [str(root), str(tmp_path / "gszx")]
    with pytest.raises(NotUnderstood, match="both of site gszx"):
        list(Selection(Archives(*paths).folders).lines("sites"))
    assert main(["export", *paths, "--fields", "id"]) == 2
    printed = capsys.readouterr()
    assert printed.out.count("gszx:3") == 1
    assert f"{root}/gszx and {tmp_path}/gszx are both of site gszx" in printed.err


def test_only_an_export_is_replaced(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    export(root, out, form="parquet")
    export(root, out, status=2)
    assert "exists already" in capsys.readouterr().err
    export(root, out, "--replace")
    assert {file.name for file in out.iterdir()} >= {"speeches.jsonl", "manifest.json"}
    assert not list(out.glob("*.parquet"))
    (out / "notes.txt").write_text("of a person")
    export(root, out, "--replace", status=2)
    assert "notes.txt is not of the export; move it away" in capsys.readouterr().err
    (out / "notes.txt").unlink()
    (out / "manifest.json").write_text("{}")
    export(root, out, "--replace", status=2)
    assert "is no export of this program" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert_what_a_killed_export_left_is_removed(root, out)


def assert_what_a_killed_export_left_is_removed(root: Path, out: Path) -> None:
    """A copy with words that are removed later; not what another process writes now, nor what is no export's."""
    kept = (out.parent / ".out.in_use_1", out.parent / ".out.my_notes", out.parent / ".out.2026")
    (out.parent / ".out.killed_1/out").mkdir(parents=True)
    (out.parent / ".out.killed_1/scratch").mkdir()
    out.rename(out.parent / ".out.killed_1/out.before")
    for folder, inside in zip(kept, ("out", "notes", "out"), strict=True):
        (folder / inside).mkdir(parents=True)
    handle = os.open(kept[0], os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    export(root, out, "--tables=sites", status=2)  # what it had moved away is there again
    shutil.rmtree(out)
    export(root, out, "--tables=sites")
    with new_package(out.parent / "next") as package:
        package.mkdir()
        export(root, out.parent / "next", "--tables=sites")
        assert package.exists()
        shutil.rmtree(out.parent / "next")
    os.close(handle)
    assert {path.name for path in out.parent.iterdir()} == {"out", "next", *(folder.name for folder in kept)}


def test_output_that_cannot_be_written_is_told(root: Path) -> None:
    command = [sys.executable, "-m", "pipelines", "export", str(root), "--fields", "id"]
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run(command, check=False, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (told.returncode, told.stderr.count("\n")) == (11, 1)
    assert "No space left on device; free some space, then run it again" in told.stderr


def test_the_longest_line_and_many_long_ones_are_written(tmp_path: Path) -> None:
    """A line of 16 MiB is the longest that an archive may have; groups of rows are smaller where texts are long."""
    longest = json.dumps({"id": "a:1", "title": "长" * 100, "body": "x" * ((16 << 20) - 200)}, ensure_ascii=False)
    wanted = columns(TABLES["speeches"], fields=["id", "body"])
    with Duck(tmp_path / "scratch") as duck:
        made = duck.rows([longest.encode() + b"\n"])
        duck.run(f"COPY ({made.query(wanted)}) TO '{tmp_path}/one.parquet' (FORMAT parquet)")
        assert duck.rows([b"{}\n"] * 5000).row_group == STEP * 5
        assert duck.rows([b" " * 20_000] * STEP).row_group == STEP * 2
        assert duck.rows([b" " * 100_000] * STEP).row_group == STEP
    found = duckdb.read_parquet(f"{tmp_path}/one.parquet")
    assert found.project("length(body)").fetchall() == [((16 << 20) - 200,)]


def test_conditions_and_since_go_together_on_every_table_of_nasty_archives(tmp_path: Path) -> None:
    folders = Archives(nasty(tmp_path / "root")).folders
    choice = Choice(since="2026-01-02", where=(RowCondition.of("id=gszx:9"),))
    assert [len(list(Selection(folders, choice).lines(table))) for table in ("speeches", "versions")] == [1, 2]


def test_the_commands_of_the_page_do_what_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nasty(tmp_path / "output")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs/exporting.md").read_text("utf-8")
    shown = re.findall(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", page, re.MULTILINE)
    assert len(shown) == 5
    for command, said in shown:
        words = shlex.split(command)
        if words[0] == "ls":
            assert said.split() == sorted(file.name for file in (tmp_path / words[1]).iterdir())
            continue
        assert words[:3] == ["python", "-m", "pipelines"]
        assert main(words[3:]) == (2 if ": no such column;" in said else 0)
        pattern = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", said))
        told = capsys.readouterr().err
        assert re.match(pattern, told, re.DOTALL), told
