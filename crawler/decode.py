"""Text of an answer: decoded by Scrapy and w3lib (gb2312 means gb18030), also HTML of a wrong Content-Type."""

from __future__ import annotations

from scrapy.http import HtmlResponse, Response, TextResponse

_LOOKED_AT = 2_048


def as_text(response: Response) -> TextResponse | None:
    """The response as text; None when it is neither declared to be text nor looks like HTML."""
    if isinstance(response, TextResponse):
        return response
    start = response.body[:_LOOKED_AT].lower()
    if not start or b"<html" in start or b"<!doctype html" in start:
        return response.replace(cls=HtmlResponse)
    return None
