"""Families on addresses and pages written by hand: every form of an address, and the traps no replica stands for."""

from __future__ import annotations

import pytest

from crawler.pages import Family, family
from crawler.pages.page import Page
from pipelines.reasons import Reason

HOST = "http://zx.example"
TITLE = "在市政协九届三次会议上的讲话"
FILES = r"/html/[a-z]+/(?P<id>\d{6}/\d+)(?:_(?P<part>\d+))?\.html$"


def reader(cms: str, **options: object) -> Family:
    return family(cms, FILES if cms == "kesion" else None, ["领导讲话"], ["某市政协网"], **options)  # type: ignore[arg-type]


def page(path: str, text: str) -> Page:
    return Page(HOST + path, f"<html><head><title>{TITLE}-某市政协网</title></head><body>{text}</body></html>")


ARTICLES = [
    ("dedecms", "/a/ldjh/2014/1117/1992.html", "1992", "/a/ldjh/2014/1117/1992.html"),
    ("dedecms", "/a/ldjh/2014/1117/1992_3.html", "1992", "/a/ldjh/2014/1117/1992.html"),
    ("dedecms", "/plus/view.php?aid=1992&pageno=2", "1992", "/plus/view.php?aid=1992"),
    ("dedecms", "/a/ldjh/list_3_2.html", None, None),
    ("empirecms", "/zx/ldjh/2014-11-17/1992_2.html", "1992", "/zx/ldjh/2014-11-17/1992.html"),
    ("empirecms", "/ym/xhy/532601.html", "532601", "/ym/xhy/532601.html"),
    ("jeecms", "/ldjh/123_2.jhtml", "123", "/ldjh/123.jhtml"),
    ("jeecms", "/ldjh/index_2.jhtml", None, None),
    ("kesion", "/html/ldjh/201801/13134601.html", "201801-13134601", "/html/ldjh/201801/13134601.html"),
    ("kesion", "/html/ldjh/201801/13134601_2.html", "201801-13134601", "/html/ldjh/201801/13134601.html"),
    ("kesion-net", "/html/news/gn/3704.html", "3704", "/html/news/gn/3704.html"),
    ("kesion-net", "/v-1-3704-2.aspx", "3704", "/v-1-3704.aspx"),
    ("kesion-net", "/v-101-3704.html", "101-3704", "/v-101-3704.html"),
    ("phpcms", "/html/ldjh/2013/0101/12_2.html", "12", "/html/ldjh/2013/0101/12.html"),
    ("phpcms", "/html/ldjh/2.html", None, None),
    (
        "phpcms",
        "/index.php?m=content&c=index&a=show&catid=9&id=12&page=2",
        "12",
        "/index.php?m=content&c=index&a=show&catid=9&id=12",
    ),
    ("siteserver", "/contents/910/1_2.html", "1", "/contents/910/1.html"),
]


@pytest.mark.parametrize(("cms", "path", "native_id", "canonical"), ARTICLES)
def test_articles(cms: str, path: str, native_id: str | None, canonical: str | None) -> None:
    objects = reader(cms)
    assert objects.native_id(HOST + path) == native_id
    assert objects.canonical(HOST + path) == HOST + (canonical or path)


LISTS = [
    ("dedecms", ("/a/ldjh/", "/a/ldjh/index.html", "/a/ldjh/list_3_2.html")),
    ("dedecms", ("/plus/list.php?tid=3", "/plus/list.php?tid=3&TotalResult=40&PageNo=2")),
    ("empirecms", ("/zx/ldjh/", "/zx/ldjh/index_2.html")),
    ("jeecms", ("/ldjh/index.jhtml", "/ldjh/index_2.jhtml")),
    ("kesion", ("/html/ldjh/", "/html/ldjh/index.html", "/html/ldjh/index_7.html")),
    ("kesion", ("/?list-5.html", "/list-5-2.html", "/Item/list.asp?id=5")),
    ("kesion-net", ("/html/ldjh/", "/html/ldjh/index_7.html")),
    ("kesion-net", ("/a/12.aspx", "/a/12-2.html")),
    ("phpcms", ("/html/ldjh/", "/html/ldjh/index.html", "/html/ldjh/2.html")),
    ("phpcms", ("/index.php?m=content&c=index&a=lists&catid=9", "/?m=content&c=index&a=lists&catid=9&page=2")),
    ("siteserver", ("/channels/910.html", "/channels/910_2.html")),
]


@pytest.mark.parametrize(("cms", "paths"), LISTS)
def test_pages_of_one_column(cms: str, paths: tuple[str, ...]) -> None:
    columns = {reader(cms).column_id(HOST + path) for path in paths}
    assert len(columns) == 1
    assert None not in columns


OLD_FILE = (
    f'<ul><li><a href="/html/ldjh/201801/13134601.html">{TITLE}</a> 2018-01-13</li></ul>'
    '<div id="fenye">第3页 共5页 <a href="index_4.html">7</a> <a href="index_2.html">8</a></div>'
)


def test_an_old_list_file_says_nothing_of_today() -> None:
    """Built when there were five pages, it still says so; only its place from the end is true."""
    listing = reader("kesion").read_list(page("/html/ldjh/index_3.html", OLD_FILE))
    assert (listing.next_url, listing.pages, listing.linked) == (f"{HOST}/html/ldjh/index_2.html", None, {})
    assert [row.native_id for row in listing.rows] == ["201801-13134601"]
    assert reader("kesion").read_list(page("/html/ldjh/index_1.html", OLD_FILE)).next_url is None


PRINTED = (
    "<table><tr><td><b>{0}</b></td></tr><tr><td>作者：张三&nbsp;&nbsp;文章来源：办公室&nbsp;&nbsp;点击数\n 12"
    "&nbsp;&nbsp;更新时间：2018-1-13 13:46:01&nbsp;&nbsp;文章录入：admin</td></tr><tr><td><hr></td></tr>"
    '<tr><td valign="top">{1}</td></tr></table>{2}'
)


