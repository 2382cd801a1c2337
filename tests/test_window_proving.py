"""What stands behind a text in the window: archived HTML made safe, and the page that proves a line."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.window import addresses
from pipelines.window.proving.page_rendering import rendered_lines, renderings
from pipelines.window.proving.safe_html import NotShown, safe_html
from pipelines.window.reading.life_store import LifeStore, acts_among
from pipelines.window.reading.site_named import site_of
from tests.test_archive import day, opened, sealed
from tests.test_prove import HEAD, chunked, kept, seen

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.window.reading.lives import Life

HOSTILE = """<html><head><title>secret title</title><meta http-equiv=refresh content="0;url=http://evil.example/">
<link rel=stylesheet href=//evil.example/s.css><base href=//evil.example/><style>@import url(//evil.example/t)</style>
</head><body onload=alert(1) background=//evil.example/b.png><script>alert(2)</script>
<form action=//evil.example/><input autofocus onfocus=alert(3)><button formaction=javascript:alert(4)>送出
</button></form>
<a href="javascript:alert(5)" style="position:fixed">链接</a><img onerror=alert(6) src=//evil.example/p.png
alt="图&quot;<i>">
<iframe srcdoc="<script>alert(7)</script>"></iframe><svg><script>alert(8)</script><a xlink:href=javascript:alert(9)>
</svg><math><mtext><table><mglyph><style><img src onerror=alert(10)></style></mglyph></table></mtext></math>
<noscript><p title="</noscript><img src=x onerror=alert(11)>">无脚本</p></noscript><xmp>
<script>alert(12)</script></xmp>
<table><tr><td colspan=2 onclick=alert(13)>格</td></tr></table>\u202e&#x202e;<p dir=rtl lang=zh>完</p>"""
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "small", "div", "p", "bdi", "span",
    "table", "tr", "td",
}  # fmt: skip


class Tags(HTMLParser):
    """Elements, attributes and their values, and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def life(root: Path, native_id: str = "9") -> Life:
    archive = Archive(root)
    store = LifeStore(":memory:", archive, site_of(archive, f"../{root.name}"), acts_among(archive.commits()))
    store.fill(frozenset({native_id}))
    return store.life(native_id)


def test_nothing_of_a_hostile_page_acts_and_no_word_is_lost() -> None:
    safe = safe_html(HOSTILE)
    tags = Tags(safe.html)
    assert tags.tags <= ALLOWED
    assert tags.attributes == {"colspan": "2", "dir": "rtl", "lang": "zh"}
    for word in ("送出", "链接", '[图"<i>]', "无脚本", "格", "完", "<script>alert(12)</script>"):
        assert word in tags.text, word
    assert tags.text.count("\\u202e") == 2
    assert not re.search("evil|secret|alert\\((?!12)", safe.html)
    assert safe.removed["scripts"] >= 5
    assert (safe.removed["forms"], safe.removed["pictures"]) == (3, 1)
    for source, shown in (("", ""), ("</body></html><p>after", "after"), ("a\x00b\x01", "ab"), ("\ud800", "?")):
        assert Tags(safe_html(source).html).text == shown
    for large in ("<div>" * 50_000, f"<p {' '.join(f'a{n}' for n in range(20_000))}>", "<p>" * 70_000):
        with pytest.raises(NotShown):
            safe_html(large)


@given(
    st.lists(
        st.sampled_from([*"<>\"'/= \n&;#!-?[]\x0c", *"<script> </ <img_alt= on <!-- style a &lt;script&gt;".split()]),
        max_size=30,
    )
)  # fmt: skip
def test_whatever_the_syntax_only_allowed_elements_come_out(pieces: list[str]) -> None:
    tags = Tags(safe_html("".join(pieces)).html)
    assert tags.tags <= ALLOWED | {"a"}
    assert not tags.attributes


def test_a_version_is_shown_as_its_bytes_were_decoded(tmp_path: Path) -> None:
    root = tmp_path / "gszx"
    first, second = "<script>1</script><p>各位委员：镕</p>".encode("gb18030"), "<p>第二页</p>".encode()
    run = opened(root, 1)
    is_gzip = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
    gb = HEAD.replace(b"text/html", b"text/html; charset=gb2312")
    pages = (
        kept(run, day(1), "article", "9_2", second, chunked(gzip.compress(second)), is_gzip),
        kept(run, day(1), "article", "9", first, head=gb),
        kept(run, day(1), "list", "list", b"<li>other</li>"),
    )
    object.__setattr__(pages[0], "part", 2)
    seen(run, 1, "一", *pages)
    sealed(run, 1)
    run = opened(root, 2)
    seen(run, 2, "二", kept(run, day(2), "article", "9", b"\x1f\x8bno", head=HEAD + b"Content-Encoding: br\r\n"))
    sealed(run, 2)
    run = opened(root, 3)
    seen(run, 3, "二", kept(run, day(3), "article", "9", b"<p>later"), parser="kesion/2")
    sealed(run, 3)
    one = life(root)
    assert {version: stored.line["reading"] for version, stored in rendered_lines(one).items()} == {1: 1, 2: 1}
    made = dict(renderings(one, Archive(root)))
    assert list(made) == [addresses.rendering("gszx:9", 1), addresses.rendering("gszx:9", 2)]
    page, coded = (data.decode() for data in made.values())
    assert page.index("各位委员：镕") < page.index("第二页")
    assert "scripts 1" in page
    assert "other" not in page
    assert Tags(page).tags <= ALLOWED
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<style>")
    assert "in a coding that is not decoded here" in coded
    redact(root, Order(native_id="9", reason="order"), When(recorded_at=day(5), software={}))
    assert not dict(renderings(life(root), Archive(root)))
