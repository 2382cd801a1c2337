"""Redirects of answers."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from scrapy.http import Response

from crawler.http.netloc import is_ambiguous

_MOST_COOKIES = 50
_COOKIE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,1000})")

MOST_REDIRECTS = 5
"""RFC 9309 requires five for robots.txt; pages need no more."""


def is_redirect(response: Response) -> bool:
    """True for an answer with a redirect status."""
    return 300 <= response.status < 400 and bool(response.headers.get("Location"))


def cookies_of(response: Response) -> dict[str, str]:
    """The cookies that an answer sets, by name: only well-formed ones, and a limited number."""
    lines = response.headers.getlist("Set-Cookie")[:_MOST_COOKIES]
    found = [_COOKIE.match(line.decode("latin-1")) for line in lines]
    return {match[1]: match[2] for match in found if match}


def redirect_of(response: Response) -> str | None:
    """The absolute address that an answer redirects to; None when it does not.

    Raises:
        ValueError: its Location is not an address, or one that programs parse differently.
    """
    if not is_redirect(response):
        return None
    # By w3lib: bytes that are not UTF-8 stay in the address.
    location = (response.headers["Location"] or b"").decode("utf-8", "percentencode").strip()
    if is_ambiguous(location):
        raise ValueError(f"{location!r} has characters that no address has")
    return urljoin(response.url, location)
