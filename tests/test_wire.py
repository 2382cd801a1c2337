"""What goes over the wire stands in the WARC file: against a server that sends the very bytes it is told to."""

from __future__ import annotations

import asyncio
import base64
import errno
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Event
from types import MethodType, SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

from crawler.http.transport.downloader import ShortDownloader
from pipelines.archive.disk.answers import Answer
from pipelines.archive.disk.files import NamedFile
from pipelines.archive.disk.layout import Layout
from pipelines.archive.prove.proofs import CaptureProofs
from pipelines.archive.read.payloads import Kept, KeptPayloads
from pipelines.archive.write.captures import CaptureFiles, WouldWait
from pipelines.stored.distant import OutOfReach
from pipelines.warc import record_writer
from pipelines.warc.exchange import Exchange
from pipelines.warc.exchanges import Exchanges, with_payload
from pipelines.warc.http import HttpRequest, HttpResponse, payload_of
from pipelines.warc.record_reader import read_at, records
from pipelines.warc.record_writer import WarcWriter
from pipelines.warc.records import WarcDamaged, WarcRecord
from tests.conftest import PATIENCE, ROOT, run
from tests.exchanges import REQUEST, exchange
from tests.raw_server import ANSWERS, CLOSES, LARGE, TEXT, chunked

INTERIM = {
    "/early": len(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "/many-early": 4000 * len(b"HTTP/1.1 100 Continue\r\n\r\n"),
}
ENTITIES = {
    **dict.fromkeys(("/plain", "/again", "/gzip", "/deflate", "/chunked", "/both", "/old", "/two-codings",
                     "/padded"), TEXT),
    **dict.fromkeys(("/mixed", "/long-head", "/no-coding", "/two-lengths", "/signed", "/odd-status", "/beyond",
                     "/closing", "/old-length", "/old-open"), b"ok"),
    "/many-early": b"late", "/nothing-more": b"", "/not-modified": b"", "/cut": TEXT[:100],
    "/large": LARGE, "/early": b"late", "/bad-line": b"ok", "/folded": b"ok", "/moved": b"moved", "/missing": b"none",
    "/cookies": b"", "/nothing": b"",
}  # fmt: skip
ERRORS = {
    "/cut": (None, "disconnect"),
    "/no-length": ("DownloadFailedError", "disconnect"),
    "/other-blank": ("Undecodable", None),
    "/slow": ("DownloadTimeoutError", "time"),
    "/huge": ("DownloadCancelledError", "length"),
}
CLOSED = {*CLOSES, "/slow", "/huge", "/nothing-more", "/not-modified", "/beyond", "/closing", "/old-length"}
"""No other request is sent over the connection of these, where more of the answer may come."""


@contextmanager
def raw_server(log: Path, *arguments: str) -> Iterator[str]:
    """Host and port of the server; `log` has what it received and sent once it ended."""
    command = [sys.executable, "-m", "tests.raw_server", *arguments]
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=out) as server:
        assert server.stdin is not None
        try:
            while not (port := log.read_bytes().partition(b"\n")[0]):
                assert server.poll() is None
            yield f"127.0.0.1:{port.decode()}"
        finally:
            server.stdin.close()


def exchanged(log: Path) -> list[tuple[str, int, bytes, bytes]]:
    """Path, the client's port, bytes received and bytes sent, in order."""
    lines = [json.loads(line) for line in log.read_bytes().split(b"\n")[1:] if line]
    return [
        (one["path"], one["port"], base64.b64decode(one["received"]), base64.b64decode(one["sent"])) for one in lines
    ]


def fetch_all(folder: Path, *arguments: str) -> tuple[list[dict[str, Any]], dict[str, Any], str]:
    folder.mkdir()
    done = run("tests.fetch_all", *arguments)
    assert done.status == 0, done
    lines = [json.loads(line) for line in done.out.split("\n") if line]
    return lines[:-1], lines[-1], done.err


