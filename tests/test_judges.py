"""What other people's tools say of our WARC files, and what pywb makes of them."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
from collections import defaultdict
from contextlib import ExitStack
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
from pipelines.warc.record_reader import records
from pipelines.warc.records import digest
from tests.conftest import Site
from tests.judging import free_port, judged, pywb
from tests.odd import odd_site, profile
from tests.replicas.process import Replica

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any


MISHAPS = {"rate": 0.3, "kinds": ["500", "reset", "truncated", "empty"], "max_per_url": 1}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """By the name of a site that goes on running: its archive, each flavour through mishaps, odd answers twice."""
    root = tmp_path_factory.mktemp("judges")
    sites = {name: Site(root / name) for name in ("kesion65", "kesion70", "kesionx2", "odd")}
    with ExitStack() as servers:
        for site, flavour in zip(sites.values(), ("6.5", "7.0", "X2"), strict=False):
            replica = servers.enter_context(Replica(flavour=flavour, speeches=8))
            replica.faults(**MISHAPS)
            assert site.crawl(replica.url).status == 0
            replica.faults()
        url = servers.enter_context(odd_site())
        for _ in range(2):
            assert sites["odd"].crawl(url, "-a", f"profile={profile(root)}", "-a", "mode=full").status == 0
        yield {name: site.folder for name, site in sites.items()}


def warcs(folders: dict[str, Path]) -> list[Path]:
    found = {name: sorted(folder.glob("warc/*/*.warc.gz")) for name, folder in folders.items()}
    assert all(found.values())
    return [warc for of_folder in found.values() for warc in of_folder]


def test_the_files_hold_what_is_to_be_judged(folders: dict[str, Path]) -> None:
    found = [record for warc in warcs(folders) for _, record in records(warc)]
    assert {record.type for record in found} == {"warcinfo", "request", "response", "revisit"}
    assert "disconnect" in {record.get("WARC-Truncated") for record in found}
    answers = [HttpResponse.parse(record.block) for record in found if record.type == "response"]
    assert {answer.status for answer in answers} >= {200, 302, 404, 500}
    shapes = {(answer.is_chunked, answer.get("Content-Encoding")) for answer in answers}
    assert shapes >= {(True, "gzip"), (True, None), (False, None)}
    assert any(name == "SET-cookie" for answer in answers for name, _ in answer.headers)


def test_every_tool_reads_every_record(folders: dict[str, Path]) -> None:
    files = warcs(folders)
    for warc in files:
        assert subprocess.run(["gzip", "-t", warc], check=False).returncode == 0
        assert judged("warc", "fastwarc", "check", "-q", warc).status == 0
    ours = [(place.offset, record.type) for warc in files for place, record in records(warc)]
    for judge in ("warc", "npm"):
        told = judged(judge, "warcio", "index", *files)
        found = [json.loads(line) for line in told.out.strip().split("\n")]
        assert [(int(row["offset"]), row["warc-type"]) for row in found] == ours, told.err


def test_a_torn_file_is_not_accepted(folders: dict[str, Path], tmp_path: Path) -> None:
    torn = tmp_path / "torn.warc.gz"
    torn.write_bytes(warcs(folders)[0].read_bytes()[:-40])
    assert subprocess.run(["gzip", "-t", torn], check=False, capture_output=True).returncode
    assert judged("warc", "fastwarc", "check", "-q", torn).status
    with pytest.raises(Damaged, match="breaks off"):
        list(cdxj_lines(torn))


def test_digests_are_right_and_warcio_doubts_only_chunked_payloads(folders: dict[str, Path]) -> None:
    """warcio takes the payload digest over the chunk framing (its issues 74 and 75); the standard does not."""
    for warc in warcs(folders):
        chunked = {place.offset for place, record in records(warc) if HttpResponse.parse(record.block).is_chunked}
        told = judged("warc", "warcio", "check", "-v", warc).out
        verdicts = re.findall(r"^ +offset (\d+) .*\n +(.*)$", told, re.MULTILINE)
        assert len(verdicts) == sum(1 for _ in records(warc))
        failed = {int(offset) for offset, said in verdicts if "failed" in said}
        assert failed <= chunked
        assert all(said.startswith("payload digest") for offset, said in verdicts if int(offset) in failed)
        for _, record in records(warc):
            assert record.get("WARC-Block-Digest") == sha256(record.block)
            payload = record.get("WARC-Payload-Digest")
            if record.type == "response" and payload:
                assert payload == sha256(HttpResponse.parse(record.block).payload())


def sha256(data: bytes) -> str:
    return digest(hashlib.sha256(data).hexdigest())


def test_our_index_is_that_of_cdxj_indexer(folders: dict[str, Path]) -> None:
    files = warcs(folders)
    told = judged("warc", "cdxj-indexer", "--sort", *files)
    assert told.status == 0
    assert b"".join(sorted(line for warc in files for line in cdxj_lines(warc))).decode() == told.out


def test_our_keys_are_those_of_the_surt_package() -> None:
    hosts = ["gszx.zggswz.com", "WWW2.A.Example:80", "u:p@127.0.0.1:8080", "www.政协.cn:", "a..b.example."]
    paths = ["", "/", "/Item/Show.asp", "/a//./../%E4%B8%AD文/", "/%2541/é b", f"/(S({'a1' * 12}))/x.aspx", "/x;p=1/"]
    queries = ["", "?", "?m=1&d=4864", "?D=%D6%D0&a=&a&=&y=中", f"?PHPSESSID={'0a' * 16}&b=1", "?z=1=2&%23=%2520#f?g"]
    urls = ["".join(parts) for parts in product(["http://", "HTTPS://"], hosts, paths, queries)]
    program = "import json, sys, surt; print(json.dumps([surt.surt(url) for url in json.load(sys.stdin)]))"
    told = json.loads(judged("warc", "python", "-c", program, given=json.dumps(urls)).out)
    assert dict(zip(urls, map(surt, urls), strict=True)) == dict(zip(urls, told, strict=True))


Moment = tuple[str, str]
"""An address and a second, by which replay tools know a capture."""


def replayable(folder: Path) -> dict[Moment, dict[str, Any]]:
    """The captures that lines were read from; of none there is another answer in the same second."""
    answered: dict[Moment, set[str | None]] = defaultdict(set)
    for warc in warcs({"": folder}):
        for _, record in records(warc):
            if record.type in {"response", "revisit"}:
                answered[record.target_uri or "", second(record.date)].add(record.get("WARC-Payload-Digest"))
    captures = [capture for line in Archive(folder).history() for capture in line["captures"]]
    # An answer that came again has no record of its own second: the line names the stored one.
    found = {m: c for c in captures if (m := (c["url"], second(c["captured_at"]))) in answered}
    sole = {moment: capture for moment, capture in found.items() if len(answered[moment]) == 1}
    assert len(sole) > 0.8 * len(found)
    assert {capture["role"] for capture in sole.values()} >= {"article", "counter"}
    return sole


def second(moment: str) -> str:
    return re.sub(r"\D", "", moment)[:14]


def test_pywb_replays_what_the_server_sent(folders: dict[str, Path], tmp_path: Path) -> None:
    packages = [tmp_path / f"{name}.wacz" for name in folders]
    for folder, package in zip(folders.values(), packages, strict=True):
        assert main(["export", str(folder), "--to", "wacz", "--out", str(package)]) == 0
    assert judged("pywb", "wb-manager", "init", "all", cwd=tmp_path).status == 0
    assert judged("pywb", "wb-manager", "add", "--unpack-wacz", "all", *packages, cwd=tmp_path).status == 0
    with pywb(tmp_path, free_port()) as server:
        for folder in folders.values():
            for (url, at), capture in replayable(folder).items():
                assert body_sha256(f"{server}/all/{at}id_/{url}") == capture["payload_sha256"], url
                assert body_sha256(url) == capture["payload_sha256"], f"{url}: the server sends something else now"


def body_sha256(url: str) -> str:
    with urlopen(url) as answer:  # noqa: S310 - our own servers
        body: bytes = answer.read()
        is_packed = answer.headers["Content-Encoding"] == "gzip"
    return hashlib.sha256(gzip.decompress(body) if is_packed else body).hexdigest()
