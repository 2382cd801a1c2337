"""What a killed run had got is read by the run that goes on: killed at any request, an article is asked for once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from crawler.replay.left import READ
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.salvaging.noted_answers import ANSWERS
from tests.conftest import Site, exit_of, started
from tests.exchanges import exchange
from tests.faults import content
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import day, opened
from tests.test_replay import alike, replay

LIST, COUNTER = "/Item/list.asp?id=5", "/item/GetHits.asp?GetFlag=0&m=1&ID={}"
FILES = ("/UploadFiles/2020-1/a.pdf", "/UploadFiles/2020-1/b.pdf")
LINKED = "".join(f'<a href="{file}">附件</a>' for file in FILES)
PAGES = {
    "/Item/Show.asp?m=1&d=7": article_page(
        7, body='<p>各位委员，第一部分。</p><a href="/Item/Show.asp?m=1&d=7&p=2">下一页</a>'
    ),
    "/Item/Show.asp?m=1&d=7&p=2": article_page(7, body=f"<p>同志们，第二部分。</p>{LINKED}"),
    "/Item/Show.asp?m=1&d=8": article_page(8, title="第八次讲话"),
    "/Item/Show.asp?m=1&d=9": article_page(9, title="第九次讲话"),
}
SEVEN, SECOND_PART, EIGHT, _ = PAGES


@dataclass
class Served:
    """A site of `pages` that kills the crawl which asks for `fatal`, before it answers; `day` is of the row of 7."""

    pages: dict[str, str]
    day: str = "2020-01-01"
    fatal: str = ""
    victim: BaseProcess | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, _: Message) -> Answer:
        if path == self.fatal and self.victim is not None:
            self.victim.kill()
        if path in self.pages:
            return Answer(self.pages[path])
        if path in FILES:
            return Answer(f"%PDF-1.4 {path}" * 99, headers={"Content-Type": "application/pdf"})
        if "GetHits" in path:
            return Answer("document.write('5');")
        rows = [(7, "在会上的讲话", self.day), (8, "第八次讲话", "2020-01-01"), (9, "第九次讲话", "2020-01-01")]
        return Answer(list_page(rows))

    def times(self, since: int = 0) -> dict[str, int]:
        """How often each article's page and each file was asked for."""
        return dict(Counter(path for path in self.asked[since:] if path in PAGES or path in FILES))


@contextmanager
def served(pages: dict[str, str] | None = None) -> Iterator[Served]:
    site = Served(PAGES | (pages or {}))
    with serve(site.answer, site.asked) as site.url:
        yield site


def profile_of(site: Site) -> tuple[str, str]:
    profile = site.root.parent / "small.toml"
    profile.write_text(f"{PROFILE}attachment_mb = 1\n", "utf-8")
    return "-a", f"profile={profile}"


def killed_at(served: Served, site: Site, path: str) -> None:
    served.fatal = path
    with started(*site.command(served.url, *profile_of(site))) as served.victim:
        assert exit_of(served.victim) == -9
    served.fatal = ""


def lines_of(site: Site) -> list[dict[str, Any]]:
    """The lines of the newest commit, but for their places and those of 7, which an earlier run kept."""
    archive = Archive(site.folder)
    lines = [alike(line) | {"seq": None, "commit": None} for line in archive.all_lines_of(archive.last)]
    return [line for line in lines if line["id"] != "gszx:7"]


