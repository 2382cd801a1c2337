"""What a page claims about itself: the government's meta tags, Open Graph, JSON-LD, `<time>`, named variables.

The tags `ArticleTitle`, `PubDate` … are those of 政府网站发展指引 (国办发〔2017〕47号). Claims, not facts: empty,
stale and other pages' values are common (TRS pages leave PubDate empty on one page of five).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawler.pages.page import Page, named, tidy
from crawler.pages.written import inline_scripts, set_in
from pipelines.record import Witness
from pipelines.text.dates import leading_date
from pipelines.text.placeholders import says_nothing

_NAMES = {
    "title": ("articletitle", "og:title"),
    "source": ("contentsource", "og:article:source"),
    "author": ("author", "og:article:author"),
    "column": ("columnname",),
}
_PUBLISHED = (
    "pubdate publishdate publish-date publish_date pubtime publishtime datepublished og:release_date "
    "og:published_time article:published_time bytedance:published_time weibo:article:create_at "
    "dcterms.issued dc.date.issued"
).split()
_MARKUP = re.compile(r"<[^<>]*>")
_JSON_DATE = re.compile(r"\"(?:datePublished|pubDate)\"\s*:\s*\"?([^\",}\n]{4,60})")
_VARIABLE = re.compile(
    r"(?:.*\.)?(?:pub(?:lish)?(?:ed)?_?(?:date|data|time|at|on)|(?:release|issue)_?(?:date|time))",
    re.IGNORECASE | re.ASCII,
)
_ATTRIBUTE = re.compile(r"data-(?:pub(?:lish)?(?:ed)?|release)-?_?(?:date|time|at)")
_PLAIN_ATTRIBUTE = frozenset({"data-time", "data-date", "data-timestamp"})
_CALLS_ITSELF_TIME = re.compile(r"time|date|pub|riqi|shijian", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claims:
    """The first non-empty value of each kind of claim, None where there is none; and every day the page claims."""

    title: str | None
    source: str | None
    author: str | None
    column: str | None
    dates: tuple[Witness, ...]

    @property
    def published(self) -> str | None:
        """The day in the meta tags alone."""
        return next((one.text for one in self.dates if one.where == "meta"), None)


def read_claims(page: Page) -> Claims:
    """Read the meta tags of a page, and the days that JSON-LD, `<time>`, attributes and variables name."""
    said: dict[str, str] = {}
    for tag in page.root.iter("meta"):
        name = (tag.get("name") or tag.get("property") or tag.get("itemprop") or "").strip().lower()
        if value := tidy(_MARKUP.sub("", tag.get("content") or "")):
            said.setdefault(name, value)
    first = {kind: next((said[n] for n in names if n in said), None) for kind, names in _NAMES.items()}
    return Claims(**first, dates=tuple(_dates(page, [said[name] for name in _PUBLISHED if name in said])))


def _dates(page: Page, tags: Iterable[str]) -> Iterator[Witness]:
    """The first tag of publication that says something; of the rest each kind that names one day and no other."""
    tag = next((value for value in tags if not says_nothing(value)), None)
    if tag is not None:
        yield Witness(where="meta", text=tag)
    kinds = {"json-ld": _in_json(page), "time": _in_elements(page), "variable": _in_scripts(page)}
    for where, values in kinds.items():
        dates = {value for value in values if leading_date(value) == len(value)}
        if len(dates) == 1:
            yield Witness(where=where, text=dates.pop())


def _in_json(page: Page) -> Iterator[str]:
    for node in page.root.iter("script"):
        if "json" in (node.get("type") or ""):
            yield from (tidy(value) for value in _JSON_DATE.findall(node.text or ""))


def _in_elements(page: Page) -> Iterator[str]:
    times = [time for time in page.root.iter("time") if time.get("datetime") is not None]
    published = [time for time in times if time.get("pubdate") is not None or time.get("itemprop") == "datePublished"]
    yield from (tidy(time.get("datetime") or "") for time in published or times)
    for node in page.all("//*[@*[starts-with(name(), 'data-')]]") if page.mentions("data-") else ():
        for name, value in node.items():
            is_time = name in _PLAIN_ATTRIBUTE and _CALLS_ITSELF_TIME.search(named(node))
            if is_time or _ATTRIBUTE.fullmatch(str(name)):
                yield tidy(str(value))


def _may_say_when(script: str) -> bool:
    return "pub" in script or "release" in script or "issue" in script


def _in_scripts(page: Page) -> Iterator[str]:
    texts = [text for _, text in inline_scripts(page) if _may_say_when(text.lower())]
    return (tidy(value) for name, value in set_in(texts).items() if _VARIABLE.fullmatch(name))
