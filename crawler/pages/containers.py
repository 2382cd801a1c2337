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
        first, *inner = (_test(*match.groups()) for match in _NAME.finditer(self.selector))
        # By its attributes a tree is searched in a fifth of the time; an inner step must not find the outer element.
        return f"//@{first[0]}[{first[1]}]/.." + "".join(f"//*[@{name}[{test}]]" for name, test in inner)

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


def _test(mark: str, name: str, is_prefix: str) -> tuple[str, str]:
    """An attribute, and what its value must be."""
    if mark == "#":
        return "id", f"starts-with(.,'{name}')" if is_prefix else f".='{name}'"
    return "class", f"contains(concat(' ',normalize-space(),' '),' {name}{'' if is_prefix else ' '}')"


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
