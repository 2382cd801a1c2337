"""博达 VSB: lists counting down, a reading counter beside a writing one, files behind the body, leftovers before."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from crawler.replica.asp import Answer
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMN_NAMES = {SECTION: "ldjh", NEWS: "zxyw", NOTICES: "tzgg"}
TREES = {SECTION: 1005, NEWS: 1003, NOTICES: 1004}
OWNER = 1412614994
CLICKS = "/system/resource/code/news/click/"
LEFTOVERS = (
    '<p class="MsoNormal" style="mso-char-indent-count: 2.0"><span class="baiti11"><span style="font-family: 黑体">'
    "</span></span></p>"
)


class Vsb(FamilyReplica):
    counter = "read_only"
    server = "VWebServer"

    def article_path(self, item: Item, part: int = 1) -> str:  # noqa: ARG002 - one page each
        return f"/info/{TREES[item.class_id]}/{self.native_id(item)}.htm"

    def column_path(self, class_id: int) -> str:
        return f"/{COLUMN_NAMES[class_id]}.htm"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.htm"}:
            return self.home()
        if request.path.startswith(CLICKS):
            return self.clicks(request)
        if match := re.fullmatch(r"/info/\d+/(\d+)\.htm", request.path):
            item = self.item(match[1])
            if item and item.target:
                return Answer(302, b"", self.content_type, {"Location": item.target})
            return self.article_html(item) if item else None
        for class_id, name in COLUMN_NAMES.items():
            if match := re.fullmatch(rf"/{name}(?:/(\d+))?\.htm", request.path):
                page = self.pages(class_id) + 1 - int(match[1]) if match[1] else 1
                return self.list_html(class_id, page) if 1 <= page <= self.pages(class_id) else None
        return None

    def clicks(self, request: Request) -> Answer:
        """dynclicks.jsp reads, addclicktimes.jsp writes."""
        number = request.query.get("clickid") or request.query.get("wburlid") or ""
        item = self.item(number)
        if item and request.path.endswith("/addclicktimes.jsp"):
            self.site.count_hit(item)
        return Answer(200, str(item.hits[0] if item else 0).encode(), "text/html;charset=UTF-8")

    def list_html(self, class_id: int, page: int) -> str:
        up = "../" if page > 1 else ""
        rows = "".join(
            f'<li id="line_u13_{place}"><span class="doclist_time">{item.speech.published:%Y-%m-%d}</span>'
            f'<a href="{self.row_href(item, up)}" title="{escape(item.speech.title)}">'
            f"{escape(item.speech.title[:18])}...</a></li>"
            for place, item in enumerate(self.rows_of(class_id, page))
        )
        content = f'{self.trail(class_id)}<ul class="list-gl">{rows}</ul>{self.pager(class_id, page)}'
        return self.shell(COLUMNS[class_id], content)

    def row_href(self, item: Item, up: str) -> str:
        href = self.href(item)
        return up + href.removeprefix("/") if href.startswith("/") else href

    def pager(self, class_id: int, page: int) -> str:
        pages, name = self.pages(class_id), COLUMN_NAMES[class_id]

        def link(number: int, text: str) -> str:
            if number == 1:
                return f'<a href="{"../" if page > 1 else ""}{name}.htm">{text}</a>'
            return f'<a href="{"" if page > 1 else f"{name}/"}{pages + 1 - number}.htm">{text}</a>'

        def step(kind: str, number: int, text: str) -> str:
            inside = 1 <= number <= pages and number != page
            classes = f"p_{kind} p_fun" if inside else f"p_{kind}_d p_fun_d"
            return f'<span class="{classes}">{link(number, text) if inside else text}</span>'

        shown: Iterable[int] = sorted({1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)})
        numbers = "".join(
            f'<span class="p_no_d">{n}</span>' if n == page else f'<span class="p_no">{link(n, str(n))}</span>'
            for n in shown
        )
        return (
            '<div class="pb_sys_common pb_sys_normal pb_sys_style1">'
            f'<span class="p_t">共{len(self.rows(class_id))}条</span> <span class="p_pages">'
            f"{step('first', 1 if page > 1 else 0, '首页')}{step('prev', page - 1, '上页')}{numbers}"
            f"{step('next', page + 1, '下页')}{step('last', pages, '尾页')}</span>"
            f' <span class="p_t">{page}/{pages}</span></div>'
        )

    def article_html(self, item: Item) -> str:
        speech, number = item.speech, self.native_id(item)
        info = (
            f"来源: {speech.source}\n | 发布时间: {speech.published:%Y-%m-%d %H:%M} | 浏览次数: "
            f'<script>_showDynClicks("wbnews", {OWNER}, {number})</script>'
        )
        content = (
            f'{self.trail(item.class_id, "&gt;&gt;正文")}<form name="_newscontent_fromname">'
            f'<h3>{escape(speech.title)}</h3><div class="conthsj">{info}</div>{LEFTOVERS}'
            f'<div id="vsb_content_{TREES[item.class_id]}"><div class="v_news_content">'
            f"{self.body_html(item, 1)}</div></div>"
            f'<p></p>{self.files_html(item)}<p>上一条：<a href="/info/1005/1.htm">没有了</a></p></form>'
        )
        return self.shell(f"{escape(speech.title)}-{COLUMNS[item.class_id]}", content)

    def files_html(self, item: Item) -> str:
        if not (files := self.files(item)):
            return ""
        return (
            f'<UL style="list-style-type:none;"><li>附件【<a href="{escape(files[0])}">会议材料.doc</a>】'
            "已下载<span>12</span>次</li></UL>"
        )

    def files(self, item: Item) -> list[str]:
        if self.dice(item, "file").random() > 0.2:
            return []
        query = f"urltype=news.DownloadAttachUrl&owner={OWNER}&wbfileid={self.native_id(item)}"
        return [f"/system/_content/download.jsp?{query}"]

    def told(self, item: Item) -> dict[str, Any]:
        return {"author": None, "files": [*item.speech.linked["files"], *self.files(item)]}
