"""The generic family: lists and pagers of several makes, and a whole crawl of a site nobody described."""

from __future__ import annotations

from email.message import Message
from pathlib import Path

import pytest

from crawler.pages import family
from crawler.pages.body.lines import read_lines
from crawler.pages.families.generic import Generic
from crawler.pages.head.breadcrumb import read_trail
from crawler.pages.page import Page
from pipelines.reasons import Reason
from tests.conftest import Site
from tests.corpus import Made, made_pages
from tests.replicas.process import Replica
from tests.small import Answer, serve

HOST = "http://yunxi.example"
GENERIC = family("generic", None, ["领导讲话"], ["云溪市政协网"])
MENU = (
    '<ul class="nav"><li><a href="/">首页</a></li><li><a href="/ldjh/">领导讲话</a></li>'
    '<li><a href="/zxyw/">要闻</a></li></ul>'
)
TRAIL = '<div>当前位置：<a href="/">首页</a> &gt; <a href="/ldjh/">领导讲话</a></div>'
SIDE = '<div class="side"><ul><li><a href="/zxyw/t9_91.html">市政协召开主席会议研究近期工作</a></li></ul></div>'
LINK = '<a href="t{n}_1{n}.html">在第{n}次会议上的讲话全文</a>'
CUT = '<a href="t{n}_1{n}.html" title="在第{n}次会议上的讲话全文">在第{n}次会议...</a>'
DATE = "[2023-12-2{n}]"
ROWS = {
    "items": ("<ul>{}</ul>", f"<li><span>{DATE}</span>{CUT}</li>"),
    "table": ("<table>{}</table>", f"<tr><td>·</td><td>{LINK}</td><td>{DATE}</td></tr>"),
    "cards": (
        "<div>{}</div>",
        f'<div class="card"><a href="t{{n}}_1{{n}}.html"><img src="a.jpg"></a><h4>{LINK}</h4>'
        f"<p>会议讨论了12月1日的安排。</p><i>{DATE}</i></div>",
    ),
}
PAGERS = {
    "words": '<div>共12条 1/2 <a href="#">首页</a> <a href="index_1.html">下一页</a> <a href="?">尾页</a></div>',
    "numbers": '<div><b>1</b> <a href="index_1.html">2</a> <a href="index_1.html">&gt;</a> 共2页 共12条</div>',
    "script": '<script>createPageHTML(2, 0, "index", "html");</script>',
}


def list_page(rows: str, pager: str = "", numbers: range = range(1, 7)) -> str:
    around, row = ROWS[rows]
    body = around.format("".join(row.format(n=n) for n in numbers))
    return f"<html><title>领导讲话</title><body>{MENU}{TRAIL}{SIDE}{body}{pager}<div>版权所有</div></body></html>"


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("pager", PAGERS)
def test_rows_and_pagers(rows: str, pager: str) -> None:
    page = Page(f"{HOST}/ldjh/index.html", list_page(rows, PAGERS[pager]))
    read = GENERIC.read_list(page)
    assert [(row.url, row.native_id, row.title, row.date) for row in read.rows] == [
        (f"{HOST}/ldjh/t{n}_1{n}.html", f"ldjh-t{n}_1{n}", f"在第{n}次会议上的讲话全文", f"[2023-12-2{n}]")
        for n in range(1, 7)
    ]
    assert (read.next_url or read.linked.get(2), read.pages) == (f"{HOST}/ldjh/index_1.html", 2)
    section = GENERIC.find_section(page, ["领导讲话"])
    assert section is not None
    assert (section.name, section.url) == ("领导讲话", page.url)


def test_the_last_page_leads_nowhere() -> None:
    pager = '<div>共2页 <a href="index.html">1</a> <b>2</b> <a href="index_1.html">下一页</a></div>'
    assert GENERIC.read_list(Page(f"{HOST}/ldjh/index_1.html", list_page("items", pager))).next_url is None


def test_rows_of_a_side_bar_alone_are_doubtful() -> None:
    rows = "".join(
        f"<li><a href='/news/{n}.html'>市政协组织委员视察第{n}水厂</a> 2023-12-0{n}</li>" for n in (1, 2, 3)
    )
    side = f"<html><body><div class='side'><h3>热点新闻</h3><ul class='hot'>{rows}</ul></div></body></html>"
    read = GENERIC.read_list(Page(f"{HOST}/ldjh/", side))
    assert [row.is_doubtful for row in read.rows] == [True, True, True]


@pytest.mark.parametrize(
    ("url", "native_id", "column"),
    [
        ("/info/1005/3889.htm", "info-1005-3889", "info/1005/3889"),
        ("/ldjh/202312/t20231228_12345.html#top", "ldjh-202312-t20231228_12345", "ldjh/202312/t20231228_12345"),
        ("/ldjh/", None, "ldjh"),
        ("/ldjh/index_12.html", None, "ldjh"),
        ("/", None, None),
        ("/files/a1.pdf", None, "files/a1.pdf"),
        ("/list.asp?id=5&page=3", None, "list.asp?id=5"),
    ],
)
def test_addresses(url: str, native_id: str | None, column: str | None) -> None:
    assert (GENERIC.native_id(HOST + url), GENERIC.column_id(HOST + url)) == (native_id, column)


