"""Runs one extraction library over pages: JSON lines in (file, text), JSON lines out, for `benchmarks yardstick`.

Needs no package of this project: it runs in the libraries' own environment (locks/yardstick.txt).
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

Answer = dict[str, str | None]


def trafilatura() -> Callable[[str], Answer]:
    library: Any = import_module("trafilatura")

    def extract(text: str) -> Answer:
        found = library.bare_extraction(text, favor_precision=True, with_metadata=True, include_comments=False)
        return {"title": found.title, "date": found.date, "body": found.text} if found else {}

    return extract


def readability_lxml() -> Callable[[str], Answer]:
    library: Any = import_module("readability")

    def extract(text: str) -> Answer:
        document = library.Document(text)
        return {"title": document.short_title(), "html": document.summary()}

    return extract


def resiliparse() -> Callable[[str], Answer]:
    trees: Any = import_module("resiliparse.parse.html")
    texts: Any = import_module("resiliparse.extract.html2text")

    def extract(text: str) -> Answer:
        tree = trees.HTMLTree.parse(text)
        return {"title": tree.title, "body": texts.extract_plain_text(tree, main_content=True)}

    return extract


def newspaper4k() -> Callable[[str], Answer]:
    library: Any = import_module("newspaper")

    def extract(text: str) -> Answer:
        article = library.Article("http://example.cn/", language="zh")
        article.download(input_html=text)
        article.parse()
        date = article.publish_date
        return {"title": article.title, "date": date and date.strftime("%Y-%m-%d %H:%M"), "body": article.text}

    return extract


PEERS = {
    "trafilatura": trafilatura,
    "readability-lxml": readability_lxml,
    "resiliparse": resiliparse,
    "newspaper4k": newspaper4k,
}


def main(name: str) -> None:
    """Extract every page of standard input; the last line tells the processor seconds spent."""
    warnings.simplefilter("ignore")
    logging.disable()
    extract = PEERS[name]()
    extract("<html><body><p>各位委员，同志们，现在开会。</p></body></html>")  # dictionaries load at the first call
    spent = 0.0
    for line in sys.stdin:
        page = json.loads(line)
        began = time.process_time()
        try:
            answer = extract(page["text"])
        except Exception as error:  # noqa: BLE001 - a library that fails on a page has no answer for it
            answer = {"error": repr(error)}
        spent += time.process_time() - began
        sys.stdout.write(json.dumps({"file": page["file"], **answer}, ensure_ascii=False) + "\n")
    sys.stdout.write(json.dumps({"seconds": spent}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
