"""Every place of a page that says a day, weighed; whole values of an info line; what scripts write."""
# ruff: noqa: E501 - a page in a line

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.article import Article, read
from crawler.pages.page import Page
from pipelines.record import Witness
from pipelines.rendering import body_text
from pipelines.text.dates import WEIGHTS, Moment, Weighed, leading_date, published, weigh
from pipelines.text.placeholders import says_nothing
from pipelines.text.views import view_count
from tests.conftest import ROOT

CHINA, SEEN = ZoneInfo("Asia/Shanghai"), datetime(2026, 1, 10, 2, tzinfo=UTC)
TEXT = "".join(
    f"<p>　　会议第{n}项听取了各专门委员会的汇报，围绕全市重点工作进行了深入讨论，并提出了具体意见和建议。</p>"
    for n in "一二三四"
)


def page(info: str = "", head: str = "", body: str = TEXT, behind: str = "", above: str = "") -> str:
    return (
        f"<html><head><title>在主席会议上的讲话-柳河政协</title>{head}</head><body><div><a href='/'>首页</a> "
        f"<a href='/l/'>领导讲话</a></div><div class='main'>{above}<h1>在主席会议上的讲话</h1><div class='bar'>{info}</div>"
        f"<div class='text'>{body}</div>{behind}</div><div>主办：柳河市政协　地址：柳河市东大街9号</div></body></html>"
    )


def article(**parts: str) -> Article:
    return read(Page("http://liuhe.example/a/1.html", page(**parts)))


def weighed(listed: str | None = None, **parts: str) -> Weighed:
    rows = (Witness(where="list", text=listed),) if listed else ()
    return weigh((*article(**parts).dates, *rows), tz=CHINA, seen_at=SEEN)


def said(listed: str | None = None, **parts: str) -> tuple[str | None, str | None, list[str]]:
    """Day or moment to the minute, the place it was read from, the codes told."""
    found = weighed(listed, **parts)
    at = (found.moment.at or found.moment.on or "")[:16] if found.moment else None
    return at, found.chosen.where if found.chosen else None, [problem.code for problem in found.problems]


