"""The differences between two versions of a speech, paragraph by paragraph, each with its kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from operator import eq
from typing import Any, Literal

from pipelines.compare.alignment import align
from pipelines.compare.tokens import Token, names_in, tokens
from pipelines.keys import names_of
from pipelines.record import Version

Kind = Literal["moved", "number", "name", "wording", "punctuation", "added", "removed"]
Operation = Literal["same", "removed", "added"]
Region = tuple[bool, Sequence[Token], Sequence[Token]]

# The body is compared by paragraphs. The most important keys come first, the others in the contract's order.
_FIRST = ("title", "section")
PUBLISHED = (*_FIRST, *(key for key in names_of(Version, "published") if key not in {*_FIRST, "body"}))
INTERPRETED = names_of(Version, "interpreted")
KIND_ORDER: tuple[Kind, ...] = ("moved", "number", "name", "wording", "punctuation", "added", "removed")
# Pairs of equal pieces for difflib, about a second; with more, the middle is reported as replaced.
_MOST_PAIRS = 3_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that both sides have, or only the old one (removed), or only the new one (added)."""

    operation: Operation
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of either side or both, with its numbers from 1; no kinds means that it is the same."""

    kinds: tuple[Kind, ...]
    old: int | None
    new: int | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A key other than the body whose value differs; pieces when both values are text.

    `interpreted` values are derived by our parser: a new one may change them without an edit by the site.
    """

    name: str
    interpreted: bool
    old: Any
    new: Any
    kinds: tuple[Kind, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences between two version lines, and every paragraph of both bodies in reading order."""

    fields: tuple[FieldChange, ...]
    paragraphs: tuple[Paragraph, ...]


def compare(old: dict[str, Any], new: dict[str, Any]) -> Difference:
    """Compare two `speech/1` lines that have a body."""
    old_body, new_body = old["body"].split("\n"), new["body"].split("\n")
    said = [line[key] for line in (old, new) for key in ("speaker", "author") if line[key]]
    names = names_in([*said, old["title"], new["title"], *old_body, *new_body])
    fields = tuple(
        _field(key, old[key], new[key], names) for key in (*PUBLISHED, *INTERPRETED) if old[key] != new[key]
    )
    return Difference(fields, compare_paragraphs(old_body, new_body, names))


def compare_paragraphs(old: Sequence[str], new: Sequence[str], names: frozenset[str]) -> tuple[Paragraph, ...]:
    """Align two texts; `names` are the names of people in them."""
    cut = {text: tokens(text, names) for text in dict.fromkeys((*old, *new))}
    return tuple(_paragraphs(old, new, cut))


def _paragraphs(old: Sequence[str], new: Sequence[str], cut: dict[str, list[Token]]) -> Iterator[Paragraph]:
    for pair in align(old, new, {text: skeleton(pieces) for text, pieces in cut.items()}):
        i, j = pair.old, pair.new
        numbers = (None if i is None else i + 1, None if j is None else j + 1)
        if i is not None and j is not None:
            kinds, pieces = compare_tokens(cut[old[i]], cut[new[j]])
            moved: tuple[Kind, ...] = ("moved",) if pair.moved else ()
            yield Paragraph((*moved, *kinds), *numbers, pieces)
        elif i is not None:
            yield Paragraph(("removed",), *numbers, (Piece("removed", old[i]),))
        elif j is not None:
            yield Paragraph(("added",), *numbers, (Piece("added", new[j]),))


def side(paragraphs: Iterable[Paragraph], which: Literal["old", "new"]) -> list[str]:
    """The paragraphs of one side, made from the difference alone."""
    other = "added" if which == "old" else "removed"
    numbered = [(p.old if which == "old" else p.new, p.pieces) for p in paragraphs]
    kept = sorted((n, pieces) for n, pieces in numbered if n is not None)
    return ["".join(piece.text for piece in pieces if piece.operation != other) for _, pieces in kept]


def compare_tokens(old: Sequence[Token], new: Sequence[Token]) -> tuple[tuple[Kind, ...], tuple[Piece, ...]]:
    """The kinds of change between two tokenised texts, and the pieces in which they differ."""
    pieces: list[Piece] = []
    kinds: set[Kind] = set()
    for is_same, before, after in _regions(old, new):
        if is_same:
            pieces.append(Piece("same", _text(before)))
            continue
        kinds |= _kinds(before, after)
        pieces += [Piece("removed", _text(before))] if before else []
        pieces += [Piece("added", _text(after))] if after else []
    if len(kinds) > 1:
        kinds.discard("punctuation")
    return tuple(kind for kind in KIND_ORDER if kind in kinds), tuple(pieces)


def skeleton(pieces: Iterable[Token]) -> str:
    """The text without its numbers, names and punctuation."""
    return "".join({"number": "0", "name": "名"}.get(t.kind, t.sense) for t in pieces)


def _field(name: str, old: Any, new: Any, names: frozenset[str]) -> FieldChange:
    pieces: tuple[tuple[Kind, ...], tuple[Piece, ...]] = ((), ())
    if isinstance(old, str) and isinstance(new, str):
        pieces = compare_tokens(tokens(old, names), tokens(new, names))
    return FieldChange(name, name in INTERPRETED, old, new, *pieces)


def entry(one: dict[str, Any]) -> str:
    """An entry of a list in words: name and address of an attachment, name and post of a speaker."""
    return " ".join(one[key] for key in ("name", "url", "post") if one.get(key))


def _regions(old: Sequence[Token], new: Sequence[Token]) -> Iterator[Region]:
    """Runs of both texts in order, each either the same or different."""
    if len(old) == len(new) and all(map(eq, map(_form, old), map(_form, new))):
        # Only values differ: the n-th piece answers to the n-th, `2023年和2024年` to `2024年和2025年`.
        yield from _by_place(old, new)
        return
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    middle = old[first : len(old) - last], new[first : len(new) - last]
    if first:
        yield True, old[:first], new[:first]
    yield from _matched(*middle)
    if last:
        yield True, old[-last:], new[-last:]


def _form(piece: Token) -> tuple[str, str]:
    return piece.kind, piece.sense if piece.kind == "character" else ""


def _by_place(old: Sequence[Token], new: Sequence[Token]) -> Iterator[Region]:
    start = 0
    for n in range(1, len(old) + 1):
        if n == len(old) or (old[n] == new[n]) != (old[start] == new[start]):
            yield old[start] == new[start], old[start:n], new[start:n]
            start = n


def _common(old: Sequence[Token], new: Sequence[Token]) -> int:
    pairs = zip(old, new, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))


def _matched(old: Sequence[Token], new: Sequence[Token]) -> Iterator[Region]:
    counted = Counter(new)
    if sum(counted[token] for token in old) > _MOST_PAIRS:
        yield False, old, new
        return
    for name, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield name == "equal", old[i:i_end], new[j:j_end]


def _kinds(old: Sequence[Token], new: Sequence[Token]) -> set[Kind]:
    """The kind of change from one run to another."""
    kinds: set[Kind] = set()
    values: Kind
    for values in ("number", "name"):
        before, after = ([t.sense for t in run if t.kind == values] for run in (old, new))
        if before and after and before != after:
            kinds.add(values)
    before, after = ([t.spelling for t in run if t.kind not in {"mark", *kinds}] for run in (old, new))
    if before != after:
        kinds.add("wording")
    return kinds or {"punctuation"}


def _text(pieces: Iterable[Token]) -> str:
    return "".join(token.text for token in pieces)
