"""An article page of any site: title, date, author, source, views and body, each with where it was read.

What a CMS family declares decides where it does (the body's container, what only its marks say), else structure.
Meta tags are cross-checked with what is visible; where the two disagree the visible page wins, with a problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lxml import etree

from crawler.pages import Hints
from crawler.pages.attachments import linked_files
from crawler.pages.body.confidence import WORDLESS, confidence
from crawler.pages.body.cutting import cut, lines_cut
from crawler.pages.body.declared import declared_body
from crawler.pages.body.find import Body, find_body, revealed
from crawler.pages.body.headed import headed, with_subtitles
from crawler.pages.body.held import says_little, with_held
from crawler.pages.body.judging import Judged, judge
from crawler.pages.body.kinds import Kind
from crawler.pages.body.known import known_blocks
from crawler.pages.body.lines import read_lines
from crawler.pages.body.wordless import find_wordless, linked_beside
from crawler.pages.head.breadcrumb import read_trail
from crawler.pages.head.heading import Heading, find_heading, nearest_heading, titled
from crawler.pages.head.info import Found, read_info
from crawler.pages.head.meta_tags import read_claims
from crawler.pages.head.slashed import ordered
from crawler.pages.hidden import hideable
from crawler.pages.page import Page, PageError, squeeze, tidy, words
from crawler.pages.parts import error_shown, goes_on, hidden_parts
from crawler.pages.written import written_out
from pipelines.record import Attachment, Problem, Witness
from pipelines.text.dates import ranked

_NOT_SHOWN = frozenset({"signature", "body"})  # days of the text itself do not speak for an article's head
LOW_CONFIDENCE = 0.5
"""Below this the body is reported as doubtful: it is more likely to be wrong than right."""


@dataclass(frozen=True, slots=True)
class Article:
    """What was read. `body_html` holds the body's element without what is no part of it.

    `page_number`: what the page prints behind its title, such as `(2)`, and `title` leaves out; else empty.

    `dates`: every day that the page says, the most trusted first (`pipelines.text.dates.WEIGHTS`).

    `confidence` is an estimate, 0 to 1, that the body is the right block of the page (calibrated by
    `benchmarks yardstick`); below `LOW_CONFIDENCE` a problem says so. None where the container was declared.
    """

    title: Found | None
    page_number: str
    dates: tuple[Witness, ...]
    author: Found | None
    source: Found | None
    views: Found | None
    breadcrumb: str | None
    column_urls: tuple[str, ...]
    body_html: str
    attachments: tuple[Attachment, ...]
    next_part: str | None
    confidence: float | None
    problems: tuple[Problem, ...]

    @property
    def published(self) -> Found | None:
        """The most trusted of the dates."""
        return Found(self.dates[0].text, self.dates[0].where) if self.dates else None


def read(page: Page, hints: Hints | None = None) -> Article:
    """Read an article page of any site. The page stays as it is.

    Raises:
        PageError: no container is declared, no element of the page holds more prose than menus, nor does its title
            head pictures or files; or the declared container stands where nothing is shown.
    """
    page, hints = _written(page, hints or Hints())
    marked = hideable(page.root)
    hidden = hidden_parts(marked)
    claims, judged, shown = read_claims(page), *_judged(page, hints, marked, hidden)
    if hints.body is not None and hints.body not in judged.spans:
        raise PageError(f"{page.url}: no body: its container stands in a form field, a template or the like")
    trail = read_trail(page, judged.lines)
    names = [*hints.known_names, *(trail.names if trail else ())]
    named = [text for text in (hints.listed_title, claims.title, _document_title(page)) if text]
    heading = _heading(judged, named, names, hints)
    body, heading, certainty = _body(page, judged, heading, names, hints.body)
    title = Found(heading.text, "heading") if heading else _claimed_title(named, names)
    info = read_info(judged, body, heading)
    dates = ordered((*_published_first(info.dates, hints), *claims.dates), [line.text for line in judged.lines])
    if hints.body is None and certainty is None:
        is_dated = any(date.where not in _NOT_SHOWN for date in info.dates)
        certainty = confidence(judged, body, heading, has_date=is_dated)
    source = _found(hints.source, "marks") or info.source
    claimed_author, claimed_source = _claim(claims.author), _claim(claims.source)
    following = goes_on(page, judged, body, hints.part, is_joined=bool(hidden), is_turned=hints.is_long)
    kept = cut(judged, body, shown, hints.skipped)
    trail_text = trail.text if trail else None
    return Article(
        title=title,
        page_number=heading.number if heading else "",
        dates=tuple(ranked(dates)),
        author=info.author or _found(claimed_author, "meta"),
        source=source or _found(claimed_source, "meta"),
        views=info.views or _found(hints.views, "marks"),
        breadcrumb=trail_text,
        column_urls=trail.urls if trail else (),
        body_html=etree.tostring(kept, encoding="unicode", method="html", with_tail=False),
        attachments=linked_files(page, _file_holders(judged, body, heading, hints)),
        next_part=following.url,
        confidence=certainty,
        problems=(
            *_disagrees("title", title, hints.listed_title, "the list says"),
            *_disagrees("title", title, claims.title),
            *_disagrees("source", source, claimed_source),
            *_disagrees("author", info.author, claimed_author),
            *_column_disagrees(trail_text, claims.column),
            *lines_cut(judged, body),
            *_doubts(judged, body, certainty, following.missing),
        ),
    )


def _written(page: Page, hints: Hints) -> tuple[Page, Hints]:
    """The page with what its scripts write into it, and the hints on that page."""
    written, copies = written_out(page)
    if written is page:
        return page, hints
    body = None if hints.body is None else copies[hints.body]
    skipped, files = ([copies[node] for node in nodes] for nodes in (hints.skipped, hints.files))
    return written, replace(hints, body=body, skipped=skipped, files=files)


def _judged(
    page: Page, hints: Hints, marked: Sequence[etree._Element], hidden: Sequence[etree._Element]
) -> tuple[Judged, Sequence[etree._Element]]:
    """The lines of the page, and the elements that are read although their style hides them until a script acts."""
    around = [] if hints.body is None else [hints.body, *hints.body.iterancestors()]
    shown = [*around, *revealed(marked), *hidden]
    known, skipped = known_blocks(page.url), set(hints.skipped)
    judged = judge(read_lines(page.root, hints.body, hideable=marked, shown=set(shown), skipped=skipped, known=known))
    if hints.body is None and says_little(judged) and (root := with_held(page.root)) is not None:
        marked = hideable(root)
        shown = revealed(marked)
        judged = judge(read_lines(root, hideable=marked, shown=set(shown)))
    return judged, shown


def _file_holders(page: Judged, body: Body, heading: Heading | None, hints: Hints) -> Iterator[etree._Element]:
    """Elements that may name files of the article: in its body, beside it, and where its family says."""
    for block in (*body.lead, body.node, *body.rest):
        yield from block.iter(etree.Element)
    yield from linked_beside(page, body, heading)
    yield from hints.files


def _document_title(page: Page) -> str:
    return next(map(words, page.root.iter("title")), "")


def _heading(page: Judged, named: Sequence[str], names: Sequence[str], hints: Hints) -> Heading | None:
    """The title's line; behind a declared container there is none."""
    number = hints.part if hints.part > 1 or hints.is_long or Kind.PAGER in page.kinds else None
    if number and hints.listed_title and hints.listed_title.endswith((f"({number})", f"（{number}）")):
        number = None
    if hints.body is None:
        return find_heading(page.lines, page.worths, named, names, number)
    first, end = page.spans[hints.body]
    before = find_heading(page.lines[:first], page.worths[:first], named, names, number)
    return before or find_heading(page.lines[:end], page.worths[:end], named, names, number)


