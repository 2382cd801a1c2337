"""Detects articles that need no reading: a 304 answer, or the same bytes as in the archive. Pure."""

from __future__ import annotations

from http import HTTPStatus

from scrapy.http import Request, Response

from crawler.crawl.observed import sha256_of
from pipelines.archive.read.state import SpeechState


def conditional_headers(known: SpeechState | None) -> dict[str, str]:
    """Headers that let the server answer 304 for an archived article; none for articles of several parts."""
    if known is None or known.is_gone or len(known.article_sha256) != 1:
        return {}
    return conditions(known.etag, known.last_modified)


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Headers of a conditional request with these validators; none when there are no validators."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in headers.items() if value}


def has_validators(request: Request | None) -> bool:
    """True for a conditional request."""
    return request is not None and ("If-None-Match" in request.headers or "If-Modified-Since" in request.headers)


def is_confirmed(known: SpeechState | None, response: Response, parser: str) -> bool:
    """True when the answer needs no reading: bytes that `parser` has read already, or a 304.

    A 304 to an unconditional request does not count. A first part proves nothing about the others. Archived bytes are
    read by a newer parser with `-a replay=latest`.
    """
    if known is None or known.is_gone or len(known.article_sha256) != 1:
        return False
    if response.status == HTTPStatus.NOT_MODIFIED:
        return has_validators(response.request)
    is_same = sha256_of(response) == known.article_sha256[0]
    return response.status == HTTPStatus.OK and is_same and known.parser == parser
