"""What a list page shows of its section outside its rows and its pager.

Links to lists that no pager turns to, such as other years, terms, older speeches and all of them behind `更多`, and
links to single articles of the section's folder, such as headlines and slides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from crawler.pages import Elsewhere, ListedRow
from crawler.pages.lists.rows import is_aside
from crawler.pages.lists.sections import (
    ALL,
    LIST_FILE,
    LONGEST_HELD,
    LONGEST_NAME,
    OLDER,
    TERM,
    YEAR,
    dated_years,
    holds_rows,
    in_objects_of,
    own_folder,
)
from crawler.pages.page import Page, squeeze, tidy, words

_SPEECH = re.compile("讲话|发言|致辞")
_CELLS = frozenset({"li", "td", "dd", "span"})
_DIGITS = re.compile(r"\d+")
_BOX_LEVELS = 2
_FEWEST_BESIDE = 2
_LONG_TITLE = 6
"""Menus and pagers say less in a link than the title of a speech."""


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


def lists_elsewhere(
    page: Page, rows: Sequence[ListedRow], followed: Collection[str], is_same: Callable[[str], bool]
) -> tuple[Elsewhere, ...]:
    """Links to lists of the section that nothing follows.

    Args:
        page: a list page.
        rows: its rows.
        followed: addresses of lists that are walked anyway.
        is_same: whether an address names a page of this very list.
    """
    listed = {row.url for row in rows}
    shapes = {_shape(url) for url in listed}
    links = list(_short_links(page))
    others = [
        link
        for link in links
        if not (link.url in followed or link.url in listed or is_same(link.url) or _shape(link.url) in shapes)
    ]
    found = {one.words: one for one in _years(page, links, dated_years(rows))}
    terms = [link for link in links if TERM.fullmatch(link.label)]
    for link in others if listed else ():
        has_terms = sum(other.box is link.box for other in terms) >= _FEWEST_BESIDE
        is_other = OLDER.fullmatch(link.label) or (TERM.fullmatch(link.label) and has_terms)
        said = f"{link.label} at {link.url}"
        if is_other and _is_of_list(page, link, listed):
            found.setdefault(said, Elsewhere(said, None, _is_named(page, link)))
        elif ALL.fullmatch(link.label) and _shows_all(page, link, listed):
            found.setdefault(said, Elsewhere(said, None, is_named=False))
    return tuple(found.values())


def beside_rows(
    page: Page, rows: Sequence[ListedRow], native_id: Callable[[str], str | None]
) -> tuple[ListedRow, ...]:
    """Articles of the section's own folder that stand in no row: doubtful rows.

    They are linked by a title, or named by an undated object of a script, as slides are; dated ones are rows that a
    script shows.
    """
    folder = own_folder(page.url)
    if folder is None or not rows:
        return ()
    listed = {row.url for row in rows}
    shapes = {_shape(url) for url in listed}
    found: dict[str, ListedRow] = {}
    for link in page.all("//a[@href]"):
        url = page.href(link)
        if url is None or url in listed or not url.startswith(folder) or _shape(url) not in shapes:
            continue
        pictures = (picture.get("alt") or "" for picture in link.iter("img"))
        title = max(tidy(words(link)), link.get("title") or "", *pictures, key=lambda text: len(squeeze(text)))
        if len(squeeze(title)) >= _LONG_TITLE and (identity := native_id(url)):
            found.setdefault(identity, ListedRow(url, identity, title, None, is_doubtful=True))
    for source in page.all("//script[not(@src)]"):
        for address, is_dated in in_objects_of((source.text or "")[:LONGEST_HELD]):
            url = None if is_dated else page.resolve(address.replace("\\/", "/"))
            if url and url.startswith(folder) and _shape(url) in shapes and (identity := native_id(url)):
                found.setdefault(identity, ListedRow(url, identity, None, None, is_doubtful=True))
    known = {row.native_id for row in rows}
    return tuple(row for identity, row in found.items() if identity not in known)


def _short_links(page: Page) -> Iterator[_Link]:
    for node in page.all("//a[@href]"):
        label = squeeze("".join(map(str, node.itertext())))
        if 0 < len(label) <= LONGEST_NAME and (url := page.href(node)):
            yield _Link(node, label, url.partition("#")[0])


def _years(page: Page, links: Sequence[_Link], dated: set[str]) -> Iterator[Elsewhere]:
    """Years side by side, of which this list shows some, that lead to other top folders or to files beside it."""
    beside: dict[etree._Element | None, dict[str, _Link]] = {}
    for link in links:
        if YEAR.fullmatch(link.label):
            beside.setdefault(link.box, {})[link.label[:4]] = link
    for years in beside.values():
        if len(years) < _FEWEST_BESIDE or (dated and not dated.intersection(years)):
            continue
        for year, link in years.items():
            if year not in dated and link.url != page.url and _is_unwalked(link.url, page.url):
                yield Elsewhere(f"the list of {year} at {link.url}", year, _is_named(page, link))


def _is_named(page: Page, link: _Link) -> bool:
    own = (own_folder(page.url) or "").rstrip("/").rpartition("/")[2]
    is_near = bool(own) and own in urlsplit(link.url).path
    return is_near or _SPEECH.search(link.label) is not None


def _is_unwalked(url: str, here: str) -> bool:
    """True for an address in another top folder, or of a file beside this list that is no list by its name."""
    one, other = urlsplit(url).path, urlsplit(here).path
    (folder, _, file), own = one.rpartition("/"), other.rpartition("/")[0]
    return one.split("/")[1:2] != other.split("/")[1:2] or (folder == own and LIST_FILE.fullmatch(file) is None)


def _is_of_list(page: Page, link: _Link, listed: set[str]) -> bool:
    """True for a folder of the section's name, or a link outside menus that names speeches or stands by rows."""
    own = (own_folder(page.url) or "").rstrip("/").rpartition("/")[2]
    if own and own in urlsplit(link.url).path.split("/"):
        return True
    if link.box is None or is_aside(link.node):
        return False
    around = islice((link.box, *link.box.iterancestors()), _BOX_LEVELS)
    return bool(_SPEECH.search(link.label)) or any(holds_rows(page, box, listed) for box in around)


def _shows_all(page: Page, link: _Link, listed: set[str]) -> bool:
    """True for `更多` of this list: below its folder, or beside rows; a bare one beside nothing else."""
    if is_aside(link.node):
        return False
    is_named = _SPEECH.search(link.label) is not None
    folder = own_folder(page.url)
    if is_named and folder and link.url.startswith(folder):
        return True
    for box in link.node.iterancestors():
        urls = {url for other in box.iter("a") if (url := page.href(other)) and url != link.url}
        if urls:
            return urls <= listed or (is_named and holds_rows(page, box, listed))
    return False


def _shape(url: str) -> str:
    return _DIGITS.sub("0", url)
