"""An order to remove words: they are nowhere in the archive after it, and everything else explains itself."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import lzma
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.archive.disk.redactions import MARKER
from pipelines.archive.errors import NotKnown
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify, verify_quick
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.rebuild import rebuild
from pipelines.record import Listed, Speech
from pipelines.verbs.present import now
from pipelines.warc.http import HttpResponse
from pipelines.warc.masking import member, rewritten, searched
from pipelines.warc.record_reader import records
from pipelines.warc.record_writer import WarcWriter
from pipelines.warc.records import WarcRecord
from pipelines.warc.words import Words
from tests.conftest import Site, run_code
from tests.exchanges import exchange
from tests.faults import KILLED, strike
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import crawl, day, look, opened, speech
from tests.test_format import shell
from tests.test_old_archives import unpacked
from tests.test_pack import kept

TITLE, LATER = "在全县优化营商环境座谈会上的讲话", "在全县优化营商环境（扩大）座谈会上的讲话"
PARAGRAPH = "去年以来，城东纺织厂厂长欧阳修竹同志三次到政协反映厂区排水问题，委员们逐户走访，提出了七条建议。"
ADDED = "会后，欧阳修竹同志又写来一封长信，说明厂区的水泵在雨季里为什么总是先坏掉的原因。"
FILE = "%PDF-1.4 城东纺织厂排水图 " * 40
WORDS = [TITLE, LATER, PARAGRAPH[:24], ADDED[:24], "欧阳修竹", "城东纺织厂", "排水"]
OTHER = "在乡镇换届工作会上的讲话"
ORDER = Order(native_id="7", reason="court order", reference="2026-1", captures=True, also=("欧阳修竹",))
WHEN = When(recorded_at="2099-01-02T00:00:00Z", software={})


class Committee:
    """A small site whose list is in GB 2312 and compressed, and names the speech in every way a page can."""

    def __init__(self) -> None:
        self.title, self.body, self.is_down = TITLE, f"<p>{PARAGRAPH}</p>", False
        self.asked: list[str] = []
        self.has_excerpt = True
        self.quoted = self.linked = ""
        self.is_listed = True

    def answer(self, path: str, _: Message) -> Answer:
        if path.endswith(".pdf"):
            return Answer(FILE, headers={"Content-Type": "application/pdf"})
        if "GetHits" in path:
            return Answer("document.write('5');")
        if "how.asp" not in path:
            return self.list()
        number = int(path.rpartition("=")[2])
        if number != 7:
            shown = (
                f'<a title="{self.title}" href="/Item/Show.asp?m=1&d=7">{self.title[:9]}<i>{self.title[9:]}</i></a>'
            )
            said = self.quoted if number == 8 else ""
            links = f"<div>上一篇：{shown}{self.linked}</div>"
            return Answer(article_page(number, title=OTHER, body=f"<p>各位委员{number}：{said}</p>", behind=links))
        if self.is_down:
            return Answer("down", 503)
        return Answer(article_page(7, title=self.title, body=f'{self.body}<a href="/UploadFiles/a.pdf">图</a>'))

    def list(self) -> Answer:
        excerpt = PARAGRAPH[:30] if self.has_excerpt else ""
        side = f"<div title='{excerpt}…'>{self.title[:8]}&nbsp;{self.title[8:]}</div>"
        side += "<a href='http://[x'>不是地址</a>"
        side += f"<script>{json.dumps(self.title)}</script>"
        rows = [(number, OTHER, "2020-01-01") for number in range(8, 30)]
        page = list_page([*([(7, self.title, "2020-01-01")] if self.is_listed else []), *rows], side=side)
        # What hardly shrinks, so that the page is long enough for a revisit record.
        page += f"<!-- {' '.join(hashlib.sha512(bytes([n])).hexdigest() for n in range(40))} -->"
        data = gzip.compress(page.encode("gb18030"), 6)
        return Answer(data, headers={"Content-Type": "text/html; charset=gb2312", "Content-Encoding": "gzip"})


@dataclass(frozen=True)
class Crawled:
    """The archive of three nights: the speech, its edit, a night on which it could not be read. The site is up."""

    folder: Path
    committee: Committee
    url: str
    more: tuple[str, ...]

    def copy(self, home: Path) -> Site:
        shutil.copytree(self.folder, home / "archives" / "gszx")
        return Site(home / "archives")


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    home, committee = tmp_path_factory.mktemp("orders"), Committee()
    site = Site(home / "archives")
    (home / "small.toml").write_text(f"{PROFILE}attachment_mb = 1\n", "utf-8")
    more = ("-a", f"profile={home / 'small.toml'}", "-s", "RETRY_TIMES=0")
    with serve(committee.answer, committee.asked) as url:
        ended = [site.crawl(url, *more)]
        committee.title, committee.body = LATER, f"<p>{PARAGRAPH}</p><p>{ADDED}</p>"
        ended.append(site.crawl(url, *more, "-a", "mode=full"))
        committee.is_down = True
        ended.append(site.crawl(url, *more, "-a", "mode=full", "-s", "CAPTURE_REPEATED=1"))
        assert [one.status for one in ended] == [0, 0, 3], ended
        committee.is_down = False
        yield Crawled(site.folder, committee, url, more)


def contents(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file, and of everything that is packed in it, however deep."""
    yield name, data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for one in packed.namelist():
                yield from contents(packed.read(one), f"{name}: {one}")
    elif name.endswith((".tar", ".tar.xz")):
        # An xz container is several xz streams, which lzma reads on.
        plain = data if name.endswith(".tar") else lzma.decompress(data)
        with tarfile.open(fileobj=io.BytesIO(plain)) as opened:
            for about in opened:
                stream = opened.extractfile(about)
                assert stream is not None
                yield from contents(stream.read(), f"{name}: {about.name}")
    elif name.endswith(".gz"):
        yield from contents(gzip.decompress(data), name.removesuffix(".gz"))


