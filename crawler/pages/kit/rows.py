"""The rows of a list page, told from side bars without a template's classes.

Rows are told from side bars by the pager: the list stands in the smallest block that holds the pager and any article
link, nearest before the pager. Rows of other containers there, and all rows where there is no pager but more than one
container, are doubtful: the breadcrumb of their article decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from crawler.pages import ListedRow
from crawler.pages.page import Page, strings, tidy, words

_DATE = re.compile(
    r"\d{4}[-./年]\d{1,2}(?:[-./月]\d{1,2}日?)?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}[-./]\d{1,2}[-./]\d{4}"
    r"|\d{1,2}[-./]\d{1,2}(?:\s+\d{1,2}:\d{2})?|\d{1,2}月\d{1,2}日"
    r"|\d{1,2}日\d{1,2}[时点]|\d{1,2}时\d{1,2}分|(?:[今昨前]天\s*)?\d{1,2}:\d{2}"
    r"|刚刚|[今昨前]天|\d{1,4}\s*(?:分钟|小时|天)前"
)
_BRACKETS = {"(": ")", "[": "]", "（": "）", "［": "］", "【": "】"}
_ROW_TAGS = frozenset({"li", "tr", "dd", "p"})
Path = tuple[tuple[object, str | None, str | None], ...]
_NOT_ROWS = re.compile(r"javascript:|#|mailto:", re.IGNORECASE)


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
        self.links = [(link, url) for link in page.all("//a[@href]") if (url := page.href(link))]
        ids = {url: native_id(url) for _, url in self.links}
        self.ids = {url: found for url, found in ids.items() if found is not None}
        self.articles = {link: url for link, url in self.links if url in self.ids}

    def rows(self, pager: etree._Element | None) -> tuple[ListedRow, ...]:
        """Rows in the order of the list; `pager` is the block its pager stands in, None without one."""
        return self._rows(pager) if self.articles else self._foreign_rows(pager)

    def rows_in(self, container: etree._Element) -> tuple[ListedRow, ...]:
        """Rows of a container that somebody named: none of them is doubtful."""
        inside = set(container.iter("a"))
        found = [self._row(link, url, is_doubtful=False) for link, url in self.links if link in inside]
        return tuple({row.native_id or row.url: row for row in found if row is not None}.values())

    def block(self, pager: etree._Element | None) -> etree._Element:
        """The smallest element around the pager that holds an article link; the whole page without a pager."""
        node = pager
        while node is not None:
            if any(link in self.articles for link in node.iter("a")):
                return node
            node = node.getparent()
        return self.page.root

    def _rows(self, pager: etree._Element | None) -> tuple[ListedRow, ...]:
        block = self.block(pager)
        inside = set(block.iter("a"))
        in_pager = set(pager.iter("a")) if pager is not None and pager is not block else set()
        links = [(link, url) for link, url in self.links if link in inside and link not in in_pager]
        containers = {link: self._container(link) for link, _ in links if link in self.articles}
        certain = self._list_container(containers, pager)
        shapes = {_shape(link, block) for link, path in containers.items() if path == certain}
        rows: dict[str, ListedRow] = {}
        for link, url in links:
            row = self._row(link, url, is_doubtful=containers.get(link) != certain)
            if row is None or (row.native_id is None and _shape(link, block) not in shapes):
                continue
            key = row.native_id or row.url
            kept = rows.get(key)
            if kept is None or (kept.is_doubtful and not row.is_doubtful) or (row.title and not kept.title):
                rows[key] = row
        return tuple(rows.values())

    def _foreign_rows(self, pager: etree._Element | None) -> tuple[ListedRow, ...]:
        """Rows of a page without any article link: links elsewhere with a date beside them, before the pager."""
        block, in_pager = pager, set(pager.iter("a")) if pager is not None else set()
        while block is not None and in_pager.issuperset(block.iter("a")):
            block = block.getparent()
        inside = set(block.iter("a")) - in_pager if block is not None else set()
        rows = []
        for link, url in self.links:
            holder = next((node for node in link.iterancestors() if node.tag in _ROW_TAGS), None)
            if link not in inside or holder is None or self.is_list(url) or _NOT_ROWS.match(link.get("href", "")):
                continue
            date = date_in(tidy("".join(strings(holder)).replace("".join(strings(link)), " ")))
            if date:
                rows.append(ListedRow(url, None, row_title(link), date))
        return tuple(rows)

    def _row(self, link: etree._Element, url: str, *, is_doubtful: bool) -> ListedRow | None:
        if _NOT_ROWS.match(link.get("href", "")):
            return None
        native_id = self.ids.get(url)
        if native_id is None:
            return None if self.is_list(url) else ListedRow(url, None, row_title(link), self._date(link))
        return ListedRow(url, native_id, row_title(link), self._date(link), is_doubtful)

    def _list_container(self, containers: dict[etree._Element, Path], pager: etree._Element | None) -> Path | None:
        """The container of the section's rows; None when it cannot be told, or the page says that it has none."""
        paths = list(dict.fromkeys(containers.values()))
        if pager is None:
            return paths[0] if len(paths) == 1 and not self.says_empty else None
        order = {node: index for index, node in enumerate(self.page.root.iter())}
        before = [link for link in containers if order[link] < order[pager]]
        if before:
            return containers[max(before, key=order.__getitem__)]
        return paths[0] if paths else None

    def _container(self, link: etree._Element) -> Path:
        """Tag, id and class of every element around a row: what rows of one list share, and side bars do not."""
        around = self._row_element(link).iterancestors()
        return tuple((node.tag, node.get("id"), node.get("class")) for node in around)

    def _row_element(self, link: etree._Element) -> etree._Element:
        """The largest element around a link that holds no other article's link."""
        mine, row = self.articles.get(link), link
        parent = row.getparent()
        while parent is not None and parent.tag != "body":
            if any(other in self.articles and self.articles[other] != mine for other in parent.iter("a")):
                break
            row, parent = parent, parent.getparent()
        return row

    def _date(self, link: etree._Element) -> str | None:
        """The date string of a row, as printed, brackets included; text after the link first, then before it."""
        before: list[str] = []
        after: list[str] = []
        inside = set(link.iter())
        seen = False
        for node in self._row_element(link).iter():
            if node is link:
                seen = True
            if node not in inside and isinstance(node.tag, str) and node.text:
                (after if seen else before).append(node.text)
            if node.tail and (node not in inside or node is link):
                (after if seen else before).append(node.tail)
        return date_in(tidy(" ".join(after))) or date_in(tidy(" ".join(before)))


def row_title(link: etree._Element) -> str | None:
    """The full title: many CMSs cut the text of the link, some without a mark, and keep the whole in `title`."""
    shown, full = words(link), tidy(link.get("title") or "")
    return full or shown or None


def _shape(link: etree._Element, block: etree._Element) -> tuple[object, ...]:
    path: list[object] = []
    node: etree._Element | None = link
    while node is not None and node is not block:
        path.append(node.tag)
        node = node.getparent()
    return tuple(path)


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
