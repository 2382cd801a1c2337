"""Reads exports with other people's libraries: `python reading_back.py FORM FOLDER READER,… …` prints the rows.

It imports nothing of the project, so that it also runs where only the libraries are. Each reader is used as
docs/data.md shows. A line of JSON is printed for each table and reader, with every value as JSON has it: days and
moments as text in UTC, long texts as their SHA-256, and floats as text, since no table has any but `views`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sqlite3
import sys
import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Rows = list[dict[str, Any]]
LONG = 100_000
OF_THE_INDEX = "number"
"""A column of SQLite by which its full-text index names a speech."""


def plain(value: Any) -> Any:
    """A value of any library as JSON has it; what is no value of JSON, nor a day or moment, is an error."""
    for method in ("tolist", "to_pydatetime"):  # of numpy, of pandas
        value = getattr(value, method)() if hasattr(value, method) else value
    if type(value).__name__ in {"NAType", "NaTType"} or value != value:  # noqa: PLR0124 - NaN
        return None
    found = next((of for kind, of in _PLAIN.items() if isinstance(value, kind)), None)
    if found is None:
        raise TypeError(f"{value!r} is {type(value)}")
    return found(value)


def moment(value: datetime) -> str:
    """In UTC; of a day that was read as a moment, the day."""
    if value.tzinfo is None:
        return value.date().isoformat() if value.time() == time() else f"naive {value.isoformat()}"
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shortened(text: str) -> str:
    return text if len(text) < LONG else f"sha256 {hashlib.sha256(text.encode()).hexdigest()}"


_PLAIN: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: value,
    str: shortened,
    int: lambda value: value,
    float: lambda value: f"float {value}",
    datetime: moment,
    date: date.isoformat,
    list: lambda value: [plain(one) for one in value],
    tuple: lambda value: [plain(one) for one in value],
    dict: lambda value: {key: plain(one) for key, one in value.items()},
}


def records(frame: Any) -> Rows:
    """Rows of a pandas frame; `to_dict` gives Python values, NaN for what is null."""
    found: Rows = frame.to_dict(orient="records")
    return found


# Parquet


def parquet_pandas(folder: Path, table: str) -> Rows:
    pd: Any = importlib.import_module("pandas")
    return records(pd.read_parquet(folder / f"{table}.parquet", dtype_backend="numpy_nullable"))


def parquet_polars(folder: Path, table: str) -> Rows:
    pl: Any = importlib.import_module("polars")
    return pl.read_parquet(folder / f"{table}.parquet").to_dicts()  # type: ignore[no-any-return]


def parquet_duckdb(folder: Path, table: str) -> Rows:
    duckdb: Any = importlib.import_module("duckdb")
    return _of_duckdb(duckdb.connect(), f"from '{folder / f'{table}.parquet'}'")


def parquet_pyarrow(folder: Path, table: str) -> Rows:
    pq: Any = importlib.import_module("pyarrow.parquet")
    return pq.read_table(folder / f"{table}.parquet").to_pylist()  # type: ignore[no-any-return]


def parquet_datasets(folder: Path, table: str) -> Rows:
    os.environ["HF_HUB_OFFLINE"] = "1"
    datasets: Any = importlib.import_module("datasets")
    with tempfile.TemporaryDirectory() as cache:
        found = datasets.load_dataset(str(folder), table, split="train", cache_dir=cache)
        return found.to_list()  # type: ignore[no-any-return]


def parquet_mlcroissant(folder: Path, table: str) -> Rows:
    """Croissant's own loader: names have their table before them, texts are bytes, days are moments."""
    mlc: Any = importlib.import_module("mlcroissant")
    found = mlc.Dataset(jsonld=str(folder / "croissant.json")).records(table)
    return [_of_croissant(record) for record in found]


