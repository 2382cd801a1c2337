"""An address without what is no identity: sessions, cache-busters, and other spellings of the same.

What a parameter means depends on what stands beside it: `t=1700001123` beside `id=5` is a cache-buster, alone it may
be all that names the article. Such a parameter goes only where something else names one: two articles made one would
be a silent loss, one article made two is seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from crawler.pages.urls import NO_ADDRESS, escaped, resolve, unescaped, without_dots
from pipelines.text.remembered import remembered

Pairs = Sequence[tuple[str, str]]

_SESSION = re.compile(
    r"(?:j|php|asp)?sess(?:ion)?_?id|aspsessionid\w*|asp\.net_sessionid|cfid|cftoken|zenid|osc?sid", re.IGNORECASE
)
# Java's `;jsessionid=…` and its kin, ASP.NET's `/(S(…))/`.
_IN_NAME = re.compile(r";(?:j?sessionid|phpsessid|sid)=[^;/]*", re.IGNORECASE)
_COOKIELESS = re.compile(r"\((?:[A-Z]\([^()/]*\))+\)")
_VISIT = re.compile(
    r"_|_t|timestamp|rand(?:om)?(?:num)?|rnd|no_?cache|cache(?:bust\w*)?|from|fromuid|isappinstalled|wxfrom|spm|utm_\w+"
    r"|share\w*|nsukey|scene|(?:access_?)?token|_?csrf\w*|nonce|ticket",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"t|ts|tt|tm|time|r|rd|rn|v|ver|version|stamp|now|_dc", re.IGNORECASE)
# Seconds or milliseconds since 1970, a moment of 14 or 17 digits, Math.random(), a day behind `v`, Date() as text.
_MOMENT = re.compile(r"1\d{9}(?:\d{3})?|20\d{12}(?:\d{3})?|0?\.\d{3,}|20\d{6}|[A-Z][a-z]{2}(?:\+|%20).*GMT.*")
_KEY_OF_VISIT = re.compile(r"sid|s|key|auth|sign", re.IGNORECASE)
_SECRET = re.compile(r"(?=[^/]*[A-Za-z])(?=[^/]*\d)[\w!.=-]{12,}", re.ASCII)
_PAGE = re.compile(
    r"p|pn|page_?(?:no|num(?:ber)?|index|id)?|(?:c|cur(?:r(?:ent)?)?)_?page_?(?:no|num|index)?", re.IGNORECASE
)
_COLUMN = re.compile(
    r"c|m|a|q|wd|lang|year|month|kw|keywords?|[tcfpb]id|\w*(?:cat(?:a|alog|e|egory)?|class|type|column|channel|col|lm"
    r"|lanmu|node|menu|nav|sort|tree|parent|site|unit|dept|group|board|section)_?(?:id|no|code|name)?",
    re.IGNORECASE,
)
# A file with a number in its name, or `page.htm` and `content.html` in a folder with one (Sudy, 北京's districts).
_SHOWN = re.compile(r"(?<=/)(show|view|detail|article|read)/(\d+)/$", re.IGNORECASE)
_NUMBERED = re.compile(
    rf"/(?!index|list|default)[^/.]*\d[^/]*$|/[^/]*\d[^/]*/(?:page|content)\.\w+$|{_SHOWN.pattern}", re.IGNORECASE
)
_DEVICE = re.compile(r"/(?:(?:main|pc|mobile|wap|phone|touch|3g)(?=/)|(?<=^/)m(?=/))", re.IGNORECASE)


@remembered(1_024)
def plain_parts(url: str) -> SplitResult:
    """The parts of an address without sessions, needless escapes, dot segments, default port and fragment.

    Its query is kept but for sessions: what the rest of it means, a family knows. No address: empty parts.
    """
    absolute = resolve(url, url)
    if absolute is None:
        return NO_ADDRESS
    parts = urlsplit(absolute)
    names = [_IN_NAME.sub("", unescaped(escaped(name))) for name in parts.path.split("/")]
    names = [name for name in names if not _COOKIELESS.fullmatch(name)]
    path = re.sub("/{2,}", "/", without_dots("/".join(names)))
    kept = [(key, value) for key, value in pairs(parts.query) if not _SESSION.fullmatch(key)]
    return parts._replace(path=path if path.startswith("/") else f"/{path}", query=_joined(kept), fragment="")


def plain(url: str) -> str:
    """An article's address without anything that is not its identity; the address itself where it is none."""
    parts = plain_parts(url)
    return parts._replace(query=_joined(telling(parts))).geturl() if parts.scheme else url


def telling(parts: SplitResult) -> Pairs:
    """The pairs of an article's query that may be its identity, of `plain_parts`."""
    found = pairs(parts.query)
    rest = [pair for pair in found if not _is_of_visit(*pair)]
    if not names_article(parts.path, rest):
        return found
    turned = [pair for pair in rest if not is_page(*pair)]
    return turned if names_article(parts.path, turned) else rest


def lasting(parts: SplitResult) -> Pairs:
    """The pairs of a list's query that may name its column."""
    return [pair for pair in pairs(parts.query) if not _is_of_visit(*pair) and not is_page(*pair)]


def one_device(path: str) -> str:
    """A path without the folder that shows the same to phones or to others: `/html/mobile/a` is `/html/a`.

    Nor with the slash behind an article's number: `/show/7/` is `/show/7`.
    """
    return _SHOWN.sub(r"\1/\2", _DEVICE.sub("", path))


def is_page(key: str, value: str) -> bool:
    """True for the number of a page of a list or of an article."""
    return _PAGE.fullmatch(key) is not None and re.fullmatch(r"\d{0,5}", value) is not None


def names_column(key: str) -> bool:
    """True for a key that tells a column, not an article."""
    return _COLUMN.fullmatch(key) is not None


def names_article(path: str, query: Pairs) -> bool:
    """True when a file with a number in its name, or a number in the query that is no column's, names an article."""
    return _NUMBERED.search(path) is not None or any(
        re.search(r"\d", value or key) and not names_column(key) for key, value in query
    )


def pairs(query: str) -> Pairs:
    """The pairs of a query as they are written, without needless escapes and without those that say nothing."""
    split = (unescaped(pair.removeprefix("amp;")).partition("=") for pair in query.split("&"))
    return [(key, value) for key, mark, value in split if key and (value or not mark)]


def _joined(found: Pairs) -> str:
    return "&".join(f"{key}={value}" if value else key for key, value in found)


def _is_of_visit(key: str, value: str) -> bool:
    """True for what says who came when and from where, not what is shown."""
    if _VISIT.fullmatch(key) or _SESSION.fullmatch(key):
        return True
    is_moment = _CLOCK.fullmatch(key) is not None and _MOMENT.fullmatch(value) is not None
    return is_moment or (_KEY_OF_VISIT.fullmatch(key) is not None and _SECRET.fullmatch(value) is not None)
