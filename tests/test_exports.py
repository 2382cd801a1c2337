"""What other people's libraries read from an export of nasty archives is what the archives say, in every form."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.__main__ import main
from pipelines.archive import Archives
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.schema.schemas import documents
from pipelines.tables.columns import columns, flat_value, site_of
from pipelines.tables.frames import to_duckdb, to_pandas, to_polars
from pipelines.tables.selection import Selection
from pipelines.tables.table import TABLES
from tests import reading_back
from tests.conftest import PATIENCE
from tests.judging import judged
from tests.nasty_archives import nasty
from tests.reading_back import plain
from tests.test_old_archives import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.schema.json_types import Shape
    from pipelines.tables.columns import Column

OURS = {
    "parquet": "polars,duckdb",
    "duckdb": "duckdb",
    "sqlite": "sqlite3",
    "jsonl": "json,polars,duckdb",
    "csv": "polars,duckdb",
}
"""By form, the readers in the environment of the tests."""
THEIRS = {
    "parquet": "pandas,pyarrow,datasets,mlcroissant",
    "sqlite": "pandas,sqlite_utils",
    "jsonl": "jq,pandas,pyarrow",
    "csv": "pandas,pyarrow",
}
"""Those in the environment of the judge `data`."""
FORMS = tuple(OURS)
READ = {
    (form, reader) for readers in (OURS, THEIRS) for form, names in readers.items() for reader in names.split(",")
}
Rows = list[dict[str, Any]]
Key = tuple[str, str, str]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nasty(tmp_path_factory.mktemp("nasty") / "archives")


@pytest.fixture(scope="module")
def exports(root: Path) -> dict[str, Path]:
    folders = {form: root.parent / form for form in FORMS}
    (root.parent / "readers.json").write_bytes(documents()["schemas/readers.json"])
    for form, folder in folders.items():
        assert main(["export", str(root), "--to", form, "--out", str(folder)]) == 0
    return folders


def _read(exports: dict[str, Path]) -> dict[Key, Rows]:
    """By form, reader and table; the libraries of each environment are imported once, in one process."""
    program = reading_back.__file__
    ours = subprocess.run(
        [sys.executable, program, *_given(exports, OURS)], capture_output=True, timeout=PATIENCE, check=False
    )
    assert ours.returncode == 0, ours.stderr.decode()
    theirs = judged("data", "python", program, *_given(exports, THEIRS))
    assert theirs.status == 0, theirs.err
    found = [json.loads(line) for out in (ours.stdout.decode(), theirs.out) for line in out.split("\n") if line]
    return {(one["form"], one["reader"], one["table"]): one["rows"] for one in found}


def _given(exports: dict[str, Path], readers: dict[str, str]) -> Iterable[str | Path]:
    return (part for form, names in readers.items() for part in (form, exports[form], names))


@pytest.fixture(scope="module")
def lines(root: Path) -> dict[str, Rows]:
    """What the archives say, by table: every line."""
    selection = Selection(Archives(root).folders)
    return {name: [json.loads(line) for line in selection.lines(name)] for name in TABLES}


def typed_rows(table: str, lines: Rows) -> Rows:
    """Rows of a form that has types for all: days, moments, lists and objects."""
    return [_row(line, columns(TABLES[table]), lambda column, value: _typed(value, column.shape)) for line in lines]


def sqlite_rows(table: str, lines: Rows) -> Rows:
    """Rows of SQLite: moments as text in UTC, what is nested as JSON."""

    def value_of(column: Column, value: Any) -> Any:
        if column.kind == "nested":
            return value if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return _typed(value, column.shape)

    return [_row(line, columns(TABLES[table]), value_of) for line in lines]


def flat_rows(table: str, lines: Rows) -> Rows:
    """Rows of CSV: no types, and lists as a text."""
    flat = columns(TABLES[table], flat=True)
    return [
        _row(line, flat, lambda column, value: flat_value(value) if column.kind == "nested" else value)
        for line in lines
    ]


def _row(line: Line, wanted: Iterable[Column], value_of: Callable[[Column, Any], Any]) -> dict[str, Any]:
    line = {**line, "site": site_of(line)}
    values = {column.name: (column, line.get(column.key)) for column in wanted}
    return {
        name: plain(value if column.kind == "text" else value_of(column, value))
        for name, (column, value) in values.items()
    }


ROWS: dict[str, Callable[[str, Rows], Rows]] = {
    "parquet": typed_rows,
    "duckdb": typed_rows,
    "sqlite": sqlite_rows,
    "csv": flat_rows,
    "jsonl": lambda _, lines: [plain(line) for line in lines],
}


def _typed(value: Any, shape: Shape) -> Any:
    """A value of a line with its moments as such, also in lists and objects."""
    if value is None:
        return None
    if shape.item is not None:
        return [_typed(one, shape.item) for one in value]
    if shape.keys:
        return {key.name: _typed(value[key.name], key.shape) for key in shape.keys}
    return datetime.fromisoformat(value) if shape.format == "date-time" else value


def test_the_archives_hold_what_is_hard_to_read(lines: dict[str, Rows]) -> None:
    speeches = {line["id"]: line for line in lines["speeches"]}
    assert {"gszx:004864", "gszx:4864", "0052:004864"} <= speeches.keys()
    assert len(speeches["gszx:8"]["body"].encode()) > 1_000_000
    assert speeches["gszx:10"]["body"] == ""
    assert speeches["gszx:11"]["view_count"] is None
    assert speeches["gszx:9"]["title"] == "[redacted]"
    assert "gszx:101-7" not in speeches
    assert {"gone", "changed"} <= {line["event"] for line in lines["versions"]}
    assert len(lines["sites"]) == 2


def test_every_value_is_read_back_by_every_library(exports: dict[str, Path], lines: dict[str, Rows]) -> None:
    """Counts, ids, texts by their SHA-256, nulls and types: all columns, in the order of the export.

    One test, since every worker of the tests would import all the libraries again.
    """
    read = _read(exports)
    tables = {form: json.loads((exports[form] / "manifest.json").read_bytes())["tables"] for form in FORMS}
    for (form, reader, table), rows in read.items():
        right = ROWS[form](table, lines[table])
        assert len(rows) == tables[form][table]["rows"], (form, reader, table)
        as_read = CANNOT_TELL.get((form, reader), dict)
        for found, one in zip(rows, right, strict=True):
            assert as_read(found) == as_read(one), (form, reader, table)
    assert {(form, reader) for form, reader, _ in read} == READ
    assert all({"speeches", "versions", "sites"} <= of_form.keys() for of_form in tables.values())


def _without_null_texts(row: dict[str, Any]) -> dict[str, Any]:
    return {key: "" if value is None else value for key, value in row.items()}


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        made = {key: _without_empty(one) for key, one in value.items()}
        return made if any(one is not None for one in made.values()) else None
    return [_without_empty(one) for one in value] if isinstance(value, list) else value


CANNOT_TELL: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
    ("parquet", "mlcroissant"): _without_empty,
    ("csv", "pandas"): _without_null_texts,
}
"""What a reader cannot tell apart: an object that is null from one whose keys all are; null from an empty text."""


def test_frames_have_the_same_values(root: Path, lines: dict[str, Rows]) -> None:
    archives = Archives(root)
    for table, of_table in lines.items():
        rows = typed_rows(table, of_table)
        assert [plain(row) for row in to_polars(archives, table).to_dicts()] == rows
        assert [plain(row) for row in to_pandas(archives, table).to_dict(orient="records")] == rows
    with to_duckdb(archives, "speeches", "sites") as connection:
        joined = connection.execute("select count(*) from speeches join sites using (site)").fetchone()
        assert joined == (len(lines["speeches"]),)
    kinds = {column.name: column.kind for column in columns(TABLES["speeches"])}
    dtypes = {(kinds[str(name)], str(dtype)) for name, dtype in to_pandas(archives).dtypes.items()}
    of_time = {("date", "datetime64[us]"), ("moment", "datetime64[us, UTC]")}
    assert dtypes == {("text", "str"), ("integer", "Int64"), ("nested", "object"), *of_time}
    with pytest.raises(NotUnderstood, match="speech: no such table; there are speeches"):
        to_duckdb(archives, "speech")


@pytest.mark.parametrize("name", ["format-1", "2026-11-29-00813e4"])
def test_keys_that_an_archive_was_written_without_are_null(name: str, tmp_path: Path) -> None:
    archives = Archives(unpacked(name, tmp_path))
    for table in ("speeches", "versions", "observations"):
        lines = [json.loads(line) for line in Selection(archives.folders).lines(table)]
        assert [plain(row) for row in to_polars(archives, table).to_dicts()] == typed_rows(table, lines)


def test_a_library_that_is_not_there_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(NotUnderstood, match="polars is not installed here; pip install 'CHECKOUT-OR-WHEEL"):
        to_polars(Archives(root))


LOADED = r"""
import pathlib, re, sys
import mlcroissant, pybtex.database
for folder in map(pathlib.Path, sys.argv[1:]):
    found = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    print(found.metadata.issues.report() or "valid")
    try:
        print([(one.id, len(list(found.records(one.id)))) for one in found.metadata.record_sets if one.id < "v"])
    except mlcroissant.GenerationError as error:
        why = str(error.__cause__.__cause__ or error.__cause__)
        print(why.replace(str(folder), "…").partition(" with")[0])
    (bibtex,) = re.findall("(?s)```bibtex\n(.*?)```", (folder / "README.md").read_text("utf-8"))
    ((key, entry),) = pybtex.database.parse_string(bibtex, "bibtex").entries.items()
    print(key, entry.fields["title"])
