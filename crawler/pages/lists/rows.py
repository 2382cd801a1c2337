"""The rows of a list page, kept apart from side bars without a template's classes, where article addresses are known.

The list stands in the smallest block that holds the pager and any article link, nearest before the pager. Rows of
other containers there, and all rows where there is no pager but more than one container, are doubtful: the breadcrumb
of their article decides. A dated link within the list's own container is a row whatever it leads to; an undated one
outside it is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from crawler.pages import ListedRow
from crawler.pages.lists.handlers import Scripts, is_handled
from crawler.pages.page import Page, named, strings, tidy, words
from crawler.pages.shown import are_unlike

_DATE = re.compile(
    r"\d{4}[-./年]\d{1,2}(?:[-./月]\d{1,2}日?)?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}[-./]\d{1,2}[-./]\d{4}"
    r"|\d{1,2}[-./]\d{1,2}(?:\s+\d{1,2}:\d{2})?|\d{1,2}月\d{1,2}日"
    r"|\d{1,2}日\d{1,2}[时点]|\d{1,2}时\d{1,2}分|(?:[今昨前]天\s*)?\d{1,2}:\d{2}"
    r"|刚刚|[今昨前]天|\d{1,4}\s*(?:分钟|小时|天)前"
)
_BRACKETS = {"(": ")", "[": "]", "（": "）", "［": "］", "【": "】"}
_ROW_TAGS = frozenset({"li", "tr", "dd", "p"})
_NO_ADDRESS = re.compile(r"javascript:|#|mailto:|tel:", re.IGNORECASE)
_CLICKED = "//*[self::li or self::tr or self::td or self::div or self::dd or self::dt or self::p or self::span]"
_LINKS = f"//a|{_CLICKED}[@onclick or @data-href or @data-url][not(.//a)]"
_OPENING = frozenset({"onclick", "data-href", "data-url"})
_ASIDE = re.compile(r"(?:^|[\W_])(?:nav|menu|foot(?:er)?|side\w*|hot|rank|link|friend)(?:$|[\W_])", re.IGNORECASE)
_SIDE_BAR = re.compile(r"(?:^|[\W_])(?:a?side(?:bar)?|hot|rank)(?:$|[\W_])", re.IGNORECASE)
_NEAR = 3  # elements around a row; whole columns of a page have such names, too
_LONGEST_DETAIL = 80  # characters of a report's detail
_MANY = ""
Path = tuple[tuple[object, str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class FoundRows:
    """Rows in the order of the list, what rows without a readable address say, how many repeat another."""

    rows: tuple[ListedRow, ...]
    unlinked: tuple[str, ...] = ()
    doubled: int = 0


def row_links(page: Page) -> Iterator[tuple[etree._Element, str | None]]:
    """Every link of a page with what it opens; None for one that opens nothing, or what cannot be read."""
    scripts = Scripts(page)
    for link in page.all("//a" if page.attributes.isdisjoint(_OPENING) else _LINKS):
        url = scripts.opened(link)
        is_bare = _NO_ADDRESS.match((link.get("href") or "#").strip()) is not None
        if url is not None or link.tag == "a" or (is_bare and is_handled(link)):
            yield link, url


def stands_in_side_bar(row: etree._Element) -> bool:
    """True for a row in a block that calls itself a side bar or what is read most, right around it."""
    return any(_SIDE_BAR.search(named(node)) for node in islice(row.iterancestors(), _NEAR))


def is_aside(row: etree._Element) -> bool:
    """True for what stands anywhere in a menu, a side bar or a footer, by the names of the blocks around it."""
    return any(_ASIDE.search(named(node)) for node in row.iterancestors())


def leads_to_anothers(row: ListedRow, kept: ListedRow) -> str:
    """What is reported of a row whose link leads to the article of another row."""
    return f"{row.title} (its link leads to the article of the row {kept.title})"


class RowFinder:
    """Finds the rows of one list page.

    Args:
        page: the parsed page.
        native_id: which article an address names, None when it names none.
        is_list: whether an address names a list page of the site.
        says_empty: the page itself says that the list is empty.
    """

    def __init__(
        self,
        page: Page,
        native_id: Callable[[str], str | None],
        is_list: Callable[[str], bool],
        *,
        says_empty: bool = False,
    ) -> None:
        self.page, self.is_list, self.says_empty = page, is_list, says_empty
        self.opened = list(row_links(page))
        self.links = [(link, url) for link, url in self.opened if url is not None]
        self.ids = {url: found for url in dict(self.links).values() if (found := native_id(url)) is not None}
        self.articles = {link: url for link, url in self.links if url in self.ids}
        self._below = leads(self.articles)
        self._elements: dict[etree._Element, etree._Element] = {}
        self._paths: dict[etree._Element, Path] = {}

    def rows(self, pager: etree._Element | None) -> FoundRows:
        """Rows in the order of the list; `pager` is the block its pager stands in, None without one."""
        return self._rows(pager) if self.articles else self._foreign_rows(pager)

    def rows_in(self, container: etree._Element) -> FoundRows:
        """Rows of a container that somebody named: none of them is doubtful."""
        inside = set(container.iter())
        found = [self._row(link, url, is_doubtful=False) for link, url in self.links if link in inside]
        rows = {row.native_id or row.url: row for row in found if row is not None}
        unlinked = [link for link, url in self.opened if url is None and link in inside and self._date(link)]
        return FoundRows(tuple(rows.values()), tuple(map(said_by, unlinked)))

    def _rows(self, pager: etree._Element | None) -> FoundRows:
        around = (pager, *pager.iterancestors()) if pager is not None else ()
        block = next((node for node in around if node in self._below), self.page.root)
        inside = set(block.iter())
        inside -= set(pager.iter()) if pager is not None and pager is not block else set()
        opened = [(link, url) for link, url in self.opened if link in inside]
        containers = {link: self._container(link) for link, _ in opened}
        certain = self._list_container({link: containers[link] for link, _ in opened if link in self.articles}, pager)
        shapes = {_shape(link, block) for link in self.articles if containers.get(link) == certain}
        rows: dict[str, ListedRow] = {}
        shown: set[tuple[str, etree._Element]] = set()
        unlinked: list[str] = []
        for link, url in opened:
            is_within, element = containers[link] == certain, self._row_element(link)
            if url is None:
                unlinked.extend([said_by(link)] if is_within and self._date(link) else [])
                continue
            # Of two signs of a row a menu's links have none; their dates take longest.
            if not is_within and url not in self.ids and _shape(link, block) not in shapes:
                continue
            row = self._row(link, url, is_doubtful=not is_within or stands_in_side_bar(element))
            if row is None:
                continue
            # A link to no article is a row by two of: in the list's container, dated, of a row's shape.
            is_dated = row.date is not None
            is_row = (is_within and is_dated) or ((is_within or is_dated) and _shape(link, block) in shapes)
            if row.native_id is None and not is_row:
                continue
            key = row.native_id or row.url
            kept = rows.get(key)
            is_certain = kept is not None and is_within and not kept.is_doubtful
            if kept and is_certain and (key, element) not in shown and are_unlike(row.title, kept.title):
                unlinked.append(leads_to_anothers(row, kept))
            shown.add((key, element))
            if kept is None or (kept.is_doubtful and not row.is_doubtful) or (row.title and not kept.title):
                rows[key] = row
        return FoundRows(tuple(rows.values()), tuple(unlinked), len(shown) - len(rows))

    def _foreign_rows(self, pager: etree._Element | None) -> FoundRows:
        """Rows of a page without any article link: links elsewhere with a date beside them, before the pager."""
        in_pager = set(pager.iter("a")) if pager is not None else set()
        around = (pager, *pager.iterancestors()) if pager is not None else ()
        block = next((node for node in around if not in_pager.issuperset(node.iter("a"))), None)
        inside = set(block.iter()) - in_pager if block is not None else set()
        rows: list[ListedRow] = []
        unlinked: list[str] = []
        for link, url in self.opened:
            holder = next((node for node in (link, *link.iterancestors()) if node.tag in _ROW_TAGS), None)
            if link not in inside or holder is None or (url is not None and self.is_list(url)):
                continue
            beside = tidy("".join(strings(holder)).replace("".join(strings(link)), " "))
            date = date_in(beside) or date_in(words(link))
            if date and url is not None:
                rows.append(ListedRow(url, None, row_title(link), date))
            elif date:
                unlinked.append(said_by(link))
        return FoundRows(tuple(rows), tuple(unlinked))

    def _row(self, link: etree._Element, url: str, *, is_doubtful: bool) -> ListedRow | None:
        native_id = self.ids.get(url)
        if native_id is None and self.is_list(url):
            return None
        return ListedRow(url, native_id, row_title(link), self._date(link), is_doubtful and native_id is not None)

    def _list_container(self, containers: dict[etree._Element, Path], pager: etree._Element | None) -> Path | None:
        """The container of the section's rows; None when nothing tells which, or the page says that it has none."""
        paths = list(dict.fromkeys(containers.values()))
        if pager is None:
            return paths[0] if len(paths) == 1 and not self.says_empty else None
        last = next(iter(paths), None)
        for node in self.page.root.iter():
            if node is pager:
                break
            last = containers.get(node, last)
        return last

    def _container(self, link: etree._Element) -> Path:
        """Tag, id and class of every element around a row: what rows of one list share, and side bars do not."""
        parent = self._row_element(link).getparent()
        if parent is None:
            return ()
        if parent not in self._paths:
            around = (parent, *parent.iterancestors())
            self._paths[parent] = tuple((node.tag, node.get("id"), node.get("class")) for node in around)
        return self._paths[parent]

    def _row_element(self, link: etree._Element) -> etree._Element:
        if link not in self._elements:
            self._elements[link] = row_element(link, self._below, self.articles.get(link))
        return self._elements[link]

    def _date(self, link: etree._Element) -> str | None:
        """The date string of a row, as printed, brackets included; text after the link first, then before it."""
        before: list[str] = []
        after: list[str] = []
        inside = set(link.iter())
        seen = False
        for node in self._row_element(link).iter():
            seen = seen or node is link
            if node not in inside and isinstance(node.tag, str) and node.text:
                (after if seen else before).append(node.text)
            if node.tail and (node not in inside or node is link):
                (after if seen else before).append(node.tail)
        found = date_in(tidy(" ".join(after))) or date_in(tidy(" ".join(before)))
        return found if found or link.tag == "a" else date_in(words(link))


