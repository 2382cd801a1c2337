"""KesionCMS list pages: the section's rows and its pager, found without a template's classes.

Rows are told from side bars by the pager: the list stands in the smallest block that holds the pager and any article
link, nearest before the pager. Rows of other containers there, and all rows where there is no pager but more than one
container, are doubtful: the breadcrumb of their article decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from crawler.cms import ListedRow, ListPage
from crawler.cms.kesion.addresses import article_address, list_address, list_file
from crawler.page import Page, squeeze, strings, tidy, words

_LINKS = "//a[@href]"
_PAGER = "//*[translate(@id,'FENY','feny')='fenye' or contains(concat(' ',@class,' '),' fenye ')]"
_OPTIONS = ".//option[@value]"
_PAGER_WORDS = re.compile(r"总共\d+页|共\d+篇|页次[:：]\d+/\d+|第\d+页共\d+页|上一页.*下一页")
_TOTAL_PAGES = re.compile(r"(?:总共|共|/)(\d+)页")
_TOTAL_ROWS = re.compile(r"共(\d+)篇")
_EMPTY = re.compile("此栏目下没有(?:文章|信息)")
_NEXT = frozenset({"下一页", "下页", "后一页", "8"})
_DATE = re.compile(
    r"\d{4}[-./年]\d{1,2}(?:[-./月]\d{1,2}日?)?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}[-./]\d{1,2}[-./]\d{4}"
    r"|\d{1,2}[-./]\d{1,2}(?:\s+\d{1,2}:\d{2})?|\d{1,2}月\d{1,2}日"
    r"|\d{1,2}日\d{1,2}[时点]|\d{1,2}时\d{1,2}分|(?:[今昨前]天\s*)?\d{1,2}:\d{2}"
    r"|刚刚|[今昨前]天|\d+\s*(?:分钟|小时|天)前"
)
_BRACKETS = {"(": ")", "[": "]", "（": "）", "［": "］", "【": "】"}
_ROW_TAGS = frozenset({"li", "tr", "dd", "p"})
Path = tuple[tuple[object, str | None, str | None], ...]
_NOT_ROWS = re.compile(r"javascript:|#|mailto:", re.IGNORECASE)


class ListReader:
    """Reads one list page.

    Args:
        page: the parsed page.
        static_article: the profile's pattern for article files, if the site publishes files.
    """

    def __init__(self, page: Page, static_article: re.Pattern[str] | None) -> None:
        self.page = page
        self.static_article = static_article
        self.links = [(link, url) for link in page.all(_LINKS) if (url := page.href(link))]
        self.articles = {link: url for link, url in self.links if article_address(url, static_article)}
        self.columns = {url: address for _, url in self.links if (address := list_address(url, static_article))}
        self.address = list_address(page.url, static_article)

    def read(self) -> ListPage:
        pager = self._pager()
        rows = self._rows(pager) if self.articles else self._foreign_rows(pager)
        if self.address is not None and self.address.from_end is not None:
            return ListPage(rows=rows, next_url=self._older_file(), linked={}, pages=None, total=None)
        pager_text = squeeze("".join(strings(pager))) if pager is not None else ""
        pages = _last_number(_TOTAL_PAGES, pager_text)
        linked = self._files(pages) or self._pages_linked()
        return ListPage(
            rows=rows,
            next_url=self._next_url(pager, linked),
            linked=linked,
            pages=pages,
            total=_last_number(_TOTAL_ROWS, pager_text),
        )

    def _older_file(self) -> str | None:
        """The list file before this one; what this one says of counts and neighbours is of the day it was built."""
        number = self.address.from_end if self.address else None
        return list_file(self.page.url, number - 1) if number and number > 1 else None

    def _files(self, pages: int | None) -> dict[int, str]:
        """Page number → list file, of a column whose files count from the end; told by the newest page alone."""
        mine = self.address
        older = (url for url, to in self.columns.items() if mine and to.column == mine.column and to.from_end)
        pattern = next(older, None)
        return (
            {page: list_file(pattern, pages - page + 1) for page in range(2, pages + 1)} if pattern and pages else {}
        )

    def _says_empty(self) -> bool:
        return bool(_EMPTY.search(squeeze("".join(strings(self.page.root)))))

    def _pager(self) -> etree._Element | None:
        """The pager block: by the id the CMS gives it, else the smallest block with a pager's words."""
        named = self.page.all(_PAGER)
        if named:
            return named[-1]
        found = [n for n in self.page.all("//div|//td|//p|//form|//span") if self._is_pager(n)]
        return found[-1] if found else None

    @staticmethod
    def _is_pager(node: etree._Element) -> bool:
        text = squeeze("".join(strings(node)))
        return len(text) < 600 and bool(_PAGER_WORDS.search(text))

    def _block(self, pager: etree._Element | None) -> etree._Element:
        """The smallest element around the pager that holds an article link; the whole page without a pager."""
        node = pager
        while node is not None:
            if any(link in self.articles for link in node.iter("a")):
                return node
            node = node.getparent()
        return self.page.root

    def _rows(self, pager: etree._Element | None) -> tuple[ListedRow, ...]:
        block = self._block(pager)
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
            if link not in inside or holder is None or url in self.columns or _NOT_ROWS.match(link.get("href", "")):
                continue
            date = _date_in(tidy("".join(strings(holder)).replace("".join(strings(link)), " ")))
            if date:
                rows.append(ListedRow(url, None, _title(link), date))
        return tuple(rows)

    def _row(self, link: etree._Element, url: str, *, is_doubtful: bool) -> ListedRow | None:
        if _NOT_ROWS.match(link.get("href", "")):
            return None
        address = article_address(url, self.static_article)
        if address is None:
            return None if url in self.columns else ListedRow(url, None, _title(link), self._date(link))
        return ListedRow(url, address.native_id, _title(link), self._date(link), is_doubtful)

    def _list_container(self, containers: dict[etree._Element, Path], pager: etree._Element | None) -> Path | None:
        """The container of the section's rows; None when it cannot be told, or the page says that it has none."""
        paths = list(dict.fromkeys(containers.values()))
        if pager is None:
            return paths[0] if len(paths) == 1 and not self._says_empty() else None
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
        return _date_in(tidy(" ".join(after))) or _date_in(tidy(" ".join(before)))

    def _next_url(self, pager: etree._Element | None, linked: Mapping[int, str]) -> str | None:
        if linked and self.address is not None and self.address.page is not None:
            return linked.get(self.address.page + 1)
        within = pager.iter("a") if pager is not None else ()
        return next((self.page.href(a) for a in within if squeeze("".join(strings(a))) in _NEXT), None)

    def _pages_linked(self) -> dict[int, str]:
        """Page number → address, of every page of this class that the page links, selects included."""
        mine = self.address
        options = [(o, url) for o in self.page.all("//option[@value]") if (url := self.page.href(o))]
        pages: dict[int, str] = {}
        for _, url in [*self.links, *options]:
            address = self.columns.get(url) or list_address(url, self.static_article)
            if address and mine and address.page and address.column == mine.column:
                pages.setdefault(address.page, url)
        return pages


def _title(link: etree._Element) -> str | None:
    """The full title: KesionCMS cuts the link text without a mark and keeps the whole in `title`."""
    shown, full = words(link), tidy(link.get("title") or "")
    return full or shown or None


def _shape(link: etree._Element, block: etree._Element) -> tuple[object, ...]:
    path: list[object] = []
    node: etree._Element | None = link
    while node is not None and node is not block:
        path.append(node.tag)
        node = node.getparent()
    return tuple(path)


def _date_in(text: str) -> str | None:
    found = list(_DATE.finditer(text))
    if not found:
        return None
    start, end = found[-1].span()
    if start and end < len(text) and _BRACKETS.get(text[start - 1]) == text[end]:
        start, end = start - 1, end + 1
    return text[start:end]


def _last_number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.findall(text)
    return int(found[-1]) if found else None
