"""The list is whole, or told: how sites turn list pages, each followed to the last row or named as a gap."""

# ruff: noqa: E501 - one shape a line
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from crawler.pages import Ask, family
from crawler.pages.page import Page
from crawler.sites.probe.findings import list_doubts
from tests.walking import HOST, Walked, walk

MENU = (
    '<ul class="nav"><li><a href="/">首页</a></li><li><a href="/ldjh/">领导讲话</a></li>'
    '<li><a href="/zxyw/">要闻</a></li></ul>'
)
FRONT = f"<html><head><title>云溪市政协网</title></head><body>{MENU}</body></html>"
SIZE, PAGES = 3, 4
TOTAL = SIZE * PAGES


def rows(numbers: range | tuple[int, ...], folder: str = "/ldjh") -> str:
    items = "".join(
        f'<li><a href="{folder}/t{n}.html">在市政协第{n}次主席会议上的讲话</a><span>2023-12-{n:02}</span></li>'
        for n in numbers
    )
    return f'<ul class="list">{items}</ul>'


def page(body: str, pager: str = "", title: str = "领导讲话-云溪市政协网") -> str:
    return (
        f"<html><head><title>{title}</title></head><body>{MENU}"
        f'<div class="box">{body}{pager}</div><div class="foot">版权所有</div></body></html>'
    )


def numbers_of(number: int) -> range:
    last = TOTAL - SIZE * (number - 1)
    return range(last, last - SIZE, -1)


@dataclass(frozen=True)
class Shape:
    """How a list turns: the address of page n (what a form sends after a blank), and what page n shows below its rows."""

    url: Callable[[int], str]
    pager: Callable[[int], str]

    def answer(self, ask: Ask) -> str | None:
        parts = urlsplit(ask.url)
        asked = parts._replace(scheme="", netloc="").geturl() + (f" {ask.form}" if ask.form else "")
        if asked == "/":
            return FRONT
        for number in range(1, PAGES + 1):
            if _same(asked, self.url(number)):
                return page(rows(numbers_of(number)), self.pager(number))
        return None


def _same(one: str, other: str) -> bool:
    a, b = one.partition("?"), other.partition("?")
    return a[0] == b[0] and sorted(parse_qsl(a[2])) == sorted(parse_qsl(b[2]))


def files(number: int) -> str:
    return "/ldjh/" if number == 1 else f"/ldjh/index_{number - 1}.html"


def counted(number: int) -> str:
    return "/ldjh/" if number == 1 else f"/ldjh/list_{number}.html"


def query(key: str) -> Callable[[int], str]:
    return lambda number: "/ldjh/" if number == 1 else f"/ldjh/?{key}={number}"


def following(link: str, url: Callable[[int], str] = files, dead: str = "") -> Callable[[int], str]:
    """A pager of one link to the next page: `{0}` is its address."""
    return lambda number: f'<div class="page">{link.format(url(number + 1)) if number < PAGES else dead}</div>'


def always(text: str) -> Callable[[int], str]:
    return lambda _: text


def window(number: int) -> str:
    """Numbers in windows of two, and dots to the next."""
    first = (number - 1) // 2 * 2 + 1
    shown = [f'<a href="{files(first - 1)}">...</a>'] if first > 1 else []
    shown += [
        f"<span>{n}</span>" if n == number else f'<a href="{files(n)}">{n}</a>' for n in range(first, first + 2)
    ]
    shown += [f'<a href="{files(first + 2)}">...</a>'] if first + 2 <= PAGES else []
    return f'<div class="page">{" ".join(shown)}</div>'


def numbered(link: Callable[[int], str]) -> Callable[[int], str]:
    """Numbers, the current one plain."""
    return lambda number: (
        '<div class="page">'
        + " ".join(f"<b>{n}</b>" if n == number else f"<a {link(n)}>{n}</a>" for n in range(1, PAGES + 1))
        + "</div>"
    )


def down(number: int) -> str:
    """博达: the first page is the newest, files count down."""
    return "/ldjh.htm" if number == 1 else f"/ldjh/{PAGES - number + 1}.htm"


GO = '<script>function goPage(n){{var u="{0}";if(n<1)return;location.href=u+n{1};}}</script>'
FORM = (
    '<form name="f" action="/ldjh/" method="{0}"><input type="hidden" name="cid" value="7">'
    '<input type="{1}" name="pageNo" value="1"><a href="javascript:go({{0}})">下一页</a></form>'
)
POSTED = (
    '<form method="post" action="/ldjh/list.aspx"><input type="hidden" name="__VIEWSTATE" value="dDw=">'
    "<a href=\"javascript:__doPostBack('p','{0}')\">下一页</a></form>"
)


