"""The page of a site that was good last, and what came in its place: where both lie in the WARC files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import ArchiveError
from pipelines.warc.exchanges import ANSWERS, with_payload
from pipelines.warc.http import HttpResponse
from pipelines.warc.record_reader import at_place, records
from pipelines.warc.records import WarcDamaged
from pipelines.window.reading.words_removed import WordsRemoved

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.read.reader import Archive
    from pipelines.warc.records import WarcRecord

    Report = Mapping[str, Any]

_MOST_RECORDS = 600
"""Records of a file that are looked at: the list pages come first, and a hundred articles tell what became of all."""
_MOST_LINES = 50
"""Observations whose list pages are looked at: all were seen on the first pages."""
_MOST_COMMITS = 60
"""Commits that are searched for a run, the newest first."""


@dataclass(frozen=True, slots=True)
class SeenPage:
    """An answer in an archive.

    `layout` is the archive's; `file`, `offset` and `length` are those of its record; `status` is null where no answer
    can be read in it. Not `is_shown`: it may hold words that an order has removed from the lines.
    """

    layout: Layout

    url: str
    captured_at: str
    status: int | None
    file: str
    offset: int
    length: int
    record_id: str
    is_shown: bool = False


@dataclass(frozen=True, slots=True)
class BothPages:
    """The last good page, and what came last; each null where the archive has none."""

    good: SeenPage | None
    last: SeenPage | None


NO_PAGES = BothPages(None, None)


def both_pages(archive: Archive, report: Report, good: Report | None, *, is_of_articles: bool) -> BothPages:
    """The two pages of a run that was not good.

    Args:
        archive: of the site.
        report: of the run.
        good: of the last good run; null where there was none.
        is_of_articles: the articles are otherwise, and not the lists: the same speech is looked for in both.
    """
    try:
        ran = _commit_of(archive, report)
        both = (_articles(archive, ran) if is_of_articles else None) or _lists(archive, ran, report, good)
        is_shown = WordsRemoved.of(archive).has_swept
    except (ArchiveError, WarcDamaged, OSError):
        return NO_PAGES  # `verify` tells of damage; a page that cannot be read is not shown
    return BothPages(*(one and replace(one, is_shown=is_shown) for one in (both.good, both.last)))


def _commit_of(archive: Archive, report: Report) -> Commit | None:
    last = archive.last.n
    newest = (archive.commit(n) for n in range(last, max(0, last - _MOST_COMMITS), -1))
    return next((commit for commit in newest if commit.run == report["run"]), None)


def _lists(archive: Archive, ran: Commit | None, report: Report, good: Report | None) -> BothPages:
    """The section's first list page; of a site that has moved the page at which the search for it began."""
    gaps = (gap["url"] for gap in report.get("not_captured") or () if gap["what"] == "list")
    urls = tuple(dict.fromkeys(filter(None, (*islice(gaps, 3), *_starts(report)))))
    last = _first_of(archive, ran, urls) if ran else None
    before = _commit_of(archive, good) if good else None
    wanted = tuple(dict.fromkeys([*([last.url] if last else []), *(_starts(good) if good else ()), *urls]))
    return BothPages(_first_of(archive, before, wanted) if before else None, last)


def _starts(report: Report) -> Iterator[str]:
    section = report.get("section") or {}
    yield from filter(None, (section.get("url"), report.get("start_url")))


def _first_of(archive: Archive, commit: Commit, urls: Collection[str]) -> SeenPage | None:
    """What a run received from the first of these addresses that it asked."""
    found: dict[str, SeenPage] = {}
    for seen in _answers(archive, commit):
        if seen.url in urls:
            found.setdefault(seen.url, seen)
        if len(found) == len(urls):
            break
    return next((found[url] for url in urls if url in found), None)


def _answers(archive: Archive, commit: Commit) -> Iterator[SeenPage]:
    """The answers of a run in its own files, in the order of capture, then those that were not stored again."""
    for named in commit.files:
        if named.path.startswith("warc/"):
            file = archive.layout.stored(named.path)
            for place, record in islice(records(file), _MOST_RECORDS):
                if record.type in ANSWERS:
                    yield _seen(archive, record, (named.path, *place), record.date)
    listed = commit.listing.captures if commit.listing else ()
    of_lines = (
        one for line in islice(archive.lines_of(commit, "observations"), _MOST_LINES) for one in line["captures"]
    )
    for one in chain(listed, (answer.document() for answer in commit.repeated), of_lines):
        if one["file"] is not None:
            yield _of_capture(archive, one)


def _of_capture(archive: Archive, capture: Mapping[str, Any]) -> SeenPage:
    place, record = at_place(archive.layout.stored(capture["file"]), capture["offset"])
    return _seen(archive, record, (capture["file"], *place), capture["captured_at"])


def _seen(archive: Archive, record: WarcRecord, where: tuple[str, int, int], at: str) -> SeenPage:
    try:
        status = HttpResponse.parse(with_payload(archive.layout, record).block).status
    except (ValueError, ArchiveError, OSError):
        status = None
    return SeenPage(archive.layout, record.target_uri or "", at, status, *where, record.record_id)


def _articles(archive: Archive, ran: Commit | None) -> BothPages | None:
    """The first known speech that the run has read, as its page was and as it is.

    Where it has read new ones alone: one of them, beside a known speech whose address is like its.
    """
    if ran is None:
        return None
    last = {seen.url: seen for seen in _answers(archive, ran) if seen.status == 200}
    alike = {_shape(url): seen for url, seen in last.items()}
    beside: BothPages | None = None
    for line in archive.latest():
        for one in line["captures"]:
            if one["role"] != "article" or one["file"] is None:
                continue
            if seen := last.get(one["url"]):
                return BothPages(_of_capture(archive, one), seen)
            if beside is None and (seen := alike.get(_shape(one["url"]))):
                beside = BothPages(_of_capture(archive, one), seen)
    return beside


def _shape(url: str) -> str:
    """An address without its numbers, which is that of all articles of a site or of many."""
    return re.sub(r"[0-9]+", "0", url)
