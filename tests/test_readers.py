"""The calls the archive's own schemas/README.md shows load every line, whole, in every library."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pytest

from pipelines.archive.schema import reader_types, schemas
from pipelines.canonical import json_line
from tests.judging import judged
from tests.test_archive import crawl, day, speech

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LATE = 30_000
VIEWS = 2**53 - 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose latest.jsonl is replaced by one with keys first set after 30,000 lines of null."""
    root = tmp_path_factory.mktemp("readers") / "a"
    crawl(root, 1, speech("004864", day(1)))
    full = json.loads((root / "latest.jsonl").read_bytes())
    nullable = [key for key, kind in schema(root)["properties"].items() if "null" in kind["type"]]
    bare = full | dict.fromkeys(nullable)
    with (root / "latest.jsonl").open("w", encoding="utf-8") as stream:
        for seq in range(LATE):
            stream.write(json_line(bare | {"seq": seq}) + "\n")
        last = full | {"seq": LATE, "view_count": VIEWS, "speaker_post": "主席", "delivered_on": "2023-12-27"}
        stream.write(json_line(last) + "\n")
    return root


def schema(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "schemas/latest-1.schema.json").read_bytes())
    return found


def expected(root: Path) -> dict[str, int]:
    counts = dict.fromkeys(schema(root)["properties"], 0)
    with (root / "latest.jsonl").open(encoding="utf-8") as stream:
        for line in stream:
            for key, value in json.loads(line).items():
                counts[key] += value is not None
    return counts


@pytest.fixture
def loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.chdir(folder)

    def run(snippet: str) -> Any:
        assert snippet in (folder / "schemas/README.md").read_text(encoding="utf-8")
        names: dict[str, Any] = {}
        exec(snippet, names)  # noqa: S102 - the text people copy is what is tested
        return names["speeches"]

    return run


def test_pandas(folder: Path, loaded: Callable[[str], Any]) -> None:
    speeches: pd.DataFrame = loaded(reader_types.PANDAS)
    assert {str(key): int(count) for key, count in speeches.notna().sum().items()} == expected(folder)
    assert set(speeches["native_id"]) == {"004864"}
    assert speeches["view_count"].iloc[-1] == VIEWS
    assert speeches[["published_on", "published_at"]].iloc[-1].to_list() == [
        "2023-12-28",
        "2023-12-28T19:00:29+08:00",
    ]
    assert str(speeches["view_count"].dtype) == "Int64"


def test_polars(folder: Path, loaded: Callable[[str], Any]) -> None:
    speeches: pl.DataFrame = loaded(reader_types.POLARS)
    assert {key: len(speeches) - speeches[key].null_count() for key in speeches.columns} == expected(folder)
    assert set(speeches["native_id"]) == {"004864"}
    assert speeches["view_count"][-1] == VIEWS
    assert speeches["captures"][-1][0]["role"] == "article"


def test_duckdb(folder: Path, loaded: Callable[[str], Any]) -> None:
    loaded(reader_types.DUCKDB)
    counts = ", ".join(f'count("{key}")' for key in expected(folder))
    types = json.loads((folder / "schemas/readers.json").read_bytes())["latest/1"]["duckdb"]
    source = "from read_json('latest.jsonl', format='newline_delimited', columns=$1)"
    found = duckdb.execute(f"select {counts} {source}", [types]).fetchone()
    assert found == tuple(expected(folder).values())
    ids = duckdb.execute(f"select distinct native_id, max(view_count) {source} group by all", [types]).fetchall()
    assert ids == [("004864", VIEWS)]


