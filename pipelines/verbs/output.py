"""What goes to stdout: JSON as UTF-8 whatever the locale, and text of a page that cannot steer the terminal."""

from __future__ import annotations

import json
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a page wrote must neither steer the reader's terminal nor break or turn the direction of its lines.
_STEERING = [*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)]
_HARMLESS = {n: f"\\x{n:02x}" if n < 256 else f"\\u{n:04x}" for n in _STEERING if chr(n) not in "\t\n"}


def harmless(text: str) -> str:
    """The text with every control character spelled out."""
    return text.translate(_HARMLESS)


def one_line(text: str) -> str:
    """The text with every control character spelled out, tabs and line ends too: a value stays in its place."""
    return harmless(text).replace("\n", "\\n").replace("\t", "\\t")


def tell(message: str) -> None:
    """Print a message to stderr: an archive from elsewhere has a say in some, its file names and values."""
    print(harmless(message), file=sys.stderr)


def print_in_any_locale() -> None:
    """Let stdout spell out what its encoding (GBK, Latin-1, ASCII) lacks: printing must not change an exit status."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def write_lines(lines: Iterable[bytes]) -> int:
    """Write lines that are JSON already; how many there were."""
    sys.stdout.flush()
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is how many
        sys.stdout.buffer.write(line)
    return count


def write_objects(values: Iterable[Any]) -> None:
    """Write JSON Lines."""
    # Half of a surrogate pair, which JSON can carry and UTF-8 cannot, goes out as it came in: as an escape.
    write_lines(
        f"{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n".encode(errors="backslashreplace")
        for value in values
    )


def write_document(value: Any) -> None:
    """Write one JSON document that a person can read."""
    write_lines([f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode()])


def wants_color(choice: str) -> bool:
    """Whether to colour: `always`, `never`, or `auto`, on a terminal that does not object (NO_COLOR)."""
    return choice == "always" or (choice == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
