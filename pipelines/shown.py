"""Words for people: text that cannot control what shows it, counted things, aligned columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Text of a page must neither control the terminal nor break its lines or change their direction; tab and LF stay.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """The text with every control character escaped."""
    # To look whether a short text has any takes a tenth of the time; one with line ends is not "printable".
    return text if text.isprintable() else _STEERING.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def one_line(text: str) -> str:
    """The text with every control character escaped, tabs and line ends too, so that a value stays on one line."""
    return harmless(text).replace("\n", "\\n").replace("\t", "\\t")


def counted(number: int, things: str) -> str:
    """`1 site`, `2 sites`: `things` is the plural of a word that ends with s, or es after ch."""
    return f"{number} {things.removesuffix('es' if things.endswith('ches') else 's') if number == 1 else things}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells on a line each, in columns as wide as their widest cell; the last one as long as it is."""
    plain = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in plain), strict=True)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in plain
    )
