"""大汉 JCMS (hanweb): rows as XML in the list page and from dataproxy.jsp, article fields between comments.

The first rows stand in the page, in a datastore of CDATA records; jpage, a script, posts a form to dataproxy.jsp for
the rest. `articlehits.jsp` writes an article's hits; whether asking it counts is not known, so it is taken to count.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from crawler.pages import Ask, Column, Hints, ListedRow, Pager
from crawler.pages.families.base import any_case
from crawler.pages.families.described import DescribedFamily
from crawler.pages.lists.rows import FoundRows, date_in, row_title
from crawler.pages.page import Page, tidy, words
from crawler.pages.plain import plain_parts

_STORE = re.compile(r"<datastore\b.*?(?:</datastore>|\Z)", re.DOTALL | re.IGNORECASE)
_RECORD = re.compile(r"<record>\s*<!\[CDATA\[((?:(?!<record>).)*?)\]\]>\s*</record>", re.DOTALL)
_NEXT_GROUP = re.compile(r"<nextgroup>\s*<!\[CDATA\[(?:(?!<nextgroup>).)*?href\s*=\s*[\"']([^\"']+)", re.DOTALL)
_TOTAL = re.compile(r"totalRecord\s*:\s*['\"]?(\d{1,9})|<totalrecord>\s*(\d{1,9})", re.IGNORECASE)
_OPTION = r"\b{0}\s*:\s*['\"]?(\d{{1,4}})\b"
_PROXY = re.compile(r"proxyUrl\s*:\s*['\"]([^'\"]+)")
_FORM = re.compile(r"ajaxParam\s*:\s*\{([^{}]*)\}")
_FIELD = re.compile(r"(?<!\w)['\"]?(\w++)['\"]?\s*+:\s*+(?:'([^']*)'|\"([^\"]*)\"|([^,'\"\s]+))")
_PAGE = re.compile(r"[?&]page=(\d{1,5})(?!\d)")
_GROUP, _MOST_GROUPS = 3, 10_000
"""Pages of a group unless the script says another; groups made from a count that the page claims, above any list."""
_HITS = "//script[contains(@src,'/visitcount/articlehits.jsp')]"


class Jcms(DescribedFamily):
    version = "jcms/4"
    marks = any_case(
        r"/art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+\.html?", r"/col/col\d+/", r"articlehits\.jsp", r"dataproxy\.jsp"
    )
    articles = (re.compile(r"/art/.*/art_\d+_(?P<id>\d+)\.html?$"),)
    lists = (re.compile(r"/col/col(?P<column>\d+)/(?:index\.html?)?"),)
    own_column = re.compile(r"/art/.*/art_(?P<column>\d+)_\d+\.html?$")
    bodies = ("#zoom", "//comment()[contains(.,'[信息内容]>begin')]/..", ".main-txt")
    counter = "increments"

    def column(self, url: str) -> Column | None:
        found = super().column(url)
        return Column(found.id, parse_qs(plain_parts(url).query).get("pageNum", ["1"]) == ["1"]) if found else None

    def rows(self, page: Page, pager: Pager) -> FoundRows:
        records = _RECORD.findall(self._store(page))
        if not records:
            return super().rows(page, pager)
        found = [self._row(page.inner(record)) for record in records]
        rows = {row.native_id or row.url: row for row in found if row is not None}
        return FoundRows(tuple(rows.values()), doubled=len(found) - len(rows))

    def _row(self, record: Page) -> ListedRow | None:
        """The first link to an article, else the first link: rows lead to other sites too."""
        links = [(link, url) for link in record.all("//a[@href]") if (url := record.href(link))]
        links.sort(key=lambda found: self.native_id(found[1]) is None)
        if not links:
            return None
        link, url = links[0]
        return ListedRow(url, self.native_id(url), row_title(link), date_in(words(record.root)))

    def _store(self, page: Page) -> str:
        """The rows of the page's own column; a page may hold those of others too."""
        own = f"art_{self.column_id(page.url)}_"
        return max(_STORE.findall(page.text), key=lambda store: (store.count(own), len(store)), default="")

    def _call(self, page: Page) -> str:
        """What the page's script says to jpage about its own column."""
        calls = page.text.split("jpage(")[1:]
        forms = {_fields(form[1]).get("columnid"): call for call in calls if (form := _FORM.search(call))}
        return forms.get(self.column_id(page.url)) or next(iter(calls), "")

    def pager(self, page: Page) -> Pager:
        store, call = self._store(page), self._call(page)
        counted = _TOTAL.search(call) or _TOTAL.search(store)
        total = int(counted[1] or counted[2]) if counted else None
        shown = len(_RECORD.findall(store))
        proxy, form = _PROXY.search(call), _FORM.search(call)
        if proxy and form and total and (url := page.resolve(proxy[1])):
            return _posted(page, url, call, shown, total)
        following = _NEXT_GROUP.search(store)
        if following is None:
            return Pager(total=total) if shown else super().pager(page)
        url = page.resolve(following[1].replace("&amp;", "&"))
        group = _PAGE.search(url or "")
        linked = {int(group[1]) + 1: Ask(url, is_fragment=True)} if url and group else {}
        return Pager(linked=linked, total=total)

    def hints(self, page: Page) -> Hints:
        """The source stands between the comments that mark it."""
        return Hints(source=_marked(page, "信息来源"))

    def counter_url(self, page: Page) -> str | None:
        found = page.all(_HITS)
        return page.href(found[0]) if found else None


def _posted(page: Page, url: str, call: str, shown: int, total: int) -> Pager:
    """The groups jpage would post for; a group is as many rows as the script says, else as the page shows."""
    options = (re.search(_OPTION.format(name), call) for name in ("perPage", "groupSize"))
    per_page, size = (int(option[1]) if option else None for option in options)
    group = per_page * (size or _GROUP) if per_page else shown
    form = _fields(_FORM.findall(call)[0])
    headers = {"Referer": page.url, "X-Requested-With": "XMLHttpRequest"}
    linked: dict[int, str | Ask] = {}
    for number, start in enumerate(range(shown + 1, total + 1, max(group, 1)), 2):
        if number > _MOST_GROUPS:
            break
        end = min(start + group - 1, total)
        query = f"startrecord={start}&endrecord={end}&perpage={per_page or shown}"
        linked[number] = Ask.post(f"{url}?{query}", form, headers)
    return Pager(linked=linked, pages=1 + len(linked), total=total if shown else None)


def _fields(source: str) -> dict[str, str]:
    return {match[1]: match[2] or match[3] or match[4] or "" for match in _FIELD.finditer(source)}


def _marked(page: Page, name: str) -> str | None:
    """Text between `<!--<$[name]>begin-->` and its end."""
    for comment in page.all(f"//comment()[contains(.,'[{name}]>begin')]"):
        pieces = [comment.tail or ""]
        for sibling in comment.itersiblings():
            if not isinstance(sibling.tag, str):
                break
            pieces.extend((words(sibling), sibling.tail or ""))
        return tidy("".join(pieces)) or None
    return None