def holding(folder: Path, words: list[str] = WORDS) -> set[str]:
    """Every file, packed or not, and every entity of a WARC record in which one of the words stands."""
    files = [folder] if folder.is_file() else [file for file in sorted(folder.rglob("*")) if file.is_file()]
    found = set()
    for name, data in (pair for file in files for pair in contents(file.read_bytes(), str(file))):
        found |= {name for word in words for coding in ("utf-8", "gb18030") if word.encode(coding) in data}
    for file in folder.rglob("*.warc.gz") if folder.is_dir() else ():
        for place, record in records(file):
            entity = HttpResponse.parse(record.block).entity() if record.type == "response" else record.block
            shown = entity.replace(b"&nbsp;", b"").replace(b"<i>", b"")
            hits = [word for word in words for coding in ("utf-8", "gb18030") if word.encode(coding) in shown]
            found |= {f"{file} at {place.offset}: {hits}"} if hits else set()
    return found


def packed(root: Path) -> None:
    year = Archive(root).commits()[0].recorded_at[:4]
    pack(root, year, replace(WHEN, recorded_at="2099-01-01T00:00:00Z"))


def test_the_words_are_nowhere_and_no_other_line_changes(crawled: Crawled, tmp_path: Path) -> None:
    root = crawled.copy(tmp_path).folder
    assert len(holding(root)) > 10
    assert any(record.type == "revisit" for file in root.rglob("*.warc.gz") for _, record in records(file))
    before = {line["seq"]: line for line in Archive(root).history()}
    sizes = {file: file.stat().st_size for file in root.rglob("*.warc.gz")}
    done = redact(root, ORDER, WHEN)
    assert done.not_redacted == ()
    assert holding(root) == set()
    report = verify(root)
    assert report.problems == []
    assert report.notes == [
        f"commit 4: text of gszx:7 removed from {done.lines} lines and {done.captures} captures and reports "
        "(court order, order 2026-1)"
    ]
    assert verify_quick(root).problems == []
    assert shell(root).returncode == 0
    after = {line["seq"]: line for line in Archive(root).history()}
    assert all(line == before[seq] or line["id"] == "gszx:7" for seq, line in after.items())
    assert all(line["captures"] == before[seq]["captures"] for seq, line in after.items())
    assert {file: file.stat().st_size for file in root.rglob("*.warc.gz")} == sizes
    redaction = Archive(root).commits()[-1].redaction
    assert redaction is not None
    assert redaction.captures is not None
    lists = [one for one in redaction.captures if one.spans is not None and one.file.startswith("warc/")]
    assert len(lists) > 20, "the list and the other pages lost the words alone"
    with pytest.raises(NotKnown, match="nothing in this archive holds its text"):
        redact(root, ORDER, WHEN)


