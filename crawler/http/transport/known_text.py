"""Gives a response its decoded text, by a private name of Scrapy 2.19."""

from __future__ import annotations

from scrapy.http import TextResponse


def keep_text(response: TextResponse, text: str) -> None:
    """Make `text` that of the response; without the private name, Scrapy decodes the body again."""
    if hasattr(response, "_cached_ubody"):
        response._cached_ubody = text
