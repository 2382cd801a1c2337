"""Addresses as browsers and people see them: links resolved, one identity for all spellings, none for lists."""

from __future__ import annotations

from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from crawler.crawl.renumbered import renumbered
from crawler.pages import FAMILIES, ListedRow, family
from crawler.pages.addresses import canonical, column_id, native_id
from crawler.pages.page import Page
from crawler.pages.urls import resolve
from pipelines.archive.read.state import SpeechState
from pipelines.record import Row
from tests.conftest import Site
from tests.small import Answer, serve

HOST = "http://zx.example"
PAGE = f"{HOST}/a/b/list.html?x=1"

RESOLVED = [
    ("../../../../t1.html", "/t1.html"),
    ("/a/%2e%2E/./t1.html", "/t1.html"),
    ("t1.html/..", "/a/b/"),
    ("\n\t t\n1.ht\tml \u3000", "/a/b/t1.html"),
    ("..\\c\\t1.html?p=a\\b", "/a/c/t1.html?p=a\\b"),
    ("?y=2#top", "/a/b/list.html?y=2#top"),
    ("t 1.html?q=<a b>", "/a/b/t%201.html?q=%3Ca%20b%3E"),
    ("http:t1.html", "/a/b/t1.html"),
    ("//ZX.Example:80/t1.html", "/t1.html"),
    ("HTTP:\\\\zx.example\\t1.html", "/t1.html"),
    ("http:///zx.example/t1.html", "/t1.html"),
    ("/show.asp?lm=讲话", "/show.asp?lm=%E8%AE%B2%E8%AF%9D"),
]


@pytest.mark.parametrize(("written", "path"), RESOLVED)
def test_links_lead_where_browsers_follow_them(written: str, path: str) -> None:
    assert resolve(PAGE, written) == HOST + path


@pytest.mark.parametrize(
    "written",
    ["javascript:go(1)", "mailto:a@b", "ftp://zx.example/a", "http://", "http://[", "http://a b/", "http://a:b/"],
)
def test_what_is_no_address_of_the_web(written: str) -> None:
    assert resolve(PAGE, written) is None


@pytest.mark.parametrize(
    ("base", "link", "leads_to"),
    [
        ('<base href="/">', "c/t1.html", "/c/t1.html"),
        ('<base target="_blank"><base href="../x/">', "t1.html", "/a/x/t1.html"),
        ('<base href="http://zx.example/y/z"><base href="/no/">', "t1.html", "/y/t1.html"),
        ('<base href="javascript:0">', "t1.html", "/a/b/t1.html"),
        ('<noscript><base href="/no/"></noscript>', "t1.html", "/a/b/t1.html"),
        ('<base href="/n/">', "?p=2", "/n/?p=2"),
    ],
)
def test_links_of_a_page_with_a_base(base: str, link: str, leads_to: str) -> None:
    page = Page(PAGE, f'<html><head>{base}</head><body><a href="{link}">1</a></body></html>')
    assert page.href(page.one("//a")) == HOST + leads_to
    inner = page.inner(f'<li><a href="{link}">1</a></li>')
    assert inner.href(inner.one("//a")) == HOST + leads_to


@pytest.mark.parametrize(
    "declared", ['<meta charset="gb2312">', '<meta http-equiv=x content="text/html; charset=GBK">']
)
def test_a_query_is_sent_in_the_encoding_of_its_page(declared: str) -> None:
    link = '<a href="/list.asp?lm=讲话€&n=𠮷#末">1</a>'
    sent = "/list.asp?lm=%BD%B2%BB%B0%80&n=%26%23134071%3B#末"
    page = Page(HOST, f"<html>{declared}{link}</html>")
    assert page.href(page.one("//a")) == HOST + sent
    other = Page(HOST, f"<html>{declared}{link}</html>", "utf-8")
    assert "%E8%AE%B2" in (other.href(other.one("//a")) or "")
    assert Request(HOST + sent).url.partition("#")[0] == HOST + sent.partition("#")[0]