def certificate(file: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    packed = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(packed + made.public_bytes(pem))
    return file


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_captures_are_the_bytes_the_server_sent_and_received(tmp_path: Path, scheme: str) -> None:
    log, warc = tmp_path / "log", tmp_path / "warc"
    arguments = [str(certificate(tmp_path / "cert.pem"))] if scheme == "https" else []
    with raw_server(log, *arguments) as host:
        paths = [*ANSWERS, "/plain?post"]
        urls = [f"{scheme}://{host}{path}" for path in paths]
        fetched, counts, _ = fetch_all(warc, str(warc), *urls, "http://127.0.0.1:1/refused")
    assert counts["fallback"] is None
    told = {path: (received, sent) for path, _, received, sent in exchanged(log)}
    connections = [(path, port) for path, port, *_ in exchanged(log)]
    ended = {path for (path, port), (_, later) in pairwise(connections) if port != later}
    assert ended == CLOSED
    by_url: dict[str, dict[str, WarcRecord]] = {}
    for file in sorted(warc.glob("*.warc.gz")):
        for _, record in records(file):
            if record.type != "warcinfo":
                by_url.setdefault(record.target_uri or "", {})[record.type] = record
    assert list(by_url) == urls
    for path, url in zip(paths, urls, strict=True):
        received, sent = told[path]
        assert by_url[url]["request"].block == received
        if path in {"/again", "/chunked", "/old"}:  # the payload of /plain once more
            assert sent.startswith(by_url[url]["revisit"].block)
            continue
        response = by_url[url]["response"]
        assert response.block == sent[INTERIM.get(path, 0) :]
        assert response.get("WARC-IP-Address") == "127.0.0.1"
        assert by_url[url]["request"].get("WARC-Concurrent-To") == response.record_id
        assert response.get("WARC-Truncated") == (ERRORS[path][1] if path in ERRORS else None)
    for one in fetched[:-1]:
        path = one["url"].partition(host)[2]
        assert one["error"] == (ERRORS[path][0] if path in ERRORS else None)
        if path in ENTITIES:
            assert one["kept"]["payload_sha256"] == hashlib.sha256(ENTITIES[path]).hexdigest()
    assert fetched[-1] == {"url": "http://127.0.0.1:1/refused", "status": None, "kept": None,
                           "error": "DownloadConnectionRefusedError"}  # fmt: skip
    assert len(list(warc.glob("*.warc.gz"))) == counts["files"] == 1
    assert counts["records"] == 1 + 2 * len(urls)


def test_without_our_client_captures_say_that_their_heads_are_ours(tmp_path: Path) -> None:
    log, warc = tmp_path / "log", tmp_path / "warc"
    with raw_server(log) as host:
        urls = [f"http://{host}{path}" for path in ("/plain", "/gzip", "/cookies")]
        _, counts, said = fetch_all(warc, "--no-client", str(warc), *urls)
    assert "headers in captures are rebuilt" in said
    assert "headers in captures are rebuilt" in counts["fallback"]
    assert counts["re-serialised"] == 3
    responses = [record for _, record in records(warc / "00000.warc.gz") if record.type == "response"]
    assert [record.get("Capture") for record in responses] == ["re-serialised"] * 3
    assert [HttpResponse.parse(record.block).entity() for record in responses] == [TEXT, TEXT, b""]
    cookies = [value for name, value in HttpResponse.parse(responses[2].block).headers if name == "Set-Cookie"]
    assert cookies == ["a=1; path=/", "b=2"]


@given(st.binary(max_size=3000), st.integers(1, 900), st.sampled_from(["", "gzip", "deflate", "raw"]), st.booleans())
def test_an_entity_comes_back_out_of_any_framing(body: bytes, size: int, coding: str, is_chunked: bool) -> None:
    packed = {"": body, "gzip": gzip.compress(body), "deflate": zlib.compress(body), "raw": zlib.compress(body)[2:-4]}
    payload = packed[coding] if body else b""
    framing = "Transfer-Encoding: Chunked" if is_chunked else f"Content-Length: {len(payload)}"
    named = f"Content-Encoding: {'deflate' if coding == 'raw' else coding or 'identity'}"
    head = f"HTTP/1.1 200 OK\r\n{framing}\r\n{named}\r\n\r\n".encode()
    response = HttpResponse.parse(head + (chunked(payload, size) if is_chunked else payload))
    assert response.payload() == payload
    assert response.entity() == body


FRAMES = [b"3", b"a", b"0", b"-5", b"0x3", b"+3", b" 3", b"1_0", b"ZZ", b"F" * 3_000, b"3;a=b", b"3;\x01", b""]


@pytest.mark.parametrize("seed", range(8))
def test_broken_chunks_end_the_payload_where_they_end_it_for_the_client(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - made input, the same each time
    for _ in range(100):
        ends = [random.choice([b"\r\n", b"\r\n", b"\n", b""]) for _ in range(8)]
        data = [random.randbytes(random.choice([3, 3, 10])) for _ in range(4)]
        frames = [random.choice([b"3", *FRAMES]) for _ in range(4)]
        body = b"".join(frames[n] + ends[2 * n] + data[n] + ends[2 * n + 1] for n in range(4))
        _dechunked_alike(body, random.randint(1, 9))


def _dechunked_alike(body: bytes, size: int) -> None:
    came: list[bytes] = []
    client = _ChunkedTransferDecoder(came.append, lambda _: None)
    with suppress(_MalformedChunkedDataError):
        for at in range(0, len(body), size):
            client.dataReceived(body[at : at + size])
            if client.state == "FINISHED":
                break
    head = HttpResponse.parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    assert b"".join(payload_of(head, pieces)) == b"".join(came)


def capture_files(folder: Path, largest: int = 1 << 30, kept: KeptPayloads | None = None) -> CaptureFiles:
    return CaptureFiles(folder, folder, lambda n: f"{n}.warc.gz", {"software": "x"}, kept or KeptPayloads(), largest)


def test_files_are_closed_when_they_are_large_and_every_record_is_where_it_was_said_to_be(tmp_path: Path) -> None:
    files = capture_files(tmp_path, largest=9_000)
    kept = [files.add(exchange(f"http://a.example/{n}", hashlib.sha512(b"%d" % n).digest() * 99)) for n in range(40)]
    files.close()
    assert len({place.file for place in kept if place}) == files.counts["files"] > 3
    for n, place in enumerate(kept):
        assert place is not None
        record = read_at(tmp_path / place.file, place.offset, place.length)
        assert (record.record_id, record.target_uri) == (place.record_id, f"http://a.example/{n}")
    assert sum(1 for file in tmp_path.glob("*.gz") for _ in records(file)) == files.counts["records"]


def in_a_second_run(folder: Path, *before: Exchange) -> CaptureFiles:
    """The files of a run behind one that had these answers and committed a line of each."""
    (folder / "warc/2026").mkdir(parents=True)
    first, kept = CaptureFiles(folder, folder, lambda _: FIRST, {}, KeptPayloads()), KeptPayloads()
    for one in before:
        place = first.add(one)
        assert place is not None
        answer = next(answer for answer in first.unnamed() if answer.record_id == place.record_id)
        kept.note({"captures": [asdict(answer)]})
    first.close()
    return CaptureFiles(folder, folder, lambda n: f"second-{n}.warc.gz", {}, known_again(*kept.items()))


def known_again(*kept: Kept) -> KeptPayloads:
    payloads = KeptPayloads()
    for one in kept:
        payloads.note_kept(one)
    return payloads


FIRST = "warc/2026/0.warc.gz"
PAGE, LIST = TEXT * 2, "http://a.example/list"
OK = b"HTTP/1.1 200 OK\r\n"


class InAnotherFolder:
    """A place of files that a copy lacks, which may be away; `asked` are its parts that were asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked, self.is_away = folder, list[str](), False

    def has(self, path: str) -> bool:
        return path.startswith("warc/")

    def part(self, path: str, offset: int, length: int) -> bytes:
        self.asked.append(path)
        if self.is_away:
            raise OutOfReach("the store is away")
        return (self.folder / path).read_bytes()[offset:][: min(length, 999)]


@pytest.mark.parametrize("is_away", [False, True])
def test_what_lies_elsewhere_is_compared_with_by_who_may_wait(tmp_path: Path, is_away: bool) -> None:
    answer = exchange(LIST, PAGE)
    files = in_a_second_run(tmp_path, answer)
    place = InAnotherFolder(tmp_path / "elsewhere")
    place.folder.mkdir()
    (tmp_path / "warc").rename(place.folder / "warc")
    place.is_away = is_away
    files.look_in(place)
    again = replace(exchange(LIST, PAGE), date="2026-02-02T02:02:02Z")
    with pytest.raises(WouldWait):
        files.add_at_once(again)
    assert place.asked == []
    kept = files.add(again)
    assert kept is not None
    assert (kept.file == FIRST) is not is_away
    counts = [files.counts[one] for one in ("repeated", "exchanges", "unreached", "unreadable")]
    assert (counts, files.why_unreached) == (([0, 1, 1, 0], "the store is away") if is_away else ([1, 0, 0, 0], None))
    files.close()


def test_what_another_run_got_is_taken_over_while_a_thread_waits_for_the_store(tmp_path: Path) -> None:
    """The event loop of all sites takes it over."""
    files = in_a_second_run(tmp_path, exchange(LIST, PAGE))
    (tmp_path / "warc").rename(tmp_path / "elsewhere")
    is_asked, may_answer = Event(), Event()

    class Slow(InAnotherFolder):
        def part(self, path: str, offset: int, length: int) -> bytes:
            is_asked.set()
            may_answer.wait()
            raise OutOfReach(f"{path}: {length} bytes at {offset}")

    files.look_in(Slow(tmp_path))
    place = {"file": FIRST, "offset": 0, "length": 1, "record_id": "<urn:uuid:1>", "payload_sha256": "0" * 64}
    left = Answer.from_json({"url": LIST, "captured_at": "2026-01-01T00:00:00Z", **place})
    with ThreadPoolExecutor(2) as threads:
        adding = threads.submit(files.add, replace(exchange(LIST, PAGE), date="2026-02-02T02:02:02Z"))
        is_asked.wait()
        taking = threads.submit(files.repeat, (left,))
        try:
            taking.result(PATIENCE)
        finally:
            may_answer.set()
        assert adding.result() is not None
    assert left in files.unnamed()
    files.close()


def test_what_an_address_answers_again_is_not_stored_again(tmp_path: Path) -> None:
    missing = b"HTTP/1.1 404 Not Found\r\n"
    files = in_a_second_run(
        tmp_path, exchange(LIST, PAGE), exchange("http://a.example/robots.txt", b"", head=missing)
    )
    again = files.add(exchange(LIST, PAGE, head=OK + b"Date: later\r\n"))
    nothing = files.add(exchange("http://a.example/robots.txt", b"", head=missing + b"Set-Cookie: a=b\r\n"))
    files.close()
    assert again is not None
    assert nothing is not None
    assert read_at(tmp_path / again.file, again.offset, again.length).record_id == again.record_id
    assert [(answer.url, answer.file) for answer in files.unnamed()] == [
        (LIST, FIRST), ("http://a.example/robots.txt", FIRST),
    ]  # fmt: skip
    assert (files.counts["repeated"], files.counts["files"], files.counts["exchanges"]) == (2, 0, 0)
    assert list(tmp_path.glob("second-*")) == []


@pytest.mark.parametrize(
    ("url", "head", "cut"),
    [
        (LIST + "?page=1", OK, None),
        (LIST, OK + b"Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n", None),
        (LIST, OK + b"Content-Type: text/html; charset=gbk\r\n", None),
        (LIST, b"HTTP/1.1 503 Busy\r\n", None),
        (LIST, OK, "disconnect"),
    ],
)
def test_an_answer_that_may_say_anything_else_is_stored(
    url: str, head: bytes, cut: str | None, tmp_path: Path
) -> None:
    files = in_a_second_run(tmp_path, exchange(LIST, PAGE))
    again = files.add(exchange(url, PAGE, head=head, truncated=cut))
    files.close()
    assert again is not None
    assert files.counts["repeated"] == 0
    record = read_at(tmp_path / again.file, again.offset)
    assert record.type == ("response" if cut else "revisit")
    if not cut:
        first = read_at(tmp_path / FIRST, int(record.get("WARC-Refers-To-File-Offset") or ""))
        assert (record.get("WARC-Refers-To"), record.block) == (first.record_id, head + b"\r\n")


def test_a_commit_names_so_many_answers_beside_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = in_a_second_run(tmp_path, *(exchange(f"{LIST}{n}", b"%d" % n) for n in range(4)))
    monkeypatch.setattr("pipelines.archive.write.captures.MOST_UNNAMED", 2)
    for n in range(4):
        files.add(exchange(f"{LIST}{n}", b"%d" % n))
        if n == 0:
            files.named(asdict(answer) for answer in files.unnamed())
    files.close()
    assert [answer.url for answer in files.unnamed()] == [f"{LIST}1", f"{LIST}2"]
    assert (files.counts["repeated"], files.counts["exchanges"]) == (3, 1)


def test_a_record_of_another_address_is_not_named(tmp_path: Path) -> None:
    in_a_second_run(tmp_path, exchange(LIST, PAGE))
    place = next(place for place, record in records(tmp_path / FIRST) if record.type == "response")
    wrong = known_again(Kept(LIST + "2", hashlib.sha256(PAGE).hexdigest(), FIRST, place.offset))
    files = CaptureFiles(tmp_path, tmp_path, lambda n: f"second-{n}.warc.gz", {}, wrong)
    files.add(exchange(LIST + "2", PAGE))
    files.close()
    assert (files.counts["repeated"], files.counts["revisits"]) == (0, 1)


def test_what_was_asked_otherwise_is_no_repeated_answer(tmp_path: Path) -> None:
    unchanged, post = b"HTTP/1.1 304 Not Modified\r\n", b"POST / HTTP/1.1\r\n\r\npage="
    conditional = REQUEST.replace(b"\r\n\r\n", b"\r\nIf-None-Match: %s\r\n\r\n")
    before = [
        exchange(LIST, PAGE),
        exchange(LIST, b"", head=unchanged, request=conditional % b"a"),
        exchange(LIST + "2", PAGE * 2, request=post + b"2"),
    ]
    for number, (url, body, head, request, repeats) in enumerate([
        (LIST, b"", unchanged, conditional % b"a", 1), (LIST, b"", unchanged, conditional % b"b", 0),
        (LIST, PAGE, OK, conditional % b"a", 1),
        (LIST + "2", PAGE * 2, OK, post + b"2", 1), (LIST + "2", PAGE * 2, OK, post + b"3", 0),
        (LIST + "2", PAGE * 2, OK, REQUEST, 0),
    ]):  # fmt: skip
        files = in_a_second_run(tmp_path / str(number), *before)
        files.add(exchange(url, body, head=head, request=request))
        files.close()
        assert files.counts["repeated"] == repeats, number


def test_of_an_address_repeated_answers_come_first_and_at_moments_of_their_own(tmp_path: Path) -> None:
    for number, (repeats, came) in enumerate([
        (2, [("1", PAGE), ("1", PAGE), ("2", PAGE)][::2]), (1, [("1", PAGE), ("1", PAGE), ("2", PAGE)]),
        (2, [("1", PAGE), ("2", PAGE), ("3", TEXT), ("4", PAGE)]),
    ]):  # fmt: skip
        files = in_a_second_run(tmp_path / str(number), exchange(LIST, PAGE))
        for second, body in came:
            files.add(exchange(LIST, body, date=f"2026-01-02T00:00:0{second}Z"))
        files.close()
        assert (files.counts["repeated"], files.counts["exchanges"]) == (repeats, len(came) - repeats)
        again = [answer for answer in files.unnamed() if answer.file == FIRST]
        names = sorted(file.name for file in (tmp_path / str(number)).glob("second-*"))
        exchanges = Exchanges(tmp_path / str(number), names, again)
        taken = [found for _ in came if (pair := exchanges.take("GET", LIST, b"")) and (found := pair[1])]
        bodies = [
            HttpResponse.parse(with_payload(Layout(exchanges.home), found.record).block).body for found in taken
        ]
        assert list(zip([found.at[-2] for found in taken], bodies, strict=True)) == came
        assert (exchanges.left, exchanges.take("GET", LIST, b"")) == (0, None)


def test_answers_are_stored_again_when_asked_for_or_when_the_stored_one_cannot_be_read(tmp_path: Path) -> None:
    files = in_a_second_run(tmp_path / "again", exchange(LIST, PAGE))
    files.stores_repeated = True
    files.add(exchange(LIST, PAGE))
    files.close()
    assert (files.counts["repeated"], files.counts["revisits"]) == (0, 1)
    for number, harm in enumerate((flipped, unlinked, in_a_container)):
        files = in_a_second_run(tmp_path / str(number), exchange(LIST, PAGE))
        harm(tmp_path / str(number))
        files.add(exchange(LIST, PAGE))
        files.close()
        counts = files.counts["repeated"], files.counts["unreadable"], files.counts["exchanges"]
        assert counts == ((1, 0, 0) if harm is in_a_container else (0, 1, 1))


def flipped(folder: Path) -> None:
    data = bytearray((folder / FIRST).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / FIRST).write_bytes(data)


def unlinked(folder: Path) -> None:
    (folder / FIRST).unlink()


def in_a_container(folder: Path) -> None:
    (folder / "packs/2026").mkdir(parents=True)
    with tarfile.open(folder / "packs/2026/warc.tar", "w", format=tarfile.USTAR_FORMAT) as container:
        container.add(folder / FIRST, FIRST)
    unlinked(folder)


def test_a_damaged_record_is_told_by_file_and_offset(tmp_path: Path) -> None:
    files = capture_files(tmp_path)
    place = files.add(exchange("http://a.example/", TEXT))
    files.close()
    assert place is not None
    file = tmp_path / place.file
    data = bytearray(file.read_bytes())
    data[place.offset + 60] ^= 1
    file.write_bytes(data)
    with pytest.raises(WarcDamaged, match=f"{file}.*{place.offset}"):
        read_at(file, place.offset)
    file.write_bytes(data[: place.offset + 60])
    with pytest.raises(WarcDamaged, match="breaks off"):
        list(records(file))


def test_an_exchange_without_an_answer_is_a_request_alone(tmp_path: Path) -> None:
    files = capture_files(tmp_path)
    assert files.add(exchange("http://a.example/", b"", response=BytesIO())) is None
    files.close()
    kinds = [record.type for _, record in records(tmp_path / "0.warc.gz")]
    assert kinds == ["warcinfo", "request"]
    request = [record for _, record in records(tmp_path / "0.warc.gz")][1]
    assert HttpRequest.parse(request.block).target == "/"


def test_a_request_that_was_altered_is_found_though_no_line_names_it(tmp_path: Path) -> None:
    name = "warc/2026/a.warc.gz"
    (tmp_path / "warc/2026").mkdir(parents=True)
    with (tmp_path / name).open("xb", buffering=0) as stream:
        fields = (("WARC-Type", "request"), ("WARC-Block-Digest", f"sha256:{hashlib.sha256(b'sent').hexdigest()}"))
        place = WarcWriter(stream).write(WarcRecord(fields, b"sent"))
        commit: Any = SimpleNamespace(files=[NamedFile.of(tmp_path / name, name)])
        proofs = CaptureProofs(Layout(tmp_path))
        proofs.take(commit)
        assert proofs.flaw() is None
        WarcWriter(stream).write(WarcRecord(fields, b"never"))
    commit.files = [NamedFile.of(tmp_path / name, name)]
    proofs.take(commit)
    assert f"the record at {place.length}: its block does not match" in (proofs.flaw() or "")


def test_a_request_is_under_way_until_its_answer_is_with_the_engine() -> None:
    seen: list[tuple[str, int, int]] = []
    given: list[str] = []
    ours = SimpleNamespace(active=set(), _enqueue_request=None)

    async def answer(*_: object) -> str:
        asyncio.get_running_loop().call_soon(lambda: seen.append(("ended", len(ours.active), len(given))))
        return "answer"

    async def crawl() -> None:
        fetched = ShortDownloader.fetch(ours, Request("http://a.test/"))  # type: ignore[arg-type]
        seen.append(("begun", len(ours.active), 0))
        fetched.addCallback(lambda result: given.append(str(result)))
        await maybe_deferred_to_future(fetched)

    ours._chain, ours._given = SimpleNamespace(answer=answer), MethodType(ShortDownloader._given, ours)
    asyncio.run(crawl())
    assert (seen, given, ours.active) == ([("begun", 1, 0), ("ended", 1, 0)], ["answer"], set())


class TornOnce(io.FileIO):
    """A file of which one write fails after half of its bytes."""

    fails = False

    def write(self, data: Any) -> int:
        if self.fails:
            self.fails = False
            super().write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "full")
        return super().write(data)


@pytest.mark.parametrize("at_once", [0, 1 << 20])
def test_a_file_is_measured_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """In pieces as at once, with the same bytes; what was not written whole does not count."""
    monkeypatch.setattr(record_writer, "_AT_ONCE", at_once)
    file = tmp_path / "a.warc.gz"
    made = [WarcRecord((("WARC-Type", "resource"),), b"page\n" * n) for n in (9, 70_000)]
    with TornOnce(file, "xb") as stream:
        writer = WarcWriter(stream)
        writer.write(made[0])
        stream.fails = True
        with pytest.raises(OSError, match="full"):
            writer.write(made[1])
        writer.write(made[1])
        both = [(one.fields, len(one.block), (one.block,)) for one in made]
        stream.fails = True
        with pytest.raises(OSError, match="full"):
            writer.append_each(both)
        places = writer.append_each(both)
    assert [record for _, record in records(file)] == [*made, *made]
    assert [read_at(file, place.offset) for place in places] == made
    assert sum(place.length for place in places) == file.stat().st_size - places[0].offset
    assert writer.written.bytes == file.stat().st_size
    assert NamedFile.of(file, "warc/a.warc.gz", writer.written) == NamedFile.of(file, "warc/a.warc.gz")
