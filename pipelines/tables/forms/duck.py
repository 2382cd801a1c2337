"""DuckDB as a writer: rows of a selection, typed by the record classes, in the order in which they are read."""

from __future__ import annotations

import shutil
from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.archive.schema.reader_types import DUCKDB_TYPES
from pipelines.export.not_exportable import NotExportable
from pipelines.tables.forms.sql_words import quoted, text
from pipelines.untrusted import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from pipelines.tables.columns import Column

MEMORY = "400MB"
"""Enough for groups of `_GROUP_BYTES` in each thread; the whole export stays below 600 MB."""
MORE_MEMORY = "4GB"
"""For rows that do not fit otherwise: thousands of texts of a megabyte side by side."""
THREADS = 2
"""More hold more groups in memory at a time, and gain little beside reading the archives, which is one thread."""
STEP = 2048
"""DuckDB's own step of rows; groups of rows are multiples of it."""
_MOST_STEPS = 5
"""Groups half or twice as large take a fifth longer to write, and compress no better."""
_GROUP_BYTES = 96 << 20
"""Of the lines in a group: a writer holds several times as much in each thread."""
_HELD = 16 << 20
"""Of lines of all parts, before they are appended to their files: few large appends instead of many small ones."""
_BUFFER = 1 << 20
_TYPES = replace(DUCKDB_TYPES, timed={"date": "DATE", "date-time": "TIMESTAMPTZ"})


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as lines of JSON in a file.

    Args:
        file: where they are.
        heaviest: the greatest size in bytes of `STEP` lines one after the other, counted in steps from the first.
    """

    file: Path
    heaviest: int

    @property
    def row_group(self) -> int:
        """Rows in a group of a Parquet file, which a writer and every reader hold in memory whole."""
        return STEP * max(1, min(_MOST_STEPS, _GROUP_BYTES // max(1, self.heaviest)))

    def query(self, columns: Sequence[Column]) -> str:
        """The rows as a SELECT, with these columns."""
        types = {column.key: _read_as(column) for column in columns if column.key != "site"}
        types |= dict.fromkeys(("site", "id"), "VARCHAR")
        spec = ", ".join(f"{quoted(key)}: {text(type_)}" for key, type_ in types.items())
        source = f"read_json({text(str(self.file))}, format='newline_delimited', columns={{{spec}}}"
        selected = ", ".join(f"{_value(column)} AS {quoted(column.name)}" for column in columns)
        return f"SELECT {selected} FROM {source}, maximum_object_size={LONGEST_LINE + 1})"  # noqa: S608 - all quoted


@dataclass(slots=True)
class _Tally:
    count: int = 0
    heaviest: int = 0
    held: int = 0

    def add(self, size: int) -> None:
        self.count += 1
        self.held += size
        if self.count % STEP == 0:
            self.heaviest, self.held = max(self.heaviest, self.held), 0

    def rows(self, file: Path) -> Rows:
        return Rows(file, max(self.heaviest, self.held))


def _append(folder: Path, held: dict[str, list[bytes]]) -> None:
    """Append lines to the file of their part. Files are not kept open: a hostile archive has a part for each line."""
    for part, lines in held.items():
        with (folder / part).open("ab") as stream:
            stream.writelines(lines)
    held.clear()


def _read_as(column: Column) -> str:
    # A moment is read as text, since a second column may keep its offset.
    return "VARCHAR" if column.kind == "moment" else _TYPES.of(column.shape)


def _value(column: Column) -> str:
    key = quoted(column.key)
    if column.name == "site":
        return f"coalesce({key}, split_part(id, ':', 1))"
    return f"CAST({key} AS TIMESTAMPTZ)" if column.kind == "moment" else key


class Misfit(NotExportable):
    """A row does not have the types of its table."""


class Duck(AbstractContextManager["Duck"]):
    """A DuckDB with bounded memory, and a folder for scratch files."""

    def __init__(self, scratch: Path, database: Path | None = None) -> None:
        """Open `database`, or one in memory; `scratch` is made. `NotExportable` without DuckDB."""
        try:
            self._duckdb: Any = import_module("duckdb")
        except ImportError as error:
            wanted = "pip install 'CHECKOUT-OR-WHEEL[parquet]'"
            raise NotExportable(f"export: DuckDB is not installed here; {wanted}") from error
        self._scratch = scratch
        scratch.mkdir(exist_ok=True)
        config = {"memory_limit": MEMORY, "threads": THREADS, "temp_directory": str(scratch / "spilled")}
        self._connection = self._duckdb.connect(str(database or ":memory:"), config=config)
        self.run("SET TimeZone = 'UTC'")

    def rows(self, lines: Iterable[bytes]) -> Rows:
        """Rows from lines of JSON; they replace those made before."""
        file, tally = self._scratch / "rows.jsonl", _Tally()
        # With the usual buffer of 8 KB, writing the lines costs three times as much.
        with file.open("wb", buffering=_BUFFER) as stream:
            for line in lines:
                stream.write(line)
                tally.add(len(line))
        return tally.rows(file)

    def parts(self, lines: Iterable[bytes], part_of: Callable[[bytes], str]) -> dict[str, Rows]:
        """Rows by the name of the part that a line belongs to, in order of the names; they replace those before."""
        folder = self._scratch / "parts"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tallies: dict[str, _Tally] = defaultdict(_Tally)
        held: dict[str, list[bytes]] = defaultdict(list)
        size = 0
        for line in lines:
            part = part_of(line)
            tallies[part].add(len(line))
            held[part].append(line)
            size += len(line)
            if size > _HELD:
                _append(folder, held)
                size = 0
        _append(folder, held)
        return {part: tallies[part].rows(folder / part) for part in sorted(tallies)}

    def run(self, statement: str) -> None:
        """Run a statement; `NotExportable` with the words of DuckDB when it cannot, `Misfit` when it is the rows."""
        try:
            try:
                self._connection.execute(statement)
            except self._duckdb.OutOfMemoryException:
                self._connection.execute(f"SET memory_limit = {text(MORE_MEMORY)}")
                self._connection.execute(statement)
        except (self._duckdb.InvalidInputException, self._duckdb.ConversionException) as error:
            raise Misfit(f"export: DuckDB cannot read the rows: {error}") from error
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
