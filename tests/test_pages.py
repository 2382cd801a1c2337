"""KesionCMS page objects on pages written by hand: each template habit and trap we know of."""

from __future__ import annotations

import re

import pytest

from crawler.http.blocked import obstacle
from crawler.http.hosts import Hosts
from crawler.pages import family
from crawler.pages.families.kesion.addresses import ListAddress, article_address, list_address
from crawler.pages.page import Page, PageError, all_text, strings, words
from pipelines.reasons import Reason

HOST = "http://gszx.example"
FILES = r"/html/[a-z]+_\d+_(?P<id>\d+)(?:_(?P<part>\d+))?\.shtml$"
KESION = family("kesion", FILES, ["领导讲话"], ["广水市政协网"])
TITLE = "在市政协九届三次会议上的讲话"
BODY = '<div id="MyContent"><p>各位委员：</p></div>'


def article(head: str, body: str = BODY, after: str = "", title: str = f"{TITLE}-广水市政协网") -> Page:
    text = f"<html><head><title>{title}</title></head><body>{head}{body}{after}</body></html>"
    return Page(f"{HOST}/Item/Show.asp?m=1&d=4864", text)


@pytest.mark.parametrize(
    ("url", "native_id", "part"),
    [
        ("/Item/Show.asp?m=1&d=4864", "4864", 1),
        ("/item/SHOW.ASP?M=1&ID=4864&p=3", "4864", 3),
        ("/Item/Show.asp?d=4864&m=101", "101-4864", 1),
        ("/zx/Item/Show.asp?m=1&d=%274864%27", "4864", 1),
        ("/?thread-4864-1.html", "4864", 1),
        ("/thread-4864-112-2.html", "112-4864", 2),
        ("/html/ldjh_5_4864_2.shtml", "4864", 2),
        ("/Item/Show.asp?d=4864", None, 0),
        ("/Item/Show.asp?m=1&d=0", None, 0),
        ("/Item/Show.asp?m=1&d=4864 and 1=1", None, 0),
        ("/Item/list.asp?id=5", None, 0),
        ("/Item/Print.asp?m=1&ID=4864", None, 0),
    ],
)
def test_article_addresses(url: str, native_id: str | None, part: int) -> None:
    address = article_address(HOST + url, re.compile(FILES))
    assert (address.native_id if address else None, address.part if address else 0) == (native_id, part)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/Item/list.asp?id=5", ListAddress("5", 1)),
        ("/item/LIST.asp?ID=5&Page=3", ListAddress("5", 3)),
        ("/Item/list.asp?ID=5&page=0", None),
        ("/?list-5-2.html", ListAddress("5", 2)),
        ("/Item/Show.asp?m=1&d=5", None),
    ],
)
def test_list_addresses(url: str, expected: ListAddress | None) -> None:
    assert list_address(HOST + url, re.compile(FILES)) == expected


HEADINGS = {
    "a heading": (f"<h1>{TITLE}</h1>", TITLE),
    "a bare font": (f"<table><tr><td><font size=5>{TITLE}</font></td></tr></table>", TITLE),
    "the site's name above": (f"<div>广水市政协网</div><div>{TITLE}</div>", TITLE),
    "broken over two lines": (f"<h2>{TITLE[:6]}<br>{TITLE[6:]}</h2>", TITLE),
    "none at all": ("<p>日期:2023-12-28</p>", TITLE),
    "a shorter one in a side bar": (f"<li><a>在市政协</a></li><td>{TITLE}</td>", TITLE),
}


@pytest.mark.parametrize("habit", HEADINGS)
def test_titles(habit: str) -> None:
    head, title = HEADINGS[habit]
    assert KESION.read_article(article(head), 1, TITLE).title == title
    assert KESION.read_article(article(head), 1, None).title == title


