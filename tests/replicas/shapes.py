"""Sites known by their addresses alone: one plain template, and for each shape where its articles and lists are.

Each is a few lines: the path of an article, and those of a list's first and further pages.
"""

from __future__ import annotations

import re
from html import escape
from typing import ClassVar

from crawler.replica.asp import Answer
from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request
from tests.replicas.jeecms import turning

NAMES = {SECTION: "ldjh", NEWS: "zxyw", NOTICES: "tzgg"}
NUMBERS = {SECTION: "277", NEWS: "278", NOTICES: "279"}


class Shaped(FamilyReplica):
    """A site of one shape of addresses."""

    first: ClassVar[str] = "/{name}/index.html"
    further: ClassVar[str] = "/{name}/index_{page}.html"
    article: ClassVar[str]

    def article_path(self, item: Item, part: int = 1) -> str:  # noqa: ARG002 - one page each
        return self.article.format(
            name=NAMES[item.class_id],
            number=NUMBERS[item.class_id],
            day=item.speech.published,
            id=super().native_id(item),
        )

    def column_path(self, class_id: int) -> str:
        return self.list_path(class_id, 1)

    def list_path(self, class_id: int, page: int) -> str:
        shape = self.first if page == 1 else self.further
        return shape.format(name=NAMES[class_id], number=NUMBERS[class_id], page=page)

    def page(self, request: Request) -> str | Answer | None:
        asked = f"{request.path}?{'&'.join('='.join(pair) for pair in request.query.items())}".rstrip("?")
        if asked in {"/", "/index.html"}:
            return self.home()
        for class_id in COLUMNS:
            for page in range(1, self.pages(class_id) + 1):
                if asked == self.list_path(class_id, page):
                    return self.list_html(class_id, page)
        for item in self.site.items.values():
            if item.state in ("live", "foreign-host") and asked == self.article_path(item):
                if item.target:
                    return Answer(302, b"", self.content_type, {"Location": item.target})
                return self.article_html(item)
        return None

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li><a href="{self.href(item)}" title="{escape(item.speech.title)}">{escape(item.speech.title)}</a>'
            f"<span>{item.speech.published:%Y-%m-%d}</span></li>"
            for item in self.rows_of(class_id, page)
        )
        pages, total = self.pages(class_id), len(self.rows(class_id))
        pager = turning(page, pages, lambda n: self.list_path(class_id, n))
        counts = f"共{total}条 {page}/{pages}页"
        content = f'{self.trail(class_id)}<ul class="list">{rows}</ul><div class="pages">{counts} {pager}</div>'
        return self.shell(f"{COLUMNS[class_id]}-{SITE}", content)

    def article_html(self, item: Item) -> str:
        speech = item.speech
        info = (
            f"发布时间：{speech.published:%Y-%m-%d %H:%M} 来源：{speech.source} 作者：{speech.author} "
            f"浏览次数：{item.hits[0]}"
        )
        content = (
            f"{self.trail(item.class_id, ' &gt; 正文')}<h1>{escape(speech.title)}</h1>"
            f'<div class="info">{info}</div><div class="article">{self.body_html(item, 1)}</div>'
        )
        return self.shell(f"{escape(speech.title)}-{SITE}", content)

    def told(self, item: Item) -> dict[str, object]:
        return {"views": item.hits[0] or None}


class HenanDays(Shaped):
    article = "/{day:%Y/%m-%d}/{id}.html"


class PlainDays(Shaped):
    article = "/{name}/{day:%Y-%m-%d}/{id}.html"


class Newspaper(Shaped):
    first, further = "/node_{number}.htm", "/node_{number}_{page}.htm"
    article = "/{name}/content/{day:%Y-%m/%d}/content_{id}.htm"


class NewsSystem(Shaped):
    first, further = "/{name}/index.shtml", "/{name}/index_{page}.shtml"
    article = "/system/{day:%Y/%m/%d}/{id}.shtml"


class Guangdong(Shaped):
    article = "/{name}/{day:%Y/%m}/content/post_{id}.html"


class ZhengXieYun(Shaped):
    first, further = "/szxapp/3/28/{number}/list.html", "/szxapp/3/28/{number}/list_{page}.html"
    article = "/szxapp/3/28/{number}/content_{id}.html"


