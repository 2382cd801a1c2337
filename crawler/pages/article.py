"""An article page nobody described: title, date, author, source, views and body, each with where it was read.

Structure decides and meta tags are cross-checked with it; where the two disagree the visible page wins and a problem
is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crawler.pages.attachments import attachments
from crawler.pages.body.beside import linked_beside
from crawler.pages.body.confidence import WORDLESS, confidence
from crawler.pages.body.cutting import cut, told_cut
from crawler.pages.body.find import Body, find_body, headed, reveal
from crawler.pages.body.held import says_little, show_held
from crawler.pages.body.judging import judge
from crawler.pages.body.kinds import Kind
from crawler.pages.body.lines import read_lines
from crawler.pages.body.wordless import find_wordless
from crawler.pages.breadcrumb import read_trail
from crawler.pages.heading import find_heading, nearest_heading, titled
from crawler.pages.info import Found, read_info, zones
from crawler.pages.meta_tags import Claims, read_claims
from crawler.pages.page import Page, PageError, squeeze, words
from crawler.pages.parts import GoesOn, goes_on, join_hidden_parts
from crawler.pages.slashed import ordered
from crawler.pages.written import write_out
from pipelines.record import Attachment, Problem, Witness
from pipelines.text.dates import ranked

_NOT_SHOWN = frozenset({"signature", "body"})
"""Days of the text itself: they do not speak for an article's head."""
LOW_CONFIDENCE = 0.5
"""Below this the body is told to be doubtful."""


@dataclass(frozen=True, slots=True)
class Article:
    """What was read. `body_html` holds the body's element without what is no part of it.

    `dates`: every day that the page says, the most trusted first (`pipelines.text.dates.WEIGHTS`).

    `confidence` is an estimate, 0 to 1, that the body is the right block of the page (calibrated in
    benchmarks/extraction.py); below `LOW_CONFIDENCE` a problem says so.
    """

    title: Found | None
    dates: tuple[Witness, ...]
    author: Found | None
    source: Found | None
    views: Found | None
    breadcrumb: str | None
    columns: tuple[str, ...]
    column_urls: tuple[str, ...]
    body_html: str
    attachments: tuple[Attachment, ...]
    next_part: str | None
    confidence: float
    problems: tuple[Problem, ...]

    @property
    def published(self) -> Found | None:
        """The most trusted of the dates."""
        return Found(self.dates[0].text, self.dates[0].where) if self.dates else None


def read(page: Page, listed_title: str | None = None, known_names: Sequence[str] = (), part: int = 1) -> Article:
    """Read an article page of any site. The page's tree is changed: what is no part of the body is cut out.

    Args:
        page: the parsed page.
        listed_title: what the list calls the article, or None.
        known_names: names of site and section, which are never the title.
        part: number of the page within its article, from 1.

    Raises:
        PageError: no element of the page holds more prose than menus, nor does its title head pictures or files.
    """
    is_joined = join_hidden_parts(page.root)
    write_out(page)
    reveal(page.root)
    claims, judged = read_claims(page), judge(read_lines(page.root))
    if says_little(judged) and show_held(page.root):
        judged = judge(read_lines(page.root))
    trail = read_trail(page, judged.lines)
    document_title = next(map(words, page.root.iter("title")), "")
    names = [*known_names, *(trail.names if trail else ())]
    named = [text for text in (listed_title, claims.title, document_title) if text]
    number = part if part > 1 or Kind.PAGER in judged.kinds else None
    heading = find_heading(judged.lines, judged.worths, named, names, number)
    body = find_body(judged, heading)
    wordless = find_wordless(judged, heading, body)
    body = wordless or body
    if body is None:
        raise PageError(f"{page.url}: no body: no element of the page holds more prose than menus")
    heading = heading or nearest_heading(judged.lines, judged.kinds, body.start, names)
    if heading is not None and wordless is None:
        body = headed(judged, body, heading)
    title = Found(heading.text, "heading") if heading else _claimed_title(named, names)
    info = read_info(zones(judged, body, heading))
    dates = ordered((*info.dates, *claims.dates), [line.text for line in judged.lines])
    author, source = info.author or _claim(claims.author), info.source or _claim(claims.source)
    is_dated = any(date.where not in _NOT_SHOWN for date in info.dates)
    certainty = WORDLESS if wordless else confidence(judged, body, heading, has_date=is_dated)
    following = goes_on(page, judged, body, part, is_joined=is_joined)
    files = attachments(page, body.node, linked_beside(judged, body, heading))
    html = cut(judged, body)
    return Article(
        title=title,
        dates=tuple(ranked(dates)),
        author=author,
        source=source,
        views=info.views,
        breadcrumb=trail.text if trail else None,
        columns=trail.names if trail else (),
        column_urls=trail.urls if trail else (),
        body_html=html,
        attachments=files,
        next_part=following.url,
        confidence=certainty,
        problems=(
            *_disagreements(title, claims, listed_title),
            *told_cut(judged, body),
            *_continued(following),
            *_doubts(body, certainty),
        ),
    )


def _claimed_title(named: Sequence[str], names: Sequence[str]) -> Found | None:
    return Found(titled(named[0], names), "title") if named else None


def _claim(value: str | None) -> Found | None:
    """A claimed author or source; templates put their maker's name or domain there, in Latin letters."""
    return Found(value, "meta") if value and not value.isascii() else None


def _disagreements(title: Found | None, claims: Claims, listed: str | None) -> Iterator[Problem]:
    for said, who in ((listed, "the list"), (claims.title, "its meta tag")):
        if said and title and not _alike(title.text, said):
            yield Problem(field="title", code="disagrees", detail=f"{who} says {said}, the page {title.text}")


def _continued(following: GoesOn) -> Iterator[Problem]:
    if following.told is not None:
        yield Problem(field="body", code="continued", detail=following.told)


def _doubts(body: Body, certainty: float) -> Iterator[Problem]:
    if certainty < LOW_CONFIDENCE:
        detail = f"confidence {certainty:.2f}: perhaps not the article's block of the page"
        yield Problem(field="body", code="low-confidence", detail=detail)
    if body.behind is not None:
        yield Problem(field="body", code="text-behind", detail=body.behind[:60])


def _alike(title: str, said: str) -> bool:
    """A list or a tag may cut a title, or add the site's name; then one begins or holds the other."""
    short, whole = sorted((squeeze(title), squeeze(said).rstrip(".…")), key=len)
    return short in whole
