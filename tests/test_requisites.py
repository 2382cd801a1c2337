"""Style sheets and template pictures: captured once, politely, in the package, and never at the cost of a run."""

from __future__ import annotations

import gzip
from collections import Counter
from email.message import Message
from zipfile import ZipFile

from crawler.crawl.requisites.fetching import MOST_A_RUN
from crawler.crawl.requisites.named import of_page, of_sheet
from crawler.pages.page import Page
from pipelines.__main__ import main
from pipelines.archive.read.reader import Archive
from pipelines.store.copying import WHOLE, pull, push
from pipelines.store.stores import store_of
from tests.conftest import Site
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_replay import replay

HEAD = (
    '<link rel="stylesheet" href="/css/moved.css"><link rel="alternate" type="x" href="/rss.css">'
    '<script src="/js/count.js"></script><img src="/count.asp?id=1"><img src="http://foreign.example/a.png">'
    '<table background="/images/back.gif"><tr><td style="background:url(/images/cell.png)"></td></tr></table>'
)
BODY = "<p>各位委员：</p><img src='/UploadFiles/body.jpg'>"
CSS = (
    "@import 'more.css'; /* url(/images/old.png) */ a{background:url( \"../images/logo.png?v=1\" )} "
    "b{c:url(/no/x.gif)} d{e:url(/images/late.png)}"
)
ONCE = {
    *(
        "/css/moved.css",
        "/css/site.css",
        "/css/more.css",
        "/images/logo.png?v=1",
        "/images/back.gif",
        "/images/cell.png",
    ),
    *("/favicon.ico", "/images/late.png"),
}


def kind(path: str) -> dict[str, str]:
    return {"Content-Type": "text/css" if path.endswith(".css") else "image/png"}


def test_they_are_captured_once_and_packed_for_replay(site: Site) -> None:
    asked, late = list[str](), [Answer("busy", 503)]

    def answer(path: str, _: Message) -> Answer:
        if path == "/robots.txt":
            return Answer("User-agent: *\nDisallow: /no/", headers={"Content-Type": "text/plain"})
        if path == "/favicon.ico":
            return Answer("", 404)
        if path == "/css/moved.css":
            return Answer("", 302, {"Location": "/css/site.css"})
        if path == "/images/late.png" and late:
            return late.pop()
        if path.endswith(".css"):
            more = ".c{d:url(/images/deep.png)}"
            return Answer(more if "more" in path else CSS, headers=kind(path))
        if "/images/" in path or "/UploadFiles/" in path:
            return Answer(path, headers=kind(path))
        if "GetHits" in path:
            return Answer("document.write('5');")
        return Answer(
            article_page(7, body=BODY, before=HEAD)
            if "how.asp" in path
            else list_page([(7, "在会上的讲话", "2020-01-01")], side=HEAD)
        )

    profile, store = site.root.parent / "small.toml", store_of(str(site.root.parent / "store"))
    profile.write_text(f"{PROFILE}page_requisites = true\n", "utf-8")
    given = ("-a", f"profile={profile}")
    with serve(answer, asked, has_robots=True) as url:
        first = site.crawl(url, *given)
        notes, seen = site.report()["notes"], list(asked)
        asked.clear()
        push(store, site.name, site.folder, drops_captures=True)
        second = site.crawl(url, *given, "-s", f"STORE={store.address}")  # style sheets are read there
        later = list(asked)
        asked.clear()
        push(store, site.name, site.folder)
        pull(store, site.name, site.folder, WHOLE)
        third = site.crawl(url, *given, "-a", "mode=full")
    assert [(one.status, one.err) for one in (first, second, third)] == [(0, "")] * 3
    told = {key.removeprefix("page requisites not captured: "): n for key, n in notes.items() if "requisite" in key}
    assert told == {"http-error": 1, "not-found": 1, "robots-disallowed": 1}, "foreign hosts are none"
    static = Counter(path for path in seen if path.startswith(("/css", "/images", "/favicon", "/no", "/js", "/rss")))
    assert static == Counter(ONCE), "each once, no scripts, nothing that robots.txt forbids"
    assert not [path for path in seen if path.startswith("/count")], "what may count is not asked"
    assert [path for path in later if path in ONCE] == ["/images/late.png"], "only what had failed is asked again"
    assert not ONCE & set(asked), "no run asks again for what is there"
    assert Counter(seen)["/UploadFiles/body.jpg"] == 1
    (line,) = site.latest().values()
    assert [one["url"].rpartition("/")[2] for one in line["attachments"]] == ["body.jpg"]
    assert {one["role"] for one in line["captures"]} == {"article", "counter", "attachment", "list"}
    assert len(list(Archive(site.folder).versions())) == 1, "never a record"
    assert site.verify().status == 0
    commits, again = Archive(site.folder).commits(), Site(site.root.parent / "again")
    report = site.folder / "runs" / f"{commits[0].run}.json"
    assert replay(again, report, *given).status == 0
    assert [one.repeated for one in Archive(again.folder).commits()] == [commits[0].repeated]
    assert again.verify().status == 0
    package = site.root / "small.wacz"
    assert main(["export", str(site.folder), "--to", "wacz", "--out", str(package)]) == 0
    with ZipFile(package) as box:
        index = gzip.decompress(box.read("indexes/index.cdx.gz")).decode()
    assert {path for path in ONCE if f'"{url}{path[1:]}"' in index} == ONCE


def test_of_too_many_the_rest_is_told_and_comes_later(site: Site) -> None:
    asked = list[str]()
    pictures = "".join(f'<img src="/images/{number}.png">' for number in range(MOST_A_RUN + 5))

    def answer(path: str, _: Message) -> Answer:
        if path.startswith("/images/"):
            return Answer(path, headers=kind(path))
        return Answer(
            article_page(7) if "how.asp" in path else list_page([(7, "在会上的讲话", "2020-01-01")], side=pictures)
        )

    profile = site.root.parent / "small.toml"
    profile.write_text(f'{PROFILE}counter = "none"\npage_requisites = true\n', "utf-8")
    with serve(answer, asked) as url:
        told, came = f"page requisites left: at most {MOST_A_RUN} are requested in a run", []
        for _ in range(2):
            assert site.crawl(url, "-a", f"profile={profile}").status == 0
            came.append((site.report()["notes"].get(told), sum(path.startswith("/images/") for path in asked)))
    # The icon, which pages name first, is one of them.
    assert came == [(6, MOST_A_RUN - 1), (None, MOST_A_RUN + 5)]
    assert Counter(Counter(path for path in asked if path.startswith("/images/")).values()) == {1: MOST_A_RUN + 5}


def test_what_pages_and_sheets_name() -> None:
    page = Page(
        "http://a.example/x/1.html", '<link rel="shortcut icon" href="i.ico"><style>@import url(a.css);</style>'
    )
    assert of_page(page) == (("http://a.example/x/a.css",), ("http://a.example/x/i.ico",))
    sheet = (
        "a{b:url('a b.PNG')} c{d:url(data:image/png;base64,AA)} e{f:url(#id)} g{behavior:url(pie.htc)} /* url(z.png)"
    )
    assert of_sheet("http://a.example/css/s.css", sheet) == ((), ("http://a.example/css/a%20b.PNG",))
    assert of_sheet("http://a.example/s.css", "/*" * 200_000 + "url(" * 100_000) == ((), ())
