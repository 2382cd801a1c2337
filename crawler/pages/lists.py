"""List pages of unknown make: the block of rows that is the section's list, told from menus and side bars.

Links whose rows hang in containers of the same tags and classes form a group; the section's group is the one with
most to read: rows with dates and with titles longer than a menu's, nearest before the pager if there is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from crawler.pages import ListedRow, ListPage
from crawler.pages.addresses import column_id, native_id
from crawler.pages.kit.rows import last_in
from crawler.pages.page import Page, squeeze, strings, tidy, words
from crawler.pages.pagination import Pager, read_pager

_FULL = r"\d{4}\s?(?P<sep>[-./年])\s?\d{1,2}\s?(?:(?P=sep)|月)\s?\d{1,2}\s?日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?"
_FULL_DATE = re.compile(rf"(?<![\d/.-]){_FULL}(?![\d/-])")
_SHORT_DATE = re.compile(
    r"(?<![\d/.-])(?:\d{4}[-./年]\d{1,2}月?|\d{1,2}[-./]\d{1,2}(?:\s+\d{1,2}:\d{2})?|\d{1,2}月\d{1,2}日)(?![\d/.-])"
)
_LONGEST_BESIDE = 30
_SHORTEST_TITLE = 6
_CUT = re.compile(r"(?:\.{2,}|…+)$")
_NO_ADDRESS = re.compile(r"javascript:|#|mailto:|tel:", re.IGNORECASE)
_ASIDE = re.compile(r"(?:^|[\W_])(?:nav|menu|foot(?:er)?|side\w*|hot|rank|link|friend)(?:$|[\W_])", re.IGNORECASE)
Place = tuple[tuple[object, str | None], ...]


@dataclass(slots=True)
class _Group:
    """Rows that hang in containers of the same tags and classes."""

    rows: dict[str, ListedRow] = field(default_factory=dict)
    last: int = 0
    is_aside: bool = False

    @property
    def weight(self) -> float:
        """What there is to read: titles longer than a menu's, and dates."""
        titles = sum(len(squeeze(row.title or "")) >= _SHORTEST_TITLE for row in self.rows.values())
        dates = sum(row.date is not None for row in self.rows.values())
        return (titles + 3 * dates) / (4 if self.is_aside else 1)


def read_list(page: Page, static_article: re.Pattern[str] | None) -> ListPage:
    """Read one list page; no rows when no group of links looks like a list."""
    pager = read_pager(page)
    groups = _groups(page, pager, static_article)
    chosen = _chosen(page, groups, pager)
    rows = tuple(chosen.rows.values()) if chosen else ()
    return ListPage(rows, pager.next_url, pager.linked, pager.pages, pager.total)


def _chosen(page: Page, groups: dict[Place, _Group], pager: Pager) -> _Group | None:
    """The weightiest group; where a pager stands, only groups before it."""
    candidates = [group for group in groups.values() if group.weight >= 1]
    if pager.node is not None and pager.node.tag != "script":
        place = next((i for i, node in enumerate(page.root.iter()) if node is pager.node), 0)
        candidates = [group for group in candidates if group.last < place] or candidates
    return max(candidates, key=lambda group: group.weight, default=None)


def _groups(page: Page, pager: Pager, static_article: re.Pattern[str] | None) -> dict[Place, _Group]:
    in_pager = set(pager.node.iter("a")) if pager.node is not None else set()
    links = {
        link: url
        for link in page.all("//a[@href]")
        if link not in in_pager and (url := page.href(link)) and not _NO_ADDRESS.match(link.get("href", "").strip())
    }
    places = {node: index for index, node in enumerate(page.root.iter())}
    here = column_id(page.url)
    counted = _link_targets(links)
    dates: dict[etree._Element, str | None] = {}
    groups: dict[Place, _Group] = {}
    for link, url in links.items():
        identity = native_id(url, static_article)
        if column_id(url) == here or (identity is None and _is_own(page, url)):
            continue
        element = _row_element(link, url, counted)
        group = groups.setdefault(_place(element), _Group())
        group.last = places[link]
        group.is_aside = _is_aside(element)
        if element not in dates:
            dates[element] = _date(element, link)
        row = ListedRow(url, identity, _title(link), dates[element])
        kept = group.rows.get(identity or url)
        group.rows[identity or url] = _merged(kept, row) if kept else row
    return groups


def _is_own(page: Page, url: str) -> bool:
    return url.split("/")[2:3] == page.url.split("/")[2:3]


def _link_targets(links: dict[etree._Element, str]) -> dict[etree._Element, set[str]]:
    """For every element around a link: the addresses below it."""
    targets: dict[etree._Element, set[str]] = {}
    for link, url in links.items():
        for node in link.iterancestors():
            targets.setdefault(node, set()).add(url)
    return targets


def _row_element(link: etree._Element, url: str, targets: dict[etree._Element, set[str]]) -> etree._Element:
    """The largest element around a link that leads nowhere else."""
    row = link
    for node in link.iterancestors():
        if node.tag in {"body", "html"} or targets[node] != {url}:
            break
        row = node
    return row


def _place(row: etree._Element) -> Place:
    return tuple((node.tag, node.get("class")) for node in row.iterancestors())


def _is_aside(row: etree._Element) -> bool:
    return any(_ASIDE.search(f"{node.get('class', '')} {node.get('id', '')}") for node in row.iterancestors())


def _title(link: etree._Element) -> str | None:
    """The link's text, or its `title` where the text is cut or empty."""
    shown, full = words(link), tidy(link.get("title") or "")
    begins = squeeze(_CUT.sub("", shown))
    is_cut = squeeze(full).startswith(begins) and len(squeeze(full)) > len(begins)
    return (full if is_cut else shown) or None


def _date(row: etree._Element, link: etree._Element) -> str | None:
    """The last full date of a row outside its link, else inside, as printed, brackets included.

    A date without year or day counts only where little else stands beside the link: abstracts hold such dates too.
    """
    inside = "".join(strings(link))
    around = "" if row is link else " ".join(strings(row))
    outside = tidy(around.replace(inside, " ") if inside else around)
    if found := last_in(_FULL_DATE, outside) or last_in(_FULL_DATE, inside):
        return found
    return last_in(_SHORT_DATE, outside) if len(outside) <= _LONGEST_BESIDE else None


def _merged(kept: ListedRow, row: ListedRow) -> ListedRow:
    """A picture and a title may link the same article: the longer title, any date."""
    title = max(kept.title or "", row.title or "", key=lambda text: len(squeeze(text))) or None
    return ListedRow(kept.url, kept.native_id, title, kept.date or row.date)
