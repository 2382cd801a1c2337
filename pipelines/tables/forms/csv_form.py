"""`--to csv`: a file for each table that a spreadsheet opens, and a program reads back exactly.

RFC 4180 in UTF-8 with a byte order mark, by which Excel knows UTF-8. Every text is quoted, so that null, which is
not, differs from the empty text; line ends within a text stay as they are.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import category

from pipelines.archive.errors import NotUnderstood
from pipelines.tables.columns import columns
from pipelines.tables.forms.flat_rows import flat_rows
from pipelines.tables.forms.outlet import outlet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pipelines.tables.columns import Column
    from pipelines.tables.forms.flat_rows import Plain
    from pipelines.tables.options import Options
    from pipelines.tables.selection import Selection
    from pipelines.tables.table import Table

_MARK = "\ufeff"
_END = "\r\n"
# Spreadsheets compute a cell that begins so; some skip what is not seen before it, and take full-width signs for it.
# A quote at the beginning is doubled, so that one taken away from whatever begins with one gives the text.
_OPERATORS = r"=+\-@＝＋－＠"
_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Of Unicode, what is not seen: control and format characters, and blanks."""


@cache
def _formulas() -> tuple[re.Pattern[str], frozenset[str]]:
    """What finds a formula, and the first characters of what it may find: few texts need to be looked at closer."""
    unseen = [sign for sign in map(chr, range(sys.maxunicode + 1)) if category(sign) in _CATEGORIES]
    pattern = re.compile(rf"[\t\r\n\0']|[{re.escape(''.join(unseen))}]*[{_OPERATORS}]")
    return pattern, frozenset([*unseen, "'", *re.findall(f"[{_OPERATORS}]", _OPERATORS)])


def write_csv(selection: Selection, tables: Sequence[str], folder: Path, options: Options) -> None:
    """Write `NAME.csv` for each table, flat."""
    cell = _cell if options.raw_formulas else _safe_cell
    for name in tables:
        chosen = csv_columns(selection.table(name), options)
        _check(name, chosen)
        with outlet(folder, f"{name}.csv", options.compress) as file:
            file.writelines(_lines(flat_rows(selection, name, chosen), chosen, cell))


def csv_columns(table: Table, options: Options) -> tuple[Column, ...]:
    """The columns that are written of a table."""
    return columns(table, flat=True, fields=options.fields)


def _check(name: str, chosen: Sequence[Column]) -> None:
    """Refuse what would make empty lines of nulls, which readers skip."""
    if len(chosen) == 1 and (chosen[0].shape.null or chosen[0].kind == "nested"):
        raise NotUnderstood(
            f"--fields {chosen[0].name}: alone its nulls are no rows of {name}.csv; add another field"
        )


def _lines(rows: Iterable[list[Plain]], chosen: Sequence[Column], cell: Callable[[Plain], str]) -> Iterator[bytes]:
    yield f"{_MARK}{','.join(column.name for column in chosen)}{_END}".encode()
    _, odd = _formulas()
    for row in rows:
        # Most are texts with nothing to do, and a call for each takes as long as all the rest.
        cells = [f'"{v}"' if type(v) is str and v[:1] not in odd and '"' not in v else cell(v) for v in row]
        yield f"{','.join(cells)}{_END}".encode()


def _cell(value: Plain) -> str:
    if type(value) is str:
        return f'''"{value.replace('"', '""')}"'''
    return "" if value is None else str(value)


def _safe_cell(value: Plain) -> str:
    return _cell(f"'{value}" if type(value) is str and _formulas()[0].match(value) else value)
