"""DedeCMS: files by day, `list_5_2.html`, a counter that cannot be read without counting, pages of one article."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from crawler.replica.asp import Answer
from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDERS = {SECTION: "a/ldjh", NEWS: "a/zxyw", NOTICES: "a/tzgg"}


class DedeCms(FamilyReplica):
    server = "Apache"
    encoding = "gbk"
    charset = "gb2312"
    counter = "increments"
    content_type = "text/html"
    parts_are_pages = True

    def article_path(self, item: Item, part: int = 1) -> str:
        name = f"{self.native_id(item)}{f'_{part}' if part > 1 else ''}.html"
        return f"/{FOLDERS[item.class_id]}/{item.speech.published:%Y/%m%d}/{name}"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.html"}:
            return self.home()
        if request.path == "/plus/count.php":
            return self.count(request)
        if match := re.fullmatch(r"/a/[a-z]+/\d{4}/\d{4}/(\d+)(?:_(\d+))?\.html", request.path):
            item, part = self.item(match[1]), int(match[2] or 1)
            return self.article_html(item, part) if item and part <= self.parts(item) else None
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/(?:index\.html|list_{class_id}_(\d+)\.html)?", request.path):
                page = int(match[1] or 1)
                return self.list_html(class_id, page) if page <= self.pages(class_id) else None
        return None

    def count(self, request: Request) -> Answer:
        """The view is added first, whoever asks; `view=yes` has the sum written."""
        item = self.item(request.query.get("aid", ""))
        if item is None:
            return Answer(200, b"", self.content_type)
        self.site.count_hit(item)
        written = f"document.write('{item.hits[0]}');\r\n" if request.query.get("view") else ""
        return Answer(200, written.encode(), self.content_type)

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li><a href="{self.href(item)}" class="title">{escape(item.speech.title)}</a>\n<span class="info">'
            f"<small>日期：</small>{item.speech.published:%Y-%m-%d %H:%M:%S}\n<small>点击：</small>{item.hits[0]}"
            "</span></li>"
            for item in self.rows_of(class_id, page)
        )
        pages, total = self.pages(class_id), len(self.rows(class_id))
        pager = turning(page, pages, lambda number: f"list_{class_id}_{number}.html")
        options = "".join(
            f"<option value='list_{class_id}_{number}.html'{' selected' if number == page else ''}>{number}</option>"
            for number in range(1, pages + 1)
        )
        counts = f'<li><span class="pageinfo">共 <strong>{pages}</strong>页<strong>{total}</strong>条</span></li>'
        pager += f"<li><select name='sldd'>{options}</select></li>{counts}"
        content = f'{self.place(class_id)}<ul class="e2">{rows}</ul>{boxed(pager)}'
        return self.shell(f"{COLUMNS[class_id]}_{SITE}", content)

    def place(self, class_id: int) -> str:
        column = f'<a href="{self.column_path(class_id)}">{COLUMNS[class_id]}</a>'
        return f'<div class="place"><strong>当前位置:</strong> <a href="/">主页</a> > {column} > </div>'

    def article_html(self, item: Item, part: int) -> str:
        if item.target:
            return f'<html><head><meta http-equiv="refresh" content="0;url={item.target}"></head></html>'
        speech, number = item.speech, self.native_id(item)
        counter = f"<script src=\"/plus/count.php?view=yes&aid={number}&mid=1\" type='text/javascript'></script>"
        info = (
            f"<small>时间:</small>{speech.published:%Y-%m-%d %H:%M}<small>来源:</small>{speech.source} "
            f"<small>作者:</small>{speech.author} <small>点击:</small>{counter}次"
        )
        pages = self.parts(item)
        pager = turning(part, pages, lambda number: self.article_path(item, number).rpartition("/")[2])
        content = (
            f'{self.place(item.class_id)}<div class="viewbox"><div class="title"><h2>{escape(speech.title)}</h2>'
            "</div>"
            f'<div class="info">{info}</div><div class="content">{self.body_html(item, part)}</div>'
            f"{boxed(f'<li><a>共{pages}页: </a></li>{pager}') if pages > 1 else ''}"
            f'<div class="handle"><ul><li>上一篇：没有了</li></ul></div></div>'
        )
        return self.shell(f"{escape(speech.title)}_{COLUMNS[item.class_id]}_{SITE}", content)


def turning(page: int, pages: int, href: Callable[[int], str]) -> str:
    numbers = "".join(
        f'<li class="thisclass">{number}</li>'
        if number == page
        else f"<li><a href='{href(number)}'>{number}</a></li>"
        for number in range(max(1, page - 3), min(pages, page + 3) + 1)
    )
    before = f"<li><a href='{href(1)}'>首页</a></li><li><a href='{href(page - 1)}'>上一页</a></li>"
    after = f"<li><a href='{href(page + 1)}'>下一页</a></li><li><a href='{href(pages)}'>末页</a></li>"
    return f"{before if page > 1 else '<li>首页</li>'}{numbers}{after if page < pages else '<li>末页</li>'}\r\n"


def boxed(pager: str) -> str:
    return f'<div class="dede_pages"><ul class="pagelist">{pager}</ul></div>'
