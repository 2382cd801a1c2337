"""Addresses of articles and columns: which is an article, what identifies it, which name the same column.

A family of CMS gives patterns over the path (`address_by_path`). On a site of unknown make identity is the address:
its path without the first slash and the ending `.html`, `/` written as `-` (`/info/1005/3889.htm` is
`info-1005-3889`); with a query, or characters other than letters, digits, `_` and `.`, the first twelve hex digits of
the SHA-256 of path and sorted query follow. What is no identity is left out (crawler/pages/plain.py), as are folders
that show the same to phones (`/html/mobile/`, `/html/main/`). An article that its CMS named by a GUID has that as its
identity, in any folder. A profile's `static_article` pattern, where given, names a shorter one by its group `id`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from crawler.pages.plain import Pairs, lasting, names_article, names_column, one_device, plain, plain_parts, telling

_ENDING = re.compile(r"\.(?:s?html?|jhtml)$", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_./]+")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.]+")
_LONGEST = 80  # characters of an identity that is the address itself
_LIST_NAME = re.compile(
    r"(?:index|list|default|main|home|more)\d*(?:[_-]\d+)*|(?:node|channel)(?:_\d+)+", re.IGNORECASE
)
FILES = (
    "docx?|docm|xlsx?|pptx?|ppsx?|pdf|wps|et|dps|ofd|ceb|cebx|txt|rtf|csv|zip|rar|7z|tar|gz|epub|caj"
    "|jpe?g|png|gif|bmp|webp|tiff?|heic|mp[34]|m4[av]|mov|mkv|webm|wm[av]|wav|ogg|amr|flv|f4v|swf|avi|rmvb?|3gp|m3u8"
)
"""Endings of documents, pictures, recordings and archives: an alternation."""
_FILE = re.compile(rf"\.(?:{FILES}|svg|css|js|xml|rss|exe|apk|ico)$", re.IGNORECASE)
_LIST_PAGE = re.compile(
    r"(?:index|list|default)(?:[_-]\d+)?$|(?:index|default)\.(?:aspx?|php|jspx?|do)$|(?<=[^/])[_-]\d{1,4}$",
    re.IGNORECASE,
)
# Programs and folders that show columns; a flip book's page is no article either.
_OF_LISTS = re.compile(
    r"\w*?[_-]?lists?(?:info)?|(?:show|news|info|article)?_?(?:class|category|columns?|channel|catalog|special\w*|more)"
    r"|\w*search|more\w*",
    re.IGNORECASE,
)
_COLUMN_ID = r"(?:[ctl]|cate?|col|class|type|column|channel)_?id"
_LIST_PATH = re.compile(
    r"/(?:channels?|categor(?:y|ies)|columns?|col|class|\w*lists?|node|lm|search|tags?)/(?:index/)?(?:\w*id/)?\d+$"
    rf"|^(?!.*/(?:a|art|article|news)?_?id/\d).*/{_COLUMN_ID}/\d+$|/\w*sorthtml/|[^/]/p(?:age)?/\d+$"
    r"|/news/\d+\.aspx$|/basic-html/page\d+$",
    re.IGNORECASE,
)
_SHOWS = re.compile(r"(?:show|view|detail|content|article|info|read|thread|disp)", re.IGNORECASE)
_ITS_OWN = re.compile(
    r"(?:\w*(?:news|article|art|arc|content|info|doc|item|detail|archive|msg|wz|xx)|a|n|str)_?(?:id|no|guid)",
    re.IGNORECASE,
)
"""Keys that name an article, whatever the program is called."""
_GUID = re.compile(r"(?:%7B)?([0-9A-F]{8}(?:-?[0-9A-F]{4}){3}-?[0-9A-F]{12})(?:%7D)?", re.IGNORECASE)
_LISTS = frozenset({"list", "lists", "category", "column", "channel", "class", "search"})


def native_id(url: str, static_article: re.Pattern[str] | None = None) -> str | None:
    """Identity of the article an address names; None for home pages, lists and files."""
    parts = plain_parts(url)
    if not parts.scheme:
        return None
    if static_article and (match := static_article.search(parts.path)):
        return match["id"]
    query = telling(parts)
    if _is_list(parts.path, query):
        return None
    path = one_device(parts.path)
    name = path.rpartition("/")[2]
    if _FILE.search(name) or (not query and not any(map(str.isdigit, name)) and not _ENDING.search(name)):
        return None
    naming = [value for key, value in query if not names_column(key)] if query else [_ENDING.sub("", name)]
    if len(naming) == 1 and (guid := _GUID.fullmatch(naming[0])):
        return guid[1].lower()
    path, asked = _ENDING.sub("", path).strip("/"), "&".join(sorted(f"{key.lower()}={value}" for key, value in query))
    plain_path = _NOT_PLAIN.sub("-", path).strip("-.")
    if _PLAIN.fullmatch(path) and not query and len(plain_path) <= _LONGEST:
        return plain_path
    digest = hashlib.sha256(f"{path}?{asked}".encode()).hexdigest()[:12]
    return f"{plain_path[:_LONGEST]}-{digest}".lstrip("-")


def _is_list(path: str, query: Pairs) -> bool:
    """True for a home page and for a column: by its name, or because nothing in the query names an article."""
    folder, _, file = path.rpartition("/")
    name = file.partition(".")[0] or folder.rpartition("/")[2]
    is_index = _LIST_NAME.fullmatch(name) is not None
    if any(_ITS_OWN.fullmatch(key) and value for key, value in query):
        return False
    if _LIST_PATH.search(_ENDING.sub("", path)) or (not query and is_index):
        return True
    if _OF_LISTS.fullmatch(name) or (query and any(value.lower() in _LISTS for _, value in query)):
        return True
    if not query or (names_article(path, ()) and not is_index):
        return False
    is_numbered = any(map(str.isdigit, "".join(value or key for key, value in query)))
    return not names_article(path, query) and not (_SHOWS.search(name) and is_numbered)


def is_file(url: str) -> bool:
    """True for the address of a file that is no page: a document, a picture, an archive."""
    return _FILE.search(plain_parts(url).path) is not None


def canonical(url: str) -> str:
    """The one address kept of an article: without sessions, cache-busters and fragment."""
    return plain(url)


def column_id(url: str) -> str | None:
    """Identity of the column an address of a list names: the same for all its pages; None for a home page."""
    parts = plain_parts(url)
    path = _LIST_PAGE.sub("", _ENDING.sub("", one_device(parts.path))).strip("/")
    query = "&".join(sorted("=".join(pair).lower() for pair in lasting(parts)))
    return f"{path}?{query}" if query else path or None


@dataclass(frozen=True, slots=True)
class ArticleAddress:
    """An article: `native_id` is its identity, `part` its page from 1, `canonical` the one address kept of it."""

    native_id: str
    part: int
    canonical: str


def address_by_path(url: str, patterns: Iterable[re.Pattern[str]], first_number: int = 2) -> ArticleAddress | None:
    """The article a path names; None when no pattern matches.

    Args:
        url: absolute URL; its query and fragment say nothing.
        patterns: over the whole path, with the group `id` and, if parts have files of their own, `part`.
        first_number: the number in the name of the second part's file: `_2` in most families, `_1` in TRS.
    """
    parts = plain_parts(url)
    for pattern in patterns:
        if match := pattern.search(parts.path):
            path, number = parts.path, match.groupdict().get("part")
            if number:
                path = path[: match.start("part")].rstrip("_-") + path[match.end("part") :]
            part = int(number) + 2 - first_number if number else 1
            return ArticleAddress(match["id"], part, f"{parts.scheme}://{parts.netloc}{path}")
    return None


def folders(path: str) -> tuple[str, ...]:
    """A folder and those around it, innermost first: `a/b/c`, `a/b`, `a`."""
    names = [name for name in path.split("/") if name]
    return tuple("/".join(names[:end]) for end in range(len(names), 0, -1))