def _body(
    page: Page, judged: Judged, heading: Heading | None, names: Sequence[str], declared: etree._Element | None
) -> tuple[Body, Heading | None, float | None]:
    """The body; its title, which may only be known by where the body begins; the confidence in one without words."""
    if declared is not None:
        body = declared_body(judged, declared, heading)
        heading = heading or nearest_heading(judged.lines, judged.kinds, body.start, names)
        return with_subtitles(judged, body, heading) if heading else body, heading, None
    found = find_body(judged, heading)
    if wordless := find_wordless(judged, heading, found):
        return wordless, heading, WORDLESS
    if found is None:
        raise PageError(f"{page.url}: no body: no element of the page holds more prose than menus")
    heading = heading or nearest_heading(judged.lines, judged.kinds, found.start, names)
    return headed(judged, found, heading) if heading is not None else found, heading, None


def _published_first(dates: Sequence[Witness], hints: Hints) -> Sequence[Witness]:
    """The days of the lines; that of a change is the publication's where the CMS says so and prints no other."""
    if not hints.is_updated_when_published or any(one.where in {"info", "script"} for one in dates):
        return dates
    return [replace(one, where="info") if one.where == "updated" else one for one in dates]


def _claimed_title(named: Sequence[str], names: Sequence[str]) -> Found | None:
    """The title of a page that shows none: a claim that another begins with is whole, whatever characters it has."""
    for claim, following in pairwise(named):
        if squeeze(following).startswith(squeeze(claim)):
            return Found(tidy(claim), "title")
    return Found(titled(named[0], names), "title") if named else None


def _claim(value: str | None) -> str | None:
    """A claimed author or source; templates put their maker's name or domain there, in Latin letters."""
    return value if value and not value.isascii() else None


def _found(text: str | None, where: str) -> Found | None:
    return Found(text, where) if text else None


def _disagrees(
    field: str, shown: Found | None, said: str | None, who: str = "its meta tag says"
) -> Iterator[Problem]:
    if shown and said and not _alike(shown.text, said):
        yield Problem(field=field, code="disagrees", detail=f"{who} {said}, the page {shown.text}")


def _column_disagrees(trail: str | None, column: str | None) -> Iterator[Problem]:
    if trail is not None and column and squeeze(column) not in squeeze(trail):
        detail = f"its meta tag says {column}, the breadcrumb {trail}"
        yield Problem(field="section", code="disagrees", detail=detail)


def _doubts(judged: Judged, body: Body, certainty: float | None, continued: str | None) -> Iterator[Problem]:
    if continued is not None:
        yield Problem(field="body", code="continued", detail=continued)
    if certainty is not None and certainty < LOW_CONFIDENCE:
        detail = f"confidence {certainty:.2f}: perhaps not the article's block of the page"
        yield Problem(field="body", code="low-confidence", detail=detail)
    if body.behind is not None:
        yield Problem(field="body", code="text-behind", detail=body.behind[:60])
    if error := error_shown(judged, body):
        yield Problem(field="body", code="error-shown", detail=error)


def _alike(shown: str, said: str) -> bool:
    """A list or a tag may cut a title, or add the site's name; then one begins or holds the other."""
    short, whole = sorted((squeeze(shown), squeeze(said).rstrip(".…")), key=len)
    return short in whole
