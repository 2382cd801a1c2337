"""DuckDB as a writer: rows of a selection, typed by the record classes, in the order in which they are read."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.export.not_exportable import NotExportable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from pipelines.archive.schema.json_types import Shape
    from pipelines.tables.columns import Column

MEMORY = "400MB"
THREADS = 2
_PLAIN = {"str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE"}
_TIMES = {"date": "DATE", "date-time": "TIMESTAMPTZ"}
_SMALLEST_OBJECT = 1 << 20


def duckdb_type(shape: Shape) -> str:
    """The type of a value in DuckDB: days and moments as such, lists and objects nested."""
    if shape.item is not None:
        return f"{duckdb_type(shape.item)}[]"
    if shape.keys:
        return f"STRUCT({', '.join(f'{quoted(key.name)} {duckdb_type(key.shape)}' for key in shape.keys)})"
    return _TIMES[shape.format] if shape.format else _PLAIN[shape.kind]


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in a scratch file, as lines of JSON; `longest` is the length of the longest of them in bytes."""

    file: Path
    longest: int

    def query(self, columns: Sequence[Column]) -> str:
        """The rows as a SELECT, with these columns."""
        types = {column.key: _read_as(column) for column in columns if column.key != "site"}
        types |= dict.fromkeys(("site", "id"), "VARCHAR")
        spec = ", ".join(f"{quoted(key)}: {text(type_)}" for key, type_ in types.items())
        # The buffers of DuckDB are some times as long as the longest line that it allows.
        size = max(self.longest + 1, _SMALLEST_OBJECT)
        source = f"read_json({text(str(self.file))}, format='newline_delimited', columns={{{spec}}}"
        selected = ", ".join(f"{_value(column)} AS {quoted(column.name)}" for column in columns)
        return f"SELECT {selected} FROM {source}, maximum_object_size={size})"  # noqa: S608 - all quoted


def _read_as(column: Column) -> str:
    # A moment is read as text, since a second column may keep its offset.
    return "VARCHAR" if column.kind == "moment" else duckdb_type(column.shape)


def _value(column: Column) -> str:
    key = quoted(column.key)
    if column.name == "site":
        return f"coalesce({key}, split_part(id, ':', 1))"
    return f"CAST({key} AS TIMESTAMPTZ)" if column.kind == "moment" else key


class Duck(AbstractContextManager["Duck"]):
    """A DuckDB with bounded memory, and a folder for scratch files."""

    def __init__(self, scratch: Path, database: Path | None = None) -> None:
        """Open `database`, or one in memory; `scratch` is made. `NotExportable` without DuckDB."""
        try:
            self._duckdb: Any = import_module("duckdb")
        except ImportError as error:
            wanted = "pip install 'speech-archive[parquet]'"
            raise NotExportable(f"export: DuckDB is not installed here; {wanted}") from error
        self._scratch = scratch
        scratch.mkdir(exist_ok=True)
        config = {"memory_limit": MEMORY, "threads": THREADS, "temp_directory": str(scratch / "spilled")}
        self._connection = self._duckdb.connect(str(database or ":memory:"), config=config)
        self.run("SET TimeZone = 'UTC'")

    @property
    def version(self) -> str:
        """Name and version of the library."""
        return f"duckdb {self._duckdb.__version__}"

    def rows(self, lines: Iterable[bytes]) -> Rows:
        """Rows from lines of JSON; they replace those made before."""
        file, longest = self._scratch / "rows.jsonl", 0
        with file.open("wb") as stream:
            for line in lines:
                stream.write(line)
                longest = max(longest, len(line))
        return Rows(file, longest)

    def run(self, statement: str) -> None:
        """Run a statement; `NotExportable` with the words of DuckDB when it cannot."""
        try:
            self._connection.execute(statement)
        except self._duckdb.Error as error:
            raise NotExportable(f"export: DuckDB cannot write the rows: {error}") from error

    def released(self) -> Any:
        """The connection, for others to use and to close: without the bounds, and without the scratch folder."""
        for setting in ("memory_limit", "threads", "temp_directory"):
            self.run(f"RESET {setting}")
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self._connection.close()
