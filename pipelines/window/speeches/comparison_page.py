"""Pages that compare two states of a speech, side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive.disk.redactions import is_redacted
from pipelines.compare.differences import entry
from pipelines.window import addresses
from pipelines.window.pages import Page
from pipelines.window.reading.summary import changed_characters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pipelines.archive.disk.streams import Line
    from pipelines.compare.differences import FieldChange, Kind, Paragraph, Piece
    from pipelines.proof.evidence import StoredLine
    from pipelines.window.reading.lives import Life

MOST_STATES = 8
"""States of which any two are compared, 28 pages; of more each is compared with the one before it and the first."""
_CONTEXT = 1
"""Unchanged paragraphs shown beside a changed one; the others are folded."""
_SHORT = 400
"""Characters of unchanged paragraphs that are shown whole: some ten lines, less to skip than to unfold."""
_MOST_UNCHANGED = 20_000
"""Characters of unchanged text in one page: three times a long speech. The speech's own page has all of it."""


MOST_ROWS = 2_000
"""Changed paragraphs, and runs of unchanged ones, in one page; of a text with more the command shows the rest."""
LONGEST_VALUE = 2_000
"""Characters of a value apart from the text that are shown; a title is some forty long, unless it is a trap."""


class ComparedPair(NamedTuple):
    """Two lines to compare, by the names of their page's address: `1` and `2`, or readings `1.1` and `1.2`."""

    old_name: str
    new_name: str
    old: StoredLine
    new: StoredLine


@dataclass(frozen=True, slots=True)
class SameParagraphs:
    """Paragraphs that both sides have, in order; `folded` are more than are shown, `left_out` how many not at all."""

    before: tuple[str, ...]
    folded: tuple[str, ...]
    after: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class ChangedParagraph:
    """A paragraph of either side or both, each side in its pieces."""

    kinds: tuple[Kind, ...]
    old_number: int | None
    new_number: int | None
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A key with another value: in pieces where both are text, else as words, null where unknown."""

    name: str
    is_interpreted: bool
    kinds: tuple[Kind, ...]
    old: tuple[Piece, ...] | str | None
    new: tuple[Piece, ...] | str | None


def compared_pairs(texts: Sequence[StoredLine]) -> Iterator[ComparedPair]:
    """Which lines of a life are compared: neighbours always, and of few states any two.

    A version stands in its newest reading. Readings of one version, which differ by our parser alone, are compared
    with each other. What was redacted is compared with nothing.
    """
    whole = [one for one in texts if not is_redacted(one.line)]
    versions = [list(lines) for _, lines in groupby(whole, key=lambda one: one.line["version"])]
    for readings in versions:
        for old, new in pairwise(readings):
            yield ComparedPair(_reading(old.line), _reading(new.line), old, new)
    newest = [readings[-1] for readings in versions]
    for old, new in _of_versions(newest):
        yield ComparedPair(str(old.line["version"]), str(new.line["version"]), old, new)


def _reading(line: Line) -> str:
    return f"{line['version']}.{line['reading']}"


def _of_versions(states: Sequence[StoredLine]) -> Iterable[tuple[StoredLine, StoredLine]]:
    if len(states) <= MOST_STATES:
        return combinations(states, 2)
    # Not with the newest one: each new version would make all these pages anew.
    return [*pairwise(states), *((states[0], one) for one in states[2:])]


def comparison_pages(life: Life, renderings: Collection[str] = ()) -> Iterator[Page]:
    """A page for each pair; it depends on its two lines only, so that later ones leave it as it is.

    `renderings`: the addresses of those there are.
    """
    for pair in compared_pairs(life.texts):
        difference = life.difference(pair.old.line, pair.new.line)
        rows = tuple(side_by_side(difference.paragraphs))
        kinds = Counter(kind for one in difference.paragraphs for kind in one.kinds)
        copies = [addresses.rendering(life.id, line["version"]) for line in (pair.old.line, pair.new.line)]
        facts = {
            "id": life.id,
            "site": life.site.site,
            "name": life.site.name,
            "language": life.site.language,
            "copies": [copy if copy in renderings else None for copy in copies],
            "pair": pair,
            "old": pair.old.line,
            "new": pair.new.line,
            "is_of_readings": pair.old.line["version"] == pair.new.line["version"],
            "fields": tuple(map(changed_field, difference.fields)),
            "rows": rows[:MOST_ROWS],
            "more": len(rows[MOST_ROWS:]),
            "counts": changed_characters(difference),
            "changed": [*(one.name for one in difference.fields), *(["body"] if kinds else [])],
            "longest": LONGEST_VALUE,
            "kinds": kinds,
            "views": [_views(life, line["version"]) for line in (pair.old.line, pair.new.line)],
        }
        yield Page(addresses.comparison(life.id, pair.old_name, pair.new_name), "comparison.html", facts)


def _views(life: Life, version: int) -> int | None:
    """The view count that the run read which first saw a version; null where it read none."""
    first = next(one.line for one in life.texts if one.line["version"] == version)
    seen = (one.line for one in life.observations if one.line["commit"] == first["commit"])
    counts = [line["view_count"] for line in seen if line["view_count"] is not None]
    return counts[-1] if counts else None


def side_by_side(paragraphs: Iterable[Paragraph]) -> Iterator[SameParagraphs | ChangedParagraph]:
    """The paragraphs in reading order: runs of unchanged ones, and each changed one by itself."""
    rest = _MOST_UNCHANGED
    for is_same, run in groupby(paragraphs, key=lambda one: not one.kinds):
        if is_same:
            folded = _folded(["".join(piece.text for piece in one.pieces) for one in run], rest)
            rest -= sum(map(len, folded.folded))
            yield folded
            continue
        for one in run:
            old, new = (tuple(_of_side(one.pieces, other)) for other in ("added", "removed"))
            yield ChangedParagraph(one.kinds, one.old, one.new, old, new)


def _folded(texts: list[str], rest: int) -> SameParagraphs:
    if len(texts) <= 2 * _CONTEXT + 1 or sum(map(len, texts)) <= _SHORT:
        return SameParagraphs(tuple(texts), (), (), 0)
    inner = texts[_CONTEXT:-_CONTEXT]
    is_short = sum(map(len, inner)) <= rest
    shown, left_out = (tuple(inner), 0) if is_short else ((), len(inner))
    return SameParagraphs(tuple(texts[:_CONTEXT]), shown, tuple(texts[-_CONTEXT:]), left_out)


def _of_side(pieces: Iterable[Piece], other: str) -> Iterator[Piece]:
    return (piece for piece in pieces if piece.operation != other)


def changed_field(change: FieldChange) -> ChangedField:
    """A changed key as both sides show it."""
    if change.pieces and len(str(change.old)) + len(str(change.new)) <= LONGEST_VALUE:
        old, new = (tuple(_of_side(change.pieces, other)) for other in ("added", "removed"))
        return ChangedField(change.name, change.interpreted, change.kinds, old, new)
    return ChangedField(change.name, change.interpreted, (), _words(change.old), _words(change.new))


def _words(value: Line | list[Line] | str | int | None) -> str | None:
    if isinstance(value, list):
        return "\n".join(map(entry, value))
    return None if value is None else str(value)
