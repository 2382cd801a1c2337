"""Kesion ASP.NET, as files and rewritten: a printed 0, keywords within the body, a pager that a script fills."""

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
FONT = '<font><font type="showhits" action="{action}" f="0" id="{number}" t="1">0</font></font>'


class KesionNet(FamilyReplica):
    server = "Microsoft-IIS/7.5"
    parts_are_pages = True
    counter = "increments"

    @abstractmethod
    def asked(self, path: str) -> tuple[str, int] | tuple[int, int] | None:
        """The id of an article (text) or a class (number), and its page; None for any other path."""

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.aspx"}:
            return self.home()
        if request.path.lower() == "/model/gethits.aspx":
            return self.count(request)
        match self.asked(request.path):
            case (int(class_id), page):
                return self.list_html(class_id, page) if 1 <= page <= self.pages(class_id) else None
            case (str(number), part):
                item = self.item(number)
                if item and item.target:
                    return Answer(302, b"", self.content_type, {"Location": item.target})
                return self.article_html(item, part) if item and part <= self.parts(item) else None
        return None

    def count(self, request: Request) -> Answer:
        item = self.item(request.query.get("id", ""))
        if item and request.query.get("action") == "count":
            self.site.count_hit(item)
        return Answer(200, str(item.hits[0] if item else 0).encode(), self.content_type)

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li class="li02"><div class="title"><a href="{self.href(item)}" title="{escape(item.speech.title)}">'
            f'{escape(item.speech.title)}</a></div><div class="time">{item.speech.published:%Y/%m/%d}</div></li>'
            for item in self.rows_of(class_id, page)
        )
        pager = (
            '<div class="fenye" id="fenye"><table border="0"><tr><td id="pagelist">'
            '<a href="javascript:;" class="prev" style="display:none">首 页</a> <a href="#" class="curr">1</a> '
            '<a href="javascript:;" class="prev" style="display:none">末页</a> </td></tr></table></div>'
            f"<script>\nvar TotalPage={self.pages(class_id)};\nvar TotalPut={len(self.rows(class_id))};\n</script>"
            '<script src="/ks_inc/kesion.page.js"></script>'
            f"<script>page(2,{self.rows_a_page},'篇','{self.extension()}','index');</script>"
        )
        return self.shell(f"{COLUMNS[class_id]}-{SITE}", f"{self.place(class_id)}<ul>{rows}</ul>{pager}")

    def place(self, class_id: int) -> str:
        column = f'<a href="{self.column_path(class_id)}">{COLUMNS[class_id]}</a>'
        return f'<div class="Dg">您当前位置：{column} >浏览文章</div>'

    def article_html(self, item: Item, part: int) -> str:
        speech, number, pages = item.speech, self.native_id(item), self.parts(item)
        info = (
            f"{self.raw_date(item)}<span>点击数({FONT.format(action='count', number=number)})</span>"
            f"<span>已有{FONT.format(action='cmtnum', number=number)}人评论</span>"
        )
        numbers = " ".join(
            f"<b>{n}</b>" if n == part else f'<a href="{self.article_path(item, n)}">{n}</a>'
            for n in range(1, pages + 1)
        )
        content = (
            f'{self.place(item.class_id)}<div class="newscontent"><h1>{escape(speech.title)}</h1>'
            f'<div class="dp">{info}</div><div class="ct"><div class="ct_box">{self.body_html(item, part)}'
            "\n<div>关键字：</div>\n"
            f"<script src='/plus/itemvote.aspx?infoId={number}'></script></div>"
            f"{f'<div class=fenye>{numbers}</div>' if pages > 1 else ''}</div></div>"
        )
        return self.shell(f"{escape(speech.title)}-{COLUMNS[item.class_id]}", content)

    def raw_date(self, item: Item) -> str:
        moment = item.speech.published
        return f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment:%M:%S}"

    def told(self, item: Item) -> dict[str, Any]:
        moment = f"{item.speech.published:%Y-%m-%dT%H:%M:%S}+08:00"
        return {"author": None, "source": None, "published_at": moment}

    @abstractmethod
    def extension(self) -> str: ...


class KesionNetFiles(KesionNet):
    def extension(self) -> str:
        return ".html"

    def article_path(self, item: Item, part: int = 1) -> str:
        return f"/{FOLDERS[item.class_id]}/{self.native_id(item)}{f'_{part}' if part > 1 else ''}.html"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/"

    def asked(self, path: str) -> tuple[str, int] | tuple[int, int] | None:
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/(\d+)(?:_(\d+))?\.html", path):
                return match[1], int(match[2] or 1)
            if match := re.fullmatch(rf"/{folder}/(?:index(?:_(\d+))?\.html)?", path):
                return class_id, self.pages(class_id) - int(match[1]) + 1 if match[1] else 1
        return None


class KesionNetRewritten(KesionNet):
    def extension(self) -> str:
        return ".aspx"

    def article_path(self, item: Item, part: int = 1) -> str:
        return f"/v-1-{self.native_id(item)}{f'-{part}' if part > 1 else ''}.aspx"

    def column_path(self, class_id: int) -> str:
        return f"/a/{class_id}.aspx"

    def asked(self, path: str) -> tuple[str, int] | tuple[int, int] | None:
        if match := re.fullmatch(r"/v-1-(\d+)(?:-(\d+))?\.aspx", path):
            return match[1], int(match[2] or 1)
        if (match := re.fullmatch(r"/a/(\d+)(?:-(\d+))?\.aspx", path)) and int(match[1]) in FOLDERS:
            return int(match[1]), int(match[2] or 1)
        return None
