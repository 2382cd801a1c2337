"""Columns of a site that may hold speeches: their links on its pages, whether their rows look like speeches. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from crawler.pages import ArticlePage, Family, ListedRow, ListPage
from crawler.pages.page import Page, squeezed
from crawler.sites.probe.naming import LONGEST_SECTION, SECTIONS, TELLING
from pipelines.context import read_context
from pipelines.context.genre import read_genre
from pipelines.context.head import places
from pipelines.rendering import visible_text

MOST_ASKED = 8
"""Columns that are asked for their rows, two requests each; sites have about three with such names."""
_SPOKEN = frozenset({"讲话", "发言", "致辞", "主持词", "工作报告"})
_SPEECH = re.compile("讲话|致[辞词]|发言|言论")
_OF_MEMBERS = re.compile("委员|(?:大会|会议|界别|党派|交流)发言")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may hold speeches.

    Args:
        name, url: as the site writes them.
        is_chosen: it is the section of the profile.
        rows: how many articles its first page lists; null when that was not read.
        has_speeches: whether they look like speeches; null when that cannot be told.
        why_not: why it was not read; null when it was.
        is_within: all its rows stand in the list of the section, too.
    """

    name: str
    url: str
    is_chosen: bool = False
    rows: int | None = None
    has_speeches: bool | None = None
    why_not: str | None = None
    is_within: bool = False

    def document(self) -> dict[str, Any]:
        """The column as JSON."""
        return asdict(self)


def column_links(pages: Iterable[Page], family: Family, local: Callable[[str], str | None]) -> dict[str, str]:
    """Links that may lead to such columns, name by address; those with the usual names first, then 讲话 and the like.

    `local`: the address on the site's own host, None for another site's.
    """
    found: dict[str, str] = {}
    for name, url in _short_links(pages):
        address = local(url)
        if address and family.native_id(address) is None:
            found.setdefault(address, name)
    return dict(sorted(found.items(), key=lambda one: _rank(one[1])))


def _short_links(pages: Iterable[Page]) -> Iterator[tuple[str, str]]:
    for page in pages:
        for link, url in page.links():
            name = squeezed(link)
            if len(name) <= LONGEST_SECTION and TELLING.search(name):
                yield name, url


def _rank(name: str) -> tuple[bool, bool]:
    return name not in SECTIONS, _SPEECH.search(name) is None


def rows_of(listing: ListPage) -> list[ListedRow]:
    """The rows that surely are the list's own, each article once."""
    return list({row.native_id or row.url: row for row in listing.rows if not row.is_doubtful}.values())


def is_spoken(titles: Sequence[str]) -> bool:
    """True when at least half of the titles are those of speeches."""
    spoken = [title for title in titles if (genre := read_genre(title, places(""))) and genre.value in _SPOKEN]
    return bool(titles) and 2 * len(spoken) >= len(titles)


def is_speech(article: ArticlePage, now: datetime) -> bool:
    """True for an article that is a speech by its title, the lines above its text, or its salutation."""
    body = visible_text(article.body_html)
    return read_context(article.title, body, seen_at=now).genre in _SPOKEN or places(body).salutation is not None


def column_doubts(columns: Iterable[Column]) -> list[str]:
    """Why the section may be only a part of the leaders' speeches; those of members are another matter."""
    beside = [one for one in columns if not (one.is_chosen or one.is_within or _OF_MEMBERS.search(one.name))]
    choice = "`sections` in the profile takes both, --section NAME only one"
    return [
        f"another column looks like speeches: {one.name} {one.url} ({one.rows} rows); {choice}"
        for one in beside
        if one.has_speeches
    ] + [
        f"a column of a usual name could not be read: {one.name} {one.url} ({one.why_not})"
        for one in beside
        if one.rows is None and one.name in SECTIONS
    ]
