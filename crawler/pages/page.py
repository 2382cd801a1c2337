"""One parsed page: one lxml parse, compiled XPath, and selectors that say how many nodes they found.

Built from the address and the decoded text (Scrapy/w3lib decode; lxml never sees the site's bytes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from functools import cache, cached_property
from itertools import chain
from typing import TypeVar, cast

from lxml import etree

from crawler.pages.urls import resolve
from pipelines.text.page_size import excess_of

_BLANKS = re.compile(r"[ \t\n\r\f]+")
_SENTENCE = re.compile(r"[。！？；!?;][”』」）)]*$")
_EMPTY = b"<html></html>"
_CHARSET = re.compile(r"<meta\b[^<>]*?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HEAD = 4_096  # characters: browsers look for a charset in the first 1,024 bytes, templates put it a little later
_CONTROLS, _DROPPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]"), "dropped"
EDGES = " \t\n\r\f\u00a0\u3000\ufeff"
"""Whitespace that no text begins or ends with: ASCII's, NBSP, U+3000 and a leaked BOM."""
_UNREAD = ("script", "style", "noscript", "template", "option")
_READ_TEXTS = etree.XPath(f".//text()[not({' or '.join(f'parent::{tag}' for tag in _UNREAD)})]", smart_strings=False)
# Without the test of each text's parent these take a tenth of the time.
_TEXTS, _TEXT = etree.XPath(".//text()", smart_strings=False), etree.XPath("string()", smart_strings=False)
_T = TypeVar("_T")
# XPaths that are searched by tag, in a fraction of the time: `//a[@href]|//option`.
_STEP = re.compile(r"//(\w+)((?:\[(?:@[\w-]+(?:='[^']+')?|not\(@[\w-]+\))\])*)")
_TEST = re.compile(r"\[(not\()?@([\w-]+)\)?(?:='([^']+)')?\]")
_Tests = list[tuple[str, str, str]]
_LONGEST_SCRIPT = 200_000  # scripts of lists have a few thousand characters; libraries of more name no address


class PageError(ValueError):
    """A page that is not what its reader needs: says the address, what was looked for, and what was found."""


@cache
def _compiled(xpath: str) -> etree.XPath:
    """An XPath, compiled once."""
    return etree.XPath(xpath)


def _elements(found: object) -> list[etree._Element]:
    """The elements among what an XPath selects."""
    return [node for node in found if isinstance(node, etree._Element)] if isinstance(found, list) else []


@cache
def _search(xpath: str) -> Callable[[etree._Element], list[etree._Element]]:
    """What finds the elements of a whole tree that an XPath selects, in document order."""
    steps = [_STEP.fullmatch(part) for part in xpath.split("|")]
    wanted: dict[str, list[_Tests]] = {}
    for step in filter(None, steps):
        wanted.setdefault(step[1], []).append(_TEST.findall(step[2]))
    if None in steps:
        return lambda root: _elements(_compiled(xpath)(root))
    if all([] in tests for tests in wanted.values()):
        return lambda root: list(root.iter(*wanted))
    needed = {tag: tests[0][0][1] for tag, tests in wanted.items() if [len(one) for one in tests] == [1]}
    if len(needed) == len(wanted) and not any(tests[0][0][0] or tests[0][0][2] for tests in wanted.values()):
        return lambda root: [node for node in root.iter(*wanted) if node.get(needed[node.tag]) is not None]
    return lambda root: [node for node in root.iter(*wanted) if any(_holds(node, one) for one in wanted[node.tag])]


def _holds(node: etree._Element, tests: _Tests) -> bool:
    for negated, name, value in tests:
        said = node.get(name)
        if (said is None) != bool(negated) or (value and said != value):
            return False
    return True


class PageSizeError(PageError):
    """A page with more tags, text or attributes than any real one: it is not parsed."""


class PageTimeError(PageSizeError):
    """A page that takes longer to read than any real one: its reading was given up."""


Answers = dict[str, object]
"""What was read of a page, or the `PageError` because of which it was not, by the name of the question."""


