"""PHPCMS V9, by script and as files: a heading with the info line in it, a pager with a page 0.

Its counter fills in four numbers as they were, then adds one to each, whoever asks.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from html import escape
from typing import Any

from crawler.replica.asp import Answer
from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

FOLDERS = {SECTION: "html/ldjh", NEWS: "html/zxyw", NOTICES: "html/tzgg"}
WINDOW = 4


class PhpCms(FamilyReplica):
    parts_are_pages = True
    counter = "increments"

    @abstractmethod
    def column_page_path(self, class_id: int, page: int) -> str: ...

    @abstractmethod
    def asked(self, request: Request) -> tuple[str, str, int] | None:
        """What an address asks for: `show` or `lists`, the id, the page; None when it is no address of either."""

    def page(self, request: Request) -> str | Answer | None:
        if request.path == "/api.php":
            return self.count(request)
        if (asked := self.asked(request)) is None:
            return self.home() if request.path in {"/", "/index.html"} and not request.query else None
        kind, number, page = asked
        if kind == "lists":
            class_id = int(number)
            return self.list_html(class_id, max(1, page)) if page <= self.pages(class_id) else None
        item = self.item(number)
        if item and item.target:
            return Answer(302, b"", self.content_type, {"Location": item.target})
        return self.article_html(item, page) if item and page <= self.parts(item) else None

    def count(self, request: Request) -> Answer:
        item = self.item(request.query.get("id", ""))
        if item is None or request.query.get("op") != "count":
            return Answer(200, b"", self.content_type)
        total, day, week, month = item.hits
        self.site.count_hit(item)
        filled = {"todaydowns": day, "weekdowns": week, "monthdowns": month, "hits": total}
        script = "".join(f"$('#{name}').html('{number}');" for name, number in filled.items())
        return Answer(200, script.encode(), self.content_type)

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li><span class="rt">{item.speech.published:%Y-%m-%d %H:%M:%S}</span>·'
            f'<a href="{escape(self.href(item))}" target="_blank" style="">{escape(item.speech.title)}</a></li>'
            for item in self.rows_of(class_id, page)
        )
        pager = self.pager(class_id, page)
        content = f'{self.crumbs(class_id)}<ul class="list lh24 f14">{rows}</ul><div id="pages">{pager}</div>'
        return self.shell(f"{COLUMNS[class_id]} - {SITE}", content)

    def pager(self, class_id: int, page: int) -> str:
        pages = self.pages(class_id)

        def link(number: int, text: str, kind: str = "") -> str:
            return f'<a href="{escape(self.column_page_path(class_id, number))}"{kind}>{text}</a>'

        shown = sorted({1, pages, *range(max(1, page - WINDOW), min(pages, page + WINDOW) + 1)})
        numbers = " ".join(f"<span>{n}</span>" if n == page else link(n, str(n)) for n in shown)
        steps = link(page - 1, "上一页", ' class="a1"'), link(min(page + 1, pages), "下一页", ' class="a1"')
        return f'<a class="a1">{len(self.rows(class_id))}条</a> {steps[0]} {numbers} {steps[1]}' if pages > 1 else ""

    def crumbs(self, class_id: int) -> str:
        column = f'<a href="{escape(self.column_path(class_id))}">{COLUMNS[class_id]}</a>'
        return f'<div class="crumbs"><a href="/">首页</a><span> &gt; </span>{column} &gt; </div>'

    def article_html(self, item: Item, part: int) -> str:
        speech, number = item.speech, self.native_id(item)
        info = (
            f"{speech.published:%Y-%m-%d %H:%M:%S}&nbsp;&nbsp;&nbsp;来源：{speech.source}&nbsp;&nbsp;&nbsp;作者："
            f'{speech.author}&nbsp;&nbsp;&nbsp;点击：<span id="hits">0</span>'
        )
        pages = self.parts(item)
        numbers = " ".join(
            f"<span>{n}</span>" if n == part else f'<a href="{escape(self.article_path(item, n))}">{n}</a>'
            for n in range(1, pages + 1)
        )
        turning = f'<div id="pages" class="text-c mg_t20">{numbers}</div>' if pages > 1 else ""
        content = (
            f'{self.crumbs(item.class_id)}<div id="Article"><h1>{escape(speech.title)}'
            f'<br />\n<span>{info}</span></h1><div class="content">{self.body_html(item, part)}</div>{turning}'
            '<p class="f14"><strong>上一篇：</strong>没有了</p></div>'
            f'<script language="JavaScript" src="/api.php?op=count&id={number}&modelid=1"></script>'
        )
        return self.shell(f"{escape(speech.title)} - {COLUMNS[item.class_id]} - {SITE}", content)

    def told(self, item: Item) -> dict[str, Any]:
        return {"published_at": f"{item.speech.published:%Y-%m-%dT%H:%M:%S}+08:00"}


class PhpCmsDynamic(PhpCms):
    def article_path(self, item: Item, part: int = 1) -> str:
        more = f"&page={part}" if part > 1 else ""
        return f"/index.php?m=content&c=index&a=show&catid={item.class_id}&id={self.native_id(item)}{more}"

    def column_path(self, class_id: int) -> str:
        return f"/index.php?m=content&c=index&a=lists&catid={class_id}"

    def column_page_path(self, class_id: int, page: int) -> str:
        return f"{self.column_path(class_id)}&page={page}"

    def asked(self, request: Request) -> tuple[str, str, int] | None:
        query = request.query
        if request.path != "/index.php" or query.get("m") != "content":
            return None
        kind, page = query.get("a", ""), int(query.get("page", "1"))
        return (kind, query["id"] if kind == "show" else query["catid"], page) if kind in {"show", "lists"} else None


class PhpCmsFiles(PhpCms):
    def article_path(self, item: Item, part: int = 1) -> str:
        name = f"{self.native_id(item)}{f'_{part}' if part > 1 else ''}.html"
        return f"/{FOLDERS[item.class_id]}/{item.speech.published:%Y/%m%d}/{name}"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/"

    def column_page_path(self, class_id: int, page: int) -> str:
        return f"/{FOLDERS[class_id]}/{'index' if page <= 1 else page}.html"

    def asked(self, request: Request) -> tuple[str, str, int] | None:
        if match := re.fullmatch(r"/html/[a-z]+/\d{4}/\d{4}/(\d+)(?:_(\d+))?\.html", request.path):
            return "show", match[1], int(match[2] or 1)
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/(?:index\.html|(\d+)\.html)?", request.path):
                return "lists", str(class_id), int(match[1] or 1)
        return None
