"""How a site writes its addresses: by script, pseudo-static, rewritten, or as files (KesionCMS's GetItemURL)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from crawler.replica.asp import AspRequest
from crawler.replica.site import ARCHIVE, MEMBERS, NEWS, NOTICES, SECTION, Item, Site

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDERS = {ARCHIVE: "zlzx", NEWS: "zxyw", NOTICES: "tzgg", SECTION: "ldjh", MEMBERS: "wynw"}
RESTRICTED = frozenset({"login-wall", "no-permission", "paid"})
FILES_OF_FLAVOURS = {
    "6.5": "html/{folder}_{class_id}_{number}{part}.shtml",
    "7.0": "html/{folder}/{number}{part}.html",
    "X2": "html/{folder}/{moment:%Y%m/%d%H%M}{random}{part}.html",
}


class Form(ABC):
    """Addresses of one setting; `read` says which script a request for one of them stands for."""

    @abstractmethod
    def item(self, domain: str, item: Item) -> str: ...

    @abstractmethod
    def part(self, item: Item, part: int) -> str:
        """Address of a page of an article, relative as the pager has it."""

    @abstractmethod
    def column(self, domain: str, class_id: int) -> str: ...

    @abstractmethod
    def column_page(self, class_id: int, page: int, pages: int, /) -> str:
        """Address of a page of a list, relative as the pager has it."""

    @abstractmethod
    def read(self, request: AspRequest) -> AspRequest | None: ...

    def native_id(self, item: Item) -> str:
        return item.speech.native_id

    def is_file(self, _: Item) -> bool:
        """True for an article that stands on the disk: gone, it is a 404 and no notice."""
        return False


class Dynamic(Form):
    def __init__(self, page_key: str = "Page") -> None:
        self.page_key = page_key

    def item(self, domain: str, item: Item) -> str:
        return f"{domain}Item/Show.asp?m={item.speech.model}&d={item.speech.number}"

    def part(self, item: Item, part: int) -> str:
        return f"?m={item.speech.model}&d={item.speech.number}&p={part}"

    def column(self, domain: str, class_id: int) -> str:
        return f"{domain}Item/list.asp?id={class_id}"

    def column_page(self, class_id: int, page: int, _: int) -> str:
        key = "ID" if self.page_key == "Page" else "id"
        return f"?{key}={class_id}" if page == 1 else f"?{key}={class_id}&{self.page_key}={page}"

    def read(self, request: AspRequest) -> AspRequest | None:
        return request


class Ajax(Dynamic):
    """Dynamic addresses; the rows of a list come by another request."""


class Rewritten(Form):
    """`mark` is `?` for pseudo-static addresses and empty for rewritten ones."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def item(self, domain: str, item: Item) -> str:
        return f"{domain}{self.mark}thread-{item.speech.number}-{item.speech.model}.html"

    def part(self, item: Item, part: int) -> str:
        return f"/{self.mark}thread-{item.speech.number}-{item.speech.model}-{part}.html"

    def column(self, domain: str, class_id: int) -> str:
        return f"{domain}{self.mark}list-{class_id}.html"

    def column_page(self, class_id: int, page: int, _: int) -> str:
        return f"{self.mark}list-{class_id}.html" if page == 1 else f"{self.mark}list-{class_id}-{page}.html"

    def read(self, request: AspRequest) -> AspRequest | None:
        names = request.values if self.mark and request.path == "/" else [request.path[1:]]
        for name in names:
            if match := re.fullmatch(r"thread-(\d+)-(\d+)(?:-(\d+))?\.html", name):
                number, model, part = match.groups()
                return AspRequest("/item/show.asp", request.host, {"m": model, "d": number, "p": part or "1"})
            if match := re.fullmatch(r"list-(\d+)(?:-(\d+))?\.html", name):
                class_id, page = match.groups()
                return AspRequest("/item/list.asp", request.host, {"id": class_id, "page": page or "1"})
        return None


class Static(Form):
    """Files. List pages count from the end: `index.html` is the newest, `index_1.html` the oldest.

    Args:
        site: what the files are made of.
        pattern: name of an article's file.
        pages: how many list pages a class has.
    """

    def __init__(self, site: Site, pattern: str, pages: Callable[[int], int]) -> None:
        self.site, self.pattern, self.pages = site, pattern, pages

    def item(self, domain: str, item: Item) -> str:
        return domain + (self._name(item) if self.is_file(item) else Dynamic().item("", item))

    def part(self, item: Item, part: int) -> str:
        return self._name(item, part).rpartition("/")[2]

    def column(self, domain: str, class_id: int) -> str:
        return f"{domain}html/{FOLDERS[class_id]}/"

    def column_page(self, _: int, page: int, pages: int) -> str:
        return "index.html" if page == 1 else f"index_{pages - page + 1}.html"

    def read(self, request: AspRequest) -> AspRequest | None:
        for item in self.site.items.values():
            for part in range(1, len(item.speech.parts) + 1) if self.is_file(item) else ():
                if request.path == f"/{self._name(item, part)}":
                    given = {"m": str(item.speech.model), "d": str(item.speech.number), "p": str(part)}
                    return AspRequest("/item/show.asp", request.host, given)
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/html/{folder}/(?:index(?:_(\d+))?\.html)?", request.path):
                page = self.pages(class_id) - int(match[1]) + 1 if match[1] else 1
                exists = page > 1 or not match[1]
                given = {"id": str(class_id), "page": str(page)}
                return AspRequest("/item/list.asp", request.host, given) if exists else None
        return None

    def native_id(self, item: Item) -> str:
        numbered = "{number}" in self.pattern or not self.is_file(item)
        return item.speech.native_id if numbered else re.sub(r"\D", "-", self._name(item)[10:-5])

    def is_file(self, item: Item) -> bool:
        return item.state not in RESTRICTED

    def _name(self, item: Item, part: int = 1) -> str:
        return self.pattern.format(
            folder=FOLDERS[item.class_id],
            class_id=item.class_id,
            number=item.speech.number,
            moment=item.speech.published,
            random=item.speech.number * 7919 % 10_000,
            part=f"_{part}" if part > 1 else "",
        )


NAMES = ("dynamic", "pseudo", "rewrite", "static", "ajax")


def form_of(name: str, flavour: str, site: Site, pages: Callable[[int], int]) -> Form:
    """The addresses of one setting of one build."""
    match name:
        case "pseudo":
            return Rewritten("?")
        case "rewrite":
            return Rewritten("")
        case "static":
            return Static(site, FILES_OF_FLAVOURS[flavour], pages)
        case "ajax":
            return Ajax()
        case _:
            return Dynamic("page" if flavour == "X2" else "Page")
