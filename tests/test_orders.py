"""An order to remove words: they are nowhere in the archive after it, and everything else explains itself."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.archive.errors import NotKnown
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify, verify_quick
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.rebuild import rebuild
from pipelines.verbs.present import now
from pipelines.warc.http import HttpResponse
from pipelines.warc.record_reader import records
from tests.conftest import Site
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_format import shell

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
            links = f"<div>上一篇：{shown}</div>"
            return Answer(article_page(number, title=OTHER, body=f"<p>各位委员{number}：</p>", behind=links))
        if self.is_down:
            return Answer("down", 503)
        return Answer(article_page(7, title=self.title, body=f'{self.body}<a href="/UploadFiles/a.pdf">图</a>'))

    def list(self) -> Answer:
        excerpt = PARAGRAPH[:30] if self.has_excerpt else ""
        side = f"<div title='{excerpt}…'>{self.title[:8]}&nbsp;{self.title[8:]}</div>"
        side += f"<script>{json.dumps(self.title)}</script>"
        rows = [(number, OTHER, "2020-01-01") for number in range(8, 30)]
        page = list_page([(7, self.title, "2020-01-01"), *rows], side=side)
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
        ended.append(site.crawl(url, *more, "-a", "mode=full"))
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
    for mode in ("full", "incremental"):
        ended = site.crawl(crawled.url, *crawled.more, "-a", f"mode={mode}")
        assert (ended.status, ended.err) == (0, "")
    assert not [path for path in crawled.committee.asked if path.endswith("d=7")]
    assert holding(folder) == set()
    report = verify(folder)
    assert report.problems == []
    assert sum("titles of speeches that an order suppresses masked in" in note for note in report.notes) > 0
