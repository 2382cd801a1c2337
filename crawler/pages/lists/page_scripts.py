"""Pagers that only a script makes: files that it counts, addresses that it joins, or no rule that can be read.

`createPageHTML(T, c, "index", "html")` (TRS): page n is `index_{n-1}`; with a place before T, as in
`createPageHTML('place', T, c, 'list', 'shtml')`, page n is `list_{n}`. `Pager({size: T, current, prefix, suffix})`:
like the first. laypage, kkpager, jqPaginator and their kin hand the number to a function that may join an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from crawler.pages.lists.handlers import Scripts, enclosed, evaluated
from crawler.pages.page import Page

_CALL = re.compile(
    r"createPage\w*\(\s*(?P<place>(?P<q1>[\"'])[^\"']*(?P=q1)\s*,\s*)?(?P<pages>\d{1,6})\s*,\s*\d{1,6}\s*,"
    r"\s*(?P<q2>[\"'])(?P<stem>[^\"']*)(?P=q2)\s*,\s*(?P<q3>[\"'])(?P<ext>\w+)(?P=q3)",
    re.IGNORECASE,
)
_OTHER_CALL = re.compile(r"createPage\w*\([^()]*?\b(?P<pages>\d{1,6})\b[^()]*\)", re.IGNORECASE)
_COUNT = re.compile(r"\bvar\s+countPage\s*=\s*(?P<pages>\d{1,6})\b")
_EXTENSION = re.compile(r"[.\"'](s?html?)[\"']")
_MAKES = re.compile(
    r"(?<![\w$])((?:[\w$]+\.)?(?:lay|kk|jq|boot(?:strap)?|twbs|j|my|show|init|create|new|set|load|make)?_?"
    r"(?:pag(?:e|er|ing|ination|inator))\w{0,24}(?:\.(?:render|init|generPageHtml|create|start))?)\s*\(",
    re.IGNORECASE,
)
_HANDED = re.compile(
    r"(?<![\w$.])((?:show|create|get|make|write|print|set|init|draw)?_?pag(?:e|er|ing|ination)_?(?:html|nav|bar|list|str|show|code|link)?s?)"
    r"\s*\(([^(){}]{3,200})\)(?!\s*\{)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w./?=&-])\d{1,6}(?![\w./?=&-])")
_LONGEST_SCRIPT = 200_000
_DISTINCT = re.compile(
    r"laypage|kkpager|jqpaginator|pagination|paginator|paging|createpage|jpage|(?<![\w$])pager\b", re.IGNORECASE
)
_KEY = r"(?<![\w$])[\"']?{}[\"']?\s*[:=]\s*([^,}}\n;]{{1,60}})"
_PAGES_KEY = re.compile(
    _KEY.format(r"(?:total_?pages?|page_?count|pageTotal|pages|count_?page|pageSum|pagecounts?)"), re.IGNORECASE
)
_ROWS_KEY = re.compile(
    _KEY.format(
        r"(?:total_?(?:count|records?|rows?|items?|size|num(?:ber)?|data)|record_?count|row_?count|data_?count|max_?entries)"
    ),
    re.IGNORECASE,
)
_TOTAL_KEY = re.compile(_KEY.format(r"(?:total|count|items)"), re.IGNORECASE)
_PER_KEY = re.compile(
    _KEY.format(r"(?:limit|page_?size|per_?page|items_?per_?page|items_?on_?page|rows|page_?rows)"), re.IGNORECASE
)
_SIZE, _PREFIX, _SUFFIX = (
    re.compile(_KEY.format(name), re.IGNORECASE)
    for name in ("size", "(?:prefix|pageName|page_name)", "(?:suffix|pageExt|page_ext|ext)")
)
_CALLBACK = re.compile(
    r"(?<![\w$])(?:callback|jump|click|onPageChange|onPageClick|onSelectPage|buttonClickCallback|action|pageUrl|getLink)\s*:\s*([A-Za-z_$][\w$]*)\s*[,}\s]"
)
_SCROLLS = re.compile(r"\.scroll\s*\(|onscroll|addEventListener\(\s*['\"]scroll", re.IGNORECASE)
_LOADS = re.compile(
    r"(?:page\w{0,30}|pn|curr\w{0,30})\s*+(?:\+\+|\+=\s*1)|\+\+\s*page|load_?more|get_?more|nextpage", re.IGNORECASE
)
_ASKS = re.compile(
    r"\$\.(?:ajax|get|post|getJSON)\b|\bfetch\s*\(|axios|\.load\s*\(|XMLHttpRequest|(?<![\w.])(?:load|get)\w{0,12}\s*\(",
    re.IGNORECASE,
)
_HIDDEN_PAGES = re.compile(r"(?:total_?pages?|page_?count|page_?total|count_?page|pages)", re.IGNORECASE)
_HIDDEN_ROWS = re.compile(r"(?:total_?(?:count|records?|rows?|num)|record_?count|row_?count|total)", re.IGNORECASE)
# Declared by itself; a bare `pages` or `total` may count anything.
_DECLARED = re.compile(
    r"\b(?:var|let|const)\s{1,9}([A-Za-z_]\w{3,24})\s{0,9}=\s{0,9}[\"']?(\d{1,7})[\"']?\s{0,9}(?:;|\n|$)"
)
_TYPED = r"(?:m_)?(?:n|i|int)?_?"
_DECLARED_PAGES = re.compile(
    rf"{_TYPED}(?:total_?pages?|page_?count|page_?total|count_?page|max_?page)", re.IGNORECASE
)
_DECLARED_ROWS = re.compile(
    rf"{_TYPED}(?:total_?(?:count|records?|rows?|num|put)|record_?count|row_?count)", re.IGNORECASE
)
# 大汉's store of rows, and what elements hand to a script.
_STORED = re.compile(r"<(totalpage|totalrecord)>\s*(\d{1,7})\s*</", re.IGNORECASE)
_PAGES_ATTRIBUTES = ("totalpage", "totalpages", "total-page", "total-pages", "pagecount", "page-count", "pages")
_ROWS_ATTRIBUTES = ("total", "totalcount", "total-count", "totalrecord", "recordcount", "record-count")
_SIZE_ATTRIBUTES = ("pagesize", "page-size", "limit", "per-page", "rows")
_ELEMENT = re.compile(r"<((?:el|a|van|v|ant|t|n)-pagination|pagination)\b[^>]*", re.IGNORECASE)
_SERVICE = re.compile(
    r"(?:\$\.(?:ajax|get|post|getJSON)|\bfetch|\baxios(?:\.\w+)?|\brequest)\s*\(\s*(?:\{[^{}]{0,300}?url\s*:\s*)?"
    r"['\"`]([^'\"`\s]{2,300})['\"`]|\burl\s*:\s*['\"]([^'\"\s]{2,300})['\"]",
    re.IGNORECASE,
)
_COUNTS_VIEWS = re.compile(r"hits?|click|visit|count(?:er)?|stat|log|weather|login|user|captcha|share", re.IGNORECASE)
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class ScriptedPager:
    """What scripts tell of a pager: pages by number, counts, and the calls whose rule cannot be read."""

    node: etree._Element | None = None
    linked: Mapping[int, str] = field(default_factory=dict)
    pages: int | None = None
    total: int | None = None
    unfollowed: tuple[str, ...] = ()


def scripted_pager(page: Page, scripts: Scripts) -> ScriptedPager:
    """The pager that a script of a list page makes; every field empty when none does."""
    counted = counted_files(page)
    if counted.node is not None:
        return counted
    for script in page.all("//script[not(@src)]"):
        for name, arguments in _calls(script.text or ""):
            made = _Call(page, scripts, name, arguments).read(script)
            if made is not None:
                return made
    pages, total = _hidden_counts(page, scripts)
    stuck = tuple(_without_call(page, scripts))
    return ScriptedPager(None, {}, pages, total, stuck)


def made_by(page: Page, script: etree._Element) -> ScriptedPager | None:
    """The pager that one script makes; None when it makes none."""
    calls = list(_calls(script.text or ""))
    if not calls:
        return None
    scripts = Scripts(page)
    made = (_Call(page, scripts, name, arguments).read(script) for name, arguments in calls)
    return next(filter(None, made), None)


def counted_files(page: Page, stem: str | None = None) -> ScriptedPager:
    """A pager of files with numbers in their names, the first has none.

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
            return ScriptedPager(script, pages=int(other["pages"]))
    return ScriptedPager()


