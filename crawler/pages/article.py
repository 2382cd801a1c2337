"""An article page nobody described: title, date, author, source, views and body, each with where it was read.

Structure decides and meta tags are cross-checked with it; where the two disagree the visible page wins and a problem
is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crawler.pages.attachments import attachments
from crawler.pages.body.beside import linked_beside
from crawler.pages.body.confidence import WORDLESS, confidence
from crawler.pages.body.cutting import cut, told_cut
from crawler.pages.body.find import Body, find_body, headed, reveal
from crawler.pages.body.held import says_little, show_held
from crawler.pages.body.judging import Judged, judge
from crawler.pages.body.kinds import Kind, is_own_day
from crawler.pages.body.lines import read_lines
from crawler.pages.body.wordless import find_wordless
from crawler.pages.breadcrumb import read_trail
from crawler.pages.heading import Heading, find_heading, nearest_heading, titled
from crawler.pages.info import Found, Info, find_date, read_info
from crawler.pages.meta_tags import Claims, read_claims
from crawler.pages.page import Page, PageError, squeeze, words
from crawler.pages.parts import GoesOn, goes_on, join_hidden_parts
from crawler.pages.slashed import settled
from pipelines.record import Attachment, Problem

_ABOVE, _BEHIND, _WITHOUT_HEADING, _MOST_LINKS, _MOST_BETWEEN, _SIGNATURE = 4, 4, 8, 80, 24, 3
_DIGITS = re.compile(r"\d+")
_CLOCK = re.compile(r"(?!0?0:00(?::00)?\b)\b\d{1,2}:\d{2}")
_DAY_OR_MONTH_FIRST = re.compile(r"\d{1,2}\D")
LOW_CONFIDENCE = 0.5
"""Below this the body is told to be doubtful."""


@dataclass(frozen=True, slots=True)
class Article:
    """What was read. `body_html` holds the body's element without what is no part of it.

    `confidence` is an estimate, 0 to 1, that the body is the right block of the page (calibrated in
    benchmarks/extraction.py); below `LOW_CONFIDENCE` a problem says so.
    """

    title: Found | None
    published: Found | None
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
    info = _info(judged, body, heading)
    shown = info.published or _dated_within(judged, body)
    printed = _published(shown, claims)
    published = _settled(printed, judged)
    author, source = info.author or _claim(claims.author), info.source or _claim(claims.source)
    certainty = WORDLESS if wordless else confidence(judged, body, heading, has_date=info.published is not None)
    following = goes_on(page, judged, body, part, is_joined=is_joined)
    files = attachments(page, body.node, linked_beside(judged, body, heading))
    html = cut(judged, body)
    return Article(
        title=title,
        published=published,
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
            *_disagreements(title, info.published, claims, listed_title),
            *_refused(printed, published),
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


def _info(page: Judged, body: Body, heading: Heading | None) -> Info:
    texts = [line.text for line in page.lines]
    in_head = range(body.start, min(body.stop, body.start + _MOST_BETWEEN))
    dropped = [i for i in in_head if page.kinds[i] is Kind.INFO and i not in body.keeps]
    if heading is not None and heading.end <= body.start:
        near = range(max(0, heading.first - _ABOVE), heading.first)
        trail = max((i for i in near if page.kinds[i] is Kind.LINKS), default=-1)
        above = [texts[i] for i in near if i > trail]
        said = [i for i in (*range(heading.end, body.start), *dropped) if not is_own_day(texts[i])]
    else:
        # Portals set columns of links between title and body.
        told = [i for i in range(max(0, body.start - _MOST_LINKS), body.start) if page.kinds[i] is not Kind.LINKS]
        above, said = [], [*told[-_WITHOUT_HEADING:], *dropped]
    if len(said) > _MOST_BETWEEN:
        said = said[: _MOST_BETWEEN // 2] + said[-_MOST_BETWEEN // 2 :]
    return read_info(above, [texts[i] for i in said], texts[body.stop : body.stop + _BEHIND])


def _dated_within(page: Judged, body: Body) -> Found | None:
    """The day below the signature, else the one above the text, where the page tells no other."""
    last = range(body.stop - 1, max(body.start, body.stop - 1 - _SIGNATURE), -1)
    first = range(body.start, min(body.stop, body.start + _SIGNATURE))
    for where, near in (("signature", last), ("body", first)):
        for index in near:
            is_day = page.kinds[index] is Kind.DAY and not is_own_day(page.lines[index].text)
            if is_day and (date := find_date([page.lines[index].text])):
                return Found(date, where)
    return None


def _published(shown: Found | None, claims: Claims) -> Found | None:
    """The visible date; the claimed one where none is visible, or where it says the same more exactly.

    A claimed midnight is a day that a CMS printed with a clock; `06/02/2022` is June or February, as the claim says.
    """
    claimed = find_date([claims.published]) if claims.published else None
    if shown is None or claimed is None:
        return shown or (Found(claimed, "meta") if claimed else None)
    is_finer = _day(claimed) == _day(shown.text) and _CLOCK.search(claimed) and not _CLOCK.search(shown.text)
    is_settled = _DAY_OR_MONTH_FIRST.match(shown.text) and sorted(_day(claimed)) == sorted(_day(shown.text))
    return Found(claimed, "meta") if is_finer or is_settled else shown


def _settled(printed: Found | None, page: Judged) -> Found | None:
    text = settled(printed.text, (line.text for line in page.lines)) if printed else None
    return Found(text, printed.where) if printed and text else None


def _refused(printed: Found | None, published: Found | None) -> Iterator[Problem]:
    if printed and published is None:
        detail = f"{printed.text}: nothing on the page tells the day from the month"
        yield Problem(field="published_on", code="unreadable", detail=detail)


def _day(date: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _DIGITS.findall(date)[:3])


def _disagreements(title: Found | None, shown: Found | None, claims: Claims, listed: str | None) -> Iterator[Problem]:
    for said, who in ((listed, "the list"), (claims.title, "its meta tag")):
        if said and title and not _alike(title.text, said):
            yield Problem(field="title", code="disagrees", detail=f"{who} says {said}, the page {title.text}")
    claimed = find_date([claims.published]) if claims.published else None
    if shown and claimed and _day(shown.text) != _day(claimed):
        detail = f"its meta tag says {claimed}, the page {shown.text}"
        yield Problem(field="published_on", code="disagrees", detail=detail)


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
