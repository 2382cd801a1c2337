"""Pagers that only a script makes: files that it counts, addresses that it joins, or no rule that can be read.

`createPageHTML(T, c, "index", "html")` (TRS): page n is `index_{n-1}`; with a place before T, as in
`createPageHTML('place', T, c, 'list', 'shtml')`, page n is `list_{n}`. `Pager({size: T, current, prefix, suffix})`:
like the first. laypage, kkpager, jqPaginator and their kin hand the number to a function that may join an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from crawler.pages import Pager
from crawler.pages.lists.handlers import Scripts, enclosed, evaluated
from crawler.pages.page import Page

CREATED = re.compile(
    r"createPage\w{0,40}\(\s*(?P<place>(?P<q1>[\"'])[^\"']*(?P=q1)\s*,\s*)?(?P<pages>\d{1,6})\s*,\s*(?P<current>\d{1,6})\s*,"
    r"\s*(?P<q2>[\"'])(?P<stem>[^\"']*)(?P=q2)\s*,\s*(?P<q3>[\"'])(?P<ext>\w+)(?P=q3)",
    re.IGNORECASE,
)
_OTHER_CALL = re.compile(r"createPage\w{0,40}\([^()]*?\b(\d{1,6})\b[^()]*\)", re.IGNORECASE)
COUNT = re.compile(r"\bcountPage\s*=\s*(\d{1,6})\b")
_MAKES = re.compile(
    r"(?<![\w$])((?:[\w$]+\.)?(?:lay|kk|jq|boot(?:strap)?|twbs|j|my|show|init|create|new|set|load|make)?_?"
    r"(?:pag(?:e|er|ing|ination|inator))\w{0,24}(?:\.(?:render|init|generPageHtml|create|start))?)\s*\(",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"function\s*$")
_HANDED = re.compile(
    r"(?<![\w$.])((?:show|create|get|make|write|print|set|init|draw)?_?pag(?:e|er|ing|ination)_?(?:html|nav|bar|list|str|show|code|link)?s?)"
    r"\s*\(([^(){}]{3,200})\)(?!\s*\{)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w./?=&-])\d{1,6}(?![\w./?=&-])")
_DISTINCT = re.compile(
    r"laypage|kkpager|jqpaginator|pagination|paginator|paging|createpage|jpage|(?<![\w$])pager\b", re.IGNORECASE
)
# What a number of pages, of rows, of rows a page are called; `pages`, `total` alone may count anything.
_PAGES = r"total[_-]?pages?|page[_-]?(?:counts?|total|sum)|count_?page"
_ROWS = (
    r"total[_-]?(?:count|records?|rows?|items?|size|num(?:ber)?|data|put)|(?:record|row|data)[_-]?count|max_?entries"
)
_SIZE = r"limit|page[_-]?(?:size|rows)|(?:items_?)?per[_-]?page|items_?on_?page|rows"
_KEYS = {
    name: re.compile(rf"(?<![\w$])[\"']?(?:{names})[\"']?\s*[:=]\s*([^,}}\n;]{{1,60}})", re.IGNORECASE)
    for name, names in {
        "pages": rf"{_PAGES}|pages",
        "rows": _ROWS,
        "total": "total|count|items",
        "per page": _SIZE,
        "size": "size",
        "prefix": "prefix|pageName|page_name",
        "suffix": "suffix|pageExt|page_ext|ext",
    }.items()
}
_CALLBACK = re.compile(
    r"(?<![\w$])(?:callback|jump|click|onPageChange|onPageClick|onSelectPage|buttonClickCallback|action|pageUrl|getLink)\s*:\s*([A-Za-z_$][\w$]*)\s*[,}\s]"
)
_FIRST_NUMBER = re.compile(r"\s*(\d{1,7})\s*,\s*\{")
_SCROLLS = re.compile(r"\.scroll\s*\(|onscroll|addEventListener\(\s*['\"]scroll", re.IGNORECASE)
_SCROLLING = ("v-infinite-scroll", "infinite-scroll", "data-infinite-scroll")
_LOADS = re.compile(
    r"(?:page\w{0,30}|pn|curr\w{0,30})\s*+(?:\+\+|\+=\s*1)|\+\+\s*page|load_?more|get_?more|nextpage", re.IGNORECASE
)
_ASKS = re.compile(
    r"\$\.(?:ajax|get|post|getJSON)\b|\bfetch\s*\(|axios|\.load\s*\(|XMLHttpRequest|(?<![\w.])(?:load|get)\w{0,12}\s*\(",
    re.IGNORECASE,
)
_COUNTS = {
    # In a hidden field; declared by itself in a script; 大汉's store of rows.
    "field": (re.compile(f"{_PAGES}|pages", re.IGNORECASE), re.compile(f"{_ROWS}|total", re.IGNORECASE)),
    "script": tuple(
        re.compile(rf"(?:m_)?(?:n|i|int)?_?(?:{names})", re.IGNORECASE) for names in (rf"{_PAGES}|max_?page", _ROWS)
    ),
}
_DECLARED = re.compile(
    r"\b(?:var|let|const)\s{1,9}(\w{4,25})\s{0,9}=\s{0,9}[\"']?(\d{1,7})[\"']?\s{0,9}(?:;|\n|$)"
    r"|<(totalpage|totalrecord)>\s*(\d{1,7})\s*</",
    re.IGNORECASE,
)
_ATTRIBUTES = {
    "pages": "totalpage totalpages total-page total-pages pagecount page-count pages",
    "rows": "total totalcount total-count totalrecord recordcount record-count",
    "size": "pagesize page-size limit per-page rows",
}
_ELEMENT = re.compile(r"<((?:el|a|van|v|ant|t|n)-pagination|pagination)\b[^>]*", re.IGNORECASE)
_SERVICE = re.compile(
    r"(?:\$\.(?:ajax|get|post|getJSON)|\bfetch|\baxios(?:\.\w+)?|\brequest)\s*\(\s*(?:\{[^{}]{0,300}?url\s*:\s*)?"
    r"['\"`]([^'\"`\s]{2,300})['\"`]|\burl\s*:\s*['\"]([^'\"\s]{2,300})['\"]",
    re.IGNORECASE,
)
_COUNTS_VIEWS = re.compile(r"hits?|click|visit|count(?:er)?|stat|log|weather|login|user|captcha|share", re.IGNORECASE)
MOST_PAGES = 10_000  # the largest lists seen have a few hundred; a count beyond is no count of pages


def scripted_pager(page: Page, scripts: Scripts) -> Pager:
    """The pager that a script of a list page makes; every field empty when none does."""
    counted = counted_files(page)
    if counted.node is not None:
        return counted
    made = (made_by(page, script, scripts) for script in page.all("//script[not(@src)]"))
    if pager := next(filter(None, made), None):
        return pager
    pages, total = _counts(page, scripts)
    return Pager(pages=pages, total=total, unfollowed=tuple(_without_call(page, scripts)))


def made_by(page: Page, script: etree._Element, scripts: Scripts | None = None) -> Pager | None:
    """The pager that one script makes; None when it makes none."""
    source = script.text or ""
    calls = [match for match in _MAKES.finditer(source) if not _DEFINES.search(source[: match.start()][-12:])]
    for match in calls:
        arguments = enclosed(source, match.end() - 1, "()")
        scripts = scripts or Scripts(page)
        if "{" in arguments and (pager := _Call(page, scripts, match[1], arguments).read(script)):
            return pager
    return None


def counted_files(page: Page, stem: str | None = None) -> Pager:
    """A pager of files with numbers in their names, the first has none.

    Of a call in an unknown form only the number of pages is read: the walk then reports that it got no further.

    Args:
        page: a list page, or a page of a long article.
        stem: the name of the files, when only a script that counts these is meant.
    """
    for script in page.all("//script"):
        source = script.text or ""
        match = CREATED.search(source)
        if match is None and stem is None and (count := COUNT.search(source)):
            return _files(page, script, int(count[1]), "index", _extension(page, source))
        if match and stem in {None, match["stem"]}:
            second = 2 if match["place"] else 1
            return _files(page, script, int(match["pages"]), match["stem"], match["ext"], second)
        if match is None and (other := _OTHER_CALL.search(source)):
            return Pager(script, pages=int(other[1]))
    return Pager()


def service(page: Page) -> str | None:
    """The address that a script of the page asks for data, rows perhaps; None when none does."""
    asked = (match[1] or match[2] for source in page.scripts() for match in _SERVICE.finditer(source))
    return next((url for url in asked if not _COUNTS_VIEWS.search(url.partition("?")[0])), None)


def uncounted_calls(page: Page, rows: int) -> Iterator[str]:
    """Calls that hand counts to a pager in a form we do not know: `PageHTML('1', '3', '45')`.

    Two ones are the only page of one, and a count of all the rows shown is a list that ends here.
    """
    for match in (match for source in page.scripts() for match in _HANDED.finditer(source)):
        counts = [int(number) for number in _NUMBER.findall(match[2])]
        is_whole = counts.count(1) > 1 or rows in counts or max(counts, default=0) <= 1
        if len(counts) > 1 and not is_whole:
            yield f"{match[1]}(…) of a script"


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that makes a pager."""

    page: Page
    scripts: Scripts
    name: str
    arguments: str

    def read(self, script: etree._Element) -> Pager | None:
        """None when the call is none that makes a pager."""
        prefix, size = self._text("prefix"), self._number("size")
        if prefix is not None and size is not None:
            return _files(self.page, script, size, prefix, (self._text("suffix") or "html").lstrip("."))
        pages, total, named = self._number("pages"), self._number("rows"), self._number("total")
        per_page = self._number("per page") or size
        # A bare total without a page size may be of pages or of rows.
        is_of_rows = per_page is not None or total is not None
        if total is None:
            total = named
        elif pages is None and named is not None and named < total:
            pages = named
        if total is None and (first := _FIRST_NUMBER.match(self.arguments)):
            total = int(first[1])
        if pages is None and total is not None and per_page:
            pages = -(-total // per_page)
        if pages is None and total is None and not (_DISTINCT.search(self.name) and "{" in self.arguments):
            return None
        if pages is not None and pages <= 1:
            return Pager(script, pages=1, total=total if per_page else None)
        # Without a count nothing says where the list ends.
        linked = self._linked(pages) if pages else {}
        stuck = () if linked else (f"{self.name}(…) of a script",)
        return Pager(script, linked, pages=pages, total=total if is_of_rows else None, unfollowed=stuck)

    def _linked(self, pages: int) -> dict[int, str]:
        linked: dict[int, str] = {}
        named = _CALLBACK.search(self.arguments)
        for number in range(2, min(pages, MOST_PAGES) + 1):
            address = self.scripts.called(named[1], [number]) if named else None
            address = address or self.scripts.written(self.arguments, number)
            url = self.page.resolve(address) if address else None
            if url is None:
                return {}
            linked[number] = url
        return linked

    def _number(self, key: str) -> int | None:
        values = (evaluated(match[1], self.scripts.values) for match in _KEYS[key].finditer(self.arguments))
        return next((int(value) for value in values if isinstance(value, int) or (value and value.isdigit())), None)

    def _text(self, key: str) -> str | None:
        match = _KEYS[key].search(self.arguments)
        value = evaluated(match[1], self.scripts.values) if match else None
        return value if isinstance(value, str) else None


def _without_call(page: Page, scripts: Scripts) -> Iterator[str]:
    """Pagers of components that only a browser draws, and lists that grow when one scrolls."""
    if match := _ELEMENT.search(page.text):
        yield f"<{match[1]}>"
    if not page.attributes.isdisjoint(_SCROLLING) or any(
        _SCROLLS.search(source) and _LOADS.search(source) and _ASKS.search(source) for source in scripts.sources
    ):
        yield "rows that a script adds when the page is scrolled"


def _counts(page: Page, scripts: Scripts) -> tuple[int | None, int | None]:
    """Pages and rows by hidden fields, else by what scripts declare, else by attributes."""
    declared = (found for source in scripts.sources for found in _DECLARED.findall(source))
    said = [("script", name or mark, value or count) for name, value, mark, count in declared]
    for box in page.all("//input[@type='hidden'][@value]"):
        value = (box.get("value") or "").strip()
        if _is_count(value):
            said.append(("field", box.get("name") or box.get("id") or "", value))
    found: dict[int, int] = {}
    for place, name, value in said:
        kind = next((kind for kind, names in enumerate(_COUNTS[place]) if names.fullmatch(name)), None)
        if kind is not None and (int(value) or place == "field"):
            found[kind] = int(value)
    # A bare total counts rows only beside the size of a page.
    rows = _attribute(page, "rows") if _attribute(page, "size") else None
    return found.get(0) or _attribute(page, "pages"), found.get(1) or rows


def _attribute(page: Page, kind: str) -> int | None:
    """A count that an attribute of an element hands to a script."""
    names = [f"{prefix}{name}" for name in _ATTRIBUTES[kind].split() for prefix in ("", "data-")]
    if page.attributes.isdisjoint(names):
        return None
    tests = " or ".join(f"@{name}" for name in names)
    for node in page.all(f"//*[{tests}][not(self::input or self::textarea or self::select)]"):
        if value := next(filter(_is_count, (node.get(name, "") for name in names)), None):
            return int(value) or None
    return None


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 8


def _files(page: Page, script: etree._Element, pages: int, stem: str, extension: str, second: int = 1) -> Pager:
    """Pages from the second on: `second` is the number in its file's name."""
    numbers = range(2, min(pages, MOST_PAGES) + 1)
    urls = {number: page.resolve(f"{stem}_{number - 2 + second}.{extension}") for number in numbers}
    return Pager(script, {number: url for number, url in urls.items() if url}, pages=pages or None)


def _extension(page: Page, source: str) -> str:
    """The extension a script writes, else that of the page itself, else the one most of its links have."""
    if named := re.search(r"[.\"'](s?html?)[\"']", source) or re.search(r"\.(s?html?)$", page.url):
        return named[1]
    linked = re.findall(r"\.(s?html?)$", "\n".join(link.get("href", "") for link in page.all("//a")), re.MULTILINE)
    return max(set(linked), key=linked.count, default="html")
