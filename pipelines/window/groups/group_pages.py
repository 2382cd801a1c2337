"""Pages of groups of speeches: each speaker, meeting and year, the indexes of them, and edits after publication.

A page is given only where something that it shows may have changed; every address is given, so that others can go.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.window import addresses
from pipelines.window.groups.grouping import (
    UNDATED,
    GroupKey,
    GroupKind,
    dictionary_order,
    edits_of,
    month_of,
    newest_first,
    parts_of,
    period_in,
    year_of,
)
from pipelines.window.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelines.window.groups.grouping import PartOfList, SeenEdit, Touched
    from pipelines.window.reading.summary import Summary

NEWEST_EDITS = 50
"""Edits on the page that leads to those of each year."""
_NAMES = 1_000
"""Names on a page of an index."""


class GroupPage(NamedTuple):
    """A page by its address; null where nothing that it shows has changed."""

    address: str
    page: Page | None


class PartLink(NamedTuple):
    """A page of a long list: its name, address, number of rows."""

    name: str
    address: str
    number: int


class IndexEntry(NamedTuple):
    """A group in an index: name, address, number of speeches, first and last year; these empty for undated ones."""

    name: str
    address: str
    number: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class _Listing:
    """How the pages of one kind of group are made."""

    kind: GroupKind
    index: str
    address: Callable[[str, str], str]
    period_of: Callable[[Summary], str]


def _year_address(name: str, part: str) -> str:
    return addresses.year(part or name)


_LISTINGS = (
    _Listing(GroupKind.SPEAKER, addresses.SPEAKERS, addresses.speaker, year_of),
    _Listing(GroupKind.MEETING, addresses.MEETINGS, addresses.meeting, year_of),
    _Listing(GroupKind.YEAR, addresses.YEARS, _year_address, month_of),
)


def group_pages(
    members: Mapping[GroupKey, Sequence[Summary]],
    names: Mapping[str, str],
    touched: Touched | None = None,
    zones: Mapping[str, str] | None = None,
) -> Iterator[GroupPage]:
    """Every page of groups.

    Args:
        members: the speeches of each group (`members_of`).
        names: of the websites, by site.
        touched: the groups with news (`touched_by`); null to make every page.
        zones: the time zones of the websites, by site; null for UTC.
    """
    for listing in _LISTINGS:
        yield from _index_pages(listing, members, touched)
        for key, summaries in members.items():
            if key.kind is listing.kind:
                yield from _pages_of(listing, key, summaries, names, touched)
    yield from _edit_pages(members, {"names": names, "zones": zones or {}}, touched)
    yield GroupPage(addresses.FEEDS, _feeds_page(members, names))


def _is_touched(touched: Touched | None, key: GroupKey) -> bool:
    return touched is None or key in touched


def _pages_of(
    listing: _Listing,
    key: GroupKey,
    summaries: Sequence[Summary],
    names: Mapping[str, str],
    touched: Touched | None,
) -> Iterator[GroupPage]:
    """The pages of one group: one, or of a long one the page that leads to those of its periods, and these."""
    parts = parts_of(newest_first(summaries), listing.period_of)
    place = partial(listing.address, key.name)
    links = () if len(parts) == 1 else tuple(PartLink(one.name, place(one.name), len(one.rows)) for one in parts)
    facts: dict[str, Any] = {
        "kind": key.kind.value,
        "name": key.name,
        "count": len(summaries),
        "feed": addresses.feed(feed_name(key)),
        "index": listing.index,
        "names": names,
    }
    shown: list[PartOfList[Summary]] = [*parts]
    if links:
        yield _page(touched, key, place(""), "group.html", facts | {"part": "", "parts": links, "rows": ()})
    periods = touched.periods(key, listing.period_of) if touched else None
    for part in shown:
        if links and periods is not None and period_in(part.name) not in periods:
            yield GroupPage(place(part.name), None)
            continue
        more = {"part": part.name, "parts": links, "rows": part.rows, "count": len(part.rows)}
        yield _page(touched, key, place(part.name), "group.html", facts | more)


def _page(touched: Touched | None, key: GroupKey, address: str, template: str, facts: Mapping[str, Any]) -> GroupPage:
    return GroupPage(address, Page(address, template, facts) if _is_touched(touched, key) else None)


def _index_pages(
    listing: _Listing, members: Mapping[GroupKey, Sequence[Summary]], touched: Touched | None
) -> Iterator[GroupPage]:
    """Speakers in the order of a dictionary, meetings with most speeches first, years with the newest first."""
    found = [_entry(listing, key, some) for key, some in members.items() if key.kind is listing.kind]
    if listing.kind is GroupKind.SPEAKER:
        found.sort(key=lambda one: (dictionary_order(one.name), one.name))
    elif listing.kind is GroupKind.YEAR:
        found.sort(key=lambda one: (one.name != UNDATED, one.name), reverse=True)
    else:
        found.sort(key=lambda one: (-one.number, one.name))
    pages = [found[start : start + _NAMES] for start in range(0, len(found), _NAMES)] or [[]]
    links = tuple(addresses.index_page(listing.index, number) for number in range(1, len(pages) + 1))
    is_touched = touched is None or touched.has_kind(listing.kind)
    for address, entries in zip(links, pages, strict=True):
        facts = {"kind": listing.kind.value, "entries": entries, "count": len(found), "pages": links}
        yield GroupPage(address, Page(address, "group_index.html", facts) if is_touched else None)


def _entry(listing: _Listing, key: GroupKey, summaries: Sequence[Summary]) -> IndexEntry:
    years = [summary.published_on[:4] for summary in summaries if summary.published_on]
    first, last = (min(years), max(years)) if years else ("", "")
    return IndexEntry(key.name, listing.address(key.name, ""), len(summaries), first, last)


def _edit_pages(
    members: Mapping[GroupKey, Sequence[Summary]], told: Mapping[str, Any], touched: Touched | None
) -> Iterator[GroupPage]:
    """The newest edits with links to those of each year, and the edits of each year."""
    years = {key: edits_of(some) for key, some in members.items() if key.kind is GroupKind.EDITED}
    by_year = {
        key.name: [one for one in found if one.edit.observed_at[:4] == key.name] for key, found in years.items()
    }
    newest_years = sorted(by_year, reverse=True)
    is_touched = touched is None or touched.has_kind(GroupKind.EDITED)
    facts: dict[str, Any] = {**told, "feed": addresses.feed(feed_name(GroupKey(GroupKind.EDITED, "")))}
    newest = _newest([by_year[year] for year in newest_years])
    links = tuple(PartLink(year, addresses.edited(year), len(by_year[year])) for year in newest_years)
    count = sum(map(len, by_year.values()))
    more = {"year": "", "part": "", "count": count, "parts": links, "rows": newest}
    index = Page(addresses.EDITED, "edited.html", facts | more) if is_touched else None
    yield GroupPage(addresses.EDITED, index)
    for year in newest_years:
        yield from _edits_of_year(year, by_year[year], facts, touched)


def _newest(years: Sequence[Sequence[SeenEdit]]) -> tuple[SeenEdit, ...]:
    found: list[SeenEdit] = []
    for edits in years:
        found += edits[: NEWEST_EDITS - len(found)]
    return tuple(found)


def _edits_of_year(
    year: str, edits: Sequence[SeenEdit], facts: Mapping[str, Any], touched: Touched | None
) -> Iterator[GroupPage]:
    key = GroupKey(GroupKind.EDITED, year)
    parts = parts_of(edits, lambda one: one.edit.observed_at[:7])
    links = () if len(parts) == 1 else tuple(PartLink(p.name, addresses.edited(p.name), len(p.rows)) for p in parts)
    common = {**facts, "year": year, "count": len(edits), "parts": links}
    if links:
        yield _page(touched, key, addresses.edited(year), "edited.html", common | {"part": "", "rows": ()})
    for part in parts:
        address = addresses.edited(part.name or year)
        more = {"part": part.name, "rows": part.rows, "count": len(part.rows)}
        yield _page(touched, key, address, "edited.html", common | more)


def _feeds_page(members: Mapping[GroupKey, Sequence[Summary]], names: Mapping[str, str]) -> Page:
    """The page that leads to the feeds which no other page does."""
    feeds = {
        kind: {key.name: addresses.feed(feed_name(key)) for key in members if key.kind is kind} for kind in GroupKind
    }
    facts = {"sites": feeds[GroupKind.SITE], "words": feeds[GroupKind.KEYWORD], "names": names}
    return Page(addresses.FEEDS, "feeds.html", facts)


def feed_name(key: GroupKey) -> str:
    """The name of the feed of a group, safe on every disk."""
    if key.kind in {GroupKind.ALL, GroupKind.EDITED}:
        return key.kind.value
    is_ours = key.kind in {GroupKind.YEAR, GroupKind.SITE}
    return f"{key.kind.value}-{key.name if is_ours else addresses.slug(key.name)}"
