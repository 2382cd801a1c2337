"""Articles that need no reading: those that answer 304, or with the very bytes the archive knows. Pure."""

from __future__ import annotations

from http import HTTPStatus

from scrapy.http import Request, Response

from crawler.crawl.looks import sha256_of
from pipelines.archive.read.state import SpeechState


def conditional_headers(known: SpeechState | None) -> dict[str, str]:
    """Headers that let the server answer 304 instead of an article we have; none for articles of several parts."""
    if known is None or known.is_gone or len(known.article_sha256) != 1:
        return {}
    return conditions(known.etag, known.last_modified)


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Headers that ask for what an answer with these validators did not hold; none when it had no validators."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in headers.items() if value}


def has_validators(request: Request | None) -> bool:
    """True for a request that a 304 can answer."""
    return request is not None and ("If-None-Match" in request.headers or "If-Modified-Since" in request.headers)


def is_confirmed(known: SpeechState | None, response: Response, parser: str) -> bool:
    """True when the answer needs no reading: what `parser` has read already, or a 304, which has nothing to read.

    A 304 that was not asked for with a validator of ours says nothing.
    A first part says nothing of the others. What a newer parser makes of old bytes `-a replay=latest` finds out.
    """
    if known is None or known.is_gone or len(known.article_sha256) != 1:
        return False
    if response.status == HTTPStatus.NOT_MODIFIED:
        return has_validators(response.request)
    is_same = sha256_of(response) == known.article_sha256[0]
    return response.status == HTTPStatus.OK and is_same and known.parser == parser
