"""List pages: rows, pager and further lists of one page put together, and rows found by structure alone.

By structure: links whose rows hang in containers of the same tags and classes form a group; the section's group is
the one with most to read: rows with dates and with titles longer than a menu's, nearest before the pager if there is
one. Dated links beside them, in the same container, are rows too, whatever they lead to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from lxml import etree

from crawler.pages import ListedRow, ListPage, Pager
from crawler.pages.addresses import column_id, is_file
from crawler.pages.addresses import native_id as identity_of
from crawler.pages.lists.elsewhere import Outside
from crawler.pages.lists.page_scripts import service, uncounted_calls
from crawler.pages.lists.pagination import read_pager
from crawler.pages.lists.rows import (
    FoundRows,
    is_aside,
    last_in,
    leads,
    leads_to_anothers,
    row_element,
    row_links,
    said_by,
    shown_title,
    stands_in_side_bar,
)
from crawler.pages.page import Page, squeeze, strings, tidy, words
from crawler.pages.shown import are_unlike

_FULL = r"\d{4}\s?(?P<sep>[-./年])\s?\d{1,2}\s?(?:(?P=sep)|月)\s?\d{1,2}\s?日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?"
_FULL_DATE = re.compile(rf"(?<![\d/.-]){_FULL}(?![\d/-])")
_SHORT_DATE = re.compile(
    r"(?<![\d/.-])(?:\d{4}[-./年]\d{1,2}月?|\d{1,2}[-./]\d{1,2}(?:\s+\d{1,2}:\d{2})?|\d{1,2}月\d{1,2}日)(?![\d/.-])"
)
_LONGEST_BESIDE = 30  # characters beside a link: a source and a date; abstracts are longer and hold such dates too
_SHORTEST_TITLE = 4  # characters: 更多, 下载 have two
_LONG_TITLE = 6  # characters: entries of menus have at most as many
_CUT = re.compile(r"(?:(?<!\.)\.{2,}|(?<!…)…+)$")
_LIST_TAGS = frozenset({"ul", "ol", "dl", "table", "tbody"})
Place = tuple[tuple[object, str | None], ...]


def list_page(
    page: Page,
    found: FoundRows,
    pager: Pager,
    native_id: Callable[[str], str | None],
    is_same: Callable[[str], bool],
) -> ListPage:
    """One list page of rows and pager; of a page without rows, what its scripts ask for instead."""
    outside = Outside(page, found.rows, native_id, is_same)
    further = outside.further()
    says_more = pager.linked or pager.next_url or pager.pages or pager.total or pager.unfollowed
    # Pagers of scripts count where nothing else says whether there are further pages.
    uncounted = dict.fromkeys(uncounted_calls(page, len(found.rows)) if found.rows and not says_more else ())
    return ListPage(
        rows=found.rows,
        next_url=pager.next_url,
        linked=pager.linked,
        pages=pager.pages,
        total=pager.total,
        current=pager.current,
        idle=pager.idle,
        unfollowed=(*pager.unfollowed, *uncounted, *outside.unwalked()),
        unlinked=found.unlinked,
        further=further,
        elsewhere=outside.elsewhere(further),
        beside=outside.beside(),
        service=None if found.rows or found.unlinked else service(page),
        doubled=found.doubled,
    )


def read_list(page: Page, static_article: re.Pattern[str] | None) -> ListPage:
    """Read one list page by structure; no rows when no group of links looks like a list."""
    pager, here = read_pager(page), column_id(page.url)
    found = _Structure(page, pager.node, static_article).rows()
    return list_page(
        page, found, pager, lambda url: identity_of(url, static_article), lambda url: column_id(url) == here
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """A candidate: `url` is None for a link whose address cannot be read."""

    link: etree._Element
    element: etree._Element
    url: str | None
    native_id: str | None
    title: str | None
    date: str | None
    is_weak: bool
    is_beside: bool = False

    @property
    def key(self) -> str | int:
        return self.native_id or self.url or id(self.link)

    @property
    def size(self) -> int:
        return len(squeeze(self.title or ""))


@dataclass(slots=True)
class _Group:
    """Rows that hang in containers of the same tags and classes; `last` is the place of the last one."""

    rows: list[_Row] = field(default_factory=list)
    last: int = 0
    is_aside: bool = False

    @property
    def weight(self) -> float:
        """What there is to read: titles longer than a menu's, and dates, which say three times as much of a list."""
        read = {row.key: row for row in self.rows if not row.is_weak or row.date}.values()
        titles, dates = sum(row.size >= _LONG_TITLE for row in read), sum(row.date is not None for row in read)
        return (titles + 3 * dates) / (4 if self.is_aside else 1)


