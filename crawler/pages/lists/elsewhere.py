"""What a list page shows of its section outside its rows and its pager.

Lists that are followed (years on the same address, columns below its folder), lists that nothing follows (other years
and terms, older speeches, all of them behind `更多`; with an address or behind a script), and single articles of the
section's folder, such as headlines and slides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from crawler.pages import Elsewhere, ListedRow
from crawler.pages.lists.controls import MORE, is_dead
from crawler.pages.lists.handlers import is_handled
from crawler.pages.lists.rows import is_aside
from crawler.pages.lists.sections import BARE_MORE, BOX_LEVELS
from crawler.pages.page import Page, all_text, squeeze, squeezed, words
from pipelines.text.remembered import remembered

_OF = "(?:政协|领导|主席|重要)*(?:讲话|发言|致辞|文章|文稿|信息|内容)?"
_YEAR = re.compile(rf"(?:19|20)\d\d(?:年度?)?{_OF}")
_TERM = re.compile(rf"(?:第[一二三四五六七八九十\d]{{1,3}}|[一二三四五六七八九十]{{1,3}})届{_OF}")
_OLDER = re.compile(rf"(?:往[期届年]|历[史届年]|以往|过往|更早)的?{_OF}(?:回顾|存档|归档)?")
_ALL = re.compile(
    rf"[\[【(（]?(?:more|更多|(?:查看|显示|展开|浏览)(?:更多|全部|所有)|(?:全部|所有)(?![>»\])】）]|$)){_OF}[>»+.…\])】）]*",
    re.IGNORECASE,
)
_ELDER = re.compile(r"更多(?:新闻|信息|内容|文章|讲话)|(?:查看|显示|展开)(?:历史|全部|所有)(?:新闻|信息|文章|讲话)?")
_SCROLL = re.compile(r"(?:上拉|下拉|滑动|滚动).{0,4}加载.{0,4}[.…]*")
_SPEECH = re.compile("讲话|发言|致辞")
_LIST_FILE = re.compile(r"(?:(?:index|list|default)\w*\.\w+)?", re.IGNORECASE)
_INDEX = re.compile(r"(?:index|default)\.\w+$", re.IGNORECASE)
_DATED = r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d"
_DAY = re.compile(_DATED)
# A link and the date behind it within the same row.
_HELD_ROW = re.compile(
    rf"""href\s?=\s?\\?["']?([^"'\s<>]{{1,300}}?)\\?["'\s>](?:(?!href)[^\n]){{0,300}}?{_DATED}""", re.IGNORECASE
)
_OBJECT = re.compile(r"[\[{][^\[\]{}]{1,1000}[\]}]")
_STRING = re.compile(r"""(?<!\\)["']((?:[^"'\\\n]|\\.){2,300})["']""")
_WRITTEN = re.compile(r"(?:[\u4e00-\u9fff]|\\u[4-9][0-9a-f]{3}){4}", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_YEAR_KEYS = frozenset({"year", "nd", "nf", "niandu", "y"})
_CELLS = frozenset({"li", "td", "dd", "span"})
_UNBOUND = "//*[not(*) and not(ancestor-or-self::a or ancestor-or-self::button or self::script)]"
_LONGEST_NAME, _LONG_TITLE = 20, 6  # characters of a list's name; titles of speeches are longer than entries of menus
_LONGEST_HELD = 200_000  # characters of a script or field: rows held there have a few hundred each
_NEAR = 2  # elements: a link's box and the one around it, where rows may stand
_FEWEST_BESIDE = 2  # one year or term alone is a heading


@dataclass(frozen=True, slots=True)
class _Link:
    node: etree._Element
    label: str
    url: str

    @property
    def box(self) -> etree._Element | None:
        """What holds the link and its neighbours."""
        parent = self.node.getparent()
        return parent.getparent() if parent is not None and parent.tag in _CELLS else parent


class Outside:
    """What one list page shows beside its rows.

    Args:
        page: a list page.
        rows: its rows.
        native_id: which article an address names.
        is_same: whether an address names a page of this very list.
    """

    def __init__(
        self,
        page: Page,
        rows: Sequence[ListedRow],
        native_id: Callable[[str], str | None],
        is_same: Callable[[str], bool],
    ) -> None:
        self.page, self.rows, self.native_id, self.is_same = page, rows, native_id, is_same
        self.listed, self.dated = {row.url for row in rows}, dated_years(rows)
        self.shapes = set(map(_shape, self.listed))
        self.host, self.folder, file, query = _place(page.url)
        self.is_folder = self.folder != "" and _LIST_FILE.fullmatch(file) is not None
        """The folder is the list's own, not that of a file among others."""
        whole = urlsplit(page.url)._replace(path=f"{self.folder}/", fragment="")
        self.own = whole.geturl() if self.is_folder and not query else None
        self.own_name = self.folder.rpartition("/")[2] if self.own else ""
        links = (
            (node, squeezed(node), url.partition("#")[0]) for node, url in page.links("//a[@href]|//option[@value]")
        )
        self.links = [_Link(*link) for link in links if 0 < len(link[1]) <= _LONGEST_NAME]

    def further(self) -> tuple[str, ...]:
        """List pages of the section that its pager does not turn to: years, and columns below its folder."""
        found: dict[str, None] = {}
        for link in self.links:
            is_number = link.node.tag == "option" and (link.node.get("value") or "").isdigit()
            if link.url != self.page.url and not is_number and (self._is_below(link.url) or self._is_year_of(link)):
                found.setdefault(link.url)
        for _, url in self.page.links("//iframe[@src]|//frame[@src]"):
            host, folder, file, _ = _place(url)
            is_list = (host, folder) == (self.host, self.folder) and "list" in file.lower()
            if is_list and self.native_id(url) is None and not self.is_same(url):
                found.setdefault(url.partition("#")[0])
        return tuple(found)

    def _is_below(self, url: str) -> bool:
        """True for the list of a folder below that of this list."""
        host, folder, file, query = _place(url)
        is_list = self.is_folder and not query and _LIST_FILE.fullmatch(file) is not None
        is_below = is_list and host == self.host and folder.startswith(f"{self.folder}/")
        return is_below and self.native_id(url) is None and not self.is_same(url)

    def _is_year_of(self, link: _Link) -> bool:
        """True for a year's list on the same address but for its query."""
        if _YEAR.fullmatch(link.label) is None:
            return False
        one, other = urlsplit(link.url), urlsplit(self.page.url)
        is_same = one.netloc == other.netloc and _INDEX.sub("", one.path) == _INDEX.sub("", other.path)
        return is_same and any(key.lower() in _YEAR_KEYS for key, _ in parse_qsl(one.query))

    def elsewhere(self, further: Sequence[str]) -> tuple[Elsewhere, ...]:
        """Lists of the section that nothing follows, `further` ones apart."""
        links = [link for link in self.links if link.node.tag == "a"]
        found = {one.words: one for one in self._years(links)}
        terms = [link for link in links if _TERM.fullmatch(link.label)]
        followed = {self.page.url, *further, *self.listed}
        for link in links if self.listed else ():
            if link.url in followed or self.is_same(link.url) or _shape(link.url) in self.shapes:
                continue
            is_term = link in terms and sum(other.box is link.box for other in terms) >= _FEWEST_BESIDE
            words = f"{link.label} at {link.url}"
            if (is_term or _OLDER.fullmatch(link.label)) and self._is_of_list(link):
                found.setdefault(words, Elsewhere(words, link.url, None, self._is_named(link)))
            elif _ALL.fullmatch(link.label) and self._shows_all(link):
                found.setdefault(words, Elsewhere(words, link.url, None, is_named=False))
        return tuple(found.values())

    def _years(self, links: Sequence[_Link]) -> Iterator[Elsewhere]:
        """Years side by side, of which this list shows some, that lead to other top folders or to files beside it."""
        beside: dict[etree._Element | None, dict[str, _Link]] = {}
        for link in links:
            if _YEAR.fullmatch(link.label):
                beside.setdefault(link.box, {})[link.label[:4]] = link
        for years in beside.values():
            if len(years) < _FEWEST_BESIDE or (self.dated and not self.dated.intersection(years)):
                continue
            for year, link in years.items():
                _, folder, file, _ = _place(link.url)
                one, other = (urlsplit(url).path.split("/")[1:2] for url in (link.url, self.page.url))
                is_beside = folder == self.folder and _LIST_FILE.fullmatch(file) is None
                if year not in self.dated and link.url != self.page.url and (one != other or is_beside):
                    words = f"the list of {year} at {link.url}"
                    yield Elsewhere(words, link.url, year, self._is_named(link))

    def _is_named(self, link: _Link) -> bool:
        is_near = self.own_name != "" and self.own_name in urlsplit(link.url).path
        return is_near or _SPEECH.search(link.label) is not None

    def _is_of_list(self, link: _Link) -> bool:
        """True for a folder of the section's name, or a link outside menus that names speeches or stands by rows."""
        if self.own_name and self.own_name in urlsplit(link.url).path.split("/"):
            return True
        if link.box is None or is_aside(link.node):
            return False
        around = islice((link.box, *link.box.iterancestors()), _NEAR)
        return _SPEECH.search(link.label) is not None or any(map(self._holds_rows, around))

    def _shows_all(self, link: _Link) -> bool:
        """True for `更多` of this list: below its folder, or beside rows; a bare one beside nothing else."""
        if is_aside(link.node):
            return False
        is_named = _SPEECH.search(link.label) is not None
        if is_named and self.own and link.url.startswith(self.own):
            return True
        for box in link.node.iterancestors():
            if urls := {url for other in box.iter("a") if (url := self.page.href(other)) and url != link.url}:
                return urls <= self.listed or (is_named and self._holds_rows(box))
        return False

    def beside(self) -> tuple[ListedRow, ...]:
        """Articles of the section's own folder that stand in no row: doubtful rows.

        They are linked by a title, or named by an undated object of a script, as slides are; dated ones are rows that
        a script shows.
        """
        if self.own is None or not self.rows:
            return ()
        found: dict[str, ListedRow] = {}
        for link, url in self.page.links():
            if url in self.listed or not url.startswith(self.own):
                continue
            pictures = (picture.get("alt") or "" for picture in link.iter("img"))
            title = max(words(link), link.get("title") or "", *pictures, key=lambda text: len(squeeze(text)))
            if len(squeeze(title)) >= _LONG_TITLE:
                self._add(found, url, title)
        for node in self.page.all("//script[not(@src)]"):
            for url in (url for url, is_dated in self._held(node) if not is_dated):
                self._add(found, url, None)
        known = {row.native_id for row in self.rows}
        return tuple(row for identity, row in found.items() if identity not in known)

    def _add(self, found: dict[str, ListedRow], url: str, title: str | None) -> None:
        is_own = self.own is not None and url.startswith(self.own) and _shape(url) in self.shapes
        if is_own and (identity := self.native_id(url)):
            found.setdefault(identity, ListedRow(url, identity, title, None, is_doubtful=True))

    def unwalked(self) -> tuple[str, ...]:
        """What shows more of a section and has no address: years without a row here, `更多` in a box of rows, words
        that ask to scroll for more, and dated rows that only a script or a form field holds.
        """
        said = (*self._controls(), *self._boxes(), *self._unbound(), *self._row_of_years(), *self._held_rows())
        return tuple(dict.fromkeys(said))

    def _controls(self) -> Iterator[str]:
        handled = "|//*[@onclick]" if "onclick" in self.page.attributes else ""
        for node in self.page.all(f"//a|//button{handled}"):
            if self.page.href(node) or not is_handled(node) or not 0 < len(label := squeezed(node)) <= _LONGEST_NAME:
                continue
            is_year = _YEAR.fullmatch(label) and label[:4] not in self.dated
            around = islice(node.iterancestors(), BOX_LEVELS)
            is_more = BARE_MORE.fullmatch(label) and any(map(self._holds_rows, around))
            if is_year or _TERM.fullmatch(label) or _ELDER.fullmatch(label) or is_more:
                yield label

    def _boxes(self) -> Iterator[str]:
        for box in self.page.all("//select[@onchange]"):
            options = list(box.iter("option"))
            labels = map(squeezed, options)
            years = sorted({label for label in labels if _YEAR.fullmatch(label) and label[:4] not in self.dated})
            named = (option for option in options if not (option.get("value") or "").isdigit())
            if len(years) >= _FEWEST_BESIDE and not any(map(self.page.href, named)):
                yield f"a box of years: {' '.join(years)}"

    def _unbound(self) -> Iterator[str]:
        """Words that ask for more and are no control by themselves: a script elsewhere listens to them."""
        text = all_text(self.page.root)
        for node in self.page.all(_UNBOUND) if "更" in text or "载" in text else ():
            label = squeeze(node.text or "")
            if not 0 < len(label) <= _LONGEST_NAME or not ("更多" in label or "加载" in label):
                continue
            asks = MORE.fullmatch(label) or _ELDER.fullmatch(label)
            is_loader = "加载" in label and (_SCROLL.fullmatch(label) or MORE.fullmatch(label))
            around = next((box for box in node.iterancestors() if next(box.iter("a"), None) is not None), None)
            is_of_list = asks and around is not None and self._holds_rows(around)
            if (is_loader or is_of_list) and not is_dead(node):
                yield label

    def _row_of_years(self) -> Iterator[str]:
        """Years side by side without links, of which rows of only some stand here; years between rows are headings.

        Where no row has a date, one list under several years is that of one of them.
        """
        for box in self.page.all("//*[*[2] and not(*/*) and not(a or button or option)]"):
            labels = [squeeze(one.text or "") for one in box]
            years = [label[:4] for label in labels if _YEAR.fullmatch(label)]
            if len(years) < len(labels) - 1:
                continue  # one may say 全部
            missing = sorted({*years} - self.dated)
            is_one = not self.dated and len(years) >= _FEWEST_BESIDE and self._containers() == 1
            if missing and (is_one or self.dated.intersection(years)):
                yield f"years that a script shows: {' '.join(missing)}"

    def _containers(self) -> int:
        """How many containers the rows of a page stand in."""
        containers: set[etree._Element] = set()
        for link, url in self.page.links():
            if url in self.listed:
                around = link.iterancestors()
                others = (box for box in around if any(self.page.href(one) != url for one in box.iter("a")))
                containers.update(islice(others, 1))
        return len(containers)

    def _held_rows(self) -> Iterator[str]:
        """Dated links like the listed ones that stand in a script or a form field alone."""
        for node in self.page.all("//script[not(@src)]|//textarea|//template"):
            urls = (url for url, is_dated in self._held(node) if is_dated)
            for url in islice((url for url in urls if url not in self.listed and _shape(url) in self.shapes), 1):
                yield f"rows that only a {node.tag} holds: {url}"

    def _held(self, node: etree._Element) -> Iterator[tuple[str, bool]]:
        """Addresses in the source of an element, each with whether a date stands by it: in links, and in objects with
        Chinese words, as `{"title": …, "url": …, "date": …}`.
        """
        source = node.text if not len(node) else etree.tostring(node, encoding="unicode", with_tail=False)
        source = (source or "")[:_LONGEST_HELD]
        found = [(match[1], True) for match in _HELD_ROW.finditer(source)]
        for one in (match[0] for match in _OBJECT.finditer(source) if _WRITTEN.search(match[0])):
            is_dated = _DAY.search(one) is not None
            found += [(string, is_dated) for string in _STRING.findall(one) if "/" in string or "." in string]
        for address, is_dated in found:
            if url := self.page.resolve(address.replace("\\/", "/")):
                yield url, is_dated

    def _holds_rows(self, box: etree._Element) -> bool:
        """True when most links of a box are rows."""
        urls = [url for link in box.iter("a") if (url := self.page.href(link))]
        return sum(url in self.listed for url in urls) > len(urls) / 2


def dated_years(rows: Sequence[ListedRow]) -> set[str]:
    """The years of the rows, as far as their dates begin with one."""
    return {row.date[:5].strip("[(（【 ")[:4] for row in rows if row.date}


@remembered(1_024)
def _place(url: str) -> tuple[str, str, str, str]:
    """Host, folder, file and query of an address."""
    parts = urlsplit(url)
    folder, _, file = parts.path.rpartition("/")
    return parts.netloc, folder, file, parts.query


def _shape(url: str) -> str:
    return _DIGITS.sub("0", url)
