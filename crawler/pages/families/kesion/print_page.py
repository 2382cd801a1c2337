"""The print page of an article (Item/Print.asp): every part in one document, its count printed and not raised.

Its template is part of the CMS: a row with the title, a row of labels, a row with the body. It unescapes the body
once too often (KS.HtmlCode), so a body whose text has `<`, `>` or `&` may have lost some; such a page is not read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from crawler.pages.families.kesion.addresses import KesionAddress
from crawler.pages.page import Page, PageError, squeeze, squeezed, strings
from pipelines.reasons import Reason

_PATH = re.compile(r"/item/print\.asp(?:\?|$)", re.IGNORECASE)
_SCRIPT = re.compile(r"print\.asp\?", re.IGNORECASE)
_INFO = "//td[not(.//td)][contains(.,'更新时间：')][contains(.,'文章录入：')]"
_VIEWS = re.compile(r"点击数\s*(\d+)")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_UNESCAPED = frozenset("<>&")


class PrintPage(NamedTuple):
    """The cells of a print page."""

    info: etree._Element
    body: etree._Element


def print_address(address: KesionAddress) -> str | None:
    """The print page of an article; None for addresses that do not say model and number."""
    if address.key is None:
        return None
    folder, is_script, _ = address.canonical.partition("Item/Show.asp")
    folder = folder if is_script else address.canonical.rpartition("/")[0] + "/"
    return f"{folder}Item/Print.asp?m={address.key[0]}&ID={address.key[1]}"


def is_print_page(url: str) -> bool:
    """True for an address of a print page."""
    return bool(_PATH.search(url))


def print_page(page: Page) -> PrintPage:
    """The cells of a print page.

    Raises:
        PageError: it is none, or its body cannot be trusted.
    """
    cells = page.all(_INFO)
    info = cells[0] if cells else page.one(_INFO)
    row, table = next(info.iterancestors("tr"), None), next(info.iterancestors("table"), None)
    later = list(row.itersiblings("tr")) if row is not None else []
    body = next(later[-1].iter("td", "th"), None) if later else None
    if body is None or table is None or _text_behind(table):
        raise PageError(f"{page.url}: no cell behind the labels holds the whole body")
    if _UNESCAPED & set(squeezed(body)):
        raise PageError(f"{page.url}: its text has <, > or &, which print pages unescape once too often")
    return PrintPage(info, body)


def distrusted(page: Page) -> tuple[Reason, str] | None:
    """Why a page is not to be read as a print page; None when it is."""
    try:
        print_page(page)
    except PageError as error:
        return Reason.UNREADABLE, str(error)
    return None


def print_redirect(page: Page) -> str | None:
    """Where an article leads that has an address for a body (转向链接)."""
    text = "" if distrusted(page) else squeezed(print_page(page).body)
    return text if _ADDRESS.fullmatch(text) else None


def printed_views(page: Page) -> str | None:
    """The count of a print page; a printed 0 is taken for a placeholder, the counter can say that it is none."""
    printed = _VIEWS.search("".join(strings(print_page(page).info)))
    return printed[1] if printed and printed[1] != "0" else None


def print_counter(page: Page) -> str | None:
    """The address of the count of a print page that does not say it."""
    return None if printed_views(page) else _SCRIPT.sub("GetHits.asp?GetFlag=0&", page.url)


def _text_behind(table: etree._Element) -> str:
    pieces = [table.tail or ""]
    for sibling in table.itersiblings(etree.Element):
        pieces.extend((*strings(sibling), sibling.tail or ""))
    return squeeze("".join(pieces))