def test_words_are_taken_out_of_packed_years_and_of_what_is_handed_over(crawled: Crawled, tmp_path: Path) -> None:
    root = crawled.copy(tmp_path).folder
    packed(root)
    assert holding(root)
    redact(root, ORDER, WHEN)
    assert verify(root).problems == []
    assert holding(root) == set()
    for form, name in (("wacz", "gszx.wacz"), ("bagit", "bag"), ("datapackage", "tables")):
        assert main(["export", str(root), "--to", form, "--out", str(tmp_path / name)]) == 0
        assert holding(tmp_path / name) == set()
    # A restored container brings the words back; the next holder of the lock finishes the order.
    loose = crawled.copy(tmp_path / "b").folder
    redact(loose, ORDER, WHEN)
    file = next(loose.rglob("*.warc.gz"))
    shutil.copyfile(crawled.folder / file.relative_to(loose), file)
    assert any("still holds that text" in note for note in verify(loose).notes)
    rebuild(loose)
    assert holding(loose) == set()
    assert verify(loose).problems == []


def test_what_was_redacted_is_not_replayed_and_all_else_is(crawled: Crawled, tmp_path: Path) -> None:
    site = crawled.copy(tmp_path)
    redact(site.folder, ORDER, now())
    report = next((site.folder / "runs").glob("2*.json"))
    ended = Site(tmp_path / "again").crawl(crawled.url, *crawled.more, "-a", f"replay={report}")
    assert ended.status == 2
    assert (
        "removed text of gszx:7 by order (court order, order 2026-1), which its captures no longer hold" in ended.err
    )
    ended = site.crawl(crawled.url, *crawled.more, "-a", "replay=latest")
    assert (ended.status, ended.err) == (0, ""), ended


def test_a_suppressed_speech_is_not_fetched_again_nor_its_title_kept(crawled: Crawled, tmp_path: Path) -> None:
    site = crawled.copy(tmp_path)
    folder = site.folder
    redact(folder, replace(ORDER, suppress=True), now())
    crawled.committee.asked.clear()
    # The archive holds no words any more by which a run could know an excerpt of the text.
    crawled.committee.has_excerpt = False
    for mode, crawled.committee.is_listed in (("full", True), ("incremental", True), ("full", False)):
        ended = site.crawl(crawled.url, *crawled.more, "-a", f"mode={mode}")
        assert (ended.status, ended.err) == (0, "")
    crawled.committee.is_listed = True
    assert not [path for path in crawled.committee.asked if path.endswith("d=7")]
    assert holding(folder) == set()
    report = verify(folder)
    assert report.problems == []
    assert sum("titles of speeches that an order suppresses masked in" in note for note in report.notes) > 0


