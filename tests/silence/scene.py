"""An answer of a replica as damages see it: what page it is, by its content, and its parts as a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from lxml import etree, html

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from crawler.replica.asp import Answer

SHORTEST_LINE = 12
"""Characters: a shorter line of a body may stand in several speeches."""
PAGER_WORDS = re.compile(
    r"(?:上|下|末|尾|首|前|后|第)一?页|末页|尾页|首页|»|«|>>|<<|>|<|\d{1,3}|上页|下页|next|prev", re.IGNORECASE
)


def squeeze(text: str) -> str:
    """Text without whitespace."""
    return "".join(text.split())


@lru_cache(maxsize=1)
def whole_text(page: str) -> str:
    """A page's text without whitespace; every speech is looked for in the same page."""
    if not page.strip():
        return ""
    tree: html.HtmlElement = html.document_fromstring(page)
    return squeeze(tree.text_content())


@dataclass(frozen=True, slots=True)
class Scene:
    """One answer on its way to the crawler.

    `target`: the truth's row of the speech that the damage is about; `speeches`: all rows; `ask`: what the undamaged
    site answers to a path.
    """

    path: str
    answer: Answer
    text: str
    encoding: str
    target: dict[str, Any]
    speeches: list[dict[str, Any]]
    dice: random.Random
    ask: Callable[[str], Answer]
    paths: dict[str, str]
    """Path of the last `article` other than the target that was asked for, of the first page of the `list`, and of
    the article whose text is `lent`."""
    lists: tuple[str, ...]
    """Paths of the list pages asked for so far."""
    remove_newest: Callable[[], bool]
    """Takes the newest speech that is not the target off the site; False when it has been done."""

    def other_column(self) -> str | None:
        """The path of another column's list."""
        home = html.document_fromstring(self.ask("/").body.decode(self.encoding))
        links = (a.get("href", "") for a in home.iter("a") if "".join(map(str, a.itertext())).strip() == "政协要闻")
        return next((urlunsplit(("", "", *urlsplit(href)[2:4], "")) for href in links if href), None)

    def share(self) -> float:
        """How much of the target's text the page holds, 0 to 1: of the speech it shows the most."""
        lines = [squeeze(line) for line in self.target["body"].split("\n") if len(line) >= SHORTEST_LINE]
        whole = whole_text(self.text)
        return sum(line in whole for line in lines) / max(1, len(lines))

    def is_named(self) -> bool:
        """True for a page with the target's title in its head: speeches share sentences, parts hold but some."""
        head = "".join(map(str, next(self.tree().iter("title"), html.Element("title")).itertext()))
        return squeeze(self.target["title"])[:SHORTEST_LINE] in squeeze(head)

    def is_list(self) -> bool:
        """True for a list page, or a fragment of one, with the target's row."""
        if self.path.lower() in {"/", "/index.asp", "/index.html", "/index.htm", "/default.asp"}:
            return False
        titles = [speech["title"][:10] for speech in self.speeches]
        shown = sum(title in self.text for title in titles)
        return self.target["title"][:10] in self.text and shown >= min(2, len(titles))

    def tree(self) -> html.HtmlElement:
        """The page as a tree of its own."""
        return html.document_fromstring(self.text)

    def page(self, tree: html.HtmlElement) -> Answer:
        """A changed tree as an answer in the page's own encoding."""
        text = "<!DOCTYPE html>\n" + etree.tostring(tree, encoding="unicode", method="html")
        return self.text_answer(text)

    def text_answer(self, text: str) -> Answer:
        return replace(self.answer, body=text.encode(self.encoding, "xmlcharrefreplace"))

    def row(self, tree: html.HtmlElement) -> html.HtmlElement | None:
        """The link of the target's row."""
        title = self.target["title"]
        for link in tree.iter("a"):
            words = squeeze(link.text_content()).rstrip(".…")
            if link.get("title") == title or (len(words) >= 6 and squeeze(title).startswith(words[:18])):
                return link
        return None

    def pager(self, tree: html.HtmlElement) -> list[html.HtmlElement]:
        """Links that turn the list: their words are numbers or directions."""
        return [
            a for a in tree.iter("a") if PAGER_WORDS.fullmatch(squeeze(a.text_content())) and a.get("href") != "/"
        ]

    def body(self, tree: html.HtmlElement) -> html.HtmlElement | None:
        """The smallest block that holds all of the target's text on this page."""
        whole = squeeze(tree.text_content())
        lines = [squeeze(line) for line in self.target["body"].split("\n") if len(line) >= SHORTEST_LINE]
        here = [line for line in lines if line in whole]
        if not here:
            return None
        node = tree
        while True:
            inner = next(
                (one for one in elements(node) if all(line in squeeze(one.text_content()) for line in here)), None
            )
            # To libxml2 the rest of a paragraph is within its first <wbr>.
            if inner is None or inner.tag == "wbr":
                return _above_paragraphs(node)
            node = inner

    def heading(self, tree: html.HtmlElement) -> list[html.HtmlElement]:
        """Elements outside the body whose whole text is the title."""
        title, body = squeeze(self.target["title"]), self.body(tree)
        same = [
            node
            for node in elements(tree, deep=True)
            if node.tag != "title" and squeeze(node.text_content()) == title
        ]
        outside = [node for node in same if body is None or body not in node.iterancestors()]
        return [node for node in outside if not any(child in outside for child in elements(node))]


def _above_paragraphs(node: html.HtmlElement) -> html.HtmlElement:
    """The block itself, or around one paragraph among others: nothing would show that a single one is missing."""
    block = inner = node
    while _is_unnamed(inner) and (parent := inner.getparent()) is not None and parent.tag != "body":
        others = [one for one in elements(parent) if one is not inner and _is_unnamed(one)]
        if any("。" in one.text_content() for one in others):
            block = parent
        elif others:
            break
        inner = parent
    return block


def _is_unnamed(node: html.HtmlElement) -> bool:
    return not node.get("class") and not node.get("id")


def elements(node: html.HtmlElement, *, deep: bool = False) -> Iterator[html.HtmlElement]:
    """Child elements (or all below) that can hold text."""
    for child in node.iterdescendants() if deep else node:
        if isinstance(child.tag, str) and child.tag not in ("script", "style", "head"):
            yield child