class Page:
    """A page as a tree.

    Args:
        url: the address the text was fetched from; links resolve against it, or against the page's `<base href>`.
        text: the decoded HTML.
        charset: the encoding it was decoded from, in which links send their queries; by default what the page says.
        answers: what was read of it already, if anything; it is then parsed only when something else is asked.

    Raises:
        PageSizeError: more of it than a page can have.
        PageError: no HTML at all, or the parser gave up, so that some of the text is missing from the tree.
    """

    def __init__(self, url: str, text: str, charset: str | None = None, answers: Answers | None = None) -> None:
        self.url = url
        self.text = text
        declared = None if charset else _CHARSET.search(text, 0, _HEAD)
        self.charset = charset or (declared[1] if declared else "utf-8")
        self.answers = answers or {}
        if not self.answers:
            self.root = self._parsed()

    def asked(self, question: str, read: Callable[[], _T]) -> _T:
        """What `read` finds on this page: the answer to the question, which is remembered and may be known already.

        Raises:
            PageError: `read` raised it, now or before.
        """
        if question not in self.answers:
            try:
                self.answers[question] = read()
            except PageError as error:
                # Without its traceback, whose frames would keep the page until the collector looks.
                self.answers[question] = type(error)(*error.args)
        answer = self.answers[question]
        if isinstance(answer, PageError):
            raise type(answer)(*answer.args)
        return cast("_T", answer)

    @cached_property
    def root(self) -> etree._Element:
        """The tree."""
        return self._parsed()

    def _parsed(self) -> etree._Element:
        text, encoded = self.text, self.text.encode()
        if b"\x00" in encoded:
            # HTML has no NUL; libxml2 would end the text at one.
            text = text.replace("\x00", "")
            encoded = text.encode()
        self._lowered = encoded.lower()  # nearly always asked for, and here without encoding the text again
        if excess := excess_of(text):
            raise PageSizeError(f"{self.url}: too large to be read as a page: {excess}")
        # lxml.html's elements are Python objects, a tenth of a page's time; lxml's own are not.
        parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
        found = etree.fromstring(encoded, parser)
        # None for whitespace, or nothing but what browsers skip, such as `</0`.
        root = etree.fromstring(_EMPTY, etree.HTMLParser()) if found is None else found
        # Behind a stray end tag libxml2 may begin another root: what stands there is the page's, too.
        for other in list(root.itersiblings(etree.Element)):
            root.append(other)
        if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
            raise PageError(f"{self.url}: tags nested deeper than the HTML parser follows; text would be lost")
        return root

    @cached_property
    def base(self) -> str:
        """The address against which links resolve."""
        return resolve(self.url, next(self._bases(), ""), self.charset) or self.url

    @cached_property
    def _lowered(self) -> bytes:
        return self.text.replace("\x00", "").encode().lower()

    def _bases(self) -> Iterator[str]:
        for node in self.root.iter("base"):
            if (
                next(node.iterancestors("template", "noscript"), None) is None
                and (href := node.get("href")) is not None
            ):
                yield href

    def inner(self, html: str) -> Page:
        """A piece of HTML that a script of this page writes into it: its links are this page's."""
        return Page(self.base, html, self.charset)

    def mentions(self, *names: str) -> bool:
        """Whether the source holds one of some ASCII names in any case: asked before a tree is searched for them."""
        return any(name.encode() in self._lowered for name in names)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of all attributes in the tree: asked before it is searched for elements with some of many."""
        return frozenset(map(str, chain.from_iterable(map(etree._Element.keys, self.root.iter(etree.Element)))))

    def all(self, xpath: str, within: etree._Element | None = None) -> list[etree._Element]:
        """Every element that an XPath selects, in document order."""
        if within is not None:
            return _elements(_compiled(xpath)(within))
        if xpath not in self._found:
            self._found[xpath] = _search(xpath)(self.root)
        return list(self._found[xpath])

    @cached_property
    def _found(self) -> dict[str, list[etree._Element]]:
        """What was searched for in the whole page: several questions begin with the same elements."""
        return {}

    def copied(self) -> Page:
        """The page with a tree of its own."""
        page = copy(self)
        page.root, page.base, page.answers = deepcopy(self.root), self.base, {}
        page.__dict__.pop("_found", None)
        return page

    def one(self, xpath: str) -> etree._Element:
        """Exactly one element, or `PageError` with the address, the selector and the count found."""
        found = self.all(xpath)
        if len(found) != 1:
            raise PageError(f"{self.url}: {xpath} selects {len(found)} elements, exactly one is needed")
        return found[0]

    def links(self, xpath: str = "//a[@href]") -> list[tuple[etree._Element, str]]:
        """Elements that name an address, with that address made absolute."""
        return [(link, url) for link in self.all(xpath) if (url := self.href(link))]

    def scripts(self) -> list[str]:
        """The scripts that stand in the page itself, as far as anything is looked for in one."""
        return [(script.text or "")[:_LONGEST_SCRIPT] for script in self.own_scripts()]

    def own_scripts(self) -> list[etree._Element]:
        """The elements of the scripts that stand in the page itself."""
        return [script for script in self.root.iter("script") if script.get("src") is None]

    def href(self, link: etree._Element) -> str | None:
        """Absolute address of a link; None for a fragment, a script, or what is no address at all."""
        return self.resolve(link.get("href") or link.get("value") or link.get("src") or "")

    def resolve(self, address: str) -> str | None:
        """An address on the page made absolute; None as for `href`."""
        if address not in self._resolved:
            value = address.strip(EDGES)
            found = resolve(self.base, value, self.charset) if value and not value.startswith("#") else None
            self._resolved[address] = found
        return self._resolved[address]

    @cached_property
    def _resolved(self) -> dict[str, str | None]:
        """Addresses as they are written, made absolute: each is asked for many times."""
        return {}


def drop(node: etree._Element) -> None:
    """Take an element out of its tree; the text behind it stays."""
    parent = node.getparent()
    if parent is None:
        return
    before = node.getprevious()
    text = ((parent.text if before is None else before.tail) or "") + (node.tail or "")
    if _CONTROLS.search(text):
        # lxml gives such text and does not take it back; it moves it by itself.
        node.tag = _DROPPED
        etree.strip_elements(parent, _DROPPED, with_tail=False)
        return
    if node.tail and before is None:
        parent.text = text
    elif node.tail and before is not None:
        before.tail = text
    parent.remove(node)


def words(node: etree._Element) -> str:
    """Text of an element on one line: ASCII whitespace folded to one space, edges trimmed, nothing else touched."""
    return tidy(_joined(node))


def strings(node: etree._Element) -> list[str]:
    """Text nodes below an element in document order, without scripts, styles and option lists."""
    if len(node) == 0:
        # A comment has a text, which is none of the page's, and a function as its tag.
        return [node.text] if node.text and isinstance(node.tag, str) and node.tag not in _UNREAD else []
    found = (_TEXTS if next(node.iter(*_UNREAD), None) is None else _READ_TEXTS)(node)
    return list(map(str, found)) if isinstance(found, list) else []


def says_more(node: etree._Element, most: int) -> bool:
    """True where the `strings` of an element have more characters: seen without going through a whole page."""
    size = 0
    for one in node.iter():
        if isinstance(one.tag, str) and one.tag not in _UNREAD:
            size += len(one.text or "")
        if one is not node and one.tail and (parent := one.getparent()) is not None and parent.tag not in _UNREAD:
            size += len(one.tail)
        if size > most:
            return True
    return False


def squeezed(node: etree._Element) -> str:
    """Text of an element without whitespace, for comparing; that of an option, too."""
    if node.tag == "option":
        return squeeze("".join(map(str, node.itertext())) if len(node) else node.text or "")
    return squeeze(_joined(node))


def all_text(node: etree._Element) -> str:
    """All text below an element, that of scripts, too: to see quickly whether a word can be in `strings`."""
    return str(_TEXT(node))


def _joined(node: etree._Element) -> str:
    if len(node) == 0:
        return (isinstance(node.tag, str) and node.tag not in _UNREAD and node.text) or ""
    return all_text(node) if next(node.iter(*_UNREAD), None) is None else "".join(strings(node))


def named(*nodes: etree._Element) -> str:
    """Classes and ids of elements: what templates call them."""
    return " ".join(node.get(name) or "" for node in nodes for name in ("class", "id"))


def link_around(node: etree._Element) -> etree._Element | None:
    """The link that an element is or stands in."""
    return node if node.tag == "a" else next(node.iterancestors("a"), None)


def tidy(text: str) -> str:
    """Fold ASCII whitespace to one space and trim the edges (also of NBSP, U+3000 and a leaked BOM)."""
    return _BLANKS.sub(" ", text).strip(EDGES)


def squeeze(text: str) -> str:
    """Text without whitespace: for comparing two spellings of one name, never for keeping."""
    bare = "".join(text.split())
    return bare if bare.isascii() else bare.replace("\u200b", "").replace("\ufeff", "")


def ends_sentence(text: str) -> bool:
    """True for words that end as a sentence does, also within a quote or brackets."""
    return _SENTENCE.search(text) is not None
