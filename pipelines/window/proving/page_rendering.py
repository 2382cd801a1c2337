"""Renderings: the archived HTML of versions, made safe, in pages that the speech pages show in a frame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup
from w3lib.encoding import http_content_type_encoding

from pipelines.archive.disk.redactions import is_redacted
from pipelines.decoding import decoded
from pipelines.proof.given_captures import read_answer
from pipelines.warc.http import HttpResponse, interim_end
from pipelines.window import addresses
from pipelines.window.pages import LANGUAGES
from pipelines.window.proving.answers_read import answer_of
from pipelines.window.proving.safe_html import UNSEEN, NotShown, safe_html
from pipelines.window.templates import LANGUAGE_TAGS, Templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.proof.given_captures import HeldAnswer
    from pipelines.window.reading.lives import Life, LineOfLife

_MOST_SOURCE = 4_000
"""Characters of the source of a page without words: a notice in a script is a line."""
_LARGEST = 8 << 20
"""Bytes of a page that is shown: four times the largest text that is parsed, in an encoding of two bytes and more."""


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A page of an article, from the web: where and when.

    `html` is safe, or null, and then `why` says the reason. `source` is the beginning of a page that shows nothing
    without its scripts, as a notice in one; else null.
    """

    url: str
    captured_at: str
    html: Markup | None
    why: str | None
    source: str | None
    unseen: int
    has_lost_words: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendering, and the line whose article it shows."""

    address: str
    line: LineOfLife


def rendered_lines(life: Life) -> dict[int, Rendered]:
    """By the seq of each version line the rendering of what was answered then.

    The first line of a version with an article has the address of the version. Lines with the same answer share one
    rendering. Of a removed text there is none, nor of the pages in its place, which may name it.
    """
    found: dict[int, Rendered] = {}
    by_answer: dict[tuple[str, ...], Rendered] = {}
    firsts: dict[int, int] = {}
    if any(is_redacted(one.line) for one in life.texts):
        return found
    for one in life.texts:
        if articles_of(one.line):
            firsts.setdefault(one.line["version"], one.line["seq"])
    for one in life.versions:
        seq, version = one.line["seq"], one.line["version"]
        answer = tuple(capture["payload_sha256"] or capture["record_id"] for capture in articles_of(one.line))
        if firsts.get(version) == seq:
            by_answer[answer] = Rendered(addresses.rendering(life.id, version), one)
        elif answer and answer not in by_answer:
            by_answer[answer] = Rendered(addresses.line_rendering(life.id, seq), one)
        if answer:
            found[seq] = by_answer[answer]
    return found


def articles_of(line: Line) -> list[Line]:
    """The stored captures of the pages of an article, in their order."""
    stored = (one for one in line["captures"] if one["role"] == "article" and one["file"] is not None)
    return sorted(stored, key=lambda one: one["part"])


def renderings(life: Life, archive: Archive) -> Iterator[tuple[str, bytes]]:
    """The renderings of a speech by their addresses.

    Raises:
        Damaged: a record is not what its line says.
    """
    for one in {one.address: one for one in rendered_lines(life).values()}.values():
        given = [(capture, answer_of(archive.layout, capture)) for capture in articles_of(one.line.line)]
        parts = [(capture["url"], capture["captured_at"], found) for capture, found in given]
        yield one.address, _document(f"{life.id} · {one.line.line['version']}", parts)


def rendering_at(layout: Layout, title: str, url: str, captured_at: str, place: tuple[str, int]) -> bytes:
    """The rendering of any answer in an archive; `place` is the file and offset of its record.

    Raises:
        Damaged: no record is there.
    """
    return _document(title, [(url, captured_at, read_answer(layout, *place))])


def _document(title: str, given: Iterable[tuple[str, str, HeldAnswer]]) -> bytes:
    removed = Counter[str]()
    parts = [_part(url, captured_at, one, removed) for url, captured_at, one in given]
    facts = {
        "title": title,
        "parts": parts,
        "removed": removed,
        "unseen": sum(one.unseen for one in parts),
        "marks": UNSEEN,
        "tags": LANGUAGE_TAGS,
        "said": _templates(),
    }
    return _templates()["zh"].render_alone("rendering.html", "rendering.css", facts)


def _part(url: str, captured_at: str, given: HeldAnswer, removed: Counter[str]) -> ShownPart:
    html, why, source, unseen = None, None, None, 0
    if given.entity is None:
        why = "coded"
    elif len(given.entity) > _LARGEST:
        why = "large"
    else:
        try:
            text = decoded(given.entity, _charset(given))
            safe = safe_html(text)
            html = Markup(safe.html)  # noqa: S704 - allowed elements only
            removed.update(safe.removed)
            unseen = safe.unseen
            source = None if safe.has_words else "\n".join(text[:_MOST_SOURCE].split("\r\n")).strip()
        except NotShown:
            why = "large"
    return ShownPart(url, captured_at, html, why, source, unseen, given.has_lost_words)


def _charset(given: HeldAnswer) -> str | None:
    """The charset that the answer declared: of an answer that came again, the headers of that moment."""
    block = given.stored.record.block
    return http_content_type_encoding(HttpResponse.parse(block[interim_end(block) :]).get("Content-Type"))


@cache
def _templates() -> Mapping[str, Templates]:
    return {language: Templates(language) for language in LANGUAGES}