def test_log_and_changes_tell_of_it_and_find_lists_where_words_stand(
    crawled: Crawled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = crawled.copy(tmp_path).folder
    before = kept(root)
    assert main(["redact", str(root), "--find", "欧阳修竹"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]
    assert {one for entry in found for one in entry["ids"]} == {"gszx:7"}
    assert {entry["where"].partition("/")[0] for entry in found} == {"versions", "warc"}
    for named in ("--reason", "--order"):
        command = ["redact", str(root), "7", "--captures", "--reason", "x", named, f"as to {TITLE}"]
        assert main(command) == 2
        assert f"{named}: holds words of the text" in capsys.readouterr().err
    assert kept(root) == before
    end = Archive(root).last_seq
    command = ["redact", str(root), "7", "--reason", "court order", "--order", "2026-1", "--captures", "--suppress"]
    assert main(command) == 0
    redaction = Archive(root).commits()[-1].redaction
    assert redaction is not None
    for since in ("commit:3", end):
        (event,) = Archive(root).changes(since)
        told = {key: event[key] for key in ("id", "event", "commit", "seq", "seqs", "reason", "order", "suppressed")}
        assert told == {
            "id": "gszx:7", "event": "redacted", "commit": 4, "seq": None, "seqs": list(redaction.seqs),
            "reason": "court order", "order": "2026-1", "suppressed": True,
        }  # fmt: skip
    assert list(Archive(root).changes("commit:4")) == []
    capsys.readouterr()
    assert main(["log", str(root), "7"]) == 0
    assert "redacted     commit 4 (court order, order 2026-1); suppressed" in capsys.readouterr().out


def ordered(root: Path) -> None:
    redact(root, ORDER, WHEN)


def die_while_ordered(source: Path, folder: Path, first: int, stride: int) -> int:
    """Let an order die at every `stride`-th of its steps; how many it took to live."""
    for step in itertools.count(first, stride):
        root = Path(shutil.copytree(source, folder / str(step)))
        died = strike(lambda _, root=root: ordered(root), 0, step, "kill") == KILLED  # type: ignore[misc]
        assert verify(root).problems == [], step
        rebuild(root)
        is_done = Archive(root).commits()[-1].redaction is not None
        assert is_done == (not holding(root)), step
        assert verify(root).problems == [], step
        assert [file.name for file in (root / "staging").iterdir()] == ["run.lock"], step
        shutil.rmtree(root)
        if not died:
            return step
    raise AssertionError


@pytest.mark.parametrize(("first", "stride"), [(3, 71), pytest.param(0, 1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("is_packed", [False, True])
def test_an_order_that_dies_anywhere_is_finished(
    crawled: Crawled, tmp_path: Path, first: int, stride: int, *, is_packed: bool
) -> None:
    root = crawled.copy(tmp_path).folder
    if is_packed:
        packed(root)
    died = f"die_while_ordered(*map(Path, sys.argv[1:]), {first}, {stride})"
    told = run_code(f"from tests.test_orders import *; print({died})", root, tmp_path / "dying")
    assert told.err == ""
    assert int(told.out) > 20


def test_a_text_of_another_speech_stays_and_is_told(tmp_path: Path) -> None:
    """Its page is its own evidence; only a title in a link to the speech goes."""
    committee = Committee()
    committee.quoted = f"刚才的{TITLE}，我都同意。"
    site = Site(tmp_path / "archives")
    (tmp_path / "small.toml").write_text(PROFILE, "utf-8")
    with serve(committee.answer) as url:
        assert site.crawl(url, "-a", f"profile={tmp_path / 'small.toml'}").status == 0
    done = redact(site.folder, ORDER, WHEN)
    assert done.not_redacted == ("gszx:8: says the same words itself; redact it, too, if the order means it",)
    assert verify(site.folder).problems == []
    pages = [record for file in site.folder.rglob("*.warc.gz") for _, record in records(file)]
    left = {one.target_uri for one in pages if one.type == "response" and TITLE.encode() in searched(one)}
    assert left == {f"{url}Item/Show.asp?m=1&d=8"}
    (text,) = [line for line in Archive(site.folder).versions() if line["id"] == "gszx:8"]
    assert TITLE in text["body"]


def test_a_shortened_title_in_a_link_to_the_speech_is_told_and_goes_when_named(tmp_path: Path) -> None:
    committee, short = Committee(), f"{TITLE[:9]}…"
    committee.linked = f"<a href='/Item/Show.asp?m=1&d=7'>{short}</a>"
    site = Site(tmp_path / "archives")
    (tmp_path / "small.toml").write_text(PROFILE, "utf-8")
    with serve(committee.answer) as url:
        assert site.crawl(url, "-a", f"profile={tmp_path / 'small.toml'}").status == 0
    (told,) = redact(site.folder, ORDER, WHEN).not_redacted
    assert f"a link to the speech says {short!r}, which stays; if the order means it, name it by --also" in told
    later = replace(WHEN, recorded_at="2099-01-03T00:00:00Z")
    assert redact(site.folder, replace(ORDER, also=(short,)), later).not_redacted == ()
    pages = [record for file in site.folder.rglob("*.warc.gz") for _, record in records(file)]
    assert not [one.target_uri for one in pages if one.type == "response" and short.encode() in searched(one)]
    assert verify(site.folder).problems == []


@pytest.mark.parametrize(
    "shown",
    [
        TITLE, f"{TITLE[:5]}<b>{TITLE[5:]}", f"{TITLE[:5]}&nbsp;\n{TITLE[5:]}", json.dumps(TITLE)[1:-1],
        "".join(f"&#{ord(one)};" for one in TITLE), "".join(f"&#x{ord(one):x};" for one in TITLE), quote(TITLE),
        quote(TITLE.encode("gb18030")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("coding", ["utf-8", "gb18030"])
def test_words_are_found_however_they_are_written(shown: str, coding: str) -> None:
    before, after = "<p>前文 é€𠮷</p><a href='/7'>".encode(coding), "</a>后文".encode(coding)
    data = before + shown.encode(coding) + after
    (span,) = Words([TITLE]).spans(data)
    assert span == (len(before), len(data) - len(after))


def test_short_titles_stand_alone_and_a_quoted_part_of_a_paragraph_counts() -> None:
    words = Words(["讲话"], [PARAGRAPH])
    assert words.spans("<a>领导讲话</a>".encode()) == []
    assert words.spans("<a>讲话</a>".encode()) == [(3, 9)]
    assert words.within(f"摘要：{PARAGRAPH[3:33]}……") == [(3, 33)]
    assert words.within(PARAGRAPH[3:20]) == []


@given(st.binary(max_size=3000), st.binary(min_size=1, max_size=400), st.booleans())
def test_a_rewritten_record_takes_the_bytes_it_took(noise: bytes, text: bytes, is_whole: bool) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nServer: x\r\n\r\n"
    fields = (("WARC-Type", "response"), ("WARC-Record-ID", "<urn:uuid:1>"), ("WARC-Date", WHEN.recorded_at))
    record = WarcRecord((*fields, ("WARC-Block-Digest", f"sha256:{'0' * 64}")), head + noise + text)
    place = WarcWriter(stream := io.BytesIO()).write(record)
    new = rewritten(record, None if is_whole else [(len(noise), len(noise) + len(text))], 12)
    data = member(new, place.length)
    if data is not None:
        assert len(data) == place.length
        assert b"x" * len(text) in gzip.decompress(data) or is_whole
        assert len(gzip.decompress(stream.getvalue())) > 0


def left_by_a_dead_run(root: Path, number: int, *things: Speech | Listed) -> None:
    """What a run keeps that dies: a front page with the title, and the things."""
    run = opened(root, number)
    page = f"<a href='/7'>{TITLE}</a> {'页' * 40}".encode("gb18030")
    assert run.captures.add(exchange("http://gszx.example/", page, date=day(number))) is not None
    for thing in things:
        if isinstance(thing, Listed):
            run.see(thing, None)
        else:
            run.keep(thing)
    run.save()
    run.close()


def test_what_a_dead_run_left_loses_the_words_too(tmp_path: Path) -> None:
    root = tmp_path / "gszx"
    crawl(root, 1, speech("7", day(1), title=TITLE, body=PARAGRAPH), speech("8", day(1)))
    left_by_a_dead_run(root, 2, speech("7", day(2), title=TITLE, body=f"{PARAGRAPH}{ADDED}"))
    assert len(holding(root)) > 1
    when = When(recorded_at=day(3), software={})
    redact(root, replace(ORDER, suppress=True), when)
    assert [commit.kind for commit in Archive(root).commits()] == ["crawl", "salvage", "redaction"]
    assert holding(root) == set()
    shown = look(day(4), title=TITLE, looked=("list",))
    left_by_a_dead_run(root, 4, Listed(site="gszx", native_id="7", look=replace(shown, captures=())))
    crawl(root, 5, speech("8", day(5)))
    assert [commit.kind for commit in Archive(root).commits()[3:]] == ["salvage", "crawl"]
    assert holding(root) == set()
    assert verify(root).problems == []


@pytest.mark.parametrize("made", ["2026-11-23-45070d4", "2026-11-29-00813e4"])
def test_orders_reach_archives_of_earlier_releases(made: str, tmp_path: Path) -> None:
    root = unpacked(made, tmp_path)
    wanted = next(line for line in Archive(root).latest() if line["body"] != MARKER)
    words = [wanted["title"], wanted["body"].split("\n")[0][:24]]
    assert holding(root, words)
    redact(root, replace(ORDER, native_id=wanted["native_id"], also=()), WHEN)
    assert verify(root).problems == []
    assert holding(root, words) == set()
