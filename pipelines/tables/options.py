"""How the rows of an export are written, whatever the form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Partition = Literal["site", "year"]
Compression = Literal["gz", "zst"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may ask of a form. A form is not given an option that it does not take (`Form.takes`)."""

    fields: tuple[str, ...] | None = None
    """Only these columns; null for all."""
    flat: bool = False
    """Without nested columns."""
    partition: Partition | None = None
    """A file for each site, or for each year."""
    compress: Compression | None = None
    raw_formulas: bool = False
    """Texts that a spreadsheet would compute are written as they are."""