META = '<meta name="PubDate" content="2023-12-28 19:00:29">'
SIGNED = f'{TEXT}<p align="right">2023年12月1日</p>'


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"info": "发布时间：2023-12-28 19:00", "body": SIGNED}, ("2023-12-28T19:00", "info", [])),
        ({"head": META, "body": SIGNED}, ("2023-12-28T19:00", "meta", [])),
        ({"body": SIGNED}, ("2023-12-01", "signature", [])),
        ({"body": SIGNED, "listed": "2023-12-28"}, ("2023-12-28", "list", [])),
        ({"listed": "2023-12-28"}, ("2023-12-28", "list", [])),
        ({}, (None, None, ["missing"])),
        ({"info": "2023-12-28", "head": META}, ("2023-12-28T19:00", "meta", [])),
        ({"info": "发布时间：2023-12-28", "listed": "2023-12-28"}, ("2023-12-28", "info", [])),
        ({"info": "发布时间：2023-12-28", "listed": "12-28"}, ("2023-12-28", "info", [])),
        ({"info": "发布时间：2023-12-28", "listed": "2023-12-27"}, ("2023-12-28", "info", ["disagrees"])),
        ({"info": "发布时间：2023-12-20", "head": META}, ("2023-12-20", "info", ["disagrees"])),
        ({"info": "发布时间：2023-12-28 更新时间：2024-01-05 08:00"}, ("2023-12-28", "info", [])),
        ({"info": "更新时间：2024-01-05 08:00", "listed": "2023-12-28"}, ("2023-12-28", "list", [])),
        ({"info": "更新时间：2024-01-05 08:00"}, ("2024-01-05T08:00", "updated", [])),
        ({"info": "成文日期：2023-12-20　发布日期：2023-12-28　有效期：2025-12-31"}, ("2023-12-28", "info", [])),
        ({"info": "成文日期：2023-12-20　截止日期：2025-12-31", "head": META}, ("2023-12-28T19:00", "meta", [])),
        ({"info": "会议时间：2023-12-20　来源：本站", "listed": "2023-12-28"}, ("2023-12-28", "list", [])),
        ({"info": "12-28 19:00", "head": META}, ("2023-12-28T19:00", "meta", [])),
        ({"info": "发布时间：12-28", "listed": "2023-12-28"}, ("2023-12-28", "list", [])),
        ({"info": "发布时间：2023-12-28 23:30", "head": META.replace("28 19:00:29", "28T23:30:00Z")}, ("2023-12-28T23:30", "info", [])),
        ({"info": "发布时间：12-27 19:00", "head": META}, (None, None, ["no-year"])),
        ({"info": "发布时间：2023-02-30", "listed": "2023-03-02"}, (None, None, ["impossible"])),
        ({"info": "发布时间：1970-01-01 08:00:00"}, (None, None, ["impossible"])),
        ({"info": "发布时间：--", "head": META}, ("2023-12-28T19:00", "meta", [])),
        ({"info": "发布时间：٢٠٢٣-١٢-٢٨", "body": SIGNED}, (None, None, ["unreadable"])),
        ({"info": "发布时间：{$GetDate}", "body": SIGNED}, (None, None, ["unreadable"])),
        ({"head": '<meta name="PubDate" content="1900-01-01">', "listed": "2023-12-28"}, ("2023-12-28", "list", [])),
        ({"info": "发布时间：2023-12-28 19:00-20:00"}, (None, None, ["unreadable"])),
        ({"info": "发布时间：2023年12月26日至28日"}, (None, None, ["range"])),
        ({"info": "编辑日期：2023/12/28　来源：本站"}, ("2023-12-28", "info", [])),
        ({"info": "编辑日期：2023/12/28"}, ("2023-12-28", "body", [])),
        ({"info": "【发布时间】2023-12-28 【来源】本站"}, ("2023-12-28", "info", [])),
        ({"info": "2023年12月28日 星期四 19:00　柳河政协"}, ("2023-12-28T19:00", "info", [])),
        ({"info": "二〇二三年十二月二十八日　浏览数："}, ("2023-12-28", "head", [])),
        ({"info": "二Ｏ二三年十二月廿八日"}, ("2023-12-28", "head", [])),
        ({"info": "<span>28</span><span>2023-12</span>"}, ("2023-12-28", "head", [])),
        ({"info": "<b>2023-12-28</b><b>19:00:29</b><b>柳河日报</b>"}, ("2023-12-28T19:00", "info", [])),
        ({"info": "<b>会议时间：2023-12-20</b><b>09:00</b>"}, (None, None, ["missing"])),
        ({"info": "Thu Dec 28 19:00:29 CST 2023"}, ("2023-12-28T19:00", "head", [])),
        ({"info": "<p>12-28</p><p>2023</p>"}, ("2023-12-28", "body", [])),
        ({"info": "发布时间：2023-12-28&nbsp;&nbsp;19:00:29"}, ("2023-12-28T19:00", "info", [])),
        ({"info": "发布时间：2023-12-28 19:00 柳河日报"}, ("2023-12-28T19:00", "info", [])),
        ({"info": "2023-12-28 19:00<ul><li><a href='/t/3.html'>图解</a> 2023-12-27 08:00</li></ul>"}, ("2023-12-28T19:00", "info", [])),
        ({"behind": "<p>posted @ 2023-12-28 19:00　阅读(5)</p>"}, ("2023-12-28T19:00", "beside", [])),
        ({"behind": "<div>发布日期：2023-12-28</div>"}, ("2023-12-28", "tail", [])),
        ({"behind": "<div>编辑：柳青　终审：何山　2023-12-28</div>"}, ("2023-12-28", "beside", [])),
        ({"behind": "<div><a href='/t/3.html'>主席会议图解</a> 2023-12-27</div>"}, (None, None, ["missing"])),
        ({"behind": "<div>Copyright 2019-2024 柳河市政协 2020-01-01</div>"}, (None, None, ["missing"])),
        ({"above": "<div>2026年1月10日 星期六 10:20:31</div>", "body": SIGNED}, ("2023-12-01", "signature", [])),
        ({"above": "<div>今天是2026年1月10日 星期六</div>", "listed": "2023-12-28"}, ("2023-12-28", "list", [])),
    ],
)  # fmt: skip
def test_the_best_witness_says_the_day(parts: dict[str, str], expected: tuple[str, str, list[str]]) -> None:
    assert said(**parts) == expected