def _of_croissant(value: Any) -> Any:
    if isinstance(value, dict):
        made = {key.rpartition("/")[2]: _of_croissant(one) for key, one in value.items()}
        return made if any(one is not None for one in made.values()) else None
    if isinstance(value, list):
        items = [_of_croissant(one) for one in value]
        return None if items == [None] else items
    return value.decode() if isinstance(value, bytes) else value


# a database


def duckdb_duckdb(folder: Path, table: str) -> Rows:
    duckdb: Any = importlib.import_module("duckdb")
    (file,) = folder.glob("*.duckdb")
    return _of_duckdb(duckdb.connect(str(file), read_only=True), f'from "{table}"')


def _of_duckdb(connection: Any, query: str, *values: Any) -> Rows:
    connection.execute("set timezone = 'UTC'")
    cursor = connection.execute(query, [*values])
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def sqlite_sqlite3(folder: Path, table: str) -> Rows:
    (file,) = folder.glob("*.sqlite")
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return [dict(row) for row in connection.execute(f'select * from "{table}"')]  # noqa: S608


def sqlite_sqlite_utils(folder: Path, table: str) -> Rows:
    sqlite_utils: Any = importlib.import_module("sqlite_utils")
    (file,) = folder.glob("*.sqlite")
    return list(sqlite_utils.Database(str(file))[table].rows)


def sqlite_pandas(folder: Path, table: str) -> Rows:
    pd: Any = importlib.import_module("pandas")
    (file,) = folder.glob("*.sqlite")
    connection = sqlite3.connect(file)
    return records(pd.read_sql(f'select * from "{table}"', connection, dtype_backend="numpy_nullable"))  # noqa: S608


# lines of JSON


def jsonl_json(folder: Path, table: str) -> Rows:
    lines = (folder / f"{table}.jsonl").read_bytes().split(b"\n")
    return [json.loads(line) for line in lines if line]


def jsonl_jq(folder: Path, table: str) -> Rows:
    jq: Any = importlib.import_module("jq")
    found: Rows = jq.compile(".").input_text((folder / f"{table}.jsonl").read_text("utf-8")).all()
    return found


def jsonl_polars(folder: Path, table: str) -> Rows:
    pl: Any = importlib.import_module("polars")

    def dtype(kind: Any) -> Any:
        if isinstance(kind, str):
            return getattr(pl, kind)
        return (
            pl.List(dtype(kind[0])) if isinstance(kind, list) else pl.Struct({k: dtype(v) for k, v in kind.items()})
        )

    types = _types(folder, table, "polars")
    found = pl.read_ndjson(folder / f"{table}.jsonl", schema={key: dtype(kind) for key, kind in types.items()})
    return found.to_dicts()  # type: ignore[no-any-return]


def jsonl_duckdb(folder: Path, table: str) -> Rows:
    duckdb: Any = importlib.import_module("duckdb")
    query = f"from read_json('{folder / f'{table}.jsonl'}', format='newline_delimited', columns=$1)"
    return _of_duckdb(duckdb.connect(), query, _types(folder, table, "duckdb"))


def jsonl_pandas(folder: Path, table: str) -> Rows:
    pd: Any = importlib.import_module("pandas")
    types = _types(folder, table, "pandas")
    found = pd.read_json(folder / f"{table}.jsonl", lines=True, dtype=False)
    return records(found.reindex(columns=list(types)).astype(types))


def jsonl_pyarrow(folder: Path, table: str) -> Rows:
    pa: Any = importlib.import_module("pyarrow")
    read: Any = importlib.import_module("pyarrow.json")

    def dtype(kind: Any) -> Any:
        if isinstance(kind, str):
            return pa.type_for_alias(kind)
        return (
            pa.list_(dtype(kind[0]))
            if isinstance(kind, list)
            else pa.struct([(k, dtype(v)) for k, v in kind.items()])
        )

    schema = pa.schema([(key, dtype(kind)) for key, kind in _types(folder, table, "pyarrow").items()])
    size, parse = read.ReadOptions(block_size=1 << 25), read.ParseOptions(explicit_schema=schema)
    found: Rows = read.read_json(folder / f"{table}.jsonl", size, parse).to_pylist()
    return found


