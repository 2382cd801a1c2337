"""CCTV's publishing system: a list that stands in a script, absolute links, only the day of an article."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

if TYPE_CHECKING:
    from crawler.replica.asp import Answer

FOLDERS = {SECTION: "zxww/newcppcc/ldjh", NEWS: "zxww/newcppcc/zxyw", NOTICES: "zxww/newcppcc/tzgg"}
# What a page shows before a script fills it in; nobody knows the script.
PLACEHOLDER = '<em>阅读：<font id="readnum">0</font></em>'


class Cctv(FamilyReplica):
    def native_id(self, item: Item) -> str:
        return f"ARTI15{int(super().native_id(item)):014}"

    def article_path(self, item: Item, part: int = 1) -> str:  # noqa: ARG002 - one page each
        return f"/zxww/{item.speech.published:%Y/%m/%d}/{self.native_id(item)}.shtml"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/index.shtml"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.shtml"}:
            return self.home()
        if match := re.fullmatch(r"/zxww/\d{4}/\d\d/\d\d/(ARTI\d+)\.shtml", request.path):
            item = self.item(match[1])
            if item and item.target:
                refresh = f'<meta http-equiv="refresh" content="0; url={item.target}">'
                return f"<html><head>{refresh}</head><body></body></html>"
            return self.article_html(item) if item else None
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/(?:index(?:_(\d+))?\.shtml)?", request.path):
                return self.list_html(class_id, int(match[1] or 1), request.host)
        return None

    def list_html(self, class_id: int, page: int, host: str) -> str | None:
        """Every row at once, in a script; a browser pages through its array."""
        if page > 1:
            return None
        rows = []
        for place, item in enumerate(self.rows(class_id)):
            href = self.href(item)
            address = f"http://{host}{href}" if href.startswith("/") else href
            title = item.speech.title.replace("'", "\\'")
            rows.append(f"item[{place}]=new title_array('{address}','{title}','{item.speech.published:%Y-%m-%d}');")
        script = "<script>var item=new Array();\n" + "\n".join(rows) + "\nshowPage(1);</script>"
        content = (
            f'{self.trail(class_id)}<div id="txtBox"></div>{script}<div class="page">首页 上一页 下一页 末页</div>'
        )
        return self.shell(f"{COLUMNS[class_id]}_{SITE}", content)

    def article_html(self, item: Item) -> str:
        speech = item.speech
        info = (
            f'<div class="infobox"><span class="info"><i>{speech.published:%Y-%m-%d}</i>'
            f"<em>来源：{speech.source}</em></span>{PLACEHOLDER}</div>"
        )
        content = (
            f'{self.trail(item.class_id, " &gt; 正文")}<div class="cnt_box"><h3>{escape(speech.title)}</h3>{info}'
            f'<div class="con">{self.body_html(item, 1)}</div></div><div class="con">相关新闻</div>'
        )
        return self.shell(f"{escape(speech.title)}_{SITE}", content)

    def told(self, item: Item) -> dict[str, Any]:  # noqa: ARG002 - every page prints as much
        return {"author": None, "views": None, "published_at": None}


class CctvNew(Cctv):
    """Younger lists: ordinary rows, and pages linked by their numbers."""

    def list_html(self, class_id: int, page: int, host: str) -> str | None:  # noqa: ARG002
        if page > self.pages(class_id):
            return None
        rows = "".join(
            f'<li><a href="{self.href(item)}">{escape(item.speech.title)}</a>'
            f'<span class="time">{item.speech.published:%Y-%m-%d}</span></li>'
            for item in self.rows_of(class_id, page)
        )
        numbers = "".join(
            f"<b>{one}</b>" if one == page else f'<a href="{"index" if one == 1 else f"index_{one}"}.shtml">{one}</a>'
            for one in range(1, self.pages(class_id) + 1)
        )
        pager = f'<div class="page">首页 上一页 {numbers} 下一页 末页</div>'
        return self.shell(f"{COLUMNS[class_id]}_{SITE}", f'{self.trail(class_id)}<ul id="txtBox">{rows}</ul>{pager}')
