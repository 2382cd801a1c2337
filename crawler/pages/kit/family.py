"""A CMS family described by facts: what it declares, and how the kit reads its pages from that.

A family subclasses `DescribedFamily`, sets the class attributes, and overrides a method only where the CMS has a
habit of its own. Nothing here knows a template: titles, dates and labels are read from words. Where a template has a
container of its own that neither family nor profile names, the generic reader finds body and rows by structure.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from lxml import etree

from crawler.pages import ArticlePage, CounterMode, ListedRow, ListPage, SectionLink
from crawler.pages.attachments import attachments, linked_files
from crawler.pages.families.generic import Generic
from crawler.pages.kit.addresses import ArticleAddress, address_by_path
from crawler.pages.kit.behind import text_behind
from crawler.pages.kit.breadcrumb import Breadcrumb, breadcrumb
from crawler.pages.kit.by_structure import article_by_structure
from crawler.pages.kit.claims import Claims, agree, agree_on_date, claims
from crawler.pages.kit.containers import Container, outermost
from crawler.pages.kit.info import Info, read_info
from crawler.pages.kit.notices import COMMON, Notices, redirect_by_page, said
from crawler.pages.kit.pagers import Pager, linked_pager
from crawler.pages.kit.rows import RowFinder
from crawler.pages.kit.sections import Column, SectionFinder
from crawler.pages.kit.title import Heading, TitleReader, title_problems
from crawler.pages.page import Page, PageError, drop, squeeze
from crawler.pages.plain import plain_parts
from pipelines.reasons import Reason
from pipelines.record import Problem, Raw


class DescribedFamily(ABC):
    """A family by its facts.

    Args:
        static_article: the profile's own pattern for article files, looked at first.
        section_names: names the section may have on the site.
        site_names: names of the site and the committee: never the title of an article.
        containers: the profile's own containers of `body` and `rows`.
    """

    version: ClassVar[str]
    """Name and version: `trs/1`, raised whenever what it reads of its own containers can change."""
    marks: ClassVar[tuple[re.Pattern[str], ...]] = ()
    """What only this CMS writes into the source of its pages."""
    articles: ClassVar[tuple[re.Pattern[str], ...]] = ()
    """Over the path of an article, with the group `id`, and `part` where parts have files of their own."""
    second_part: ClassVar[int] = 2
    """The number in the file name of an article's second part."""
    bodies: ClassVar[tuple[str, ...]] = ()
    """Containers of the body, the most telling first."""
    furniture: ClassVar[tuple[str, ...]] = ()
    """XPaths, from the body, of what the CMS itself puts into it: pagers, counters."""
    counter: ClassVar[CounterMode] = "none"
    """What asking the counter does."""
    notices: ClassVar[Notices] = COMMON
    """What the CMS says instead of an article."""

    def __init__(
        self,
        static_article: str | None,
        section_names: Sequence[str],
        site_names: Sequence[str],
        containers: Mapping[str, str] | None = None,
    ) -> None:
        own = containers or {}
        self.patterns = (*([re.compile(static_article)] if static_article else []), *self.articles)
        self.known_names = (*section_names, *site_names)
        self.body_containers = tuple(Container(name) for name in (*filter(None, [own.get("body")]), *self.bodies))
        self.row_container = Container(own["rows"]) if "rows" in own else None
        self.by_structure = Generic(static_article, section_names, site_names)

    @property
    def reader(self) -> str:
        """The version; behind a dot the generic reader's, which reads what the family does not know: `trs/1.2`."""
        return f"{self.version}.{self.by_structure.version}"

    # What a family answers.

    @abstractmethod
    def column(self, url: str) -> Column | None:
        """Which column a list address names; None when it names none."""

    def article(self, url: str) -> ArticleAddress | None:
        """Which article a URL names; None when it names none."""
        return address_by_path(url, self.patterns, self.second_part)

    def pager(self, page: Page) -> Pager:
        """The pager of a list page."""
        return linked_pager(page, self.column)

    def rows(self, page: Page, pager: Pager) -> tuple[ListedRow, ...]:
        """The rows of a list page."""
        host = plain_parts(page.url).netloc
        finder = RowFinder(
            page, self.native_id, lambda url: plain_parts(url).netloc == host and bool(self.column(url))
        )
        named = page.all(self.row_container.xpath) if self.row_container else []
        return finder.rows_in(named[0]) if named else finder.rows(pager.node)

    def claims(self, page: Page) -> Claims:
        """What the page claims about itself."""
        return claims(page)

    def info(self, page: Page, body: etree._Element, heading: Heading) -> Info:
        """Date, author, source and views as the page shows them."""
        return read_info(page, body, heading.found)

    def parts(self, page: Page) -> Pager:  # noqa: ARG002 - families without long articles
        """The pager of a long article."""
        return Pager()

    def counter_url(self, page: Page) -> str | None:  # noqa: ARG002 - families without a counter
        """The address of the article's count in the form that changes least."""
        return None

    def files_beside(self, page: Page) -> Sequence[etree._Element]:  # noqa: ARG002 - most have none
        """Links to files of the article that stand outside its body."""
        return ()

    def columns_of(self, url: str) -> tuple[str, ...]:  # noqa: ARG002 - most addresses do not say
        """Columns an article's own address names, besides those of its breadcrumb."""
        return ()

    # What the spider asks.

    def native_id(self, url: str) -> str | None:
        address = self.article(url)
        return address.native_id if address else None

    def canonical(self, url: str) -> str:
        address = self.article(url)
        return address.canonical if address else plain_parts(url).geturl() or url

    def article_source(self, url: str) -> str:
        return url

    def column_id(self, url: str) -> str | None:
        column = self.column(url)
        return column.id if column else None

    def own_links(self, page: Page) -> list[str]:  # noqa: ARG002 - a profile names the aliases of such a site
        return []

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        return SectionFinder(self.column, lambda found: bool(self.read_list(found).rows)).find(page, names)

    def read_list(self, page: Page) -> ListPage:
        pager = self.pager(page)
        rows = self.rows(page, pager) or self._rows_by_structure(page)
        return ListPage(rows, pager.next_url, pager.linked, pager.pages, pager.total)

    def read_article(self, page: Page, part: int, listed_title: str | None) -> ArticlePage:
        try:
            body = self._body(page)
        except PageError as error:
            return self._article_by_structure(page, part, listed_title, str(error))
        claimed, trail = self.claims(page), breadcrumb(page, self.column_id)
        names = [*self.known_names, *(trail.names if trail else ())]
        turning = self.parts(page)
        following = _following(page, turning, part)
        title_reader = TitleReader(page, body, names, listed_title or claimed.title)
        heading = title_reader.read(part if turning.linked else None)
        info = self.info(page, body, heading)
        title = agree("title", heading.title, claimed.title)
        published = agree_on_date(info.published, claimed.published)
        source, author = agree("source", info.source, claimed.source), agree("author", info.author, claimed.author)
        counter = self.counter_url(page)
        files = attachments(page, body, self.files_beside(page))
        behind = text_behind(body, [turning.node] if turning.node is not None else [])
        return ArticlePage(
            title=heading.title,
            raw=Raw(
                title=heading.found,
                published=published.value,
                views=None if counter else info.views,
                author=author.value,
                source=source.value,
                breadcrumb=trail.text if trail else None,
            ),
            body_html=self._body_html(page, body),
            attachments=files,
            next_part=following,
            counter=counter,
            column_ids=(*(trail.column_ids if trail else ()), *self.columns_of(page.url)),
            problems=(
                *title_problems(heading, listed_title),
                *title.problems,
                *published.problems,
                *source.problems,
                *author.problems,
                *_column_disagrees(trail, claimed),
                *behind,
            ),
        )

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        if not is_article or self._found(page) is not None:
            return None
        return said(page, self.notices) or self.by_structure.notice(page, is_article=True)

    def counter_mode(self, url: str) -> CounterMode:  # noqa: ARG002 - families with several counters look at it
        return self.counter

    def count_in(self, answer: str) -> str:
        return answer.strip("\ufeff \t\r\n")

    def closes_body(self, text: str) -> bool:
        told = (container.closes_in(text) for container in self.body_containers)
        known = next((closes for closes in told if closes is not None), None)
        if known is None:
            return any(one.is_xpath for one in self.body_containers) or self.by_structure.closes_body(text)
        return known

    def redirect(self, page: Page) -> str | None:
        """Of a page that is nothing else: scripts of whole pages send phones to another host."""
        is_bare = self._found(page) is None and not page.all("//a[@href]")
        target = redirect_by_page(page) if is_bare else None
        return page.resolve(target) if target else None

    def _rows_by_structure(self, page: Page) -> tuple[ListedRow, ...]:
        """The rows of a list whose links are no article addresses of this CMS; side bars and menus have no dates."""
        rows = self.by_structure.read_list(page).rows
        return tuple(replace(row, native_id=self.native_id(row.url)) for row in rows if row.date)

    def _article_by_structure(self, page: Page, part: int, listed_title: str | None, why: str) -> ArticlePage:
        """An article without a known container: the generic reader's, with what only the family knows."""
        # The generic reader cuts out of the tree what is no text: scripts and links are looked for before.
        turning, trail, counter = self.parts(page), breadcrumb(page, self.column_id), self.counter_url(page)
        following = _following(page, turning, part)
        beside = linked_files(page, self.files_beside(page))
        read = article_by_structure(self.by_structure, page, part, listed_title, why, self.known_names)
        return replace(
            read,
            raw=replace(read.raw, views=None if counter else read.raw.views),
            attachments=tuple({one.url: one for one in (*read.attachments, *beside)}.values()),
            next_part=following or read.next_part,
            counter=counter,
            column_ids=(*(trail.column_ids if trail else ()), *self.columns_of(page.url)),
        )

    def _found(self, page: Page) -> etree._Element | None:
        return next((found[0] for one in self.body_containers if (found := page.all(one.xpath))), None)

    def _body(self, page: Page) -> etree._Element:
        body = outermost(page, self.body_containers)
        if body is None:
            sought = ", ".join(container.selector for container in self.body_containers)
            none = f"no body: none of {sought} selects an element"
            raise PageError(f"{page.url}: {none}; `body` in the profile names one")
        return body

    def _body_html(self, page: Page, body: etree._Element) -> str:
        for xpath in self.furniture:
            for node in page.all(xpath, body):
                drop(node)
        return etree.tostring(body, encoding="unicode", method="html", with_tail=False)


def _following(page: Page, turning: Pager, part: int) -> str | None:
    """Address of the next part; `PageError` when there is one and nothing says where: a text is never cut short."""
    following = turning.linked.get(part + 1) or turning.next_url
    if following is None and turning.pages is not None and part < turning.pages:
        raise PageError(f"{page.url}: part {part} of {turning.pages}, and no address of the next")
    return following if isinstance(following, str) else None


def _column_disagrees(trail: Breadcrumb | None, claimed: Claims) -> tuple[Problem, ...]:
    if trail is None or not claimed.column or squeeze(claimed.column) in squeeze(trail.text):
        return ()
    detail = f"the breadcrumb says {trail.text}, the meta tag claims {claimed.column}"
    return (Problem(field="section", code="disagrees", detail=detail),)
