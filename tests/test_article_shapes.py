"""Articles in the shapes that editors and templates give them: each comes out whole, with its files, or is told."""

from __future__ import annotations

import tomllib
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.pages.article import Article, read
from crawler.pages.page import Page
from pipelines.text.rendering import body_text
from tests.corpus import PAGES

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
