"""What the replicas of all families share: columns, rows, bodies, the truth, and the pages around them.

A family says where its pages are (`article_path`, `column_path`), which page a path means (`page`), and what a reader
of its pages knows otherwise than the database (`told`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from crawler.replica.asp import Answer
from crawler.replica.kesion import notices
from crawler.replica.kesion.templates import COMMITTEE, FRIENDS, SITE
from crawler.replica.noise import BodyLinks, render
from crawler.replica.prose import dice
from crawler.replica.site import FOREIGN_ROW, NEWS, NOTICES, SECTION, Item, Site

if TYPE_CHECKING:
    import random

    from crawler.replica.asp import Asked

COLUMNS = {NEWS: "政协要闻", SECTION: "领导讲话", NOTICES: "通知公告"}
TINY_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
TWIN_OFFSET = 500_000
IN_SIDE_BAR = 6
ON_HOME = 8
_UNKNOWN_STATES = frozenset({"not-approved", "login-wall", "no-permission", "paid"})


@dataclass(frozen=True)
class Request:
    """A request to a CMS that knows case: path, query, posted form, Referer."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    referer: str
    host: str


class FamilyReplica(ABC):
    """A replica of one family."""

    server: ClassVar[str] = "nginx"
    encoding: ClassVar[str] = "utf-8"
    charset: ClassVar[str] = "utf-8"
    """What its pages say of their encoding."""
    content_type: ClassVar[str] = "text/html; charset=utf-8"
    per_page: ClassVar[int] = 15
    counter: ClassVar[str] = "none"
    """What asking its counter does: read_only, increments, none."""
    parts_are_pages: ClassVar[bool] = False
    """Whether a long article is cut into pages; else all of it stands on one."""

    def __init__(self, site: Site, per_page: int, robots: str | None) -> None:
        self.site, self.robots = site, robots
        self.rows_a_page = per_page or self.per_page
        for item in site.items.values():
            if item.state in _UNKNOWN_STATES:  # what only KesionCMS says
                item.state = "removed"

    # What a family says.

    @abstractmethod
    def article_path(self, item: Item, part: int = 1) -> str:
        """Path of an article."""

    @abstractmethod
    def column_path(self, class_id: int) -> str:
        """Path of a column's first list page."""

    @abstractmethod
    def page(self, request: Request) -> str | Answer | None:
        """The page of a path; None: 404."""

    def native_id(self, item: Item) -> str:
        """The id in an article's address; the copy of the article model KesionCMS has counts on from an offset."""
        number = item.speech.number
        return str(number if item.speech.model == 1 else number + TWIN_OFFSET)

    def told(self, item: Item) -> dict[str, Any]:  # noqa: ARG002 - a family that prints everything
        """Where what a reader of the page knows differs from the database: `published_at`, `views`, `author` …"""
        return {}

    # What the server asks.

    def headers(self, cookie: str) -> dict[str, str]:  # noqa: ARG002 - no sessions here
        return {}

    def html(self, text: str, status: int = 200) -> Answer:
        return Answer(status, text.encode(self.encoding, "xmlcharrefreplace"), self.content_type)

    def respond(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.target)
        if parts.path == "/robots.txt":
            return Answer(200 if self.robots else 404, (self.robots or "").encode(), "text/plain")
        if parts.path.lower().endswith((".gif", ".jpg")):
            return Answer(200, TINY_GIF, "image/gif")
        if parts.path.lower().endswith((".doc", "/download.jsp", "/filedown.asp")):
            return Answer(200, f"file {asked.target}".encode(), "application/msword")
        form = dict(parse_qsl(asked.form, keep_blank_values=True))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        answer = self.page(Request(asked.method, parts.path, query, form, asked.referer, asked.host))
        if answer is None:
            return self.html(notices.NOT_FOUND, 404)
        return self.html(answer) if isinstance(answer, str) else answer

    def step(self) -> dict[str, list[str]]:
        events = self.site.step()
        ids = {item.speech.native_id: self.native_id(item) for item in self.site.items.values()}
        return {event: [ids[native_id] for native_id in found] for event, found in events.items()}

    def truth(self) -> dict[str, Any]:
        truth = {**self.site.truth(raw_author=True, raw_source=True), "counter": self.counter}
        for item, speech in zip(self.site.live(), truth["speeches"], strict=True):
            minute = f"{item.speech.published:%Y-%m-%dT%H:%M}:00+08:00"
            speech.update({"native_id": self.native_id(item), "published_at": minute, **self.told(item)})
        withheld = [item for item in self.site.items.values() if item.state not in ("live", "removed")]
        truth["withheld"] = [
            {
                "native_id": None if item.target == FOREIGN_ROW else self.native_id(item),
                "reason": "foreign-host" if item.target else "not-found",
            }
            for item in withheld
        ]
        return truth

    # What families build their pages from.

    def item(self, native_id: str, *, also_gone: bool = False) -> Item | None:
        """The article of an id, when there is one to show."""
        for item in self.site.items.values():
            if self.native_id(item) == native_id and (also_gone or item.state in ("live", "foreign-host")):
                return item
        return None

    def rows(self, class_id: int) -> list[Item]:
        return self.site.rows((class_id,))

    def pages(self, class_id: int) -> int:
        return max(1, -(-len(self.rows(class_id)) // self.rows_a_page))

    def rows_of(self, class_id: int, page: int) -> list[Item]:
        return self.rows(class_id)[(page - 1) * self.rows_a_page : page * self.rows_a_page]

    def href(self, item: Item) -> str:
        return item.target if item.target == FOREIGN_ROW else self.article_path(item)

    def dice(self, item: Item, question: str) -> random.Random:
        return dice(self.site.seed, type(self).__name__, question, item.speech.native_id)

    def parts(self, item: Item) -> int:
        return len(item.speech.parts) if self.parts_are_pages else 1

    def body_html(self, item: Item, part: int) -> str:
        """The body, or one part of it, as an editor left it; links in it lead home or to the pictures themselves."""
        speech = item.speech
        chosen = [speech.parts[part - 1]] if self.parts_are_pages else speech.parts
        key = (self.site.seed, "noise", type(self).__name__, speech.native_id, speech.revision, part)
        return render(tuple(block for one in chosen for block in one), dice(*key), BodyLinks("/", None))

    def side_bar(self) -> str:
        rows = "".join(
            f'<li><a href="{self.article_path(item)}">{escape(item.speech.title)}</a>'
            f"<span>{item.speech.published:%m-%d}</span></li>"
            for item in self.rows(NEWS)[:IN_SIDE_BAR]
        )
        return f'<div class="side"><h3>热点新闻</h3><ul class="hot">{rows}</ul></div>'

    def trail(self, class_id: int, last: str = "") -> str:
        column = f'<a href="{self.column_path(class_id)}">{COLUMNS[class_id]}</a>'
        return f'<div class="dqwz">您当前的位置：<a href="/">首页</a> &gt; {column}{last}</div>'

    def shell(self, title: str, content: str, head: str = "") -> str:
        """A whole page: navigation, side bar, content, footer."""
        columns = " | ".join(f'<a href="{self.column_path(one)}">{name}</a>' for one, name in COLUMNS.items())
        friends = "".join(f'<option value="{url}">{name}</option>' for name, url in FRIENDS)
        return (
            f'<!DOCTYPE html>\n<html><head><meta charset="{self.charset}"><title>{title}</title>\n{head}</head>'
            f'<body><div class="nav"><a href="/">首页</a> | {columns}</div>\n{self.side_bar()}\n'
            f'<div class="main">{content}</div>\n'
            f'<div class="foot"><select>{friends}</select><p>主办：{COMMITTEE}　备案号：鄂ICP备00000000号</p></div>'
            "</body></html>"
        )

    def home(self) -> str:
        boxes = []
        for class_id, name in COLUMNS.items():
            rows = "".join(
                f'<li><a href="{self.href(item)}">{escape(item.speech.title)}</a></li>'
                for item in self.rows(class_id)[:ON_HOME]
            )
            more = f'<a href="{self.column_path(class_id)}" class="more">更多&gt;&gt;</a>'
            boxes.append(f'<div class="box"><h3>{name}</h3>{more}<ul>{rows}</ul></div>')
        return self.shell(SITE, "\n".join(boxes))
