"""TRS WCM: files by month, lists that only a script turns, meta tags filled, empty, absent or minutes off.

Three generations: `.html` with `div.TRS_Editor` and createPageHTML; `.shtml` with `.trs_editor_view`, `var countPage`
and a count that stands in a comment only; the cities' platform, with names of hex digits and `list_2.shtml`.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

if TYPE_CHECKING:
    from crawler.replica.asp import Answer

FOLDERS = {SECTION: "zxgz/ldjh", NEWS: "zxgz/zxyw", NOTICES: "tzgg"}
CLAIMS = ("two blanks",) * 6 + ("one blank",) * 6 + ("empty",) * 4 + ("absent",) * 2 + ("minutes off", "alone")


class Trs(FamilyReplica):
    parts_are_pages = True
    extension: ClassVar[str] = "html"
    list_name: ClassVar[str] = "index"
    second_page: ClassVar[int] = 1
    """The number in the file name of a list's second page."""

    def stem(self, item: Item) -> str:
        """Name of an article's file, without the number of its part."""
        return f"t{item.speech.published:%Y%m%d}_{self.native_id(item)}"

    def article_path(self, item: Item, part: int = 1) -> str:
        name = f"{self.stem(item)}{f'_{part - 1}' if part > 1 else ''}"
        return f"/{FOLDERS[item.class_id]}/{item.speech.published:%Y%m}/{name}.{self.extension}"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", f"/index.{self.extension}"}:
            return self.home()
        if match := re.fullmatch(rf".*/\d{{6}}/(?:t\d{{8}}_)?(\w+?)(?:_(\d+))?\.{self.extension}", request.path):
            item, part = self.item(match[1]), int(match[2] or 0) + 1
            return self.article_html(item, part) if item and part <= self.parts(item) else None
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/(?:{self.list_name}(?:_(\d+))?\.{self.extension})?", request.path):
                page = int(match[1]) + 2 - self.second_page if match[1] else 1
                return self.list_html(class_id, page) if page <= self.pages(class_id) else None
        return None

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li><span>{item.speech.published:%Y-%m-%d}</span><a href="{self.row_href(item)}" target="_blank">'
            f"{escape(item.speech.title)}</a></li>"
            for item in self.rows_of(class_id, page)
        )
        pager = f'<div class="page"><script>{self.pager_script(self.pages(class_id), page)}</script></div>'
        content = f'{self.trail(class_id)}<ul class="list_con">{rows}</ul>{pager}'
        return self.shell(f"{COLUMNS[class_id]}_{SITE}", content)

    def row_href(self, item: Item) -> str:
        """Lists link by `./`, relative to their own folder."""
        href = self.href(item)
        return "." + href.removeprefix(f"/{FOLDERS[item.class_id]}") if href.startswith("/") else href

    def pager_script(self, pages: int, page: int) -> str:
        defined = "function createPageHTML(_nPageCount, _nCurrIndex, _sPageName, _sPageExt){ /* 上一页 下一页 */ }"
        return f'{defined}\ncreatePageHTML({pages}, {page - 1}, "index", "{self.extension}");'

    def article_html(self, item: Item, part: int) -> str:
        if item.target:
            return f"<html><head><script>window.location.href='{item.target}';</script></head><body></body></html>"
        speech = item.speech
        visible = "" if self.claim(item) == "alone" else f"发布时间：{speech.published:%Y-%m-%d %H:%M}"
        info = f'<h3 class="daty"><em>来源：{speech.source}</em> <em>{visible}</em>{self.views_html(item)}</h3>'
        call = f'createPageHTML_ZW({self.parts(item)}, {part - 1}, "{self.stem(item)}", "{self.extension}");'
        content = (
            f'{self.trail(item.class_id, " &gt; 正文")}<div class="Article_61">'
            f'<h2 class="tit">\n  {escape(speech.title)}\n</h2>{info}'
            f'{self.wrap(self.body_html(item, part))}<div class="page"><script>{call}</script></div></div>'
        )
        title = f"\n  {escape(speech.title)}————{COLUMNS[item.class_id]}——{SITE}\n "
        return self.shell(title, content, self.meta(item))

    def wrap(self, body: str) -> str:
        style = "<style>.TRS_Editor P{line-height:2}</style>"
        return f'<div class=TRS_Editor>{style}<div class="Custom_UnionStyle">{body}</div></div>'

    def views_html(self, item: Item) -> str:  # noqa: ARG002 - sites of this generation print none
        return ""

    def claim(self, item: Item) -> str:
        return self.dice(item, "PubDate").choice(CLAIMS)

    def meta(self, item: Item) -> str:
        speech, claim = item.speech, self.claim(item)
        moment = speech.published + timedelta(minutes=7 if claim == "minutes off" else 0)
        dates = {
            "two blanks": f"{moment:%Y-%m-%d  %H:%M} ",
            "empty": "",
            "absent": None,
        }
        date = dates.get(claim, f"{moment:%Y-%m-%d %H:%M}")
        title = self.dice(item, "ArticleTitle").choice((speech.title, speech.title, "", f"<div>{speech.title}</div>"))
        tags = {
            "SiteName": SITE,
            "ColumnName": COLUMNS[item.class_id],
            "ArticleTitle": title,
            "PubDate": date,
            "ContentSource": speech.source,
            "Author": speech.author if self.prints_author(item) else "",
        }
        return "\n".join(
            f'<meta name="{name}" content="{escape(value)}">' for name, value in tags.items() if value is not None
        )

    def prints_author(self, item: Item) -> bool:
        return self.dice(item, "Author").random() < 0.5

    def told(self, item: Item) -> dict[str, Any]:
        return {"views": None, "author": item.speech.author if self.prints_author(item) else None}


class TrsNew(Trs):
    """The younger generation, on a server that says gb2312 and means GB 18030; the count stands in a comment only."""

    extension = "shtml"
    encoding, charset, content_type = "gb18030", "gb2312", "text/html"

    def pager_script(self, pages: int, page: int) -> str:
        return f"var currentPage = {page - 1};\nvar countPage = {pages}//共多少页\nvar prevPage = currentPage - 1;"

    def wrap(self, body: str) -> str:
        return f'<div class="view trs_editor_view TRS_UEDITOR trs_paper_default">{body}</div>'

    def views_html(self, item: Item) -> str:
        return f'<em><span id="pageview"><!--浏览次数：{item.hits[0]}--></span></em>'

    def told(self, item: Item) -> dict[str, Any]:
        return {**super().told(item), "views": item.hits[0] or None}


class TrsCity(TrsNew):
    """The platform many cities share: articles named by hex digits, lists by `list`, another call of the script."""

    encoding, charset, content_type = "utf-8", "utf-8", "text/html; charset=utf-8"
    list_name = "list"
    second_page = 2

    def native_id(self, item: Item) -> str:
        return hashlib.sha256(super().native_id(item).encode()).hexdigest()[:32]

    def stem(self, item: Item) -> str:
        return self.native_id(item)

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/list.shtml"

    def pager_script(self, pages: int, page: int) -> str:
        return f"createPageHTML('page_div',{pages}, {page},'list','shtml',{pages * self.rows_a_page});"

    def wrap(self, body: str) -> str:
        return f'<div class="article-content" id="zoomcon">{body}</div>'