# Shapes of many vendors, hosts and names made up; each number is another article's.
SHAPES = [
    "/ldjh/202601/t20260105_{0}.html",
    "/ldjh/202601/t{0}.htm",
    "/ldjh/show-{0}.html",
    "/News/show/{0}.html",
    "/view/{0}",
    "/DocHtml/7/26/01/000{0}.html",
    "/12/34/567/content_{0}.html",
    "/szxapp/12/34/567/content_{0}.html",
    "/art/2026/1/5/art_77_{0}.html",
    "/detail-{0}.html",
    "/go-a{0}.htm",
    "/ldjh/{0}.shtml",
    "/2026/01-05/{0}.html",
    "/ldjh/2026-01-05/{0}.html",
    "/ldjh/content/2026-01/05/content_{0}.htm",
    "/ldjh/content_{0}",
    "/index.aspx?CatalogID=83&PageGuid=0f0e&newsId={0}",
    "/columndetail.aspx?id={0}",
    "/NewsDisp.aspx?NewsId={0}",
    "/system/2026/01/05/0300{0}.shtml",
    "/ldjh/content/542a0f11-c7f6-4483-8b2e-a2779{0}.html",
    "/ldjh/content/post_{0}.html",
    "/index.php?m=content&c=index&a=show&catid=6&id={0}",
    "/news_view.php?id={0}",
    "/AboutNews?id=83a25a6d1f8b412899f575e4{0}",
    "/Article/view/cateid/51/id/{0}.html",
    "/Content-{0}.html",
    "/Item/{0}.aspx",
    "/_s46/d4/e4/c24a{0}/page.htm",
    "/2026/0105/c24a{0}/page.htm",
    "/c78/20260105/i{0}.html",
    "/col/1_2/art/m/3/{0}.html",
    "/n32/n33/c{0}/content.html",
    "/newsDetail?id={0}&newsType=5",
    "/web/view?strColId=c54d&strId=beb9{0}",
    "/?m=home&c=View&a=index&aid={0}",
    "/index.php/home/content?id={0}",
    "/show/{0}/",
    "/e/action/ShowInfo.php?classid=5&id={0}",
    "/portal/article/index/id/{0}/cid/5.html",
    "/Home/News/detail/id/{0}",
    "/content.jsp?urltype=news.NewsContentUrl&wbtreeid=1005&wbnewsid={0}",
    "/default.aspx?newsid={0}",
    "/mview.do?method=show&id={0}",
    "/n1/2026/0105/c1001-{0}.html",
    "/zw/2026-01/05/c_113{0}.htm",
    "/show.asp?t={0}",
    "/view.php?c=3&p={0}",
    "/?p={0}",
    "/view.jsp?sid=0a1b2c3d4e5f{0}",
    "/viewthread.php?tid={0}",
    "/content/?{0}.html",
    "/index.php?r=site/view&id={0}",
]
LISTS = [
    "/",
    "/ldjh/",
    "/ldjh/index_2.html",
    "/cq-list.html?id=3",
    "/news_list.php?id=3",
    "/news/95.aspx",
    "/ShowClass.asp?ClassID=4",
    "/specialnews.aspx?meetingtype=2",
    "/index.php?m=content&c=index&a=lists&catid=98",
    "/?m=home&c=Lists&a=index&tid=5",
    "/index.aspx?CatalogID=83",
    "/col/col1621004/index.html",
    "/channels/910.html",
    "/Category_12/Index.aspx",
    "/list/?2_3.html",
    "/book/h45/files/basic-html/page42.html",
    "/UserData/SortHtml/1/37683846130.html",
    "/szxapp/3/28/277/list.html",
    "/node_277_2.htm",
    "/channel_12.html",
    "/e/action/ListInfo/?classid=5",
    "/ArticleList/5",
    "/NewsClass.asp?id=3",
    "/NewsMore.asp?id=3",
    "/portal/list/index/id/5.html",
    "/article/list/id/5.html",
    "/home/news/index/cid/5.html",
    "/ldjh/p/2",
    "/list.jsp?urltype=tree.TreeTempUrl&wbtreeid=1005",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_an_article_has_an_identity(shape: str) -> None:
    urls = [HOST + shape.format(number) for number in (4101, 4102, 4110)]
    assert len({native_id(url) for url in urls} - {None}) == 3
    assert len({canonical(url) for url in urls}) == 3


GUID = "542a0f11-c7f6-4483-8b2e-a27793e18ccb"


@pytest.mark.parametrize(
    "path",
    [
        f"/ldjh/content/{GUID}.html",
        f"/zx/xzdt/20260105/{GUID.upper()}.html?from=list",
        f"/view/{{{GUID}}}",
        f"/show.aspx?id=%7B{GUID}%7D&type=3",
        f"/web/view?strColId={'c5' * 16}&strId={GUID}&strWebSiteId={'8c' * 16}",
    ],
)
def test_a_guid_is_the_identity_wherever_it_stands(path: str) -> None:
    assert native_id(HOST + path) == GUID


def test_a_guid_beside_what_names_the_article_is_none() -> None:
    urls = [f"{HOST}/index.aspx?PageGuid={GUID}&newsId={number}" for number in (4298, 4299)]
    assert len({native_id(url) for url in urls} - {None, GUID}) == 2


@pytest.mark.parametrize("path", LISTS)
def test_lists_have_none(path: str) -> None:
    assert native_id(HOST + path) is None


@pytest.mark.parametrize(
    ("paths", "column"),
    [
        (("/ldjh/", "/ldjh/index_3.html", "/ldjh/index.html;jsessionid=0A", "/ldjh/?_=1700001123"), "ldjh"),
        (("/list.aspx?ClassID=5&t=1700001123", "/list.aspx?page=2&classid=5"), "list.aspx?classid=5"),
        (("/a.aspx?PageGuid=0f", "/a.aspx?PageGuid=0f&pageNo=3"), "a.aspx?pageguid=0f"),
    ],
)
def test_pages_of_a_list_are_one_column(paths: tuple[str, ...], column: str) -> None:
    assert {column_id(HOST + path) for path in paths} == {column}


def _escaped(path: str) -> str:
    """The first letter of a name as a needless percent-sign."""
    place = next(i for i, sign in enumerate(path) if sign.isalpha())
    return f"{path[:place]}%{ord(path[place]):02x}{path[place + 1 :]}"


IN_QUERY = [
    "_=1700001123456",
    "t=0.837462",
    "timestamp=5",
    "random=17",
    "from=list",
    "PHPSESSID=0a1b2c",
    "token=0A1b2C3d",
]
VARIANTS: dict[str, Callable[[str], str]] = {
    "fragment": lambda url: f"{url}#top",
    "host": lambda url: url.replace(HOST, "HTTP://ZX.Example:80"),
    "https": lambda url: url.replace(HOST, "https://www.zx.example:443"),
    "dots": lambda url: url.replace(HOST, f"{HOST}/../x/.."),
    "slashes": lambda url: url.replace(f"{HOST}/", f"{HOST}//"),
    "escaped": lambda url: HOST + _escaped(url.removeprefix(HOST)) if "/?" not in url else url,
    "session": lambda url: url.replace("?", ";jsessionid=0A1B?", 1) if "?" in url else f"{url};jsessionid=0A1B",
    "cookieless": lambda url: url.replace(f"{HOST}/", f"{HOST}/(S(0a1b2c))/"),
    "empty": lambda url: f"{url}&" if "?" in url else f"{url}?",
    "query": lambda url: url + ("&" if "?" in url else "?") + "&".join(IN_QUERY[:4]),
    "visit": lambda url: url + ("&" if "?" in url else "?") + "&".join(IN_QUERY[4:]),
}
# What names such an article is itself a key that elsewhere is a page, a moment or a session: nothing is taken away.
ALONE = {*SHAPES[-7:-2]}


@given(
    st.sampled_from([shape for shape in SHAPES if shape not in ALONE]),
    st.integers(1_000, 9_999),
    st.lists(st.sampled_from(sorted(VARIANTS)), max_size=4, unique=True),
)
def test_spellings_of_one_address_are_one_article(shape: str, number: int, spellings: list[str]) -> None:
    plain = spelled = HOST + shape.format(number)
    for spelling in sorted(spellings, key=list(VARIANTS).index, reverse=True):
        spelled = VARIANTS[spelling](spelled)
    assert native_id(spelled) == native_id(plain)
    kept = canonical(spelled)
    assert canonical(kept) == kept
    assert not any(sign in kept for sign in ("session", "SESSID", "#", "/..", "from=", "_="))


@given(st.text(st.sampled_from("/.%;?&=#:@\\ 2eE_-aA讲(S)1"), max_size=30))
def test_any_address_has_one_spelling(path: str) -> None:
    kept = canonical(f"{HOST}/{path}")
    assert canonical(kept) == kept
    assert native_id(kept) == native_id(f"{HOST}/{path}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/html/main/news/show-16.html", "/html/mobile/news/show-16.html"),
        ("/news/16.html", "/m/news/16.html"),
        ("/show.asp?id=5", "/show.asp?ID=5&page=2"),
        ("/show.asp?a=7&id=5", "/show.asp?id=5&a=7"),
        ("/讲话/1.html", "/%E8%AE%B2%e8%af%9d/1.html"),
    ],
)
def test_one_article_of_two_addresses(one: str, other: str) -> None:
    assert native_id(HOST + one) == native_id(HOST + other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a-b/1.html", "/a/b-1.html"),
        ("/view.php?c=3&p=17", "/view.php?c=3&p=18"),
        ("/newsDetail?id=20&newsType=1", "/newsDetail?id=20&newsType=2"),
        ("/show.php?id=5&t=2", "/show.php?id=5&t=3"),
        ("/show.php?id=5&sid=12", "/show.php?id=5&sid=13"),
        ("/a%2Fb/1.html", "/a/b/1.html"),
    ],
)
def test_two_articles_stay_two(one: str, other: str) -> None:
    assert native_id(HOST + one) != native_id(HOST + other)