def leads(links: Mapping[etree._Element, str]) -> dict[etree._Element, str]:
    """For every element around links: the one address below it; an empty string for several."""
    below: dict[etree._Element, str] = {}
    for link, url in links.items():
        for node in link.iterancestors():
            known = below.get(node, url)
            if known == _MANY:
                break
            below[node] = url if known == url else _MANY
    return below


def row_element(link: etree._Element, below: Mapping[etree._Element, str], mine: str | None) -> etree._Element:
    """The largest element around a link that leads nowhere else."""
    row = link
    for node in link.iterancestors():
        if node.tag in {"body", "html"} or below.get(node, mine) != mine:
            break
        row = node
    return row


def row_title(link: etree._Element) -> str | None:
    """The full title: many CMSs cut the text of the link, some without a mark, and keep the whole in `title`."""
    return tidy(link.get("title") or "") or shown_title(link) or None


def shown_title(link: etree._Element, dates: re.Pattern[str] = _DATE) -> str:
    """The words of a link; of a row that is one, without its date."""
    shown = words(link)
    date = last_in(dates, shown) if link.tag != "a" else None
    return tidy(shown.replace(date, " ")) if date else shown


def said_by(link: etree._Element) -> str:
    """What a row whose address cannot be read says, and what its click would run."""
    code = link.get("onclick") or link.get("href") or link.tag
    return f"{(row_title(link) or '')[:_LONGEST_DETAIL]} ({str(code).strip()[:_LONGEST_DETAIL]})"


def _shape(link: etree._Element, block: etree._Element) -> tuple[object, ...]:
    tags = []
    for node in (link, *link.iterancestors()):
        if node is block:
            break
        tags.append(node.tag)
    return tuple(tags)


def date_in(text: str) -> str | None:
    """The last date of a text in any form lists print, brackets around it included."""
    return last_in(_DATE, text)


def last_in(pattern: re.Pattern[str], text: str) -> str | None:
    """The last match in a text, with the brackets it stands in."""
    found = list(pattern.finditer(text))
    if not found:
        return None
    start, end = found[-1].span()
    if start and end < len(text) and _BRACKETS.get(text[start - 1]) == text[end]:
        start, end = start - 1, end + 1
    return text[start:end]
