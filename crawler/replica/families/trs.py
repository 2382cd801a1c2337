"""TRS WCM: files by month, lists that only a script turns, meta tags filled, empty, absent or minutes off.

Two generations: `.html` with `div.TRS_Editor` and createPageHTML; `.shtml` with `.trs_editor_view`, `var countPage`
and a count that stands in a comment only.
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from crawler.replica.families.base import COLUMNS, FamilyReplica, Request
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from crawler.replica.templates import SITE

if TYPE_CHECKING:
    from crawler.replica.asp import Answer

FOLDERS = {SECTION: "zxgz/ldjh", NEWS: "zxgz/zxyw", NOTICES: "tzgg"}
CLAIMS = ("two blanks",) * 6 + ("one blank",) * 6 + ("empty",) * 4 + ("absent",) * 2 + ("minutes off", "alone")


class Trs(FamilyReplica):
    parts_are_pages = True
    extension: ClassVar[str] = "html"

    def article_path(self, item: Item, part: int = 1) -> str:
        name = f"t{item.speech.published:%Y%m%d}_{self.native_id(item)}{f'_{part - 1}' if part > 1 else ''}"
        return f"/{FOLDERS[item.class_id]}/{item.speech.published:%Y%m}/{name}.{self.extension}"

    def column_path(self, class_id: int) -> str:
        return f"/{FOLDERS[class_id]}/"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", f"/index.{self.extension}"}:
            return self.home()
        if match := re.fullmatch(rf".*/t\d{{8}}_(\d+)(?:_(\d+))?\.{self.extension}", request.path):
            item, part = self.item(match[1]), int(match[2] or 0) + 1
            return self.article_html(item, part) if item and part <= self.parts(item) else None
        for class_id, folder in FOLDERS.items():
            if match := re.fullmatch(rf"/{folder}/(?:index(?:_(\d+))?\.{self.extension})?", request.path):
                page = int(match[1] or 0) + 1
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
        stem = f"t{speech.published:%Y%m%d}_{self.native_id(item)}"
        turning = f'<script>createPageHTML_ZW({self.parts(item)}, {part - 1}, "{stem}", "{self.extension}");</script>'
        content = (
            f'{self.trail(item.class_id, " &gt; 正文")}<div class="Article_61">'
            f'<h2 class="tit">\n  {escape(speech.title)}\n</h2>{info}'
            f'{self.wrap(self.body_html(item, part))}<div class="page">{turning}</div></div>'
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
