"""Crawls into copies without captures, as workers have them: they archive what crawls into a whole copy do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler.replica.process import Replica
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.store.copying import WHOLE, pull, push
from pipelines.store.stores import store_of
from tests.conftest import Ended, Site, run
from tests.object_store import object_store

NIGHTS = ("first", "quiet", "parser and pages changed", "quiet again")


@dataclass(frozen=True)
class Copy:
    """A site's archive, and the store that has it if this copy lacks its captures."""

    site: Site
    store: str = ""

    def crawl(self, url: str, *more: str, program: str = "scrapy", store: str | None = None) -> Ended:
        if self.store:
            pull(store_of(self.store), self.site.name, self.site.folder)
            assert list(self.site.folder.glob("warc/**/*.gz")) == []
        given = self.store if store is None else store
        ended = run(program, *self.site.command(url, "-s", f"STORE={given}", *more)[1:])
        assert verify(self.site.folder).problems == []
        if self.store:
            push(store_of(self.store), self.site.name, self.site.folder, drops_captures=True)
        return ended

    def night(self, replica: Replica, what: str) -> Ended:
        if what != "parser and pages changed":
            return self.crawl(replica.url)
        replica.step()
        return self.crawl(replica.url, "-a", "mode=full", program="tests.other_parser")


def told(site: Site) -> dict[str, Any]:
    """What the last commit brought: how many files, what is counted of captures, and its lines."""
    last = Archive(site.folder).last
    return {
        "files": len(last.files),
        "captures": site.report()["captures"],
        "verdict": site.report()["verdict"],
        "lines": lines_of(site, last.n),
    }


def lines_of(site: Site, commit: int) -> list[tuple[Any, ...]]:
    keys = ("id", "event", "version", "reading", "title", "body")
    lines = (line for line in Archive(site.folder).versions() if line["commit"] == commit)
    return sorted(tuple(line[key] for key in keys) for line in lines)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each night brings to a whole copy."""
    copy, found = Copy(Site(tmp_path_factory.mktemp("whole"))), []
    with Replica(speeches=14) as replica:
        for what in NIGHTS:
            ended = copy.night(replica, what)
            assert (ended.status, ended.err) == (0, "")
            found.append(told(copy.site))
    events = {line[1] for line in found[2]["lines"]}
    assert events >= {"changed", "reprocessed"}
    assert [night["captures"]["files"] for night in found] == [1, 0, 1, 0]
    return found


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty store of the kind that the test is given."""
    with ExitStack() as servers:
        if request.param == "folder":
            yield str(tmp_path / "store")
            return
        bucket = servers.enter_context(object_store(request.param, tmp_path / "bucket"))
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        yield f"{bucket.address}/archives"


@pytest.mark.parametrize("store", ["folder", "rclone", "moto"], indirect=True)
def test_a_partial_copy_archives_what_a_whole_one_does(
    nights: list[dict[str, Any]], store: str, tmp_path: Path
) -> None:
    copy = Copy(Site(tmp_path / "worker"), store)
    with Replica(speeches=14) as replica:
        for what, night in zip(NIGHTS, nights, strict=True):
            ended = copy.night(replica, what)
            assert (ended.status, ended.err, told(copy.site)) == (0, "", night), what
    pull(store_of(store), copy.site.name, tmp_path / "whole", WHOLE)
    assert verify(tmp_path / "whole").problems == []


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_what_cannot_be_read_in_the_store_is_stored_again_and_never_guessed(
    nights: list[dict[str, Any]], store: str, tmp_path: Path
) -> None:
    copy, away = Copy(Site(tmp_path / "worker"), store), str(tmp_path / "not mounted")
    with Replica(speeches=14) as replica:
        copy.night(replica, "first")
        quiet = copy.crawl(replica.url, store=away)
        counts = copy.site.report()["captures"]
        assert (quiet.status, counts["repeated"], counts["unreadable"]) == (0, 0, 0)
        assert counts["unreached"] == nights[1]["captures"]["repeated"] == counts["exchanges"]
        assert f"{counts['unreached']} stored again: {away}: is not there" in quiet.out
        replica.step()
        ended = copy.crawl(replica.url, "-a", "mode=full", program="tests.other_parser", store=away)
        known = {line["native_id"] for line in Archive(copy.site.folder).versions() if line["commit"] == 1}
        assert known.isdisjoint(copy.site.events(3).get("changed", ())), "whose change it is, is not known"
        gaps = [gap for gap in copy.site.report()["not_captured"] if gap["reason"] == "no-capture"]
        assert (ended.status != 0, gaps != []) == (True, True)
        assert all(f"changed by the site or by this parser: {away}" in gap["detail"] for gap in gaps)
        assert copy.crawl(replica.url, program="tests.other_parser").status == 0
        late = {line for n in (3, 4) for line in lines_of(copy.site, n)}
    assert late == {line for night in nights[1:] for line in night["lines"]}