@pytest.mark.parametrize(
    ("info", "script", "expected"),
    [
        ("发布时间：<script>document.write('2023-12-28 19:00')</script>", "", ("2023-12-28T19:00", "info", [])),
        ("发布时间：<script>var d='2023-12-28'; if (d != '') { document.write(d); }</script>", "", ("2023-12-28", "info", [])),
        ("<script>document.write('发布时间：' + day.substring(0, 10))</script>", "var day='2023-12-28T19:00:29';", ("2023-12-28", "info", [])),
        ("时间：<b id='d1'></b>", "$(function(){ $('#d1').html('2023-12-28'); });", ("2023-12-28", "info", [])),
        ("时间：<b id='d1'></b>", "document.getElementById('d1').innerHTML = \"2023-12-28\";", ("2023-12-28", "info", [])),
        ("发布时间：<script>document.write(show(new Date(1703761229000)))</script>", "", (None, None, ["unreadable"])),
        ("发布时间：<script>if('2023-12-28'!='')document.write('2023-12-28');else document.write('-')</script>", "", ("2023-12-28", "info", [])),
        ("<script>var d='2023-12-28'; if(d){document.write('时间：'+d)}else{document.write('')}</script>", "", ("2023-12-28", "info", [])),
        ("发布时间：<script>if (mobile) document.write('2023-12-28')</script>", "", (None, None, ["unreadable"])),
        ("发布时间：<script>document.write(text)</script>", f"var text='2023-12-28{'<i></i>' * 40}';", (None, None, ["unreadable"])),
        ("发布时间：<script>function f(){ document.write('2023-12-28') }</script>", "", (None, None, ["unreadable"])),
        ("时间：<b id='d1'></b>", "$('#d1').text(format(rows[0].time));", (None, None, ["unreadable"])),
        ("", "var pubDate = '2023-12-28 19:00:29';", ("2023-12-28T19:00", "variable", [])),
        ("", "var pubTime=1703761229000;", ("2023-12-28T19:00", "variable", [])),
        ("", "var a={pubDate:'2023-12-28'}, b={pubDate:'2023-12-20'};", ("2023-12-01", "signature", [])),
        ("<time datetime='2023-12-28'></time><time datetime='2023-12-20'></time>", "", ("2023-12-01", "signature", [])),
        ("<i class='time' data-time='1703761229'></i>", "", ("2023-12-28T19:00", "time", [])),
        ("<time datetime='2023-12-28T11:00:29Z'>两周前</time>", "", ("2023-12-28T19:00", "time", [])),
    ],
)  # fmt: skip
def test_a_day_that_a_script_writes_is_read_or_told(
    info: str, script: str, expected: tuple[str | None, str | None, list[str]]
) -> None:
    """The signature never takes its place in silence."""
    assert said(info=info, head=f"<script>{script}</script>", body=SIGNED) == expected


def test_a_meta_tag_or_row_stands_in_for_an_unread_script_and_it_is_told() -> None:
    info = "发布时间：<script>document.write(show(rows))</script>"
    assert said(info=info, head=META) == ("2023-12-28T19:00", "meta", ["unreadable"])
    assert said(info=info, listed="2023-12-28") == ("2023-12-28", "list", ["unreadable"])


