"""What a look at a speech keeps: the row of the list it stood in, and the facts of its article's answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from scrapy.http import Response

from pipelines.record import Capture, Row


@dataclass(frozen=True, slots=True)
class OnList:
    """A row of a list page and the capture of that page."""

    row: Row
    page: Capture | None

    @property
    def captures(self) -> tuple[Capture, ...]:
        """The page, as a line that was read from it names it."""
        return (self.page,) if self.page else ()


def sha256_of(response: Response) -> str:
    """The digest of an answer's entity, its content codings taken off."""
    return hashlib.sha256(response.body).hexdigest()


def http_facts(response: Response | None) -> dict[str, Any]:
    """What an observation keeps of the article's answer."""
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