NAMED = {
    "trs": "/ldjh/202205/t20220507_19.html",
    "jcms": "/art/2016/11/22/art_16_30.html",
    "vsb": "/info/1005/3889.htm",
    "cctv": "/zxww/2026/07/16/ARTI1784165686630164.shtml",
    "dedecms": "/a/x/2014/1117/7.html",
    "phpcms": "/html/x/2014/1117/7.html",
    "empirecms": "/zx/ldjh/2014-11-17/1992.html",
    "jeecms": "/ldjh/123.jhtml",
    "siteserver": "/contents/9/7.html",
    "kesion-net": "/html/x/7.html",
    "kesion": "/Item/Show.asp?m=1&d=5",
    "sudy": "/_s46/d4/e4/c24a316/page.htm",
    "by-day": "/2026/03-25/4363302.html",
    "guangdong": "/ldjh/2026/01/content/post_35611.html",
    "zhengxieyun": "/szxapp/3/28/277/content_870198.html",
    "dochtml": "/DocHtml/1/21/02/00001479.html",
    "powereasy": "/Item/4082.aspx",
    "eyoucms": "/?m=home&c=View&a=index&aid=71",
}


@pytest.mark.parametrize("cms", NAMED)
@pytest.mark.parametrize("spelling", ["fragment", "host", "dots", "slashes", "escaped", "session", "visit"])
def test_spellings_are_none_of_a_familys_identity(cms: str, spelling: str) -> None:
    objects = family(cms, None, ["领导讲话"], [])
    url, spelled = HOST + NAMED[cms], VARIANTS[spelling](HOST + NAMED[cms])
    assert objects.native_id(spelled) == objects.native_id(url) is not None
    assert objects.canonical(spelled) == objects.canonical(url)


