"""`show`: one speech as last read, or any version of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.archive.read.latest import latest_object
from pipelines.compare.differences import entry
from pipelines.display.terminal import print_facts, print_prose
from pipelines.keys import names_of
from pipelines.reasons.problem_choice import left_out
from pipelines.record import Version
from pipelines.verbs.output import print_message, write_objects
from pipelines.verbs.problems_asked import add_problems
from pipelines.verbs.texts import reference

if TYPE_CHECKING:
    import argparse

    from pipelines.archive import Archive
    from pipelines.archive.disk.streams import Line
    from pipelines.reasons import ProblemChoice
    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the command."""
    about = "Show one speech as last read, or any version or reading of it."
    show = verb("show", run, about, "output/gszx 4864@1", root=True)
    show.set_defaults(reads="lines")
    show.add_argument("id", metavar="ID[@VERSION[.READING]]", help="for example gszx:4864, 4864@2 or 4864@2.1")
    show.add_argument("--json", action="store_true", help="the line as archived")
    add_problems(show, "problems to show in the text")


def run(arguments: argparse.Namespace) -> int:
    """Print one speech."""
    archive = reference.archive_of(arguments.archive, arguments.id)
    wanted = reference.parse(archive, arguments.id)
    line = _current(archive, wanted.id) if wanted.version is None else reference.find(archive, wanted)
    if arguments.json:
        write_objects([line])
    else:
        print_facts(_rows(line, arguments.problems).items(), line["title"])
        print()
        print_prose(str(line["body"]))
    return 0


def _current(archive: Archive, id: str) -> Line:  # noqa: A002 - the contract's key
    known, lines = archive.life_of(id)
    if known is None:
        raise reference.never_captured(archive, id)
    by_seq = {line["seq"]: line for line in lines}
    content = by_seq[known.content_seq]
    if known.is_present:
        return latest_object(content, known)
    if known.succeeded_by is not None:
        print_message(f"{id}: the site has this speech as {known.succeeded_by} now")
    elif known.is_gone:
        gone = by_seq[known.event_seq]
        print_message(f"{id} is gone ({gone['presence']['reason']}, seen {gone['observed_at']})")
    return content


# Keys with a row of their own form or order; every other text follows under its name.
_COMPOSED = frozenset(
    {"title", "url", "section", "published_on", "published_at", "published_precision", "delivered_on"}
    | {"speaker", "speaker_post", "speakers", "author", "source", "body"}
)
_OTHERS = tuple(key for key in names_of(Version, "published", "interpreted") if key not in _COMPOSED)


def _speaker(line: Line) -> str:
    """Who spoke: each with a post of his own, else all with the post of all."""
    each = line["speakers"] or ()
    if any(one["post"] for one in each):
        return "、".join(entry(one) for one in each)
    return " ".join(part for part in (line["speaker"], line["speaker_post"]) if part)


def _rows(line: Line, problems: ProblemChoice) -> dict[str, str]:
    """What is known of a text, by its name; nothing that is unknown."""
    others = {key: line[key] for key in _OTHERS if isinstance(line[key], (str, int))}
    rows = {
        "id": f"{line['id']}, version {line['version']}, reading {line['reading']}",
        "url": line["url"],
        "section": line["section"],
        "published": line["published_at"] or line["published_on"],
        "delivered": line["delivered_on"],
        "speaker": _speaker(line),
        "author": line["author"],
        "source": line["source"],
        **others,
        "views": f"{line['view_count']} at {line['view_count_at']}" if line.get("view_count") is not None else None,
        "read": f"{line['observed_at']} by {line['parser']}",
        "problems": _problems(line, problems),
    }
    return {name: str(text) for name, text in rows.items() if text}


def _problems(line: Line, asked: ProblemChoice) -> str:
    told = [f"{one['field']}: {one['code']} ({one['detail']})" for one in asked.among(line["problems"])]
    others = Counter(one["code"] for one in line["problems"] if not asked.takes(one["code"]))
    return "; ".join(filter(None, (*told, left_out(others))))
