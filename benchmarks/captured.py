"""An archive that was made, not crawled, with WARC files: each speech has its page of 30 KB and its counter's answer.

Everything goes through the archive's own writer. The first run reads every speech; the second reads each again, a
tenth of them changed, the others answered with the same bytes; then come nights that see only the list.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from benchmarks.made import FACTS, moment, paragraphs, speech
from crawler.replica.prose import dice
from pipelines.archive.write.writer import ArchiveRun
from pipelines.record import Capture, Listed, Look
from pipelines.warc.exchange import Exchange

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from pipelines.record import CaptureRole, Speech

PAGE_BYTES = 30_000
REPORT = {"schema": "run/1", "verdict": "complete", "exit_status": 0, "listing_complete": True}
_ASKED = "GET {} HTTP/1.1\r\nHost: made.example\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n\r\n"
_SAID = "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: {}; charset=utf-8\r\nContent-Length: {}\r\n\r\n"


def make_captured(root: Path, speeches: int, nights: int) -> Path:
    """Write the archive of so many speeches into `root`, which must not exist."""
    for n in (1, 2):
        with _run(root, n) as run:
            for number in range(1, speeches + 1):
                run.keep(_read(run, number, 1 + (n == 2 and number % 10 == 0), moment(n, number)))
            _seal(run, n, speeches)
    for n in range(3, 3 + nights):
        with _run(root, n) as run:
            at = moment(n, 1)
            page = _get(run, "list", "http://made.example/Item/list.asp?id=7", at, _page(dice(n), "领导讲话", ""))
            for known in run.known.values():
                look = Look(observed_at=at, looked=("list",), listed=known.listed, captures=(page,))
                run.see(Listed(site=FACTS.site, native_id=known.native_id, look=look), None)
            _seal(run, n, speeches)
    return root


def _run(root: Path, n: int) -> ArchiveRun:
    return ArchiveRun.open(root, FACTS, f"made-{n:05d}", moment(n, 0), 14)


def _seal(run: ArchiveRun, n: int, speeches: int) -> None:
    run.seal(REPORT | {"run": f"made-{n:05d}"}, moment(n, speeches + 1), {})


def _read(run: ArchiveRun, number: int, version: int, at: str) -> Speech:
    """Version `version` of speech `number`, with the page and the counter's answer from which it was read."""
    said = speech(number, version, at)
    chance = dice("page", number, version)
    body = "\n".join([said.body, *chance.sample(paragraphs(), 12)])
    named = said.look.captures
    captures = (
        _get(run, "article", named[0].url, at, _page(chance, said.title, body)),
        _get(run, "counter", named[1].url, at, f"document.write('{said.view_count}');".encode()),
    )
    look = replace(said.look, captures=captures, payload_sha256=captures[0].payload_sha256)
    return replace(said, body=body, look=look)


def _get(run: ArchiveRun, role: CaptureRole, url: str, at: str, payload: bytes) -> Capture:
    kind = "application/javascript" if role == "counter" else "text/html"
    exchange = Exchange(
        url=url, date=at, ip="127.0.0.1", request=_ASKED.format(url).encode(), truncated=None, is_verbatim=True,
        response=BytesIO(_SAID.format(kind, len(payload)).encode() + payload),
    )  # fmt: skip
    kept = run.captures.add(exchange)
    if kept is None:
        raise SystemExit(f"{url}: no answer")
    sha256 = hashlib.sha256(payload).hexdigest()
    return Capture(role=role, part=1, url=url, captured_at=at, payload_sha256=sha256, **kept._asdict())


def _page(chance: Random, title: str, body: str) -> bytes:
    """A page of `PAGE_BYTES`: the speech among lists of other articles, as the templates of a CMS have them."""
    text = "".join(f"<p>\u3000\u3000{paragraph}</p>\r\n" for paragraph in body.split("\n"))
    page = [
        f"<html><head><title>{title}</title></head><body><div id=content><h1>{title}</h1>\r\n{text}</div>".encode()
    ]
    left = PAGE_BYTES - len(page[0])
    while left > 0:
        number, heading = chance.randrange(100_000), chance.choice(paragraphs())[:24]
        link = f'<a href="/Item/Show.asp?m=1&amp;d={number}" title="{heading}" target="_blank">{heading}</a>'
        page.append(f'<li class="list_item"><span class="date">2023-12-28</span>{link}</li>\r\n'.encode())
        left -= len(page[-1])
    return b"".join(page)
