"""Scripts that a page loads: where counters are asked for."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from crawler.pages.page import Page


def script_query(page: Page, path: re.Pattern[str]) -> tuple[str, dict[str, str]] | None:
    """Address without query, and query, of the first script whose path matches; None when the page loads none."""
    for script in page.all("//script[@src]"):
        url = page.href(script)
        if url and path.search(urlsplit(url).path):
            return url.partition("?")[0], dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return None
