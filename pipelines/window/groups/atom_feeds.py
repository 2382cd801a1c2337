"""Atom feeds (RFC 4287): speeches that are new, edited, deleted, of each group and of each asked word. Pure.

A feed has no clock: `updated` is when the archive recorded the newest entry. Ids are made of what never changes: of
an entry the speech, the event and the moment of recording, of a feed its name. They are UUIDs: a `tag:` id needs a
domain name of whoever keeps the archive.
"""

from __future__ import annotations

import re
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urljoin
from uuid import UUID, uuid5
from xml.sax.saxutils import escape, quoteattr

from pipelines.shown import one_line
from pipelines.window import addresses
from pipelines.window.groups.group_pages import feed_name
from pipelines.window.groups.grouping import ALL_SPEECHES, UNDATED, GroupKey, GroupKind
from pipelines.window.reading.summary import order_of
from pipelines.window.templates import LANGUAGE_TAGS, strings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pipelines.window.groups.grouping import Touched
    from pipelines.window.pages import Language
    from pipelines.window.reading.summary import Edit, Happening, Summary

ENTRIES = 100
"""Entries of a feed, the newest: readers ask every hour, and 100 KB each time."""
_TOLD = ("created", "changed", "gone", "restored", "redacted")
"""Not what our parser read anew, which is no news of the site, nor a new id of the same speech."""
_IDS = UUID("6f1c1d1e-3c0b-5c07-9f0e-6a3f0c7f2b11")
_LONGEST_TITLE = 120
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_MOMENT = "1970-01-01T00:00:00Z"
"""Of a feed without an entry: a moment must be there, and any other would change with what is no part of it."""


class FeedFile(NamedTuple):
    """A feed by its address below the window's folder; its bytes, null where nothing in it has changed."""

    address: str
    content: bytes | None


class _Entry(NamedTuple):
    """In the order of feeds: what was recorded last is the greatest."""

    recorded_at: str
    order: tuple[str, str, str]
    seq: int
    summary: Summary
    happening: Happening


def atom_feeds(
    members: Mapping[GroupKey, Sequence[Summary]],
    languages: Sequence[Language],
    touched: Touched | None = None,
    base: str | None = None,
) -> Iterator[FeedFile]:
    """Every feed.

    Args:
        members: the speeches of each group (`members_of`).
        languages: of the window; an entry links to the page in each, and its words are in all.
        touched: the groups with news (`touched_by`); null to make every feed.
        base: the address at which the window is served, with `/` at its end; null for relative links, which most
            readers resolve.
    """
    writer = _FeedWriter(languages, base)
    for key, summaries in members.items():
        if key.kind is GroupKind.EDITED:
            continue
        address = addresses.feed(feed_name(key))
        is_touched = touched is None or key in touched
        yield FeedFile(address, writer.feed(key, _newest(summaries)) if is_touched else None)
    edited = GroupKey(GroupKind.EDITED, "")
    is_touched = touched is None or touched.has_kind(GroupKind.EDITED)
    entries = _newest(members[ALL_SPEECHES], ("changed",)) if is_touched else []
    yield FeedFile(addresses.feed(feed_name(edited)), writer.feed(edited, entries) if is_touched else None)


def _newest(summaries: Iterable[Summary], told: Collection[str] = _TOLD) -> list[_Entry]:
    return nlargest(ENTRIES, _entries(summaries, told), key=lambda one: one[:3])


def _entries(summaries: Iterable[Summary], told: Collection[str] = _TOLD) -> Iterator[_Entry]:
    for one in summaries:
        for event in one.events:
            if event.event in told:
                seen = order_of(event.observed_at or event.recorded_at, one.id)
                yield _Entry(event.recorded_at, seen, event.seq or 0, one, event)


