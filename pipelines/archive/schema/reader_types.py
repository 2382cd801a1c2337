"""Column types for pandas, polars, DuckDB, pyarrow and Spark, from the record classes, and calls that use them.

Readers that infer types lose data: `004864` becomes 4864, counts with gaps become floats, a key that is null for the
first thousands of lines becomes text or vanishes. With `readers.json` nothing is inferred.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.archive.schema.json_types import Shape

PANDAS = """\
import json, pathlib, pandas as pd
types = json.loads(max(pathlib.Path("schemas").rglob("readers.json")).read_bytes())["latest/1"]["pandas"]
speeches = pd.read_json("latest.jsonl", lines=True, dtype=False).reindex(columns=list(types)).astype(types)
"""

POLARS = """\
import json, pathlib, polars as pl
def dtype(t):
    if isinstance(t, str): return getattr(pl, t)
    return pl.List(dtype(t[0])) if isinstance(t, list) else pl.Struct({k: dtype(v) for k, v in t.items()})
types = json.loads(max(pathlib.Path("schemas").rglob("readers.json")).read_bytes())["latest/1"]["polars"]
speeches = pl.read_ndjson("latest.jsonl", schema={k: dtype(v) for k, v in types.items()})
"""

DUCKDB = """\
import json, pathlib, duckdb
types = json.loads(max(pathlib.Path("schemas").rglob("readers.json")).read_bytes())["latest/1"]["duckdb"]
speeches = duckdb.execute("from read_json('latest.jsonl', format='newline_delimited', columns=$1)", [types])
"""

PYARROW = """\
import json, pathlib, pyarrow as pa, pyarrow.json
def dtype(t):
    if isinstance(t, str): return pa.type_for_alias(t)
    return pa.list_(dtype(t[0])) if isinstance(t, list) else pa.struct([(k, dtype(v)) for k, v in t.items()])
types = json.loads(max(pathlib.Path("schemas").rglob("readers.json")).read_bytes())["latest/1"]["pyarrow"]
parse = pa.json.ParseOptions(explicit_schema=pa.schema([(k, dtype(v)) for k, v in types.items()]))
speeches = pa.json.read_json("latest.jsonl", pa.json.ReadOptions(block_size=1 << 25), parse)  # a line: up to 16 MiB
"""

SPARK = """\
import json, pathlib
types = json.loads(max(pathlib.Path("schemas").rglob("readers.json")).read_bytes())["latest/1"]["spark"]
speeches = spark.read.schema(", ".join(f"`{key}` {kind}" for key, kind in types.items())).json("latest.jsonl")
"""

SNIPPETS = {"pandas": PANDAS, "polars": POLARS, "duckdb": DUCKDB, "pyarrow": PYARROW, "spark": SPARK}


def readme() -> str:
    """How to read the lines with each library, run from the archive's folder."""
    calls = "\n".join(f"{name}:\n\n```python\n{text}```\n" for name, text in SNIPPETS.items())
    return (
        "# Reading this archive\n\nOne JSON object a line, every key on every line; `*.schema.json` describe them.\n"
        "`readers.json` holds column types, so that no library has to guess: ids stay text, counts stay integers.\n"
        "`codes.json` says what each word of a closed list means, in English and Chinese.\n\n"
        "**The newest set counts.** Software that has more keys or words adds a set of these files, in a folder\n"
        "`since-N` named for the commit that brought it, and leaves the older ones as they are. A set describes\n"
        "older lines as well: a key that they lack is null. With an older set a reader would drop the keys that\n"
        "came later without a word, so the calls below take the newest `readers.json`.\n\n"
        "The same calls read each file of `versions/` (`speech/1`) and `observations/` (`observation/1`)\n"
        "that `commits/*.json` name.\n"
        f"Run them in the folder that holds `latest.jsonl`.\n\n{calls}"
    )


def reader_types(shape: Shape) -> dict[str, Any]:
    """For each library the type of every key: a name, `[of the items]`, `{key: of the key}`, or a column type of SQL.

    Days and moments are text, as in the lines.
    """
    return {library: {key.name: of(key.shape) for key in shape.keys} for library, of in _LIBRARIES.items()}


def _pandas(shape: Shape) -> str:
    return {"str": "string", "int": "Int64", "float": "Float64", "bool": "boolean"}.get(shape.kind, "object")


_POLARS = {"str": "String", "int": "Int64", "float": "Float64", "bool": "Boolean"}
_PYARROW = {"str": "string", "int": "int64", "float": "double", "bool": "bool"}


def _nested(shape: Shape, plain: dict[str, str]) -> Any:
    if shape.item is not None:
        return [_nested(shape.item, plain)]
    if shape.keys:
        return {key.name: _nested(key.shape, plain) for key in shape.keys}
    return plain[shape.kind]


@frozen
class ColumnTypes:
    """How a dialect of SQL writes the types of columns.

    Args:
        plain: by kind of a shape.
        listed, structured: a list of the type `{}`; a structure of the columns `{}`.
        column: a column of a structure, of its name and its type.
        timed: by format of a text, where days and moments have types of their own.
    """

    plain: Mapping[str, str]
    listed: str
    structured: str
    column: str
    timed: Mapping[str, str] = field(default_factory=dict)

    def of(self, shape: Shape) -> str:
        """The type of a value."""
        if shape.item is not None:
            return self.listed.format(self.of(shape.item))
        if shape.keys:
            columns = (self.column.format(key.name, self.of(key.shape)) for key in shape.keys)
            return self.structured.format(", ".join(columns))
        return self.timed.get(shape.format or "") or self.plain[shape.kind]


DUCKDB_TYPES = ColumnTypes(
    {"str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN"}, "{}[]", "STRUCT({})", '"{}" {}'
)
_SPARK_TYPES = ColumnTypes(
    {"str": "STRING", "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN"}, "ARRAY<{}>", "STRUCT<{}>", "`{}`: {}"
)
_LIBRARIES: dict[str, Callable[[Shape], Any]] = {
    "pandas": _pandas,
    "polars": lambda shape: _nested(shape, _POLARS),
    "duckdb": DUCKDB_TYPES.of,
    "pyarrow": lambda shape: _nested(shape, _PYARROW),
    "spark": _SPARK_TYPES.of,
}