def service(page: Page) -> str | None:
    """The address that a script of the page asks for data, rows perhaps; None when none does."""
    for script in page.all("//script[not(@src)]"):
        for match in _SERVICE.finditer((script.text or "")[:_LONGEST_SCRIPT]):
            asked = match[1] or match[2]
            if not _COUNTS_VIEWS.search(asked.partition("?")[0]):
                return asked
    return None


def uncounted_calls(page: Page, rows: int) -> Iterator[str]:
    """Calls that hand counts to a pager in a form we do not know: `PageHTML('1', '3', '45')`.

    Two ones are the only page of one, and a count of all the rows shown is a list that ends here.
    """
    for script in page.all("//script[not(@src)]"):
        for match in _HANDED.finditer((script.text or "")[:_LONGEST_SCRIPT]):
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

    def read(self, script: etree._Element) -> ScriptedPager | None:
        """None when the call is none that makes a pager."""
        prefix, size = self._text(_PREFIX), self._number(_SIZE)
        if prefix is not None and size is not None:
            suffix = (self._text(_SUFFIX) or "html").lstrip(".")
            return _files(self.page, script, size, (prefix, suffix), 1)
        pages, total, per_page = self._number(_PAGES_KEY), self._number(_ROWS_KEY), self._number(_PER_KEY) or size
        named = self._number(_TOTAL_KEY)
        if total is None:
            total = named
        elif pages is None and named is not None and named < total:
            pages = named
        if total is None and (first := re.match(r"\s*(\d{1,7})\s*,\s*\{", self.arguments)):
            total = int(first[1])
        if pages is None and total is not None and per_page:
            pages = -(-total // per_page)
        if pages is None and total is None and not (_DISTINCT.search(self.name) and "{" in self.arguments):
            return None
        if pages is not None and pages <= 1:
            return ScriptedPager(script, pages=1, total=total if per_page else None)
        # Without a count nothing says where the list ends.
        linked = self._linked(pages) if pages else {}
        stuck = () if linked else (f"{self.name}(…) of a script",)
        # A bare total without a page size may be of pages or of rows.
        is_of_rows = per_page is not None or self._number(_ROWS_KEY) is not None
        return ScriptedPager(script, linked, pages, total if is_of_rows else None, stuck)

    def _linked(self, pages: int) -> dict[int, str]:
        linked: dict[int, str] = {}
        named = _CALLBACK.search(self.arguments)
        for number in range(2, min(pages, _MOST_PAGES) + 1):
            address = self.scripts.called(named[1], number) if named else None
            address = address or self.scripts.written(self.arguments, number)
            url = self.page.resolve(address) if address else None
            if url is None:
                return {}
            linked[number] = url
        return linked

    def _number(self, key: re.Pattern[str]) -> int | None:
        for match in key.finditer(self.arguments):
            value = evaluated(match[1], self.scripts.values)
            if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
                return int(value)
        return None

    def _text(self, key: re.Pattern[str]) -> str | None:
        match = key.search(self.arguments)
        value = evaluated(match[1], self.scripts.values) if match else None
        return value if isinstance(value, str) else None


def _calls(source: str) -> Iterator[tuple[str, str]]:
    for match in _MAKES.finditer(source[:_LONGEST_SCRIPT]):
        if not re.search(r"function\s*$", source[max(0, match.start() - 12) : match.start()]):
            arguments = enclosed(source, match.end() - 1, "()")
            if "{" in arguments:
                yield match[1], arguments


def _without_call(page: Page, scripts: Scripts) -> Iterator[str]:
    """Pagers of components that only a browser draws, and lists that grow when one scrolls."""
    if match := _ELEMENT.search(page.text):
        yield f"<{match[1]}>"
    if page.all("//*[@v-infinite-scroll or @infinite-scroll or @data-infinite-scroll]"):
        yield "rows that a script adds when the page is scrolled"
        return
    for source in scripts.sources:
        if _SCROLLS.search(source) and _LOADS.search(source) and _ASKS.search(source):
            yield "rows that a script adds when the page is scrolled"
            return


def _hidden_counts(page: Page, scripts: Scripts) -> tuple[int | None, int | None]:
    """Counts in hidden fields of a form, or declared by a script."""
    pages: int | None = None
    total: int | None = None
    for source in scripts.sources:
        for name, value in _DECLARED.findall(source):
            if _DECLARED_PAGES.fullmatch(name):
                pages = int(value) or pages
            elif _DECLARED_ROWS.fullmatch(name):
                total = int(value) or total
        stored = {name.lower(): int(value) or None for name, value in _STORED.findall(source)}
        pages, total = stored.get("totalpage") or pages, stored.get("totalrecord") or total
    for box in page.all("//input[@type='hidden'][@value]"):
        name, value = box.get("name") or box.get("id") or "", (box.get("value") or "").strip()
        if not (value.isascii() and value.isdigit() and 0 < len(value) < 8):
            continue
        if _HIDDEN_PAGES.fullmatch(name):
            pages = int(value) or None
        elif _HIDDEN_ROWS.fullmatch(name):
            total = int(value) or None
    handed = _handed_counts(page)
    return pages or handed[0], total or handed[1]


def _handed_counts(page: Page) -> tuple[int | None, int | None]:
    """Counts in attributes: a bare total counts rows only beside the size of a page."""
    pages, total = (_handed(page, names) for names in (_PAGES_ATTRIBUTES, _ROWS_ATTRIBUTES))
    size = _handed(page, _SIZE_ATTRIBUTES)
    return pages, total if size else None


def _handed(page: Page, names: tuple[str, ...]) -> int | None:
    tests = " or ".join(f"@{name} or @data-{name}" for name in names)
    for node in page.all(f"//*[{tests}][not(self::input or self::textarea or self::select)]"):
        said = (node.get(f"{prefix}{name}", "") for name in names for prefix in ("", "data-"))
        if value := next((text for text in said if text.isascii() and text.isdigit() and len(text) < 8), None):
            return int(value) or None
    return None


def _files(page: Page, script: etree._Element, pages: int, name: tuple[str, str], second: int) -> ScriptedPager:
    """Pages from the second on: `second` is the number in its file's name."""
    stem, extension = name
    counted = range(2, min(pages, _MOST_PAGES) + 1)
    addresses = {number: page.resolve(f"{stem}_{number - 2 + second}.{extension}") for number in counted}
    linked = {number: url for number, url in addresses.items() if url}
    return ScriptedPager(script, linked, pages or None)


def _extension(page: Page, source: str) -> str:
    """The extension a script writes, else that of the page itself, else the one most of its links have."""
    named = _EXTENSION.search(source) or re.search(r"\.(s?html?)$", page.url)
    if named:
        return named[1]
    linked = re.findall(r"\.(s?html?)$", "\n".join(link.get("href", "") for link in page.all("//a")), re.MULTILINE)
    return max(set(linked), key=linked.count, default="html")
