"""Page objects of one CMS family each: built from (url, decoded text), pure, without Scrapy.

A family says what its addresses mean and reads its pages; the spider only walks. Families are chosen by the key
`cms` of a site profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from importlib import import_module
from typing import ClassVar, Literal, Protocol
from urllib.parse import urlencode

from lxml import etree

from crawler.pages.page import Page
from pipelines.reasons import Reason
from pipelines.record import Attachment, Problem, Raw, Witness
from pipelines.values import frozen

CounterMode = Literal["read_only", "increments", "none"]
"""What asking a counter does: nothing, one more view, or there is none to ask."""


@frozen
class Ask:
    """A request for a list page that takes more than an address: a form to post, or headers such as a Referer.

    `is_fragment`: the answer is rows (HTML or XML) without a page around them.
    """

    url: str
    form: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_fragment: bool = False

    @classmethod
    def post(cls, url: str, pairs: Mapping[str, str], headers: Mapping[str, str]) -> Ask:
        """A form posted as browsers do, for a fragment."""
        return cls(url, urlencode(pairs), headers, is_fragment=True)


@frozen
class ListedRow:
    """One row of a list page. `native_id` is None when the link is no article address of this CMS.

    A doubtful row may belong to a side bar: only the breadcrumb of its article tells.
    """

    url: str
    native_id: str | None
    title: str | None
    date: str | None
    is_doubtful: bool = False


@frozen
class Elsewhere:
    """A list of the section that nothing leads to, in words and its address; `year` is its year, when it is one's.

    `is_named`: words or address name speeches or the section's folder, so that it is no choice among the rows here.
    """

    words: str
    url: str
    year: str | None
    is_named: bool


@frozen
class ListPage:
    """A page of the section's list: its rows in order, the pages its pager leads to, and the counts it prints.

    `linked`: page number → its address, or what to ask when the address alone is not enough. `current` is the number
    the page shows of itself. Not followed are: `unfollowed`, the words of live controls that lead on; `idle`, of
    those that a script of another file may bring to life or that are switched off; `unlinked`, rows whose link has no
    address; `service`, the address that a script asks for the rows of a page that has none; `elsewhere`, other lists.
    `further` are list pages of the section that no pager turns to: years, sub-columns. `beside` are articles of its
    folder that stand in no row: headlines, slides. `doubled`: how many rows repeat an article; totals count them too.
    `asks_for_rows`: the CMS prints no rows here, a script asks for the first ones, as `linked` says.
    """

    rows: tuple[ListedRow, ...]
    next_url: str | Ask | None
    linked: Mapping[int, str | Ask]
    pages: int | None
    total: int | None
    current: int | None = None
    unfollowed: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    unlinked: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    service: str | None = None
    doubled: int = 0
    asks_for_rows: bool = False
    beside: tuple[ListedRow, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()


@frozen
class Column:
    """What a list address names: a column, and whether the address is its first page."""

    id: str
    is_first: bool


@frozen
class Pager:
    """A pager: its block, the pages it leads to by number, the next one by word, and the counts it prints.

    `current` is the number of this page as the pager shows it. `unfollowed` are the words of live controls that lead
    on to pages whose address cannot be read, `idle` of those that run nothing the page names.
    """

    node: etree._Element | None = None
    linked: Mapping[int, str | Ask] = field(default_factory=dict)
    next_url: str | Ask | None = None
    pages: int | None = None
    total: int | None = None
    current: int | None = None
    unfollowed: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()


@frozen
class Hints:
    """What is known of an article before its page is read; a family that declares nothing leaves all to structure.

    Args:
        listed_title: what the list calls the article, or None.
        known_names: names of site and section, which are never the title.
        part: number of the page within its article, from 1.
        is_long: the article has several pages, so that its title may end with the number of this one.
        body: the declared container of the body.
        skipped: elements the CMS itself puts into a body: pagers, counters.
        files: links beside the body that lead to files of the article.
        source: what marks of the CMS say is the source; it counts more than the visible words.
        views: what marks of the CMS say of the views; it counts where nothing visible does.
        is_updated_when_published: the CMS labels the moment of publication as that of a change.
    """

    listed_title: str | None = None
    known_names: Sequence[str] = ()
    part: int = 1
    is_long: bool = False
    body: etree._Element | None = None
    skipped: Sequence[etree._Element] = ()
    files: Sequence[etree._Element] = ()
    source: str | None = None
    views: str | None = None
    is_updated_when_published: bool = False


@frozen
class ArticlePage:
    """One page of an article. `title` is without site suffix and page number; `counter` is its count's address.

    `dates`: every day the page says, the most trusted first; where empty, `raw.published` is the only one.
    `confidence`: an estimate, 0 to 1, that the body is the article's; None where a declared container holds it.
    """

    title: str
    raw: Raw
    body_html: str
    attachments: tuple[Attachment, ...]
    next_part: str | None
    counter: str | None
    column_ids: tuple[str, ...]
    problems: tuple[Problem, ...]
    confidence: float | None = None
    dates: tuple[Witness, ...] = ()


@frozen
class SectionLink:
    """Where the section is: `name` as the site writes it.

    `beside` are the other sections of the archive; their `url` is empty where they were not found.
    """

    url: str
    name: str
    beside: tuple[SectionLink, ...] = ()


class Family(Protocol):
    """What the spider asks of a CMS family."""

    marks: ClassVar[tuple[re.Pattern[str], ...]]
    """What only this CMS writes into the source of its pages."""
    takes_containers: ClassVar[bool]
    """Whether a profile may name containers; not where the code of the CMS makes them, or structure shows them."""
    has_print_pages: ClassVar[bool]
    """Whether articles have print pages."""

    @property
    def reader(self) -> str:
        """Name and version of the page objects (`kesion/1`), raised whenever their output can change."""

    def native_id(self, url: str) -> str | None:
        """Identity of the article a URL names, None when it names none."""

    def canonical(self, url: str) -> str:
        """The one address of an article that the archive keeps."""

    def article_source(self, url: str) -> str:
        """The address whose page is read for an article: its own, or one that says the same with fewer requests."""

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

    def counter_mode(self, url: str) -> CounterMode:
        """What asking a counter's address does. Unless it is known to change nothing, it is `increments`."""

    def count_in(self, answer: str) -> str:
        """The count in a counter's answer as a string that `pipelines.text.views` reads; else the whole answer."""

    def closes_body(self, text: str) -> bool:
        """True when the source of an article closes the container of its body."""

    def redirect(self, page: Page) -> str | None:
        """Where a page without a body sends the browser by script."""


