"""The generic reader: every trap of the field read to the letter, and a pinned floor on pages of eight makes."""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from scrapy.http import HtmlResponse

from crawler.pages import Hints
from crawler.pages.article import LOW_CONFIDENCE, Article, read
from crawler.pages.body.lines import read_lines
from crawler.pages.head.info import Found
from crawler.pages.page import Page, PageError
from pipelines.rendering import body_text, visible_text
from pipelines.text.dates import Moment, Weighed, weigh
from tests.conftest import ROOT
from tests.corpus import PAGES, Made, made_pages
from tests.test_text import LEAF, wrapped

DOCUMENT = ROOT / "docs" / "reading-any-site.md"
SHANGHAI, SEEN_AT = ZoneInfo("Asia/Shanghai"), datetime(2026, 1, 1, tzinfo=UTC)


def weighed(article: Article) -> Weighed:
    """What the dates of an article's page say together."""
    return weigh(article.dates, tz=SHANGHAI, seen_at=SEEN_AT)


ADDRESS = "http://yunxi.example/ldjh/show_12.html"
NASTY: dict[str, dict[str, Any]] = tomllib.loads((PAGES / "nasty" / "expected.toml").read_text("utf-8"))


def text_of(article: Article) -> str:
    return body_text([article.body_html])


@pytest.mark.parametrize("name", NASTY)
def test_nasty_pages_are_read_to_the_letter(name: str) -> None:
    expected = dict(NASTY[name])
    source = (PAGES / "nasty" / f"{name}.html").read_text("utf-8")
    response = HtmlResponse(ADDRESS, body=source.encode(expected.pop("charset", "utf-8")))
    article = read(Page(ADDRESS, response.text))
    found = {
        key: value.text
        for key in ("title", "published", "author", "source", "views")
        if (value := getattr(article, key))
    }
    found |= {"body": text_of(article)} | ({"next_part": article.next_part} if article.next_part else {})
    assert found == expected


LEAD = "经过认真讨论，大家一致认为："
PROSE = "过去一年，市政协围绕中心、服务大局，深入基层听取意见，把群众的急难愁盼写进提案，把协商的成果落到实处。"
PAGE = (
    "<html><head><title>在座谈会上的讲话-云溪市政协网</title></head><body><ul><li><a href='/'>首页</a></li></ul>"
    f"<h1>在座谈会上的讲话</h1><p>2023-12-28 19:00:29</p><div>{f'<p>{PROSE}</p>' * 8}<p>{{}}</p>"
    "<p>谢谢大家！</p></div><div>责任编辑：张三</div></body></html>"
)


@given(st.lists(st.recursive(LEAF, wrapped, max_leaves=12), min_size=1, max_size=6))
def test_inline_text_of_a_page_comes_out_as_it_went_in(pieces: list[tuple[str, str]]) -> None:
    fragment, text = "".join(piece for piece, _ in pieces), "".join(told for _, told in pieces)
    article = read(Page(ADDRESS, PAGE.format(LEAD + fragment)))
    assert text_of(article) == "\n".join([*[PROSE] * 8, LEAD + text, "谢谢大家！"])


FURNITURE = (
    "版权所有 ICP备案 公网安备 许可证3200余张 不良信息举报渠道 未经同意擅自转载 联系我们 扫描二维码 打印 "
    "分享 责任编辑 更多 字体大小 "
    "相关链接 推荐阅读 上一篇文章 评论员文章 下一页 发布时间 来源 当前位置 登录 搜索 "
    "关闭窗口 设为首页 特别说明的是 技术支持"
).split()


@given(st.lists(st.sampled_from(FURNITURE), min_size=1, max_size=3), st.integers(0, 8), st.booleans())
def test_no_sentence_among_the_paragraphs_is_furniture(words: list[str], place: int, is_broken: bool) -> None:
    said = f"{words[0]}这件事，大家谈得最多，{'、'.join(words[1:])}要抓紧办好。"
    paragraphs = [PROSE] * 8
    paragraphs.insert(place, said)
    body = "<br>".join(paragraphs) if is_broken else "".join(f"<p>{text}</p>" for text in paragraphs)
    page = PAGE.format("").replace(f"<p>{PROSE}</p>" * 8, body)
    assert text_of(read(Page(ADDRESS, page))) == "\n".join([*paragraphs, "谢谢大家！"])


