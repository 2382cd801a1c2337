"""The forms by name. A form is a function that writes the tables of a selection into a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.tables.forms.parquet import write_parquet
from pipelines.tables.options import Options
from pipelines.tables.selection import Selection

Write = Callable[[Selection, Sequence[str], Path, Options], None]
"""Writes tables into a folder that is there and empty. Its parent may be used for scratch files: it is deleted."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form: how it is written, and which fields of `Options` it takes."""

    write: Write
    takes: frozenset[str]
    about: str


FORMS = {
    "parquet": Form(write_parquet, frozenset({"fields", "flat", "partition"}), "a Parquet file for each table"),
}