def test_all_families_with_an_article_are_tried() -> None:
    assert NAMED.keys() >= FAMILIES.keys() - {"generic"}


TITLES = {number: f"在市政协第{number}次主席会议上的讲话" for number in range(1, 4)}
HEAD = '<html><head><base href="/"><title>{0}-云溪市政协网</title></head><body>'
PARAGRAPH = "<p>各位委员，第{0}次会议经过认真讨论，通过了今年的协商计划，请大家抓好落实，把每一件提案办好办实。</p>"
BODIES = {number: PARAGRAPH.format(number) * 5 for number in TITLES}


def own_profile(folder: Path, url: str) -> Path:
    profile = folder / "own.toml"
    profile.write_text(
        'name = "云溪市政协网"\ncommittee = "政协云溪市委员会"\ncms = "generic"\nid_namespace = "test"\n'
        f'start_url = "{url}"\nsection = "领导讲话"\nhosts = ["127.0.0.1"]\n',
        "utf-8",
    )
    return profile


def test_a_site_with_sessions_in_its_links_and_a_base(site: Site, tmp_path: Path) -> None:
    visits = 0

    def answer(path: str, _: Message) -> Answer:
        nonlocal visits
        name = path.partition(";")[0].partition("?")[0]
        if name == "/":
            visits += 1
            return Answer(HEAD.format("首页") + '<a href="ldjh/">领导讲话</a></body></html>')
        if name == "/ldjh/":
            rows = "".join(
                f'<li><a href="c/t{n}.html;jsessionid=0A{visits}?t=170000{visits}123">{title}</a> 2024-01-0{n}</li>'
                for n, title in TITLES.items()
            )
            return Answer(f"{HEAD.format('领导讲话')}<ul>{rows}</ul></body></html>")
        for number, title in TITLES.items():
            if name == f"/c/t{number}.html":
                info = f"<h1>{title}</h1><p>发布时间：2024-01-0{number}</p>"
                return Answer(f"{HEAD.format(title)}{info}<div>{BODIES[number]}</div></body></html>")
        return Answer("", 404)

    with serve(answer) as url:
        profile = own_profile(tmp_path, url)
        for _ in range(2):
            assert site.crawl(url, "-a", f"profile={profile}", "-a", "mode=full").status == 0
    assert {line["url"].removeprefix(url) for line in site.latest().values()} == {f"c/t{n}.html" for n in TITLES}


