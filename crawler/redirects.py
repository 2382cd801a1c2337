"""Where an answer redirects to."""

from __future__ import annotations

from urllib.parse import urljoin

from scrapy.http import Response

from crawler.netloc import is_ambiguous

MOST_REDIRECTS = 5
"""RFC 9309 asks for five of robots.txt; for a page they are plenty."""


def redirect_of(response: Response) -> str | None:
    """The absolute address that an answer redirects to; None when it does not.

    Raises:
        ValueError: its Location is no address, or one that programs read differently.
    """
    given = response.headers.get("Location")
    if not 300 <= response.status < 400 or not given:
        return None
    location = given.decode("utf-8", "percentencode").strip()  # w3lib's: bytes that are no UTF-8 stay in the address
    if is_ambiguous(location):
        raise ValueError(f"{location!r} has characters that no address has")
    return urljoin(response.url, location)
