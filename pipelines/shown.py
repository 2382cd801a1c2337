"""Words for people: text that cannot control what shows it, counted things, aligned columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Text of a page must neither control the terminal nor break its lines or change their direction.
_STEERING = [*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)]
_HARMLESS = {n: f"\\x{n:02x}" if n < 256 else f"\\u{n:04x}" for n in _STEERING if chr(n) not in "\t\n"}


def harmless(text: str) -> str:
    """The text with every control character escaped."""
    # Most texts have none, and to look whether one has takes a tenth of the time.
    return text if text.isprintable() else text.translate(_HARMLESS)


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