def posted(number: int) -> str:
    if number == 1:
        return "/ldjh/"
    return f"/ldjh/list.aspx __VIEWSTATE=dDw%3D&__EVENTTARGET=p&__EVENTARGUMENT={number}"


def by_form(method: str) -> Callable[[int], str]:
    mark = " " if method == "post" else "?"
    return lambda number: "/ldjh/" if number == 1 else f"/ldjh/{mark}cid=7&pageNo={number}"


FOLLOWED = {
    "words": Shape(files, following('<a href="{0}">下一页</a>', dead='<a href="javascript:;">下一页</a>')),
    "words-bracketed": Shape(files, following('[<a href="{0}">后一页</a>]')),
    "words-english": Shape(files, following('<a href="{0}">Next &raquo;</a>')),
    "arrow-beside-numbers": Shape(
        files, lambda n: following(f'<b>{n}</b> <a href="{{0}}">{n + 1}</a> <a href="{{0}}">›</a>')(n)
    ),
    "arrow-alone": Shape(files, following('<a href="{0}">»</a>')),
    "picture": Shape(files, following('<a href="{0}"><img src="/images/next.gif"></a>')),
    "picture-with-words": Shape(files, following('<a href="{0}"><img src="a.gif" alt="下一页"></a>')),
    "wordless-class": Shape(files, following('<a class="page-next" href="{0}"></a>')),
    "title": Shape(files, following('<a title="下一页" href="{0}">&gt;</a>')),
    "windows": Shape(files, window),
    "windows-by-word": Shape(files, lambda n: window(n).replace(">...<", f">{'后' if n < 3 else '前'}2页<")),
    "numbers-beside-the-list": Shape(
        counted, lambda n: numbered(lambda k: f'href="{counted(k)}"')(n).removeprefix('<div class="page">')[:-6]
    ),
    "numbers-only": Shape(counted, numbered(lambda n: f'href="{counted(n)}"')),
    "numbers-by-handler": Shape(
        query("pageNo"),
        lambda n: (
            numbered(lambda k: f'href="javascript:void(0)" onclick="goPage({k})"')(n)
            + GO.format("/ldjh/?pageNo=", "")
        ),
    ),
    "numbers-in-place": Shape(query("p"), numbered(lambda n: f"""href="#" onclick="location.href='?p={n}'\"""")),
    "script-link": Shape(counted, following("""<a href="javascript:window.location='{0}'">下页</a>""", counted)),
    "file-names-joined": Shape(
        files,
        lambda n: numbered(lambda k: f'href="javascript:goPage({k - 1})"')(n) + GO.format("/ldjh/index_", '+".html"'),
    ),
    "button": Shape(files, following("""<button onclick="location.href='{0}'">下一页</button>""")),
    "data-attribute": Shape(files, following('<a href="javascript:;" data-url="{0}">下一页</a>')),
    "select-of-addresses": Shape(
        counted,
        lambda _: (
            "<select>"
            + "".join(f'<option value="{counted(k)}">{k}</option>' for k in range(1, PAGES + 1))
            + "</select>"
        ),
    ),
    "select-of-numbers": Shape(
        query("pn"),
        lambda _: (
            '<select onchange="goPage(this.value)">'
            + "".join(f'<option value="{k}">第{k}页</option>' for k in range(1, PAGES + 1))
            + "</select>"
            + GO.format("/ldjh/?pn=", "")
        ),
    ),
    "trs-call": Shape(files, always(f'<script>createPageHTML({PAGES}, 0, "index", "html");</script>')),
    "trs-call-with-place": Shape(
        counted, always(f"<script>createPageHTML('page', {PAGES}, 1, 'list', 'html', 60);</script>")
    ),
    "trs-count": Shape(files, always(f"<script>var currentPage=0; var countPage = {PAGES};</script>")),
    "pager-object": Shape(
        files, always(f"<script>new Pager({{size:{PAGES}, current:0, prefix:'index', suffix:'html'}});</script>")
    ),
    "laypage": Shape(
        query("pn"),
        always(
            f'<div id="p"></div><script>laypage.render({{elem:"p", count:{TOTAL}, limit:{SIZE}, curr:1, jump:function(obj, first){{if(!first){{location.href = "?pn=" + obj.curr;}}}}}});</script>'
        ),
    ),
    "kkpager": Shape(
        query("pageNum"),
        always(
            f"<script>kkpager.generPageHtml({{pno:1, total:{PAGES}, totalRecords:{TOTAL}, hrefFormer:'', getLink:function(n){{return '?pageNum=' + n;}}}});</script>"
        ),
    ),
    "jqPaginator": Shape(
        query("cur"),
        always(
            f"<script>var totalPage = {PAGES}; $('#p').jqPaginator({{totalPages: totalPage, currentPage: 1, onPageChange: function (num, type) {{location.href='/ldjh/?cur='+num;}}}});</script>"
        ),
    ),
    "jquery-pagination": Shape(
        query("page"),
        always(
            f'<script>function turn(i){{window.location="/ldjh/?page="+(i);}} $("#Pagination").pagination({TOTAL}, {{items_per_page:{SIZE}, callback:turn}});</script>'
        ),
    ),
    "counted-beyond-its-links": Shape(
        counted,
        always(f'<div class="page">页次1/{PAGES} <a href="{counted(2)}">2</a> <a href="{counted(3)}">3</a></div>'),
    ),
    "counting-down": Shape(down, following('<a href="{0}">下页</a>', down)),
    "more-with-address": Shape(query("page"), following('<a href="{0}">加载更多</a>', query("page"))),
    "head": Shape(files, lambda n: f'<link rel="next" href="{files(n + 1)}">' if n < PAGES else ""),
    "form-get": Shape(
        by_form("get"), lambda n: f"<div>{FORM.format('get', 'text') if n < PAGES else ''} 第{n}页/共{PAGES}页</div>"
    ),
    "form-post": Shape(by_form("post"), lambda n: f"<div>{FORM.format('post', 'hidden')} 第{n}页/共{PAGES}页</div>"),
    "post-back": Shape(posted, lambda n: POSTED.format(n + 1) if n < PAGES else ""),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_followed_to_the_last_row(name: str) -> None:
    walked = walk(FOLLOWED[name].answer, f"{HOST}{FOLLOWED[name].url(1)}")
    assert (walked.ids, walked.gaps) == ([f"t{n}.html" for n in range(TOTAL, 0, -1)], "")
    assert len(walked.asked) <= PAGES + 4


TOLD = {
    "numbers-beside-the-list": ('<a href="#" onclick="gotoPage(2);return false">2</a> <a href="#" onclick="gotoPage(3)">3</a>', "2 (gotoPage(2)"),
    "picture-by-code": ("<a href='javascript:nextpage()'><img src='/i/next.gif'></a>", "next (javascript:nextpage())"),
    "select-by-code": ("<select onchange='go(this.value)'><option value='1'>第1页</option><option value='2'>第2页</option></select>", "cannot follow a control: 第2页"),
    "jump-beside-the-list": ("到第<input size=3>页 <input type='button' value='确定' onclick='jump()'> 共4页", "page 2: the pagination ended"),
    "counts-handed-on": ("<script>PageHTML('1','4','12','/ldjh/?page=')</script>", "PageHTML"),
    "load-more-in-a-block": ("<div class='btn' id='more'>点击加载更多</div>", "点击加载更多"),
    "more-in-a-block": ("<div class='btn' id='more'>点击查看更多</div>", "点击查看更多"),
    "years-in-a-block": ("<div><span>全部</span><span data-y='2023'>2023年</span><span data-y='2022'>2022年</span></div>", "shows: 2022"),
    "years-in-other-folders": ('<ul><li><a href="/ldjh/">2023年</a></li><li><a href="/old/">2022年</a></li></ul>', "the list of 2022"),
    "years-of-speeches": ('<div><a href="/ldjh2023/">2023年度讲话</a><a href="/ldjh2022/">2022年度讲话</a></div>', "the list of 2022"),
    "years-in-files": ('<p><a href="/ldjh/">2023年</a> <a href="/ldjh/y2022.html">2022年</a></p>', "the list of 2022"),
    "terms-elsewhere": ('<div><a href="/j10/ldjh/">第十届</a><a href="/j9/ldjh/">第九届</a></div>', "第九届 at"),
    "terms-beside-the-list": ('<ul><li><a href="/list/10/">第十届</a></li><li><a href="/list/9/">第九届</a></li></ul>', "第九届 at"),
    "older-elsewhere": ('<div><a href="/old/">往届领导讲话</a></div>', "往届领导讲话 at"),
    "older-beside-the-list": ('<a href="/old/">更早</a>', "更早 at"),
    "all-in-a-file": ('<p align="right"><a href="/ldjh/all.html">更多讲话&gt;&gt;</a></p>', "更多讲话>> at"),
    "all-elsewhere": ('<p><a href="/list/7.html">[查看全部]</a></p>', "查看全部] at"),
    "rows-in-a-variable": ("""<script>var more=[{"t":"\u5728\u4f1a\u4e0a\u7684\u8bb2\u8bdd","u":"\\/ldjh\\/t9.html","d":"2021-03-04"}]</script>""", "only a script holds"),
    "rows-by-script": ("""<script>document.write('<li><a href="/ldjh/t9.html">在会上的讲话</a><i>2021-03-04</i></li>')</script>""", "only a script holds"),
    "rows-in-a-field": ("<textarea><li><a href='/ldjh/t9.html'>在会上的讲话</a><i>2021-03-04</i></li></textarea>", "only a textarea holds"),
    "load-more-otherwise": ("<a href='javascript:void(0)' class='m'>更多内容加载</a>", "更多内容加载"),
    "scroll-elsewhere": ("<script>$(window).scroll(function(){if(end()){page++;load(page)}})</script>", "scrolled"),
    "ant-pagination": ('<ul class="ant-pagination"><li><a>1</a></li><li><a>2</a></li><li title="下一页"><button type="button"></button></li></ul>', "numbers without addresses: 12"),
    "numbers-and-an-arrow": ('<div class="digg"><span>1</span><a>2</a><a>3</a><a>&gt;</a></div>', "numbers without addresses"),
    "grid-view": ("<a href=\"javascript:__doPostBack('G','Page$2')\">2</a>", "2 (javascript:__doPostBack"),
    "box-to-jump-by": ("<div>转到<select><option>1</option><option>2</option></select>页</div>", "cannot follow a control: 2"),
    "box-of-years": ("<select onchange='y(this.value)'><option value='2023'>2023</option><option value='2022'>2022</option><option value='2021'>2021</option></select>", "2021 2022"),
    "terms-by-handler": ('<ul><li class="on">第十届</li><li onclick="t(9)">第九届</li></ul>', "第九届"),
    "elder-by-handler": ('<a href="javascript:showAll()">显示全部</a>', "显示全部"),
    "scroll-component": ('<div v-infinite-scroll="more"></div>', "scrolled"),
    "typed-count": ('<script>var m_nRecordCount = "45";</script>', "45 rows, its pages show 3"),
    "typed-pages": ("<script>var nPageCount=4;</script>", "page 2: the pagination ended"),
    "attributes": ('<div data-totalpage="5"></div>', "page 2: the pagination ended"),
    "attributes-of-rows": ('<div total="45" pagesize="3"></div>', "45 rows, its pages show 3"),
    "stored-by-jcms": ('<script type="text/xml"><datastore><totalrecord>45</totalrecord><totalpage>15</totalpage></datastore></script>', "page 2: the pagination ended"),
    "icon": ('<div class="fanye"><a class="nxt" href="javascript:;" onclick="pg(2)"><i></i></a></div>', "next (pg(2))"),
    "total-of-pages": ("<div>当前第1页，总计5页</div>", "page 2: the pagination ended"),
    "total-english": ("<div>Total 15 records</div>", "15 rows, its pages show 3"),
    "submit": ("""<div class="page">1/4页 <a href="javascript:turn(2)">下一页</a></div><script>function turn(n){document.f.submit();}</script>""", "ended before it"),
    "handler-elsewhere": ('<div class="page"><a href="javascript:turn(2)">下一页</a></div>', "下一页 (javascript:turn(2))"),
    "numbers-by-handler": ('<div class="page"><b>1</b> <span onclick="turn(2)">2</span> <span onclick="turn(3)">3</span></div>', "2 (turn(2))"),
    "data-page": ('<div class="page"><a class="on">1</a><a data-page="2">2</a><a data-page="3">3</a></div>', "cannot follow a control: 2"),
    "idle-link": ('<div class="page"><a href="#" class="next">下一页</a></div>', "下一页"),
    "picture": ('<div class="page"><a href="javascript:;" onclick="go()"><img src="/img/next.png"></a></div>', "next"),
    "load-more": ('<div id="loadmore" onclick="load()">加载更多</div>', "加载更多"),
    "load-more-bound-elsewhere": ('<a href="javascript:;" id="more">点击加载更多</a>', "点击加载更多"),
    "scroll-words": ('<div class="loading">上拉加载更多...</div>', "上拉加载更多"),
    "load-more-english": ('<button class="more">Load more</button>', "Loadmore"),
    "scroll": ("<script>var page=1;$(window).scroll(function(){page++;$.get('/api/list?p='+page,add);});</script>", "scrolled"),
    "declared": ("<div class='fenye'></div><script>var TotalPage=4;\nvar TotalPut=10;</script>", "page 2: the pagination ended"),
    "element": ('<el-pagination :total="total" @current-change="turn"></el-pagination>', "el-pagination"),
    "laypage-by-ajax": ("<script>laypage.render({elem:'p', count: 60, limit: 3, jump:function(o){load(o.curr);}});</script>", "laypage"),
    "jqPaginator-by-ajax": ("<script>$('#p').jqPaginator({totalPages: 9, currentPage: 1, onPageChange: function(n){load(n);}});</script>", "ended before it"),
    "hidden-count": ('<form><input type="hidden" name="totalPage" value="5"></form>', "page 2: the pagination ended"),
    "unknown-call": ("<script>createPageNav(5, 'x');</script>", "page 2: the pagination ended"),
    "total": ("<div>共12条记录</div>", "12 rows, its pages show 3"),
    "total-otherwise": ('<div class="page"><span>总记录数：</span><b>8</b> 每页3条</div>', "8 rows, its pages show 3"),
    "year-by-handler": ('<p><a href="javascript:;" onclick="year(2021)">2021年</a></p>', "2021年"),
    "more-in-the-box": ('<a href="javascript:more()">更多&gt;&gt;</a>', "更多"),
    "post-back-without-form": ("""<div><a href="javascript:__doPostBack('p','2')">下一页</a></div>""", "下一页"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_told_what_cannot_be_followed(name: str) -> None:
    pager, words = TOLD[name]
    text = page(rows(range(3, 0, -1)), pager)
    walked = walk(lambda ask: FRONT if ask.url == f"{HOST}/" else text, f"{HOST}/ldjh/")
    assert walked.ids == ["t3.html", "t2.html", "t1.html"]
    assert words in walked.gaps
    listing = family("generic", None, ["领导讲话"], []).read_list(Page(f"{HOST}/ldjh/", text))
    assert list_doubts([listing]), "a probe is unsure too"


HEALTHY = {
    "total-and-the-only-page": '<div class="page"><a title="Total record">&nbsp;<b>12</b> </a>&nbsp;<b>1</b></div>',
    "no-pager": "",
    "one-page": '<div class="page">共3条 1/1页 <a href="javascript:;">首页</a> <a href="javascript:;">下一页</a></div>',
    "plain-words": '<div class="page"><span>上一页</span> <b>1</b> <span>下一页</span></div>',
    "disabled": '<div><a class="prev disabled" href="#">上一页</a><a class="next disabled" href="#">下一页</a></div>',
    "one-page-by-script": '<script>createPageHTML(1, 0, "index", "html");</script>',
    "laypage-of-one": "<script>laypage.render({elem:'p', count: 3, limit: 15, jump:function(o){load(o.curr);}});</script>",
    "back-to-top": "<script>$(window).scroll(function(){$('#top').show();});$.get('/hits?id=1');</script>",
    "carousel": '<div class="swiper"><a class="swiper-button-next" href="javascript:;"></a></div>',
    "rows-a-page": "<select name='pageSize' onchange='setPageSize(this.value)'><option value='10'>10</option><option value='20'>20</option></select>",
    "counts-of-one-page": "<script>PageHTML('1','1','3')</script><script>showPage(1, 15, 3)</script>",
    "count-of-all": "共1页",
    "behind-the-end": '</body></html><div><a href="/about/1.html">关于我们的网站和栏目</a></div>',
    "carousel-numbers": '<div class="focus-page"><span>1</span><span>2</span><span>3</span></div>',
    "box-of-a-form": "<form>年份<select name='y'><option>2023</option><option>2022</option><option>2021</option></select>搜索</form>",
    "total-of-what": '<div data-total="45"></div><table><tr total="9"></tr></table>',
    "terms-with-addresses": '<p><a href="/about/">第九届</a></p>',
    "one-stored": '<script type="text/xml"><datastore><totalrecord>3</totalrecord><totalpage>1</totalpage></datastore></script>',
    "folded-block": "<div style='display:none'>加载更多</div>",
    "hidden-button": '<div style="display:none"><a href="javascript:;" onclick="load()">加载更多</a></div>',
    "hidden-scroll-words": '<div style="display:none"><p>上拉加载更多</p></div>',
    "article-neighbours": '<div>下一篇：<a href="javascript:;">没有了</a></div>',
    "more-elsewhere": '<div class="hot"><a href="/hot/"><span>查看更多</span></a><a href="/x/1.html">一</a><p>查看更多</p></div>',
    "a-year-alone": '<p><a href="/old/">2022年</a></p>',
    "lists-in-a-menu": '<div class="nav"><a href="/wy/10/">第十届</a><a href="/wy/9/">第九届</a><a href="/ls/">历史讲话</a></div>',
    "more-of-another": '<div><h3>公告 <a href="/gg/">更多</a> <a href="/gg/all.html">更多信息</a></h3><a href="/gg/1.html">关于开会的公告</a></div>',
    "other-rows-in-a-variable": """<script>var hot=[{"t":"在会上的讲话","u":"/ldjh/t2.html","d":"2021-03-04"},{"t":"关于开会的公告","u":"/gg/t9.html","d":"2021-03-04"}]</script>""",
    "years-of-headings": "<div><h3>2023年</h3><p>十二月</p><p>八月</p><h3>2022年</h3></div>",
    "same-rows-by-script": """<script>document.write('<a href="/ldjh/t2.html">在会上的讲话</a> 2023-03-04 <a href="/zwgk/t9.html">公告</a> 2023-03-04')</script>""",
    "years-within": '<p><a href="#" onclick="show(2023)">2023年</a></p>',
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_list_is_no_alarm(name: str) -> None:
    text = page(rows(range(3, 0, -1)), HEALTHY[name])
    walked = walk(lambda ask: FRONT if ask.url == f"{HOST}/" else text, f"{HOST}/ldjh/")
    assert (len(walked.rows), walked.gaps) == (3, "")


UNDATED = re.sub(r"<span>[^<]*</span>", "", rows((3, 2, 1)))
TABS = "<div><span>2023年</span><span>2022年</span></div>"


@pytest.mark.parametrize(
    ("body", "is_told"), [(TABS + UNDATED, True), (TABS + UNDATED + UNDATED.replace("/t", "/t9"), False)]
)
def test_years_over_undated_rows_are_told_unless_each_has_its_list(body: str, is_told: bool) -> None:
    assert bool(shown({"/ldjh/": page(body)}).gaps) == is_told


def test_years_elsewhere_are_told_beside_a_pager_too_unless_they_may_choose_among_its_rows() -> None:
    for label, folder, words in (("{}年讲话", "ldjh", "the list of 2022"), ("{}年", "so", "")):
        years = "".join(f'<a href="/{folder}{y}/">{label.format(y)}</a>' for y in (2023, 2022))
        walked = shown({files(n): chain(n).replace("</ul>", f"</ul><div>{years}</div>") for n in range(1, PAGES + 1)})
        assert (len(walked.rows), words in walked.gaps, bool(walked.gaps)) == (TOTAL, True, bool(words))


def test_articles_of_the_folder_outside_the_rows_are_doubtful_rows_at_the_end() -> None:
    slides = (
        "<script>var s=[{u:'/ldjh/t89.html',t:'在会上的讲话'},['在会上的讲话','/ldjh/t3.html']]</script>"
        + "".join(f'<div><a href="/ldjh/t{n}.html"><img alt="在第{n}次会议上的讲话"></a></div>' for n in (88, 4))
    )
    other = '<a href="/ldjh/about.html">领导讲话栏目的说明</a><a href="/zxyw/t5.html">关于开会的公告</a>'
    walked = shown(
        {
            "/ldjh/": chain(1).replace('<div class="box">', f"{slides}{other}<div>"),
            **{files(n): chain(n) for n in (2, 3, 4)},
        }
    )
    assert (walked.ids[-2:], walked.gaps) == (["t88.html", "t89.html"], "")
    assert [row.url[-8:] for row in walked.rows if row.is_doubtful] == ["t88.html", "t89.html"]


def shown(pages: dict[str, str | list[str]], start: str = "/ldjh/", known: dict[str, Any] | None = None) -> Walked:
    """A walk through given pages; of several texts of one address each is answered once, the last for ever."""
    times: dict[str, int] = {}

    def answer(ask: Ask) -> str | None:
        path = ask.url.removeprefix(HOST)
        times[path] = times.get(path, -1) + 1
        found = {"/": FRONT, **pages}.get(path)
        return found[min(times[path], len(found) - 1)] if isinstance(found, list) else found

    return walk(answer, f"{HOST}{start}", None, known)


def chain(number: int, total: str = "", held: range | None = None) -> str:
    link = f'<a href="{files(number + 1)}">下一页</a>' if number < PAGES else ""
    return page(rows(held if held is not None else numbers_of(number)), f'<div class="page">{total}{link}</div>')


EMPTY = page("<p>暂无数据</p>")
WALKS: dict[str, tuple[dict[str, str | list[str]], int, str]] = {
    # pages, rows found, gap
    "empty-once": ({files(2): [EMPTY, chain(2)]}, 12, ""),
    "empty": ({files(2): EMPTY}, 3, "page 2: it has no rows"),
    "repeated-once": ({files(3): [chain(3, held=numbers_of(2)), chain(3)]}, 12, ""),
    "repeated-in-the-middle": ({files(3): chain(3, held=numbers_of(2))}, 9, "page 3: it shows the rows of page 2 again"),
    "number-ignored": ({files(n): chain(n, held=numbers_of(1)) for n in (2, 3, 4)}, 3, "page 2: it shows the rows of page 1"),
    "another-page": ({files(2): page(rows((91, 92), "/zxyw"), title="要闻-云溪市政协网")}, 3, "page 2: it does not name"),
    "missing": ({files(2): ""}, 3, "page 2"),
    "fewer-than-said": ({files(1): chain(1, "共14条 "), files(2): chain(2, "共14条 ")}, 12, "14 rows, its pages show 12"),
    "moved-once": ({files(1): [chain(1, "共12条 ", range(13, 10, -1)), chain(1, "共12条 ")], files(2): [chain(2, "共11条 ", numbers_of(2)), chain(2, "共12条 ")]}, 13, ""),
    "moving": ({files(1): [chain(1, f"共{n}条 ") for n in range(12, 30)], files(2): [chain(2, f"共{n}条 ") for n in range(32, 50)]}, 12, "changed on each"),
    "stale-counts": ({files(1): chain(1, "共12条 "), files(2): chain(2, "共9条 ")}, 12, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WALKS)
def test_pages_that_fail_on_the_way(name: str) -> None:
    pages, count, words = WALKS[name]
    walked = shown({**{files(n): chain(n) for n in range(1, PAGES + 1)}, **pages}, "/")
    assert len(walked.rows) == count
    assert words in walked.gaps
    assert bool(walked.gaps) == bool(words)
    assert walked.report.listing_complete == (not words)
    assert len(walked.asked) < 4 * PAGES + 4


@pytest.mark.parametrize("total", ["", "共12条 "])
def test_an_endless_pager_is_bounded_and_told(total: str) -> None:
    def answer(ask: Ask) -> str:
        number = int(ask.url.rpartition("=")[2]) if "=" in ask.url else 1
        fresh = rows(tuple(range(number * 100, number * 100 + 3)))
        return page(fresh, f'<div class="page">{total}<a href="?page={number + 1}">下一页</a></div>')

    walked = walk(answer, f"{HOST}/ldjh/")
    assert "more than the list can have" in walked.gaps
    assert len(walked.asked) < (600 if not total else 40)


def test_the_last_page_shown_again_is_the_end() -> None:
    """Sites answer a page beyond the last with the last one, and go on linking: no alarm every night."""
    last = page(rows(numbers_of(2)), '<div class="page"><a href="{}">下一页</a></div>')
    pages = {files(1): chain(1), files(2): last.format(files(3)), files(3): last.format(files(4)), files(4): last}
    walked = shown(dict(pages))
    assert (len(walked.rows), walked.gaps) == (6, "")


YEARS = '<p><a href="/ldjh/">2023年</a> <a href="/ldjh/2022/">2022年</a> <a href="/ldjh/?year=2021">2021年</a></p>'
FURTHER = {
    "years": ({"/ldjh/": page(YEARS + rows((9, 8))), "/ldjh/2022/": page(YEARS + rows((7, 6))), "/ldjh/?year=2021": page(YEARS + rows((5,)))}, 5),
    "boxes": ({"/ldjh/": page("".join(f'<h3><a href="/ldjh/{c}/">{c}</a><a href="/ldjh/{c}/">更多</a></h3>{rows((n,), f"/ldjh/{c}")}' for c, n in (("zx", 9), ("fzx", 5)))), "/ldjh/zx/": page(rows((9, 8), "/ldjh/zx"), title="主席"), "/ldjh/fzx/": page(rows((5, 4), "/ldjh/fzx"), title="副主席")}, 4),
}  # fmt: skip


@pytest.mark.parametrize("name", FURTHER)
def test_further_lists_of_the_section_are_walked(name: str) -> None:
    pages, count = FURTHER[name]
    walked = shown(dict(pages))
    assert (len(walked.rows), walked.gaps) == (count, "")


MIXED = [
    ('href="/ldjh/t9.html"', True),
    ('href="/upload/9.pdf"', True),
    ('href="/upload/9.docx"', True),
    ("""href="javascript:;" onclick="window.open('t9.html')\"""", True),
    ('href="#" data-href="t9.html"', True),
    ("""href="javascript:openDoc('/ldjh/t9.html')\"""", True),
    ("""href="javascript:openDoc('t9')\"""", False),
    ('href="javascript:;"', False),
    ('target="_blank"', False),
    ('href="http:///"', False),
    ('href="mailto:zx@yunxi.example"', False),
]


@pytest.mark.parametrize("cms", ["generic", "trs"])
@pytest.mark.parametrize(("link", "is_row"), MIXED)
def test_a_dated_link_in_the_list_is_a_row_or_told(cms: str, link: str, is_row: bool) -> None:
    usual = {"generic": "/ldjh/t{0}.html", "trs": "/ldjh/202312/t2023122{0}_1{0}.html"}[cms]
    items = "".join(
        f'<li><a href="{usual.format(n)}">在第{n}次会议上的讲话</a><span>2023-12-2{n}</span></li>' for n in (3, 2, 1)
    )
    odd = f"<li><a {link}>在第九次会议上的讲话</a><span>2023-12-24</span></li>"
    menu = '<div class="menu"><ul><li><a href="/">首页</a></li><li><a href="/xx/letter.html">信箱</a></li></ul></div>'
    text = page(f"{menu}<ul>{odd}{items}</ul>")
    walked = walk(lambda _: text, f"{HOST}/ldjh/", family(cms, None, ["领导讲话"], []))
    assert len(walked.rows) == 3 + is_row
    assert ("第九次会议" in walked.gaps) == (not is_row)


ROWS = [rows((n,)).removeprefix('<ul class="list">').removesuffix("</ul>") for n in (3, 2, 1)]


@pytest.mark.parametrize(
    ("shown_as", "doubtful"),
    [
        (f"<h3>12月</h3><ul>{ROWS[0]}</ul><h3>11月</h3><ul>{ROWS[1]}{ROWS[2]}</ul>", 0),
        (f"<ul>{ROWS[0]}{ROWS[1]}</ul><ul style='display:none'>{ROWS[2]}</ul>", 0),
        (f"<div class='big'>{ROWS[0].replace('li>', 'h2>')}</div><ul>{ROWS[1]}{ROWS[2]}</ul>", 1),
        (f"<div class='big'>{ROWS[0].replace('li>', 'h2>')}</div><ul>{''.join(ROWS)}</ul>", 0),
    ],
)
def test_a_list_in_pieces_and_its_headline_are_its_rows(shown_as: str, doubtful: int) -> None:
    listing = family("generic", None, ["领导讲话"], []).read_list(Page(f"{HOST}/ldjh/", page(shown_as)))
    assert [row.url[-7:] for row in listing.rows] == ["t3.html", "t2.html", "t1.html"]
    assert sum(row.is_doubtful for row in listing.rows) == doubtful


def test_a_speech_called_like_a_page_of_its_list_is_a_row() -> None:
    text = page(rows((3, 2, 1)).replace("/t", "/"), '<div><b>1</b> <a href="/ldjh/2.htm">2</a></div>')
    pages: dict[str, str | list[str]] = {
        "/ldjh/": text,
        "/ldjh/2.htm": text.replace("第", "前").replace("/1.", "/4."),
    }
    assert shown(pages).ids == ["3.html", "2.html", "1.html", "4.html"]


def test_rows_without_any_link_are_told() -> None:
    items = "<li>在第九次会议上的讲话 <span>2023-12-24</span></li>"
    walked = shown({"/ldjh/": page(rows((3, 2)).replace("</ul>", f"{items}</ul>"))})
    assert len(walked.rows) == 2
    assert "第九次会议" in walked.gaps


NEWS = rows((91, 92, 93), "/zxyw")
NO_LIST = {
    "maintenance": "<html><head><title>系统维护中</title></head><body><h1>系统维护中</h1></body></html>",
    "front": FRONT.replace("</body>", f"<div>{NEWS}</div></body>"),
    "another-list": page(NEWS, title="要闻-云溪市政协网"),
    "by-script": page('<div id="list"></div><script>$.getJSON("/api/list?c=7",draw);</script>'),
}


@pytest.mark.parametrize("name", NO_LIST)
def test_a_page_that_is_no_list_is_refused(name: str) -> None:
    about = {"is_present": True, "succeeded_by": None, "title": "在会上的讲话", "published_on": None, "listed": None}
    known = {"ldjh-t1": cast("Any", type("Known", (), about))}
    walked = shown({"/": FRONT, "/ldjh/": NO_LIST[name]}, "/", known)
    assert walked.rows == []
    assert walked.report.refusal is not None
    assert name != "by-script" or "/api/list?c=7" in walked.gaps


def test_the_front_page_in_place_of_the_list_is_refused_on_a_first_look() -> None:
    walked = shown({"/": NO_LIST["front"], "/ldjh/": NO_LIST["front"]}, "/")
    assert (walked.rows, walked.report.refusal is not None) == ([], True)


def test_a_breadcrumb_ends_with_the_section_in_plain_text() -> None:
    trail = '<div>当前位置：<a href="/">首页</a> &gt; <a href="/zx/">政协</a> &gt; 领导讲话</div>'
    text = page(trail + rows((3, 2)), title="云溪市政协网")
    walked = walk(lambda _: text, f"{HOST}/zx/ldjh/")
    assert walked.report.section == {"name": "领导讲话", "url": f"{HOST}/zx/ldjh/"}


@pytest.mark.parametrize(("to", "is_told"), [("/no/such/list_2.html", True), ("/ldjh/", False), ("/", False)])
def test_a_next_page_in_another_lists_folder_is_told(to: str, is_told: bool) -> None:
    items = rows(range(3, 0, -1)).replace("/ldjh/t", "/ldjh/2023/1201/")
    pager = f'<div id="pages"><span>1</span> <a href="{to}">下一页</a></div>'
    read = family("phpcms", None, ["领导讲话"], []).read_list(Page(f"{HOST}/ldjh/", page(items, pager)))
    assert len(read.rows) == 3
    assert bool(read.unfollowed) is is_told
