"""What pages call a speech in their links to it: a title, or as much of one as there was room for."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pipelines.canonical import local_part
from pipelines.warc.http import NotDecodable
from pipelines.warc.masking import searched
from pipelines.warc.words import FEWEST, bare, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from pipelines.warc.records import WarcRecord

_LINK = re.compile(r"<a\s([^<>]{0,2000})>(.{0,2000}?)</a", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s]+)", re.IGNORECASE)
_TITLE = re.compile(r"\btitle\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def linked_texts(record: WarcRecord, urls: Set[str]) -> Iterator[str]:
    """The words of links on a page to one of `urls` (path and query), and their `title`.

    Short ones (详细) are left out: they stand in other links as well.
    """
    if record.type != "response":
        return
    try:
        page = decoded(searched(record))
    except NotDecodable:
        return
    for link in _LINK.finditer(page):
        href = _HREF.search(link[1])
        if href is None or _target(record.target_uri or "", html.unescape(href[1])) not in urls:
            continue
        shown = (html.unescape(_TAG.sub("", link[2])), *map(html.unescape, _TITLE.findall(link[1])))
        yield from (text for text in shown if len(bare(text)) >= FEWEST)


def _target(page: str, href: str) -> str | None:
    """Path and query of a link on a page; null when it is no address."""
    try:
        return local_part(urljoin(page, href))
    except ValueError:
        return None
