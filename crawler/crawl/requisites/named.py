"""Addresses of style sheets and template pictures, as a page or a style sheet names them. Pure.

Only addresses of static files, by their ending: an address without one may be a script that counts a visit. Scripts
are none: they are no evidence of what the text was, and those of counters add a view where they run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.pages.page import Page
from crawler.pages.urls import resolve

_PICTURES = frozenset("png jpg jpeg gif bmp webp avif svg ico cur".split())
_FONTS = frozenset("woff woff2 ttf otf eot".split())
_MOST_CSS = 1 << 20  # characters: sheets of large frameworks have a quarter of it
_VALUE = r"""(?:"([^"\n]{1,2000})"|'([^'\n]{1,2000})'|([^\s"'()]{1,2000}))"""
_URL = re.compile(rf"\burl\(\s{{0,20}}{_VALUE}\s{{0,20}}\)", re.IGNORECASE)
_IMPORT = re.compile(r"""@import\s{1,20}(?:"([^"\n]{1,2000})"|'([^'\n]{1,2000})')""", re.IGNORECASE)


class Requisites(NamedTuple):
    """Absolute addresses, each once: of style sheets, and of pictures, fonts and icons."""

    sheets: tuple[str, ...]
    files: tuple[str, ...]


def of_page(page: Page) -> Requisites:
    """What a page names in links, pictures, backgrounds and its own styles; the site's icon where it names none."""
    return page.asked("requisites", lambda: _of_page(page))


def _of_page(page: Page) -> Requisites:
    found = list(_linked(page))
    if not any(is_icon for _, is_icon in found):
        found.append(("/favicon.ico", True))
    found += [(node.get("src", ""), False) for node in page.all("//img[@src] | //input[@type='image'][@src]")]
    found += [(node.get("background", ""), False) for node in page.all("//*[@background]")]
    styles = [node.text or "" for node in page.all("//style")]
    styles += [node.get("style", "") for node in page.all("//*[@style]")]
    written = [*(address for address, _ in found), *(one for style in styles for one in _in_css(style))]
    return _sorted(page.base, written, page.charset)


def of_sheet(url: str, text: str) -> Requisites:
    """What a style sheet imports or shows; addresses are relative to its own."""
    return _sorted(url, list(_in_css(text)), "utf-8")


def _linked(page: Page) -> Iterator[tuple[str, bool]]:
    """Addresses of style sheets and icons, and whether each is an icon."""
    for node in page.all("//link[@rel][@href]"):
        rel = (node.get("rel") or "").lower().split()
        if "stylesheet" in rel or "icon" in rel:
            yield node.get("href", ""), "icon" in rel


def _in_css(text: str) -> Iterator[str]:
    text = _without_comments(text[:_MOST_CSS])
    for pattern in (_IMPORT, _URL):
        for match in pattern.finditer(text):
            yield next(filter(None, match.groups()))


def _without_comments(css: str) -> str:
    kept, at = [], 0
    while (start := css.find("/*", at)) >= 0:
        kept.append(css[at:start])
        end = css.find("*/", start + 2)
        if end < 0:
            return " ".join(kept)
        at = end + 2
    return " ".join((*kept, css[at:]))


def _sorted(base: str, written: list[str], charset: str) -> Requisites:
    """The addresses of static files among those written, by kind."""
    sheets: dict[str, None] = {}
    files: dict[str, None] = {}
    for address in written:
        value = address.strip()
        url = resolve(base, value, charset) if value and not value.startswith("#") else None
        kind = urlsplit(url).path.rpartition(".")[2].lower() if url else ""
        if url and kind == "css":
            sheets[url] = None
        elif url and kind in _PICTURES | _FONTS:
            files[url] = None
    return Requisites(tuple(sheets), tuple(files))
