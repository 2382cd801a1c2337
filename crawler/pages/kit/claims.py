"""What a page claims about itself in `<meta>` tags, cross-checked with what it shows.

国办发〔2017〕47号 (网页设计规范) names the tags: ArticleTitle, PubDate, ContentSource, ColumnName, Author. Platforms
emit them for every site, filled or not: real pages have them empty, with stray tags, with two blanks inside a date,
or minutes off what the reader sees. So they are claims: the visible page wins, and a disagreement is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.pages.page import Page, squeeze, tidy
from pipelines.record import Problem

_TAG = re.compile(r"<[^<>]*>")
_NUMBERS = re.compile(r"\d+")
_DAY = 3


@dataclass(frozen=True, slots=True)
class Claims:
    """The filled tags; None for those that are empty or absent."""

    title: str | None = None
    published: str | None = None
    source: str | None = None
    column: str | None = None
    author: str | None = None


def claims(page: Page) -> Claims:
    """Read the meta tags of a page, in any case; of a repeated tag the first filled one counts."""
    found: dict[str, str] = {}
    for meta in page.all("//meta[@name][@content]"):
        value = tidy(_TAG.sub("", meta.get("content") or ""))
        if value:
            found.setdefault((meta.get("name") or "").strip().lower(), value)
    names = ("articletitle", "pubdate", "contentsource", "columnname", "author")
    return Claims(*(found.get(name) for name in names))


@dataclass(frozen=True, slots=True)
class Agreed:
    """A value, and the problem when page and claim disagree about it."""

    value: str | None
    problems: tuple[Problem, ...] = ()


def agree(field: str, shown: str | None, claimed: str | None) -> Agreed:
    """What the page shows, else what it claims; a disagreement is told."""
    if not shown or not claimed:
        return Agreed(shown or claimed or None)
    one, other = squeeze(shown), squeeze(claimed)
    if one == other:
        return Agreed(shown)
    return Agreed(shown, (_disagreement(field, shown, claimed),))


def agree_on_date(shown: str | None, claimed: str | None) -> Agreed:
    """The date shown, else the claim; of the same day in more detail, the claim."""
    if not shown or not claimed:
        return Agreed(shown or claimed or None)
    one, other = ([number.lstrip("0") for number in _NUMBERS.findall(text)] for text in (shown, claimed))
    common = min(len(one), len(other))
    if common < _DAY or one[:common] != other[:common]:
        return Agreed(shown, (_disagreement("published_on", shown, claimed),))
    return Agreed(claimed if len(other) > len(one) else shown)


def _disagreement(field: str, shown: str, claimed: str) -> Problem:
    return Problem(field=field, code="disagrees", detail=f"the page shows {shown}, its meta tag claims {claimed}")