FAMILIES = {
    "kesion": "crawler.pages.families.kesion.family:Kesion",
    "dedecms": "crawler.pages.families.cms.dedecms:DedeCms",
    "empirecms": "crawler.pages.families.cms.empirecms:EmpireCms",
    "jeecms": "crawler.pages.families.cms.jeecms:JeeCms",
    "kesion-net": "crawler.pages.families.cms.kesion_net:KesionNet",
    "phpcms": "crawler.pages.families.cms.phpcms:PhpCms",
    "siteserver": "crawler.pages.families.cms.siteserver:SiteServer",
    "trs": "crawler.pages.families.cms.trs:Trs",
    "jcms": "crawler.pages.families.cms.jcms:Jcms",
    "vsb": "crawler.pages.families.cms.vsb:Vsb",
    "cctv": "crawler.pages.families.cms.cctv:Cctv",
    "sudy": "crawler.pages.families.cms.sudy:Sudy",
    "by-day": "crawler.pages.families.by_address:ByDay",
    "guangdong": "crawler.pages.families.by_address:Guangdong",
    "zhengxieyun": "crawler.pages.families.by_address:ZhengXieYun",
    "dochtml": "crawler.pages.families.by_address:DocHtml",
    "powereasy": "crawler.pages.families.by_address:PowerEasy",
    "eyoucms": "crawler.pages.families.by_address:EyouCms",
    "generic": "crawler.pages.families.generic:Generic",
}
"""Families by the name profiles give them: module and class."""


def family_class(name: str) -> type[Family]:
    """The class of a family; `KeyError` for a name that is none of `FAMILIES`."""
    module, _, made = FAMILIES[name].partition(":")
    found: type[Family] = getattr(import_module(module), made)
    return found


def family(
    name: str,
    static_article: str | None,
    section_names: Sequence[str],
    site_names: Sequence[str],
    containers: Mapping[str, str] | None = None,
    *,
    print_page: bool = False,
) -> Family:
    """The page objects of a CMS family.

    Args:
        name: a key of `FAMILIES`; `KeyError` for another.
        static_article: the profile's pattern for article files.
        section_names: names the section may have on the site.
        site_names: names of the site and the committee.
        containers: the profile's own containers of `body` and `rows`, where a template has its own.
        print_page: read articles from their print pages; only of families that have them.
    """
    made: Callable[..., Family] = family_class(name)
    return made(static_article, section_names, site_names, containers, print_page=print_page)
