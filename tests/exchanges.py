"""HTTP exchanges as the wire layer hands them over, without a wire."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pipelines.warc.exchange import Exchange

REQUEST = b"GET / HTTP/1.1\r\nHost: gszx.example\r\n\r\n"


def exchange(url: str, body: bytes, head: bytes = b"HTTP/1.1 200 OK\r\nServer: IIS\r\n", **given: Any) -> Exchange:
    """An exchange whose response is `head`, an empty line and `body`."""
    facts: dict[str, Any] = {
        "url": url,
        "date": "2026-01-01T02:00:00Z",
        "ip": "127.0.0.1",
        "request": REQUEST,
        "response": BytesIO(head + b"\r\n" + body),
        "truncated": None,
        "is_verbatim": True,
    }
    return Exchange(**(facts | given))