@pytest.mark.parametrize(
    ("body", "behind", "reason"),
    [
        ("<p>各位委员：</p><table><tr><td>表</td></tr></table>", "", None),
        ("<p>浓度要<35微克</p>", "", Reason.UNREADABLE),
        ("<p>第一段</p></td></tr></table><p>第二段</p>", "", Reason.UNREADABLE),
        ("<p>各位委员：</p>", "<p>第二段</p>", Reason.UNREADABLE),
        ("对不起，你还没有登录，本文至少要求本站的注册会员才可查看!", "", Reason.LOGIN),
    ],
)
def test_print_pages(body: str, behind: str, reason: Reason | None) -> None:
    objects = reader("kesion", print_page=True)
    assert objects.article_source(f"{HOST}/Item/Show.asp?d=7&m=101") == f"{HOST}/Item/Print.asp?m=101&ID=7"
    printed = page("/Item/Print.asp?m=101&ID=7", PRINTED.format(TITLE, body, behind))
    said = objects.notice(printed, is_article=True)
    assert (said[0] if said else None) == reason
    if reason is None:
        read = objects.read_article(printed, 1, TITLE)
        assert (read.title, read.raw.views, read.raw.author, read.raw.published) == (
            TITLE,
            "12",
            "张三",
            "2018-1-13 13:46:01",
        )


def test_print_pages_of_redirecting_articles_lead_there() -> None:
    printed = page("/Item/Print.asp?m=1&ID=7", PRINTED.format(TITLE, "http://other.example/a", ""))
    assert reader("kesion", print_page=True).redirect(printed) == "http://other.example/a"


def test_links_to_neighbours_within_a_vsb_container_are_no_text() -> None:
    turning = "<p>上一条：<a href='1.htm'>在提案会上的讲话</a></p><div>【下一条】没有了</div>"
    text = "<p>上一条意见已经办理，请各单位对照检查。</p>"
    body = f"<h1>{TITLE}</h1><div id=vsb_content_2><p>各位委员：</p>{text}{turning}</div>"
    read = reader("vsb").read_article(page("/info/1005/7.htm", body), 1, TITLE)
    assert "请各单位对照检查" in read.body_html
    assert "在提案会上" not in read.body_html
    assert "没有了" not in read.body_html


COUNTERS = [
    (
        "dedecms",
        '<script src="/plus/count.php?aid=7&mid=1"></script>',
        "/plus/count.php?aid=7&mid=1&view=yes",
        "increments",
    ),
    (
        "empirecms",
        '<script src="/e/public/ViewClick/?classid=3&id=7&down=5"></script>',
        "/e/public/ViewClick/?classid=3&id=7",
        "read_only",
    ),
    (
        "jeecms",
        '<script>viewCount("/content_view.jspx","7");</script>',
        "/content_view_get.jspx?contentIds=7&view=viewTotal",
        "read_only",
    ),
    (
        "kesion-net",
        '<b type="showhits" action="cmtnum" id="7">0</b>'
        '<font type="showhits" action="count" f="0" id="7" t="1">0</font>',
        "/model/GetHits.aspx?action=count&f=0&t=1&modelid=1&id=7",
        "increments",
    ),
    (
        "phpcms",
        '<script src="/api.php?op=count&id=7&modelid=1"></script>',
        "/api.php?op=count&id=7&modelid=1",
        "increments",
    ),
    ("siteserver", '<script src="/sitefiles/services/PageService.aspx?type=AddCountHits"></script>', None, "none"),
]
BODIES = {"empirecms": "id=text", "kesion-net": "class=ct_box"}
PATHS = {
    "dedecms": "/a/x/2014/1117/7.html",
    "kesion-net": "/html/x/7.html",
    "phpcms": "/html/x/2014/1117/7.html",
    "siteserver": "/contents/9/7.html",
}


@pytest.mark.parametrize(("cms", "text", "counter", "mode"), COUNTERS)
def test_counters(cms: str, text: str, counter: str | None, mode: str) -> None:
    container = BODIES.get(cms, "class=content")
    body = f"<h1>{TITLE}</h1><div {container}><p>各位委员：</p></div>"
    objects = reader(cms)
    read = objects.read_article(page(PATHS.get(cms, "/x/7.html"), body + text), 1, TITLE)
    assert read.counter == (HOST + counter if counter else None)
    assert objects.counter_mode(read.counter or HOST) == mode


def test_jeecms_counts_are_json() -> None:
    assert reader("jeecms").count_in('{"contentViewsMap":{"7":12}}') == "12"
    assert reader("jeecms").count_in(' {"contentViewsMap":{}} ') == '{"contentViewsMap":{}}'
    assert reader("jeecms").counter_mode(f"{HOST}/content_view.jspx?contentId=7") == "increments"


def test_a_speech_for_money_is_no_speech() -> None:
    sold = '<div class="content"><center><a href="/">阅读此信息需要您支付 10 点，点击这里支付</a></center></div>'
    said = reader("phpcms").notice(page("/html/x/2014/1117/7.html", sold), is_article=True)
    assert said is not None
    assert said[0] is Reason.NO_PERMISSION


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("error!", Reason.UNREADABLE), ("<li>一</li>", Reason.TRUNCATED), ("<p></p>{ks:page}0|20|0|篇|", None)],
)
def test_answers_of_ajax_lists(answer: str, reason: Reason | None) -> None:
    said = reader("kesion").notice(Page(f"{HOST}/item/ajaxpage.asp?curpage=1", answer), is_article=False)
    assert (said[0] if said else None) == reason
