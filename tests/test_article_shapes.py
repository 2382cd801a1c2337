"""Articles in the shapes that editors and templates give them: each comes out whole, with its files, or is told."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.pages import Hints
from crawler.pages.article import Article, read
from crawler.pages.page import Page, PageError
from pipelines.rendering import body_text
from tests.conftest import Site
from tests.corpus import PAGES
from tests.small import Answer, serve
from tests.test_generic_lists import PROFILE

ADDRESS = "http://yunxi.example/ldjh/t2.html"
SAID = [
    "今年以来，市政协围绕供水、道路和老旧小区改造开展协商，先后召开会议十二次，多数意见已经办理答复。",
    "办好民生实事既要算眼前账，也要算长远账，要把群众的意见放在前面，一件一件落实到位。",
    "希望同志们再接再厉，不负重托，为云溪的明天作出新的更大的贡献。",
]
TEXT = "".join(f"<p>{text}</p>" for text in SAID)
PAGE = (
    "<html><head><title>在座谈会上的讲话-云溪政协网</title></head><body>"
    "<div><a href='/'>首页</a> <a href='/b/'>工作动态</a> <a href='/c/'>领导讲话</a></div>"
    "<div class='main'><h1>在座谈会上的讲话</h1><div>发布时间：2023-12-28　来源：云溪日报</div>{}</div>"
    "<div class='foot'>主办：云溪市政协　电话：0000-0000000　地址：云溪市府前街1号</div></body></html>"
)
SHAPES: dict[str, dict[str, Any]] = tomllib.loads((PAGES / "shapes.toml").read_text("utf-8"))
NOTHING: dict[str, Any] = {"body": SAID, "files": [], "next_part": None, "codes": []}


def seen(article: Article) -> dict[str, Any]:
    body = body_text([article.body_html])
    return {
        "body": body.split("\n") if body else [],
        "files": [urlsplit(one.url).path for one in article.attachments],
        "next_part": article.next_part,
        "codes": [problem.code for problem in article.problems],
    }


@pytest.mark.parametrize("name", SHAPES)
def test_an_article_in_any_shape_comes_whole_or_is_told(name: str) -> None:
    shape = dict(SHAPES[name])
    html = shape.pop("html").replace("{text}", TEXT)
    assert seen(read(Page(ADDRESS, PAGE.format(html)))) == NOTHING | shape


IN_A_PART = {
    "frame": ("<iframe src='/ldjh/text.html'></iframe>", ["continued"]),
    "pager of a script": (
        TEXT + "<p><a href='javascript:page(1)'>1</a> <a href='javascript:page(2)'>下一页</a></p>", ["continued"],
    ),
    "own pager, partly by a script": (TEXT + "<p><a href='t2_2.html'>2</a> <a onclick='page(2)'>下一页</a></p>", []),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_A_PART)
def test_what_stands_for_text_in_one_part_of_several_is_told(name: str) -> None:
    html, codes = IN_A_PART[name]
    page = Page(ADDRESS, PAGE.format(f"<div id='c'>{html}</div>"))
    hints = Hints(body=page.root.find(".//div[@id='c']"), is_long=True)
    assert [problem.code for problem in read(page, hints).problems] == codes


def test_an_info_line_or_a_side_bars_heading_alone_is_no_body() -> None:
    info = "<span>2023-12-28 10:31:26　来源：云溪日报　作者：柳青</span>"
    html = PAGE.format("<div class='con'></div>").replace("讲话</h1>", f"讲话<br>{info}</h1>")
    with pytest.raises(PageError, match="no body"):
        read(Page(ADDRESS, html.replace("<div>发布时间：2023-12-28　来源：云溪日报</div>", "")))
    bare = PAGE.partition("<div class='main'>")[0] + "<div class='side'><h3>热点新闻</h3></div><div>正在加载...</div>"
    with pytest.raises(PageError, match="no body"):
        read(Page(ADDRESS, bare))


SUBTITLE = "在全市政协工作会议结束时讲的几点意见，供各专委会参考"
HEADS = {
    "a block named subtitle": f"<div><h1>{{title}}</h1><p class='subTitle'>{SUBTITLE}</p></div>",
    "a table of the title": f"<table><tr><td>{{title}}</td></tr><tr><td>{SUBTITLE}</td></tr></table>",
    "a block of title and words": f"<div><h1>{{title}}</h1><p>{SUBTITLE}</p></div>",
}


@pytest.mark.parametrize("is_declared", [True, False])
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_subtitle_outside_of_the_body_is_its_first_line(head: str, is_declared: bool) -> None:
    shown = head.format(title="在座谈会上的讲话")
    page = Page(ADDRESS, PAGE.format(f"<div id='c'>{TEXT}</div>").replace("<h1>在座谈会上的讲话</h1>", shown))
    article = read(page, Hints(body=page.root.find(".//div[@id='c']")) if is_declared else None)
    assert seen(article)["body"] == [SUBTITLE, *SAID]
    assert article.title is not None
    assert article.title.text == "在座谈会上的讲话"


def test_what_a_declared_body_leaves_out_is_told() -> None:
    comments = "<div class='comments'><h3>网友评论</h3><p>讲得很好，说到了我们心坎里。</p></div>"
    typed = "<p>联系我们：0000-0000000</p><p>相关链接：<a href='/c/1.html'>关于加强协商工作的意见</a></p>"
    for added, said in (
        (comments, "讲得很好，说到了我们心坎里。"),
        (typed, "联系我们：0000-0000000 / 相关链接：关于加强协商工作的意见"),
    ):
        page = Page(ADDRESS, PAGE.format(f"<div id='zoom'>{TEXT}{added}</div>"))
        article = read(page, Hints(body=page.all("//div[@id='zoom']")[0]))
        assert body_text([article.body_html]).split("\n") == SAID
        assert [problem.code for problem in article.problems] == ["cut"]
        assert said in (article.problems[0].detail or "")


def test_a_subtitle_that_cannot_be_taken_alone_is_told() -> None:
    head = f"<div><h1>在座谈会上的讲话</h1><p class='subTitle'>{SUBTITLE}</p>（节选）</div>"
    page = Page(ADDRESS, PAGE.format(f"<div id='c'>{TEXT}</div>").replace("<h1>在座谈会上的讲话</h1>", head))
    article = read(page, Hints(body=page.root.find(".//div[@id='c']")))
    assert [(one.code, SUBTITLE in one.detail) for one in article.problems] == [("cut", True)]


def numbered(first: int) -> str:
    return "".join(f"<p>第{number}段，{text}</p>" for number, text in enumerate(SAID, first))


def test_a_crawl_follows_parts_and_frames_and_keeps_what_has_no_words(site: Site, tmp_path: Path) -> None:
    rows = "".join(
        f"<li><a href='/ldjh/{name}.html'>在第{name}次座谈会上的讲话</a> 2023-12-28</li>" for name in "123"
    )
    pager = "<script>createPageHTML(2, {}, '1', 'html');</script>"
    answers = {
        "/": "<html><body><a href='/ldjh/'>领导讲话</a></body></html>",
        "/ldjh/": f"<html><head><title>领导讲话-云溪政协网</title></head><body><ul>{rows}</ul></body></html>",
        "/ldjh/1.html": PAGE.format(f"<div class='con'>{numbered(1)}{pager.format(0)}</div>").replace(
            "在座", "在第1次座"
        ),
        "/ldjh/1_1.html": PAGE.format(f"<div class='con'>{numbered(4)}{pager.format(1)}</div>").replace(
            "在座", "在第1次座"
        ),
        "/ldjh/2.html": PAGE.format("<div class='con'><iframe src='/ldjh/text.html'></iframe></div>").replace(
            "在座", "在第2次座"
        ),
        "/ldjh/text.html": f"<html><body>{numbered(1)}</body></html>",
        "/ldjh/3.html": PAGE.format("<div class='con'><img src='/u/1.jpg'></div>").replace("在座", "在第3次座"),
        "/u/1.jpg": "made-up",
    }
    profile = tmp_path / "yunxi.toml"
    profile.write_text(PROFILE, "utf-8")
    archive = Site(site.root, "yunxi")
    with serve(lambda path, _: Answer(answers[path]) if path in answers else Answer("", 404)) as url:
        ended = archive.crawl(url, "-a", f"profile={profile}")
    assert ended.status == 0, ended
    latest = archive.latest()
    texts = {name: [part[:3] for part in line["body"].split("\n")] for name, line in latest.items()}
    assert texts == {
        "ldjh-1": [f"第{n}段" for n in range(1, 7)],
        "ldjh-2": [f"第{n}段" for n in range(1, 4)],
        "ldjh-3": [""],
    }
    told = {
        name: [problem["code"] for problem in line["problems"] if problem["field"] == "body"]
        for name, line in latest.items()
    }
    assert told == {"ldjh-1": [], "ldjh-2": [], "ldjh-3": ["empty"]}


COUNTS_ON = {
    "older-trs": ("<script>var currentPage = 0; var countPage = 3;</script>", f"{ADDRESS[:-5]}_1.html"),
    "older-trs-of-one": ("<script>var currentPage = 0; var countPage = 1;</script>", None),
    "script": ("<script>$('#p').pagination({total:3,current:1,cb:f})</script>", "continued"),
    "words": ("<p>（第1页，共3页）</p>", "continued"),
    "box": ("<select onchange='go()'><option>第1页</option><option>第2页</option></select>", "continued"),
    "more": ("<div onclick='load()'>加载更多内容</div>", "continued"),
    "unfold": ("<div class='unfold'>展开阅读全文</div>", "continued"),
    "more-articles": ("<div onclick='load()'>点击查看更多</div>", None),
    "within-the-page": ("<a href='#all'>展开全文</a><div id='all'></div>", None),
    "neighbours": ("<p>下一篇：<a href='javascript:;'>没有了</a></p>", None),
    "aloud": ("<a href='javascript:void(0)'>全文朗读</a>", None),
    "last": ("<div class='page'>1/1</div>", None),
}


@pytest.mark.parametrize("name", COUNTS_ON)
def test_what_counts_further_parts_is_followed_or_told(name: str) -> None:
    control, expected = COUNTS_ON[name]
    article = read(Page(ADDRESS, PAGE.format(f"<div class='con'>{TEXT}{control}</div>")))
    told = {problem.code for problem in article.problems if problem.field == "body"} & {"continued"}
    assert (article.next_part or next(iter(told), None)) == expected
