"""The addresses KesionCMS makes: which article or list page a URL names, in every spelling of it.

Keys and paths are case-insensitive, their order is free, `ID` is an alias of `d` (Kesion.CommonCls.asp GetItemURL).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

_SHOW = re.compile(r"(?P<prefix>.*/)item/show\.asp", re.IGNORECASE)
_LIST = re.compile(r"(?:.*/)item/list\.asp", re.IGNORECASE)
_THREAD = re.compile(r"thread-(?P<id>\d+)-(?P<model>\d+)(?:-(?P<part>\d+))?(?:\.s?html?)?", re.IGNORECASE)
_REWRITTEN_LIST = re.compile(r"list-(?P<id>\d+)(?:-(?P<page>\d+))?(?:\.s?html?)?", re.IGNORECASE)
ARTICLE_MODEL = 1


@dataclass(frozen=True, slots=True)
class ArticleAddress:
    """An article: (model, number) is its identity, `part` its page from 1, `canonical` one spelling of it."""

    model: int
    number: int
    part: int
    canonical: str

    @property
    def native_id(self) -> str:
        """`4864` in the article model, `101-4864` in a copy of it: KesionCMS counts ids per model."""
        return str(self.number) if self.model == ARTICLE_MODEL else f"{self.model}-{self.number}"


@dataclass(frozen=True, slots=True)
class ListAddress:
    """A page of a class (column); page 1 has no page number in its address."""

    class_id: int
    page: int


def article_address(url: str, static_article: re.Pattern[str] | None = None) -> ArticleAddress | None:
    """Read an article's address; None when the URL names no article.

    Args:
        url: absolute URL.
        static_article: for sites that publish files, the profile's pattern with the named group `id` and, if parts
            have files of their own, `part`; matched against the path.
    """
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if match := _SHOW.fullmatch(parts.path):
        return _dynamic(f"{origin}{match['prefix']}", _query(parts.query))
    for place in (parts.query, parts.path.rpartition("/")[2]):
        if match := _THREAD.fullmatch(place):
            folder = origin + parts.path.rpartition("/")[0]
            mark = "?" if place == parts.query else ""
            canonical = f"{folder}/{mark}thread-{match['id']}-{match['model']}.html"
            return ArticleAddress(int(match["model"]), int(match["id"]), int(match["part"] or 1), canonical)
    if static_article and (match := static_article.search(parts.path)):
        named = match.groupdict()
        part = named.get("part")
        path = parts.path
        first = path[: match.start("part")].rstrip("_-") + path[match.end("part") :] if part else path
        return ArticleAddress(ARTICLE_MODEL, int(named["id"]), int(part or 1), origin + first)
    return None


def _dynamic(folder: str, query: dict[str, str]) -> ArticleAddress | None:
    model, number = _number(query.get("m")), _number(query.get("d", query.get("id")))
    if not model or not number:
        return None
    canonical = f"{folder}Item/Show.asp?m={model}&d={number}"
    return ArticleAddress(model, number, _number(query.get("p")) or 1, canonical)


def list_address(url: str) -> ListAddress | None:
    """Read the address of a page of a class; None when the URL names none, or page 0 (a link KesionCMS prints)."""
    parts = urlsplit(url)
    query = _query(parts.query)
    if _LIST.fullmatch(parts.path):
        class_id, page = _number(query.get("id")), _number(query.get("page", "1"))
        return ListAddress(class_id, page) if class_id and page else None
    for place in (parts.query, parts.path.rpartition("/")[2]):
        if match := _REWRITTEN_LIST.fullmatch(place):
            return ListAddress(int(match["id"]), int(match["page"] or 1))
    return None


def column_id(url: str) -> str | None:
    """Identity of the class a list address names."""
    address = list_address(url)
    return str(address.class_id) if address else None


def query_of(url: str) -> dict[str, str]:
    """Query of a URL with lower-case keys, first value of each."""
    return _query(urlsplit(url).query)


def _query(query: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        pairs.setdefault(key.lower(), value)
    return pairs


def _number(value: str | None) -> int | None:
    """The positive number of a key; quotes are ignored as KesionCMS ignores them."""
    text = (value or "").strip(" '\"")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 and int(text) > 0 else None
