"""`cite`: how a version of a speech is cited, and how a reader checks what was cited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.citation.bibtex import bibtex
from pipelines.citation.cited import cited
from pipelines.citation.csl_json import csl_json
from pipelines.citation.wording import wording
from pipelines.shown import harmless
from pipelines.verbs.output import print_message, write_document, write_lines
from pipelines.verbs.texts import reference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.state import SpeechState
    from pipelines.verbs import AddVerb

FORMS = ("text", "bibtex", "csl-json")


def add(verb: AddVerb) -> None:
    """Add the command."""
    cite = verb(
        "cite",
        run,
        "Cite a version of a speech: site, title, dates, version, head, and how to verify it.",
        "output/gszx 4864@1 --format bibtex",
        root=True,
    )
    cite.set_defaults(reads="lines")
    cite.add_argument("id", metavar="ID[@VERSION[.READING]]", help="for example gszx:4864, 4864@2 or 4864@2.1")
    cite.add_argument("--format", choices=FORMS, default="text", help="default: text (GB/T 7714 and English)")


def run(arguments: argparse.Namespace) -> int:
    """Print the citation."""
    archive = reference.archive_of(arguments.archive, arguments.id)
    wanted = reference.parse(archive, arguments.id)
    known, lines = archive.life_of(wanted.id)
    line = reference.among(lines, archive, wanted)
    one = cited(archive, line, _gone_at(known, lines))
    if known is not None and known.succeeded_by is not None:
        print_message(f"{wanted.id}: the site has this speech as {known.succeeded_by} now")
    if arguments.format == "text":
        print(harmless(wording(one)))
    elif arguments.format == "bibtex":
        write_lines([bibtex(one).encode(errors="backslashreplace")])
    else:
        write_document(csl_json(one))
    return 0


def _gone_at(known: SpeechState | None, lines: Iterable[Line]) -> str | None:
    """When the speech was seen to be gone; null while the site has it."""
    if known is None or not known.is_gone:
        return None
    return next(str(line["observed_at"]) for line in lines if line["seq"] == known.event_seq)
