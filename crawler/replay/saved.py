"""Saved pages: files as saved by browsers and wget, and the articles in WARC files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from scrapy.http import Headers
from scrapy.responsetypes import responsetypes

from crawler.http.decode import as_text
from crawler.http.netloc import Server
from pipelines.decoding import decoded
from pipelines.untrusted import whole
from pipelines.values import frozen
from pipelines.warc.http import HttpResponse, NotDecodable
from pipelines.warc.record_reader import records
from pipelines.warc.records import WarcRecord

_WARC, _WEB = ".warc.gz", ("http:", "https:")
# Comment that browsers write above a saved page (MSDN "Mark of the Web").
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(https?://[^\s<>]{1,2000})\s*-->")
_LOOKED_AT = 2_048
_LARGEST = 32 << 20
"""Largest saved page in bytes, as in a crawl (DOWNLOAD_MAXSIZE)."""


@frozen
class SavedPage:
    """One page: its file, its address and the moment of its capture where these are known.

    `broken` says why there is no text.
    """

    file: str
    url: str | None
    text: str
    status: int = 200
    captured_at: datetime | None = None
    broken: str | None = None


def saved_pages(file: str, is_article: Callable[[str], bool]) -> Iterator[SavedPage]:
    """The pages of a file: itself, or of a WARC file every answer with the address of an article.

    For a file that cannot be read to its end, the last page is a broken one.
    """
    try:
        if file.endswith(_WARC):
            yield from _captured_pages(file, is_article)
        else:
            body = whole(Path(file).resolve(), _LARGEST)
            named = _SAVED_FROM.search(body, 0, _LOOKED_AT)
            yield SavedPage(file, named[1].decode("ascii", "replace") if named else None, decoded(body, None))
    except OSError as error:
        yield SavedPage(file, None, "", broken=error.strerror or str(error))
    except ValueError as error:  # also `WarcDamaged`
        yield SavedPage(file, None, "", broken=str(error))


def _captured_pages(file: str, is_article: Callable[[str], bool]) -> Iterator[SavedPage]:
    for place, record in records(Path(file).resolve()):
        url = record.target_uri
        if record.type != "response" or not url:
            continue
        try:
            _check_address(url)
            page = _captured(file, url, record) if is_article(url) else None
        except ValueError as error:
            # Addresses and dates in a foreign file may be invalid.
            page = SavedPage(file, None, "", broken=f"the record at {place.offset}: {error}")
        if page is not None:
            yield page


def _check_address(url: str) -> None:
    """Raise `ValueError` for an invalid http(s) address; other records are not pages."""
    if url.startswith(_WEB) and Server.of(url) is None:
        raise ValueError(f"{url[:200]!r} is no address")


def _captured(file: str, url: str, record: WarcRecord) -> SavedPage | None:
    """The page in a record; None for a redirect."""
    answer = HttpResponse.parse(record.block)
    if 300 <= answer.status < 400:
        return None
    try:
        body = answer.entity()
    except NotDecodable as error:
        return SavedPage(file, url, "", broken=str(error))
    headers = Headers({"Content-Type": answer.get("Content-Type") or ""})
    made = responsetypes.from_args(headers=headers, url=url, body=body)
    response = as_text(made(url, status=answer.status, headers=headers, body=body))
    if response is None:
        return SavedPage(file, url, "", broken=f"is no text: {answer.get('Content-Type')}")
    return SavedPage(file, url, response.text, answer.status, datetime.fromisoformat(record.date))
