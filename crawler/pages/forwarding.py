"""Where a page that is nothing but a way to another sends the browser: `<meta http-equiv=refresh>`, or a script.

Only what says itself where it leads is read: a literal address in a script that does nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice

from crawler.pages.page import Page, squeezed

# Characters and links: a stub has a sentence or two (正在跳转，如未跳转请点击这里); a page with a menu has more.
_MOST_TEXT, _MOST_LINKS = 200, 8
_LONGEST_SCRIPT = 2_000  # characters: a script that does nothing but leave is shorter; patterns need a bound
_REFRESH = re.compile(r"\s*+[\d.]*+\s*+[;,]\s*+(?:url\s*+=\s*+)?['\"]?([^'\"\s][^'\"]*)", re.IGNORECASE)
_COMMENTS = re.compile(r"/\*.*?\*/|^[^\S\n]*+//.*?$|<!--|-->", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(r"(?:(?:window|document|self|top|parent|this)\s*+\.\s*+){0,4}location\b")
_LITERAL = r"\\?(['\"])([^'\"\n<>]{1,2000}?)\\?\1"
_GOES = (
    re.compile(rf"@(?:\.href)?={_LITERAL}"),
    re.compile(rf"@\.(?:replace|assign)\({_LITERAL}\)"),
    re.compile(rf"window\.navigate\({_LITERAL}\)"),
)
_WRAPPED = re.compile(
    r"(?:(?:window\.)?onload=)?(?:function\(\)|\(\)=>)\{(?P<loaded>.*)\}"
    r"|\(?(?:function\(\)|\(\)=>)\{(?P<called>.*)\}\)?\(\)\)?"
    r"|(?:window\.)?setTimeout\((?:(?:function\(\)|\(\)=>)\{(?P<later>.*)\}|(?P<quote>['\"])(?P<string>.*)(?P=quote))(?:,\d+)?\)",
    re.DOTALL,
)
_MENTIONS = re.compile(r"\blocation\b|http-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)


def forward(page: Page) -> str | None:
    """The absolute address a stub forwards to; None for any other page, for itself, and for what is not literal."""
    return page.asked("forward", lambda: _forward(page))


def _forward(page: Page) -> str | None:
    if not _is_bare(page):
        return None
    targets = {url.partition("#")[0] for said in _said(page) if (url := page.resolve(said))}
    target = targets.pop() if len(targets) == 1 else None
    return target if target != page.url.partition("#")[0] else None


def forwards_untold(page: Page) -> bool:
    """True for a stub that leaves by a script which does not say itself where to."""
    return _is_bare(page) and forward(page) is None and _MENTIONS.search(page.text) is not None


def refreshed(page: Page) -> Iterator[str]:
    """Where the page's `<meta http-equiv=refresh>` sends the browser, as written."""
    for meta in page.all("//meta[@http-equiv][@content]"):
        if meta.get("http-equiv", "").strip().lower() == "refresh" and (
            match := _REFRESH.match(meta.get("content", ""))
        ):
            yield match[1].strip()


def _is_bare(page: Page) -> bool:
    links = (link for link in page.root.iter("a") if link.get("href") is not None)
    # Most pages have so many in their head that the rest of them is not looked at.
    return len(list(islice(links, _MOST_LINKS + 1))) <= _MOST_LINKS and len(squeezed(page.root)) <= _MOST_TEXT


def _said(page: Page) -> Iterator[str]:
    scripts = (*page.scripts(), *(node.get("onload") or "" for node in page.all("//body[@onload]")))
    return chain(refreshed(page), filter(None, map(_left_by, scripts)))


def _left_by(script: str) -> str | None:
    """The address a script leaves for, when it does nothing else."""
    if len(script) > _LONGEST_SCRIPT:
        return None
    # Without whitespace, which stands in no address, a statement has one spelling.
    text = _PLACE.sub("@", "".join(_COMMENTS.sub("", script).split())).strip(";").removeprefix("javascript:")
    for _ in range(2):
        if match := _WRAPPED.fullmatch(text):
            inner = next(part for name, part in match.groupdict().items() if part is not None and name != "quote")
            text = inner.strip(";")
    found = next(filter(None, (goes.fullmatch(text) for goes in _GOES)), None)
    return found[2].replace("\\/", "/") if found else None
