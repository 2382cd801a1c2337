"""The files of an archive's `schemas/`: JSON Schemas for validators, column types for pandas, polars and DuckDB.

Readers that infer types lose data: `004864` becomes 4864, counts with gaps become floats, a key that is null for the
first thousands of lines becomes text or vanishes. With `readers.json` nothing is inferred.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pipelines.archive.disk.files import json_document
from pipelines.archive.read.index import INDEX_SCHEMA, IndexRow
from pipelines.archive.schema.json_types import Property, Shape, shape_of_record
from pipelines.record import LATEST_SCHEMA, OBSERVATION_SCHEMA, SPEECH_SCHEMA, Latest, Observation, Version

RECORDS: dict[str, type] = {
    SPEECH_SCHEMA: Version,
    OBSERVATION_SCHEMA: Observation,
    LATEST_SCHEMA: Latest,
    INDEX_SCHEMA: IndexRow,
}

PANDAS = """\
import json, pathlib, pandas as pd
types = json.loads(pathlib.Path("schemas/readers.json").read_bytes())["latest/1"]["pandas"]
speeches = pd.read_json("latest.jsonl", lines=True, dtype=False).reindex(columns=list(types)).astype(types)
"""

POLARS = """\
import json, pathlib, polars as pl
def dtype(t):
    if isinstance(t, str): return getattr(pl, t)
    return pl.List(dtype(t[0])) if isinstance(t, list) else pl.Struct({k: dtype(v) for k, v in t.items()})
types = json.loads(pathlib.Path("schemas/readers.json").read_bytes())["latest/1"]["polars"]
speeches = pl.read_ndjson("latest.jsonl", schema={k: dtype(v) for k, v in types.items()})
"""

DUCKDB = """\
import json, pathlib, duckdb
types = json.loads(pathlib.Path("schemas/readers.json").read_bytes())["latest/1"]["duckdb"]
speeches = duckdb.execute("from read_json('latest.jsonl', format='newline_delimited', columns=$1)", [types])
"""

SNIPPETS = {"pandas": PANDAS, "polars": POLARS, "duckdb": DUCKDB}


@cache
def documents() -> dict[str, bytes]:
    """Every file of `schemas/` by its name in the archive."""
    shapes = {name: shape_of_record(record) for name, record in RECORDS.items()}
    made = {
        f"schemas/{_stem(name)}.schema.json": json_document(_schema(name, shape)) for name, shape in shapes.items()
    }
    readers = {name: _reader_types(shape) for name, shape in shapes.items()}
    return made | {"schemas/readers.json": json_document(readers), "schemas/README.md": readme().encode()}


def readme() -> str:
    """How to read the lines with each library, run from the archive's folder."""
    calls = "\n".join(f"{name}:\n\n```python\n{text}```\n" for name, text in SNIPPETS.items())
    return (
        "# Reading this archive\n\nOne JSON object a line, every key on every line; `*.schema.json` describe them.\n"
        "`readers.json` holds column types, so that no library has to guess: ids stay text, counts stay integers.\n"
        "The same calls read each file of `versions/` (`speech/1`) and `observations/` (`observation/1`)\n"
        "that `commits/*.json` name.\n"
        f"Run them in the folder that holds `latest.jsonl`.\n\n{calls}"
    )


def _stem(name: str) -> str:
    return name.replace("/", "-")


def _schema(name: str, shape: Shape) -> dict[str, Any]:
    heading = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name}
    schema = heading | _json_schema(shape)
    schema["properties"]["schema"]["const"] = name
    return schema


_PLAIN = {"str": "string", "int": "integer", "float": "number", "list": "array", "object": "object"}


def _json_schema(shape: Shape) -> dict[str, Any]:
    plain = _PLAIN[shape.kind]
    schema: dict[str, Any] = {"type": [plain, "null"] if shape.null else plain}
    if listed := shape.choices or shape.one_of:
        schema["enum"] = [*listed, None] if shape.null else [*listed]
    if shape.item is not None:
        schema["items"] = _json_schema(shape.item)
    if shape.keys:
        schema["properties"] = {key.name: _property(key) for key in shape.keys}
        schema["required"] = [key.name for key in shape.keys]
        schema["additionalProperties"] = True
    return schema


def _property(key: Property) -> dict[str, Any]:
    about = {"description": key.about} if key.about else {}
    pattern = {"pattern": key.shape.pattern} if key.shape.pattern else {}
    form = {"format": key.shape.format} if key.shape.format else {}
    return about | _json_schema(key.shape) | pattern | form


def _reader_types(shape: Shape) -> dict[str, Any]:
    return {
        "pandas": {key.name: _pandas(key.shape) for key in shape.keys},
        "polars": {key.name: _polars(key.shape) for key in shape.keys},
        "duckdb": {key.name: _duckdb(key.shape) for key in shape.keys},
    }


def _pandas(shape: Shape) -> str:
    return {"str": "string", "int": "Int64", "float": "Float64"}.get(shape.kind, "object")


def _polars(shape: Shape) -> Any:
    if shape.item is not None:
        return [_polars(shape.item)]
    if shape.keys:
        return {key.name: _polars(key.shape) for key in shape.keys}
    return {"str": "String", "int": "Int64", "float": "Float64"}[shape.kind]


def _duckdb(shape: Shape) -> str:
    if shape.item is not None:
        return f"{_duckdb(shape.item)}[]"
    if shape.keys:
        columns = (f'"{key.name}" {_duckdb(key.shape)}' for key in shape.keys)
        return f"STRUCT({', '.join(columns)})"
    return {"str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE"}[shape.kind]
