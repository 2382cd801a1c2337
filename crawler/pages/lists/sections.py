"""The section on any page of a site: a link of its name, a `更多` link in the box of its name, or the page itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from crawler.pages import Column, SectionLink
from crawler.pages.body.known import known_blocks
from crawler.pages.body.lines import read_lines
from crawler.pages.head.breadcrumb import Trail, read_trail
from crawler.pages.page import Page, squeeze, squeezed, strings, words

BARE_MORE = re.compile(r"[\[【(（]?(?:查看)?(?:更多|more|\+|>>|»)++[>»\])）】]*", re.IGNORECASE)
BOX_LEVELS = 4  # elements: a heading, its bar and the box around both
_ARROWS = re.compile(r"[>»›＞→/|]+|->|::")
_BEHIND = re.compile(r"(?:列表|栏目|频道)?$")
_TITLE_ENDS = r"(?:$|[-_—|－–])"
_HEADINGS = "//h1|//h2|//h3|//h4|//h5|//strong|//b|//span|//div|//td|//p|//li|//em"


@dataclass(frozen=True, slots=True)
class SectionFinder:
    """Finds the section of a site.

    Args:
        column: which column a list address names, None when it names none.
        has_rows: whether a page lists articles.
        is_strict: list addresses can be distinguished, so that a page with rows that somebody gave is a list.
    """

    column: Callable[[str], Column | None]
    has_rows: Callable[[Page], bool]
    is_strict: bool = True

    def find(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        """The section by one of its names; None when the page does not lead to it."""
        wanted = {squeeze(name): name for name in names}
        trail = read_trail(page, read_lines(page.root, known=known_blocks(page.url)).all)
        here = self.column(page.url)
        if (here is None or here.is_first) and (name := _own_name(page, trail, wanted)) and self.has_rows(page):
            return SectionLink(page.url, name)
        links = [(link, url, column) for link, url in page.links() if (column := self.column(url))]
        for link, url, column in links:
            if name := wanted.get(squeezed(link)) or wanted.get(squeeze(link.get("title") or "")):
                is_here = here is not None and here.is_first and here.id == column.id
                return SectionLink(page.url if is_here else url, words(link) or name)
        for link, url, _ in links:
            if BARE_MORE.fullmatch(squeezed(link)) and (name := _box_name(link, wanted)):
                return SectionLink(url, name)
        return self._here(page, trail, wanted) if self.is_strict else None

    def _here(self, page: Page, trail: Trail | None, wanted: Mapping[str, str]) -> SectionLink | None:
        """The page itself, when it is a list page: of a column so named, or chosen by whoever gave its address."""
        columns = zip(trail.names, trail.urls, strict=True) if trail else ()
        names = [name for name, url in columns if self.column(url)]
        if named := [name for name in names if squeeze(name) in wanted]:
            return SectionLink(page.url, named[-1])
        here = self.column(page.url)
        if here is None or not here.is_first or not self.has_rows(page):
            return None
        return SectionLink(page.url, names[-1] if names else next(iter(wanted.values())))


def _own_name(page: Page, trail: Trail | None, wanted: Mapping[str, str]) -> str | None:
    """The name a page gives itself: the last entry of its breadcrumb, link or not, or how its title begins."""
    entries = named_columns(trail.text) if trail else []
    title = next(map(squeezed, page.all("//title")), "")
    by_title = (name for key, name in wanted.items() if re.match(re.escape(key) + _TITLE_ENDS, title))
    return wanted.get(_BEHIND.sub("", entries[-1]) if entries else "") or next(by_title, None)


def named_columns(breadcrumb: str) -> list[str]:
    """The entries of a breadcrumb, links or not, without whitespace; the first may follow words such as 当前位置."""
    return [entry for entry in _ARROWS.split(squeeze(breadcrumb)) if entry]


def heads_section(page: Page, name: str) -> bool:
    """True when title or breadcrumb name the section: a front page names it at most above one of its boxes."""
    return page.asked(f"heads {name}", lambda: _heads_section(page, squeeze(name)))


def _heads_section(page: Page, wanted: str) -> bool:
    if any(wanted in squeezed(node) for node in page.all("//title")):
        return True
    trail = read_trail(page, read_lines(page.root, known=known_blocks(page.url)).all)
    return trail is not None and wanted in squeeze(trail.text)


def says_section(page: Page, name: str) -> bool:
    """True when a page names the section as its own: in its title, its breadcrumb, or in words that are no link."""
    return page.asked(f"says {name}", lambda: heads_section(page, name) or _is_said(page, squeeze(name)))


def _is_said(page: Page, wanted: str) -> bool:
    plain = (node for node in page.all(_HEADINGS) if len(node) == 0 and squeeze(node.text or "") == wanted)
    return any(next(node.iterancestors("a"), None) is None for node in plain)


def _box_name(link: etree._Element, wanted: Mapping[str, str]) -> str | None:
    """The section's name standing as plain text in the box around a `更多` link."""
    texts = (squeeze(text) for box in islice(link.iterancestors(), BOX_LEVELS) for text in strings(box))
    return next((wanted[text] for text in texts if text in wanted), None)
