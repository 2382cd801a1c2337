"""Responses as text, and whether their servers told the truth about the encoding."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from scrapy.http import HtmlResponse, Response, TextResponse
from w3lib.encoding import http_content_type_encoding

from crawler.http.transport.known_text import keep_text
from pipelines.decoding import Decoded, decode, known_encoding

_LOOKED_AT = 2_048
_found: WeakKeyDictionary[Response, Decoded] = WeakKeyDictionary()
"""The text of each response in use: an answer is read when it comes, and again when it is settled."""


def as_text(response: Response) -> TextResponse | None:
    """The response as text; None when it is neither declared as text nor looks like HTML."""
    if isinstance(response, TextResponse):
        kind = type(response)
    elif _looks_like_html(response.body):
        kind = HtmlResponse
    else:
        return None
    found = _read(response)
    # Not by `replace`, which asks the old response for its encoding, so that Scrapy detects it from the whole body.
    same = {name: getattr(response, name) for name in Response.attributes if name != "headers"}
    text = kind(**same, encoding=found.encoding)
    text.headers = response.headers  # as they are: to copy them takes four times as long as the rest
    keep_text(text, found.text)
    return text


def _looks_like_html(body: bytes) -> bool:
    start = body[:_LOOKED_AT].lower()
    return not start or b"<html" in start or b"<!doctype html" in start


def _read(response: Response) -> Decoded:
    found = _found.get(response)
    if found is None:
        header = http_content_type_encoding(_content_type(response))
        found = _found[response] = decode(response.body, header)
    return found


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