STYLES = (
    "display:none", "DISPLAY : none !important", "visibility: hidden", "visibility:collapse", "visibility:visible",
    "opacity:0", "opacity: 0;color:red", "opacity:0.5", "opacity:1", "text-indent:-9999px", "text-indent:2em",
    "position:absolute;left:-9999px", "position:fixed;top:-2000px", "left:-9999px", "position:absolute;left:10px",
    "margin-left:-1000px;padding-left:1000px", "font-size:14px", "white-space:pre-wrap", "color:red",
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("tag", ["p", "span"])
def test_what_is_no_line_is_no_text(tag: str, style: str) -> None:
    source = f"<div><{tag} style='{style}'>各位委员</{tag}></div>"
    assert bool(read_lines(Page(ADDRESS, source).root).all) == bool(visible_text(source))


def test_pictures_between_paragraphs_behind_a_stray_end_tag_come_along() -> None:
    pictures = [f"<p><img src='/t/{number}.jpg'></p>" for number in (1, 2, 3)]
    stray = f"</p></div>{pictures[0]}<p>{PROSE}</p>{pictures[1]}<p>散会。</p>{pictures[2]}"
    menu = "".join(f"<li><a href='/{number}/'>通知公告</a></li>" for number in range(20))
    page = PAGE.format("会议开得很好。").replace("</p></div>", stray).replace("</ul>", f"{menu}</ul>")
    article = read(Page(ADDRESS, page))
    assert text_of(article) == "\n".join([*[PROSE] * 8, "会议开得很好。", "谢谢大家！", PROSE, "散会。"])
    assert [urlsplit(one.url).path for one in article.attachments] == ["/t/1.jpg", "/t/2.jpg"]


def test_lines_that_close_and_go_on_for_ever_are_read() -> None:
    verses = "".join(f"<p>云溪水长流之{number}</p><p>分享</p>" for number in range(3_000))
    assert PROSE in text_of(read(Page(ADDRESS, PAGE.format(f"会议开得很好。</p>{verses}<p>散会。"))))


TAGS = "p /p div /div table tr td li ul /ul b /b br wbr h1 /h1 !-- -- form select title /title span /span /a".split()
WORDS = (
    "同志们，今天开会。",
    "2023-12-28 19:00",
    "来源：本站",
    "上一篇：",
    "更多",
    "打印",
    "版权所有",
    "下一页",
    "\x00",
)
LINKS = ("<a href=/a/1.html>", "<a href='x_2.html'>2</a>", "<span style='display:none'>")
TOKENS = st.sampled_from([*(f"<{tag}>" for tag in TAGS), *WORDS, *LINKS])


@given(st.lists(TOKENS, max_size=40))
def test_any_tag_soup_is_read_or_refused(tokens: list[str]) -> None:
    with suppress(PageError):
        text_of(read(Page(ADDRESS, "".join(tokens))))


def test_a_list_page_is_no_article() -> None:
    rows = "".join(f'<li><a href="/a/{n}.html">市政协召开第{n}次主席会议</a> 2025-01-0{n}</li>' for n in range(1, 9))
    page = Page(
        ADDRESS, f"<html><title>领导讲话</title><body><ul>{rows}</ul><p>共8条记录，欢迎浏览。</p></body></html>"
    )
    article = read(page)
    assert (article.confidence or 0) < LOW_CONFIDENCE
    assert [(problem.field, problem.code) for problem in article.problems] == [("body", "low-confidence")]


def test_claims_are_cross_checked_with_what_is_visible() -> None:
    claims = '<meta name="ArticleTitle" content="另一篇文章"><meta name="PubDate" content="2020-02-02 08:00">'
    page = PAGE.replace("<title>", f"{claims}<title>").format("会议开得很好。")
    article = read(Page(ADDRESS, page))
    assert (article.title, article.published) == (
        Found("在座谈会上的讲话", "heading"),
        Found("2023-12-28 19:00:29", "info"),
    )
    assert [(problem.field, problem.code) for problem in article.problems] == [("title", "disagrees")]
    assert [problem.code for problem in weighed(article).problems] == ["disagrees"]
    finer = weighed(read(Page(ADDRESS, page.replace("2020-02-02", "2023-12-28").replace(" 19:00:29</p>", "</p>"))))
    assert (finer.chosen and (finer.chosen.where, finer.chosen.text)) == ("meta", "2023-12-28 08:00")


@pytest.mark.parametrize(
    ("printed", "beside", "read_as"),
    [
        ("13/04/2018 08:00", "", "2018-04-13"),
        ("04/13/2018", "", "2018-04-13"),
        ("3/4/2018 9:00:00 AM", "", "2018-03-04"),
        ("03/04/2018", "<p>日期 25/03/2018，编号第十二号</p>", "2018-04-03"),
        ("03/04/2018", "<p>日期 03/25/2018，编号第十二号</p>", "2018-03-04"),
        ("03/04/2018", "", None),
    ],
)
def test_a_day_is_told_from_a_month_by_evidence_or_not_at_all(printed: str, beside: str, read_as: str | None) -> None:
    page = PAGE.replace("2023-12-28 19:00:29", printed).replace("</ul>", f"</ul>{beside}").format(LEAD)
    said = weighed(read(Page(ADDRESS, page)))
    assert (said.moment and said.moment.on) == read_as
    assert [problem.code for problem in said.problems] == ([] if read_as else ["unreadable"])


@pytest.mark.parametrize(
    "above",
    [
        "<div>今天是2026年1月8日 星期四</div>",
        "<div>2026年1月8日 星期四 10:20</div><div>当前位置：<a href='/'>首页</a> &gt; <a href='/l/'>讲话</a></div>",
    ],
)
def test_the_day_of_the_visit_is_never_that_of_publication(above: str) -> None:
    page = PAGE.replace("<p>2023-12-28 19:00:29</p>", "").replace("<h1>", f"{above}<h1>").format("会议开得很好。")
    assert read(Page(ADDRESS, page)).published is None


@pytest.mark.parametrize(
    "behind",
    [
        f"<section>{PROSE}</section>",
        f"<ul>{'<li><a href=/1>通知公告</a></li>' * 6}</ul><div class='text'><p>{PROSE}</p><p>附：{PROSE}</p></div>",
    ],
)
def test_prose_behind_the_body_that_looks_like_its_own_is_told(behind: str) -> None:
    menu = "<li><a href='/2/'>通知公告</a></li>" * 40
    page = (
        PAGE.format("会议开得很好。").replace("</ul>", f"{menu}</ul>", 1).replace("<div><p>", "<div class='text'><p>")
    )
    page = page.replace(
        "谢谢大家！</p></div>", f"谢谢大家！</p></div>{behind.replace(PROSE, PROSE[::-1] + '。')}<hr>"
    )
    article = read(Page(ADDRESS, page))
    assert text_of(article) == "\n".join([*[PROSE] * 8, "会议开得很好。", "谢谢大家！"])
    assert [problem.code for problem in article.problems] == ["text-behind"]


def test_text_left_out_behind_the_article_is_told() -> None:
    addendum = "附记：这次座谈会的发言由办公室整理，未经本人审阅，有不当之处由整理者负责。" * 3
    page = PAGE.format("会议开得很好。")
    apart = page.replace("</p></div>", f"</p><p>相关链接</p><div>{addendum}</div></div>")
    article = read(Page(ADDRESS, apart))
    assert addendum not in text_of(article)
    assert [(p.field, p.code, p.detail) for p in article.problems] == [
        ("body", "cut", f"1 lines left out: {addendum}")
    ]


@pytest.mark.parametrize(
    ("said", "shown", "listed", "title"),
    [
        ("在座谈会上的讲话_领导讲话_云溪市政协网", "<h1>在座谈会上的讲话</h1>", None, "在座谈会上的讲话"),
        ("云溪市政协网-领导讲话-在座谈会上的讲话", "<h1>在座谈会上的讲话</h1>", None, "在座谈会上的讲话"),
        ("在座谈会上的讲话 云溪市政协网", "<h1>在座谈会上的讲话 <i>原创</i></h1>", None, "在座谈会上的讲话"),
        (
            "在政协云溪市第九届委员会会议上...",
            "<h1>在政协云溪市第九届委员会会议上的讲话</h1>",
            None,
            "在政协云溪市第九届委员会会议上的讲话",
        ),
        ("云溪市政协网", "<div class=tit>在座谈会上的讲话</div>", None, "在座谈会上的讲话"),
        ("云溪市政协网", "<p>在座谈会上的讲话</p>", "在座谈会上的讲话", "在座谈会上的讲话"),
        ("在座谈会上的讲话-云溪市政协网", "", None, "在座谈会上的讲话"),
    ],
)
def test_titles(said: str, shown: str, listed: str | None, title: str) -> None:
    head = f"<html><head><title>{said}</title></head><body><a href='/'>首页</a>{shown}<p>2023-12-28 19:00</p>"
    article = read(
        Page(ADDRESS, f"{head}<div>{f'<p>{PROSE}</p>' * 3}</div></body></html>"), Hints(listed_title=listed)
    )
    assert article.title is not None
    assert article.title.text == title


def errors(pages: list[Made]) -> dict[str, tuple[int, int]]:
    """What is read wrong, of how much."""
    counted = dict.fromkeys(("blocks", "titles", "moments", "authors", "sources", "lost", "surplus"), (0, 0))

    def count(what: str, wrong: int, of: int) -> None:
        counted[what] = (counted[what][0] + wrong, counted[what][1] + of)

    for made in pages:
        article = read(Page(ADDRESS, made.text))
        body = text_of(article)
        same = sum(
            block.size for block in SequenceMatcher(None, made.body, body, autojunk=False).get_matching_blocks()
        )
        at = weighed(article).moment
        moment = at.at if isinstance(at, Moment) else None
        count("blocks", 2 * same < len(made.body), 1)
        count("titles", article.title is None or article.title.text != made.title, 1)
        count("moments", (moment or "")[:16].replace("T", " ") != made.moment, 1)
        count("authors", (article.author and article.author.text) != made.author, 1)
        count("sources", (article.source and article.source.text) != made.source, 1)
        count("lost", len(made.body) - same, len(made.body))
        count("surplus", len(body) - same, len(body))
    return counted


def test_the_pinned_floor_holds() -> None:
    """No score is worse than its pin, and no pin is lowered without a reason in the document that shows them."""
    lines = (PAGES / "floor.jsonl").read_text("utf-8").strip().split("\n")
    pins = [json.loads(line) for line in lines]
    pages = made_pages(3)
    assert pins[-1]["corpus"] == digest("".join(f"{made}" for made in pages)), (
        "the corpus changed: pin it anew, and why"
    )
    for what, (wrong, of) in errors(pages).items():
        pinned_wrong, pinned_of = pins[-1]["errors"][what]
        assert wrong * pinned_of <= pinned_wrong * of, f"{what}: {wrong} of {of} wrong"
    shown = re.findall(r"^\| (\d+) \| `(\w+)` \| (.*?) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert shown == [
        (str(number), digest(line), pin["reason"])
        for number, (line, pin) in enumerate(zip(lines, pins, strict=True), 1)
    ]


def test_a_page_stays_as_it_is_when_it_is_read() -> None:
    """What it shows is looked at afterwards, by those who doubt that it is the speech."""
    for made in made_pages(1):
        page = Page(f"https://zx.example/ldjh/{made.name}.html", made.text)
        before = etree.tostring(page.root)
        read(page)
        assert etree.tostring(page.root) == before, made.name


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def test_the_call_the_document_shows_works(capsys: pytest.CaptureFixture[str]) -> None:
    (call,) = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    exec(call, {"text": PAGE.format(LEAD)})  # noqa: S102 - the document's own words
    assert capsys.readouterr().out.startswith("在座谈会上的讲话 heading 2023-12-28 19:00:29 info 0.")