@pytest.mark.parametrize(
    ("heading", "part", "listed", "title"),
    [
        (f"{TITLE}(1)", 1, TITLE, TITLE),
        (f"{TITLE}(2)", 2, TITLE, TITLE),
        (f"{TITLE}(1)", 1, f"{TITLE}(1)", f"{TITLE}(1)"),
        (f"{TITLE}(3)", 1, None, f"{TITLE}(3)"),
    ],
)
def test_page_numbers_are_no_part_of_a_title(heading: str, part: int, listed: str | None, title: str) -> None:
    pager = '<div id="pageNext"><a class="curr" href="#">1</a><a class="num" href="?m=1&d=4864&p=2">2</a></div>'
    page = article(f"<h1>{heading}</h1>", after=pager, title=f"{heading}-广水市政协网")
    assert KESION.read_article(page, part, listed).title == title


def test_a_number_in_a_title_of_one_page_stays() -> None:
    page = article("<h1>讲话选编(1)</h1>", title="讲话选编(1)-广水市政协网")
    assert KESION.read_article(page, 1, None).title == "讲话选编(1)"


INFO = {
    "日期:2023-12-28 19:00:29   浏览数:": ("2023-12-28 19:00:29", None, None, None),
    "2009年08月31日&nbsp;&nbsp; 大洋网&nbsp;&nbsp; 张星星": ("2009年08月31日", None, None, None),
    "作者：韦　东&nbsp;&nbsp;来源：<a>本站原创</a>&nbsp;&nbsp;时间：2012-3-5 9:05:07 点击：<em>1,024</em>次":
        ("2012-3-5 9:05:07", "韦　东", "本站原创", "1,024"),
    "<span>作者：张三</span><span>来源：湖北政协</span><span>时间：2012/3/5</span>":
        ("2012/3/5", "张三", "湖北政协", None),
    "更新时间：2024-1-1 8:00:00 发布时间：2023年12月28日 文章录入：admin": ("2023年12月28日", "admin", None, None),
    "作者：&nbsp;来源：&nbsp;日期：12-28": ("12-28", None, None, None),
    "日 期：二〇二三年十二月二十七日 【字体：大 中 小】": ("二〇二三年十二月二十七日", None, None, None),
}  # fmt: skip


@pytest.mark.parametrize("line", INFO)
def test_info_lines(line: str) -> None:
    decoy = "<div>今天是2026年1月1日 星期四</div>"
    raw = KESION.read_article(article(f"{decoy}<h1>{TITLE}</h1><p>{line}</p>"), 1, None).raw
    assert (raw.published, raw.author, raw.source, raw.views) == INFO[line]


def test_the_counter_is_asked_without_counting() -> None:
    def script(query: str) -> str:
        return f'<Script Language="Javascript" Src="http://192.168.3.251:88/item/GetHits.asp?{query}"></Script>'

    others = script("Action=Count&GetFlag=0&m=1&ID=99") + script("GetFlag=1&m=1&ID=4864")
    comments = script("Action=commentnum&PostID=4864")
    page = article(f"<h1>{TITLE}</h1>{others}{comments}{script('Action=Count&GetFlag=0&m=1&ID=4864')}")
    read = KESION.read_article(page, 1, None)
    assert read.counter == "http://192.168.3.251:88/item/GetHits.asp?GetFlag=0&m=1&ID=4864"


def test_pager_and_attachments_of_a_body() -> None:
    body = (
        '<p align=left><font><span><div id="MyContent"><p>甲</p>'
        '<a href="/Item/list.asp?id=5"><img src="/UploadFiles/2023-12/a.jpg" alt="点击浏览下一页"></a>'
        '<a href="/UploadFiles/2023-12/报告.doc">附件：报告</a><a href="/Item/Show.asp?m=1&d=1">乙</a>'
        '<img src="file:///C:/a.png"><div id="pageNext"><table><tr><td><a class="curr" href="#">1</a> '
        '<a class="num" href="?m=1&d=4864&p=2">2</a> <a class="next" href="?m=1&d=4864&p=2">下一页</a>'
        "</td></tr></table></div>丙"
        "</div></span></font></p>"
    )
    read = KESION.read_article(article(f"<h1>{TITLE}</h1>", body), 1, None)
    assert "pageNext" not in read.body_html
    assert "丙" in read.body_html
    assert read.next_part == f"{HOST}/Item/Show.asp?m=1&d=4864&p=2"
    assert [(a.name, a.url) for a in read.attachments] == [
        ("a.jpg", f"{HOST}/UploadFiles/2023-12/a.jpg"),
        ("附件：报告", f"{HOST}/UploadFiles/2023-12/报告.doc"),
    ]


