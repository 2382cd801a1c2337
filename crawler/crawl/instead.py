"""What came in the place of a list or a front page, in words for a person."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.http.fetch import Fetched
from crawler.pages.forwarding import forwards_untold
from crawler.pages.shown import shown

_FIELDS = "//input[not(@type) or @type='text' or @type='password']"
_LOGIN = re.compile("登[录陆]|login|passport|\\bsso\\b", re.IGNORECASE)
_MOST_LINKS_OF_A_FORM = 12
"""A login box stands in the head of many pages; a page that is nothing else has few links."""


def what_came(fetched: Fetched, asked: str) -> tuple[str, str] | None:
    """What an answer is that is not the page asked for, and what to do; None when it may well be that page."""
    page, answer = fetched.page, fetched.response
    if page is None or answer is None:
        return None
    seen, is_led = shown(page), _is_elsewhere(asked, answer.url)
    led = f"{asked} redirects to {answer.url}, which" if is_led else asked
    is_form = page.all(_FIELDS) and len(page.all("//a[@href]")) <= _MOST_LINKS_OF_A_FORM
    if is_form and _LOGIN.search(f"{seen.title} {answer.url}"):
        return f"{led} asks for a login", "open it in a browser: the site may be closed to visitors"
    if (said := seen.notice()) is not None:
        return f"{led} says instead of its page: {said[1]}", "try again later"
    if forwards_untold(page):
        return f"{led} forwards by a script that does not say where to", "give the page it ends at as start_url"
    return (f"{led} is not the page asked for", "open it in a browser") if is_led else None


def _is_elsewhere(asked: str, landed: str) -> bool:
    return urlsplit(asked)[2:4] != urlsplit(landed)[2:4]