KNOWN = {
    str(number): SpeechState(
        id=f"test:{number}",
        native_id=str(number),
        version=1,
        reading=1,
        content_sha256="",
        derived_sha256="",
        article_sha256=(),
        content_seq=1,
        content_commit=1,
        event_commit=1,
        event_seq=1,
        is_gone=number > 3,
        url="",
        title=f"在第{number}次会议上的讲话",
        is_redacted=False,
        section="领导讲话",
        parser="",
        first_seen="",
        last_seen="",
        last_checked="",
        listed=Row(title=f"在第{number}次会议上…", date=None),
    )
    for number in range(1, 6)
}


@pytest.mark.parametrize(
    ("rows", "is_renumbered"),
    [
        (
            [
                ("a1", "在第1次会议上的讲话"),
                ("a2", "在第2次 会议上…"),
                ("a3", "在第3次会议上的讲话"),
                ("a9", "新的讲话"),
            ],
            True,
        ),
        ([("1", "在第1次会议上的讲话"), ("a2", "在第2次会议上的讲话"), ("a3", "在第3次会议上的讲话")], False),
        ([("a1", "在第1次会议上的讲话"), ("a7", "新年贺词"), ("a8", "新的讲话"), ("a9", "又一篇讲话")], False),
        ([("a4", "在第4次会议上的讲话"), ("a5", "在第5次会议上的讲话")], False),
        ([("a1", "在第1次会议上的讲话")], False),
        ([("1", "在第2次会议上的讲话"), ("2", "在第3次会议上的讲话"), ("7", "新年贺词")], False),
        ([], False),
    ],
)
def test_known_titles_under_other_ids_are_told(rows: list[tuple[str, str]], is_renumbered: bool) -> None:
    listed = [ListedRow(HOST, native_id, title, None) for native_id, title in rows]
    assert bool(renumbered(KNOWN, listed)) == is_renumbered
