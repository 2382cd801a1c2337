"""What CMS families declare, on addresses and pages written by hand; and that no page whatever breaks them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from crawler.crawl.counters import withheld
from crawler.http.blocked import obstacle
from crawler.pages import FAMILIES, Ask, CounterMode, family
from crawler.pages.containers import Container
from crawler.pages.page import Page, PageError
from pipelines.exits import Exit
from pipelines.health import RunReport, verdict
from pipelines.reasons import Reason
from pipelines.rendering import body_text
from pipelines.text.dates import weigh

HOST = "http://zx.example"
NAMES = (["领导讲话"], ["广水市政协网"])
MADE = {name: family(name, r"/html/x/(?P<id>.+)\.x" if name == "kesion" else None, *NAMES) for name in FAMILIES}
TRS_ARTICLE = "/zxgz/ldjh/202205/t20220507_190989.html"


@pytest.mark.parametrize(
    ("cms", "url", "native_id", "canonical"),
    [
        ("trs", TRS_ARTICLE, "190989", TRS_ARTICLE),
        ("trs", "/zxgz/ldjh/202205/t20220507_190989_2.html?from=wx", "190989", TRS_ARTICLE),
        ("trs", f"/zxgz/ldjh/202205/{'0a' * 16}.shtml", "0a" * 16, None),
        ("trs", "/zxgz/ldjh/202205/", None, None),
        ("jcms", "/art/2016/11/22/art_1621004_30332664.html", "30332664", None),
        ("jcms", "/col/col1621004/index.html", None, None),
        ("vsb", "/info/1005/3889.htm", "3889", None),
        ("vsb", "/info/1044/3889.htm", "3889", None),
        (
            "vsb",
            "/content.jsp?wbnewsid=3889&urltype=news.NewsContentUrl&wbtreeid=1005&x=1",
            "3889",
            "/content.jsp?urltype=news.NewsContentUrl&wbtreeid=1005&wbnewsid=3889",
        ),
        ("vsb", "/ldjh/12.htm", None, None),
        ("cctv", "/zxww/2026/07/16/ARTI1784165686630164.shtml", "ARTI1784165686630164", None),
        ("cctv", "/zxww/newcppcc/zxyw/index.shtml", None, None),
    ],
)
def test_article_addresses(cms: str, url: str, native_id: str | None, canonical: str | None) -> None:
    made = MADE[cms]
    assert made.native_id(HOST + url) == native_id
    assert made.canonical(HOST + url) == HOST + (canonical or url)


@pytest.mark.parametrize(
    ("cms", "url", "column"),
    [
        ("trs", "/zxgz/ldjh/", "zxgz/ldjh"),
        ("trs", "/zxgz/ldjh/index_3.shtml", "zxgz/ldjh"),
        ("trs", "/zwgk/list.shtml", "zwgk"),
        ("trs", "/zwgk/xxgk_list_2.shtml", "zwgk/xxgk_list"),
        ("trs", "/", None),
        ("trs", TRS_ARTICLE, None),
        ("jcms", "/col/col1621004/index.html?uid=5504308&pageNum=2", "1621004"),
        ("vsb", "/xwtg/ldjh.htm", "xwtg/ldjh"),
        ("vsb", "/xwtg/ldjh/12.htm", "xwtg/ldjh"),
        ("vsb", "/list.jsp?urltype=tree.TreeTempUrl&wbtreeid=1324", "1324"),
        ("vsb", "/index.htm", None),
        ("vsb", "/info/1005/3889.htm", None),
        ("cctv", "/zxww/newcppcc/zxyw/index.shtml", "zxww/newcppcc/zxyw"),
        ("cctv", "/zxxw/yw/", "zxxw/yw"),
    ],
)
def test_column_addresses(cms: str, url: str, column: str | None) -> None:
    assert MADE[cms].column_id(HOST + url) == column


def trs_article(
    meta: str, shown: str, body: str = "<div class=TRS_Editor><p>各位委员：</p></div>", more: str = ""
) -> Page:
    title = "<title>在会上的讲话————领导讲话——广水市政协网</title>"
    text = f"<html><head>{title}{meta}</head><body><h2>在会上的讲话</h2><p>{shown}</p>{body}{more}</body></html>"
    return Page(HOST + TRS_ARTICLE, text)


@pytest.mark.parametrize(
    ("behind", "is_told"),
    [
        ("<p>要主动加强与相关部门的沟通协调。</p>", True),
        ("<p>各位委员，请认真审议，把来源说清。</p><div>上一篇：<a href=/1>通知</a></div>", True),
        ("<div>要主动加强沟通协调。</div>", True),
        ("</div><p>要主动加强沟通协调。</p>", True),
        ("<p>来源：本站</p><p>作者：办公室</p>", False),
        ("<div>上一篇：<a href=/1>通知</a></div><div>要主动加强沟通协调。</div>", False),
        ("</div><div>本网站由政协办公室主办。</div>", False),
    ],
)
def test_what_stands_behind_a_stray_end_tag_is_told(behind: str, is_told: bool) -> None:
    body = "<div class=TRS_Editor><p>各位委员：</p></div>"
    page = trs_article("", "发布时间：2022-05-07 07:05", f"<div>{body}", behind)
    read = MADE["trs"].read_article(page, 1, None)
    assert [problem.code for problem in read.problems] == ["text-behind"] * is_told


DATES = {
    ("2022-05-07  07:05 ", "发布时间：2022-05-07 07:05"): ("2022-05-07 07:05", []),
    ("2022-05-07 07:05", "发布时间：2022年5月7日"): ("2022-05-07 07:05", []),
    ("2022-05-07 07:12", "发布时间：2022-05-07 07:05"): ("2022-05-07 07:05", []),
    ("2022-05-08", "发布时间：2022-05-07 07:05"): ("2022-05-07 07:05", ["published_on"]),
    ("2022-05-07 07:05", ""): ("2022-05-07 07:05", []),
    ("", "发布时间：2022-05-07 07:05"): ("2022-05-07 07:05", []),
    ("", "更新时间：2024-03-01 09:00　2022-05-07"): ("2022-05-07", []),
    ("", "更新时间：2024-03-01 09:00"): ("2024-03-01 09:00", []),
    ("", ""): (None, []),
}


@pytest.mark.parametrize("case", DATES, ids=str)
def test_a_meta_tag_is_a_claim(case: tuple[str, str]) -> None:
    read = MADE["trs"].read_article(trs_article(f'<META NAME="PubDate" CONTENT="{case[0]}">', case[1]), 1, None)
    weighed = weigh(read.dates, tz=ZoneInfo("Asia/Shanghai"), seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    problems = [problem.field for problem in weighed.problems if problem.code == "disagrees"]
    assert (weighed.chosen and weighed.chosen.text, problems) == DATES[case]


def test_claims_fill_what_the_page_does_not_show_and_differences_are_told() -> None:
    meta = (
        '<meta name="ArticleTitle" content="<div>在会上的致辞</div>"><meta name="ContentSource" content="人民政协报">'
        '<meta name="author" content=" "><meta name="ColumnName" content="领导讲话">'
    )
    read = MADE["trs"].read_article(trs_article(meta, "<em>作者：韦　东</em><em>字号</em>"), 1, None)
    assert (read.title, read.raw.source, read.raw.author) == ("在会上的讲话", "人民政协报", "韦　东")
    assert [(problem.field, problem.code) for problem in read.problems] == [("title", "disagrees")]


@pytest.mark.parametrize(
    ("allowed", "mode", "is_asked"),
    [
        ("read_only", "read_only", True),
        ("read_only", "increments", False),
        ("increments", "increments", True),
        ("increments", "read_only", True),
        ("none", "read_only", False),
        ("none", "increments", False),
    ],
)
def test_who_allows_a_counter_to_be_asked(allowed: str, mode: CounterMode, is_asked: bool) -> None:
    assert (withheld(allowed, mode) is None) is is_asked


@pytest.mark.parametrize(
    ("selector", "source", "closes"),
    [
        (".TRS_Editor", "<div class=TRS_Editor><div>甲</div></div>", True),
        (".TRS_Editor", "<div class='view TRS_Editor'><div>甲</div>", False),
        (".TRS_Editor", "<div class='TRS_Editor_x'>甲", None),
        ("#vsb_content*", '<td id="vsb_content_2"><table><tr><td>甲</td></tr></table></td>', True),
        (".cnt_box .con", '<div class="cnt_box con"><div class="con"><p>甲</div></div>', True),
        ("//div[@id='x']", "<div id=x>", None),
    ],
)
def test_containers(selector: str, source: str, closes: bool | None) -> None:
    container = Container(selector)
    assert container.closes_in(source) is closes
    assert len(Page(HOST, source).all(container.xpath)) == (selector != ".TRS_Editor" or closes is not None)


@pytest.mark.parametrize("selector", ["", "div", "#a > .b", "//div[", ".a'b"])
def test_what_is_no_container(selector: str) -> None:
    with pytest.raises(ValueError, match=r"container|Invalid"):
        Container(selector)


def test_bodies_inside_one_another_are_one_and_side_by_side_are_told() -> None:
    inner = "<div class=TRS_Editor><style>.TRS_Editor{}</style><div class='TRS_Editor'><p>甲</p></div>乙</div>"
    read = MADE["trs"].read_article(trs_article("", "", inner), 1, None)
    assert body_text((read.body_html,)) == "甲\n乙"
    with pytest.raises(PageError, match=r"TRS_Editor.*`body` in the profile.*nor by structure"):
        MADE["trs"].read_article(trs_article("", "", ""), 1, None)
    read = MADE["trs"].read_article(trs_article("", "", "<div class=TRS_Editor>甲</div>" * 2), 1, None)
    assert [problem.code for problem in read.problems] == ["low-confidence", "unknown-container"]
    own = family("trs", None, *NAMES, {"body": ".content"})
    read = own.read_article(trs_article("", "", "<div class='content'>丙</div>"), 1, None)
    assert body_text((read.body_html,)) == "丙"


WRITTEN = "发布时间：<script>document.write('2022-05-07 07:05');</script>"
TEXT = "<p>各位委员：今年以来，大家围绕供水和道路开展协商，意见多数已经办理。</p><p>（责任编辑：张三）</p>"
NEIGHBOURS = "<p>上一条：<a href=1.htm>关于调研的通知</a></p><p>下一条：<a href=2.htm>关于座谈的通知</a></p>"
KEPT = "各位委员：今年以来，大家围绕供水和道路开展协商，意见多数已经办理。\n（责任编辑：张三）"


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("", NEIGHBOURS),
        ("", f"<div><a href=#>打印</a> <a href=#>关闭</a></div>{NEIGHBOURS}"),
        ("", f"{NEIGHBOURS}<div>相关新闻</div><ul><li><a href=3.htm>委员读书班开班</a></li></ul>"),
        ("<div>【字体：<a href=#>大</a> <a href=#>中</a>】</div>", ""),
    ],
)
def test_navigation_at_the_edges_of_a_declared_container_is_no_text(before: str, behind: str) -> None:
    page = trs_article("", WRITTEN, f"<div class=TRS_Editor>{before}{TEXT}{behind}</div>")
    assert body_text((MADE["trs"].read_article(page, 1, None).body_html,)) == KEPT


@pytest.mark.parametrize("cms", ["trs", "generic"])
def test_a_page_is_not_changed_by_reading_it(cms: str) -> None:
    page = trs_article("", WRITTEN, f"<div class=TRS_Editor style='display:none'>{TEXT * 3}{NEIGHBOURS}</div>")
    before = etree.tostring(page.root)
    once = MADE[cms].read_article(page, 1, None)
    assert (MADE[cms].read_article(page, 1, None), etree.tostring(page.root)) == (once, before)
    assert once.raw.published == "2022-05-07 07:05"
    assert body_text((once.body_html,))


def test_a_body_that_is_not_found_is_not_withheld_by_the_site() -> None:
    chrome = '<a href="/login">请登录</a><script>if(phone)location.href="http://m.zx.example/";</script><div>各位委员：</div>'
    whole = Page(HOST + TRS_ARTICLE, f"<html><body>{chrome}{'政协' * 120}</body></html>")
    assert MADE["trs"].notice(whole, is_article=True) is None
    assert MADE["trs"].redirect(whole) is None
    bare = Page(
        HOST + TRS_ARTICLE, "<script>alert('该信息不存在或已被删除');location.href='http://m.zx.example/';</script>"
    )
    said = MADE["trs"].notice(bare, is_article=True)
    assert said == (Reason.DELETED, "信息不存在或已被删除")
    assert MADE["trs"].redirect(bare) == "http://m.zx.example/"


def test_pages_that_only_a_script_counts() -> None:
    call = '<script>function createPageHTML(a,b,c,d){}\ncreatePageHTML({0},0,"{1}","shtml");</script>'
    listing = Page(f"{HOST}/zxgz/ldjh/", "<html>" + call.replace("{0}", "3").replace("{1}", "index") + "</html>")
    read = MADE["trs"].read_list(listing)
    expected = {2: f"{HOST}/zxgz/ldjh/index_1.shtml", 3: f"{HOST}/zxgz/ldjh/index_2.shtml"}
    assert (read.linked, read.pages) == (expected, 3)
    turning = call.replace("{0}", "2").replace("{1}", "t20220507_190989")
    article = MADE["trs"].read_article(trs_article("", "", more=turning), 1, None)
    assert article.next_part == f"{HOST}/zxgz/ldjh/202205/t20220507_190989_1.shtml"
    assert MADE["trs"].read_article(trs_article("", "", more=turning), 2, None).next_part is None
    with pytest.raises(PageError, match="part 1 of 3"):
        MADE["trs"].read_article(trs_article("", "", more="<script>createPageHTML('box', 3);</script>"), 1, None)


@pytest.mark.parametrize(
    ("script", "second", "pages"),
    [
        ("createPageHTML('page_div',3, 1,'list','shtml',50);", "list_2.shtml", 3),
        ("var countPage = 3;document.write('<a href=\"index_'+i+'.htm\">')", "index_1.htm", 3),
        ("createPageHTML('box', 3);", None, 3),
        ("createPageHTML(1, 0, 'index', 'html');", None, 1),
        ("function createPageHTML(a,b,c,d){}", None, None),
    ],
)
def test_forms_of_the_script(script: str, second: str | None, pages: int | None) -> None:
    read = MADE["trs"].read_list(Page(f"{HOST}/zxgz/ldjh/", f"<html><script>{script}</script></html>"))
    assert (read.linked.get(2), read.pages) == (second and f"{HOST}/zxgz/ldjh/{second}", pages)


def test_rows_of_jcms_and_what_it_posts_for_the_rest() -> None:
    row = "<li><a href='/art/2016/1/2/art_7_{0}.html' title='讲话 {0} 全题'>讲话</a>2016-01-02</li>"
    record = f"<record><![CDATA[{row}]]></record>"
    store = "<datastore><recordset>" + "".join(record.format(n) for n in (5, 4, 4)) + "</recordset></datastore>"
    options = (
        "proxyUrl:'/module/web/jpage/dataproxy.jsp',perPage:2,groupSize:1,totalRecord:7,"
        "ajaxParam:{col:1,path:'/',columnid:7,webname:'广水市政协网'}"
    )
    other = "<datastore>" + record.format(9).replace("art_7_", "art_8_") * 5 + "</datastore>"
    elsewhere = options.replace("columnid:7", "columnid:8").replace("totalRecord:7", "totalRecord:70")
    scripts = "".join(f"<script>$('#x').jpage({{{said}}})</script>" for said in (elsewhere, options))
    page = Page(
        f"{HOST}/col/col7/index.html", f'<html><script type="text/xml">{other}{store}</script>{scripts}</html>'
    )
    read = MADE["jcms"].read_list(page)
    assert [(row.native_id, row.title, row.date) for row in read.rows] == [
        ("5", "讲话 5 全题", "2016-01-02"),
        ("4", "讲话 4 全题", "2016-01-02"),
    ]
    assert (read.pages, read.total) == (3, 7)
    last = read.linked[3]
    assert isinstance(last, Ask)
    assert dict(parse_qsl(urlsplit(last.url).query)) == {"startrecord": "6", "endrecord": "7", "perpage": "2"}
    assert dict(parse_qsl(last.form or "")) == {"col": "1", "path": "/", "columnid": "7", "webname": "广水市政协网"}
    assert last.headers["Referer"] == page.url


def test_rows_that_stand_in_a_script() -> None:
    rows = (
        "item[0]=new title_array('http://zx.example/zxww/2019/03/18/ARTI15.shtml','讲话，一,二&ldquo;三&rdquo;','2019-03-18');\n"
        "item[1]=new title_array('/zxww/2019/03/17/ARTI14.shtml','<b>王</b>\\'s 讲话','2019-03-17');"
    )
    page = Page(f"{HOST}/zxww/zxyw/index.shtml", f"<html><script>{rows}</script></html>")
    assert [(row.native_id, row.title, row.date) for row in MADE["cctv"].read_list(page).rows] == [
        ("ARTI15", "讲话，一,二“三”", "2019-03-18"),
        ("ARTI14", "王's 讲话", "2019-03-17"),
    ]


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("<datastore><recordset></recordset></datastore>", "fragment", None),
        ("<?xml version='1.0'?>\r\n<datastore><recordset><record>", "fragment", Reason.TRUNCATED),
        ("", "fragment", Reason.EMPTY),
        ("[12,0,0,0]", "counter", None),
        ('{"contentViewsMap":{"578":12', "counter", Reason.TRUNCATED),
        ("$('#hits').html('12');", "counter", None),
        ("3889", "counter", None),
    ],
)
def test_what_is_a_whole_answer(text: str, expected: str, reason: Reason | None) -> None:
    assert obstacle(200, text, expected) is reason


def test_a_walk_that_breaks_off_is_never_complete() -> None:
    report = RunReport(site="x", run="r", mode="full", start_url=HOST, started_at="2026-01-01T00:00:00Z", limit=None)
    report.listing_complete = True
    assert verdict(report).exit_status is Exit.COMPLETE
    report.is_walk_broken = True
    assert verdict(report).exit_status is Exit.INTERNAL_ERROR


HOSTILE = """\
<div class=TRS_Editor>
<div id=zoom>
<div id=vsb_content_1>
<div class='cnt_box'><div class=con>
</div>
<h1>讲话</h1>
<title>讲话</title>
<script>
</script>
<!--<$[信息来源]>begin-->
<a href='
http://[
/info/1/2.htm'>1</a>
下一页
共9页
createPageHTML(
,0,"
","html")
var countPage =
<record><![CDATA[
]]></record>
totalRecord:
perPage:0,
proxyUrl:'
ajaxParam:{a:1}
<nextgroup><![CDATA[<a href='?page=
new title_array('http://[','</0','b')
_showDynClicks("wbnews", 1,
<meta name=PubDate content='2022-01-01'>
<meta name=PubDate content=
<meta http-equiv=refresh content='0;url=http://['>
发布时间：2022-01-01
<div class=content>
<div id=text>
<div class=ct_box>
<div id=MyContent>
<div id=fenye>
<td>更新时间：文章录入：点击数
<script src='/plus/count.php?aid=
<script src='/e/public/ViewClick/?classid=1&id=
viewCount("http://[/content_view.jspx",
var TotalPage=
<font type=showhits action=count id=
Page(1,'a','b','http://[','item/ajaxpage.asp','Folder','','');
{ks:page}9|
<a href='index_
<a href='/html/x/2014/1117/7_
<$[信息内容]>""".split("\n")
URLS = {
    "trs": (TRS_ARTICLE,),
    "vsb": ("/info/1/2.htm",),
    "jcms": ("/art/2016/1/2/art_7_5.html",),
    "kesion": ("/", "/Item/Print.asp?m=1&ID=7", "/item/ajaxpage.asp?curpage=x", "/html/x/index_2.html"),
    "kesion-net": ("/html/x/7.html", "/html/x/", "/a/12.aspx"),
    "dedecms": ("/a/x/2014/1117/7.html",),
    "phpcms": ("/html/x/2014/1117/7.html",),
    "siteserver": ("/contents/9/7.html",),
}
PIECES = st.lists(st.one_of(st.text(max_size=8), st.just("9" * 5_000), st.sampled_from(HOSTILE)), max_size=25)


@pytest.mark.parametrize("cms", sorted(FAMILIES))
@settings(max_examples=40)  # of each family; they share one base
@given(pieces=PIECES, place=st.integers(0, 3))
def test_no_page_breaks_a_family(cms: str, pieces: list[str], place: int) -> None:
    urls = URLS.get(cms, ("/x/7.html",))
    page = Page(HOST + urls[place % len(urls)], "".join(pieces))
    made = MADE[cms]
    made.read_list(page)
    made.find_section(page, ["领导讲话"])
    made.notice(page, is_article=True)
    made.redirect(page)
    made.closes_body(page.text)
    with suppress(PageError):
        assert made.read_article(page, 1, None).title
