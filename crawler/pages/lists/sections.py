"""The section on any page of a site: a link of its name, a `更多` link in the box of its name, or the page itself.

And the further list pages that belong to it, such as years and sub-columns below its folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from crawler.pages import ListedRow, SectionLink
from crawler.pages.body.lines import read_lines
from crawler.pages.head.breadcrumb import Trail, read_trail
from crawler.pages.lists.controls import MORE, is_dead
from crawler.pages.lists.handlers import is_handled
from crawler.pages.page import Page, squeeze, strings, words

_MORE = re.compile(r"[\[【(（]?(?:查看)?(?:更多|more|\+|>>|»)++[>»\])）】]*", re.IGNORECASE)
_ARROWS = re.compile(r"[>»›＞→/|]+|->|::")
_BEHIND = re.compile(r"(?:列表|栏目|频道)?$")
_TITLE_ENDS = r"(?:$|[-_—|－–])"
_BOX_LEVELS = 4
_OF = "(?:政协|领导|主席|重要)*(?:讲话|发言|致辞|文章|文稿|信息|内容)?"
YEAR = re.compile(rf"(?:19|20)\d\d(?:年度?)?{_OF}")
TERM = re.compile(rf"(?:第[一二三四五六七八九十\d]{{1,3}}|[一二三四五六七八九十]{{1,3}})届{_OF}")
OLDER = re.compile(rf"(?:往[期届年]|历[史届年]|以往|过往|更早)的?{_OF}(?:回顾|存档|归档)?")
ALL = re.compile(
    rf"[\[【(（]?(?:more|更多|(?:查看|显示|展开|浏览)(?:更多|全部|所有)|(?:全部|所有)(?![>»\])】）]|$)){_OF}[>»+.…\])】）]*",
    re.IGNORECASE,
)
_ELDER = re.compile(r"更多(?:新闻|信息|内容|文章|讲话)|(?:查看|显示|展开)(?:历史|全部|所有)(?:新闻|信息|文章|讲话)?")
_FEWEST_YEARS = 2
LIST_FILE = re.compile(r"(?:(?:index|list|default)\w*\.\w+)?", re.IGNORECASE)
_INDEX = re.compile(r"(?:index|default)\.\w+$", re.IGNORECASE)
_SCROLL = re.compile(r"(?:上拉|下拉|滑动|滚动).{0,4}加载.{0,4}[.…]*")
# A link and the date behind it within the same row.
_HELD_ROW = re.compile(
    r"""href\s?=\s?\\?["']?(?P<url>[^"'\s<>]{1,300}?)\\?["'\s>](?:(?!href)[^\n]){0,300}?(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d""",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"[\[{][^\[\]{}]{1,1000}[\]}]")
_STRING = re.compile(r"""(?<!\\)["']((?:[^"'\\\n]|\\.){2,300})["']""")
_WRITTEN = re.compile(r"(?:[\u4e00-\u9fff]|\\u[4-9][0-9a-f]{3}){4}", re.IGNORECASE)
_DAY = re.compile(r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d")
_DIGITS = re.compile(r"\d+")
LONGEST_HELD = 200_000
_YEAR_KEYS = frozenset({"year", "nd", "nf", "niandu", "y"})
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class Column:
    """What a list address names: a column, and whether the address is its first page."""

    id: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class SectionFinder:
    """Finds the section of a site.

    Args:
        column: which column a list address names, None when it names none.
        has_rows: whether a page lists articles.
        is_strict: list addresses can be told from others, so that a page with rows that somebody gave is a list.
    """

    column: Callable[[str], Column | None]
    has_rows: Callable[[Page], bool]
    is_strict: bool = True

    def find(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        """The section by one of its names; None when the page does not lead to it."""
        wanted = {squeeze(name): name for name in names}
        trail = read_trail(page, read_lines(page.root).all)
        here = self.column(page.url)
        if (here is None or here.is_first) and (name := _said(page, trail, wanted)) and self.has_rows(page):
            return SectionLink(page.url, name, is_here=True)
        links = [(link, url) for link in page.all("//a[@href]") if (url := page.href(link)) and self.column(url)]
        for link, url in links:
            name = wanted.get(squeeze(words(link))) or wanted.get(squeeze(link.get("title") or ""))
            if name:
                column = self.column(url)
                is_here = bool(here and column and here.id == column.id and here.is_first)
                return SectionLink(page.url if is_here else url, words(link) or name, is_here)
        for link, url in links:
            if _MORE.fullmatch(squeeze(words(link))) and (name := box_name(link, wanted)):
                return SectionLink(url, name, is_here=False)
        return self._here(page, trail, wanted) if self.is_strict else None

    def _here(self, page: Page, trail: Trail | None, wanted: dict[str, str]) -> SectionLink | None:
        """The page itself, when it is a list page: of a column so named, or chosen by whoever gave its address."""
        columns = zip(trail.names, trail.urls, strict=True) if trail else ()
        names = [name for name, url in columns if self.column(url)]
        named = [name for name in names if squeeze(name) in wanted]
        if named:
            return SectionLink(page.url, named[-1], is_here=True)
        here = self.column(page.url)
        if here is None or not here.is_first or not self.has_rows(page):
            return None
        name = names[-1] if names else next(iter(wanted.values()))
        return SectionLink(page.url, name, is_here=True)


def _said(page: Page, trail: Trail | None, wanted: dict[str, str]) -> str | None:
    """The name a page gives itself: the last entry of its breadcrumb, link or not, or how its title begins."""
    last = _BEHIND.sub("", _last_entry(trail)) if trail else ""
    title = next((squeeze(words(node)) for node in page.all("//title")), "")
    by_title = (name for key, name in wanted.items() if re.match(re.escape(key) + _TITLE_ENDS, title))
    return wanted.get(last) or next(by_title, None)


def _last_entry(trail: Trail) -> str:
    entries = [entry for entry in _ARROWS.split(squeeze(trail.text)) if entry]
    return entries[-1] if entries else ""


def heads_section(page: Page, name: str) -> bool:
    """True when title or breadcrumb name the section: a front page names it at most above one of its boxes."""
    wanted = squeeze(name)
    if any(wanted in squeeze(words(node)) for node in page.all("//title")):
        return True
    trail = read_trail(page, read_lines(page.root).all)
    return trail is not None and wanted in squeeze(trail.text)


def says_section(page: Page, name: str) -> bool:
    """True when a page names the section as its own: in its title, its breadcrumb, or in words that are no link."""
    if heads_section(page, name):
        return True
    wanted = squeeze(name)
    plain = page.all("//h1|//h2|//h3|//h4|//h5|//strong|//b|//span|//div|//td|//p|//li|//em")
    return any(len(node) == 0 and squeeze(node.text or "") == wanted and not _is_linked(node) for node in plain)


def _is_linked(node: etree._Element) -> bool:
    return next(node.iterancestors("a"), None) is not None


def box_name(link: etree._Element, wanted: dict[str, str]) -> str | None:
    """The section's name standing as plain text in the box around a `更多` link."""
    for _, box in zip(range(_BOX_LEVELS), link.iterancestors(), strict=False):
        for text in strings(box):
            if squeeze(text) in wanted:
                return wanted[squeeze(text)]
    return None


def further_lists(
    page: Page, native_id: Callable[[str], str | None], is_same: Callable[[str], bool]
) -> tuple[str, ...]:
    """List pages that belong to a list besides those its pager turns to: years, and columns below its folder.

    Args:
        page: a list page.
        native_id: which article an address names: none of these are lists.
        is_same: whether an address names a page of this very list.
    """
    found: dict[str, None] = {}
    for label, address in _named_links(page):
        url = address.partition("#")[0]
        is_list = native_id(url) is None and not is_same(url) and _is_below(url, page.url)
        if url != page.url and (is_list or _is_year_of(url, page.url, label)):
            found.setdefault(url)
    for shown in filter(None, map(page.href, page.all("//iframe[@src]|//frame[@src]"))):
        if native_id(shown) is None and not is_same(shown) and _is_list_of(shown, page.url):
            found.setdefault(shown.partition("#")[0])
    return tuple(found)


def unwalked(page: Page, rows: Sequence[ListedRow]) -> tuple[str, ...]:
    """What shows more of a section and has no address: years without a row here, `更多` in a box of rows, words that
    ask to scroll for more, and dated rows that only a script or a form field holds.
    """
    dated = dated_years(rows)
    listed = {row.url for row in rows}
    found: dict[str, None] = {}
    for node in page.all("//a|//button|//*[@onclick]"):
        label = squeeze(words(node))
        if not 0 < len(label) <= LONGEST_NAME or page.href(node) or not is_handled(node):
            continue
        is_year = YEAR.fullmatch(label) and label[:4] not in dated
        if (
            is_year
            or TERM.fullmatch(label)
            or _ELDER.fullmatch(label)
            or (_MORE.fullmatch(label) and _stands_by_rows(page, node, listed))
        ):
            found.setdefault(label)
    for box in page.all("//select[@onchange]"):
        labels = [squeeze("".join(map(str, option.itertext()))) for option in box.iter("option")]
        years = {label for label in labels if YEAR.fullmatch(label) and label[:4] not in dated}
        named = (option for option in box.iter("option") if not (option.get("value") or "").isdigit())
        if len(years) >= _FEWEST_YEARS and not any(map(page.href, named)):
            found.setdefault(f"a box of years: {' '.join(sorted(years))}")
    for label in (*_bound_elsewhere(page, listed), *_row_of_years(page, dated, listed), *_held_rows(page, listed)):
        found.setdefault(label)
    return tuple(found)


def own_folder(url: str) -> str | None:
    """The address of the folder that is the list's own; None for a file among others and the site's root."""
    folder, _, file = urlsplit(url).path.rpartition("/")
    if not folder or LIST_FILE.fullmatch(file) is None or urlsplit(url).query:
        return None
    return urlsplit(url)._replace(path=f"{folder}/", query="", fragment="").geturl()


def dated_years(rows: Sequence[ListedRow]) -> set[str]:
    """The years of the rows, as far as their dates begin with one."""
    return {row.date[:5].strip("[(（【 ")[:4] for row in rows if row.date}


def _bound_elsewhere(page: Page, listed: set[str]) -> Iterator[str]:
    """Words that ask for more and are no control by themselves: a script elsewhere listens to them."""
    for node in page.all("//*[not(*) and not(ancestor-or-self::a or ancestor-or-self::button or self::script)]"):
        label = squeeze(node.text or "")
        if not 0 < len(label) <= LONGEST_NAME or not ("更多" in label or "加载" in label):
            continue
        is_loader = "加载" in label and (_SCROLL.fullmatch(label) or MORE.fullmatch(label))
        asks = MORE.fullmatch(label) or _ELDER.fullmatch(label)
        around = next((box for box in node.iterancestors() if next(box.iter("a"), None) is not None), None)
        is_of_list = asks and around is not None and holds_rows(page, around, listed)
        if (is_loader or is_of_list) and not is_dead(node):
            yield label


def _row_of_years(page: Page, dated: set[str], listed: set[str]) -> Iterator[str]:
    """Years side by side without links, of which rows of only some stand here; years between rows are headings.

    Where no row has a date, one list under several years is that of one of them.
    """
    for box in page.all("//*[*[2] and not(*/*) and not(a or button or option)]"):
        labels = [squeeze(one.text or "") for one in box]
        years = [label[:4] for label in labels if YEAR.fullmatch(label)]
        if len(years) < len(labels) - 1:
            continue  # one may say 全部
        missing = sorted({*years} - dated)
        is_one = not dated and len(years) >= _FEWEST_YEARS and _lists(page, listed) == 1
        if missing and (is_one or dated.intersection(years)):
            yield f"years that a script shows: {' '.join(missing)}"


def _lists(page: Page, listed: set[str]) -> int:
    """How many containers the rows of a page stand in."""
    containers: set[etree._Element] = set()
    for link in page.all("//a[@href]"):
        url = page.href(link)
        if url in listed:
            others = (box for box in link.iterancestors() if any(page.href(one) != url for one in box.iter("a")))
            containers.update(islice(others, 1))
    return len(containers)


def _held_rows(page: Page, listed: set[str]) -> Iterator[str]:
    """Dated links like the listed ones that stand in a script or a form field alone."""
    shapes = {_DIGITS.sub("0", url) for url in listed}
    for node in page.all("//script[not(@src)]|//textarea|//template"):
        source = node.text if not len(node) else etree.tostring(node, encoding="unicode", with_tail=False)
        source = (source or "")[:LONGEST_HELD]
        in_objects = (address for address, is_dated in in_objects_of(source) if is_dated)
        for address in (*(link["url"] for link in _HELD_ROW.finditer(source)), *in_objects):
            url = page.resolve(address.replace("\\/", "/"))
            if url and url not in listed and _DIGITS.sub("0", url) in shapes:
                yield f"rows that only a {node.tag} holds: {url}"
                break


def in_objects_of(source: str) -> Iterator[tuple[str, bool]]:
    """Strings of objects with Chinese words, as `{"title": …, "url": …, "date": …}`, that may be an address.

    Each with whether its object has a date.
    """
    for one in _OBJECT.finditer(source):
        if _WRITTEN.search(one[0]):
            is_dated = _DAY.search(one[0]) is not None
            yield from ((string, is_dated) for string in _STRING.findall(one[0]) if "/" in string or "." in string)


def _stands_by_rows(page: Page, node: etree._Element, listed: set[str]) -> bool:
    """True when most links of a box around a control are rows."""
    for _, box in zip(range(_BOX_LEVELS), node.iterancestors(), strict=False):
        if holds_rows(page, box, listed):
            return True
    return False


def holds_rows(page: Page, box: etree._Element, listed: set[str]) -> bool:
    """True when most links of a box are rows."""
    urls = [url for link in box.iter("a") if (url := page.href(link))]
    return sum(url in listed for url in urls) > len(urls) / 2


def _named_links(page: Page) -> Iterator[tuple[str, str]]:
    for link in page.all("//a[@href]|//option[@value]"):
        label = squeeze("".join(map(str, link.itertext())))
        value = link.get("value") if link.tag == "option" else link.get("href")
        if 0 < len(label) <= LONGEST_NAME and not (value or "").isdigit() and (url := page.href(link)):
            yield label, url


def _is_year_of(url: str, here: str, label: str) -> bool:
    """True for a year's list on the same address but for its query."""
    one, other = urlsplit(url), urlsplit(here)
    places = {(place.netloc, _INDEX.sub("", place.path)) for place in (one, other)}
    if YEAR.fullmatch(label) is None or len(places) > 1:
        return False
    return any(key.lower() in _YEAR_KEYS for key, _ in parse_qsl(one.query))


def _is_list_of(url: str, here: str) -> bool:
    """True for a frame that shows a list of the folder this page lies in."""
    one, other = urlsplit(url), urlsplit(here)
    folder, name = one.path.rpartition("/")[::2]
    return one.netloc == other.netloc and folder == other.path.rpartition("/")[0] and "list" in name.lower()


def _is_below(url: str, here: str) -> bool:
    """True for the list of a folder below that of this list."""
    one, other = urlsplit(url), urlsplit(here)
    folder, _, name = other.path.rpartition("/")
    if not folder or one.netloc != other.netloc or one.query or not LIST_FILE.fullmatch(name):
        return False
    below, _, file = one.path.rpartition("/")
    return below.startswith(f"{folder}/") and LIST_FILE.fullmatch(file) is not None