def test_texts_of_an_element_are_what_its_page_shows() -> None:
    whole = "<div>甲<!-- 乙 --><script>丙</script><b>丁<i></i></b><select><option>戊</option></select>己</div>"
    page = Page(HOST, f"<body>{whole}")
    nodes = [page.root, *(node for block in page.root.iter("div") for node in block)]
    assert [words(node) for node in nodes] == ["甲丁己", "", "", "丁", ""]
    assert ["".join(strings(node)) for node in nodes] == ["甲丁己", "", "", "丁", ""]
    assert all_text(page.root) == "甲丙丁戊己"


def test_a_page_nested_too_deep_is_an_error_not_a_shorter_text() -> None:
    with pytest.raises(PageError, match="deeper"):
        article(f"<h1>{TITLE}</h1>", f'<div id="MyContent">{"<b>" * 3000}甲</div>')


@pytest.mark.parametrize("body", ["", BODY + BODY, f"<textarea>{BODY}</textarea>"])
def test_a_page_without_one_body_is_an_error(body: str) -> None:
    with pytest.raises(PageError, match=r"MyContent|its container stands in a form field"):
        KESION.read_article(article(f"<h1>{TITLE}</h1>", body), 1, None)


def listing(rows: str, pager: str = "", side: str = "", url: str = "/Item/list.asp?id=5") -> Page:
    trail = (
        '<div>您当前位置：<a href="/">广水市政协网</a> >> <a href="/Item/list.asp?id=5">领导讲话</a> >> 列表</div>'
    )
    return Page(HOST + url, f"<html><body>{trail}{side}<div>{rows}{pager}</div></body></html>")


ROW = '<li><a href="/Item/Show.asp?m=1&d={0}" title="讲话 {0} 全题">讲话 {0}</a> <span>({1})</span></li>'
SIDE = "<ul>" + "".join(f'<li><a href="/Item/Show.asp?m=1&d={n}">新闻 {n}</a></li>' for n in (901, 902)) + "</ul>"


def test_rows_are_told_from_a_side_bar() -> None:
    rows = "<ul>" + ROW.format(7, "2023-12-28") + ROW.format(6, "12-27") + ROW.format(7, "2023-12-28") + "</ul>"
    pager = '<div id="fenye">共 9 篇  页次:<font color=red> 1</font>/5页 <a href="?ID=5&Page=2">下一页</a></div>'
    whole = f"<div>{SIDE}</div>{rows}{pager}"
    for page in (listing(rows, pager, SIDE), listing(whole), listing(rows)):
        read = KESION.read_list(page)
        assert [(row.native_id, row.title, row.date) for row in read.rows if not row.is_doubtful] == [
            ("7", "讲话 7 全题", "(2023-12-28)"),
            ("6", "讲话 6 全题", "(12-27)"),
        ]
    unsure = KESION.read_list(listing(rows, "", SIDE)).rows
    assert {row.native_id for row in unsure if row.is_doubtful} == {"7", "6", "901", "902"}
    first = KESION.read_list(listing(rows, pager, SIDE))
    assert (first.pages, first.total, first.next_url) == (5, 9, f"{HOST}/Item/list.asp?ID=5&Page=2")


def test_an_empty_list_has_no_certain_rows_whatever_stands_beside_it() -> None:
    rows = KESION.read_list(listing("<p>此栏目下没有文章</p>", side=SIDE)).rows
    assert all(row.is_doubtful for row in rows)


