"""SiteServer CMS: the count is printed when a page is built; the address beside it only counts."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from crawler.replica.asp import Answer
from crawler.replica.kesion.templates import SITE
from crawler.replica.site import NEWS, NOTICES, SECTION, Item, Site
from tests.replicas.base import COLUMNS, FamilyReplica, Request
from tests.replicas.jeecms import turning

if TYPE_CHECKING:
    from typing import Final

CHANNELS: Final = {SECTION: 910, NEWS: 908, NOTICES: 909}


class SiteServer(FamilyReplica):
    server = "Microsoft-IIS/8.5"
    parts_are_pages = True

    def __init__(self, site: Site, per_page: int, robots: str | None) -> None:
        super().__init__(site, per_page, robots)
        self.built: dict[tuple[int, int], int] = {}

    def article_path(self, item: Item, part: int = 1) -> str:
        name = f"{self.native_id(item)}{f'_{part}' if part > 1 else ''}.html"
        return f"/contents/{CHANNELS[item.class_id]}/{name}"

    def column_path(self, class_id: int) -> str:
        return f"/channels/{CHANNELS[class_id]}.html"

    def page(self, request: Request) -> str | Answer | None:
        if request.path in {"/", "/index.html"}:
            return self.home()
        if request.path == "/sitefiles/services/PageService.aspx":
            if item := self.item(request.query.get("contentID", "")):
                self.site.count_hit(item)
            return Answer(200, b"", self.content_type)
        if match := re.fullmatch(r"/contents/\d+/(\d+)(?:_(\d+))?\.html", request.path):
            item, part = self.item(match[1]), int(match[2] or 1)
            return self.article_html(item, part) if item and part <= self.parts(item) else None
        for class_id, channel in CHANNELS.items():
            if match := re.fullmatch(rf"/channels/{channel}(?:_(\d+))?\.html", request.path):
                page = int(match[1] or 1)
                return self.list_html(class_id, page) if page <= self.pages(class_id) else None
        return None

    def list_html(self, class_id: int, page: int) -> str:
        rows = "".join(
            f'<tr><td><a href="{self.href(item)}" target="_blank">{escape(item.speech.title)}</a></td>'
            f"<td>{item.speech.published:%Y-%m-%d}</td></tr>"
            for item in self.rows_of(class_id, page)
        )
        channel = CHANNELS[class_id]
        pager = turning(page, self.pages(class_id), lambda n: f"/channels/{channel}{f'_{n}' if n > 1 else ''}.html")
        content = f'{self.trail(class_id)}<table class="list">{rows}</table><div class="pager">{pager}</div>'
        return self.shell(f"{COLUMNS[class_id]} - {SITE}", content)

    def article_html(self, item: Item, part: int) -> str:
        if item.target:
            return f"<html><head><script>location.href='{item.target}';</script></head></html>"
        speech, number, pages = item.speech, self.native_id(item), self.parts(item)
        info = (
            f"发布时间：{speech.published:%Y-%m-%d %H:%M}　来源：{speech.source}　作者：{speech.author}　"
            f"点击数：<span>{self.count_when_built(item)}</span>"
        )
        pager = turning(part, pages, lambda n: self.article_path(item, n)) if pages > 1 else ""
        service = f"type=AddCountHits&publishmentSystemID=1&channelID={CHANNELS[item.class_id]}&contentID={number}"
        content = (
            f'{self.trail(item.class_id, " &gt; 正文")}<h1>{escape(speech.title)}</h1><div class="info">{info}</div>'
            f'<div class="content">{self.body_html(item, part)}</div><div class="pager">{pager}</div>'
            f'<script src="/sitefiles/services/PageService.aspx?{service}" type="text/javascript"></script>'
        )
        return self.shell(f"{escape(speech.title)} - {SITE}", content)

    def count_when_built(self, item: Item) -> int:
        return self.built.setdefault(item.key, item.hits[0])

    def told(self, item: Item) -> dict[str, Any]:
        return {"views": self.count_when_built(item) or None}