def test_the_newest_types_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive begun by software that did not know a key: with its types the key would vanish without a word."""
    root, types = tmp_path / "a", json.loads(schemas.documents()["schemas/readers.json"])
    for columns in types["latest/1"].values():
        del columns["speaker_post"]
    older = schemas.documents() | {"schemas/readers.json": json.dumps(types).encode()}
    with monkeypatch.context() as of_older_software:
        of_older_software.setattr(schemas, "documents", lambda: older)
        crawl(root, 1, speech("1", day(1), speaker_post="主席"))
    crawl(root, 2, speech("2", day(2), speaker_post="主席"))
    monkeypatch.chdir(root)
    for library in ("pandas", "polars", "duckdb"):
        names: dict[str, Any] = {}
        exec(reader_types.SNIPPETS[library], names)  # noqa: S102
        found = names["speeches"].df() if library == "duckdb" else names["speeches"]
        assert list(found["speaker_post"]) == ["主席", "主席"], library


COUNTED = """
import pathlib, sys
exec(pathlib.Path(sys.argv[1]).read_text("utf-8"))
counts = {name: speeches.num_rows - speeches.column(name).null_count for name in speeches.column_names}
captures, views = speeches.column("captures")[-1].as_py(), speeches.column("view_count")
print(json.dumps([counts, speeches.column("native_id").unique().to_pylist(), views[-1].as_py(), captures[0]["role"]]))
"""


def test_pyarrow(folder: Path, tmp_path: Path) -> None:
    assert reader_types.PYARROW in (folder / "schemas/README.md").read_text("utf-8")
    (tmp_path / "call.py").write_text(reader_types.PYARROW, "utf-8")
    told = judged("data", "python", "-c", COUNTED, tmp_path / "call.py", cwd=folder)
    assert json.loads(told.out) == [expected(folder), ["004864"], VIEWS, "article"], told.err


GUESSED = """
import os, tempfile
os.environ["HF_HUB_OFFLINE"] = "1"
import datasets, pyarrow, pyarrow.json
lines = open("latest.jsonl", encoding="utf-8").readlines()
open("short.jsonl", "w", encoding="utf-8").write(lines[-1])
for name in ("latest", "short"):
    try:
        print(pyarrow.json.read_json(f"{name}.jsonl")["published_at"][0])
    except pyarrow.ArrowNotImplementedError as error:
        print(str(error).partition(" to ")[0])
    try:
        with tempfile.TemporaryDirectory() as cache:
            read = datasets.load_dataset("json", data_files=f"{name}.jsonl", split="train", cache_dir=cache)
            print(read[-1]["published_at"])
    except datasets.exceptions.DatasetGenerationError as error:
        print(str(error.__cause__)[:19])
"""


def test_without_types_each_library_loses_what_the_page_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of docs/data.md; where a library does better one day, the page is to say so."""
    monkeypatch.chdir(folder)
    guessed = pd.read_json("latest.jsonl", lines=True)
    assert (guessed["native_id"].iloc[-1], str(guessed["view_count"].dtype)) == (4864, "float64")
    assert duckdb.execute("select count(author) from 'latest.jsonl'").fetchone() == (0,)
    with pytest.raises(pl.exceptions.ComputeError, match="non-null value for NULL-typed column"):
        pl.read_ndjson("latest.jsonl")
    ended = judged("data", "python", "-c", GUESSED, cwd=folder)
    assert ended.out.split("\n") == [
        "JSON conversion",
        "Couldn't cast array",
        "2023-12-28 11:00:29",
        "2023-12-28 11:00:29",
        "",
    ], ended.err
    table = pd.read_csv(io.StringIO("native_id,title\n004864,NA\n"))
    assert (table["native_id"][0], table["title"].count()) == (4864, 0)


def test_spark_is_given_the_same_types_as_duckdb(folder: Path) -> None:
    """Spark needs a JVM: its DDL is DuckDB's in other words."""
    for types in json.loads((folder / "schemas/readers.json").read_bytes()).values():
        for key, kind in types["spark"].items():
            assert kind.translate({ord("`"): None}) == _in_spark(types["duckdb"][key])


def _in_spark(kind: str) -> str:
    named = re.sub(r'"(\w+)" ', r"\1: ", kind).replace("VARCHAR", "STRING")
    return re.sub(r"(STRUCT<[^<>]*>|\w+)\[\]", r"ARRAY<\1>", named.replace("(", "<").replace(")", ">"))


@pytest.mark.parametrize("library", ["pandas", "polars", "duckdb"])
def test_an_archive_without_speeches_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    crawl(tmp_path / "a", 1)
    monkeypatch.chdir(tmp_path / "a")
    exec(reader_types.SNIPPETS[library], {})  # noqa: S102


@pytest.mark.parametrize("name", list(schemas.RECORDS))
def test_every_record_has_types_for_every_library(folder: Path, name: str) -> None:
    types = json.loads((folder / "schemas/readers.json").read_bytes())[name]
    keys = list(json.loads((folder / f"schemas/{name.replace('/', '-')}.schema.json").read_bytes())["properties"])
    assert {library: list(columns) for library, columns in types.items()} == dict.fromkeys(
        reader_types.SNIPPETS, keys
    )
