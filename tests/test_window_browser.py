"""Real pages in a real browser: nothing executes, nothing leaves, everyone can read and reach everything."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

from tests.browser import folder_url, judge
from tests.conftest import run
from tests.hostile_window import hostile_root
from tests.small import Answer, serve

if TYPE_CHECKING:
    from email.message import Message

POLICY = (
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'self'; script-src 'self'\">"
)
STYLE = """.wide { width: 700px } a { color: #eee; outline: none !important }
@media (prefers-color-scheme: dark) { h1 { color: #222; background: #000 } }"""
FAULTS = """<!doctype html><html><head><title>t</title><link rel=stylesheet href=bad.css></head>
<body><main><h1>Words</h1>
<img src="{elsewhere}x.png"><p class=wide>wide</p><a href=good.html>pale</a> <a href=good.html tabindex=-1>skipped</a>
<p id=told></p><script>told.textContent = "by a script"; alert(1)</script></main></body></html>"""
INLINE = (
    "<!doctype html><html lang=en><head>{0}<title>t</title></head><body><main><h1>Words</h1>{1}</main></body></html>"
)

TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}
STEERING = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What controls a terminal or turns the direction of text."""
KINDS = {
    "front": r"index\.html",
    "site": r"sites/[^/]+\.html",
    "chain": r"sites/[^/]+/commits-1\.html",
    "speech": r"speeches/[^/]+/[^/]+\.html",
    "comparison": r"speeches/[^/]+/[^/]+/compare-[^/]+\.html",
    "proof": r"speeches/[^/]+/[^/]+/proof-[^/]+\.html",
    "health": r"health\.html",
    "group": r"meetings/[0-9a-f]+\.html",
    "groups": r"years/index\.html",
    "edited": r"edited/\d+\.html",
    "search": r"search\.html",
    "about": r"about\.html",
}
"""Addresses of pages, a kind for each template."""


def test_the_browser_sees_each_defect_and_no_other(tmp_path: Path) -> None:
    with serve(lambda *_: Answer("", 404)) as elsewhere:
        (tmp_path / "bad.css").write_text(STYLE, "utf-8")
        (tmp_path / "bad.html").write_text(FAULTS.format(elsewhere=elsewhere), "utf-8")
        (tmp_path / "inline.html").write_text(
            INLINE.format(POLICY, "<p style='color: red'>a</p><script>1</script>"), "utf-8"
        )
        (tmp_path / "good.html").write_text(INLINE.format(POLICY, "<a href=good.html>政协</a>"), "utf-8")
        judged = judge(folder_url(tmp_path), ["bad.html", "good.html"], ["inline.html"])
    bad = judged["bad.html"]
    assert bad.left == [f"{elsewhere}x.png"]
    assert bad.failed == [f"404 {elsewhere}x.png"]
    assert "dialog: 1" in bad.console
    assert {line.split(":")[0] for line in bad.axe if not line.startswith("dark")} == {
        "color-contrast",
        "html-has-lang",
        "image-alt",
    }
    assert [line for line in bad.axe if line.startswith("dark: color-contrast: h1")]
    assert bad.keyboard == ["not reached: a skipped", "no visible focus: a pale"]
    assert bad.overflow == ["p.wide 708"]
    assert ("by a script" in bad.shown, "by a script" in bad.plain) == (True, False)
    assert len(judged["inline.html"].console) == 2
    assert judged["inline.html"].defects().keys() == {"console"}
    assert judged["good.html"].defects() == {}


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The window of the hostile archives, and the page of a run."""
    root = hostile_root(tmp_path_factory.mktemp("hostile") / "archives")
    built = run("pipelines", "site", str(root), "--out", str(root.parent / "window"))
    assert built.status == 0, built
    alone = run("pipelines", "report", str(root / "hostile"), "--html", "--out", str(root.parent / "window/run.html"))
    assert alone.status == 0, alone
    return root.parent / "window"


def pages_of(window: Path) -> tuple[list[str], list[str]]:
    """One page of each kind, languages in turn, and all others but the Chinese: only words differ."""
    every = sorted(file.relative_to(window).as_posix() for file in window.rglob("*.html"))
    one_each = []
    for number, (kind, pattern) in enumerate(KINDS.items()):
        language = ("en", "zh")[number % 2]
        found = [page for page in every if re.fullmatch(f"{language}/{pattern}", page)]
        assert found, kind
        one_each.append(found[0])
    return one_each, [page for page in every if page not in one_each and not page.startswith("zh/")]


def test_every_page_is_whole_safe_and_within_reach(window: Path) -> None:
    pages, others = pages_of(window)
    found = "en/search.html#q=alert"
    judged = judge(folder_url(window), [*pages, "index.html", "run.html", found], others)
    assert {page: told for page, judgement in judged.items() if (told := judgement.defects())} == {}
    with_scripts = {page for page, judgement in judged.items() if judgement.shown != judgement.plain}
    assert with_scripts == {page for page in [*pages, found] if "search" in page}
    assert "</script>" in judged[found].shown


def test_a_server_shows_the_same(window: Path) -> None:
    def answer(path: str, _: Message) -> Answer:
        file = window / unquote(path[1:])
        return Answer(file.read_bytes(), headers={"Content-Type": TYPES[file.suffix]})

    pages, _ = pages_of(window)
    with serve(answer) as url:
        judged = judge(url, [], [*pages, "zh/search.html#q=讲话"])
    assert {page: told for page, judgement in judged.items() if (told := judgement.defects())} == {}


def test_every_page_forbids_what_it_has_not_and_links_to_what_is_there(window: Path) -> None:
    ids: dict[Path, set[str]] = {}
    trees: dict[Path, Any] = {page: html.document_fromstring(page.read_bytes()) for page in window.rglob("*.html")}
    for page, tree in trees.items():
        assert not STEERING.search(page.read_text("utf-8")), page
        ids[page] = set(tree.xpath("//@id"))
        (policy,) = tree.xpath("//meta[@http-equiv = 'Content-Security-Policy' or @http-equiv = 'refresh']/@content")
        assert policy.startswith("default-src 'none'"), page
        assert "unsafe" not in policy, page
        assert not tree.xpath(
            "//@style | //body//style | //script[not(@src)] | //@*[starts-with(name(), 'on')] | //base"
        ), page
    for page, tree in trees.items():
        for link in tree.xpath("//@href | //@src"):
            target = urlsplit(link)
            if target.scheme in {"http", "https"}:
                continue
            file = Path(os.path.normpath(page.parent / unquote(target.path))) if target.path else page
            assert file.exists(), (page, link)
            assert not target.fragment or unquote(target.fragment) in ids[file], (page, link)