@pytest.mark.parametrize(
    ("head", "where"),
    [
        ('<script type="application/ld+json">{"datePublished":"2023-12-28T19:00:29+08:00"}</script>', "json-ld"),
        ('<meta property="article:published_time" content="2023-12-28T11:00:29.000Z">', "meta"),
        ('<meta itemprop="datePublished" content="Thu, 28 Dec 2023 11:00:29 GMT">', "meta"),
    ],
)
def test_claims_in_any_zone_are_one_moment(head: str, where: str) -> None:
    found = weighed(head=head)
    assert found.chosen is not None
    assert (found.moment, found.chosen.where) == (
        Moment("2023-12-28", "2023-12-28T19:00:29+08:00", "second"),
        where,
    )
    assert not weighed(head=head, info="发布时间：2023-12-28 19:00").problems


def test_a_day_in_the_body_never_beats_the_pages_own() -> None:
    body = f"<p>发布日期：2018-11-29</p>{TEXT}"
    assert said(info="时间：2020-04-09 19:11 来源：柳河日报", body=body)[:2] == ("2020-04-09T19:11", "info")
    assert said(head=META, body=body)[:2] == ("2023-12-28T19:00", "meta")


@pytest.mark.parametrize(
    ("info", "source", "views"),
    [
        ("来源：<a href='http://x.example/'>柳河日报</a><a href='/b/'>参与互动</a>　<a href='/j/'>举报</a>", "柳河日报", None),
        ("来源：柳河日报<a href='/p/'>打印</a> 【大 中 小】", "柳河日报", None),
        ("<span>来源：柳河日报</span><span>大 中 小</span>", "柳河日报", None),
        ("<span>来源：柳河日报</span><span>王海</span>", "柳河日报", None),
        ("来源：<em>柳河</em><em>日报</em>　作者：", "柳河日报", None),
        ("来源：柳河日报 2023-12-28 19:00", "柳河日报", None),
        ("来源：未知　点击：次", "未知", None),
        ("来源：柳河日报　浏览次数：1,234", "柳河日报", "1,234"),
        ("阅读：10万+ 来源：柳河日报", "柳河日报", "10万+"),
        ("浏览次数：999+", None, "999+"),
        ("浏览数： 34\u202f640 次", None, "34\u202f640"),
        ("访问量：[<b>77</b>]", None, "77"),
        ("文章点击数：<b>12</b>次", None, "12"),
        ("被阅览数：3次", None, "3"),
        ("浏览：--", None, "--"),
        ("浏览：NaN", None, "NaN"),
        ("浏览次数：<script>document.write('3217')</script>", None, "3217"),
        ("阅读次数：2023-12-28", None, "2023-12-28"),
        ("浏览次数：15 2023-12-28", None, "15"),
        ("浏览：1&nbsp;024　字体：大 中 小", None, "1\xa0024"),
        ("浏览次数：<!--521-->", None, None),
        ("浏览 512", None, "512"),
        ("阅读(5)", None, "5"),
        ("来源：柳河日报　浏览(37)", "柳河日报", "37"),
        ("来源：柳河日报 阅读数 10w+", "柳河日报", None),
        ("来源：请选择　已阅：37人次", "请选择", "37"),
        ("<dl><dt>来源：</dt><dd>柳河日报</dd><dt>浏览人次：</dt><dd>37</dd></dl>", "柳河日报", "37"),
        ("<table><tr><td>来源</td><td>柳河日报</td><td>阅读</td><td>37</td></tr></table>", "柳河日报", "37"),
        ("<table><tr><td>来源：</td><td>作者：</td><td>柳河</td></tr></table>", None, None),
    ],
)  # fmt: skip
def test_values_are_whole(info: str, source: str | None, views: str | None) -> None:
    read_as = article(info=f"发布时间：2023-12-20　{info}")
    assert (read_as.source and read_as.source.text, read_as.views and read_as.views.text) == (source, views)


def test_words_that_name_no_one() -> None:
    assert all(
        map(
            says_nothing,
            ["未知", "请选择", "不详", "无", "--", "（未知）", "null", "{$GetAuthor}", "[!--writer--]", "　"],
        )
    )
    assert not any(map(says_nothing, ["无锡日报", "本站", "佚名", "知未", "空军报"]))


