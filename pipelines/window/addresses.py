"""Where each page of the window lies, and how one page refers to another. Pure.

Addresses are relative to the folder of a language (`en/`), with `/` on every system. Names from the web never become
file names: they may be anything, of any length.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from functools import lru_cache
from urllib.parse import quote

FRONT = "index.html"
HEALTH = "health.html"
SEARCH = "search.html"
ABOUT = "about.html"
FEEDS = "feeds.html"
SPEAKERS = "speakers/index.html"
MEETINGS = "meetings/index.html"
YEARS = "years/index.html"
EDITED = "edited/index.html"

SEARCH_CATALOGUE = "search/catalogue.js"
"""Of the search index, which the languages share; relative to the window's folder."""

_SAFE_ON_EVERY_DISK = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}")
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")


def site(name: str) -> str:
    """The page of a website."""
    return f"sites/{_file(name)}.html"


def chain(name: str, number: int) -> str:
    """A page of the commits of a website's archive; pages count from 1."""
    return f"sites/{_file(name)}/commits-{number}.html"


def speech(id: str) -> str:  # noqa: A002 - the contract's key
    """The page of a speech."""
    return f"{_folder(id)}.html"


def comparison(id: str, old: str, new: str) -> str:  # noqa: A002 - the contract's key
    """The page that compares two versions (`1`, `2`) or readings (`1.1`, `1.2`) of a speech."""
    return f"{_folder(id)}/compare-{old}-{new}.html"


def proof(id: str, seq: int) -> str:  # noqa: A002 - the contract's key
    """The proof page of one line about a speech, by its number in the archive: gone lines have no reading."""
    return f"{_folder(id)}/proof-{seq}.html"


def rendering(id: str, version: int) -> str:  # noqa: A002 - the contract's key
    """The archived HTML of a version; shared by the languages, relative to the window's folder."""
    return f"renderings{_folder(id).removeprefix('speeches')}-{version}.html"


def line_rendering(id: str, seq: int) -> str:  # noqa: A002 - the contract's key
    """The archived HTML of one line that brought no version, as of a deletion; as `rendering`."""
    return f"renderings{_folder(id).removeprefix('speeches')}-line.{seq}.html"


def speaker(name: str, part: str = "") -> str:
    """The page of a speaker; `part`: of those of a year (`2024`), where one page does not hold all."""
    return f"speakers/{_part(slug(name), part)}.html"


def meeting(name: str, part: str = "") -> str:
    """The page of a meeting, by its name as written; `part` as for a speaker."""
    return f"meetings/{_part(slug(name), part)}.html"


def index_page(index: str, number: int) -> str:
    """A page of `SPEAKERS` or `MEETINGS`, from 1."""
    return index if number == 1 else index.replace("index.html", f"index-{number}.html")


def year(period: str) -> str:
    """The page of a year (`2024`) or, where a year has too many speeches, of a month (`2024-03`)."""
    return f"years/{_file(period)}.html"


def edited(period: str) -> str:
    """The page of the edits of a year, or of a month of it."""
    return f"edited/{_file(period)}.html"


def health(site_name: str) -> str:
    """The page about the state of a website that is not fine."""
    return f"health/{_file(site_name)}.html"


def seen_page(site_name: str, which: str) -> str:
    """The rendering of a website's last good page (`good`), or of what came last (`last`); as `rendering`."""
    return f"renderings/{_file(site_name)}/health-{which}.html"


def feed(name: str) -> str:
    """An Atom feed; shared by the languages, relative to the window's folder."""
    return f"feeds/{_file(name)}.atom.xml"


def search_text(id: str) -> str:  # noqa: A002 - the contract's key
    """The text of a speech as the search reads it; relative to the window's folder."""
    return f"search/texts{_folder(id).removeprefix('speeches')}.js"


def search_part(name: str, file: str) -> str:
    """A file of one part of the search index; relative to the window's folder."""
    return f"search/parts/{name}/{file}"


def slug(name: str) -> str:
    """A file name for a name from the web."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def relative(source: str, target: str) -> str:
    """`target` as a link in the page `source`; both relative to the same folder."""
    return _relative(posixpath.dirname(source) or ".", target)


@lru_cache(1024)  # each page of a folder has the links of the menu
def _relative(folder: str, target: str) -> str:
    if ".." in folder or ".." in target:
        # From a folder so deep that no way up leaves it, as it might the working directory: / for a cron job.
        deep = "/" + "_/" * target.count("..")
        return quote(posixpath.relpath(deep + target, deep + folder))
    # Many times faster than `relpath`, which asks for the working directory; a page has twenty links.
    here, there = [] if folder == "." else folder.split("/"), target.split("/")
    same = 0
    while same < len(here) and same < len(there) - 1 and here[same] == there[same]:
        same += 1
    return "../" * (len(here) - same) + quote("/".join(there[same:]))


def outside(source: str, way: str) -> str:
    """A file that lies elsewhere, as a link in the page `source`; `way` leads to it from the window's folder."""
    return "../" * source.count("/") + quote(way)


def _part(name: str, part: str) -> str:
    return f"{name}-{_file(part)}" if part else name


def _folder(id: str) -> str:  # noqa: A002 - the contract's key
    site_name, _, native_id = id.partition(":")
    return f"speeches/{_file(site_name)}/{_file(native_id)}"


def _file(name: str) -> str:
    """The name itself where every disk takes it, also one that knows no capitals; else made from its hash."""
    is_safe = _SAFE_ON_EVERY_DISK.fullmatch(name) and not _RESERVED.fullmatch(name) and not name.startswith("x-")
    return name if is_safe else f"x-{slug(name)}"
