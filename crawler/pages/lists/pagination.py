"""How list pages and long articles turn: by links, numbers, files that a script counts; and what cannot be followed.

One reader for every family: links whose words or pictures turn pages, wherever their addresses stand; scripts whose
rule can be read; the counts that are printed. A live control without a readable address is told by its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

from lxml import etree

from crawler.pages import Ask
from crawler.pages.addresses import ArticleAddress, column_id
from crawler.pages.lists.controls import (
    ARROW,
    CONTROLS,
    EDGE_MARKS,
    MORE,
    NEXT,
    NUMBER,
    WINDOW,
    Control,
    bare_numbers,
    is_dead,
    is_named_only,
    label_of,
    runs_pages,
    said_by,
    stands_in_pager,
    turns,
    turns_pages,
)
from crawler.pages.lists.counts import printed_pages, printed_rows
from crawler.pages.lists.forms import numbered, posted_back
from crawler.pages.lists.handlers import Scripts, is_handled
from crawler.pages.lists.page_scripts import counted_files, scripted_pager
from crawler.pages.page import Page, squeeze, strings, words

_LONGEST = 400
_BLOCKS = "//div|//td|//p|//form|//span|//ul|//table|//center"
_WORDS = re.compile(
    r"共\d+[页条篇]|\d{1,9}/\d+页?|页次[:：]|总计\d+页|上一?页.*下一?页|首页.*[末尾]页|下一页.*[末尾]页|首页.*上一页"
)
_LONGEST_BLOCK, _LONGEST_COUNT, _LONGEST_WORD = 600, 60, 6
# A text of nothing but counts.
_COUNTS = re.compile(
    r"(?:第?\d+页?[/,，]?)?共(?:计|有)?\d+[页条篇](?:记录|信息|文章)?(?:[/,，]?(?:共|每页|第|当前第?)?\d+[页条篇]){0,2}[,，。|]?"
)
_NUMBERED_FILE = re.compile(r"(?<!\d)\d{1,4}(?:\.\w{1,5})?$")
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Pager:
    """A pager: its block, the pages it leads to by number, the next one by word, and the counts it prints.

    `current` is the number of this page as the pager shows it. `unfollowed` are the words of live controls that lead
    on to pages whose address cannot be read, `idle` of those that run nothing the page names.
    """

    node: etree._Element | None = None
    linked: Mapping[int, str | Ask] = field(default_factory=dict)
    next_url: str | Ask | None = None
    pages: int | None = None
    total: int | None = None
    current: int | None = None
    unfollowed: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()


def read_pager(page: Page, is_same: Callable[[str], bool] | None = None) -> Pager:
    """The pager of a list page; every field empty when it has none.

    Args:
        page: the list page.
        is_same: whether an address names a page of the same list, where the family knows; else column and shape tell.
    """
    return PagerReader(page, is_same).read()


class PagerReader:
    """Reads the pager of one list page."""

    def __init__(self, page: Page, is_same: Callable[[str], bool] | None) -> None:
        self.page, self.scripts = page, Scripts(page)
        here = column_id(page.url)
        self.knows = is_same is not None
        self.is_same = is_same or (lambda url: here is not None and column_id(url) == here)
        self.controls = list(self._controls())

    def read(self) -> Pager:
        node = self._block()
        node = pager_block(self.page) if node is None else node
        inside = [one for one in self.controls if node is not None and _is_in(one.node, node)]
        around, texts = node, strings(node) if node is not None else []
        if node is None and (inside := self._row_of_numbers()):
            # They stand beside the list itself: only their own words are the pager's.
            node = inside[-1].node
            around, texts = node.getparent(), _direct(node)
        linked = self._numbered(inside, node)
        text = " ".join(texts)
        pages, total = printed_pages(text), printed_rows(text)
        if node is None:
            pages, total = self._counts_elsewhere()
        elif total is None:
            total = self._counts_elsewhere()[1]
        script = scripted_pager(self.page, self.scripts)
        pages, total = pages or script.pages, total or script.total
        every = _extrapolated({**script.linked, **linked}, pages)
        current = _current(around, texts) if around is not None else None
        following = self._next(inside)
        asked: Ask | None = None
        by_form: dict[int, str | Ask] = {}
        if following is None and (current or 1) + 1 not in every:
            asked, by_form = self._by_form(inside, current or 1, pages)
        leads = following or asked
        # A page that does not say its number may be any: what its form leads to is then no proof of having gone on.
        stuck, idle = self._unfollowed(inside, every | (by_form if current else {}), leads, current, pages)
        every |= by_form
        if script.unfollowed and not every and leads is None:
            stuck = (*stuck, *script.unfollowed)
        place = node if node is not None else script.node
        return Pager(place, every, leads, pages, total, current, tuple(dict.fromkeys(stuck)), idle)

    def _by_form(
        self, inside: list[Control], here: int, pages: int | None
    ) -> tuple[Ask | None, dict[int, str | Ask]]:
        """The pages that a form turns to: posted back by a control, or asked for by number."""
        stuck = [one for one in inside if one.url is None]
        posted = {one.number: asked for one in stuck if one.number and (asked := posted_back(self.page, one.node))}
        following = next(
            (asked for one in stuck if one.is_next and (asked := posted_back(self.page, one.node))), None
        )
        if following is not None or posted:
            return following, {number: asked for number, asked in posted.items() if number > here}
        leads_on = any(one.is_handled and (one.is_next or (one.number or 0) > here) for one in stuck)
        if not leads_on and not (pages and pages > here):
            return None, {}
        last = min(pages or here + 1, _MOST_PAGES)
        ask = numbered(self.page, here + 1) if here < last else None
        return None, {here + 1: ask} if ask else {}

    def _controls(self) -> Iterator[Control]:
        for node in self.page.all(CONTROLS):
            label = label_of(node)
            if label and turns(label) and not is_dead(node):
                url, runs = self.scripts.opened(node), is_handled(node) or (node.get("data-page") or "").isdigit()
                is_certain = url or not is_named_only(node) or (runs and (stands_in_pager(node) or runs_pages(node)))
                if is_certain:
                    yield Control(node, label, url, runs)
        for option in self.page.all("//option"):
            label = squeeze("".join(map(str, option.itertext())))
            if url := self._of_option(option):
                yield Control(option, label, url, is_handled=False)
            elif NUMBER.fullmatch(label) and turns_pages(option, label):
                yield Control(option, label, None, is_handled=True)

    def _of_option(self, option: etree._Element) -> str | None:
        """The page an option of a select box leads to: its value, or what the box's handler makes of it."""
        value = (option.get("value") or "").strip()
        if not value.isdigit():
            return self.page.href(option)
        box = next(option.iterancestors("select"), None)
        named = re.match(r"\s*(?:return\s+)?([\w$]+)\s*\(", box.get("onchange") or "") if box is not None else None
        address = self.scripts.called(named[1], int(value)) if named else None
        return self.page.resolve(address) if address else None

    def _block(self) -> etree._Element | None:
        """The block around the last control that turns pages by word; else around numbers, or arrows beside them."""
        links = [one for one in self.controls if one.node.tag != "option"]
        worded = [one for one in links if one.is_worded and self._is_of_list(one)]
        if worded:
            return _around(worded[-1].node)
        for one in reversed(links):
            if (one.number is not None or one.is_arrow) and self._turns_by_numbers(block := _around(one.node)):
                return block
        boxes = [
            one.node for one in self.controls if one.node.tag == "option" and one.number and self._is_of_list(one)
        ]
        if boxes:
            return _around(boxes[-1])
        alone = [
            one
            for one in links
            if one.url
            and one.url != self.page.url
            and self.is_same(one.url)
            and (one.is_arrow or MORE.fullmatch(one.label))
        ]
        return _around(alone[-1].node) if alone else None

    def _row_of_numbers(self) -> list[Control]:
        """The controls beside the last two numbers that follow each other, where no block is a pager's."""
        beside: dict[etree._Element | None, list[Control]] = {}
        for one in self.controls:
            if one.node.tag != "option":
                beside.setdefault(one.node.getparent(), []).append(one)
        for row in reversed(beside.values()):
            numbers = [one for one in row if one.number is not None]
            urls = {one.number: one.url for one in numbers if one.number and one.url}
            leads = _rule(urls) or any(map(self.is_same, urls.values())) or any(one.is_handled for one in numbers)
            is_second = [one.number for one in numbers] == [2] and runs_pages(numbers[0].node)
            if leads and (is_second or any((b.number or 0) - (a.number or 0) == 1 for a, b in pairwise(numbers))):
                return row
        return []

    def _is_of_list(self, one: Control) -> bool:
        """Links of other columns are none of the pager's, where the family can tell."""
        return not self.knows or one.url is None or self.is_same(one.url) or not self._is_known(one.url)

    def _is_known(self, url: str) -> bool:
        return url.partition("?")[0].rpartition("/")[0] != self.page.url.partition("?")[0].rpartition("/")[0]

    def _turns_by_numbers(self, block: etree._Element) -> bool:
        """True for a block of numbers in a row, whose links are pages of this list or run as their numbers do."""
        text = squeeze(" ".join(strings(block)))
        if printed_pages(" ".join(strings(block))) is not None:
            return True
        if re.sub(
            r"[\d\[\](){}<>«»‹›→←.…·|,，/\s（）【】]|[首末尾上下前后一第页頁]|共|条|next|prev|first|last",
            "",
            text.lower(),
        ):
            return False
        inside = [one for one in self.controls if one.number is not None and _is_in(one.node, block)]
        urls = {one.number: one.url for one in inside if one.number is not None and one.url}
        numbers = sorted(
            {*(one.number for one in inside if one.number is not None), *_plain_numbers(block, strings(block))}
        )
        if len(numbers) < 2 or not any(b - a == 1 for a, b in pairwise(numbers)):
            return False
        if not urls:
            return any(one.is_handled for one in inside)
        return (
            any(self.is_same(url) for url in urls.values())
            or _rule(urls) is not None
            or _ends_with_number(urls, self.page.url)
        )

    def _numbered(self, inside: list[Control], node: etree._Element | None) -> dict[int, str]:
        """Page number → address; a window's `…` or 后10页 leads to what the other addresses say, else to the number
        after the one before it.
        """
        numbered: dict[int, str] = {}
        last: int | None = None
        rule = _rule({one.number: one.url for one in inside if one.number and one.url})
        for one in self._candidates(inside, node):
            if one.number is not None:
                last = one.number
                if one.url:
                    numbered.setdefault(one.number, one.url)
            elif one.url and last is not None and WINDOW.fullmatch(one.label):
                numbered.setdefault((_number_of(rule, one.url) if rule else None) or last + 1, one.url)
        return numbered

    def _candidates(self, inside: list[Control], node: etree._Element | None) -> list[Control]:
        """Of a list whose addresses the family knows, every number that leads to a page of it; else the block's."""
        if not self.knows or not self.is_same(self.page.url):
            return inside
        held = set(map(id, inside)) if node is not None else set()
        return [
            one
            for one in self.controls
            if (one.url is not None and self.is_same(one.url)) or (id(one) in held and one.url is None)
        ]

    def _next(self, inside: list[Control]) -> str | None:
        """The next page by word, by arrow, by picture, or by a button for more."""
        head = [self.page.href(link) for link in self.page.all("//link[@rel='next'][@href]")]
        held = (
            [one for one in self._candidates(inside, None) if one.url]
            if self.knows
            else [one for one in inside if one.url]
        )
        held = held or [one for one in inside if one.url and self.is_same(one.url)]
        by_word = [one.url for one in held if one.is_next]
        by_arrow = [one.url for one in held if one.is_arrow]
        more = [one.url for one in self.controls if MORE.fullmatch(one.label) and one.url and self.is_same(one.url)]
        return next((url for url in (*by_word, *by_arrow, *more, *head) if url and url != self.page.url), None)

    def _unfollowed(
        self,
        inside: list[Control],
        linked: Mapping[int, str | Ask],
        following: str | Ask | None,
        current: int | None,
        pages: int | None,
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Live controls that lead on without an address, and idle ones: dead where the pager has addresses."""
        if pages == 1 or following is not None:
            return (), ()
        here = current or 1
        turns_by_address = any(one.url and (one.is_worded or one.number is not None) for one in inside)
        stuck = [
            one for one in inside if one.url is None and (one.is_next or (one.number or 0) > here or one.is_arrow)
        ]
        stuck = [one for one in stuck if one.number not in linked] if here + 1 not in linked else []
        more = [one for one in self.controls if MORE.fullmatch(one.label) and one.url is None]
        # What would be the next page of another host or list is none of this one's, and none that is followed.
        next_urls = [(one, one.url) for one in self.controls if one.is_next and one.url and not self.is_same(one.url)]
        abroad = [one for one, url in next_urls if not _is_own_host(self.page, url) or self._is_another_lists(url)]
        live = [one for one in stuck if one.is_handled][:1] + ([] if here + 1 in linked else abroad[:1])
        live += [one for one in more if one.is_handled][:1]
        idle = [one for one in stuck if not one.is_handled and not turns_by_address][:1] + more[:1]
        bare = () if linked or live or idle else bare_numbers(self.page)
        return tuple(map(said_by, live)), (*map(said_by, idle), *bare)

    def _is_another_lists(self, url: str) -> bool:
        """True for a page with a number in a folder of another name, where the family can tell lists apart."""
        return self.knows and self._is_known(url) and _NUMBERED_FILE.search(urlsplit(url).path) is not None

    def _counts_elsewhere(self) -> tuple[int | None, int | None]:
        """Counts that stand alone in a short block: a list without a pager prints them too."""
        for node in self.page.all("//div|//span|//p|//td|//em|//li|//b|//strong|//label"):
            if len(node) > 6:
                continue
            text = " ".join(strings(node))
            if len(text) < 80 and "a" not in {child.tag for child in node} and squeeze(text)[:1] in {*"共总记合Tt"}:
                pages, total = printed_pages(text), printed_rows(text)
                if total is not None:
                    return pages, total
        alone = (squeeze(text) for text in strings(self.page.root) if len(text) < _LONGEST_COUNT and "共" in text)
        said = next(filter(_COUNTS.fullmatch, alone), None)
        return (printed_pages(said), printed_rows(said)) if said else (None, None)


def next_part(page: Page, links: Iterable[etree._Element], part: int) -> str | None:
    """Address of an article's next page among the links of its pager: by number, else by 下一页."""
    said = [(label_of(link), page.href(link)) for link in links]
    by_number = {int(match[1]): url for label, url in reversed(said) if url and (match := NUMBER.fullmatch(label))}
    by_word = (
        url for label, url in said if url and url != page.url and (NEXT.fullmatch(label) or ARROW.fullmatch(label))
    )
    return by_number.get(part + 1) or next(by_word, None)


def parts_pager(page: Page, article: Callable[[str], ArticleAddress | None]) -> Pager:
    """The pager of a long article: links to other parts of it; the address of each is what says its number.

    Args:
        page: a page of the article.
        article: which article and part an address names.
    """
    here = article(page.url)
    links = [
        (link, target) for link in page.all("//a[@href]") if (url := page.href(link)) and (target := article(url))
    ]
    mine = [(link, to) for link, to in links if here and to.native_id == here.native_id and to.part != here.part]
    linked = {to.part: str(page.href(link)) for link, to in reversed(mine)}
    return Pager(mine[0][0].getparent() if mine else None, linked)


def counted_parts(page: Page, stem: str) -> Pager:
    """The pager of a long article whose parts a script counts: files of the name `stem` with numbers."""
    counted = counted_files(page, stem)
    return Pager(counted.node, counted.linked, pages=counted.pages)


def pager_block(page: Page) -> etree._Element | None:
    """The smallest block with the words of a pager, the last one of the page, links in it or not."""
    found = [node for node in page.all(_BLOCKS) if _says_pager(node)]
    return found[-1] if found else None


def _is_own_host(page: Page, url: str) -> bool:
    return urlsplit(url).netloc == urlsplit(page.url).netloc


def _says_pager(node: etree._Element) -> bool:
    text = squeeze("".join(strings(node)))
    return len(text) < _LONGEST_BLOCK and bool(_WORDS.search(text)) and not _holds_titles(node)


def _is_in(node: etree._Element, block: etree._Element) -> bool:
    return node is block or any(around is block for around in node.iterancestors())


def _holds_titles(block: etree._Element) -> bool:
    """True for a block that holds more than a pager: links longer than its words."""
    return any(len(squeeze(words(link))) > _LONGEST_WORD for link in block.iter("a"))


def _around(node: etree._Element) -> etree._Element:
    """The largest block around a control that holds little more than a pager."""
    block = node
    for parent in node.iterancestors():
        if parent.tag in {"body", "html"} or len(squeeze("".join(strings(parent)))) > _LONGEST:
            break
        if _holds_titles(parent):
            break
        block = parent
    return block


def _direct(control: etree._Element) -> list[str]:
    """The texts beside a control, in the block it stands in or in small elements of it."""
    found = control.xpath("../text()|(../a|../b|../span|../font|../strong|../em|../i)//text()")
    return [str(text) for text in found] if isinstance(found, list) else []


def _plain_numbers(block: etree._Element, texts: Iterable[str]) -> set[int]:
    """Numbers of a pager that are no links: the page one is on."""
    linked = {text for link in block.iter("a") for text in strings(link) if link.get("href") or link.get("onclick")}
    said = (squeeze(text).strip(EDGE_MARKS) for text in texts if text not in linked)
    return {int(text) for text in said if re.fullmatch(r"\d{1,4}", text)}


def _current(block: etree._Element, texts: Sequence[str]) -> int | None:
    """The number of this page: said in words, else the one number that is no link or is marked."""
    said = re.search(
        r"(?:页次|当前第?|第)\s*[:：]?\s*(\d{1,4})\s*(?:/|页\s*[,，/]?\s*共)|(?<![\d/])(\d{1,4})\s*/\s*\d{1,4}\s*页",
        " ".join(texts),
    )
    if said:
        return int(said[1] or said[2])
    plain = _plain_numbers(block, texts)
    return next(iter(plain)) if len(plain) == 1 else None


def _rule(urls: Mapping[int, str]) -> tuple[str, int, int, str] | None:
    """What stands before and after the number in the addresses of pages, how it runs (up or down), and from where."""
    found = sorted(urls.items())
    for (a, first), (b, second) in pairwise(found):
        for match in reversed(list(re.finditer(r"\d+", first))):
            before, after = first[: match.start()], first[match.end() :]
            if not (second.startswith(before) and second.endswith(after)) or len(second) < len(before) + len(after):
                continue
            other = second[len(before) : len(second) - len(after)]
            if other.isdigit() and abs(int(other) - int(match[0])) == b - a:
                step = (int(other) - int(match[0])) // (b - a)
                return before, step, int(match[0]) - step * a, after
    return None


def _number_of(rule: tuple[str, int, int, str], url: str) -> int | None:
    """Which page an address is of by the rule of the others; None when it does not follow it."""
    before, step, start, after = rule
    written = url.removeprefix(before).removesuffix(after)
    if f"{before}{written}{after}" != url or not written.isdigit() or step == 0:
        return None
    number, rest = divmod(int(written) - start, step)
    return number if rest == 0 and number > 0 else None


def _extrapolated(linked: Mapping[int, str | Ask], pages: int | None) -> dict[int, str | Ask]:
    """The pages that are printed and not linked, by the rule of those that are; none when they follow no one rule."""
    numbered = dict(linked)
    urls = {number: url for number, url in linked.items() if isinstance(url, str) and number > 1}
    rule = _rule(urls) if pages and len(urls) > 1 and len(urls) < pages - 1 else None
    if rule is None or pages is None:
        return numbered
    before, step, start, after = rule
    for number in range(2, min(pages, _MOST_PAGES) + 1):
        if start + step * number > 0:
            numbered.setdefault(number, f"{before}{start + step * number}{after}")
    return numbered


def _ends_with_number(urls: Mapping[int, str], here: str) -> bool:
    """True when a lone number's address is in this list's folder and holds it, or the one before, as its number."""
    folder = here.partition("?")[0].rpartition("/")[0]
    return any(
        url.startswith(folder)
        and (runs := re.findall(r"\d+", url[len(folder) :]))
        and int(runs[-1]) in {number, number - 1}
        for number, url in urls.items()
    )