def test_what_a_script_computes_leaves_the_text_alone() -> None:
    body = f"{TEXT}<p>会议<script>document.write('<a href=x>更多</a>')</script>结束。</p>"
    assert body_text([article(body=body).body_html]).endswith("会议结束。")


ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1995, 1, 1), datetime(2025, 12, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001


@given(MOMENTS, ZONES, st.sampled_from(["", ".0", ".123"]))
def test_a_moment_is_one_in_every_zone_and_in_seconds(at: datetime, zone: timezone, fraction: str) -> None:
    moment = at.replace(tzinfo=CHINA)
    there = moment.astimezone(zone)
    offset = there.strftime("%z")
    printed = [
        f"{there:%Y-%m-%dT%H:%M:%S}{fraction}{offset}",
        f"{there:%Y-%m-%d %H:%M:%S}{fraction} {offset[:3]}:{offset[3:]}",
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z",
        f"{moment.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT",
        f"{moment:%a %b %d %H:%M:%S} CST {moment:%Y}",
        str(int(moment.timestamp())),
        str(int(moment.timestamp()) * 1000),
    ]
    expected = Moment(f"{moment:%Y-%m-%d}", moment.isoformat(), "second")
    for text in printed:
        if len(text) not in {9, 12}:  # before September 2001 the seconds have nine digits
            assert published(text, tz=CHINA, seen_at=SEEN) == expected, text
            assert leading_date(text) == len(text)


@given(st.lists(st.tuples(st.sampled_from(list(WEIGHTS)), st.dates(date(2000, 1, 1), date(2025, 1, 1)))))
def test_the_most_trusted_place_wins_whatever_the_order(said: list[tuple[str, object]]) -> None:
    dates = [Witness(where=where, text=str(day)) for where, day in said]
    forth, back = (weigh(order, tz=CHINA, seen_at=SEEN) for order in (dates, sorted(dates, key=lambda one: one.text)))
    places = list(WEIGHTS)
    for found in (forth, back):
        best = min((places.index(one.where) for one in dates), default=None)
        assert (found.chosen is None) == (best is None)
        assert best is None or (found.chosen is not None and found.chosen.where == places[best])
    publications = {one.text for one in dates if WEIGHTS[one.where].is_publication}
    assert bool(forth.problems) == (len(publications) > 1 or not dates)


@given(st.text(alphabet="0123456789-/:年月日时分T .+Z上下午星期四二〇三十前oＯGMTPAM()", max_size=30))
def test_no_text_breaks_a_reading(text: str) -> None:
    published(text, tz=CHINA, seen_at=SEEN)
    assert 0 <= leading_date(text) <= len(text)
    weigh([Witness(where="info", text=text)], tz=CHINA, seen_at=SEEN)


@given(
    st.integers(0, 10**7),
    st.sampled_from(["{}", "{:,}", "{}次", " {} ", "[{}]", "（{}）", "<b>{}</b> 次", "{}人次"]),
    st.sampled_from(["", "　来源：柳河日报", " 打印", "&nbsp;&nbsp;字体：大", " 2023-12-28 19:00", "】"]),
)
def test_a_count_is_read_whole_or_refused(count: int, shape: str, after: str) -> None:
    found = article(info=f"时间：2023-12-20　浏览次数：{shape.format(count)}{after}").views
    assert found is not None
    value = view_count(found.text, source="counter")
    assert value == count


@given(st.integers(1, 10**6), st.sampled_from(["{}+", "{}万+", "约{}", "{}-{}", "{}/{}", "{} 5", "{}.5"]))
def test_a_count_that_is_not_exact_is_never_a_number(count: int, shape: str) -> None:
    found = article(info=f"时间：2023-12-20　浏览次数：{shape.format(count, count)}").views
    assert found is not None
    assert not isinstance(view_count(found.text, source="page"), int)


def test_the_table_of_places_is_that_of_the_code() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| .+ \| (yes)? ?\|$", (ROOT / "docs/reading-any-site.md").read_text("utf-8"), re.MULTILINE
    )
    assert rows == [(where, "yes" if weight.is_publication else "") for where, weight in WEIGHTS.items()]