class _FeedWriter:
    """Writes feeds of one window; see `atom_feeds`."""

    def __init__(self, languages: Sequence[Language], base: str | None) -> None:
        self._languages, self._base = languages, base

    def feed(self, key: GroupKey, entries: Sequence[_Entry]) -> bytes:
        """The feed of a group."""
        address = addresses.feed(feed_name(key))
        group = _page_of(key)
        updated = entries[0].recorded_at if entries else _NO_MOMENT
        lines = [
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(LANGUAGE_TAGS[self._languages[0]])}>',
            f"<id>{uuid5(_IDS, f'feed {key.kind} {key.name}').urn}</id>",
            f"<title>{_text(self._title(key))}</title>",
            f"<updated>{_text(updated)}</updated>",
            f"<author><name>{_text(self._words('frame.title'))}</name></author>",
            f'<link rel="self" type="application/atom+xml" href={self._href(address)}/>',
            *self._alternates(group),
            *(self._entry(one) for one in entries),
            "</feed>",
        ]
        return ("\n".join(lines) + "\n").encode()

    def _entry(self, one: _Entry) -> str:
        summary, happening = one.summary, one.happening
        said = self._words(f"feed.{happening.event}")
        edit = _edit_of(one)
        about = addresses.speech(summary.id)
        if edit is not None and edit.added is not None:
            about = addresses.comparison(summary.id, *(name.partition(".")[0] for name in (edit.old, edit.new)))
        state = f"{summary.id} {happening.event} {happening.version}.{happening.reading} {happening.recorded_at}"
        lines = [
            "<entry>",
            f"<id>{uuid5(_IDS, state).urn}</id>",
            f"<title>{_text(f'{said}: {_cut(summary.title)}')}</title>",
            f"<updated>{_text(happening.recorded_at)}</updated>",
            *self._alternates(about),
            f'<category term="{_text(happening.event)}" label={quoteattr(_legal(said))}/>',
            f"<summary>{_text(self._summary(one))}</summary>",
            "</entry>",
        ]
        return "\n".join(lines)

    def _summary(self, one: _Entry) -> str:
        """What is known of the event, in each language of the window."""
        summary, edit = one.summary, _edit_of(one)
        facts = [one_line(_cut(part)) for part in (summary.speaker, summary.meeting, summary.published_on) if part]
        if edit is not None and edit.added is not None:
            facts.append(self._words("edited.characters", added=edit.added, removed=edit.removed))
        return " · ".join([*facts, summary.url])

    def _alternates(self, address: str) -> Iterator[str]:
        for language in self._languages:
            tag, link = quoteattr(LANGUAGE_TAGS[language]), self._href(f"{language}/{address}")
            yield f'<link rel="alternate" type="text/html" hreflang={tag} href={link}/>'

    def _href(self, address: str) -> str:
        """A link to a file below the window's folder."""
        link = quote(address)
        return quoteattr(
            urljoin(self._base, link) if self._base else addresses.relative(addresses.feed("all"), address)
        )

    def _title(self, key: GroupKey) -> str:
        named = {GroupKind.ALL: "feed.all", GroupKind.EDITED: "edited.title", GroupKind.YEAR: "groups.year"}
        what = self._words(named.get(key.kind, f"feed.of.{key.kind}"))
        name = self._words("groups.undated") if key == (GroupKind.YEAR, UNDATED) else _cut(key.name)
        return f"{what} {name}".rstrip() + f" · {self._words('frame.title')}"

    def _words(self, key: str, **values: object) -> str:
        """A string of the interface in each language of the window."""
        return " / ".join(strings()[key][language].format(**values) for language in self._languages)


def _edit_of(one: _Entry) -> Edit | None:
    return next((edit for edit in one.summary.edits if edit.seq == one.happening.seq), None)


def _page_of(key: GroupKey) -> str:
    """The page that shows what a feed tells."""
    pages: dict[GroupKind, Callable[[str], str]] = {
        GroupKind.SPEAKER: addresses.speaker,
        GroupKind.MEETING: addresses.meeting,
        GroupKind.YEAR: addresses.year,
        GroupKind.SITE: addresses.site,
    }
    if key.kind is GroupKind.EDITED:
        return addresses.EDITED
    return pages[key.kind](key.name) if key.kind in pages else addresses.FRONT


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TITLE else f"{text[:_LONGEST_TITLE]}… ({len(text)})"


def _legal(text: str) -> str:
    return _NOT_XML.sub("\ufffd", one_line(text))


def _text(text: str) -> str:
    return escape(_legal(text))
