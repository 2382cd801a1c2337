"""The page that proves one text: what it shows, that stock commands check it, and what it keeps to itself."""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import pytest

from pipelines.__main__ import main
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.anchors.anchor_files import read_anchor
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.exits import Exit
from pipelines.proof.anchoring import anchor
from pipelines.proof.commands import ANCHORS_CHECK
from pipelines.record import Capture
from tests import authority
from tests.conftest import ROOT
from tests.exchanges import exchange
from tests.test_archive import day, listed, missed, opened, sealed, speech, tree
from tests.test_state import quiet, row

if TYPE_CHECKING:
    from pipelines.archive.write.writer import ArchiveRun

TEXT = "各位委员：\n<script>alert(1)</script>'; touch pwned; echo '\u202e$(touch pwned)`touch pwned` & 大家好！"
EDITED = TEXT.replace("各位", "同志们、各位")
OTHER = "另一篇讲话，不在证明之内"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
IN_2027 = When(recorded_at="2027-01-02T00:00:00Z", software={})


def chunked(data: bytes) -> bytes:
    parts = [data[:7], data[7:]]
    return b"".join(b"%X;x=1\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def kept(
    run: ArchiveRun, at: str, role: Literal["article", "counter", "list", "attachment"], path: str, entity: bytes,
    body: bytes | None = None, head: bytes = HEAD,
) -> Capture:  # fmt: skip
    """Store an exchange; the body is the entity unless it is given in a coding."""
    url = f"http://gszx.example/{path}"
    found = run.captures.add(exchange(url, entity if body is None else body, head, date=at))
    assert found is not None
    sha256 = hashlib.sha256(entity).hexdigest()
    return Capture(role=role, part=1, url=url, captured_at=at, payload_sha256=sha256, **found._asdict())


def seen(
    run: ArchiveRun, number: int, body: str, *captures: Capture, parser: str = "kesion/1", title: str = "讲话"
) -> None:
    read = speech("9", day(number), body=body, payload=body, parser=parser, title=title)
    run.keep(replace(read, look=replace(read.look, captures=captures)))


def lived(root: Path) -> Path:
    """Speech 9 in four looks: new, edited, read again by a later parser from the same bytes, deleted."""
    page, coded, large = TEXT.encode(), gzip.compress(TEXT.encode(), mtime=0), bytes(range(256)) * 12
    run = opened(root, 1)
    is_gzip = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
    seen(
        run, 1, TEXT,
        kept(run, day(1), "article", "9", page, chunked(coded), is_gzip),
        kept(run, day(1), "list", "list", f"<li>{OTHER}</li>".encode()),
        kept(run, day(1), "attachment", "a", large),
        kept(run, day(1), "attachment", "b", large),
    )  # fmt: skip
    run.keep(speech("4", day(1), body=OTHER))
    sealed(run, 1)
    for number, parser in ((2, "kesion/1"), (3, "kesion/2")):
        run = opened(root, number)
        edited = kept(run, day(number), "article", "9", EDITED.encode())
        seen(run, number, EDITED, edited, parser=parser, title=f"讲话<b>{parser}")
        run.see(listed("4", day(number)), 34)
        sealed(run, number)
    for number in (4, 20):
        run = opened(root, number)
        run.miss(missed("9", day(number)))
        sealed(run, number)
    return root


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Path:
    root = tmp_path_factory.mktemp("prove")
    anchor_of = lived(root / "gszx")
    anchored(root, certificate)
    return anchor_of


def anchored(root: Path, certificate: Path, at: str = "2026-02-01T12:00:00Z") -> None:
    anchor(root, at, certificate, lambda query: authority.reply(certificate.parent, query))


def proved(root: Path, wanted: str, out: Path, certificate: Path | None = None) -> str:
    """The page of a proof."""
    more = ["--tsa-ca", str(certificate)] if certificate else []
    assert main(["prove", str(root), wanted, "--out", str(out), *more]) == 0
    return (out / "index.html").read_text("utf-8")