def test_a_name_of_many_digits_is_an_article_at_once() -> None:
    """Backtracking over every grouping of the digits would not end."""
    assert GENERIC.native_id(f"{HOST}/index_{'9' * 5_000}x.html")


def test_addresses_with_other_signs_stay_apart() -> None:
    identities = {
        GENERIC.native_id(HOST + url)
        for url in ("/show?id=1", "/show?id=2", "/a-b/1.html", "/a/b-1.html", "/讲话/1.html")
    }
    assert len(identities) == 5
    assert all(identity and identity.replace("-", "").isalnum() for identity in identities)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<p>您访问的文章已被删除。</p>", Reason.DELETED),
        ("<p>对不起，您访问的页面不存在</p>", Reason.NOT_FOUND),
        ("<p>请先登录再查看</p>", Reason.LOGIN),
        (f"<p>文章已删除的说法不实。{'会议开得很好。' * 80}</p>", None),
    ],
)
def test_notices(body: str, reason: Reason | None) -> None:
    said = GENERIC.notice(Page(HOST, f"<html><body>{body}</body></html>"), is_article=True)
    assert (said[0] if said else None) is reason


PROFILE = """\
name = "云溪市政协网"
committee = "政协云溪市委员会"
cms = "generic"
id_namespace = "web-1"
start_url = "http://127.0.0.1/"
section = "领导讲话"
hosts = ["127.0.0.1"]
"""


def of_articles(page: str, articles: list[Made]) -> str:
    """A list page whose rows have the titles and days of their articles."""
    for number, article in enumerate(articles, 1):
        page = page.replace(f"在第{number}次会议上的讲话全文", article.title)
        page = page.replace(DATE.format(n=number), article.moment[:10])
    return page


def test_a_site_nobody_described_is_crawled_whole(site: Site, tmp_path: Path) -> None:
    made = {f"t{number}_1{number}": page for number, page in enumerate(made_pages(1), 1)}
    front = f"<html><title>云溪市政协网</title><body>{MENU}{SIDE}</body></html>"
    lists = {
        "/ldjh/": of_articles(list_page("table", PAGERS["script"], range(1, 6)), list(made.values())),
        "/ldjh/index_1.html": of_articles(list_page("table", "", range(6, 9)), list(made.values())),
    }

    def answer(path: str, _: Message) -> Answer:
        page = made.get(path.removeprefix("/ldjh/").removesuffix(".html"))
        text = page.text if page else {"/": front, **lists}.get(path)
        return Answer(text) if text else Answer("", 404)

    profile = tmp_path / "yunxi.toml"
    profile.write_text(PROFILE, "utf-8")
    archive = Site(site.root, "yunxi")
    with serve(answer) as url:
        ended = archive.crawl(url, "-a", f"profile={profile}")
    assert ended.status == 0, ended
    latest = archive.latest()
    assert {name.removeprefix("ldjh-"): _told(line) for name, line in latest.items()} == {
        name: _gold(page) for name, page in made.items()
    }
    assert all(line["parser"].startswith(f"{Generic.version}+") for line in latest.values())


def test_a_site_of_a_known_make_is_read_as_well(site: Site, tmp_path: Path) -> None:
    """The replica's speeches, by structure alone: all of them, every character, but for the editor's line."""
    profile = tmp_path / "any.toml"
    profile.write_text(PROFILE.replace("云溪", "广水"), "utf-8")
    archive = Site(site.root, "any")
    with Replica(flavour="7.0", speeches=30) as replica:
        ended = archive.crawl(replica.url, "-a", f"profile={profile}")
        truth = {(speech["title"], speech["body"]) for speech in replica.truth()["speeches"]}
    assert ended.status == 0, ended
    read = {(line["title"], line["body"]) for line in archive.latest().values()}
    assert truth <= read
    assert all(body == "" for _, body in read - truth), "only a speech of pictures has no text"


def _told(line: dict[str, str]) -> tuple[str, str, str | None, str]:
    moment = line["published_at"] or line["published_on"]
    return line["title"], moment[:16].replace("T", " "), line["source"], line["body"]


def _gold(page: Made) -> tuple[str, str, str | None, str]:
    # A page that prints 更新时间 alone says no minute of publication.
    moment = page.moment[:10] if page.name.startswith("tables") else page.moment
    return page.title, moment, page.source, page.body


@pytest.mark.parametrize("arrow", [">", "-&gt;", "»", "→", "<span> &gt; </span>"])
def test_a_breadcrumb_by_its_arrows(arrow: str) -> None:
    links = (
        f'<a href="/">云溪政协</a>{arrow}<a href="/gzdt/">工作动态</a>{arrow}<a href="/ldjh/">领导讲话</a>{arrow}正文'
    )
    page = Page(HOST, f"<html><body><div>{links}</div></body></html>")
    trail = read_trail(page, read_lines(page.root).all)
    assert trail is not None
    assert trail.names[-2:] == ("工作动态", "领导讲话")
