"""Files and pictures of an article. Links of KesionCMS around a picture (next page, class list) are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote, urlsplit

from lxml import etree

from crawler.pages.page import Page, tidy, words
from pipelines.record import Attachment

_FILE = re.compile(
    r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|dps|ofd|txt|rtf|csv|zip|rar|7z|jpe?g|png|gif|bmp|webp|mp[34]|wm[av]|flv|avi)$",
    re.IGNORECASE,
)
# Scripts that hand out files: KesionCMS, 博达 VSB, 大汉 JCMS.
_DOWNLOAD = re.compile(r"/(?:filedown\.asp|download\.jsp|downfile\.jsp)$", re.IGNORECASE)
# The alternative text KesionCMS gives every picture of a body.
_EMPTY_ALT = frozenset({"", "点击浏览下一页"})


def attachments(page: Page, body: etree._Element, beside: Sequence[etree._Element] = ()) -> tuple[Attachment, ...]:
    """Attachments of a body in document order, then the links `beside` it that lead to files, each address once."""
    return linked_files(page, (*body.iter("a", "img"), *beside))


def linked_files(page: Page, nodes: Iterable[etree._Element]) -> tuple[Attachment, ...]:
    """What links lead to if it is a file, and pictures; each address once."""
    found: dict[str, str] = {}
    for node in nodes:
        url = page.href(node)
        if not url or not (node.tag == "img" or _is_file(url)):
            continue
        name = _picture_name(node, url) if node.tag == "img" else words(node)
        # a link around a picture comes first and has no words of its own
        found[url] = found.get(url) or name
    return tuple(Attachment(name=name or _file_name(url), url=url) for url, name in found.items())


def _is_file(url: str) -> bool:
    path = urlsplit(url).path
    return bool(_FILE.search(path) or _DOWNLOAD.search(path))


def _picture_name(node: etree._Element, url: str) -> str:
    alt = tidy(node.get("alt") or "")
    return _file_name(url) if alt in _EMPTY_ALT else alt


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])
