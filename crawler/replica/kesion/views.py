"""List pages, the home page and breadcrumbs: rows of the database put into a flavour's template."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape

from crawler.replica.kesion import ajax_lists
from crawler.replica.kesion.forms import FOLDERS, Ajax, Form, Static
from crawler.replica.kesion.listing import Place, cut_title, list_date, pager
from crawler.replica.kesion.static_lists import counts_script, static_pager
from crawler.replica.kesion.templates import SITE, Flavour, RowView
from crawler.replica.site import ARCHIVE, FOREIGN_ROW, LAST_MOMENT, MEMBERS, NEWS, NOTICES, SECTION, Item, Site

CLASS_NAMES = {ARCHIVE: "资料中心", NEWS: "政协要闻", NOTICES: "通知公告", SECTION: "领导讲话", MEMBERS: "委员内网"}
FRESH_FOR = timedelta(days=30)
CUT_WIDTH = 44
EVERY_ALIAS_ROW = 17
ON_HOME = 8


def pages_of(rows: int, per_page: int) -> int:
    return max(1, -(-rows // per_page))


class ListPages:
    def __init__(self, flavour: Flavour, site: Site, form: Form, alias: str, date_form: int, per_page: int) -> None:
        self.flavour = flavour
        self.site = site
        self.form = form
        self.alias = alias
        self.date_form = date_form
        self.per_page = per_page

    def domain(self, host: str) -> str:
        return self.alias if self.flavour.domain_is_alias else f"http://{host}/"

    def class_href(self, domain: str, class_id: int) -> str:
        return self.form.column(domain, class_id)

    def navigation(self, domain: str) -> list[tuple[str, str]]:
        return [(name, self.class_href(domain, class_id)) for class_id, name in CLASS_NAMES.items()]

    def crumbs(self, domain: str, item: Item) -> tuple[str, str]:
        """The column's name, and the breadcrumb of an article; its signs > are not escaped."""
        noun = "文章" if item.speech.model == 1 else "新闻"
        return CLASS_NAMES[item.class_id], f"{self._trail(domain, item.class_id)} >> 浏览{noun}"

    def _trail(self, domain: str, class_id: int) -> str:
        ancestors = [ARCHIVE] if self.flavour.name == "7.0" and class_id == SECTION else []
        links = [f'<a class="path" href="{domain}">{SITE}</a>']
        links += [
            f'<a class="path" href="{self.class_href(domain, one)}">{CLASS_NAMES[one]}</a>'
            for one in (*ancestors, class_id)
        ]
        return "您当前位置：" + " >> ".join(links)

    def neighbour(self, domain: str, item: Item | None) -> str:
        if item is None:
            return "没有了"
        title = item.speech.title
        return f'<a href="{self.item_href(domain, item)}" title="{escape(title)}">{cut_title(title, 40)}</a>'

    def item_href(self, domain: str, item: Item) -> str:
        if item.target == FOREIGN_ROW:
            return item.target
        base = self.alias if item.speech.number % EVERY_ALIAS_ROW == 0 else domain
        return self.form.item(base, item)

    def page(self, host: str, class_id: int, asked: int) -> str:
        domain = self.domain(host)
        trail = f'<div class="position">{self._trail(domain, class_id)}</div>'
        if isinstance(self.form, Ajax):
            beside = self._rows(domain, self.site.rows((NEWS,))[:ON_HOME])
            box = f'<div class="left"><h3>政协要闻</h3>{beside}</div>{ajax_lists.shell(class_id)}'
        else:
            box = self._listing(domain, class_id, asked)
        content = f"{trail}\r\n{box}"
        return self.flavour.page(domain, f"{CLASS_NAMES[class_id]}-{SITE}", self.navigation(domain), content)

    def _listing(self, domain: str, class_id: int, asked: int) -> str:
        rows = self.class_rows(class_id)
        current, total, shown = self._shown(rows, asked)
        listing = self._rows(domain, shown) if shown else "<p>此栏目下没有文章</p>"
        paging = self._pager(class_id, current, total, len(rows)) if shown else ""
        return f'<div class="box">{listing}</div>\r\n{paging}'

    def _shown(self, rows: list[Item], asked: int) -> tuple[int, int, list[Item]]:
        """The page given for the page asked for, how many there are, and its rows."""
        total = pages_of(len(rows), self.per_page)
        current = asked if 1 <= asked <= total else 1
        return current, total, rows[(current - 1) * self.per_page : current * self.per_page]

    def ajax_page(self, host: str, tid: str, asked: int) -> str:
        """The rows of a class by its long id, and the counts behind them."""
        class_id = next(number for number in FOLDERS if ajax_lists.tid(number) == tid)
        rows = self.class_rows(class_id)
        _, total, shown = self._shown(rows, asked)
        if not shown:
            return "<p>此栏目下没有信息</p>" + ajax_lists.answer("", 0, self.per_page, 0, self.flavour.pager_style)
        html = self._rows(self.domain(host), shown)
        return ajax_lists.answer(html, len(rows), self.per_page, total, self.flavour.pager_style)

    def class_rows(self, class_id: int) -> list[Item]:
        return self.site.rows((SECTION,) if class_id == ARCHIVE else (class_id,))

    def _pager(self, class_id: int, current: int, total: int, rows: int) -> str:
        place = Place(current, total, rows, self.per_page, lambda page: self.form.column_page(class_id, page, total))
        style = self.flavour.pager_style
        return static_pager(style, class_id, place) if isinstance(self.form, Static) else pager(style, place)

    def counts_script(self, path: str) -> str:
        """The script beside the list files of a class; empty for any other address."""
        match = re.fullmatch(r"/html/[a-z]+/page(\d+)\.html", path)
        if match is None or not isinstance(self.form, Static):
            return ""
        rows = len(self.class_rows(int(match[1])))
        return counts_script(pages_of(rows, self.per_page), rows)

    def home(self, host: str) -> str:
        domain = self.domain(host)
        boxes = []
        for class_id in (NEWS, SECTION, NOTICES):
            name, href = CLASS_NAMES[class_id], self.class_href(domain, class_id)
            rows = self._rows(domain, self.site.rows((class_id,))[:ON_HOME])
            boxes.append(f'<div class="box"><h3>{name}</h3><a href="{href}" class="more">更多>></a>{rows}</div>')
        return self.flavour.page(domain, SITE, self.navigation(domain), "\r\n".join(boxes))

    def _rows(self, domain: str, items: list[Item]) -> str:
        return self.flavour.rows([self._row(domain, item) for item in items])

    def _row(self, domain: str, item: Item) -> RowView:
        moment = item.speech.published
        return RowView(
            href=self.item_href(domain, item),
            title=item.speech.title,
            cut=cut_title(item.speech.title, CUT_WIDTH),
            category=CLASS_NAMES[item.class_id],
            category_href=self.class_href(domain, item.class_id),
            date=list_date(moment, self.date_form, self.flavour.raw_date(moment)),
            fresh=moment > LAST_MOMENT - FRESH_FOR,
        )
