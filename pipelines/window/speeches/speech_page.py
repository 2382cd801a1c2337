"""The page of one speech: its text as archived, what was read from it, what happened to it, and how it is cited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.redactions import is_redacted
from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.read.feeds.feed_records import REDACTED
from pipelines.citation.bibtex import bibtex
from pipelines.citation.cited import cited_line
from pipelines.citation.wording import in_chinese, in_english
from pipelines.reasons import CLOSED_LISTS, PROBLEM_CODES, SEVERITIES
from pipelines.record import names_in
from pipelines.window import addresses
from pipelines.window.pages import Page
from pipelines.window.proving.answers_read import identical_to
from pipelines.window.speeches.comparison_page import MOST_STATES, compared_pairs, comparison_pages
from pipelines.window.speeches.evidence_marks import marked
from pipelines.window.speeches.timeline import happened
from pipelines.window.speeches.view_curve import seen_views, view_curve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import Any

    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.reasons.meanings import Meaning
    from pipelines.window.reading.lives import Life

_CLAIMED = ("author", "source", "section")
_READ = ("speaker_post", "committee", "term", "session", "genre")
"""Keys whose text is shown as it is, in this order; the others have a form of their own."""
_SHOWN = frozenset({"article", "attachment"})
"""Captures of the speech itself; the proof has those of counters and lists, too."""
_WEB = ("http://", "https://")
_SEVERITY_UNKNOWN = "warning"
"""Of a code of later software: to be looked at."""


@dataclass(frozen=True, slots=True)
class ToldProblem:
    """A problem in words; `meaning` is null for a code of later software."""

    field: str
    code: str
    detail: str
    severity: str
    meaning: Meaning | None


@dataclass(frozen=True, slots=True)
class NamedSpeaker:
    """A speaker with the post, null where it is not certainly this person's, and the page of the name.

    There is none of a name that is not in `speaker`, which a sound archive does not have.
    """

    name: str
    post: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class ShownAttachment:
    """A file or picture of the body.

    `link` is null for an address that a browser should not follow; `number` is the place of its capture in the line,
    null where the line has none that was stored.
    """

    name: str
    url: str
    link: str | None
    sha256: str | None
    number: int | None


def speech_pages(life: Life, layout: Layout, renderings: Collection[str] = ()) -> Iterator[Page]:
    """The page of a speech, and those that compare its states.

    `layout`: of its archive, which says where files lie. `renderings`: the addresses of those there are.
    """
    yield speech_page(life, layout, renderings)
    yield from comparison_pages(life, renderings)


def speech_page(life: Life, layout: Layout, renderings: Collection[str] = ()) -> Page:
    """The page of a speech, made from the lines and acts about its id alone."""
    line, stored = life.newest, life.texts[-1]
    pairs = tuple(compared_pairs(life.texts))
    seen = seen_views(one.line for one in life.observations)
    events = tuple(happened(life, pairs, renderings))
    rendering = addresses.rendering(life.id, line["version"])
    one = cited_line(line, life.site, life.site.custody, stored.commit.sha256)
    facts: dict[str, Any] = {
        "id": life.id,
        "site": life.site,
        "row": life.row,
        "line": line,
        "stored": stored,
        "reference": one.reference,
        "standing": CLOSED_LISTS["states"].get(life.row.state),
        "last_line": life.versions[-1].line,
        "redactions": [event for event in life.events if event["event"] == REDACTED],
        "text": marked(line["title"], line["body"], line["evidence"], line["problems"]),
        "speakers": tuple(_speakers(line)),
        "claimed": [(key, line[key]) for key in _CLAIMED if line[key]],
        "read": [(key, line[key]) for key in _READ if line[key] and not (key == "speaker_post" and line["speakers"])],
        "attachments": tuple(_attachment(one, line) for one in line["attachments"]),
        "problems": told_problems(line["problems"]),
        "happened": events,
        "newest_edit": next((one for one in reversed(events) if one.event["event"] == "changed"), None),
        "was": tuple(_was(life)),
        "seen": seen,
        "curve": view_curve(seen, [text.line for text in life.texts]),
        "pairs": pairs,
        "most_states": MOST_STATES,
        "proof": addresses.proof(life.id, line["seq"]),
        "rendering": rendering if rendering in renderings else None,
        "way": layout.way(stored.named.path),
        "kept": [
            (one, one["file"] and layout.way(one["file"]), identical_to(layout, line, one))
            for one in line["captures"]
            if one["role"] in _SHOWN
        ],
        "citation": (("zh", in_chinese(one)), ("en", in_english(one))),
        "bibtex": bibtex(one),
        "had_from": one.had_from,
        "link": _link(line["url"]),
        "is_redacted": is_redacted(line),
        "places": CLOSED_LISTS["evidence_places"],
        "reasons": {**CLOSED_LISTS["reasons"], **CLOSED_LISTS["presence_reasons"]},
    }
    return Page(addresses.speech(life.id), "speech.html", facts)


def told_problems(problems: Iterable[Line]) -> dict[str, list[ToldProblem]]:
    """Problems in words by severity, the gravest first."""
    by_severity: dict[str, list[ToldProblem]] = {severity: [] for severity in reversed(SEVERITIES)}
    for one in problems:
        meaning = PROBLEM_CODES.get(one["code"])
        severity = meaning.severity if meaning else _SEVERITY_UNKNOWN
        by_severity[severity].append(ToldProblem(one["field"], one["code"], one["detail"], severity, meaning))
    return {severity: told for severity, told in by_severity.items() if told}


def _speakers(line: Line) -> Iterator[NamedSpeaker]:
    """Those who spoke; where only a post of all is known, it stands by itself."""
    named = names_in(line["speaker"])
    for one in line["speakers"] or [{"name": name, "post": None} for name in named]:
        address = addresses.speaker(one["name"]) if one["name"] in named else None
        yield NamedSpeaker(one["name"], one["post"], address)


def _was(life: Life) -> Iterator[str]:
    """The ids under which the site had the speech before."""
    for commit in life.acts:
        rekey = Rekey.of(commit)
        yield from (pair.old for pair in (rekey.pairs if rekey else ()) if pair.new == life.id)


def _attachment(one: Line, line: Line) -> ShownAttachment:
    stored = [
        (n, c) for n, c in enumerate(line["captures"], 1) if c["role"] == "attachment" and c["file"] is not None
    ]
    of_it = [n for n, c in stored if one["sha256"] is not None and c["payload_sha256"] == one["sha256"]]
    exact = [n for n in of_it if line["captures"][n - 1]["url"] == one["url"]]
    return ShownAttachment(
        one["name"], one["url"], _link(one["url"]), one["sha256"], next(iter(exact or of_it), None)
    )


def _link(url: str) -> str | None:
    """An address of the web that may be followed; anything else, as `javascript:`, is shown as text only."""
    return url if url.lower().startswith(_WEB) else None
