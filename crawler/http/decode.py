"""Responses as text, and whether their servers told the truth about the encoding."""

from __future__ import annotations

from scrapy.http import HtmlResponse, Response, TextResponse
from w3lib.encoding import http_content_type_encoding

from pipelines.decoding import encoding_of, known_encoding

_LOOKED_AT = 2_048


def as_text(response: Response) -> TextResponse | None:
    """The response as text; None when it is neither declared as text nor looks like HTML."""
    start = response.body[:_LOOKED_AT].lower()
    looks_like_html = not start or b"<html" in start or b"<!doctype html" in start
    if not isinstance(response, TextResponse) and not looks_like_html:
        return None
    kind = type(response) if isinstance(response, TextResponse) else HtmlResponse
    header = http_content_type_encoding(_content_type(response))
    # Not by `replace`, which asks the old response for its encoding, so that Scrapy detects it from the whole body.
    same = {name: getattr(response, name) for name in Response.attributes}
    return kind(**same, encoding=encoding_of(response.body, header))


def lying_charset(response: TextResponse) -> str | None:
    """The charset of the Content-Type header when the text was decoded in another one; None when it was right."""
    header = http_content_type_encoding(_content_type(response))
    named = known_encoding(header)
    if header is None or named is None or response.body.isascii() or named == response.encoding:
        return None
    return header


def _content_type(response: Response) -> str | None:
    value = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None
