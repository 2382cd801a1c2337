"""Reads names from a site's pages: of the site, its committee, its profile and its sections. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from crawler.pages.page import Page, squeeze, strings, tidy, words
from crawler.sites.profile import RESERVED

SECTIONS = ("领导讲话", "讲话", "主席讲话", "领导言论", "重要讲话", "讲话发言", "领导致辞", "主席致辞", "讲话选登")
"""Names of the section on committees' sites, the most common first."""
_SEPARATORS = re.compile(r"[-_—|－–·]+")
_COMMITTEE = re.compile(r"(?:中国人民政治协商会议|政协)(?P<place>[\u4e00-\u9fff]{2,12}?)委员会")
_PLACE = re.compile(r"(?P<place>[\u4e00-\u9fff]{2,12}?[省市县区州旗盟])(?:人民)?政协")
_AROUND_PLACE = re.compile("^(?:中国人民政治协商会议|政协)|委员会$")
_NO_PLACE = re.compile("[第届各全常专提]|学习|工作")
TELLING = re.compile("讲话|致[辞词]|发言|言论|论述|之声|文稿|寄语|领导|主席")
_HOST_FURNITURE = frozenset("www com net org gov edu cn".split())
LONGEST_SECTION = 8


def is_profile_name(name: str) -> bool:
    """True for a name that a profile, and the folder of its archive, may have."""
    return re.fullmatch(r"[a-z0-9-]{1,40}", name) is not None and name not in RESERVED


def profile_name(url: str) -> str:
    """A name for the profile, made from the host: `gszx-zggswz` for gszx.zggswz.com."""
    host = (urlsplit(url).hostname or "").lower()
    labels = [label for label in host.split(".") if label not in _HOST_FURNITURE]
    return re.sub(r"[^a-z0-9-]", "-", "-".join(labels)).strip("-")[:40] or "site"


def site_name(pages: Sequence[Page], sections: Sequence[str]) -> str | None:
    """The site's name: from the meta tag SiteName, else the part of a `<title>` with 政协, else its last part."""
    for page in pages:
        for meta in page.all("//meta[@name][@content]"):
            if (meta.get("name") or "").strip().lower() == "sitename" and (name := tidy(meta.get("content") or "")):
                return name
    titles = [piece for page in pages for node in page.all("//title") for piece in _SEPARATORS.split(words(node))]
    pieces = [tidy(piece) for piece in titles if tidy(piece) and tidy(piece) not in {*sections, "首页", "网站首页"}]
    return next((piece for piece in pieces if "政协" in piece), pieces[-1] if pieces else None)


def committee(pages: Sequence[Page], name: str | None) -> str | None:
    """The committee named most often on the pages, else the one in the site's name; None when there is none."""
    texts = (squeeze("".join(strings(page.root))) for page in pages)
    places = Counter(match["place"] for text in texts for match in _COMMITTEE.finditer(text))
    likely = [place for place, _ in places.most_common() if not _NO_PLACE.search(place)]
    named = _PLACE.search(name or "")
    place = named["place"] if named else next(iter(likely), None)
    return f"政协{place}委员会" if place else None


def is_same_committee(one: str, other: str) -> bool:
    """True when the names are of one place, which either may write with the places above it."""
    places = [_AROUND_PLACE.sub("", squeeze(name)) for name in (one, other)]
    return places[0].endswith(places[1]) or places[1].endswith(places[0])


def section_candidates(page: Page, most: int = 12) -> list[str]:
    """Names of links that may be sections, those with words for leaders or speeches first."""
    shown = dict.fromkeys(_short_names(page))
    return sorted(shown, key=lambda name: TELLING.search(name) is None)[:most]


def _short_names(page: Page) -> Iterator[str]:
    for link in page.all("//a[@href]"):
        name = squeeze(words(link))
        if 2 <= len(name) <= LONGEST_SECTION and page.href(link) and re.fullmatch("[\u4e00-\u9fff]+", name):
            yield name
