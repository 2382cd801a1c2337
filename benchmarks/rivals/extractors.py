"""Libraries that extract articles, in the frame of `timed`."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from typing import Any

from benchmarks.rivals.timed import Reader, main


def trafilatura(*, fast: bool = False) -> Reader:
    """With metadata, without comments, which are not wanted; `fast` leaves out its second opinions."""
    library: Any = import_module("trafilatura")

    def read(url: str, text: str) -> tuple[str | None, str | None, str | None]:
        found = library.bare_extraction(text, url=url, with_metadata=True, include_comments=False, fast=fast)
        return (found.title, found.date, found.text) if found else (None, None, None)

    return read


def readability() -> Reader:
    """The body is HTML; lxml makes text of it. It reads no date."""
    library: Any = import_module("readability")
    html: Any = import_module("lxml.html")

    def read(_: str, text: str) -> tuple[str | None, str | None, str | None]:
        document = library.Document(text)
        return document.short_title(), None, html.fromstring(document.summary()).text_content()

    return read


def magic_html() -> Reader:
    """The body is HTML; lxml makes text of it. It reads no date."""
    library: Any = import_module("magic_html")
    html: Any = import_module("lxml.html")
    extractor = library.GeneralExtractor()

    def read(url: str, text: str) -> tuple[str | None, str | None, str | None]:
        found = extractor.extract(html=text, base_url=url)
        return found.get("title"), None, html.fromstring(found["html"]).text_content()

    return read


def resiliparse() -> Reader:
    """Compiled; the title is that of the document. It reads no date."""
    trees: Any = import_module("resiliparse.parse.html")
    texts: Any = import_module("resiliparse.extract.html2text")

    def read(_: str, text: str) -> tuple[str | None, str | None, str | None]:
        tree = trees.HTMLTree.parse(text)
        return tree.title, None, texts.extract_plain_text(tree, main_content=True)

    return read


READERS = {
    "trafilatura": trafilatura,
    "trafilatura-fast": lambda: trafilatura(fast=True),
    "readability-lxml": readability,
    "magic-html": magic_html,
    "resiliparse": resiliparse,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable()
    main(READERS)
