"""The parts of an observation: the list row, and the facts of the article's answer."""

from __future__ import annotations

import hashlib
from typing import Any
from weakref import WeakKeyDictionary

from scrapy.http import Response

from pipelines.record import Capture, Row
from pipelines.values import frozen


@frozen
class OnList:
    """A row of a list page and the capture of that page."""

    row: Row
    page: Capture | None

    @property
    def captures(self) -> tuple[Capture, ...]:
        """The capture of the page, if any."""
        return (self.page,) if self.page else ()


_digests: WeakKeyDictionary[Response, str] = WeakKeyDictionary()
"""Of the responses in use: a capture and an observation name the digest, and what decides whether a text is new."""


def sha256_of(response: Response) -> str:
    """The digest of an answer's entity, its content codings decoded."""
    if (digest := _digests.get(response)) is None:
        digest = _digests[response] = hashlib.sha256(response.body).hexdigest()
    return digest


def http_facts(response: Response | None) -> dict[str, Any]:
    """Fields of an observation about the article's answer."""
    if response is None:
        return {}
    return {
        "http_status": response.status,
        "etag": _header(response, "ETag"),
        "last_modified": _header(response, "Last-Modified"),
        "payload_sha256": sha256_of(response),
    }


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
