"""What one walk through a list has seen, and what that says: whether pages are missing, repeated or moved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from crawler.pages import Ask, Elsewhere, ListPage
from crawler.pages.lists.elsewhere import dated_years

MOST_PAGES = 10_000
_UNPROMISED_PAGES, _UNPROMISED_TO_KNOWN = 500, 200
"""Pages walked of a list that prints no count: 7,500 rows of the usual fifteen, more than any section seen; of one
that the archive knows, 3,000 at least and three times what it knows.
"""
_MOST_BARREN = 2


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a list page; `is_worth_asking`: a second look may show another page."""

    kind: Literal["empty", "repeat", "jump", "foreign"]
    words: str
    is_worth_asking: bool = True


@dataclass(slots=True)
class ListState:
    """One pass through the pages of one list; `known` is how many speeches of it the archive has."""

    known: int = 0
    linked: dict[int, str | Ask] = field(default_factory=dict)
    keys: dict[int, frozenset[str]] = field(default_factory=dict)
    printed: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    currents: dict[int, int | None] = field(default_factory=dict)
    repeats: dict[int, int] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    certain: set[str] = field(default_factory=set)
    bare: list[int] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
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
        """How many rows the list says it has: its first page knows best, older files are of another day."""
        return next((total for _, (total, _) in sorted(self.printed.items()) if total), None)

    @property
    def pages(self) -> int:
        """How many pages the list says it has; 0 when it does not say."""
        return max((pages or 0 for _, pages in self.printed.values()), default=0)

    def most_pages(self) -> int:
        """How far the walk goes at most: by what the first page prints, else by what is known of the list."""
        size = max(map(len, self.keys.values()), default=0) or 1
        total, pages = self.printed.get(1, (None, None))
        if pages or total:
            return min(MOST_PAGES, 2 * (pages or -(-(total or 0) // size)) + 10)
        unpromised = _UNPROMISED_TO_KNOWN if self.known else _UNPROMISED_PAGES
        return min(MOST_PAGES, max(unpromised, 3 * self.known // size))

    def trouble(self, number: int, listing: ListPage, keys: frozenset[str]) -> Trouble | None:
        """What is wrong with a page; None for one that goes on as it should."""
        if not keys and not listing.unlinked:
            is_turned = bool(listing.linked or listing.next_url)
            is_promised = number > 1 or is_turned or bool(listing.total) or (self.known > 0 and not listing.further)
            return Trouble("empty", "it has no rows") if is_promised and not listing.asks_for_rows else None
        before = self.currents.get(number - 1)
        if before is not None and listing.current is not None and listing.current > before + 1:
            return Trouble("jump", f"the pager leads from page {before} to page {listing.current}")
        again = next((page for page, others in self.keys.items() if page != number and keys == others), None)
        if again is None or not keys:
            return None
        is_counted = number <= self.pages or number in self.linked
        return Trouble("repeat", f"it shows the rows of page {again} again", is_counted or not self.repeats)

    def add(
        self,
        number: int,
        listing: ListPage,
        keys: frozenset[str],
        certain: tuple[str, ...],
        trouble: Trouble | None,
    ) -> None:
        """Take a page into account; `certain`: its rows that are the list's own, in order."""
        self._barren = 0 if keys - self.seen or (number == 1 and not listing.rows) else self._barren + 1
        self.reached, self.last = number, listing
        if trouble is not None and trouble.kind == "repeat":
            self.repeats[number] = next(page for page, others in self.keys.items() if others == keys)
            return
        self.printed[number] = (listing.total, listing.pages)
        self.currents[number] = listing.current
        self.linked.update(listing.linked)
        self.dated |= dated_years(listing.rows)
        self.elsewhere = listing.elsewhere if number == 1 else self.elsewhere
        self.unlinked += len(listing.unlinked)
        self.doubled += listing.doubled
        self.keys[number] = keys
        self.seen |= keys
        self.certain.update(certain)
        self.bare += [number] if keys and not certain else []
        self.first = certain if number == 1 else self.first

    def skip(self, number: int) -> None:
        """A page that could not be read, or is none of the list's: the walk goes on where its address is known."""
        self.reached, self.last, self.has_gaps = number, None, True

    def following(self, number: int) -> str | Ask | None:
        """What to ask for the next page: by the number this page links, by its word, by a number linked before."""
        if self._barren >= _MOST_BARREN or (self.pages and number >= self.pages):
            return None
        own = (self.last.linked.get(number + 1) or self.last.next_url) if self.last else None
        return own or self.linked.get(number + 1)

    def has_moved(self, before: ListState | None) -> bool:
        """True when counts changed from page to page; not when they did so on the walk before in the same way."""
        totals = {total for total, _ in self.printed.values() if total}
        pages = {pages for _, pages in self.printed.values() if pages}
        is_even = len(totals) <= 1 and len(pages) <= 1
        return not is_even and (before is None or before.printed != self.printed)

    @property
    def is_uncounted(self) -> bool:
        """True for a list of several pages without a total: a row that goes away during the walk changes no count."""
        return self.total is None and len(self.keys) > 1

    def has_come_up(self, now: tuple[str, ...]) -> bool:
        """True when page 1, as it is now, goes on with rows it had not: rows above went away, those below moved up.

        Of a row that moves up from a page not yet read to one already read the walk sees nothing.
        """
        at = next((index for index, key in enumerate(now) if key in self.first), 0)
        return not set(now[at:]) <= set(self.first)

    def gaps(self) -> list[str]:
        """What the list has and the walk did not see, in words."""
        number, shown = self.reached, self._shown()
        missing = self._repeats_within()
        if self.certain:
            missing += [f"list page {page}: none of its rows is certainly the list's" for page in self.bare]
        if max(self.pages, *self.linked, 0) > number:
            missing.append(f"list page {number + 1}: the pager ended before it")
        is_whole = self.total is not None and shown >= self.total
        is_whole = is_whole or bool(self.pages and number >= self.pages)
        stuck = self.last.unfollowed if self.last and not is_whole else ()
        # An idle control on the last page of a list that turned by addresses is what is left of its next page.
        stuck = stuck or (self.last.idle if self.last and not is_whole and number == 1 else ())
        missing += [f"list page {number}: what leads on cannot be followed: {one}" for one in stuck]
        is_counted = self.total is not None and shown >= self.total
        missing += (
            [] if is_counted else [f"list page 1: what leads on cannot be followed: {one}" for one in self._others()]
        )
        if not missing and not self.has_gaps and self.total is not None and shown < self.total:
            missing.append(f"the list says that it has {self.total} rows, its pages show {shown}")
        return missing

    def _others(self) -> Iterator[str]:
        """Lists elsewhere: beside a pager only those that cannot be a choice among the rows it led to."""
        for one in self.elsewhere:
            if one.year not in self.dated and (one.is_named or len(self.keys) == 1):
                yield one.words

    def _shown(self) -> int:
        """How many rows were shown, as lists count: an article in two rows is two, unless it is pinned."""
        distinct = len(self.certain or self.seen) + self.unlinked
        places = Counter(key for keys in self.keys.values() for key in keys)
        return distinct + self.doubled + sum(count == 2 for count in places.values())

    def _repeats_within(self) -> list[str]:
        """Repeated pages that are no end of the list: counted by it, followed by others, or the very second."""
        is_short = self.total is None or self._shown() < self.total
        told = []
        for page, first in self.repeats.items():
            is_counted = page <= self.pages or page in self.linked
            is_followed = any(other > page for other in self.keys)
            if is_counted or is_followed or (page == 2 and is_short):
                told.append(f"list page {page}: it shows the rows of page {first} again")
        return told