def block(page: str, name: str) -> str:
    found = re.search(f'<pre class="{name}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


STOCK = ("sha256sum", "cut", "cat", "head", "tail", "zcat", "gzip", "openssl")
"""All that the commands may start, `gzip` being what `zcat` runs."""


def does(script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run commands in a shell that finds no programs but the stock ones."""
    with TemporaryDirectory() as programs:
        for name in STOCK:
            found = shutil.which(name)
            assert found, name
            (Path(programs) / name).symlink_to(found)
        return subprocess.run(
            ["/bin/sh", "-c", script], cwd=folder, env={"PATH": programs}, capture_output=True, check=False
        )


class Tags(HTMLParser):
    """The names and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_page_says_it_all_and_its_commands_prove_it(archive: Path, certificate: Path, tmp_path: Path) -> None:
    out = tmp_path / "proof"
    page = proved(archive, "9@1", out, certificate)
    plain = html.unescape(page)
    line, commits = next(Archive(archive).about("9")), Archive(archive).commits()
    assert "大家好！</p>" in page
    assert "<script>alert(1)</script>" not in page
    assert "\u202e" not in page
    for told in (
        line["url"], line["content_sha256"], commits[0].sha256, commits[-1].sha256, "root", "2026-01-01T02:00:00Z",
        *(one[key] for one in line["captures"] if one["role"] != "list" for key in ("record_id", "payload_sha256")),
    ):  # fmt: skip
        assert told in plain, told
    assert "the first look that found it</td><td>2026-01-01T02:00:00Z" in page
    assert "the first look that did not find it any more</td><td>2026-01-02T02:00:00Z" in page
    tags = Tags()
    tags.feed(page)
    assert not tags.tags & {"script", "img", "link", "iframe", "a", "b"}
    assert not tags.attributes & {"src", "href", "onclick"}
    done = does(block(page, "check"), out)
    assert (done.returncode, done.stdout.split(b"\n")[-2]) == (0, b"proved"), done
    assert b"Verification: OK\ncommit 5 was there at " in done.stdout
    looks = does(block(page, "looks"), out).stdout.decode()
    assert [line["presence"] for line in map(json.loads, looks.split("\n")[:-1])] == ["present", "present"]
    assert does(f"archive={archive}; {block(page, 'archive')}", out).returncode == 0
    assert not list(tmp_path.rglob("pwned"))
    assert OTHER.encode() not in b"".join(data for path, data in tree(out).items() if path.startswith("records/"))
    assert (out / "records/1.entity").read_bytes() == TEXT.encode()
    assert (out / "records/3-original.warc.gz").read_bytes() == (out / "records/2.warc.gz").read_bytes()


def test_every_file_of_a_proof_is_needed_and_checked(archive: Path, certificate: Path, tmp_path: Path) -> None:
    out = tmp_path / "proof"
    script = block(proved(archive, "9@1", out, certificate), "check")
    # The records alone are proved by the archive itself; here only what they hold is.
    files = [path for path in tree(out) if path not in {"index.html", "ca.pem"} and not path.endswith(".warc.gz")]
    for path in files:
        data = (out / path).read_bytes()
        at = len(data) // 2
        if path.startswith("anchors/"):  # not every byte of them counts: certificates that are not needed, the root
            at = data.index(b"gszx") if path.endswith(".json") else len(data) - 30
        (out / path).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert does(script, out).returncode != 0, path
        (out / path).write_bytes(data)
    assert does(script, out).returncode == 0
    record = out / "records/1.warc.gz"
    record.write_bytes(gzip.compress(gzip.decompress(record.read_bytes()).replace(b"\r\n\r\n", b"\r\n\r\n7", 1)))
    assert does(script, out).returncode != 0


def test_a_text_read_again_names_the_record_of_the_earlier_run(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = proved(archive, "9", tmp_path / "proof")
    assert "no command here checks that" not in page
    assert capsys.readouterr().err.startswith("note: its time-stamps were not checked; with --tsa-ca FILE they are")
    assert "version 2, reading 2" in page
    assert "identical to the record of 2026-01-02T02:00:00Z" in page
    assert "the last look before this text</td><td>2026-01-01T02:00:00Z" in page
    assert "the last look that found it</td><td>2026-01-03T02:00:00Z" in page
    assert "the first look that did not find it any more</td><td>2026-01-04T02:00:00Z" in page
    shutil.copyfile(archive.parent / "anchors/20260201t120000z/ca.pem", tmp_path / "proof/ca.pem")
    assert does(block(page, "check"), tmp_path / "proof").returncode == 0
    assert does(f"archive={archive}; {block(page, 'archive')}", tmp_path / "proof").returncode == 0


def test_a_list_in_which_nothing_changed_is_a_look(tmp_path: Path) -> None:
    root = tmp_path / "gszx"
    quiet(root, 1, speech("5", day(1)))
    for number in (2, 3):
        quiet(root, number, row("5", day(number)))
    assert Archive(root).commits()[2].listing is not None
    page = proved(root, "5", tmp_path / "proof")
    look = "the last look that found it</td><td>2026-01-03T02:00:00Z</td><td>present in the list; article not read"
    assert f"{look}</td><td>commit 3" in page
    assert "no command here checks that" in page
    assert does(block(page, "check"), tmp_path / "proof").returncode == 0


def test_a_packed_archive_proves_the_same(archive: Path, certificate: Path, tmp_path: Path) -> None:
    packed = Path(shutil.copytree(archive, tmp_path / "gszx"))
    pack(packed, "2026", IN_2027)
    assert not (packed / "versions/2026").exists()
    for wanted in ("9@1", "9"):
        proved(archive, wanted, tmp_path / f"loose{wanted}", certificate)
        proved(packed, wanted, tmp_path / f"packed{wanted}", certificate)
        assert tree(tmp_path / f"packed{wanted}") == tree(tmp_path / f"loose{wanted}")


def test_of_a_text_that_was_removed_only_the_rest_is_given(
    archive: Path, certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(shutil.copytree(archive, tmp_path / "output/gszx"))
    redact(root, Order(native_id="9", reason="court <order>", reference="2026-1"), IN_2027)
    page = proved(root, "9@1", tmp_path / "proof", certificate)
    assert capsys.readouterr().err.startswith(
        "note: commit 6 removed the text by order; what can still be proved is given\n"
    )
    assert "court &lt;order&gt;, order 2026-1" in page
    given = tree(tmp_path / "proof")
    assert not [path for path in given if path.startswith("records/")]
    for path, data in given.items():
        assert "大家好".encode() not in (gzip.decompress(data) if path.endswith(".gz") else data), path
    line = next(Archive(root).about("9"))
    assert line["content_sha256"] in page
    # The file as it is now is named by the redaction, which no time-stamp covers yet; the text's commit is covered.
    assert "commit 5 and all before it" in page
    done = does(block(page, "check"), tmp_path / "proof")
    assert (done.returncode, done.stdout.split(b"\n")[-2]) == (0, b"proved"), done
    anchored(tmp_path / "output", certificate, "2027-02-01T12:00:00Z")
    page = proved(root, "9@1", tmp_path / "later", certificate)
    assert page.count("time-stamp of an authority (RFC 3161)") == 2
    assert does(block(page, "check"), tmp_path / "later").returncode == 0


def another(warc: bytes, offset: int, length: int) -> bytes:
    """A WARC file in which one record has another last byte, in a gzip member as long as before."""
    whole = gzip.decompress(warc[offset : offset + length])
    made = (_packed(whole[:-5] + bytes([last]) + whole[-4:]) for last in range(256) if last != whole[-5])
    # Not each of them packs small enough for a gzip header, whose name may have any length.
    data, packed = next((data, packed) for data, packed in made if len(packed) + 19 <= length)
    name = b"x" * (length - len(packed) - 19) + b"\0"
    member = b"\x1f\x8b\x08\x08" + bytes(6) + name + packed + struct.pack("<II", zlib.crc32(data), len(data))
    assert len(member) == length
    return warc[:offset] + member + warc[offset + length :]


def _packed(data: bytes) -> tuple[bytes, bytes]:
    packer = zlib.compressobj(9, wbits=-15, memLevel=9)
    return data, packer.compress(data) + packer.flush()


def test_what_is_damaged_or_unknown_is_not_proved(
    archive: Path, certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = Path(shutil.copytree(archive, tmp_path / "gszx")), tmp_path / "proof"
    (first,) = (root / "warc/2026").glob("*run-1-*.gz")
    for file, at in (
        (first, 700),
        (root / "observations/2026/00000002.jsonl.gz", -30),
        (next(root.glob("anchors/*.tsr")), -30),
    ):
        data = file.read_bytes()
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at:][1:])
        assert main(["prove", str(root), "9@1", "--out", str(out), "--tsa-ca", str(certificate)]) == Exit.DAMAGED, (
            file
        )
        assert not out.exists()
        file.write_bytes(data)
    stamp, large = next(root.glob("anchors/*.json")), next(Archive(root).about("9"))["captures"][2]
    part = read_anchor(Archive(root).layout, f"anchors/{stamp.name}")
    other = {
        first: another(first.read_bytes(), large["offset"], large["length"]),
        stamp: replace(part, noted=replace(part.noted, head="0" * 64)).document(),
    }
    for file, data in other.items():
        before = file.read_bytes()
        file.write_bytes(data)
        assert main(["prove", str(root), "9@1", "--out", str(out)]) == Exit.DAMAGED, file
        assert not out.exists()
        file.write_bytes(before)
    for wanted in ("9@7", "5", "../x"):
        assert main(["prove", str(root), wanted, "--out", str(out)]) == Exit.WRONG_USE
    capsys.readouterr()
    shutil.rmtree(root / "anchors")
    assert "No time-stamp covers this commit yet" in proved(root, "4", out)
    assert (
        capsys.readouterr().err
        == "note: no time-stamp covers it; `anchor` gets one\nnote: no raw bytes of it were kept\n"
    )
    assert main(["prove", str(root), "4", "--out", str(out)]) == Exit.WRONG_USE


def test_the_page_of_the_documents_has_the_same_check() -> None:
    text = (ROOT / "docs/proof-of-when.md").read_text("utf-8")
    assert ANCHORS_CHECK.replace("ca.pem", "authority-root.pem") in text
