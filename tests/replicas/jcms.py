"""大汉 JCMS: rows as XML, the rest of them posted for; the minute in a meta tag only; a counter that counts."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from crawler.replica.asp import Answer
from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item
from tests.replicas.base import COLUMNS, FamilyReplica, Request

COLUMN_IDS = {SECTION: 1621004, NEWS: 1621002, NOTICES: 1621003}
UNIT, WEB = 5504308, 3096
PROXY = "/module/web/jpage/dataproxy.jsp"
HITS = "/module/visitcount/articlehits.jsp"


class Jcms(FamilyReplica):
    per_page = 5
    counter = "increments"
    group = 3

    def article_path(self, item: Item, part: int = 1) -> str:  # noqa: ARG002 - one page each
        return f"/art/{item.speech.published:%Y/%-m/%-d}/art_{COLUMN_IDS[item.class_id]}_{self.native_id(item)}.html"

    def column_path(self, class_id: int) -> str:
        return f"/col/col{COLUMN_IDS[class_id]}/index.html"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.html"}:
            return self.home()
        if request.path == PROXY:
            return self.data_proxy(request)
        if request.path == HITS:
            return self.hits(request)
        if match := re.fullmatch(r"/art/\d+/\d+/\d+/art_\d+_(\d+)\.html", request.path):
            item = self.item(match[1])
            if item and item.target:
                return Answer(302, b"", self.content_type, {"Location": item.target})
            return self.article_html(item) if item else None
        for class_id, number in COLUMN_IDS.items():
            if request.path == f"/col/col{number}/index.html":  # pageNum means something to the script only
                return self.list_html(class_id)
        return None

    def hits(self, request: Request) -> Answer:
        item = self.item(request.query.get("artid", ""))
        if item:
            self.site.count_hit(item)
        return self.html(f"\r\ndocument.write('{item.hits[0]}');\r\n" if item else "")

    def data_proxy(self, request: Request) -> Answer | None:
        """Rows by number, posted as jpage posts; a form without its column or a GET is refused."""
        asked, form = request.query, request.form
        class_id = next((one for one, number in COLUMN_IDS.items() if str(number) == form.get("columnid")), None)
        if request.method != "POST" or class_id is None:
            return self.html("", 500)
        start, end = int(asked["startrecord"]), int(asked["endrecord"])
        return self.xml(self.datastore(class_id, self.rows(class_id)[start - 1 : end]))

    def xml(self, text: str) -> Answer:
        return Answer(200, f"\r\n{text}\r\n".encode(), "text/xml;charset=UTF-8")

    def datastore(self, class_id: int, rows: list[Item], following: str = "") -> str:
        records = "".join(f"<record><![CDATA[{self.row_html(item)}]]></record>\n" for item in rows)
        total = len(self.rows(class_id))
        counts = f"<totalrecord>{total}</totalrecord><totalpage>{-(-total // self.rows_a_page)}</totalpage>"
        return f"<datastore>{following}{counts}<recordset>{records}</recordset></datastore>"

    def row_html(self, item: Item) -> str:
        title = escape(item.speech.title)
        return (
            f'<li><a href="{self.href(item)}" title="{title}" target="_blank">{title[:20]}</a>'
            f"<span>{item.speech.published:%Y-%m-%d}</span></li>"
        )

    def list_html(self, class_id: int) -> str:
        inline = self.rows(class_id)[: self.rows_a_page * self.group]
        script = f'<script type="text/xml">{self.datastore(class_id, inline, self.next_group(class_id, 1))}</script>'
        content = f'{self.trail(class_id)}<div id="{UNIT}">{script}</div>{self.options(class_id)}'
        return self.shell(COLUMNS[class_id], content)

    def options(self, class_id: int) -> str:
        form = (
            f"{{col:1,appid:1,webid:{WEB},path:'/',columnid:{COLUMN_IDS[class_id]},sourceContentType:1,unitid:{UNIT},"
            f"webname:'{SITE}',permissiontype:0}}"
        )
        return (
            f"<script>$('#{UNIT}').jpage({{dataBefore:'<ul>',dataAfter:'</ul>',totalRecord:{len(self.rows(class_id))},"
            f"proxyUrl:'{PROXY}',perPage:{self.rows_a_page},groupSize:{self.group},ajaxParam:{form}}});</script>"
        )

    def next_group(self, class_id: int, number: int) -> str:
        """The address of the next group, when there is one."""
        if number * self.rows_a_page * self.group >= len(self.rows(class_id)):
            return ""
        query = f"page={number}&webid={WEB}&columnid={COLUMN_IDS[class_id]}&unitid={UNIT}"
        return f'<nextgroup><![CDATA[<a href="{PROXY}?{query}"></a>]]></nextgroup>'

    def article_html(self, item: Item) -> str:
        speech, column = item.speech, COLUMN_IDS[item.class_id]
        hits = f'<script language="javascript" src="{HITS}?colid={column}&artid={self.native_id(item)}"></script>'
        visit = f"/module/visitcount/visit.jsp?type=3&i_webid={WEB}&i_columnid={column}"
        content = (
            f'{self.trail(item.class_id)}<div class="con"><p class="con-title"><!--<$[标题]>begin-->'
            f'{escape(speech.title)}<!--<$[标题]>end--></p><div class="small-title">'
            f"<span>发布日期：{speech.published:%Y-%m-%d}</span>"
            f"<span>浏览次数： {hits}</span><span>信息来源：<!--<$[信息来源]>begin-->{speech.source}"
            '<!--<$[信息来源]>end--></span></div><div class="main-txt" id="zoom">'
            '<!--<$[信息内容]>begin--><meta name="ContentStart">'
            f'{self.body_html(item, 1)}<meta name="ContentEnd"><!--<$[信息内容]>end--></div></div>'
            f"<iframe src='{visit}' style=\"display:none\"></iframe>"
        )
        return self.shell(escape(speech.title), content, self.meta(item))

    def meta(self, item: Item) -> str:
        tags = {
            "SiteName": SITE,
            "ColumnName": COLUMNS[item.class_id],
            "ArticleTitle": item.speech.title,
            "PubDate": f"{item.speech.published:%Y-%m-%d %H:%M}",
            "author": "",
            "contentSource": item.speech.source,
        }
        return "\n".join(f'<meta name="{name}" content="{escape(value)}">' for name, value in tags.items())

    def told(self, item: Item) -> dict[str, Any]:
        """No page prints an author, and a midnight that only a meta tag says is no clock."""
        has_clock = item.speech.published.time() != item.speech.published.min.time()
        return {"author": None} | ({} if has_clock else {"published_at": None})


class JcmsGroups(Jcms):
    """A site whose page says nothing to its script but the address of the next group; every answer says the next."""

    def options(self, class_id: int) -> str:  # noqa: ARG002
        return ""

    def data_proxy(self, request: Request) -> Answer | None:
        column, group = request.query.get("columnid"), int(request.query.get("page", "0"))
        class_id = next(one for one, number in COLUMN_IDS.items() if str(number) == column)
        size = self.rows_a_page * self.group
        rows = self.rows(class_id)[group * size : (group + 1) * size]
        return self.xml(self.datastore(class_id, rows, self.next_group(class_id, group + 1)))