def test_the_pager_is_not_followed_past_its_end() -> None:
    pager = '<div id="fenye"><a href="?ID=5&page=9">上一页</a> 10 <a href="?ID=5&page=0">下一页</a> 总共10页</div>'
    page = listing(ROW.format(1, "2001-01-01"), pager, url="/Item/list.asp?ID=5&page=10")
    assert KESION.read_list(page).next_url is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<script> alert('您要查看的文章已删除。或是您非法传递注入参数!');</script>", Reason.DELETED),
        (
            "<html><title>操作提示消息！</title>产生错误的可能原因：对不起，该文章还没有通过审核!</html>",
            Reason.NOT_APPROVED,
        ),
        ("<html><h1>题</h1>对不起，你还没有登录，本文至少要求本站的注册会员才可查看!</html>", Reason.LOGIN),
        ("<html>阅读本文需要消耗 <b>5</b> 点，你确实愿意花 5 点来阅读此文吗?</html>", Reason.NO_PERMISSION),
        ("<html><div id=MyContent>他说：“您要查看的文章已删除。”</div></html>", None),
        ("<html>市政协召开会议</html>", None),
    ],
)
def test_notices(text: str, reason: Reason | None) -> None:
    said = KESION.notice(Page(HOST, text), is_article=True)
    assert (said[0] if said else None) is reason


@pytest.mark.parametrize(
    ("status", "text", "expected", "reason"),
    [
        (200, "<html><body>甲</body></html>", "page", None),
        (200, "<html><body>甲", "page", Reason.TRUNCATED),
        (200, "\r\n \ufeff", "page", Reason.EMPTY),
        (200, "<script>alert('已删除')</script>", "page", None),
        (200, "数据库连接出错，请检查Conn.asp文件中的数据库参数设置。", "page", Reason.DB_DOWN),
        (512, "<script>document.cookie='__jsl_clearance=1'</script>", "page", Reason.CHALLENGE),
        (200, "<html><script>document.cookie='a=1';location.reload()</script></html>", "page", Reason.CHALLENGE),
        (404, "", "page", Reason.NOT_FOUND),
        (503, "", "other", Reason.HTTP_ERROR),
        (200, "\ufeff\r\n document.write('124'); ", "counter", None),
        (200, "document.wri", "counter", Reason.TRUNCATED),
        (200, "document.write('');", "counter", None),
    ],
)
def test_obstacles(status: int, text: str, expected: str, reason: Reason | None) -> None:
    assert obstacle(status, text, expected) is reason


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://gszx.example/a?b=1#c", "http://gszx.example/a?b=1"),
        ("https://www.gszx.example/a", "https://www.gszx.example/a"),
        ("https://gszx.example/a", "https://gszx.example/a"),
        ("http://m.gszx.example/a", "http://m.gszx.example/a"),
        ("http://m.example/a", None),
        ("http://old.gszx.example/a", "http://gszx.example/a"),
        ("http://192.168.3.251:88/a", "http://gszx.example/a"),
        ("http://localhost:96/a", "http://gszx.example/a"),
        ("http://other.example/a", None),
        ("http://gszx.example:8080/a", None),
    ],
)
def test_hosts(url: str, local: str | None) -> None:
    assert Hosts("http://gszx.example/", ["old.gszx.example"]).local(url) == local


def test_the_hosts_a_cms_believes_in_is_an_alias() -> None:
    hosts = Hosts("http://127.0.0.1:8000/")
    hosts.learn(["http://old.example/Item/list.asp?id=5"] * 3 + ["http://neighbour.example/Item/Show.asp?m=1&d=1"])
    assert hosts.local("http://old.example/x") == "http://127.0.0.1:8000/x"
    assert hosts.local("http://neighbour.example/x") is None
    assert hosts.local("http://127.0.0.1:8001/x") is None


@pytest.mark.parametrize(
    "xpath",
    [
        "//a",
        "//a[@href]",
        "//a[@href]|//option[@value]|//option",
        "//script[not(@src)]",
        "//script[not(@src)]|//textarea",
        "//input[@type='hidden']",
        "//meta[@name][@content]",
        "//input[@type='hidden'][@value]|//input[@type='text']",
        "//input[not(@type='text')]",
        "//p[1]|//a",
    ],
)
def test_what_is_searched_by_tag_is_what_the_xpath_selects(xpath: str) -> None:
    source = (
        "<meta name=a content=b><meta name=c><script src=x></script><a href=1>1<a>2</a><p>3<p><option value=4>"
        "<input type=hidden value=5><input type=hidden><input type=text><input><textarea></textarea><script>6"
    )
    page = Page("https://www.example.gov.cn/", source)
    found = page.root.xpath(xpath)
    assert page.all(xpath) == found != []