class _Structure:
    """The rows of one list page by structure alone."""

    def __init__(self, page: Page, pager: etree._Element | None, static_article: re.Pattern[str] | None) -> None:
        self.page, self.pager, self.static_article = page, pager, static_article
        in_pager = set(pager.iter()) if pager is not None else set()
        self.opened = [(link, url) for link, url in row_links(page) if link not in in_pager]
        self.below = leads({link: url or f"{id(link)}" for link, url in self.opened})
        self.places = {node: index for index, node in enumerate(page.root.iter())}

    def rows(self) -> FoundRows:
        """Rows in the order of the list."""
        groups = self._groups()
        chosen = self._chosen(groups)
        if chosen is None:
            return FoundRows(())
        rows: dict[str | int, ListedRow] = {}
        shown: set[tuple[str | int, etree._Element]] = set()
        unlinked: list[str] = []
        for row in sorted((*chosen.rows, *self._beside(chosen, groups)), key=lambda row: self.places[row.link]):
            if row.is_weak and not (row.date or (row.url and is_file(row.url))):
                continue
            if row.url is None:
                unlinked.extend([said_by(row.link)] if row.size >= _SHORTEST_TITLE else [])
                continue
            is_doubtful = row.is_beside or stands_in_side_bar(row.element)
            listed = ListedRow(row.url, row.native_id, row.title, row.date, is_doubtful)
            kept = rows.get(row.key)
            if kept and (row.key, row.element) not in shown and are_unlike(row.title, kept.title):
                unlinked.append(leads_to_anothers(listed, kept))
                listed = kept
            shown.add((row.key, row.element))
            rows[row.key] = _merged(kept, listed) if kept else listed
        return FoundRows(tuple(rows.values()), (*unlinked, *self._bare(chosen)), len(shown) - len(rows))

    def _chosen(self, groups: dict[Place, _Group]) -> _Group | None:
        """The weightiest group; where a pager stands, only groups before it."""
        candidates = [group for group in groups.values() if group.weight >= 1]
        if self.pager is not None and self.pager.tag != "script":
            place = self.places.get(self.pager, 0)
            candidates = [group for group in candidates if group.last < place] or candidates
        return max(candidates, key=lambda group: group.weight, default=None)

    def _beside(self, chosen: _Group, groups: dict[Place, _Group]) -> Iterator[_Row]:
        """Dated rows within the container of the chosen ones, in another list beside it, or alone beside it."""
        place = next(place for place, group in groups.items() if group is chosen)
        holders = {row.element.getparent() for row in chosen.rows}
        around = {holder.getparent() for holder in holders if holder is not None}
        for other, group in groups.items():
            is_sibling = other[1:] == place[1:] and other[0][0] == place[0][0] and place[0][0] in _LIST_TAGS
            for row in group.rows if group is not chosen and not group.is_aside else ():
                holder = row.element.getparent()
                if row.date is None:
                    continue
                is_near = is_sibling and holder is not None and holder.getparent() in around
                # A list of one row is all row.
                is_alone = holder in around and (row.element.tag, row.element.get("class")) == place[0]
                if is_near or is_alone or not holders.isdisjoint(row.element.iterancestors()):
                    yield row
                elif holder in around:
                    yield replace(row, is_beside=True)

    def _bare(self, chosen: _Group) -> Iterator[str]:
        """Dated rows of the list without any link: something opens them that the page does not name."""
        elements = {row.element for row in chosen.rows}
        for holder, tag in {(row.element.getparent(), row.element.tag): None for row in chosen.rows}:
            for node in holder.iterchildren(tag) if holder is not None and tag in {"li", "tr", "dd"} else ():
                text = words(node)
                date = last_in(_FULL_DATE, text)
                is_bare = node not in elements and node not in self.below and next(node.iter("a"), None) is None
                if date and is_bare and len(squeeze(text.replace(date, ""))) >= _LONG_TITLE:
                    yield f"{text[:80]} (no link)"

    def _groups(self) -> dict[Place, _Group]:
        here, host = column_id(self.page.url), urlsplit(self.page.url).netloc
        dates: dict[etree._Element, str | None] = {}
        groups: dict[Place, _Group] = {}
        for link, url in self.opened:
            identity = identity_of(url, self.static_article) if url else None
            element = row_element(link, self.below, url or f"{id(link)}")
            if element not in dates:
                dates[element] = _date(element, link)
            is_weak = identity is None and (url is None or urlsplit(url).netloc == host)
            row = _Row(link, element, url, identity, _title(link), dates[element], is_weak)
            # `/ldjh/2.htm` may be this list's second page and `/ldjh/2.html` a speech.
            if url and column_id(url) == here and not (identity and row.date and row.size >= _LONG_TITLE):
                continue
            place = tuple((node.tag, node.get("class")) for node in element.iterancestors())
            group = groups.setdefault(place, _Group())
            group.last = max(group.last, self.places[link])
            group.is_aside = is_aside(element)
            group.rows.append(row)
        return groups


def _title(link: etree._Element) -> str | None:
    """The link's text, or its `title` where the text is cut or empty."""
    shown, full = shown_title(link, _FULL_DATE), tidy(link.get("title") or "")
    begins, whole = squeeze(_CUT.sub("", shown)), squeeze(full)
    return (full if whole.startswith(begins) and len(whole) > len(begins) else shown) or None


def _date(row: etree._Element, link: etree._Element) -> str | None:
    """The last full date of a row outside its link, else inside, as printed, brackets included.

    A date without year or day counts only where little else stands beside the link: abstracts hold such dates too.
    """
    inside = "".join(strings(link))
    around = "" if row is link else " ".join(strings(row))
    outside = tidy(around.replace(inside, " ") if inside else around)
    full = last_in(_FULL_DATE, outside) or last_in(_FULL_DATE, inside)
    return full or (last_in(_SHORT_DATE, outside) if len(outside) <= _LONGEST_BESIDE else None)


def _merged(kept: ListedRow, row: ListedRow) -> ListedRow:
    """A picture and a title may link the same article: the longer title, any date."""
    title = max(kept.title or "", row.title or "", key=lambda text: len(squeeze(text))) or None
    is_doubtful = kept.is_doubtful and row.is_doubtful
    return replace(kept, title=title, date=kept.date or row.date, is_doubtful=is_doubtful)
