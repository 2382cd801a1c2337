"""What stands behind a text in the window: archived HTML made safe, and the page that proves a line."""

from __future__ import annotations

import gzip
import hashlib
import html
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.archive.errors import Damaged
from pipelines.archive.pack.packing import pack
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.reasons import Reason
from pipelines.window import addresses
from pipelines.window.building.build import Built, build
from pipelines.window.building.window_options import WindowOptions
from pipelines.window.proving import answers_read
from pipelines.window.proving.answers_read import answer_of, identical_to
from pipelines.window.proving.archive_check import Claims, commands
from pipelines.window.proving.page_rendering import renderings
from pipelines.window.proving.safe_html import NotShown, safe_html
from pipelines.window.proving.version_proof import proof_pages
from pipelines.window.reading.life_store import LifeStore, acts_among
from pipelines.window.reading.site_named import site_of
from pipelines.window.templates import Templates
from tests import authority
from tests.test_archive import crawl, day, listed, missed, opened, sealed, speech
from tests.test_prove import HEAD, IN_2027, OTHER, TEXT, anchored, another, block, chunked, does, kept, lived, seen
from tests.test_window_build import tree

if TYPE_CHECKING:
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
<table><tr><td colspan=2 onclick=alert(13)>格</td></tr></table>\u202e&#x202e;<p dir=rtl lang=zh>完</p>
<td colspan=99999 dir="x y" lang="<">"""
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "small", "div", "p", "bdi", "span",
    "table", "tr", "td",
}  # fmt: skip


class Tags(HTMLParser):
    """Elements, attributes and their values, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(page)
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
    assert safe.removed["scripts"] == 2
    assert (safe.removed["forms"], safe.removed["pictures"]) == (3, 1)
    for source, shown in (
        ("一<span style='DISPLAY: none'>二</span>三", "一⟦二⟧三"), ("<table><tr hidden><td>一<td>", "⟦一⟧"),
        ("<p style='visibility:hidden'>一<b style='font-size:0'>二</b></p>", "⟦一二⟧"), ("", ""),
        ("</body></html><p>after", "after"), ("a\x00b\x01", "ab"), ("\ud800", "?"),
    ):  # fmt: skip
        assert Tags(safe_html(source).html).text == shown
    lists = safe_html("<li>一</li><ul><li>二</li></ul><ol>三<li>四</li><p>五</p></ol><dl><dt>六</dt></dl><dd>七").html
    assert "<ul><li>二</li></ul>" in lists
    assert "<dl><dt>六</dt></dl>" in lists
    assert (lists.count("<li>"), lists.count("<ol>"), lists.count("<dd>")) == (1, 0, 0)
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
    run = opened(root, 4, days=0)
    gone = missed("9", day(4))
    answer = kept(run, day(4), "article", "9", "<script>alert('文章已删除')</script>".encode())
    run.miss(replace(gone, look=replace(gone.look, captures=(answer,))))
    sealed(run, 4)
    one = life(root)
    made = dict(renderings(one, Archive(root)))
    when_gone = addresses.line_rendering("gszx:9", one.versions[-1].line["seq"])
    assert list(made) == [addresses.rendering("gszx:9", 1), addresses.rendering("gszx:9", 2), when_gone]
    page, coded, notice = (data.decode() for data in made.values())
    assert "alert(&#39;文章已删除&#39;)" in notice
    (told,) = [p for p in proof_pages(one, Archive(root), made) if p.facts["line"]["event"] == "gone"]
    assert (told.facts["rendering"], told.facts["page_before"]) == (when_gone, addresses.rendering("gszx:9", 2))
    assert page.index("各位委员：镕") < page.index("第二页")
    assert "scripts 1" in page
    assert "other" not in page
    assert Tags(page).tags <= ALLOWED
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<style>")
    assert "in an encoding that is not decoded here" in coded
    redact(root, Order(native_id="9", reason="order"), When(recorded_at=day(5), software={}))
    assert not dict(renderings(life(root), Archive(root)))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a time-stamp up to its commit 5, a commit after it, and one of a look that told nothing."""
    root = tmp_path_factory.mktemp("proving")
    lived(root / "gszx")
    anchored(root, authority.made(tmp_path_factory.mktemp("authority")))
    run = opened(root / "gszx", 21)
    seen(run, 21, TEXT, kept(run, day(21), "article", "9", TEXT.encode()))
    sealed(run, 21)
    run = opened(root / "gszx", 22)
    run.miss(missed("9", day(22), Reason.HTTP_ERROR))
    sealed(run, 22)
    return root / "gszx"


def proofs(root: Path, native_id: str = "9") -> dict[str, str]:
    """The proof pages of a speech, in English, by what its lines say."""
    one, templates = life(root, native_id), Templates("en")
    pages = (templates.render(page).decode() for page in proof_pages(one, Archive(root)))
    told = (f"{stored.line['event']} {stored.line['version']}" for stored in one.versions)
    return dict(zip(told, pages, strict=True))


def verifies(page: str, root: Path) -> bool:
    done = does(block(page, "check"), root)
    assert (done.returncode == 0) == (done.stdout.split(b"\n")[-2:][0][:12] == b"proved: gszx"), done
    return done.returncode == 0


def test_a_proof_page_is_checked_with_stock_programs_and_fails_for_one_byte(archive: Path, tmp_path: Path) -> None:
    pages = proofs(archive)
    assert list(pages) == ["created 1", "changed 2", "reprocessed 2", "gone 2", "restored 2", "changed 3"]
    for what, page in pages.items():
        assert verifies(page, archive), what
        assert len(page) < 60_000
    root = Path(shutil.copytree(archive.parent, tmp_path / "output")) / "gszx"
    for what in ("created 1", "gone 2"):
        script = block(pages[what], "check")
        words = set(re.findall("[0-9a-z/.-]+", script))
        named = {word for word in words if "/" in word and (root / word).is_file()}
        stamps = {name.replace(".json", ".tsr") for name in named if name.startswith("anchors/")}
        assert len(named) >= 7
        for name in sorted(named | stamps):
            data = (root / name).read_bytes()
            # Not every byte of an anchor counts: its root is there for people, and of a reply what is signed.
            at = data.index(b"gszx") if name.startswith("anchors/") and name.endswith(".json") else len(data) - 30
            (root / name).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert not verifies(pages[what], root), name
            (root / name).write_bytes(data)
        assert verifies(pages[what], root)
    # What is named beside the hashes of files counts, too: the line, and what the record holds.
    of_line = re.search(r"is_line versions/\S+ (\d+) ", block(pages["created 1"], "check"))
    assert of_line
    other_line = pages["created 1"].replace(of_line[0], of_line[0].replace(of_line[1], "1"))
    assert not verifies(other_line, root)
    for capture in life(root).versions[0].line["captures"]:
        other_hash = pages["created 1"].replace(f" = {capture['payload_sha256']}", f" = {'0' * 64}")
        assert verifies(other_hash, root) == (capture["role"] == "list")
    of_root = re.search(r'test "\$hash" = ([0-9a-f]{64}) ', block(pages["created 1"], "check"))
    assert of_root
    assert not verifies(pages["created 1"].replace(of_root[1], "0" * 64), root)
    (root / "commits/00000003.json").write_bytes((root / "commits/00000004.json").read_bytes())
    assert not verifies(pages["created 1"], root)


def test_a_proof_page_says_what_was_seen_when(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = proofs(archive)
    plain = {what: " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split()) for what, page in pages.items()}
    line, commits = next(Archive(archive).about("9")), Archive(archive).commits()
    for told in (
        line["url"], line["content_sha256"], commits[0].sha256, "2026-01-01 02:00:00 UTC",
        *(one[key] for one in line["captures"] for key in ("record_id", "payload_sha256")),
        "first visit that found it so 2026-01-01 02:00:00 UTC online, text read for the first time",
        "first visit that found it otherwise 2026-01-02 02:00:00 UTC online, text edited",
        "signed by a time-stamping authority (RFC 3161) at", "that commit 5 and all before it existed by then",
        "identical to an earlier response", "A list page also names other speeches",
    ):  # fmt: skip
        assert told in plain["created 1"], told
    assert OTHER not in plain["created 1"]
    assert "各位委员：" in plain["created 1"].split("1. When it was seen")[1]
    assert 'href="#check-h"' in pages["created 1"]
    for command in re.findall('<pre class="save"[^>]*>([^<]*)</pre>', pages["created 1"]):
        written = tmp_path / "written"
        does(f"{html.unescape(command).rpartition(' > ')[0]} > {written}", archive)
        assert hashlib.sha256(written.read_bytes()).hexdigest() in {one["payload_sha256"] for one in line["captures"]}
    assert "last visit that found it 2026-01-03 02:00:00 UTC" in plain["gone 2"]
    assert "first visit that missed it 2026-01-04 02:00:00 UTC" in plain["gone 2"]
    assert "latest visit that missed it 2026-01-20 02:00:00 UTC" in plain["gone 2"]
    assert "last visit before 2026-01-20 02:00:00 UTC" in plain["restored 2"]
    assert "No time-stamp covers this commit yet" in plain["changed 3"]
    assert "first visit that found it otherwise" not in plain["changed 3"]
    crawl(tmp_path / "gone", 1, speech("9", day(1)))
    crawl(tmp_path / "gone", 2, missed("9", day(2)), days=0)
    crawl(tmp_path / "gone", 3, listed("9", day(3)))
    assert "first visit that found it again" not in proofs(tmp_path / "gone")["gone 1"], (
        "a row in the list is no text"
    )
    monkeypatch.setattr(answers_read, "LARGEST_RECORD", 1)
    of_large = re.search("tail [^>]*&gt; attachment-1.warc.gz", proofs(archive)["created 1"])
    assert of_large
    done = does(f"{html.unescape(of_large[0]).rpartition(' > ')[0]} | zcat", archive)
    assert done.stdout.startswith(b"WARC/1.1\r\n")
    tags = Tags(pages["created 1"])
    assert "script" not in tags.tags
    assert not {"style", "onclick"} & tags.attributes.keys()
    assert f'href="../../../../../gszx/{line["captures"][0]["file"]}"' in pages["created 1"]
    assert re.search(r'<svg viewBox="0 0 \d+ \d+" class="qr">', pages["created 1"])


def test_a_packed_archive_is_unpacked_first_and_a_removed_text_is_still_proved(archive: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(archive.parent, tmp_path / "output")) / "gszx"
    order = Order(native_id="9", reason="court <order>", reference="2026-1")
    redact(root, order, When(recorded_at=day(24), software={}))
    pages = proofs(root)
    for what, page in pages.items():
        assert "commit 8 removed the text" in " ".join(page.split()), what
        assert "court &lt;order&gt;, order 2026-1" in page
        assert "大家好" not in page
        assert verifies(page, root), what
    (root / "commits/00000008.json").unlink()
    assert not verifies(pages["created 1"], root)
    root = Path(shutil.copytree(archive.parent, tmp_path / "packed")) / "gszx"
    pack(root, "2026", IN_2027)
    page = proofs(root)["created 1"]
    assert "packs/2026/warc.tar" in page
    assert not verifies(page, root)
    subprocess.run(["sh", "-c", block(page, "unpack")], cwd=root, check=True)
    assert verifies(page, root)


def test_a_record_that_was_altered_is_damage_unless_an_order_says_so(archive: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(archive, tmp_path / "gszx"))
    capture = life(root).versions[0].line["captures"][2]
    file = root / capture["file"]
    file.write_bytes(another(file.read_bytes(), capture["offset"], capture["length"]))
    with pytest.raises(Damaged, match="is not what its line says"):
        proofs(root)
    for wrong in ({"length": "1"}, {"offset": [0]}, {"file": "../x"}, {"file": "archive.json"}, {"record_id": ["x"]}):
        with pytest.raises(Damaged):
            answer_of(Archive(archive).layout, capture | wrong)
    for key, value in (("offset", [0]), ("offset", -1), ("file", 5), ("file", "archive.json")):
        with pytest.raises(Damaged):
            identical_to(Archive(archive).layout, {"run": "another"}, {**capture, key: value})
    root, run = tmp_path / "b", opened(tmp_path / "b", 1)
    removed = "城东纺织厂厂长三次反映厂区排水问题"
    page = f"<p>大家好</p><a>下一篇：{removed}</a>".encode()
    other = speech("4", day(1), body="大家好")
    captures = (kept(run, day(1), "article", "4", page),)
    run.keep(replace(other, look=replace(other.look, captures=captures)))
    seen(run, 1, removed, kept(run, day(1), "article", "9", removed.encode()))
    sealed(run, 1)
    window = tmp_path / "window"
    build([root], window, WindowOptions(languages=("en",)))
    assert removed in (window / "renderings/gszx/4-1.html").read_text("utf-8")
    order = Order(native_id="9", reason="order", captures=True, also=(removed,))
    redact(root, order, When(recorded_at=day(2), software={}))
    build([root], window, WindowOptions(languages=("en",)))  # in the same process, as `browse` does
    assert removed not in (window / "renderings/gszx/4-1.html").read_text("utf-8")
    (shown,) = proofs(root, "4").values()
    assert "Words were removed from it by order" in shown
    assert verifies(shown, root)
    (rendering,) = dict(renderings(life(root, "4"), Archive(root))).values()
    assert "by order; each of their bytes" in rendering.decode()
    assert "大家好" in rendering.decode()
    assert removed not in rendering.decode()


def test_words_of_a_hostile_archive_are_no_commands(archive: Path, tmp_path: Path) -> None:
    one = life(archive).versions[0]
    claims = Claims(
        name="gszx:'$(touch pwned)`touch pwned`\n@1.1", line=one, sums=(), files={}, commits={1: one.commit.sha256},
        answers=(), stamp=None,
    )  # fmt: skip
    (tmp_path / "commits").mkdir()
    shutil.copy(archive / "commits/00000001.json", tmp_path / "commits")
    assert does(commands(claims), tmp_path).returncode == 0
    assert not (tmp_path / "pwned").exists()
    for sha256 in ("a' ; touch pwned; '", 5, "A" * 64, "0" * 64 + "\n"):
        with pytest.raises(Damaged):
            commands(replace(claims, files={"versions/2026/00000001.jsonl.gz": (sha256, 1)}))  # type: ignore[dict-item]


def test_a_new_time_stamp_reaches_the_pages_of_what_it_covers(archive: Path, tmp_path: Path) -> None:
    root, window, anew = (
        Path(shutil.copytree(archive.parent, tmp_path / "output")) / "gszx",
        tmp_path / "a",
        tmp_path / "b",
    )
    stamps = (root / "anchors").rename(tmp_path / "stamps")
    crawl(root, 23, speech("5", day(23)))
    build([root], window, WindowOptions())
    stamps.rename(root / "anchors")
    assert build([root], window, WindowOptions()).speeches == 2
    build([root], anew, WindowOptions())
    assert tree(window) == tree(anew)
    assert build([root], window, WindowOptions()) == Built()
    shutil.rmtree(root / "anchors")
    assert build([root], window, WindowOptions()).speeches == 3
