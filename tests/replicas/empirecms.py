"""EmpireCMS: a pager whose total looks like a page, one inside the body, a counter that counts when told to."""

from __future__ import annotations

import re
from html import escape

from crawler.replica.asp import Answer
from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

FOLDERS = {SECTION: "zx/ldjh", NEWS: "zx/zxyw", NOTICES: "tzgg"}


class EmpireCms(FamilyReplica):
    parts_are_pages = True
    counter = "read_only"

    def article_path(self, item: Item, part: int = 1) -> str:
        name = f"{self.native_id(item)}{f'_{part}' if part > 1 else ''}.html"
        return f"/{FOLDERS[item.class_id]}/{item.speech.published:%Y-%m-%d}/{name}"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.html"}:
            return self.home()
        if request.path == "/e/public/ViewClick/":
            return self.count(request)
        if match := re.fullmatch(r"/.+/[\d-]{10}/(\d+)(?:_(\d+))?\.html", request.path):
            item, part = self.item(match[1]), int(match[2] or 1)
            return self.article_html(item, part) if item and part <= self.parts(item) else None
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/(?:index(?:_(\d+))?\.html)?", request.path):
                page = int(match[1] or 1)
                return self.list_html(class_id, page) if page <= self.pages(class_id) else None
        return None

    def count(self, request: Request) -> Answer:
        """`down=5` is the number of likes, which a crawl must not take for the count."""
        item = self.item(request.query.get("id", ""))
        if item is None:
            return Answer(200, b"", self.content_type)
        if request.query.get("addclick") == "1":
            self.site.count_hit(item)
        number = 5 if "down" in request.query else item.hits[0]
        return Answer(200, f"document.write('{number}');".encode(), self.content_type)

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li><span>{item.speech.published:%Y-%m-%d}</span><a href="{self.href(item)}" '
            f'title="{escape(item.speech.title)}">{escape(item.speech.title[:20])}</a></li>'
            for item in self.rows_of(class_id, page)
        )
        content = f'{self.trail(class_id)}<ul class="newslist">{rows}</ul>{self.pager(class_id, page)}'
        return self.shell(f"{COLUMNS[class_id]} - {SITE}", content)

    def pager(self, class_id: int, page: int) -> str:
        folder, pages = self.column_path(class_id), self.pages(class_id)

        def link(number: int, text: str) -> str:
            return f'<a href="{folder}{f"index_{number}.html" if number > 1 else ""}">{text}</a>&nbsp;'

        before = link(1, "首页") + link(page - 1, "上一页") if page > 1 else ""
        after = link(page + 1, "下一页") + link(pages, "尾页") if page < pages else ""
        shown = range(max(1, page - 5), min(pages, page + 5) + 1)
        numbers = "".join(f"<b>{n}</b>&nbsp;" if n == page else link(n, str(n)) for n in shown)
        total = f'<a title="Total record">&nbsp;<b>{len(self.rows(class_id))}</b> </a>&nbsp;&nbsp;&nbsp;'
        return f'<div class="page">{total}{before}{numbers}{after}</div>'

    def article_html(self, item: Item, part: int) -> str:
        if item.target:
            return f"<html><head><script>location.replace('{item.target}');</script></head></html>"
        speech, number = item.speech, self.native_id(item)
        script = f'<script src="/e/public/ViewClick/?classid={item.class_id}&id={number}'
        info = (
            f"时间：{speech.published:%Y-%m-%d %H:%M}&nbsp;&nbsp;来源：{speech.source}&nbsp;&nbsp;"
            f'作者：{speech.author}&nbsp;&nbsp;点击：{script}&addclick=1"></script>次'
        )
        content = (
            f"{self.trail(item.class_id, ' &gt; 正文')}<h1>{escape(speech.title)}</h1>"
            f'<div class="info_text">{info}</div><div class="zan">{script}&down=5"></script></div>'
            f'<div id="text">{self.body_html(item, part)}{self.turning(item, part)}</div>'
            "<p>上一篇：很抱歉没有了</p>"
        )
        return self.shell(f"{escape(speech.title)}-{COLUMNS[item.class_id]}-{SITE}", content)

    def turning(self, item: Item, part: int) -> str:
        pages = self.parts(item)
        numbers = " ".join(
            f"<b>{n}</b>" if n == part else f'<a href="{self.article_path(item, n)}">{n}</a>'
            for n in range(1, pages + 1)
        )
        following = f'<a href="{self.article_path(item, part + 1)}">下一页</a>' if part < pages else ""
        return f'<p align="center" class="pageLink">{numbers} {following}</p>' if pages > 1 else ""
