"""`scrapy probe`: from an address to the first archived speech without code, and honest words where that fails."""

from __future__ import annotations

import json
import re
import shlex
import socket
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from crawler.pages import FAMILIES
from crawler.pages.marks import marks_in, marks_of
from crawler.pages.page import Page
from crawler.sites.probe.naming import committee, profile_name, site_name
from crawler.sites.profile import load_profile
from tests.conftest import ROOT, Ended, Site, run
from tests.corpus import made_pages
from tests.replicas.process import Replica
from tests.small import Answer, serve
from tests.test_families import differences
from tests.test_generic_lists import MENU, PAGERS, list_page, of_articles

QUICK = ("-s", "DOWNLOAD_DELAY=0", "-s", "RETRY_TIMES=0")
PAGE = (ROOT / "docs" / "adding-a-site.md").read_text("utf-8")
LIST = "".join(re.findall(r"^```tsv\n((?s:.*?))^```$", PAGE, re.MULTILINE))
WALK = re.findall(r"^```console\n\$ (.*)\n((?s:.*?))^```$", PAGE, re.MULTILINE)
SOURCES = {
    "kesion": '<a href="/Item/Show.asp?m=1&d=4">',
    "kesion-net": '<span type="showhits" action="count" id="4">',
    "trs": '<a href="./202205/t20220507_19.html">',
    "jcms": '<a href="/art/2016/11/22/art_16_30.html">',
    "vsb": '<script>_showDynClicks("wbnews", 1, 2)</script>',
    "dedecms": '<script src="/plus/count.php?aid=1"></script>',
    "phpcms": '<a href="index.php?m=content&c=index&a=show&catid=9&id=12">',
    "empirecms": '<script src="/e/public/ViewClick/?classid=1&id=2"></script>',
    "jeecms": '<a href="/ldjh/123.jhtml">',
    "siteserver": '<a href="/contents/910/1.html">',
    "cctv": '<a href="/zxww/2026/07/16/ARTI1784165686630164.shtml">',
    "sudy": '<a href="/2026/0105/c24a316/page.htm">',
    "by-day": '<a href="/2026/03-25/4363302.html">',
    "guangdong": '<a href="/ldjh/2026/01/content/post_35611.html">',
    "zhengxieyun": '<a href="/szxapp/3/28/277/content_870198.html">',
    "dochtml": '<a href="/DocHtml/1/21/02/00001479.html">',
    "powereasy": '<a href="/Item/4082.aspx">',
    "eyoucms": '<a href="/?m=home&c=View&a=index&aid=71">',
}


def probe(url: str, out: Path, *more: str) -> Ended:
    return run("scrapy", "probe", url, "--name", "probed", "--out", str(out), *QUICK, *more)


def crawl(site: Site, next_command: str) -> Ended:
    """The command a probe ends with, as it stands, into a test's archive."""
    return run(*shlex.split(next_command), "-s", f"ARCHIVE_ROOT={site.root}", "-s", "DOWNLOAD_DELAY=0")


@pytest.mark.parametrize(("flavour", "cms"), [("6.5", "kesion"), ("trs", "trs"), ("vsb", "vsb")])
def test_from_an_address_to_an_exact_archive(flavour: str, cms: str, site: Site, tmp_path: Path) -> None:
    with Replica(flavour=flavour, speeches=24, per_page=4) as replica:
        ended = probe(replica.url, tmp_path, "--json")
        assert (ended.status, ended.err) == (0, ""), ended
        found = json.loads(ended.out)
        assert (found["cms"]["family"], found["section"]["name"]) == (cms, "领导讲话")
        assert found["cms"]["evidence"]
        assert len(replica.log()["requests"]) <= 45
        assert_whole(found)
        profile = (tmp_path / "probed.toml").read_text("utf-8")
        assert profile.count("\n") <= 20
        assert ('counter = "read_only"' in profile) == (cms != "trs")
        loaded = load_profile("probed", tmp_path / "probed.toml")
        # Links of this KesionCMS name a private address, which is no host of the site's.
        assert (loaded.committee, list(loaded.hosts)) == ("政协广水市委员会", [replica.url.split("/")[2]])
        archive = Site(site.root, "probed")
        assert crawl(archive, found["next"]).status == 0
        if cms == "kesion":
            assert told(archive.latest()) == told({one["native_id"]: one for one in replica.truth()["speeches"]})
        else:
            assert differences(replica.truth(), archive.latest()) == {}
        assert replica.log()["increments"]["total"] == 0


