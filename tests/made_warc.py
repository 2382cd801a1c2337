"""An archive whose WARC files hold every odd shape of answer, byte by byte as a server may send them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from pipelines.record import Capture
from pipelines.warc.http import HttpResponse
from pipelines.warc.records import SAME_PAYLOAD, WarcRecord, digest
from pipelines.warc.writer import WarcWriter
from tests.test_archive import opened, sealed, speech

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "gszx.example"
ARTICLE = "/Item/Show.asp?m=1&d={}"
COUNTER = "/Item/GetHits.asp?m=1&ID={}"


def page(number: int) -> bytes:
    text = "各位委员：大家好！" * 50
    return f"<html><title>讲话 {number}</title><div id=MyContent><p>{text}</p></div></html>".encode("gb18030")


def answer(head: str, body: bytes = b"", *, chunk: int = 0) -> bytes:
    framed = b"".join(_chunks(body, chunk)) if chunk else body
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + framed


def _chunks(body: bytes, size: int) -> Iterator[bytes]:
    for part in (body[at : at + size] for at in range(0, len(body), size)):
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


_HTML = "HTTP/1.1 200 OK\nContent-Type: text/html; charset=gb2312\n"
_GZIP = _HTML + "Content-Encoding: gzip\nTransfer-Encoding: chunked"
_ODD = f"HTTP/1.1 200 Fine\nSET-cookie: a=1\nSet-Cookie: b=2\ncOnTeNt-TyPe: text/html\nContent-Length: {len(page(9))}"
_COUNTED = b"document.write('12');"
ANSWERS = {
    "/robots.txt": answer("HTTP/1.1 404 Not Found\nContent-Length: 0"),
    "/": answer("HTTP/1.1 302 Object moved\nLocation: /index.asp\nContent-Length: 0"),
    "/Item/list.asp?id=5": answer(_HTML + "Transfer-Encoding: chunked", page(0), chunk=99),
    ARTICLE.format(9): answer(_ODD, page(9)),
    ARTICLE.format(4864): answer(_GZIP, gzip.compress(page(4864), mtime=0), chunk=64),
    COUNTER.format(9): answer(f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {len(_COUNTED)}", _COUNTED),
    "/Item/Show.asp?m=1&d=5": answer(_HTML + "Content-Length: 5000", page(5)[:40]),
}
CUT = "/Item/Show.asp?m=1&d=5"


@dataclass(slots=True)
class Tape:
    """Writes exchanges of one moment into a WARC file that a commit will name `name`."""

    writer: WarcWriter
    name: str
    at: str

    def begin(self) -> None:
        self._write("warcinfo", (("Content-Type", "application/warc-fields"),), b"software: speech-archive tests\r\n")

    def exchange(self, target: str, role: str = "article", *, revisit_of: str | None = None) -> Capture:
        """An answer as it came, or (`revisit_of` an earlier moment) its head only."""
        raw, url = ANSWERS[target], f"http://{HOST}{target}"
        response = HttpResponse.parse(raw)
        told = [("WARC-Target-URI", url), ("WARC-IP-Address", "192.0.2.7")]
        told += [("WARC-Payload-Digest", digest(response.payload()))]
        told += [("WARC-Truncated", "disconnect")] if target == CUT else []
        kind, block = "response", raw
        if revisit_of:
            kind, block = "revisit", raw[: len(raw) - len(response.body)]
            told += [("WARC-Profile", SAME_PAYLOAD), ("WARC-Refers-To", self._id("response", target, revisit_of))]
            told += [("WARC-Refers-To-Target-URI", url), ("WARC-Refers-To-Date", revisit_of)]
        kinds = ("Content-Type", "application/http;msgtype=response")
        offset, length, record_id = self._write(kind, (*told, kinds), block, target)
        asked = f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        beside = (("WARC-Target-URI", url), ("WARC-Concurrent-To", record_id))
        self._write("request", (*beside, ("Content-Type", "application/http;msgtype=request")), asked, target)
        return Capture(
            role=role,  # type: ignore[arg-type]
            part=1, url=url, captured_at=self.at, file=self.name, offset=offset, length=length, record_id=record_id,
            payload_sha256=digest(response.entity()).removeprefix("sha256:"),
        )  # fmt: skip

    def _write(
        self, kind: str, fields: tuple[tuple[str, str], ...], block: bytes, target: str = ""
    ) -> tuple[int, int, str]:
        record_id = self._id(kind, target, self.at)
        head = (("WARC-Type", kind), ("WARC-Record-ID", record_id), ("WARC-Date", self.at), *fields)
        place = self.writer.write(WarcRecord((*head, ("WARC-Block-Digest", digest(block))), block))
        return *place, record_id

    @staticmethod
    def _id(kind: str, target: str, at: str) -> str:
        return f"<urn:uuid:{uuid5(NAMESPACE_URL, f'{kind} {target} {at}')}>"


def made(root: Path) -> Path:
    """Two runs: everything once; then an article unchanged, a revisit of its record."""
    run, at = opened(root, 1), "2026-01-01T02:00:00Z"
    file, name = run.warc_file(0)
    with file.open("wb", buffering=0) as stream:
        tape = Tape(WarcWriter(stream), name, at)
        tape.begin()
        for target in ("/robots.txt", "/", "/Item/list.asp?id=5", CUT):
            tape.exchange(target)
        for number in (9, 4864):
            read = speech(str(number), at)
            captures = [tape.exchange(ARTICLE.format(number))]
            captures += [tape.exchange(COUNTER.format(number), "counter")] if number == 9 else []
            run.keep(replace(read, look=replace(read.look, captures=tuple(captures))))
    sealed(run, 1)
    run, later = opened(root, 2), "2026-01-02T02:00:00Z"
    file, name = run.warc_file(0)
    with file.open("wb", buffering=0) as stream:
        tape = Tape(WarcWriter(stream), name, later)
        tape.begin()
        read = speech("9", later)
        run.keep(replace(read, look=replace(read.look, captures=(tape.exchange(ARTICLE.format(9), revisit_of=at),))))
    sealed(run, 2)
    return root
