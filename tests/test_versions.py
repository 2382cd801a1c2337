"""What each family reads is pinned to its version: other output under the same one would look like the site's edit.

To raise a version: change it in the family, and run `python -m tests.test_versions`, which appends its pin to
`pages/readings.jsonl`. With `--unreleased` it also replaces pins, those of versions that no release has.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from crawler.pages import FAMILIES, family
from crawler.replay.reading import PageReader, UnreadPage
from crawler.replay.saved import SavedPage, saved_pages
from crawler.replica.asp import Asked
from crawler.replica.site import Site
from pipelines.normalise import NORMALISERS, Normaliser
from tests.conftest import ROOT
from tests.corpus import PAGES, made_pages
from tests.replicas import family_replica
from tests.test_families import FAMILIES as REPLICAS

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "zx.example"
SPEECHES = 12
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PINS = [json.loads(line) for line in (PAGES / "readings.jsonl").read_text("utf-8").strip().split("\n")]


def replica_pages(flavour: str) -> Iterator[SavedPage]:
    replica = family_replica(flavour, Site(SPEECHES, 7), None, None)
    for item in replica.site.live():
        path = replica.article_path(item)
        answer = replica.respond(Asked("GET", path, "", HOST, "", ""))
        yield SavedPage(path, f"http://{HOST}{path}", answer.body.decode(replica.encoding), captured_at=NOW)


def kesion_pages() -> Iterator[SavedPage]:
    pages = family("kesion", None, (), ())
    for file in sorted((ROOT / "tests" / "sites").rglob("*.warc.gz")):
        yield from saved_pages(str(file), lambda url: pages.native_id(url) is not None)


def foreign_pages() -> Iterator[SavedPage]:
    """Templates that no family knows: what a family makes of them by structure is its output too."""
    for made in made_pages(1):
        yield SavedPage(made.name, f"http://{HOST}/ldjh/{made.name}.html", made.text, captured_at=NOW)
    for file in sorted((PAGES / "nasty").glob("*.html")):
        yield SavedPage(file.name, f"http://{HOST}/ldjh/{file.name}", file.read_text("utf-8"), captured_at=NOW)


def pages_of(name: str) -> Iterator[SavedPage]:
    for flavour in [flavour for flavour, cms in REPLICAS if cms == name]:
        yield from replica_pages(flavour)
    yield from kesion_pages() if name == "kesion" else foreign_pages()


def readings(name: str) -> dict[str, str]:
    """The pin of a family as it reads today."""
    pages = family(name, None, (), ())
    reader = PageReader(pages, Normaliser(pages.reader, "", ZoneInfo("Asia/Shanghai"), "政协广水市委员会"), NOW)
    given, told = sha256(), sha256()
    for page in pages_of(name):
        given.update(f"{page.url}\n{page.status}\n{page.text}\n".encode())
        try:
            read = json.dumps(asdict(reader.speech(page)) | {"parser": None}, ensure_ascii=False, sort_keys=True)
        except UnreadPage as error:
            read = f"{error.reason}: {error}"
        told.update(f"{read}\n".encode())
    versions = {"reader": pages.reader, "normalisers": NORMALISERS}
    return versions | {"pages": given.hexdigest()[:16], "readings": told.hexdigest()[:16]}


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_version_reads_the_same_for_ever(name: str) -> None:
    today = readings(name)
    same = [pin for pin in PINS if _is_of(pin, today)]
    assert same == [today], f"raise the version, or pin these pages anew: {json.dumps(today)}"


def _is_of(pin: dict[str, str], today: dict[str, str]) -> bool:
    """Whether a pin is of the version and the pages of today's."""
    return {**pin, "readings": ""} == {**today, "readings": ""}


def _pin(*, replaces: bool) -> None:
    pins = list(PINS)
    for today in map(readings, sorted(FAMILIES)):
        same = [pin for pin in pins if _is_of(pin, today)]
        if same == [today]:
            continue
        if same and not replaces:
            print(f"{today['reader']}+{today['normalisers']} reads what it did not: raise the family or NORMALISERS")
            continue
        pins = [*(pin for pin in pins if pin not in same), today]
        print(f"{'replaced' if same else 'appended'}: {json.dumps(today)}")
    lines = sorted(map(json.dumps, pins))
    (PAGES / "readings.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    _pin(replaces="--unreleased" in sys.argv[1:])
