"""Whether an answer is stored already: a record of the same address from which nothing else could be read."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import Layout
from pipelines.warc.exchange import measured, pieces
from pipelines.warc.exchanges import ANSWERS, with_payload
from pipelines.warc.http import HttpRequest, HttpResponse
from pipelines.warc.record_reader import records

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.warc.exchange import Exchange, Measured
    from pipelines.warc.records import Place, WarcRecord

_NOT_MODIFIED = 304
STATUSES = frozenset({200, 301, 302, 303, _NOT_MODIFIED, 307, 308, 404, 410})
"""Answers of a site in order. Errors and refusals are stored each time: how a site fails is seen in their headers."""
COMPARED = (
    "Content-Type", "Content-Encoding", "Content-Disposition", "ETag", "Last-Modified", "Location", "Refresh",
)  # fmt: skip
"""Headers that are read, or that a line tells. Date, Set-Cookie and marks of caches differ anyway."""
_CONDITIONS = ("If-None-Match", "If-Modified-Since")


def may_repeat(exchange: Exchange, found: Measured) -> bool:
    """True for a whole answer to a GET that a later run may get again, word for word."""
    request = HttpRequest.parse(exchange.request)
    return exchange.truncated is None and _is_plain(request) and _head(exchange, found).status in STATUSES


def stored_already(
    home: Path, known: tuple[str, int], exchange: Exchange, found: Measured
) -> tuple[Place, WarcRecord] | None:
    """The record at file and offset `known`, read back and hashed, when it holds this answer; else null.

    The same question (GET, no body), address, status and compared headers, and the same entity.

    Raises:
        OSError, WarcDamaged, ArchiveError: it cannot be read.
    """
    name, offset = known
    pair = list(islice(records(Layout(home).stored(name), offset), 2))
    if len(pair) < len(("answer", "request")) or not may_repeat(exchange, found):
        return None
    (place, record), (_, asked) = pair
    is_answer = record.type in ANSWERS and record.target_uri == exchange.url
    is_verbatim = record.get("Capture") is None
    if not is_answer or is_verbatim != exchange.is_verbatim or asked.get("WARC-Concurrent-To") != record.record_id:
        return None
    head, stored = _head(exchange, found), HttpResponse.parse(record.block)
    if head.status != stored.status or any(head.get_all(name) != stored.get_all(name) for name in COMPARED):
        return None
    if not _asks_alike(head.status, HttpRequest.parse(exchange.request), HttpRequest.parse(asked.block)):
        return None
    whole = with_payload(home, record)
    is_whole = whole.type == "response" and whole.get("WARC-Truncated") is None
    is_same = is_whole and measured(BytesIO(whole.block)).entity_sha256 == found.entity_sha256
    return (place, record) if is_same else None


def _head(exchange: Exchange, found: Measured) -> HttpResponse:
    return HttpResponse.parse(b"".join(pieces(exchange.response, found.start, found.body)))


def _is_plain(request: HttpRequest) -> bool:
    return request.method == "GET" and not request.body


def _asks_alike(status: int, request: HttpRequest, before: HttpRequest) -> bool:
    """Whether the stored answer was asked for in the same way; a 304 means what its conditions say."""
    sent, sent_before = ([one.get(name) for name in _CONDITIONS] for one in (request, before))
    is_alike = sent == sent_before and any(sent)
    return _is_plain(before) and (is_alike or status != _NOT_MODIFIED)
