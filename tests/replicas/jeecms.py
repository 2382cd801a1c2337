"""JEECMS: pages that print 0 views, one counter that counts and one that reads."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING

from crawler.replica.asp import Answer
from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDERS = {SECTION: "ldjh", NEWS: "zxyw", NOTICES: "tzgg"}


class JeeCms(FamilyReplica):
    server = "Apache-Coyote/1.1"
    parts_are_pages = True
    counter = "read_only"

    def article_path(self, item: Item, part: int = 1) -> str:
        return f"/{FOLDERS[item.class_id]}/{self.native_id(item)}{f'_{part}' if part > 1 else ''}.jhtml"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/index.jhtml"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.jhtml"}:
            return self.home()
        if request.path in {"/content_view.jspx", "/content_view_get.jspx"}:
            return self.count(request)
        if match := re.fullmatch(r"/[a-z]+/(\d+)(?:_(\d+))?\.jhtml", request.path):
            item, part = self.item(match[1]), int(match[2] or 1)
            if item and item.target:
                return Answer(302, b"", self.content_type, {"Location": item.target})
            return self.article_html(item, part) if item and part <= self.parts(item) else None
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/index(?:_(\d+))?\.jhtml", request.path):
                page = int(match[1] or 1)
                return self.list_html(class_id, page) if page <= self.pages(class_id) else None
        return None

    def count(self, request: Request) -> Answer:
        reads = request.path == "/content_view_get.jspx"
        number = request.query.get("contentIds" if reads else "contentId", "")
        item, answer = self.item(number), "[]"
        if item and not reads:
            self.site.count_hit(item)
            answer = json.dumps([item.hits[0], 0, 0, 0, 0])
        elif item:
            answer = json.dumps({"contentViewsMap": {number: item.hits[0]}})
        return Answer(200, answer.encode(), "application/json;charset=UTF-8")

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li><span class="time">{item.speech.published:%Y-%m-%d}</span><a href="{self.href(item)}" '
            f'title="{escape(item.speech.title)}" target="_blank">{escape(item.speech.title[:24])}</a></li>'
            for item in self.rows_of(class_id, page)
        )
        pages, total = self.pages(class_id), len(self.rows(class_id))
        pager = turning(page, pages, lambda n: f"index{f'_{n}' if n > 1 else ''}.jhtml")
        counts = f"共{total}条记录 {page}/{pages}页"
        content = f'{self.trail(class_id)}<ul class="list">{rows}</ul><div class="pagebar">{counts} {pager}</div>'
        return self.shell(f"{COLUMNS[class_id]}-{SITE}", content)

    def article_html(self, item: Item, part: int) -> str:
        speech, number, pages = item.speech, self.native_id(item), self.parts(item)
        info = (
            f"发布时间：{speech.published:%Y-%m-%d %H:%M} 来源：{speech.source} 作者：{speech.author} "
            '浏览：<span id="views">0</span>次'
        )
        pager = turning(part, pages, lambda n: self.article_path(item, n)) if pages > 1 else ""
        content = (
            f"{self.trail(item.class_id, ' &gt; 正文')}<h1>{escape(speech.title)}</h1>"
            f'<div class="msgbar">{info}</div><div class="content">{self.body_html(item, part)}</div>'
            f'<div class="pagebar">{pager}</div>'
            f'<script type="text/javascript">viewCount("/content_view.jspx","{number}");</script>'
        )
        return self.shell(f"{escape(speech.title)}-{SITE}-{COLUMNS[item.class_id]}", content)


def turning(page: int, pages: int, href: Callable[[int], str]) -> str:
    def step(number: int, text: str) -> str:
        return f'<a href="{href(number)}">{text}</a>' if number != page else f'<a disabled="disabled">{text}</a>'

    numbers = " ".join(step(number, str(number)) for number in range(1, pages + 1))
    ends = (
        step(1, "首页"),
        step(max(1, page - 1), "上一页"),
        step(min(pages, page + 1), "下一页"),
        step(pages, "尾页"),
    )
    return f"{ends[0]} {ends[1]} {numbers} {ends[2]} {ends[3]}"
