"""The title of an article: the visible heading that the page's `<title>` begins with.

`<title>` = title + separator + names of section and site in most templates; a heading without a class or level (6.5
sites print a bare `<font size=5>`) is recognised because `<title>` starts with the very same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.pages.page import Page, PageError, squeeze, strings, tidy
from pipelines.record import Problem

_HEADINGS = "//h1|//h2|//h3|//h4|//h5|//font|//b|//strong|//span|//em|//big|//div|//td|//th|//p|//center|//li|//dt"
_SEPARATOR = "-_—–―|｜·•>»~～,，:：/"
_PAGE_NUMBER = re.compile(r"[(（](\d{1,3})[)）]$")
_LONGEST = 200
_MANY_CHILDREN = 12


@dataclass(frozen=True, slots=True)
class Heading:
    """`found` as the page prints it, `title` without page number; `agrees` is False when the list says otherwise."""

    found: str
    title: str
    agrees: bool


class TitleReader:
    """Chooses the heading among the short texts before the body.

    Args:
        page: the parsed page.
        body: its `#MyContent`.
        names: names of site and columns, which are never the title.
        listed: what the list calls the article, or None.
    """

    def __init__(self, page: Page, body: etree._Element, names: Sequence[str], listed: str | None) -> None:
        self.page, self.body, self.listed = page, body, listed
        self.names = {squeeze(name) for name in names}
        titles = page.all("//head/title") or page.all("//title")
        self.document_title = tidy("".join(strings(titles[0]))) if titles else ""

    def read(self, part: int | None) -> Heading:
        """Choose the heading; `part` is the page's number when the article has several pages, else None.

        Raises:
            PageError: the page has neither a `<title>`, a heading, nor a title in the list.
        """
        found = self._visible() or self._listed_in_document_title() or self._cut_document_title() or self.listed
        if not found:
            raise PageError(f"{self.page.url}: no title: neither <title> nor a heading before the body")
        title = self._without_page_number(found, part)
        agrees = self.listed is None or _alike(title, self.listed)
        return Heading(found, title, agrees)

    def _visible(self) -> str | None:
        whole = squeeze(self.document_title)
        candidates = [text for text in self._headings() if _begins(whole, squeeze(text))]
        if not candidates and self.listed:
            candidates = [text for text in self._headings() if squeeze(text) == squeeze(self.listed)]
        if not candidates:
            candidates = [text for text in self._headings() if _begins(whole[::-1], squeeze(text)[::-1])]
        listed = [text for text in candidates if self.listed and squeeze(text) == squeeze(self.listed)]
        return max(listed or candidates, key=lambda text: len(squeeze(text)), default=None)

    def _headings(self) -> list[str]:
        """Short texts before the body, one per element, names of site and columns left out."""
        texts: list[str] = []
        before = _elements_before(self.page, self.body)
        for node in self.page.all(_HEADINGS):
            if node not in before or len(node) > _MANY_CHILDREN:
                continue
            text = tidy("".join(strings(node)))
            if text and len(text) <= _LONGEST and squeeze(text) not in self.names:
                texts.append(text)
        return texts

    def _listed_in_document_title(self) -> str | None:
        if self.listed and squeeze(self.listed) in squeeze(self.document_title):
            return self.listed
        return None

    def _cut_document_title(self) -> str | None:
        """`<title>` up to the first separator behind which only names of site and columns stand."""
        text = self.document_title
        for index, character in enumerate(text):
            rest = [squeeze(piece) for piece in re.split(r"[-_—–|｜>»]+", text[index:]) if squeeze(piece)]
            if character in _SEPARATOR and rest and all(piece in self.names for piece in rest):
                return tidy(text[:index])
        return text or None

    def _without_page_number(self, found: str, part: int | None) -> str:
        """Drop the `(n)` KesionCMS 7 and later append to the title of page n of a multi-page article."""
        match = _PAGE_NUMBER.search(found)
        if match is None or part is None or int(match[1]) != part:
            return found
        kept_by_list = self.listed is not None and _PAGE_NUMBER.search(self.listed)
        return found if kept_by_list else tidy(found[: match.start()])


def title_problems(heading: Heading, listed: str | None) -> tuple[Problem, ...]:
    """The problem of a heading that is not what the list calls the article."""
    if heading.agrees or listed is None:
        return ()
    return (Problem(field="title", code="disagrees", detail=f"the list says {listed}, the page {heading.title}"),)


def _elements_before(page: Page, body: etree._Element) -> set[etree._Element]:
    around = set(body.iterancestors())
    before: set[etree._Element] = set()
    for node in page.root.iter(etree.Element):
        if node is body:
            break
        if node not in around:
            before.add(node)
    return before


def _begins(whole: str, text: str) -> bool:
    """True when `whole` is `text`, or `text` and a separator."""
    bare = _PAGE_NUMBER.sub("", text)
    for start in (text, bare):
        rest = whole[len(start) :]
        if start and whole.startswith(start) and (not rest or rest[0] in _SEPARATOR or _PAGE_NUMBER.match(rest)):
            return True
    return False


def _alike(title: str, listed: str) -> bool:
    """The list may cut a title; then what it has must begin the page's."""
    short, whole = squeeze(listed), squeeze(title)
    return whole.startswith(short.rstrip(".…")) or short.startswith(whole)
