"""Files and pictures of an article, however its page shows them: linked, embedded, framed, or handed to a script.

Links of KesionCMS around a picture (next page, class list) are none, nor are the icons an editor sets before a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urldefrag, urlsplit

from lxml import etree

from crawler.pages.addresses import FILES
from crawler.pages.page import Page, tidy, words
from crawler.pages.urls import resolve
from pipelines.record import Attachment

_FILE = re.compile(rf"\.(?:{FILES})$", re.IGNORECASE)
# Scripts that hand out files: KesionCMS, 博达 VSB, 大汉 JCMS.
_DOWNLOAD = re.compile(
    r"/(?:filedown|downfile|download\w*|file_?download|getfile|virtual_attach_file)\.(?:aspx?|jspx?|php|do|action|vsb|ashx)$",
    re.IGNORECASE,
)
# pdf.js and its kin: the page shows the file that its query names.
_VIEWER = re.compile(r"viewer|pdf_?js|preview|onlineview|view_?pdf|pdf_?view|reader|player", re.IGNORECASE)
_FILE_KEY = re.compile("file|pdf|src|url|path|(?:file|pdf|doc)_?(?:url|path|src)", re.IGNORECASE)
_ICON = re.compile(r"/filetypeimages?/|/icon_\w{2,5}\.(?:gif|png)$|/sysimage/icon|/images/fileicon", re.IGNORECASE)
# Where a page keeps a picture's address until it is scrolled to; what stands in `src` meanwhile is a placeholder.
_LAZY = "data-original data-src data-lazy-src data-lazy data-echo data-actualsrc zoomfile orisrc".split()
_FRAMES = frozenset({"iframe", "frame", "embed", "object"})
_MEDIA = frozenset({"video", "audio", "source"})
_NAMING = frozenset({"img", "a", *_FRAMES, *_MEDIA})
# Webplus and VSB name the PDF on an element that a script fills.
_NAMED_BY = ("pdfsrc", "data-pdf", "data-pdfsrc", "vurl")
_NAMED, _MAY_NAME = frozenset(_NAMED_BY), frozenset({"script", *_NAMING})
_IN_SCRIPT = re.compile(rf"""(['"])([^'"\s<>]{{1,500}}?\.(?:{FILES}))\1""", re.IGNORECASE)
# The alternative text KesionCMS gives every picture of a body.
_EMPTY_ALT = frozenset({"", "点击浏览下一页"})


def linked_files(page: Page, nodes: Iterable[etree._Element]) -> tuple[Attachment, ...]:
    """What elements link, show or play if it is a file, and pictures; each address once."""
    found: dict[str, str] = {}
    for node in nodes:
        if node.tag not in _MAY_NAME and _NAMED.isdisjoint(node.keys()):
            continue
        for url in _addresses(page, node):
            # a link around a picture comes first and has no words of its own
            found[url] = found.get(url) or _name(node, url)
    return tuple(Attachment(name=name or _file_name(url), url=url) for url, name in found.items())


def frames(page: Page, body: etree._Element) -> tuple[str, ...]:
    """Addresses of pages, no files, that a body shows in a frame: where its text may stand."""
    nodes = body.iter("iframe", "frame")
    shown = [page.resolve(node.get("src") or node.get("data-src") or "") for node in nodes if not _shown(page, node)]
    return tuple(dict.fromkeys(url for url in shown if url))


def _addresses(page: Page, node: etree._Element) -> Iterator[str]:
    """The addresses of files that an element names, absolute."""
    if node.tag == "script":
        yield from filter(None, (page.resolve(match[2]) for match in _IN_SCRIPT.finditer(node.text or "")))
    elif node.tag in _NAMING and (url := _address(page, node)):
        yield url
    if not _NAMED.isdisjoint(node.keys()):
        for url in filter(None, (page.resolve(node.get(name) or "") for name in _NAMED_BY)):
            if _is_file(url):
                yield urldefrag(url).url


def _address(page: Page, node: etree._Element) -> str | None:
    if node.tag == "img":
        lazy = filter(None, (page.resolve(node.get(name) or "") for name in _LAZY))
        url = next(lazy, None) or page.href(node)
        return url if url and not _ICON.search(urlsplit(url).path) else None
    if node.tag == "a" and (url := page.href(node)):
        inner = _inner(page, url) if _VIEWER.search(urlsplit(url).path) else None
        return inner or (url if _is_file(url) else None)
    return _shown(page, node) if node.tag in _FRAMES or node.tag in _MEDIA else None


def _shown(page: Page, node: etree._Element) -> str | None:
    """The file an element embeds or plays, or the one its viewer is asked for."""
    value = node.get("data") if node.tag == "object" else node.get("src") or node.get("data-src")
    url = page.resolve(value or "")
    if url is None:
        return None
    # A player's source needs no ending: its element says what it is.
    own = urldefrag(url).url if _is_file(url) or node.tag in _MEDIA else None
    return _inner(page, url) or own


def _inner(page: Page, url: str) -> str | None:
    """The file that a viewer's address names in its query, or in one behind `#`, as seen from the viewer."""
    parts = urlsplit(url)
    for name, value in parse_qsl(f"{parts.query}&{parts.fragment.rpartition('?')[2]}"):
        if ("/" in value or _FILE_KEY.fullmatch(name)) and _FILE.search(value.partition("?")[0].partition("#")[0]):
            return resolve(url, value, page.charset)
    return None


def _is_file(url: str) -> bool:
    path = urlsplit(url).path
    return bool(_FILE.search(path) or _DOWNLOAD.search(path))


def _name(node: etree._Element, url: str) -> str:
    if node.tag == "a":
        return words(node)
    alt = tidy(node.get("alt" if node.tag == "img" else "title") or "")
    return _file_name(url) if alt in _EMPTY_ALT else alt


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])
