"""Three templates of three KesionCMS builds. The CMS's own marks are alike; everything a designer chose differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

SITE = "广水市政协网"
COMMITTEE = "政协广水市委员会"
FRIENDS = (
    ("全国政协", "http://www.cppcc.example/"),
    ("湖北省政协", "http://www.hbzx.example/"),
    ("人民政协网", "http://www.rmzxb.example/"),
)
FURNITURE = (
    '【<a href="{domain}plus/Comment.asp?ChannelID=1&InfoID={number}">发表评论</a>】'
    '【<a href="{domain}item/SendMail.asp?m={model}&ID={number}">告诉好友</a>】'
    '【<a href="{domain}item/Print.asp?m={model}&ID={number}">打印此文</a>】'
    '【<a href="{domain}User/index.asp?User_Favorite.asp?Action=Add&ChannelID={model}&InfoID={number}">收藏此文</a>】'
    '【<a href="javascript:window.close();">关闭窗口</a>】'
)
FONT_SIZE = (
    '【字体：<a href="javascript:ContentSize(18)">大</a> <a href="javascript:ContentSize(16)">中</a> '
    '<a href="javascript:ContentSize(14)">小</a>】'
)


@dataclass(frozen=True)
class ArticleView:
    domain: str
    model: int
    number: int
    title: str
    raw_date: str
    author: str
    source: str
    editor: str
    section: str
    body: str
    wrapped: bool  # False: a notice stands in place of the body, and the CMS makes no #MyContent
    pager: str
    crumbs: str
    previous: str
    following: str

    @property
    def hits_script(self) -> str:
        src = f"{self.domain}item/GetHits.asp?Action=Count&GetFlag=0&m={self.model}&ID={self.number}"
        return f'<Script Language="Javascript" Src="{src}"></Script>'

    @property
    def furniture(self) -> str:
        return FURNITURE.format(domain=self.domain, model=self.model, number=self.number)


@dataclass(frozen=True)
class RowView:
    href: str
    title: str
    cut: str
    category: str
    category_href: str
    date: str
    fresh: bool


@dataclass(frozen=True)
class Flavour(ABC):
    """One build: what it sends, and the template its site uses. The subclasses are the templates."""

    name: str
    encoding: str
    content_type: str
    meta_charset: str
    errors: Literal["alert", "redirect"]
    guarded_more: tuple[str, ...]
    domain_is_alias: bool
    date_form: int
    pager_style: int
    numbered_titles: bool
    leak: str  # what the include files print before a script's own answer
    prints_author: bool
    prints_source: bool

    @abstractmethod
    def raw_date(self, moment: datetime) -> str: ...

    @abstractmethod
    def article(self, view: ArticleView) -> str: ...

    @abstractmethod
    def rows(self, rows: list[RowView]) -> str: ...

    def page(self, domain: str, title: str, navigation: list[tuple[str, str]], content: str) -> str:
        links = " | ".join(f'<a href="{href}">{name}</a>' for name, href in navigation)
        friends = " ".join(f'<a href="{href}" target="_blank">{name}</a>' for name, href in FRIENDS)
        return (
            f"\r\n\r\n{self._head(domain, title)}{self._body_tag()}\r\n"
            '<table width="980" align="center"><tr><td class="nav">'
            f'<a href="{domain}">首页</a> | {links}</td></tr></table>\r\n'
            f'{content}\r\n<table width="980" align="center" class="foot"><tr><td>友情链接：{friends}</td></tr>\r\n'
            f'<tr><td align="center">主办：{COMMITTEE} 鄂ICP备00000000号 '
            f'<a href="{domain}plus/Count.asp">站长统计</a></td></tr></table>\r\n</body>\r\n</html>\r\n'
        )

    def _head(self, domain: str, title: str) -> str:
        return (
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
            '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\r\n<html xmlns="http://www.w3.org/1999/xhtml">\r\n'
            f'<head>\r\n<title>{escape(title)}</title>\r\n<meta http-equiv="Content-Type" content="text/html; '
            f'charset={self.meta_charset}" />\r\n'
            f'<script src="{domain}ks_inc/jquery.js" type="text/javascript"></script>\r\n</head>\r\n'
        )

    def _body_tag(self) -> str:
        return "<body>"

    def _my_content(self, view: ArticleView) -> str:
        return f'<div id="MyContent">{view.body}</div>{view.pager}' if view.wrapped else view.body


def _unpadded(moment: datetime, sign: str) -> str:
    day = f"{moment.year}{sign}{moment.month}{sign}{moment.day}"
    return day if moment.time() == moment.min.time() else f"{day} {moment.hour}:{moment:%M:%S}"


def _padded(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if moment.time() == moment.min.time() else f"{moment:%Y-%m-%d %H:%M:%S}"


class Kesion65(Flavour):
    def raw_date(self, moment: datetime) -> str:
        return _unpadded(moment, "-")

    def article(self, view: ArticleView) -> str:
        return (
            '<table width="980" align="center" cellpadding="0" cellspacing="0"><tr><td>\r\n<table width="100%"><tr>'
            f'<td class="position">{view.crumbs}</td></tr></table>\r\n<table width="96%" align="center">'
            f'<tr><td align="center" height="50"><font size=5>{escape(view.title, quote=False)}</font></td></tr>\r\n'
            f'<tr><td align="center" bgcolor="#f5f5f5">日期:{view.raw_date}   浏览数:{view.hits_script} '
            f"{FONT_SIZE}</td></tr>\r\n<tr><td><p align=left><font id=zoom style='font-size:14px'><SPAN>"
            f"{self._my_content(view)}</SPAN></font></p></td></tr>\r\n"
            f'<tr><td align="right">{view.furniture}</td></tr>\r\n<tr><td><li>上一篇：{view.previous}</li>'
            f"<li>下一篇：{view.following}</li></td></tr></table></td></tr></table>"
        )

    def _my_content(self, view: ArticleView) -> str:
        # This build wraps body and pager together.
        return f'<div id="MyContent">{view.body}{view.pager}</div>' if view.wrapped else view.body

    def rows(self, rows: list[RowView]) -> str:
        lines = [
            '<tr><td height="26"><img src="/images/arrow.gif" border="0" align="absmiddle" alt=""> '
            f'<span class="category">[<a href="{row.category_href}">{row.category}</a>]</span>'
            f'<a class="link" href="{row.href}" title="{escape(row.title)}" target="_blank">{row.cut}</a>'
            f"{_new_icon(row)}&nbsp;"
            f'<span style="color:{"red" if row.fresh else "#999"}" class="date">{row.date}</span>'
            "</td></tr>"
            for row in rows
        ]
        return '<table width="100%" cellpadding="0" cellspacing="0">\r\n' + "\r\n".join(lines) + "</table>"

    def _head(self, domain: str, title: str) -> str:
        return (
            f'<html>\r\n<head>\r\n<title>{escape(title)}</title>\r\n<meta http-equiv="Content-Type" '
            f'content="text/html; charset={self.meta_charset}">\r\n<meta name="generator" content="KesionCMS">\r\n'
            f'<link href="{domain}images/style.css" rel="stylesheet" type="text/css">\r\n</head>\r\n'
        )

    def _body_tag(self) -> str:
        return '<body leftmargin="0" topmargin="0" bgcolor="#FFFFFF">'


class Kesion70(Flavour):
    def raw_date(self, moment: datetime) -> str:
        return _unpadded(moment, "/") if moment.year < 2016 else _padded(moment)

    def article(self, view: ArticleView) -> str:
        editor = f'<a href="{view.domain}Space/?{view.editor}" target="_blank">{view.editor}</a>'
        source = f'<a href="{view.domain}" target="_blank">{view.source}</a>'
        return (
            f'<div id="main"><div class="location">{view.crumbs}</div>\r\n'
            f'<h1 class="title">{escape(view.title, quote=False)}</h1>\r\n'
            f'<div class="info">作者：{view.author}&nbsp;&nbsp;来源：{source}'
            f"&nbsp;&nbsp;更新时间：{view.raw_date}&nbsp;&nbsp;浏览次数：{view.hits_script}次&nbsp;&nbsp;录入：{editor}</div>\r\n"
            f'<div class="fontsize">{FONT_SIZE}</div>\r\n<div class="content">{self._my_content(view)}</div>\r\n'
            f'<div class="tools">{view.furniture}</div>\r\n<ul class="near"><li>上一篇：{view.previous}</li>'
            f"<li>下一篇：{view.following}</li></ul></div>"
        )

    def rows(self, rows: list[RowView]) -> str:
        lines = [
            '<tr><td height="28" class="dot">·<span class="category">'
            f'[<a href="{row.category_href}">{row.category}</a>]</span> '
            f'<a class="t" href="{row.href}" title="{escape(row.title)}">{row.cut}</a>{_new_icon(row)}</td>'
            f'<td align="right" width="80"><span style="color:{"red" if row.fresh else "#666"}">{row.date}</span>'
            "</td></tr>"
            for row in rows
        ]
        return '<table class="list" border="0" width="100%">' + "\r\n".join(lines) + "</table>"


class KesionX2(Flavour):
    def raw_date(self, moment: datetime) -> str:
        return _padded(moment)

    def article(self, view: ArticleView) -> str:
        return (
            f'<div class="wrap"><div class="place">{view.crumbs}</div>\r\n<div class="show">'
            f'<div class="name">{escape(view.title, quote=False)}</div>\r\n'
            f'<div class="mess"><span>时间：{view.raw_date}</span> <span>信息来源：{view.source}</span> '
            f"<span>点击：<em>{view.hits_script}</em>次</span> {FONT_SIZE}</div>\r\n"
            f'<div class="intro">{self._my_content(view)}</div>\r\n<div class="share">{view.furniture}</div>\r\n'
            f'<div class="prenext"><p>上一篇：{view.previous}</p><p>下一篇：{view.following}</p></div></div></div>'
        )

    def rows(self, rows: list[RowView]) -> str:
        lines = [
            f'<li><span style="float:right;color:{"red" if row.fresh else "gray"}" class="time">{row.date}</span>'
            f'<span class="category">[<a href="{row.category_href}">{row.category}</a>]</span>'
            f'<a href="{row.href}" title="{escape(row.title)}" target="_self">{row.cut}</a>{_new_icon(row)}</li>'
            for row in rows
        ]
        return '<ul class="newslist">\r\n' + "\r\n".join(lines) + "\r\n</ul>"


def _new_icon(row: RowView) -> str:
    return '<img src="/images/new.gif" border="0">' if row.fresh else ""


COMMON_GUARD = (
    *(
        "dbcc",
        "alter",
        "drop",
        "*",
        "and ",
        "exec",
        "or ",
        "insert",
        "select",
        "delete",
        "update",
        "count ",
        "master",
    ),
    *("truncate", "declare", "char", "mid", "chr", "set ", "where", "xp_cmdshell"),
)
FLAVOURS: dict[str, Flavour] = {
    "6.5": Kesion65(
        name="6.5",
        encoding="gb18030",
        content_type="text/html",
        meta_charset="gb2312",
        errors="alert",
        guarded_more=(),
        domain_is_alias=True,
        date_form=1,
        pager_style=1,
        numbered_titles=False,
        leak="\r\n \r\n\r\n \r\n" + "\r\n" * 5 + " \r\n\r\n",
        prints_author=False,
        prints_source=False,
    ),
    "7.0": Kesion70(
        name="7.0",
        encoding="gb18030",
        content_type="text/html",
        meta_charset="gb2312",
        errors="redirect",
        guarded_more=("%",),
        domain_is_alias=False,
        date_form=16,
        pager_style=2,
        numbered_titles=True,
        leak="\r\n\r\n \r\n\r\n",
        prints_author=True,
        prints_source=True,
    ),
    "X2": KesionX2(
        name="X2",
        encoding="utf-8",
        content_type="text/html; charset=utf-8",
        meta_charset="utf-8",
        errors="redirect",
        guarded_more=("dbcc ",),
        domain_is_alias=False,
        date_form=41,
        pager_style=4,
        numbered_titles=True,
        leak="\ufeff\r\n\ufeff \r\n",
        prints_author=False,
        prints_source=True,
    ),
}
