"""Page objects of one CMS family each: built from (url, decoded text), pure, without Scrapy.

A family says what its addresses mean and reads its pages; the spider only walks. Families are chosen by the key
`cms` of a site profile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from crawler.page import Page
from pipelines.reasons import Reason
from pipelines.record import Attachment, Problem, Raw


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row of a list page. `native_id` is None when the link is no article address of this CMS.

    A doubtful row may belong to a side bar: only the breadcrumb of its article tells.
    """

    url: str
    native_id: str | None
    title: str | None
    date: str | None
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of the section's list: its rows in order, the pages its pager links, and the counts it prints."""

    rows: tuple[ListedRow, ...]
    next_url: str | None
    linked: Mapping[int, str]
    pages: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """One page of an article. `title` is without site suffix and page number; `counter` is an address that reads."""

    title: str
    raw: Raw
    body_html: str
    attachments: tuple[Attachment, ...]
    next_part: str | None
    counter: str | None
    column_ids: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class SectionLink:
    """Where the section is: `name` as the site writes it; `is_here` when the page asked is its first list page."""

    url: str
    name: str
    is_here: bool


class Family(Protocol):
    """What the spider asks of a CMS family."""

    @property
    def reader(self) -> str:
        """Name and version of the page objects (`kesion/1`), raised whenever their output can change."""

    def native_id(self, url: str) -> str | None:
        """Identity of the article a URL names, None when it names none."""

    def canonical(self, url: str) -> str:
        """The one address of an article that the archive keeps."""

    def column_id(self, url: str) -> str | None:
        """Identity of the column a list address names."""

    def own_links(self, page: Page) -> list[str]:
        """Addresses on a page that only this site's CMS writes: they show the host the CMS believes to be."""

    def find_section(self, page: Page, names: Sequence[str]) -> SectionLink | None:
        """Find the section by its name on any page of the site."""

    def read_list(self, page: Page) -> ListPage:
        """Read one list page; no rows when the list is empty."""

    def read_article(self, page: Page, part: int, listed_title: str | None) -> ArticlePage:
        """Read one page of an article; `PageError` when it has no body."""

    def notice(self, page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
        """What the CMS says instead of an article or list: the reason and its words."""

    def closes_body(self, text: str) -> bool:
        """True when the source of an article closes the container of its body."""

    def redirect(self, page: Page) -> str | None:
        """Where a page without a body sends the browser by script."""


def family(name: str, static_article: str | None, section_names: Sequence[str], site_names: Sequence[str]) -> Family:
    """The page objects of a CMS family; `KeyError` for an unknown name."""
    from crawler.cms.generic import Generic  # noqa: PLC0415 - families import the classes above
    from crawler.cms.kesion import Kesion  # noqa: PLC0415

    families: dict[str, Callable[[str | None, Sequence[str], Sequence[str]], Family]]
    families = {"kesion": Kesion, "generic": Generic}
    return families[name](static_article, section_names, site_names)


FAMILIES = ("kesion", "generic")
