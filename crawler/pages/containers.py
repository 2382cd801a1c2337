"""Containers: the elements a CMS or a template puts around a body or a list, named as briefly as style sheets do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from lxml import etree

from crawler.pages.page import Page, PageError

_NAME = re.compile(r"([#.])([\w\u4e00-\u9fff-]+)(\*?)")
_TAG = re.compile(r"<(/?)([a-z][\w:-]*)\b[^>]*(?:>|\Z)", re.IGNORECASE)


@dataclass(frozen=True)
class Container:
    """`#zoom` an id, `.TRS_Editor` a class, `#vsb_content*` an id that begins so, `.cnt_box .con` the one within the
    other; or an XPath that begins with `/`.

    Raises:
        ValueError: it is none of these.
    """

    selector: str

    @property
    def is_xpath(self) -> bool:
        """True for an XPath, which says little about the source."""
        return self.selector.startswith("/")

    def __post_init__(self) -> None:
        if self.is_xpath:
            try:
                etree.XPath(self.selector)
            except etree.XPathError as error:
                raise ValueError(f"{self.selector}: {error}") from None
        elif not self.selector.split() or not all(map(_NAME.fullmatch, self.selector.split())):
            raise ValueError(f"{self.selector}: a container is #id, .class or an XPath beginning with /")

    @cached_property
    def xpath(self) -> str:
        """The XPath that selects it."""
        if self.is_xpath:
            return self.selector
        return "".join(_step(*match.groups()) for match in _NAME.finditer(self.selector))

    def closes_in(self, source: str) -> bool | None:
        """Whether the source closes the element; None when it does not open it, or an XPath says too little."""
        if self.is_xpath:
            return None
        mark, name, is_prefix = _NAME.findall(self.selector)[-1]
        attribute, end = ("id" if mark == "#" else "class"), ("" if is_prefix else r"(?![\w-])")
        value = rf"(?:[\"'][^\"'<>]{{0,999}}?|)(?<![\w-]){re.escape(name)}{end}"
        opening = rf"<([a-z]\w*)\b[^<>]{{0,999}}\b{attribute}\s*+=\s*+{value}[^<>]*>"
        opened = re.search(opening, source, re.IGNORECASE)
        return _closes(source, opened.start(), opened[1].lower()) if opened else None


def _step(mark: str, name: str, is_prefix: str) -> str:
    if mark == "#":
        return f"//*[starts-with(@id,'{name}')]" if is_prefix else f"//*[@id='{name}']"
    return f"//*[contains(concat(' ',normalize-space(@class),' '),' {name}{'' if is_prefix else ' '}')]"


def _closes(source: str, start: int, tag: str) -> bool:
    tags = (found for found in _TAG.finditer(source, start) if found[2].lower() == tag)
    return 0 in accumulate(-1 if found[1] else 1 for found in tags)


def outermost(page: Page, containers: tuple[Container, ...]) -> etree._Element | None:
    """The element of the first container that the page has; others may stand inside it, none beside it.

    Raises:
        PageError: several stand side by side, and nothing says which is meant.
    """
    for container in containers:
        found = page.all(container.xpath)
        outer = [node for node in found if set(node.iterancestors()).isdisjoint(found)]
        if len(outer) > 1:
            raise PageError(f"{page.url}: {container.selector} stands {len(outer)} times, exactly one is needed")
        if outer:
            return outer[0]
    return None
