"""Pages about one speech: the text as archived with the words of its evidence, its states, and what differs."""

from __future__ import annotations

import gzip
import re
import shutil
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import Damaged
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.kinds.pairing import Wanted, rekey
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.compare.differences import INTERPRETED, PUBLISHED, Piece, compare, compare_paragraphs
from pipelines.record import Evidence, Problem
from pipelines.shown import harmless
from pipelines.window import addresses
from pipelines.window.pages import LANGUAGES
from pipelines.window.reading.life_store import LifeStore, acts_among
from pipelines.window.reading.site_named import site_of
from pipelines.window.speeches import comparison_page, speech_page
from pipelines.window.speeches.comparison_page import SameParagraphs, changed_field, side_by_side
from pipelines.window.speeches.evidence_marks import marked
from pipelines.window.speeches.speech_page import speech_pages
from pipelines.window.templates import Templates
from tests.broken import rename_file, reseal
from tests.test_archive import crawl, day, listed, missed, speech

if TYPE_CHECKING:
    from pipelines.window.reading.lives import Life

TITLE = "何庆海在政协会议上的讲话<script>alert(1)</script>{{7*7}}\u202e"
BODY = (
    "何庆海在会议上\n何庆海\n各位委员：\n　　办理提案128件。\n<b>一</b>\t&二\n" + "\n".join("甲乙丙丁") + "\n何庆海"
)
EDITED = BODY.replace("128", "182").replace("丁", "戊")
EVIDENCE = (
    Evidence(field="speaker", where="head", text="何庆海"),
    Evidence(field="speaker_post", where="tail", text="何庆海"),
    Evidence(field="meeting", where="title", text="政协会议"),
    Evidence(field="genre", where="title", text="何庆海在政协会议上的讲话"),
    Evidence(field="published_on", where="info", text="各位委员"),
)
PROBLEMS = (
    Problem(field="meeting", code="code-of-later-software", detail="<i>"),
    Problem(field="published_on", code="no-year", detail="12-28"),
    Problem(field="body", code="empty", detail=""),
)
NIGHTS = 3


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edit and a new reading; many versions; one that is gone, one redacted, one with another id."""
    root = tmp_path_factory.mktemp("seen") / "a"
    words: dict[str, Any] = {"title": TITLE, "evidence": EVIDENCE, "problems": PROBLEMS}
    crawl(
        root, 1, speech("1", day(1), body=BODY, **words), speech("7", day(1), body="一"), speech("8", day(1)),
        speech("9", day(1), title="秘密", body="秘密一"), *(speech(n, day(1), body=f"共{n}人") for n in ("4", "5")),
    )  # fmt: skip
    crawl(
        root,
        2,
        speech("1", day(2), body=BODY, parser="kesion/2+norm/1", term=None, **words),
        speech("9", day(2), body="秘密二"),
    )
    for n in range(3, 3 + NIGHTS):
        crawl(root, n, speech("7", day(n), body=f"第{n}稿", view_count=100 - 10 * n), listed("8", day(n)))
    (root.parent / "before").write_bytes(rendered(life(root, "7"))[addresses.speech("gszx:7")])
    edit = speech("1", day(6), body=EDITED, url="javascript:alert(1)", parser="kesion/2+norm/1", **words)
    crawl(root, 6, edit, missed("8", day(6)), days=0)
    rekey(root, When(recorded_at=day(7), software={}), reason="新版", wanted=Wanted(named=(("4", "5"),)))
    redact(root, Order(native_id="9", reason="秘"), When(recorded_at=day(7), software={}))
    return root


templates = cache(Templates)


def life(root: Path, native_id: str) -> Life:
    archive = Archive(root)
    store = LifeStore(":memory:", archive, site_of(archive, root.as_posix()), acts_among(archive.commits()))
    store.fill(frozenset({native_id}))
    return store.life(native_id)


def rendered(one: Life, language: Any = "en", renderings: tuple[str, ...] = ()) -> dict[str, bytes]:
    pages = speech_pages(one, Layout(Path(one.site.archive)), renderings)
    return {page.address: templates(language).render(page) for page in pages}


def tree(page: bytes, address: str = "") -> Any:
    return lxml.html.document_fromstring(page.decode(), base_url=f"http://x/{address}")


def shown(page: bytes) -> Any:
    return tree(page).get_element_by_id("main")


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


@given(
    st.text("何庆海在 \n", max_size=40),
    st.lists(st.tuples(st.sampled_from(["title", "head", "tail"]), st.text("何庆海", max_size=3))),
)
def test_marking_words_changes_no_text(body: str, told: list[tuple[str, str]]) -> None:
    found = marked("何庆海在", body, [{"field": "speaker", "where": where, "text": text} for where, text in told])
    assert "".join(piece.text for piece in found.title) == "何庆海在"
    assert "\n".join("".join(piece.text for piece in line) for line in found.paragraphs) == body
    pieces = [piece for line in (found.title, *found.paragraphs) for piece in line]
    anchors = [piece.anchor for piece in pieces if piece.anchor is not None]
    assert len(anchors) == len({*anchors})
    assert {one.anchor for one in found.evidence} - {None} == {*anchors}
    assert all(piece.fields for piece in pieces if piece.anchor is not None)


def test_words_are_marked_where_they_were_read() -> None:
    told = [{"field": one.field, "where": one.where, "text": one.text} for one in EVIDENCE]
    found = marked(TITLE, BODY, told)
    at = {f: n for n, line in enumerate(found.paragraphs) for piece in line for f in piece.fields}
    assert at == {"speaker": 1, "speaker_post": len(found.paragraphs) - 1}
    assert [(piece.text, piece.fields) for piece in found.title][:3] == [
        ("何庆海在", ("genre",)), ("政协会议", ("meeting", "genre")), ("上的讲话", ("genre",)),
    ]  # fmt: skip
    assert [one.anchor for one in found.evidence] == [0, 1, 2, 3, None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_the_text_as_archived_and_its_history(root: Path, language: Any) -> None:
    one = life(root, "1")
    pages = rendered(one, language)
    page = shown(pages[addresses.speech("gszx:1")])
    text = page.find_class("text")[0]
    assert [p.text_content() for p in text.iterchildren("p")] == EDITED.split("\n")
    assert page.find(".//h1").text_content() == harmless(TITLE)
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len({*ids})
    targets = {link.get("href")[1:] for link in page.iter("a") if link.get("href").startswith("#")}
    assert {*targets} <= {*ids}
    assert {f"words-{n}" for n in range(4)} <= targets
    assert [li.text_content().count("UTC") for li in page.find_class("timeline")[0]] == [1] * 3  # nobody looked later
    problems = [li.text_content().split()[-1] for li in page.iter("li") if li.get("class")]
    assert [li.get("class") for li in page.find_class("problems")[0]] == ["error"]
    assert "<i>" in problems
    told = [link.get("href") for notice in page.find_class("notice") for link in notice.iter("a")]
    assert told == ["1/compare-1-2.html", "#problems", "#problems"]
    assert not [link for link in page.iter("a") if link.get("href").startswith("javascript")]
    assert "javascript:alert(1)" in words(page)
    file = one.texts[-1].named.path
    assert [link.get("href") for link in page.iter("a") if words(link) == file] == [f"../../../{root}/{file}"]
    assert b"<script" not in pages[addresses.speech("gszx:1")]
    assert b"iframe" not in pages[addresses.speech("gszx:1")]
    rendering = addresses.rendering("gszx:1", 2)
    page = shown(rendered(one, language, (rendering,))[addresses.speech("gszx:1")])
    assert [(frame.get("sandbox"), frame.get("src")) for frame in page.iter("iframe")] == [
        ("", f"../../../{rendering}")
    ]


def test_links_between_the_pages_of_a_speech_lead_to_pages(root: Path) -> None:
    for native_id in ("1", "7", "8", "9"):
        one = life(root, native_id)
        made = rendered(one)
        proofs = {addresses.proof(one.id, stored.line["seq"]) for stored in one.versions}
        for address, page in made.items():
            links = tree(page, address)
            links.make_links_absolute()
            found = {unquote(link.partition("#")[0].removeprefix("http://x/")) for _, _, link, _ in links.iterlinks()}
            about = {link for link in found if link.startswith("speeches/")}
            assert about <= {*made, *proofs}
            assert address != addresses.speech(one.id) or about >= proofs
        assert {link for link in made if "compare" in link} <= {*made}


def test_a_comparison_holds_both_texts(root: Path) -> None:
    page = shown(rendered(life(root, "1"))[addresses.comparison("gszx:1", "1", "2")])
    table = page.find_class("side-by-side")[1]
    sides: tuple[list[str], list[str]] = [], []
    for row in table.iter("tr"):
        for sign in row.find_class("sign"):
            sign.text = ""
        if row.get("class") == "same":
            same = [p.text_content() for p in row.iter("p")]
            sides[0].extend(same)
            sides[1].extend(same)
        elif row.get("lang"):
            for cell, side in zip(row, sides, strict=True):
                side.extend([cell.text_content()] if cell.text_content() else [])
    assert sides == (BODY.split("\n"), EDITED.split("\n"))
    changed = [(e.tag, e.text_content()) for e in table.iter("del", "ins")]
    assert changed == [("del", "128"), ("ins", "182"), ("ins", "戊"), ("del", "丁")]
    assert "Version 1 compared with version 2" in words(page)
    # Version 1 stands in its second reading, which has no term.
    rows = [words(row[0]) for row in page.find_class("side-by-side")[0].iter("tr")]
    assert rows[1:] == ["address (wording edited)", "term (as read by our software)"]
    assert re.search(r"Edited: address, term, text · (?!0)\d+ characters added, (?!0)\d+ removed", words(page))
    between = shown(rendered(life(root, "1"))[addresses.comparison("gszx:1", "1.1", "1.2")])
    assert "the site changed nothing" in words(between.find_class("notice")[0])


def test_a_comparison_tells_what_it_leaves_out() -> None:
    long = [f"第{n}段没有改动" * 300 for n in range(8)]
    old = [*long, "旧", "丙", *["一二三四五" * 50] * 5, "旧旧", *long, "甲" * 9000]
    new = ["新" if text == "旧" else "全新" if text == "旧旧" else text for text in old]
    told = side_by_side(compare_paragraphs(old, new, frozenset()))
    same = [
        (len(one.before), len(one.folded), len(one.after), one.left_out)
        for one in told
        if isinstance(one, SameParagraphs)
    ]
    assert same == [(1, 6, 1, 0), (1, 4, 1, 0), (1, 0, 1, 7)]
    line: dict[str, Any] = dict.fromkeys((*PUBLISHED, *INTERPRETED)) | {
        "title": "题" * 3000,
        "body": "",
        "author": "甲",
    }
    changed = compare(line, line | {"title": "目", "author": "乙", "genre": "讲话"}).fields
    title, author, genre = map(changed_field, changed)
    assert (title.old, title.new, genre.old, genre.new) == ("题" * 3000, "目", None, "讲话")
    assert author.old == (Piece("removed", "甲"),)


def test_any_two_of_few_states_are_compared_and_of_many_the_neighbours(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compared(native_id: str) -> set[str]:
        return {link for link in rendered(life(root, native_id)) if "compare" in link}

    def there(native_id: str, *pairs: tuple[str, str]) -> set[str]:
        return {addresses.comparison(f"gszx:{native_id}", *pair) for pair in pairs}

    assert compared("1") == there("1", ("1", "2"), ("1.1", "1.2"))
    assert compared("7") == there("7", *combinations("1234", 2))
    for module in (comparison_page, speech_page):
        monkeypatch.setattr(module, "MOST_STATES", 3)
    assert compared("7") == there("7", *pairwise("1234"), ("1", "3"), ("1", "4"))
    monkeypatch.setattr(comparison_page, "MOST_ROWS", 1)
    page = shown(rendered(life(root, "1"))[addresses.comparison("gszx:1", "1", "2")])
    assert "more rows are left out here. All differences: python -m pipelines diff gszx gszx:1@1 gszx:1@2" in words(
        page
    )
    assert len(page.find_class("side-by-side")[1].findall("./tbody/tr")) == 1
    assert "more than 3 versions" in words(shown(rendered(life(root, "7"))[addresses.speech("gszx:7")]))


def test_what_became_of_a_speech_is_told_plainly(root: Path) -> None:
    gone = shown(rendered(life(root, "8"))[addresses.speech("gszx:8")])
    assert "taken this speech down; confirmed at 2026-01-06 02:00 UTC" in words(gone.find_class("notice")[0])
    assert "各位委员" in words(gone.find_class("text")[0])
    assert words(gone.find_class("looked")[0]).startswith(
        "Then 3 visits: 2026-01-03 02:00:00 UTC – 2026-01-05 02:00:00"
    )
    assert "lower than the one before" not in words(gone)
    seen = shown(rendered(life(root, "7"))[addresses.speech("gszx:7")])
    assert "50 views" in words(seen)
    assert "2 times, the count was lower than the one before it" in words(seen)
    assert [len(page.find_class("chart")) for page in (gone, seen)] == [1, 1]
    pages = rendered(life(root, "9"))
    assert [*pages] == [addresses.speech("gszx:9")]
    redacted = pages[addresses.speech("gszx:9")].decode()
    assert "秘密" not in redacted
    assert "names no speaker" not in redacted
    assert "unaltered" not in redacted
    assert words(shown(redacted.encode()).find(".//h1")) == "(words removed by order)"
    assert "removed by order (commit 8): 2026-01-07 02:00 UTC. 秘" in words(
        shown(redacted.encode()).find_class("notice")[0]
    )


def test_pages_of_a_speech_with_another_id_lead_to_each_other(root: Path) -> None:
    rows = {row["id"]: row for row in Archive(root).index()}
    for native_id, other, told, count in (("4", "5", "under another id:", 2), ("5", "4", "another id before", 1)):
        one = life(root, native_id)
        assert one.row.succeeded_by == rows[one.id]["succeeded_by"]
        (notice,) = shown(rendered(one)[addresses.speech(one.id)]).find_class("notice")
        assert told in words(notice)
        page = shown(rendered(one)[addresses.speech(one.id)])
        assert not page.find_class("chart")
        assert len(page.find_class("timeline")[0]) == count
        assert [link.get("href") for link in notice.iter("a")] == [f"{other}.html"]


def test_a_page_depends_on_the_lines_of_its_own_speech_alone(root: Path) -> None:
    before = (root.parent / "before").read_bytes()
    assert before == rendered(life(root, "7"))[addresses.speech("gszx:7")]


@pytest.mark.parametrize(
    ("folder", "old", "new", "told"),
    [
        ("observations", '"observed_at":"2026-01-06', '"observed_at":"2026-13-46', "which is no day or moment"),
        ("versions", '"title":"何庆海', '"title":"何清海', "content_sha256 is not the hash of its content"),
    ],
)
def test_a_forged_line_is_told_and_not_shown(
    root: Path, tmp_path: Path, folder: str, old: str, new: str, told: str
) -> None:
    copy = Path(shutil.copytree(root, tmp_path / "a"))
    file = f"{folder}/2026/00000006.jsonl.gz"
    data = gzip.decompress((copy / file).read_bytes())
    assert old.encode() in data
    (copy / file).write_bytes(gzip.compress(data.replace(old.encode(), new.encode())))
    reseal(copy, 6, lambda value: rename_file(value, copy, file))
    with pytest.raises(Damaged, match=f"{file}, line 1: .*{told}"):
        life(copy, "1")


def test_a_long_speech_that_was_often_looked_at_stays_small(tmp_path: Path) -> None:
    root = tmp_path / "a"
    body = "\n".join("政协委员要认真履行职责" * 9 + "。" for _ in range(60))
    crawl(root, 1, speech("1", day(1), body=body))
    one = life(root, "1")
    look = one.observations[0]
    for count in (100, 300):
        object.__setattr__(one, "observations", (look,) * count)
        for language in LANGUAGES:
            page = rendered(one, language)[addresses.speech("gszx:1")]
            assert len(page) < 60_000
            rows = re.findall(rb"<tr><td>2026-01-01 02:00:00<", page)
            assert len(rows) == (100 if count == 100 else 120)
            assert (b'"4"' in page) is (count == 300)
    assert "180 visits are left out here" in words(shown(page)) or language != "en"
