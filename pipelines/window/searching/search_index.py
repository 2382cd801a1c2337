"""The search index of a window, in parts of five hundred speeches, of which only changed ones are made again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import NotUnderstood
from pipelines.shown import one_line
from pipelines.window import addresses
from pipelines.window.searching.character_places import MOST_CHARACTERS, NOT_INDEXED, places
from pipelines.window.searching.text_script import script, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipelines.window.reading.lives import SiteOf
    from pipelines.window.reading.summary import Summary

_SPEECHES = 500
"""Of a part: made in less than a second, of some 15 files; so many that a browser has few parts to ask."""
_CHARACTERS = 10_000_000
"""Of a part at most: its places take 40 MB while it is made."""
_PACKED = 1 << 16
"""Characters of a file of places, unless one character has more: what a search loads of a part for each of its own.
That is 130 KB or so."""
_TITLE = 120
"""Characters of a title that a list shows."""


@dataclass(frozen=True, slots=True)
class _Searched:
    """A speech as the index needs it: `row` is what results show; `state` changes whenever its text may have.

    `has_text` is false of one that was redacted, or that the site has under another id now.
    """

    since: tuple[str, str]
    id: str
    has_text: bool
    characters: int
    state: str
    row: tuple[Any, ...]
    year: str
    speakers: tuple[str, ...]

    @classmethod
    def of(cls, one: Summary) -> _Searched:
        latest = one.events[-1]
        row = (
            addresses.speech(one.id),
            one_line(one.title[:_TITLE]) + ("…" if len(one.title) > _TITLE else ""),
            one.site,
            one.published_on,
            one_line(one.speaker or ""),
            int(one.state == "gone"),
        )
        has_text = not one.is_redacted and one.state != "succeeded"
        state = (
            has_text,
            one.versions,
            one.readings,
            one.characters,
            one.digest,
            latest.seq,
            latest.commit,
            latest.recorded_at,
        )
        return cls(
            since=(one.events[0].recorded_at, one.id),
            id=one.id,
            has_text=has_text,
            characters=len(one.title) + one.characters,
            state=repr((*row, *state)),
            row=row,
            year=(one.published_on or "")[:4],
            speakers=one.speakers,
        )


Spread = Callable[[Callable[..., Iterator[Any]], Sequence[tuple[Any, ...]]], Iterator[Any]]
"""Calls a function with each of the arguments, and gives what all calls give, be it in several processes."""


def index_files(
    window: Path, maker: str, sites: Iterable[tuple[SiteOf, Iterable[Summary]]], spread: Spread
) -> Iterator[tuple[str, bytes | None]]:
    """The files of the index by their addresses below the window's folder; null for one that is there already.

    It finds the speeches of all sites, also those gone from theirs, and by words of earlier versions. They are dealt
    into parts in the order in which they were first archived, so that new ones change only the last. A part lies in
    a folder named after a hash of what it is made from; its last file is there only when all are. The catalogue,
    which names the parts, comes last.

    Args:
        window: its folder, which has the scripts of all texts.
        maker: changes whenever files made from the same may differ.
        sites: the sites with their speeches.
        spread: how the parts that are not there are made.

    Raises:
        NotUnderstood: the script of a text is missing.
    """
    names, searched = dict[str, str](), list[_Searched]()
    for site, summaries in sites:
        names[site.site] = site.name
        searched += map(_Searched.of, summaries)
    searched.sort(key=lambda one: one.since)
    parts, missing = [], []
    for number, speeches in enumerate(_parts(searched)):
        name = f"{number:04d}-{_digest(maker, speeches)}"
        found = [one for one in speeches if one.has_text]
        folder = window / addresses.search_part(name, "")
        if (window / addresses.search_part(name, "speeches.js")).exists():
            yield from ((addresses.search_part(name, file.name), None) for file in sorted(folder.glob("*.js")))
        else:
            missing.append((window, name, found))
        parts.append({"name": name, "sites": sorted({one.row[2] for one in found})})
    yield from spread(_files, missing)
    found = [one for one in searched if one.has_text]
    yield _scripted(addresses.SEARCH_CATALOGUE, _catalogue(parts, names, found))


def _parts(searched: Sequence[_Searched]) -> Iterator[list[_Searched]]:
    part: list[_Searched] = []
    characters = 0
    for one in searched:
        if part and (len(part) == _SPEECHES or characters + one.characters > _CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(one)
        characters += one.characters
    if part:
        yield part


def _digest(maker: str, speeches: Iterable[_Searched]) -> str:
    whole = "\n".join([maker, *(one.state for one in speeches)])
    return hashlib.sha256(whole.encode(errors="backslashreplace")).hexdigest()[:16]


def _files(window: Path, name: str, speeches: Sequence[_Searched]) -> Iterator[tuple[str, bytes]]:
    rows, texts = [], list[str]()
    for one in speeches:
        kept = _text(window, one.id)
        texts += kept
        rows.append((*one.row, *map(len, kept)))
    whole = NOT_INDEXED.join(texts)
    if len(whole) > MOST_CHARACTERS:
        raise NotUnderstood(f"{speeches[0].id}: a text of {len(whole)} characters is too long for the search")
    firsts = []
    for number, held in enumerate(_in_files(places(whole))):
        firsts.append(next(iter(held)))
        yield _scripted(addresses.search_part(name, f"{number}.js"), held)
    yield _scripted(addresses.search_part(name, "speeches.js"), {"firsts": firsts, "speeches": rows})


def _scripted(address: str, value: Any) -> tuple[str, bytes]:
    return address, script(address, value)


def _text(window: Path, id: str) -> tuple[str, str, str]:  # noqa: A002 - the contract's key
    file = window / addresses.search_text(id)
    try:
        return text_of(file.read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise NotUnderstood(f"{file}: {error}; delete {window} and build it again") from error


def _in_files(all_places: Mapping[str, str]) -> Iterator[dict[str, str]]:
    held: dict[str, str] = {}
    size = 0
    for character, packed in all_places.items():
        if held and size + len(packed) > _PACKED:
            yield held
            held, size = {}, 0
        held[character] = packed
        size += len(packed)
    if held:
        yield held


def _catalogue(parts: Sequence[Any], names: Mapping[str, str], found: Sequence[_Searched]) -> dict[str, Any]:
    return {
        "speeches": len(found),
        "parts": parts,
        "sites": sorted((site, one_line(name)) for site, name in names.items()),
        "years": sorted({one.year for one in found}, reverse=True),
        "speakers": sorted({one_line(name) for one in found for name in one.speakers}),
    }
