"""Whether an answer is stored already: a record of the same address from which nothing else could be read."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from pipelines.warc.exchange import measured
from pipelines.warc.exchanges import exchange_at, with_payload
from pipelines.warc.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from pipelines.archive.disk.layout import Layout
    from pipelines.warc.exchange import Exchange, Measured
    from pipelines.warc.exchanges import Found

_NOT_MODIFIED = 304
STATUSES = frozenset({200, 301, 302, 303, _NOT_MODIFIED, 307, 308, 404, 410})
"""Answers of a site in order. Errors and refusals are stored each time: how a site fails is seen in their headers."""
COMPARED = (
    "Content-Type", "Content-Encoding", "Content-Disposition", "ETag", "Last-Modified", "Location", "Refresh",
)  # fmt: skip
"""Headers that are read, or that a line tells. Date, Set-Cookie and marks of caches differ anyway."""
_CONDITIONS = ("If-None-Match", "If-Modified-Since")


def may_repeat(exchange: Exchange, found: Measured) -> bool:
    """True for a whole answer that a later run may get again, word for word."""
    return exchange.truncated is None and found.headers.status in STATUSES


def stored_already(layout: Layout, known: tuple[str, int], exchange: Exchange, found: Measured) -> Found | None:
    """The record at file and offset `known`, read back and hashed, when it holds this answer; else null.

    Equal are the request's method, address and body, the answer's status and compared headers, and the entity.

    Raises:
        OSError, WarcDamaged, ArchiveError: it cannot be read.
    """
    if not may_repeat(exchange, found):
        return None
    stored, asked = exchange_at(layout, *known)
    record = stored.record
    is_verbatim = record.get("Capture") is None
    if asked is None or record.target_uri != exchange.url or is_verbatim != exchange.is_verbatim:
        return None
    head, before = found.headers, HttpResponse.parse(record.block)
    if head.status != before.status or any(head.get_all(name) != before.get_all(name) for name in COMPARED):
        return None
    if not _asks_alike(head.status, HttpRequest.parse(exchange.request), HttpRequest.parse(asked.record.block)):
        return None
    whole = with_payload(layout, record)
    is_whole = whole.type == "response" and whole.get("WARC-Truncated") is None
    is_same = is_whole and measured(BytesIO(whole.block)).entity_sha256 == found.entity_sha256
    return stored if is_same else None


def _asks_alike(status: int, request: HttpRequest, before: HttpRequest) -> bool:
    """Whether the stored answer was asked for in the same way; a 304 means what its conditions say."""
    is_alike = (request.method, request.body) == (before.method, before.body)
    is_free = status != _NOT_MODIFIED
    return is_alike and (is_free or all(request.get(name) == before.get(name) for name in _CONDITIONS))