class DocHtml(Shaped):
    first, further = "/UserData/SortHtml/7/{number}.html", "/UserData/SortHtml/7/{number}_{page}.html"
    article = "/DocHtml/7/{day:%y/%m}/{id:0>8}.html"

    def native_id(self, item: Item) -> str:
        return f"7-{int(super().native_id(item)):08}"


class PowerEasy(Shaped):
    first, further = "/Category_{number}/Index.aspx", "/Category_{number}/Index_{page}.aspx"
    article = "/Item/{id}.aspx"


class EyouCms(Shaped):
    first = "/?m=home&c=Lists&a=index&tid={number}"
    further = first + "&page={page}"
    article = "/?m=home&c=View&a=index&aid={id}"


class Sudy(Shaped):
    """Sudy WebPlus: its own pager, and a count that a script fills in, from an address that perhaps counts."""

    counter = "increments"
    first, further = "/{name}/list.htm", "/{name}/list{page}.htm"
    article = "/{day:%Y/%m%d}/c{number}a{id}/page.htm"

    def told(self, item: Item) -> dict[str, object]:  # noqa: ARG002 - the database knows the count
        return {}

    def page(self, request: Request) -> str | Answer | None:
        if re.fullmatch(r"/_visitcount(?:display)?", request.path):
            item = self.item(request.query.get("articleId", ""))
            if item:
                self.site.count_hit(item)
            return Answer(200, str(item.hits[0] if item else 0).encode(), "text/html;charset=UTF-8")
        return super().page(request)

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<li class="news n{place}"><span class="news_title"><a href="{self.href(item)}" '
            f'title="{escape(item.speech.title)}">{escape(item.speech.title)}</a></span>'
            f'<span class="news_meta">{item.speech.published:%Y-%m-%d}</span></li>'
            for place, item in enumerate(self.rows_of(class_id, page), 1)
        )
        pages, total = self.pages(class_id), len(self.rows(class_id))

        def turn(name: str, number: int, text: str) -> str:
            is_there = 1 <= number <= pages and number != page
            href = self.list_path(class_id, number) if is_there else "javascript:void(0);"
            return f'<a class="{name}" href="{href}" target="_self"><span>{text}</span></a>'

        pager = (
            '<div id="wp_paging_w6"><ul class="wp_paging clearfix"><li class="pages_count"><span class="per_page">'
            f'每页&nbsp;<em class="per_count">{self.rows_a_page}</em>&nbsp;记录&nbsp;</span><span class="all_count">'
            f'总共&nbsp;<em class="all_count">{total}</em>&nbsp;记录&nbsp;</span></li><li class="page_nav">'
            f"{turn('first', 1, '第一页')}{turn('prev', page - 1, '&lt;&lt;上一页')}"
            f"{turn('next', page + 1, '下一页&gt;&gt;')}{turn('last', pages, '尾页')}</li>"
            f'<li class="page_jump"><span class="pages">页码&nbsp;<em class="curr_page">{page}</em>/'
            f'<em class="all_pages">{pages}</em></span></li></ul></div>'
        )
        content = f'{self.trail(class_id)}<div id="wp_news_w6"><ul class="news_list">{rows}</ul></div>{pager}'
        return self.shell(COLUMNS[class_id], content)

    def article_html(self, item: Item) -> str:
        speech, count = item.speech, f"siteId=21&type=3&articleId={self.native_id(item)}"
        info = (
            f'<span class="arti_publisher">作者：{speech.author}</span><span class="arti_update">发布时间：'
            f'{speech.published:%Y-%m-%d %H:%M}</span><span class="arti_from">来源：{speech.source}</span>'
            f'<span>浏览次数：<span class="WP_VisitCount" url="/_visitcountdisplay?{count}">0</span></span>'
        )
        content = (
            f'{self.trail(item.class_id)}<h1 class="arti_title">{escape(speech.title)}</h1>'
            f'<p class="arti_metas">{info}</p><div class="entry"><div class="read"><div class="wp_articlecontent">'
            f"{self.body_html(item, 1)}</div></div></div>"
        )
        return self.shell(speech.title, content) + f'<img src="/_visitcount?{count}" style="display:none" />'
