"""Addresses on a site of unknown make: which are articles, what identifies one, which name the same column.

Identity is the address: its path without the first slash and the ending `.html`, `/` written as `-`
(`/info/1005/3889.htm` is `info-1005-3889`); with a query, or signs other than letters, digits, `_` and `.`, the first
twelve hex digits of the SHA-256 of path and query follow. A profile's `static_article` pattern, where given, names a
shorter identity by its group `id`.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import SplitResult, urlsplit

_ENDING = re.compile(r"\.(?:s?html?|jhtml)$", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_./]+")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.]+")
_LONGEST = 80
_LIST_NAME = re.compile(r"(?:index|list|default|main|home|more)\d*(?:[_-]\d+)*|node_\d+", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|dps|ofd|txt|rtf|csv|zip|rar|7z|jpe?g|png|gif|bmp|webp|svg|mp[34]|wm[av]|flv|avi"
    r"|css|js|xml|rss|exe|apk|ico)$",
    re.IGNORECASE,
)
_LIST_PAGE = re.compile(r"(?:index|list|default)(?:[_-]\d+)?$|(?<=[^/])[_-]\d{1,4}$", re.IGNORECASE)


def native_id(url: str, static_article: re.Pattern[str] | None = None) -> str | None:
    """Identity of the article an address names; None for home pages, lists and files."""
    parts = _split(url)
    if parts is None:
        return None
    if static_article and (match := static_article.search(parts.path)):
        return match["id"]
    name = parts.path.rpartition("/")[2]
    if _FILE.search(name) or _LIST_NAME.fullmatch(name.partition(".")[0]):
        return None
    if not any(map(str.isdigit, name + parts.query)) and not _ENDING.search(name):
        return None
    path = _ENDING.sub("", parts.path).strip("/")
    return _identity(path, parts.query)


def _identity(path: str, query: str) -> str:
    plain = _NOT_PLAIN.sub("-", path).strip("-.")
    if _PLAIN.fullmatch(path) and not query and len(plain) <= _LONGEST:
        return plain
    digest = hashlib.sha256(f"{path}?{query}".encode()).hexdigest()[:12]
    return f"{plain[:_LONGEST]}-{digest}".lstrip("-")


def canonical(url: str) -> str:
    """The address without fragment."""
    return urlsplit(url)._replace(fragment="").geturl()


def column_id(url: str) -> str | None:
    """Identity of the column an address of a list names: the same for all its pages; None for a home page."""
    parts = _split(url)
    if parts is None:
        return None
    path = _LIST_PAGE.sub("", _ENDING.sub("", parts.path)).strip("/")
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _names_page(pair))
    return f"{path}?{query}" if query else path or None


def _names_page(pair: str) -> bool:
    return re.match(r"(?:page\w*|p|pn|cur\w*|\w*page(?:no|num|index)?)=", pair, re.IGNORECASE) is not None


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