def assert_whole(found: dict[str, Any]) -> None:
    count = len(found["speeches"])
    assert 0 < count <= 10
    assert all(found["coverage"][key] == count for key in ("title", "published_on", "body"))
    assert found["robots"] == {"allowed": True, "crawl_delay": None}
    assert found["charset"]["unreadable"] == 0
    assert found["dates"]["oldest"] <= found["dates"]["newest"]


def told(speeches: dict[str, dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    return {key: (one["title"], one["published_at"], one["body"]) for key, one in speeches.items()}


def unknown_make(path: str, _: Message) -> Answer:
    made = {f"/ldjh/t{number}_1{number}.html": page.text for number, page in enumerate(made_pages(1), 1)}
    front = f"<html><title>云溪市政协网</title><body>{MENU}<p>主办：政协云溪市委员会</p></body></html>"
    lists = {
        "/ldjh/": of_articles(list_page("table", PAGERS["script"], range(1, 6)), made_pages(1)),
        "/ldjh/index_1.html": of_articles(list_page("table", "", range(6, 9)), made_pages(1)),
    }
    text = {**made, **lists, "/": front}.get(path)
    return Answer(text) if text else Answer("", 404)


def test_a_site_of_unknown_make(site: Site, tmp_path: Path) -> None:
    archive = Site(site.root, "probed")
    with serve(unknown_make) as url:
        ended = probe(url, tmp_path, "--json")
        assert (ended.status, ended.err) == (0, ""), ended
        found = json.loads(ended.out)
        assert crawl(archive, found["next"]).status == 0
    assert found["cms"]["family"] == "generic"
    assert found["hosts"] == [url.split("/")[2]]
    read = {(line["title"], line["body"]) for line in archive.latest().values()}
    assert read == {(page.title, page.body) for page in made_pages(1)}


NEWS = "<li><a href='t{n}_3{n}.html'>市政协召开第{n}次主席会议</a> 2023-12-2{n}</li>"
MEMBERS = "<li><a href='t{n}_4{n}.html'>在第{n}次全会上的发言</a> 2023-12-2{n}</li>"
REPORT = "<p>12月2{n}日，市政协召开主席会议，研究近期工作。</p>"
SALUTED = "<p>同志们：</p><p>今天我讲三点意见，请大家结合实际抓好落实。</p>"


def many_columns(path: str, headers: Message) -> Answer:
    """Beside the section: speeches under cut titles, news, speeches of members, a column within it, a dead one."""
    named = {"zxjh": "主席讲话", "zxhy": "主席会议", "dhfy": "大会发言", "ldwg": "领导文稿", "zxzc": "主席致辞"}
    menu = "".join(f'<a href="/{folder}/">{name}</a>' for folder, name in named.items()) + '<a href="/jj/">简介</a>'
    rows = {"/zxjh/": NEWS.replace("t{n}_3{n}", "t{n}_2{n}").replace("召开第{n}次主席会议", "第{n}次全会")}
    rows |= {"/zxhy/": NEWS, "/dhfy/": MEMBERS}
    if path in rows:
        items = "".join(rows[path].format(n=n) for n in range(1, 6))
        return Answer(f"<html><title>{named[path[1:5]]}</title><body>{MENU}<ul>{items}</ul></body></html>")
    if path == "/ldwg/":
        text = unknown_make("/ldjh/", headers).text
        assert isinstance(text, str)
        return Answer(text.replace('href="t', 'href="/ldjh/t').replace("index_1", "none"))
    if found := re.fullmatch(r"/(zxjh|zxhy)/t(\d)_\d+\.html", path):
        body = (SALUTED if found[1] == "zxjh" else REPORT).format(n=found[2]) * 3
        return Answer(
            f"<html><title>市政协第{found[2]}次全会</title><body><h1>市政协第{found[2]}次全会</h1>{body}</body></html>"
        )
    given = unknown_make(path, headers)
    return Answer(str(given.text).replace(MENU, MENU + menu), given.status)


def test_every_column_of_a_site_is_listed(tmp_path: Path) -> None:
    asked: list[str] = []
    with serve(many_columns, asked) as url:
        ended = probe(url, tmp_path, "--json", "--speeches", "1")
        found = json.loads(ended.out)
    told = {
        one["name"]: (one["rows"], one["has_speeches"], one["is_chosen"], one["is_within"])
        for one in found["columns"]
    }
    assert told == {
        "领导讲话": (5, True, True, False),
        "主席讲话": (5, True, False, False),
        "主席致辞": (None, None, False, False),
        "大会发言": (5, True, False, False),
        "领导文稿": (5, True, False, True),
        "主席会议": (5, False, False, False),
    }
    assert ended.status == 3
    doubts = [one for one in found["doubts"] if "column" in one]
    assert [("主席讲话" in one, "主席致辞" in one) for one in doubts] == [(True, False), (False, True)]
    assert len(asked) <= 30


def login(_: str, __: Message) -> Answer:
    return Answer("<html><body><form>口令<input type='password'></form></body></html>")


def challenge(_: str, __: Message) -> Answer:
    return Answer("<html><script>document.cookie='__jsl_clearance=1';location.reload()</script></html>", 521)


def picture(_: str, __: Message) -> Answer:
    return Answer("GIF89a\x00\x01\x02", 200, {"Content-Type": "image/gif"})


def bare(_: str, __: Message) -> Answer:
    return Answer("hello", 200, {"Content-Type": "text/plain"})


def locked(_: str, __: Message) -> Answer:
    return Answer("<html>no</html>", 401)


def sectionless(path: str, _: Message) -> Answer:
    links = '<a href="/zxyw/">政协要闻</a><a href="/zlzx/">主席之声</a>'
    return Answer(f"<html><title>某网</title><body>{links}</body></html>") if path == "/" else Answer("", 404)


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (login, 2, "asks for a login"),
        (challenge, 4, "challenge"),
        (picture, 2, "is no text"),
        (bare, 2, "not a page with links"),
        (locked, 4, "401"),
        (sectionless, 2, "sections found: 主席之声, 政协要闻"),
    ],
)
def test_what_is_met_is_said(answer: Any, status: int, said: str, tmp_path: Path) -> None:
    with serve(answer) as url:
        ended = probe(url, tmp_path)
    assert (ended.status, ended.out) == (status, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_robots_are_obeyed_and_told(tmp_path: Path) -> None:
    with Replica(flavour="vsb", speeches=6) as replica:
        replica.robots("User-agent: *\nDisallow: /\n")
        ended = probe(replica.url, tmp_path)
        assert (ended.status, "robots-disallowed" in ended.err) == (4, True)
        assert {request["path"] for request in replica.log()["requests"]} <= {"/robots.txt"}


def test_wrong_use_asks_nobody(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        assert probe("gszx", tmp_path).status == 2
        assert probe(down, tmp_path, "--speeches", "11").status == 2
        ended = probe(down, tmp_path)
        assert (ended.status, "is the site up?" in ended.err) == (3, True)
        (tmp_path / "probed.toml").write_text("mine", "utf-8")
        ended = probe(down, tmp_path)
        assert (ended.status, "--overwrite" in ended.err) == (2, True)
        assert (tmp_path / "probed.toml").read_text("utf-8") == "mine"


def test_every_family_knows_its_own() -> None:
    assert {name for name in FAMILIES if marks_of(name)} == SOURCES.keys()
    for name, source in SOURCES.items():
        assert [one.family for one in marks_in([source])] == [name]
    assert marks_in(["<html><body>领导讲话</body></html>"]) == []


@pytest.mark.parametrize(
    ("html", "name", "whose"),
    [
        ("<title>领导讲话-广水市政协网</title>", "广水市政协网", "政协广水市委员会"),
        (
            '<meta name="SiteName" content="随州政协"><p>中国人民政治协商会议随州市委员会</p>',
            "随州政协",
            "政协随州市委员会",
        ),
        ("<title>首页</title><p>政协第九届委员会提案委员会</p>", None, None),
    ],
)
def test_names_are_read_off_pages(html: str, name: str | None, whose: str | None) -> None:
    pages = [Page("http://www.gszx.gov.cn/", f"<html>{html}</html>")]
    read = site_name(pages, ["领导讲话"])
    assert (read, committee(pages, read)) == (name, whose)
    assert profile_name("http://www.gszx.gov.cn/") == "gszx"


def test_the_walk_of_the_document(tmp_path: Path) -> None:
    """Each command shown, in its order, at a replica in the site's place; what is shown of the output comes out."""
    assert len(WALK) >= 3
    with Replica(flavour="vsb", speeches=24) as replica:
        (tmp_path / "list.tsv").write_text(LIST.replace("http://www.gszx.example/", replica.url), "utf-8")
        for command, shown in WALK:
            words = [replica.url if one.startswith("http://www.") else one for one in shlex.split(command)]
            words = [one.replace("mysites", str(tmp_path)) for one in words]
            ended = run(*words, "-s", "DOWNLOAD_DELAY=0", "-s", f"ARCHIVE_ROOT={tmp_path / 'archives'}")
            assert ended.status == 0, (command, ended)
            for line in filter(None, shown.replace("mysites", str(tmp_path)).split("\n")):
                pattern = ".*".join(map(re.escape, line.split("…")))
                assert re.search(pattern, ended.out), (line, ended.out)
