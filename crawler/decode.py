"""Text of an answer: decoded by Scrapy and w3lib (gb2312 means gb18030), also HTML of a wrong Content-Type."""

from __future__ import annotations

from scrapy.http import HtmlResponse, Response, TextResponse
from w3lib.encoding import html_to_unicode

_LOOKED_AT = 2_048


def as_text(response: Response) -> TextResponse | None:
    """The response as text; None when it is neither declared to be text nor looks like HTML."""
    if isinstance(response, TextResponse):
        return response
    start = response.body[:_LOOKED_AT].lower()
    if not start or b"<html" in start or b"<!doctype html" in start:
        return response.replace(cls=HtmlResponse)
    return None


def saved_text(body: bytes) -> str:
    """Text of a page that lost its HTTP header: by its BOM or meta tag, gb2312 meaning gb18030.

    Browsers save pages as UTF-8 and leave the meta tag as it was; Chinese in GBK is never valid UTF-8 by chance.
    """
    if not body.isascii() and _is_utf8(body):
        return body.decode("utf-8-sig")
    return html_to_unicode(None, body, auto_detect_fun=_undeclared)[1]


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _undeclared(body: bytes) -> str:
    """The encoding of Chinese pages that leaves the fewest bytes without a character."""
    return min(("utf-8", "gb18030"), key=lambda encoding: body.decode(encoding, "replace").count("\ufffd"))
