"""What each family reads is pinned to its version: other output under the same one would look like the site's edit.

To raise a version: change it in the family, run this test, and add the line it shows to `pages/readings.jsonl`.
"""

from __future__ import annotations

import json
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
    reader = PageReader(pages, Normaliser(pages.reader, "", ZoneInfo("Asia/Shanghai")), NOW)
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
    same = [pin for pin in PINS if {**pin, "readings": ""} == {**today, "readings": ""}]
    assert same == [today], f"raise the version, or pin these pages anew: {json.dumps(today)}"
