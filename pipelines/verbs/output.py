"""Output of the commands: JSON as UTF-8 in any locale, messages without control characters."""

from __future__ import annotations

import json
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from pipelines.shown import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


_SHOWN_AS: dict[str, str] = {}
"""What a person named, by the folder of the copy that is read in its place."""


def show_as(folder: Path, address: str) -> None:
    """Let messages name what a person named, where a copy of it in `folder` is read."""
    _SHOWN_AS[str(folder)] = address


def print_message(message: str) -> None:
    """Print a message to stderr, control characters escaped: it may hold names and values of a foreign archive."""
    for folder, address in _SHOWN_AS.items():
        message = message.replace(folder, address)
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
