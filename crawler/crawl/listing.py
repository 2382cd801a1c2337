"""State of one walk through a list: finds missing, repeated and moved pages. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Self

from crawler.pages import Ask, Elsewhere, ListPage, lists
from pipelines.text.compact import TextSet, TextTable
from pipelines.values import frozen

MOST_PAGES = 10_000
_UNPROMISED_PAGES, _UNPROMISED_TO_KNOWN = 500, 200
"""Most pages of a list that prints no count: 7,500 rows of the usual fifteen, more than any section seen; of a known
list at least 3,000 rows and three times the known speeches.
"""
_MOST_BARREN = 2
_ONCE, _TWICE, _OFTEN = (bytes((count,)) for count in (1, 2, 3))


@frozen
class Trouble:
    """A problem of a list page; `is_worth_asking`: a second request may give another page."""

    kind: Literal["empty", "repeat", "jump", "foreign", "unturned"]
    words: str
    is_worth_asking: bool = True


@frozen
class PageKeys:
    """The rows of a page, to see whether another has the same: how many they are, and a hash of all."""

    count: int
    hash: int

    @classmethod
    def of(cls, keys: frozenset[str]) -> Self:
        """Those of a page."""
        return cls(len(keys), hash(keys))


@dataclass(slots=True)
class ListState:
    """One walk through the pages of one list; `known` is the number of its speeches in the archive.

    `places` says of each row on how many pages it stands.
    """

    known: int = 0
    linked: dict[int, str | Ask] = field(default_factory=dict)
    keys: dict[int, PageKeys] = field(default_factory=dict)
    places: TextTable = field(default_factory=lambda: TextTable(1))
    printed: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    currents: dict[int, int | None] = field(default_factory=dict)
    repeats: dict[int, int] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    certain: TextSet = field(default_factory=TextSet)
    bare: list[int] = field(default_factory=list)
    without_pager: list[int] = field(default_factory=list)
    turned: set[int] = field(default_factory=set)
    elsewhere: tuple[Elsewhere, ...] = ()
    dated: set[str] = field(default_factory=set)
    unlinked: int = 0
    doubled: int = 0
    reached: int = 0
    names_itself: bool = False
    has_gaps: bool = False
    last: ListPage | None = None
    _barren: int = 0

    @property
    def total(self) -> int | None:
        """The number of rows that the list states; its first page is the most recent."""
        return next((total for _, (total, _) in sorted(self.printed.items()) if total), None)

    @property
    def pages(self) -> int:
        """The number of pages that the list states; 0 when it states none."""
        return max((pages or 0 for _, pages in self.printed.values()), default=0)

    def most_pages(self) -> int:
        """The limit of the walk, from the count on the first page, else from the known speeches."""
        size = self._most_rows() or 1
        total, pages = self.printed.get(1, (None, None))
        if pages or total:
            return min(MOST_PAGES, 2 * (pages or -(-(total or 0) // size)) + 10)
        unpromised = _UNPROMISED_TO_KNOWN if self.known else _UNPROMISED_PAGES
        return min(MOST_PAGES, max(unpromised, 3 * self.known // size))

    def trouble(self, number: int, listing: ListPage, keys: frozenset[str]) -> Trouble | None:
        """The problem of a page; None when it has none."""
        if not keys and not listing.unlinked:
            is_turned = bool(listing.linked or listing.next_url)
            is_promised = number > 1 or is_turned or bool(listing.total) or (self.known > 0 and not listing.further)
            return Trouble("empty", "it has no rows") if is_promised and not listing.asks_for_rows else None
        before = self.currents.get(number - 1)
        if before is not None and listing.current is not None and listing.current > before + 1:
            return Trouble("jump", f"the pagination leads from page {before} to page {listing.current}")
        own = PageKeys.of(keys)
        again = next((page for page, others in self.keys.items() if page != number and own == others), None)
        if again is None or not keys:
            return None
        is_counted = number <= self.pages or number in self.linked
        return Trouble("repeat", f"it shows the rows of page {again} again", is_counted or not self.repeats)

    def _most_rows(self) -> int:
        return max((one.count for one in self.keys.values()), default=0)

    def unturned(self, number: int, listing: ListPage, keys: frozenset[str]) -> Trouble | None:
        """The problem of a page within the list that has no pagination and fewer rows than one before it."""
        is_within = 1 < number < max(self.pages, *self.linked, 0)
        if not is_within or _has_pager(listing) or len(keys) >= self._most_rows():
            return None
        return Trouble("unturned", "it has no pagination")

    def add(
        self,
        number: int,
        listing: ListPage,
        keys: frozenset[str],
        certain: tuple[str, ...],
        trouble: Trouble | None,
    ) -> None:
        """Add a page; `certain`: its rows that certainly belong to the list, in order."""
        has_new = any(key not in self.places for key in keys)
        self._barren = 0 if has_new or (number == 1 and not listing.rows) else self._barren + 1
        self.reached, self.last = number, listing
        if trouble is not None and trouble.kind == "repeat":
            own = PageKeys.of(keys)
            self.repeats[number] = next(page for page, others in self.keys.items() if others == own)
            return
        self.printed[number] = (listing.total, listing.pages)
        self.currents[number] = listing.current
        self.linked.update(listing.linked)
        self.dated |= lists.dated_years(listing.rows)
        self.elsewhere = listing.elsewhere if number == 1 else self.elsewhere
        self.unlinked += len(listing.unlinked)
        self.doubled += listing.doubled
        self.keys[number] = PageKeys.of(keys)
        for key in keys:
            before = self.places.get(key)
            self.places.put(key, _ONCE if before is None else _TWICE if before == _ONCE else _OFTEN)
        self.certain.update(certain)
        self.bare += [number] if keys and not certain else []
        self.turned.update([number] if _has_pager(listing) else [])
        self.without_pager += [number] if trouble is not None and trouble.kind == "unturned" else []
        self.first = certain if number == 1 else self.first

    def skip(self, number: int) -> None:
        """Skip a page that failed or is not of the list; the walk continues if the next address is known."""
        self.reached, self.last, self.has_gaps = number, None, True

    def following(self, number: int) -> str | Ask | None:
        """The request for the next page: by its number on this page, by the next link, or by a number seen before."""
        if self._barren >= _MOST_BARREN or (self.pages and number >= self.pages):
            return None
        own = (self.last.linked.get(number + 1) or self.last.next_url) if self.last else None
        return own or self.linked.get(number + 1)

    def has_moved(self, before: ListState | None) -> bool:
        """True when counts changed between pages, unless they did so in the same way on the walk before."""
        totals = {total for total, _ in self.printed.values() if total}
        pages = {pages for _, pages in self.printed.values() if pages}
        is_even = len(totals) <= 1 and len(pages) <= 1
        return not is_even and (before is None or before.printed != self.printed)

    @property
    def is_uncounted(self) -> bool:
        """True for a list of several pages without a total: rows removed during the walk change no count."""
        return self.total is None and len(self.keys) > 1

    def has_come_up(self, now: tuple[str, ...]) -> bool:
        """True when page 1 now ends with rows it did not have: rows were removed, and those below moved up.

        A row that moves up from an unread page to a page already read would be missed.
        """
        at = next((index for index, key in enumerate(now) if key in self.first), 0)
        return not set(now[at:]) <= set(self.first)

    def gaps(self) -> list[str]:
        """Messages about the parts of the list that the walk did not see."""
        number, shown = self.reached, self._shown()
        missing = self._repeats_within()
        if self.certain:
            missing += [f"list page {page}: none of its rows certainly belongs to the list" for page in self.bare]
        if max(self.pages, *self.linked, 0) > number:
            missing.append(f"list page {number + 1}: the pagination ended before it")
        is_whole = self.total is not None and shown >= self.total
        is_whole = is_whole or bool(self.pages and number >= self.pages)
        stuck = self.last.unfollowed if self.last and not is_whole else ()
        # An inactive control on the last page of a list with linked pages is the rest of its next link.
        stuck = stuck or (self.last.idle if self.last and not is_whole and number == 1 else ())
        missing += [f"list page {number}: cannot follow a control: {one}" for one in stuck]
        is_counted = self.total is not None and shown >= self.total
        missing += [] if is_counted else [f"list page 1: cannot follow a control: {one}" for one in self._others()]
        missing += [] if is_counted else list(self._others_instead())
        if not missing and not self.has_gaps and self.total is not None and shown < self.total:
            missing.append(f"the list states {self.total} rows, its pages show {shown}")
        return missing

    def _others(self) -> Iterator[str]:
        """Other lists; beside pagination only those that cannot be a selection of the rows it led to."""
        for one in self.elsewhere:
            if one.year not in self.dated and (one.is_named or len(self.keys) == 1):
                yield one.words

    def _others_instead(self) -> Iterator[str]:
        """Pages without pagination between pages that have it: perhaps another page, whose links look like rows."""
        for page in self.without_pager:
            if any(other > page for other in self.turned):
                rows, most = self.keys[page].count, self._most_rows()
                yield f"list page {page}: it has no pagination, and {rows} rows where others have up to {most}"

    def _shown(self) -> int:
        """The number of rows shown, as lists count: an article in two rows counts twice, unless it is pinned."""
        distinct = len(self.certain or self.places) + self.unlinked
        return distinct + self.doubled + sum(places == _TWICE for _, places in self.places.items())

    def _repeats_within(self) -> list[str]:
        """Repeated pages that are not the end of the list: counted by it, followed by others, or the second page."""
        is_short = self.total is None or self._shown() < self.total
        found = []
        for page, first in self.repeats.items():
            is_counted = page <= self.pages or page in self.linked
            is_followed = any(other > page for other in self.keys)
            if is_counted or is_followed or (page == 2 and is_short):
                found.append(f"list page {page}: it shows the rows of page {first} again")
        return found


def _has_pager(listing: ListPage) -> bool:
    """True for a page that leads to other pages of its list, or counts them; any page may link the first one."""
    leads = listing.next_url or listing.idle or listing.unfollowed or any(page > 1 for page in listing.linked)
    return bool(leads or listing.pages or listing.total or listing.current)
