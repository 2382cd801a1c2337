"""Lists that a script fetches (Item/ajaxpage.asp): the list page holds only the call, each answer only rows.

An answer is HTML rows and `{ks:page}total|rows a page|pages|…`; without a Referer it is `error!`. In the walk the
page with the call is the first and has no rows, so that the answer to `curpage=1` is the second.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawler.pages import Ask, ListPage
from crawler.pages.lists.rows import RowFinder
from crawler.pages.page import Page
from pipelines.reasons import Reason

_PATH = re.compile(r"/item/ajaxpage\.asp(?:\?|$)", re.IGNORECASE)
_ARGUMENT = r"\s*'([^']*)'\s*"
_CALL = re.compile(r"\bPage\(\s*1\s*," + ",".join([_ARGUMENT] * 6) + rf"(?:,{_ARGUMENT})?\)")
_COUNTS = re.compile(r"\{ks:page\}(\d{0,9})\|(\d{0,9})\|(\d{0,6})\|")
_NUMBER = re.compile(r"[0-9]{1,6}")
_ERROR = "error!"


def is_answer(url: str) -> bool:
    """True for an address that answers with rows."""
    return bool(_PATH.search(url))


def first_ask(page: Page) -> Ask | None:
    """What a list page's script asks first; None for a page that has its rows itself."""
    for script in page.all("//script"):
        if match := _CALL.search(script.text or ""):
            label, column, folder, path, kind, special, info = (text or "" for text in match.groups())
            keys = {"labelid": label, "infoid": info, "classid": column, "refreshtype": kind, "specialid": special}
            url = page.resolve(folder + path)
            return _ask(url, keys, 1, page.url) if url else None
    return None


def calling_page(ask: Ask) -> ListPage:
    """The page that only calls for rows; articles linked beside the call are not the section's."""
    return ListPage(rows=(), next_url=None, linked={2: ask}, pages=None, total=None, asks_for_rows=True)


def read_answer(page: Page, finder: RowFinder) -> ListPage:
    """The rows of one answer, and what to ask next."""
    asked = dict(parse_qsl(urlsplit(page.url).query, keep_blank_values=True))
    counts = _COUNTS.search(page.text)
    total, _, pages = (int(text) if text else None for text in counts.groups()) if counts else (None, None, None)
    current = asked.pop("curpage", "1")
    number = int(current) if _NUMBER.fullmatch(current) else 1
    following = {number + 2: _ask(page.url.partition("?")[0], asked, number + 1, page.url)}
    is_last = pages is None or number >= pages
    found = finder.rows(None)
    return ListPage(
        rows=found.rows,
        next_url=None,
        linked={} if is_last else following,
        pages=pages + 1 if pages else None,
        total=total,
        unlinked=found.unlinked,
        doubled=found.doubled,
    )


def refusal(page: Page) -> tuple[Reason, str] | None:
    """Why an answer has no rows: refused, or cut off before its counts."""
    if page.text.strip(" \t\r\n\ufeff") == _ERROR:
        return Reason.UNREADABLE, _ERROR
    return None if _COUNTS.search(page.text) else (Reason.TRUNCATED, "no {ks:page} at its end")


def _ask(url: str, keys: dict[str, str], number: int, referer: str) -> Ask:
    return Ask(f"{url}?{urlencode({**keys, 'curpage': number})}", headers={"Referer": referer}, is_fragment=True)
