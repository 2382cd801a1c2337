"""What other people's tools say of our WARC files, and what pywb makes of them."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from itertools import product
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from pipelines.__main__ import main
from pipelines.archive import Archive
from pipelines.archive.errors import Damaged
from pipelines.export.cdxj import cdxj_lines
from pipelines.export.surt import surt
from pipelines.warc.http import HttpResponse
from pipelines.warc.reader import read_at, records
from pipelines.warc.records import digest
from tests.judging import free_port, judged, pywb
from tests.made_warc import made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("judges") / "gszx")


def warcs(folder: Path) -> list[Path]:
    found = sorted(folder.glob("warc/*/*.warc.gz"))
    assert found
    return found


def test_every_tool_reads_every_record(folder: Path) -> None:
    for warc in warcs(folder):
        ours = [(place.offset, record.type) for place, record in records(warc)]
        assert subprocess.run(["gzip", "-t", warc], check=False).returncode == 0
        assert judged("warc", "fastwarc", "check", "-q", warc).status == 0
        for judge in ("warc", "npm"):
            told = judged(judge, "warcio", "index", warc)
            found = [json.loads(line) for line in told.out.strip().split("\n")]
            assert [(int(row["offset"]), row["warc-type"]) for row in found] == ours, told.err


def test_a_torn_file_is_not_accepted(folder: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.warc.gz"
    torn.write_bytes(warcs(folder)[0].read_bytes()[:-40])
    assert subprocess.run(["gzip", "-t", torn], check=False, capture_output=True).returncode
    assert judged("warc", "fastwarc", "check", "-q", torn).status
    with pytest.raises(Damaged, match="breaks off"):
        list(cdxj_lines(torn))


def test_digests_are_right_and_warcio_doubts_only_chunked_payloads(folder: Path) -> None:
    """warcio takes the payload digest over the chunk framing (its issues 74 and 75); the standard does not."""
    for warc in warcs(folder):
        chunked = {place.offset for place, record in records(warc) if HttpResponse.parse(record.block).is_chunked}
        told = judged("warc", "warcio", "check", "-v", warc).out
        verdicts = re.findall(r"^ +offset (\d+) .*\n +(.*)$", told, re.MULTILINE)
        assert len(verdicts) == sum(1 for _ in records(warc))
        failed = {int(offset) for offset, said in verdicts if "failed" in said}
        assert failed <= chunked
        assert all(said.startswith("payload digest") for offset, said in verdicts if int(offset) in failed)
        for _, record in records(warc):
            assert record.get("WARC-Block-Digest") == digest(record.block)
            payload = record.get("WARC-Payload-Digest")
            if record.type == "response" and payload:
                assert payload == digest(HttpResponse.parse(record.block).payload())


def test_our_index_is_that_of_cdxj_indexer(folder: Path) -> None:
    for warc in warcs(folder):
        told = judged("warc", "cdxj-indexer", "--sort", warc)
        assert told.status == 0
        assert b"".join(sorted(cdxj_lines(warc))).decode() == told.out


def test_our_keys_are_those_of_the_surt_package() -> None:
    hosts = ["gszx.zggswz.com", "WWW2.A.Example:80", "u:p@127.0.0.1:8080", "www.政协.cn:", "a..b.example."]
    paths = ["", "/", "/Item/Show.asp", "/a//./../%E4%B8%AD文/", "/%2541/é b", f"/(S({'a1' * 12}))/x.aspx", "/x;p=1/"]
    queries = ["", "?", "?m=1&d=4864", "?D=%D6%D0&a=&a&=&y=中", f"?PHPSESSID={'0a' * 16}&b=1", "?z=1=2&%23=%2520#f?g"]
    urls = ["".join(parts) for parts in product(["http://", "HTTPS://"], hosts, paths, queries)]
    program = "import json, sys, surt; print(json.dumps([surt.surt(url) for url in json.load(sys.stdin)]))"
    told = json.loads(judged("warc", "python", "-c", program, given=json.dumps(urls)).out)
    assert dict(zip(urls, map(surt, urls), strict=True)) == dict(zip(urls, told, strict=True))


def captures(folder: Path) -> Iterator[dict[str, Any]]:
    archive = Archive(folder)
    yield from (capture for line in archive.history() for capture in line["captures"] if capture["file"])


def test_pywb_replays_what_the_server_sent(folder: Path, tmp_path: Path) -> None:
    assert main(["export", str(folder), "--to", "wacz", "--out", str(tmp_path / "all.wacz")]) == 0
    assert judged("pywb", "wb-manager", "init", "all", cwd=tmp_path).status == 0
    assert judged("pywb", "wb-manager", "add", "--unpack-wacz", "all", "all.wacz", cwd=tmp_path).status == 0
    wanted = {(c["url"], c["captured_at"], c["role"]): c for c in captures(folder) if c["role"] != "list"}
    assert {role for _, _, role in wanted} == {"article", "counter"}
    assert {read_at(folder / c["file"], c["offset"]).type for c in wanted.values()} == {"response", "revisit"}
    with pywb(tmp_path, free_port()) as server:
        for (url, at, _), capture in wanted.items():
            moment = re.sub(r"\D", "", at)[:14]
            with urlopen(f"{server}/all/{moment}id_/{url}") as replayed:  # noqa: S310 - our own server
                assert hashlib.sha256(replayed.read()).hexdigest() == capture["payload_sha256"], url
                assert replayed.headers["Memento-Datetime"]
