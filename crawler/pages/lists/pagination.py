"""How list pages and long articles turn: by links, numbers, files that a script counts; and what cannot be followed.

One reader for every family: links whose words or pictures turn pages, wherever their addresses stand; scripts whose
rule can be read; the counts that are printed. A live control without a readable address is reported by its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from lxml import etree

from crawler.pages import Ask, Pager
from crawler.pages.addresses import ArticleAddress, column_id
from crawler.pages.lists.controls import (
    ARROW,
    EDGE_MARKS,
    NEXT,
    NUMBER,
    WINDOW,
    Control,
    bare_numbers,
    clickable,
    is_certain,
    is_dead,
    label_of,
    runs_pages,
    turns,
    turns_pages,
)
from crawler.pages.lists.counts import printed_pages, printed_rows
from crawler.pages.lists.forms import numbered, posted_back
from crawler.pages.lists.handlers import Scripts, is_handled
from crawler.pages.lists.page_scripts import MOST_PAGES, scripted_pager
from crawler.pages.page import Page, says_more, squeeze, squeezed, strings

__all__ = ["Pager", "next_part", "pager_block", "parts_pager", "read_pager"]

_BLOCKS = ("div", "td", "p", "form", "span", "ul", "table", "center")
_WORDS = re.compile(
    r"共\d+[页条篇]|\d{1,9}/\d+页?|页次[:：]|总计\d+页|上一?页.*下一?页|首页.*[末尾]页|下一页.*[末尾]页|首页.*上一页"
)
_LONGEST, _LONGEST_BLOCK = (
    400,
    600,
)  # characters around a control, and in a block with its words: of pagers, not lists
_LONGEST_WORD = 6  # characters: pagers have no longer links, titles are longer
_COUNTED = ("div", "span", "p", "td", "em", "li", "b", "strong", "label")
_LONGEST_COUNT, _MOST_BESIDE = 80, 6  # characters and elements of a block that prints a count and no rows
# A text of nothing but counts.
_COUNTS = re.compile(
    r"(?:第?\d+页?[/,，]?)?共(?:计|有)?\d+[页条篇](?:记录|信息|文章)?(?:[/,，]?(?:共|每页|第|当前第?)?\d+[页条篇]){0,2}[,，。|]?"
)
_CURRENT = re.compile(
    r"(?:页次|当前第?|第)\s*+(?:[:：]\s*+)?(\d{1,4})\s*+(?:/|页\s*+(?:[,，/]\s*+)?共)|(?<![\d/])(\d{1,4})\s*+/\s*+\d{1,4}\s*+页"
)
_OF_PAGERS = re.compile(
    r"[\d\[\](){}<>«»‹›→←.…·|,，/\s（）【】]|[首末尾上下前后一第页頁]|共|条|next|prev|first|last", re.IGNORECASE
)
_BESIDE = etree.XPath("../text()|(../a|../b|../span|../font|../strong|../em|../i)//text()", smart_strings=False)
_CALLED = re.compile(r"\s*(?:return\s+)?([\w$]+)\s*\(")
_NUMBERED_FILE = re.compile(r"(?<!\d)\d{1,4}(?:\.\w{1,5})?$")


def read_pager(page: Page, is_same: Callable[[str], bool] | None = None) -> Pager:
    """The pager of a list page; every field empty when it has none.

    Args:
        page: the list page.
        is_same: whether an address names a page of the same list, where the family knows; else column and shape tell.
    """
    return _PagerReader(page, is_same).read()


class _PagerReader:
    def __init__(self, page: Page, is_same: Callable[[str], bool] | None) -> None:
        self.page, self.scripts = page, Scripts(page)
        here = column_id(page.url)
        self.knows = is_same is not None
        self.is_same = is_same or (lambda url: here is not None and column_id(url) == here)
        self.controls = list(self._controls())
        self.links = [one for one in self.controls if one.node.tag != "option"]

    def read(self) -> Pager:
        node = self._block()
        inside = [one for one in self.controls if node is not None and _is_in(one.node, node)]
        around, texts = node, strings(node) if node is not None else []
        if node is None and (inside := self._row_of_numbers()):
            # They stand beside the list itself: only their own words are the pager's.
            node = inside[-1].node
            around, texts = node.getparent(), _beside(node)
        text = " ".join(texts)
        pages, total = printed_pages(text), printed_rows(text)
        if total is None:
            elsewhere, total = self._counts_elsewhere()
            pages = elsewhere if node is None else pages
        script = scripted_pager(self.page, self.scripts)
        pages, total = pages or script.pages, total or script.total
        every = _extrapolated({**script.linked, **self._numbered(inside, node)}, pages)
        current = _current(around, texts) if around is not None else None
        leads: str | Ask | None = self._next(inside)
        by_form: dict[int, str | Ask] = {}
        if leads is None and (current or 1) + 1 not in every:
            leads, by_form = self._by_form(inside, current or 1, pages)
        # A page that does not say its number may be any: what its form leads to is then no proof of having gone on.
        live: tuple[str, ...] = ()
        idle: tuple[str, ...] = ()
        if pages != 1 and leads is None:
            live, idle = self._unfollowed(inside, every | (by_form if current else {}), current or 1)
        every |= by_form
        if not every and leads is None:
            live = (*live, *script.unfollowed)
        place = node if node is not None else script.node
        return Pager(place, every, leads, pages, total, current, tuple(dict.fromkeys(live)), idle)

    def _controls(self) -> Iterator[Control]:
        for node in clickable(self.page):
            label = label_of(node)
            if label and turns(label) and not is_dead(node):
                url, runs = self.scripts.opened(node), is_handled(node) or (node.get("data-page") or "").isdigit()
                if url or is_certain(node, runs=runs):
                    yield Control(node, label, url, runs)
        for option in self.page.root.iter("option"):
            label, url = squeezed(option), self._of_option(option)
            if url or (NUMBER.fullmatch(label) and turns_pages(option, label)):
                yield Control(option, label, url, is_handled=url is None)

    def _of_option(self, option: etree._Element) -> str | None:
        """The page an option of a select box leads to: its value, or what the box's handler makes of it."""
        value = (option.get("value") or "").strip()
        if not value.isdigit():
            return self.page.href(option)
        box = next(option.iterancestors("select"), None)
        named = _CALLED.match(box.get("onchange") or "") if box is not None else None
        address = self.scripts.called(named[1], [int(value)]) if named else None
        return self.page.resolve(address) if address else None

    def _block(self) -> etree._Element | None:
        """The block around the last control that turns pages by word; else around numbers, or arrows beside them;
        else the last block with a pager's words.
        """
        worded = [one for one in self.links if one.is_worded and self._is_of_list(one)]
        if worded:
            return _around(worded[-1].node)
        for one in reversed(self.links):
            if (one.number or one.is_arrow) and self._turns_by_numbers(block := _around(one.node)):
                return block
        boxes = [one for one in self.controls if one.node.tag == "option" and one.number and self._is_of_list(one)]
        alone = [one for one in self.links if (one.is_arrow or one.is_more) and self._leads_on(one)]
        last = (boxes or alone)[-1:]
        return _around(last[0].node) if last else pager_block(self.page)

    def _leads_on(self, one: Control) -> bool:
        return one.url is not None and one.url != self.page.url and self.is_same(one.url)

    def _row_of_numbers(self) -> list[Control]:
        """The controls beside the last two numbers that follow each other, where no block is a pager's."""
        beside: dict[etree._Element | None, list[Control]] = {}
        for one in self.links:
            beside.setdefault(one.node.getparent(), []).append(one)
        for row in reversed(beside.values()):
            numbers = [one for one in row if one.number]
            urls = _urls(numbers)
            leads = _Rule.of(urls) or any(map(self.is_same, urls.values())) or any(one.is_handled for one in numbers)
            is_second = [one.number for one in numbers] == [2] and runs_pages(numbers[0].node)
            if leads and (is_second or _has_neighbours([one.number for one in numbers])):
                return row
        return []

    def _is_of_list(self, one: Control) -> bool:
        """Links of other columns are none of the pager's, where the family can tell."""
        return not self.knows or one.url is None or self.is_same(one.url) or not self._is_elsewhere(one.url)

    def _is_elsewhere(self, url: str) -> bool:
        return _folder(url) != _folder(self.page.url)

    def _turns_by_numbers(self, block: etree._Element) -> bool:
        """True for a block of numbers in a row, whose links are pages of this list or run as their numbers do."""
        texts = strings(block)
        if printed_pages(" ".join(texts)) is not None:
            return True
        if _OF_PAGERS.sub("", squeeze(" ".join(texts))):
            return False
        inside = [one for one in self.controls if one.number and _is_in(one.node, block)]
        urls = _urls(inside)
        numbers = {one.number for one in inside} | _plain_numbers(block, texts)
        if not _has_neighbours(sorted(numbers)):
            return False
        if not urls:
            return any(one.is_handled for one in inside)
        is_numbered = any(_ends_with(number, url, self.page.url) for number, url in urls.items())
        return is_numbered or any(map(self.is_same, urls.values())) or _Rule.of(urls) is not None

    def _numbered(self, inside: list[Control], node: etree._Element | None) -> dict[int, str]:
        """Page number → address; a window's `…` or 后10页 leads to what the other addresses say, else to the number
        after the one before it.
        """
        numbered: dict[int, str] = {}
        last = 0
        rule = _Rule.of(_urls(inside))
        for one in self._candidates(inside, node):
            last = one.number or last
            if one.url and one.number:
                numbered.setdefault(one.number, one.url)
            elif one.url and last and WINDOW.fullmatch(one.label):
                numbered.setdefault((rule and rule.number(one.url)) or last + 1, one.url)
        return numbered

    def _candidates(self, inside: list[Control], node: etree._Element | None) -> list[Control]:
        """Of a list whose addresses the family knows, every control that leads to a page of it; else the block's."""
        if not self.knows or not self.is_same(self.page.url):
            return inside
        held = set(map(id, inside)) if node is not None else set()
        return [one for one in self.controls if (self.is_same(one.url) if one.url else id(one) in held)]

    def _next(self, inside: list[Control]) -> str | None:
        """The next page by word, by arrow, by picture, or by a button for more."""
        held = [one for one in (self._candidates(inside, None) if self.knows else inside) if one.url]
        held = held or [one for one in inside if one.url and self.is_same(one.url)]
        more = [one for one in self.controls if one.is_more and one.url and self.is_same(one.url)]
        turning = sorted((one for one in held if one.is_next or one.is_arrow), key=lambda one: one.is_arrow)
        head = [url for _, url in self.page.links("//link[@rel='next'][@href]")]
        urls = (*(one.url for one in (*turning, *more)), *head)
        return next((url for url in urls if url != self.page.url), None)

    def _by_form(
        self, inside: list[Control], here: int, pages: int | None
    ) -> tuple[Ask | None, dict[int, str | Ask]]:
        """The pages that a form turns to: posted back by a control, or asked for by number."""
        stuck = [one for one in inside if one.url is None]
        turning = [one for one in stuck if one.is_next or one.number]
        if posted := [(one, ask) for one in turning if (ask := posted_back(self.page, one.node))]:
            following = next((ask for one, ask in posted if one.is_next), None)
            return following, {one.number: ask for one, ask in posted if one.number > here}
        leads_on = any(one.is_handled and (one.is_next or one.number > here) for one in stuck)
        if not leads_on and (pages or 0) <= here:
            return None, {}
        ask = numbered(self.page, here + 1) if here < min(pages or here + 1, MOST_PAGES) else None
        return None, {here + 1: ask} if ask else {}

    def _unfollowed(
        self, inside: list[Control], linked: Mapping[int, str | Ask], here: int
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Live controls that lead on without an address, and idle ones: dead where the pager has addresses."""
        turns_by_address = any(one.url and (one.is_worded or one.number) for one in inside)
        leads_on = [one for one in inside if one.is_next or one.number > here or one.is_arrow]
        stuck = [one for one in leads_on if one.url is None and one.number not in linked]
        # What would be the next page of another host or list is none of this one's, and none that is followed.
        abroad = [one for one in self.controls if one.is_next and one.url and self._is_abroad(one.url)]
        if here + 1 in linked:
            stuck, abroad = [], []
        more = [one for one in self.controls if one.is_more and one.url is None]
        live = [one for one in stuck if one.is_handled][:1] + abroad[:1] + [one for one in more if one.is_handled][:1]
        idle = [one for one in stuck if not one.is_handled and not turns_by_address][:1] + more[:1]
        bare = () if linked or live or idle else bare_numbers(self.page)
        return tuple(map(str, live)), (*map(str, idle), *bare)

    def _is_abroad(self, url: str) -> bool:
        """True for an address on another host, or with a number in another folder, where lists are known."""
        if self.is_same(url):
            return False
        is_others = self.knows and self._is_elsewhere(url) and _NUMBERED_FILE.search(urlsplit(url).path)
        return bool(is_others) or urlsplit(url).netloc != urlsplit(self.page.url).netloc

    def _counts_elsewhere(self) -> tuple[int | None, int | None]:
        """Counts that stand alone in a short block: a list without a pager prints them too."""
        for node in self.page.root.iter(*_COUNTED):
            if len(node) > _MOST_BESIDE or node.find("a") is not None or says_more(node, _LONGEST_COUNT):
                continue
            text = " ".join(strings(node))
            if len(text) < _LONGEST_COUNT and squeeze(text).startswith((*"共总记合Tt",)):
                pages, total = printed_pages(text), printed_rows(text)
                if total is not None:
                    return pages, total
        alone = (squeeze(text) for text in strings(self.page.root) if "共" in text and len(text) < _LONGEST_COUNT)
        said = next(filter(_COUNTS.fullmatch, alone), "")
        return printed_pages(said), printed_rows(said)


def next_part(page: Page, links: Iterable[etree._Element], part: int) -> str | None:
    """Address of an article's next page among the links of its pager: by number, else by 下一页."""
    said = [(label_of(link), url) for link in links if (url := page.href(link))]
    by_number = {int(match[1]): url for label, url in reversed(said) if (match := NUMBER.fullmatch(label))}
    by_word = (url for label, url in said if url != page.url and (NEXT.fullmatch(label) or ARROW.fullmatch(label)))
    return by_number.get(part + 1) or next(by_word, None)


def parts_pager(page: Page, article: Callable[[str], ArticleAddress | None]) -> Pager:
    """The pager of a long article: links to other parts of it; the address of each is what says its number.

    Args:
        page: a page of the article.
        article: which article and part an address names.
    """
    here = article(page.url)
    links = [(link, url, target) for link, url in page.links() if (target := article(url))]
    mine = [one for one in links if here and one[2].native_id == here.native_id and one[2].part != here.part]
    return Pager(mine[0][0].getparent() if mine else None, {to.part: url for _, url, to in reversed(mine)})


def pager_block(page: Page) -> etree._Element | None:
    """The smallest block with the words of a pager, the last one of the page, links in it or not."""
    return next((node for node in reversed(list(page.root.iter(*_BLOCKS))) if _says_pager(node)), None)


def _says_pager(node: etree._Element) -> bool:
    text = squeezed(node)
    return len(text) < _LONGEST_BLOCK and bool(_WORDS.search(text)) and not _holds_titles(node)


def _is_in(node: etree._Element, block: etree._Element) -> bool:
    return block in (node, *node.iterancestors())


def _folder(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[0]


def _holds_titles(block: etree._Element) -> bool:
    """True for a block that holds more than a pager: links longer than its words."""
    return any(len(squeezed(link)) > _LONGEST_WORD for link in block.iter("a"))


def _around(node: etree._Element) -> etree._Element:
    """The largest block around a control that holds little more than a pager."""
    block = node
    for parent in node.iterancestors():
        if parent.tag in {"body", "html"} or len(squeezed(parent)) > _LONGEST or _holds_titles(parent):
            break
        block = parent
    return block


def _beside(control: etree._Element) -> list[str]:
    """The texts beside a control, in the block it stands in or in small elements of it."""
    found = _BESIDE(control)
    return [str(text) for text in found] if isinstance(found, list) else []


def _urls(controls: Iterable[Control]) -> dict[int, str]:
    return {one.number: one.url for one in controls if one.number and one.url}


def _has_neighbours(numbers: Sequence[int]) -> bool:
    return any(b - a == 1 for a, b in pairwise(numbers))


def _plain_numbers(block: etree._Element, texts: Iterable[str]) -> set[int]:
    """Numbers of a pager that are no links: the page one is on."""
    linked = {text for link in block.iter("a") for text in strings(link) if link.get("href") or link.get("onclick")}
    said = (squeeze(text).strip(EDGE_MARKS) for text in texts if text not in linked)
    return {int(text) for text in said if re.fullmatch(r"\d{1,4}", text)}


def _current(block: etree._Element, texts: Sequence[str]) -> int | None:
    """The number of this page: said in words, else the one number that is no link or is marked."""
    if said := _CURRENT.search(" ".join(texts)):
        return int(said[1] or said[2])
    plain = _plain_numbers(block, texts)
    return plain.pop() if len(plain) == 1 else None


@dataclass(frozen=True, slots=True)
class _Rule:
    """How the addresses of pages count: `before`, `start + step * number`, `after`."""

    before: str
    step: int
    start: int
    after: str

    @classmethod
    def of(cls, urls: Mapping[int, str]) -> _Rule | None:
        """The rule of two pages that follow each other; None when there are none."""
        for (a, first), (b, second) in pairwise(sorted(urls.items())):
            for match in reversed(list(re.finditer(r"\d+", first))):
                before, after = first[: match.start()], first[match.end() :]
                other = _between(second, before, after)
                if other.isdigit() and abs(int(other) - int(match[0])) == b - a:
                    step = (int(other) - int(match[0])) // (b - a)
                    return cls(before, step, int(match[0]) - step * a, after)
        return None

    def number(self, url: str) -> int | None:
        """Which page an address is of; None when it does not follow the rule."""
        written = _between(url, self.before, self.after)
        if not written.isdigit():
            return None
        number, rest = divmod(int(written) - self.start, self.step)
        return number if rest == 0 and number > 0 else None


def _between(url: str, before: str, after: str) -> str:
    is_like = url.startswith(before) and url.endswith(after) and len(url) > len(before) + len(after)
    return url[len(before) : len(url) - len(after)] if is_like else ""


def _extrapolated(linked: Mapping[int, str | Ask], pages: int | None) -> dict[int, str | Ask]:
    """The pages that are printed and not linked, by the rule of those that are; none when they follow no one rule."""
    every = dict(linked)
    urls = {number: url for number, url in linked.items() if isinstance(url, str) and number > 1}
    rule = _Rule.of(urls) if pages and 1 < len(urls) < pages - 1 else None
    for number in range(2, min(pages or 0, MOST_PAGES) + 1) if rule else ():
        if rule and (counted := rule.start + rule.step * number) > 0:
            every.setdefault(number, f"{rule.before}{counted}{rule.after}")
    return every


def _ends_with(number: int, url: str, here: str) -> bool:
    """True for an address in this list's folder whose last number is that of the page, or one less."""
    runs = re.findall(r"\d+", url.removeprefix(_folder(here))) if url.startswith(_folder(here)) else []
    return bool(runs) and int(runs[-1]) in {number, number - 1}
