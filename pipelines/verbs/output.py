"""Output: JSON as UTF-8 in any locale, and text without control characters for the terminal."""

from __future__ import annotations

import json
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Text of a page must neither control the terminal nor break its lines or change their direction.
_STEERING = [*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)]
_HARMLESS = {n: f"\\x{n:02x}" if n < 256 else f"\\u{n:04x}" for n in _STEERING if chr(n) not in "\t\n"}


def harmless(text: str) -> str:
    """The text with every control character escaped."""
    return text.translate(_HARMLESS)


def one_line(text: str) -> str:
    """The text with every control character escaped, tabs and line ends too, so that a value stays on one line."""
    return harmless(text).replace("\n", "\\n").replace("\t", "\\t")


def print_message(message: str) -> None:
    """Print a message to stderr, control characters escaped: it may hold names and values of a foreign archive."""
    print(harmless(message), file=sys.stderr)


def print_in_any_locale() -> None:
    """Escape characters that stdout's encoding (GBK, Latin-1, ASCII) lacks, so that printing never fails."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def write_lines(lines: Iterable[bytes]) -> int:
    """Write lines that are JSON already; returns their number."""
    sys.stdout.flush()
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is the count
        sys.stdout.buffer.write(line)
    return count


def write_objects(values: Iterable[Any]) -> None:
    """Write JSON Lines."""
    write_lines(json_lines(values))


def json_lines(values: Iterable[Any]) -> Iterator[bytes]:
    """JSON Lines, each with its line feed."""
    # Half of a surrogate pair, which JSON can hold and UTF-8 cannot, is written as an escape.
    return (
        f"{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n".encode(errors="backslashreplace")
        for value in values
    )


def write_document(value: Any) -> None:
    """Write one JSON document that a person can read."""
    write_lines([f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode()])


def wants_color(choice: str) -> bool:
    """Whether to colour: `always`, `never`, or `auto`: on a terminal, unless NO_COLOR is set."""
    return choice == "always" or (choice == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


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
