"""`diff`: the differences between two versions, for a terminal, a browser or a program."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipelines.canonical import json_value
from pipelines.compare.differences import compare, entry
from pipelines.shown import counted, harmless
from pipelines.verbs.output import print_message, wants_color, write_document, write_lines
from pipelines.verbs.texts import reference
from pipelines.verbs.texts.diff_html import page

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.streams import Line
    from pipelines.compare.differences import Difference, FieldChange, Kind, Paragraph, Piece
    from pipelines.verbs import AddVerb

KIND_WORDS: dict[Kind, str] = {
    "moved": "paragraph moved",
    "number": "number changed",
    "name": "name changed",
    "wording": "wording",
    "punctuation": "punctuation only",
    "added": "paragraph added",
    "removed": "paragraph removed",
}
_SIGNS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
_COLORS = {"same": ("", ""), "removed": ("\x1b[31;9m", "\x1b[0m"), "added": ("\x1b[32;4m", "\x1b[0m")}
_SHARED = ("id", "version", "reading", "observed_at", "recorded_at", "parser", "title", "url", "content_sha256")


def add(verb: AddVerb) -> None:
    """Add the command."""
    diff = verb(
        "diff",
        run,
        "Show the differences between two versions or readings, paragraph by paragraph.",
        "output/gszx 4864@1 4864@2",
        root=True,
    )
    diff.set_defaults(reads="lines")
    diff.add_argument("old", metavar="ID@VERSION", help="for example 4864@1, or 4864@1.2 for a reading")
    diff.add_argument("new", metavar="ID@VERSION", help="for example 4864@2")
    form = diff.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document instead of text")
    form.add_argument("--html", action="store_true", help="one page that needs no other file")
    form.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="default: on a terminal")


def run(arguments: argparse.Namespace) -> int:
    """Print the differences; the exit status is 0 with or without any."""
    archive = reference.archive_of(arguments.archive, arguments.old)
    old, new = (reference.find(archive, reference.parse(archive, text)) for text in (arguments.old, arguments.new))
    difference = compare(old, new)
    if old["parser"] != new["parser"]:
        both = f"{old['parser']} and {new['parser']}"
        print_message(f"note: read by two parsers, {both}: some differences may be ours, not the site's")
    if arguments.json:
        shared = {name: {key: line[key] for key in _SHARED} for name, line in (("old", old), ("new", new))}
        write_document(shared | json_value(difference))
    elif arguments.html:
        write_lines([page(old, new, difference, KIND_WORDS).encode()])
    else:
        marks = _COLORS if wants_color(arguments.color) else _SIGNS
        sys.stdout.writelines(f"{text}\n" for text in _for_people(old, new, difference, marks))
    return 0


Marks = dict[str, tuple[str, str]]


def _for_people(old: Line, new: Line, difference: Difference, marks: Marks) -> Iterator[str]:
    for sign, line in (("-", old), ("+", new)):
        place = f"{line['id']}@{line['version']}.{line['reading']}"
        yield f"{sign} {place}  {line['observed_at']}  {harmless(line['title'])}"
    for change in difference.fields:
        yield f"\n{change.name}{' (our reading)' if change.interpreted else ''}{_words(change.kinds)}"
        yield f"  {_field(change, marks)}"
    same = 0
    for paragraph in difference.paragraphs:
        if not paragraph.kinds:
            same += 1
            continue
        yield from _unchanged(same)
        same = 0
        yield f"\n{_place(paragraph)}{_words(paragraph.kinds)}"
        yield f"  {_marked(paragraph.pieces, marks)}"
    yield from _unchanged(same)


def _unchanged(count: int) -> Iterator[str]:
    if count:
        yield f"\n{counted(count, 'paragraphs')} the same"


def _words(kinds: Iterable[Kind]) -> str:
    words = ", ".join(KIND_WORDS[kind] for kind in kinds)
    return f": {words}" if words else ""


def _place(paragraph: Paragraph) -> str:
    numbers = dict.fromkeys(str(n) for n in (paragraph.old, paragraph.new) if n is not None)
    return f"paragraph {' → '.join(numbers)}"


def _field(change: FieldChange, marks: Marks) -> str:
    if change.pieces:
        return _marked(change.pieces, marks)
    sides = (("removed", change.old), ("added", change.new))
    return " ".join(f"{marks[side][0]}{harmless(_value(value))}{marks[side][1]}" for side, value in sides)


def _value(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(entry, value)) or "none"
    return "unknown" if value is None else str(value)


def _marked(pieces: Iterable[Piece], marks: Marks) -> str:
    return "".join(f"{marks[p.operation][0]}{harmless(p.text)}{marks[p.operation][1]}" for p in pieces)
