"""Describes, for messages, an answer that is not the requested list or front page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.http.fetch import Fetched
from crawler.pages.forwarding import forwards_untold
from crawler.pages.shown import shown

_FIELDS = "//input[not(@type) or @type='text' or @type='password']"
_LOGIN = re.compile("登[录陆]|login|passport|\\bsso\\b", re.IGNORECASE)
_MOST_LINKS_OF_A_FORM = 12
"""Many pages have a login box at the top; a page that is only a login form has few links."""


def what_came(fetched: Fetched, asked: str) -> tuple[str, str] | None:
    """Description and remedy for an answer that is not the requested page; None when it may be that page."""
    page, answer = fetched.page, fetched.response
    if page is None or answer is None:
        return None
    seen, is_led = shown(page), _is_elsewhere(asked, answer.url)
    led = f"{asked} redirects to {answer.url}, which" if is_led else asked
    is_form = page.all(_FIELDS) and len(page.all("//a[@href]")) <= _MOST_LINKS_OF_A_FORM
    if is_form and _LOGIN.search(f"{seen.title} {answer.url}"):
        return f"{led} asks for a login", "open it in a browser: the site may be closed to visitors"
    if (notice := seen.notice()) is not None:
        return f"{led} shows a notice instead of its page: {notice[1]}", "try again later"
    if forwards_untold(page):
        return f"{led} forwards by a script to an unknown address", "give the page where a browser ends as start_url"
    return (f"{led} is not the requested page", "open it in a browser") if is_led else None


def _is_elsewhere(asked: str, landed: str) -> bool:
    return urlsplit(asked)[2:4] != urlsplit(landed)[2:4]
