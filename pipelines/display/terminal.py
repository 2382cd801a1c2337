"""What a person at a terminal sees: help with examples, colours, tables. Whatever is piped stays plain text.

Colours and tables are made by rich, which is imported only for a terminal; without it a terminal gets the plain text.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from textwrap import fill
from typing import TYPE_CHECKING, TextIO

from pipelines.shown import harmless, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.text import Text

_GOOD = "complete created present restored accepted planned same whole"
_DOUBTFUL = "gaps changed partial missing unlisted withheld unknown waiting interrupted stale"
_BAD = "broken gone refused error damaged died blocked redacted failed wrong-use broken-profile unreachable"
_OURS = "reprocessed disabled retired succeeded never-run"
_STYLES = {
    word: style
    for words, style in ((_GOOD, "green"), (_DOUBTFUL, "yellow"), (_BAD, "bold red"), (_OURS, "cyan"))
    for word in words.split()
}
_TELLING = re.compile(r"\A[a-z-]+|(?<=  )[a-z-]+(?=,)|(?<= · )[a-z-]+(?= [(\d])")
"""Where a verdict, a state or an event stands in a line: first, after a moment or an id, before a count."""
_BETWEEN, _LEAST = 3, 20
"""Columns of a terminal between two columns of a table, and the least that its last one may have."""
_WIDEST = 100
"""Columns of a text to read: beyond that the eye loses the line."""


class HelpFormatter(argparse.HelpFormatter):
    """Fills paragraphs of a description one by one, and entries of its lists; leaves examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(self._filled(line, width, indent) for line in text.split("\n"))

    def _filled(self, line: str, width: int, indent: str) -> str:
        if line.startswith("  -"):
            return fill(line, width, subsequent_indent=" " * 6)
        return super()._fill_text(line, width, indent) if line and not line.startswith(" ") else line


def terminal(stream: TextIO | None = None) -> Console | None:
    """The terminal that stdout (or `stream`) is; null for a pipe, a terminal that can do nothing, or without rich.

    With NO_COLOR it has tables, but no colours.
    """
    stream = sys.stdout if stream is None else stream
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return None
    try:
        from rich.console import Console  # noqa: PLC0415 - a tenth of a second that only a terminal is worth
    except ModuleNotFoundError:
        return None
    return Console(file=stream, highlight=False, markup=False, emoji=False)


def word(text: str, shown: str | None = None) -> Text:
    """A verdict, state or event in its colour; `shown` in its place, if given."""
    from rich.text import Text  # noqa: PLC0415 - as above

    return Text(one_line(text if shown is None else shown), style=_STYLES.get(text.partition(":")[0], ""))


def print_facts(rows: Iterable[tuple[str, str]], title: str | None = None) -> None:
    """Print names and values, a line each; on a terminal a long value stays in its column."""
    screen = terminal()
    if screen is None:
        lines = [f"{name:<9} {text}".rstrip() for name, text in rows]
        print(harmless("\n".join(lines if title is None else [title, *lines])))
        return
    from rich.table import Table  # noqa: PLC0415 - as above

    if title is not None:
        screen.print(heading(title))
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold", max_width=_WIDEST)
    for name, value in rows:
        made.add_row(name, _colored(value))
    screen.print(made)


def print_prose(text: str) -> None:
    """Print a text to read; on a terminal its paragraphs are wrapped at a width that can be read."""
    screen = terminal()
    if screen is None:
        print(harmless(text))
        return
    from rich.text import Text  # noqa: PLC0415 - as above

    screen.print(Text(harmless(text)), width=min(screen.width, _WIDEST), overflow="fold")


def print_summary(text: str, stream: TextIO) -> None:
    """Print lines as they are; on a terminal verdicts and events have their colours."""
    screen = terminal(stream)
    if screen is None:
        print(text, file=stream, flush=True)
        return
    for line in text.split("\n"):
        screen.print(_colored(line), soft_wrap=True)


def _colored(line: str) -> Text:
    """A line in which verdicts, states and events have their colours."""
    from rich.text import Text  # noqa: PLC0415 - as above

    made = Text(one_line(line))
    for found in _TELLING.finditer(made.plain):
        made.stylize(_STYLES.get(found[0], ""), found.start(), found.end())
    return made


def print_listing(
    screen: Console, head: Sequence[str], rows: Iterable[Sequence[str | Text]], numbers: Sequence[int] = ()
) -> None:
    """Print rows under a head; columns of `numbers` are flush right, only the last column may be wrapped.

    A terminal too narrow for the others gets lines that are longer than it is: nothing is cut.
    """
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    cells = [[cell if isinstance(cell, Text) else Text(one_line(cell)) for cell in row] for row in rows]
    last = len(head) - 1
    for column, name in enumerate(head):
        width = max([len(name), *(row[column].cell_len for row in cells)])
        made.add_column(
            name,
            justify="right" if column in numbers else "left",
            overflow="fold",
            min_width=min(width, _LEAST) if column == last else width,
        )
    for row in cells:
        made.add_row(*row)
    needed = sum(column.min_width or 0 for column in made.columns) + _BETWEEN * last
    screen.print(made, width=max(screen.width, needed), crop=False)


def heading(text: str) -> Text:
    """A title."""
    from rich.text import Text  # noqa: PLC0415 - as above

    return Text(one_line(text), style="bold")
