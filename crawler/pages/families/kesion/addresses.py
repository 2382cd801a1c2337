"""The addresses KesionCMS makes: which article or list page a URL names, in every spelling of it.

Keys and paths are case-insensitive, their order is free, `ID` is an alias of `d` (Kesion.CommonCls.asp GetItemURL). A
site may publish files instead; then `index.html` is the newest page of a list and the others count from the end:
`index_1.html` is the oldest (RefreshFunction).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from crawler.pages.addresses import ArticleAddress
from crawler.pages.plain import plain_parts
from pipelines.text.remembered import remembered

_SHOW = re.compile(r"(?P<prefix>.*/)item/show\.asp", re.IGNORECASE)
_LIST = re.compile(r"(?:.*/)item/list\.asp", re.IGNORECASE)
_THREAD = re.compile(
    r"thread-(?P<id>\d{1,11})-(?P<model>\d{1,11})(?:-(?P<part>\d{1,4}))?(?:\.s?html?)?", re.IGNORECASE
)
_REWRITTEN_LIST = re.compile(r"list-(?P<id>\d{1,11})(?:-(?P<page>\d{1,6}))?(?:\.s?html?)?", re.IGNORECASE)
_LIST_FILE = re.compile(r"(?P<folder>/.+/)(?:index(?:_(?P<number>\d{1,6}))?\.(?:s?html?|asp))?", re.IGNORECASE)
_ANSWER = re.compile(r"/item/ajaxpage\.asp(?:\?|$)", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
ARTICLE_MODEL = 1


@dataclass(frozen=True, slots=True)
class KesionAddress(ArticleAddress):
    """An article; `key` is (model, number) as the scripts name it, None for a file, whose name need not say."""

    key: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class ListAddress:
    """A page of a column (class); page 1 has no page number in its address.

    `page` is None for a list file: its number counts from the end, and only the newest page knows how many there are.
    """

    column: str
    page: int | None
    from_end: int | None = None


@remembered(1_024)
def article_address(url: str, static_article: re.Pattern[str] | None = None) -> KesionAddress | None:
    """Which article a URL names; None when it names none.

    Args:
        url: absolute URL.
        static_article: for a site that publishes files, the profile's pattern over the path with the named group `id`
            and, if parts have files of their own, `part`. Only such a site has folders for columns.
    """
    parts = plain_parts(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if match := _SHOW.fullmatch(parts.path):
        return _dynamic(f"{origin}{match['prefix']}", query_of(url))
    for place in (parts.query, parts.path.rpartition("/")[2]):
        if match := _THREAD.fullmatch(place):
            folder = origin + parts.path.rpartition("/")[0]
            mark = "?" if place == parts.query else ""
            canonical = f"{folder}/{mark}thread-{match['id']}-{match['model']}.html"
            return _scripted(int(match["model"]), int(match["id"]), int(match["part"] or 1), canonical)
    return _file(origin, parts.path, static_article)


@remembered(1_024)
def list_address(url: str, static_article: re.Pattern[str] | None = None) -> ListAddress | None:
    """Which page of which column a URL names; None when it names none, or page 0 (a link KesionCMS prints)."""
    parts = plain_parts(url)
    if _LIST.fullmatch(parts.path):
        query = query_of(url)
        class_id, page = _number(query.get("id")), _number(query.get("page", "1"))
        return ListAddress(str(class_id), page) if class_id and page else None
    for place in (parts.query, parts.path.rpartition("/")[2]):
        if match := _REWRITTEN_LIST.fullmatch(place):
            return ListAddress(match["id"], int(match["page"] or 1))
    if static_article is None or (match := _LIST_FILE.fullmatch(parts.path)) is None:
        return None
    number = match["number"]
    return ListAddress(match["folder"], None if number else 1, int(number) if number else None)


def _dynamic(folder: str, query: dict[str, str]) -> KesionAddress | None:
    model, number = _number(query.get("m")), _number(query.get("d", query.get("id")))
    if not model or not number:
        return None
    canonical = f"{folder}Item/Show.asp?m={model}&d={number}"
    return _scripted(model, number, _number(query.get("p")) or 1, canonical)


def _scripted(model: int, number: int, part: int, canonical: str) -> KesionAddress:
    """`4864` in the article model, `101-4864` in a copy of it: KesionCMS counts ids per model."""
    native_id = str(number) if model == ARTICLE_MODEL else f"{model}-{number}"
    return KesionAddress(native_id, part, canonical, (str(model), str(number)))


def _file(origin: str, path: str, static_article: re.Pattern[str] | None) -> KesionAddress | None:
    """An article file; an id that spans folders (`201801/13134601`) is written with hyphens."""
    match = static_article.search(path) if static_article else None
    if match is None:
        return None
    named = match.groupdict()
    part, found = named.get("part"), named["id"]
    first = path[: match.start("part")].rstrip("_-") + path[match.end("part") :] if part else path
    number = _number(part) if part else 1
    bare = (found.lstrip("0") or "0") if found.isascii() and found.isdigit() else _UNSAFE.sub("-", found)
    return KesionAddress(bare, number, origin + first, None) if number else None


def list_file(url: str, number: int) -> str:
    """The address of another list file of the same column: the page `number` from the end."""
    parts = plain_parts(url)
    folder, _, name = parts.path.rpartition("/")
    extension = name.rpartition(".")[2] or "html"
    return parts._replace(path=f"{folder}/index_{number}.{extension}", query="", fragment="").geturl()


def is_answer(url: str) -> bool:
    """True for an address that answers with rows."""
    return bool(_ANSWER.search(url))


def query_of(url: str) -> dict[str, str]:
    """Query of a URL with lower-case keys, first value of each."""
    pairs: dict[str, str] = {}
    for key, value in parse_qsl(plain_parts(url).query, keep_blank_values=True):
        pairs.setdefault(key.lower(), value)
    return pairs


def _number(value: str | None) -> int | None:
    """The positive number of a key; quotes are ignored as KesionCMS ignores them."""
    text = (value or "").strip(" '\"")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 and int(text) > 0 else None
