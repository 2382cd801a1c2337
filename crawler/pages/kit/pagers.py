"""How list pages and long articles turn: by linked numbers and words, or by files that a script counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from crawler.pages import Ask
from crawler.pages.kit.addresses import ArticleAddress
from crawler.pages.kit.sections import Column
from crawler.pages.page import Page, squeeze, strings

_NEXT = frozenset({"下一页", "下页", "后一页", "下一頁", "下页>", "下一页>", ">", "»"})
_NUMBER = re.compile(r"第?(\d{1,4})页?")
_BLOCKS = "//div|//td|//p|//form|//span|//ul|//table|//center"
_WORDS = re.compile(
    r"共\d+[页条篇]|\d+/\d+页?|页次[:：]|上一?页.*下一?页|首页.*[末尾]页|下一页.*[末尾]页|首页.*上一页"
)
_PAGES = re.compile(r"共(\d{1,6})页|(?<!\d)\d{1,6}/(\d{1,6})(?!\d)")
_TOTAL = re.compile(r"共(\d{1,9})[条篇]")
_LONGEST = 600
# createPageHTML(T, current from 0, "index", "html"): page n is index_{n-1}; also as createPageHTML_ZW and the like.
# createPageHTML('page_div', T, current from 1, 'list', 'shtml', rows): page n is list_{n}.
_CALL = re.compile(
    r"createPage\w*\(\s*(?P<place>(?P<q1>[\"'])[^\"']*(?P=q1)\s*,\s*)?(?P<pages>\d{1,6})\s*,\s*\d{1,6}\s*,"
    r"\s*(?P<q2>[\"'])(?P<stem>[^\"']*)(?P=q2)\s*,\s*(?P<q3>[\"'])(?P<ext>\w+)(?P=q3)",
    re.IGNORECASE,
)
_OTHER_CALL = re.compile(r"createPage\w*\([^()]*?\b(?P<pages>\d{1,6})\b[^()]*\)", re.IGNORECASE)
_COUNT = re.compile(r"\bvar\s+countPage\s*=\s*(?P<pages>\d{1,6})\b")
_EXTENSION = re.compile(r"[.\"'](s?html?)[\"']")
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Pager:
    """A pager: its block, the pages it leads to by number, the next one by word, and the counts it prints."""

    node: etree._Element | None = None
    linked: Mapping[int, str | Ask] = field(default_factory=dict)
    next_url: str | None = None
    pages: int | None = None
    total: int | None = None


def linked_pager(page: Page, column: Callable[[str], Column | None]) -> Pager:
    """A pager of links and options: the text of each is the number of its page, whatever its address says.

    Args:
        page: the list page.
        column: which column a list address names; links of other columns are none of the pager's.
    """
    here, node = column(page.url), pager_block(page)
    linked: dict[int, str] = {}
    following: str | None = None
    within = None if here is not None else node
    for link in page.all("//a[@href]|//option[@value]") if within is None else within.iter("a", "option"):
        url = page.href(link)
        target = column(url) if url else None
        if url is None or target is None or (here is not None and here.id != target.id):
            continue
        text = squeeze("".join(str(piece) for piece in link.itertext()))
        if match := _NUMBER.fullmatch(text):
            linked.setdefault(int(match[1]), url)
        elif text in _NEXT:
            following = following or url
    text = squeeze("".join(strings(node))) if node is not None else ""
    return Pager(node, linked, following, _last(_PAGES, text), _last(_TOTAL, text))


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


def pager_block(page: Page) -> etree._Element | None:
    """The smallest block with a pager's words, the last one of the page."""
    found = [node for node in page.all(_BLOCKS) if _is_pager(node)]
    return found[-1] if found else None


def _is_pager(node: etree._Element) -> bool:
    text = squeeze("".join(strings(node)))
    return len(text) < _LONGEST and bool(_WORDS.search(text))


def _last(pattern: re.Pattern[str], text: str) -> int | None:
    found = list(pattern.finditer(text))
    return int(next(filter(None, found[-1].groups()))) if found else None


def counted_files(page: Page, stem: str | None = None) -> Pager:
    """A pager that only a script makes: the pages are files with numbers in their names, the first has none.

    Of a call in a form we do not know only the number of pages is told: the walk then says that it got no further.

    Args:
        page: a list page, or a page of a long article.
        stem: the name of the files, when only a script that counts these is meant.
    """
    for script in page.all("//script"):
        source = script.text or ""
        match = _CALL.search(source)
        if match is None and stem is None and (count := _COUNT.search(source)):
            return _files(page, script, int(count["pages"]), ("index", _extension(page, source)), 1)
        if match and stem in {None, match["stem"]}:
            return _files(
                page, script, int(match["pages"]), (match["stem"], match["ext"]), 2 if match["place"] else 1
            )
        if match is None and (other := _OTHER_CALL.search(source)):
            return Pager(script, pages=int(other["pages"]))
    return Pager()


def _files(page: Page, script: etree._Element, pages: int, name: tuple[str, str], second: int) -> Pager:
    """Pages from the second on: `second` is the number in its file's name."""
    stem, extension = name
    counted = range(2, min(pages, _MOST_PAGES) + 1)
    addresses = {number: page.resolve(f"{stem}_{number - 2 + second}.{extension}") for number in counted}
    linked = {number: url for number, url in addresses.items() if url}
    return Pager(script, linked, None, pages or None, None)


def _extension(page: Page, source: str) -> str:
    """The extension a script writes, else that of the page itself, else the one most of its links have."""
    named = _EXTENSION.search(source) or re.search(r"\.(s?html?)$", page.url)
    if named:
        return named[1]
    linked = re.findall(r"\.(s?html?)$", "\n".join(link.get("href", "") for link in page.all("//a")), re.MULTILINE)
    return max(set(linked), key=linked.count, default="html")