TYPED = {"speeches": "latest/1", "versions": "speech/1", "observations": "observation/1"}
"""Tables whose lines have types in `readers.json`, which lies beside the export here."""


def _types(folder: Path, table: str, library: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder.parent / "readers.json").read_bytes())[TYPED[table]][library]
    return found


# CSV: the quote before what would be a formula is taken away


def csv_pandas(folder: Path, table: str) -> Rows:
    """pandas cannot tell null from an empty text."""
    pd: Any = importlib.import_module("pandas")
    kinds = _kinds(folder, table)
    types = {name: _IN_PANDAS.get(kind, "string") for name, kind in kinds.items()}
    blank = {name: [""] if kind in _IN_PANDAS else [] for name, kind in kinds.items()}
    frame = pd.read_csv(folder / f"{table}.csv", dtype=types, keep_default_na=False, na_values=blank)
    return _undone(records(frame))


def csv_polars(folder: Path, table: str) -> Rows:
    pl: Any = importlib.import_module("polars")
    types = {name: getattr(pl, _IN_POLARS.get(kind, "String")) for name, kind in _kinds(folder, table).items()}
    return _undone(pl.read_csv(folder / f"{table}.csv", schema=types).to_dicts())


def csv_duckdb(folder: Path, table: str) -> Rows:
    duckdb: Any = importlib.import_module("duckdb")
    types = {name: _IN_DUCKDB.get(kind, "VARCHAR") for name, kind in _kinds(folder, table).items()}
    how = "columns=$1, header=true, quote='\"', escape='\"', allow_quoted_nulls=false, max_line_size=17000000"
    query = f"from read_csv('{folder / f'{table}.csv'}', {how}, buffer_size=34000000)"
    return _undone(_of_duckdb(duckdb.connect(), query, types))


def csv_pyarrow(folder: Path, table: str) -> Rows:
    csv: Any = importlib.import_module("pyarrow.csv")
    types = {name: _IN_PYARROW.get(kind, "string") for name, kind in _kinds(folder, table).items()}
    found = csv.read_csv(
        folder / f"{table}.csv",
        csv.ReadOptions(block_size=1 << 25),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
    )
    return _undone(found.to_pylist())


_IN_PANDAS = {"integer": "Int64", "number": "Float64"}
_IN_POLARS = {"integer": "Int64", "number": "Float64"}
_IN_DUCKDB = {"integer": "BIGINT", "number": "DOUBLE"}
_IN_PYARROW = {"integer": "int64", "number": "double"}


def _kinds(folder: Path, table: str) -> dict[str, str]:
    about = json.loads((folder / "manifest.json").read_bytes())["tables"][table]
    return {column["name"]: column["kind"] for column in about["columns"]}


def _undone(rows: Rows) -> Rows:
    return [{k: v.removeprefix("'") if isinstance(v, str) else v for k, v in row.items()} for row in rows]


BY_TYPES = ("pandas", "polars", "duckdb", "pyarrow")
FORMS = ("parquet", "duckdb", "sqlite", "jsonl", "csv")
READERS = {
    name: found for name, found in list(globals().items()) if name.startswith(tuple(f"{form}_" for form in FORMS))
}


def main(*given: str) -> None:
    """For each form, its folder and readers: what each reads of each table that the manifest names."""
    for form, folder, readers in zip(given[::3], given[1::3], given[2::3], strict=True):
        root = Path(folder)
        for reader in readers.split(","):
            tables = json.loads((root / "manifest.json").read_bytes())["tables"]
            for table in TYPED if form == "jsonl" and reader in BY_TYPES else tables:
                rows = READERS[f"{form}_{reader}"](root, table)
                made = [{key: plain(value) for key, value in row.items() if key != OF_THE_INDEX} for row in rows]
                print(json.dumps({"form": form, "reader": reader, "table": table, "rows": made}))


if __name__ == "__main__":
    main(*sys.argv[1:])