def test_killed_at_any_request_a_run_asks_for_no_answer_that_it_had(site: Site, tmp_path: Path) -> None:
    undisturbed, again = Site(tmp_path / "undisturbed"), Site(tmp_path / "again")
    with served() as there:
        assert undisturbed.crawl(there.url, *profile_of(undisturbed)).status == 0
        whole, before = there.times(), len(there.asked)
        for path in (LIST, SECOND_PART, LIST, COUNTER.format(7), *FILES, COUNTER.format(8)):
            killed_at(there, site, path)
        ended = site.crawl(there.url, *profile_of(site))
        under_way = {SECOND_PART, *FILES}
        assert (ended.status, ended.err) == (0, ""), ended
        assert there.times(before) == {path: 1 + (path in under_way) for path in whole}
    assert site.report()["notes"] == {READ: 1}, "after the last kill only the page of 8 was left"
    assert content(site.folder) == content(undisturbed.folder)
    last = Archive(site.folder).last
    (eight,) = {line["captures"][0]["file"] for line in lines_of(site) if line["id"] == "gszx:8"}
    assert last.run not in eight, "what the killed run got lies where that run put it"
    ended = replay(again, site.folder / "runs" / f"{last.run}.json", *profile_of(again))
    assert (ended.status, ended.err) == (3, ""), "alone, the last run lacks the article that it did not read"
    assert lines_of(again) == lines_of(site)
    assert (site.verify().status, again.verify().status) == (0, 0)


def test_so_it_is_with_a_page_that_the_archive_had_already(site: Site) -> None:
    """It was not stored again, so that no capture file of the killed run holds it."""
    with served() as there:
        assert site.crawl(there.url, *profile_of(site)).status == 0
        for day, mode in (("2020-01-02", "incremental"), ("2020-01-03", "full")):
            before, there.day = len(there.asked), day
            killed_at(there, site, COUNTER.format(7))
            assert site.crawl(there.url, *profile_of(site), "-a", f"mode={mode}").status == 0
            is_full = mode == "full"  # a person who wants everything read wants it from the site
            assert [there.times(before)[path] for path in (SEVEN, SECOND_PART, *FILES)] == [1 + is_full] * 2 + [1] * 2
            assert site.report()["notes"] == ({} if is_full else {READ: 2})
    assert site.verify().status == 0


def test_an_answer_that_a_line_names_does_not_stand_in_once_more(site: Site) -> None:
    with served() as there:
        killed_at(there, site, SECOND_PART)
        killed_at(there, site, COUNTER.format(8))  # it has read the page of 7 and kept it
        there.day = "2020-01-02"
        assert site.crawl(there.url, *profile_of(site)).status == 0
        assert there.times()[SEVEN] == 2
    assert site.report()["notes"] == {READ: 1}
    assert site.verify().status == 0


def test_a_page_that_gave_no_speech_is_asked_for_by_the_run_after(site: Site) -> None:
    """The answer stands for one reading only, and the commit says that it was read although no line does."""
    pages = {EIGHT: "<html><body><p>系统维护中</p></body></html>"}
    with served(pages) as there:
        killed_at(there, site, COUNTER.format(9))
        for times in (1, 2):
            assert site.crawl(there.url, *profile_of(site)).status == 3
            assert there.times()[EIGHT] == times
    answers = [answer for commit in Archive(site.folder).commits()[:2] for answer in commit.repeated]
    moments = {answer.captured_at for answer in answers if answer.url.endswith(EIGHT)}
    assert site.verify().status == 0
    assert len(moments) == 1


PAGE = f"http://gszx.example{SEVEN}"


def left_after(root: Path, minutes: int, torn: bytes = b"") -> list[str | None]:
    """What a run has of a page that a killed one got so many minutes before, asked twice."""
    dead = opened(root, 1)
    dead.captures.add(exchange(PAGE, b"<p>1</p>", date=day(1)))
    dead.close()
    with (root / "staging/run-1" / ANSWERS).open("ab") as notes:
        notes.write(torn)
    now = f"2026-01-01T{2 + minutes // 60:02d}:{minutes % 60:02d}:00Z"
    with opened(root, 2, at=now) as run:
        taken = [run.left.take(PAGE, now) for _ in range(2)]
    return [answer.captured_at if answer else None for answer in taken]


@pytest.mark.parametrize("torn", [b"", b'{"url":"http', b"\0" * 99, b'{"url":1}\n'])
def test_an_answer_stands_in_once_and_for_an_hour(tmp_path: Path, torn: bytes) -> None:
    assert left_after(tmp_path / "soon", 0, torn) == [day(1), None]
    assert left_after(tmp_path / "later", 60, torn) == [day(1), None]
    assert left_after(tmp_path / "late", 61, torn) == [None, None]
    assert verify(tmp_path / "soon").problems == []