"""


def test_croissant_is_valid_a_changed_byte_is_found_and_the_citation_is_bibtex(
    root: Path, exports: dict[str, Path], tmp_path: Path
) -> None:
    asked = ("--partition", "year", "--where", "view_count!=12", "--where", 'id!="null"')
    assert main(["export", str(root / "0052"), "--to", "parquet", "--out", str(tmp_path / "parts"), *asked]) == 0
    assert 'This is a part: rows with view\\_count!=12; rows with id!="null".' in (
        tmp_path / "parts/README.md"
    ).read_text("utf-8")
    folder = shutil.copytree(exports["parquet"], tmp_path / "copy")
    changed = bytearray((folder / "sites.parquet").read_bytes())
    changed[200] ^= 1
    (folder / "sites.parquet").write_bytes(changed)
    ended = judged("data", "python", "-c", LOADED, exports["parquet"], tmp_path / "parts", folder)
    assert ended.out.split("\n") == [
        "valid",
        "[('speeches', 41), ('observations', 45), ('problems', 4), ('sites', 2)]",
        "speech-archive-2026-01-03 2 CPPCC websites: leader speeches (领导讲话)",
        "valid",
        "[('speeches', 1), ('observations', 1)]",
        r"speech-archive-2026-01-01 政协<b> 某 </b>|市\_委员会 100\%: leader speeches (领导讲话)",
        "valid",
        "Hash of downloaded file …/sites.parquet is not identical",
        "speech-archive-2026-01-03 2 CPPCC websites: leader speeches (领导讲话)",
        "",
    ], ended.err


def test_the_calls_of_each_card_read_its_folder_and_its_closed_lists_are_there(
    exports: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for form, folder in exports.items():
        page = (folder / "README.md").read_text("utf-8")
        manifest = json.loads((folder / "manifest.json").read_bytes())
        assert {"README.md", "codes.json"} <= {file["path"] for file in manifest["files"]}
        monkeypatch.chdir(folder)
        names: dict[str, Any] = {}
        exec(re.findall(r"(?s)```python\n(.*?)```", page)[0], names)  # noqa: S102
        assert len(names["speeches"]) == manifest["tables"]["speeches"]["rows"], form
        named = set(re.findall(r"list ([a-z\\_]+) of codes.json", page))
        assert {"events", r"problem\_codes"} <= named
        assert {name.replace("\\", "") for name in named} <= json.loads((folder / "codes.json").read_bytes()).keys()
        assert not re.search(r"see [A-Z]|closed list of", page)
        assert "| `schema` | text | latest/1 |" in page


def test_what_an_archive_says_is_only_text_in_the_card(exports: dict[str, Path]) -> None:
    card = (exports["parquet"] / "README.md").read_text("utf-8")
    assert r"| 0052 | 政协\<b\>\{某\}\</b\>\|市\_委员会 100% | 0052.example, www.0052.example | 1 | " in card
