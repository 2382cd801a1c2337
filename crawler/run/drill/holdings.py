"""What the store holds of each site: its archive, copied from there, proved and read; and the catalogue."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.run.drill.evidence import Held, article_of, texts_of
from pipelines.archive.errors import ArchiveError
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.catalogue.checking import differences, scratch_tables
from pipelines.catalogue.database import connected
from pipelines.catalogue.taking import prepare
from pipelines.store.copying import WHOLE, pull
from pipelines.warc.exchanges import ANSWERS
from pipelines.warc.record_reader import records
from pipelines.warc.records import WarcDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.store.protocol import Store


def held(store: Store, site: str, scratch: Path) -> Held | None:
    """A site's archive as it lies in a store; null when there is none.

    Args:
        store: which must answer.
        site: its name.
        scratch: a folder for a copy, which stays.
    """
    folder = scratch / site
    try:
        pull(store, site, folder, WHOLE)
        archive = Archive(folder)
        lines = [(line["native_id"], line["event"], line["version"], line["reading"]) for line in archive.versions()]
        latest = texts_of(archive.latest())
        answered = Counter(path for path, _ in set(_answers(archive)) if article_of(path) is not None)
    except (ArchiveError, WarcDamaged) as error:
        return Held(latest={}, lines=(), crawls=0, problems=(str(error),))
    return Held(
        latest=latest,
        lines=tuple(lines),
        crawls=sum(commit.kind == "crawl" for commit in archive.commits()),
        problems=tuple(verify(folder).problems),
        answered=answered,
    )


def _answers(archive: Archive) -> Iterator[tuple[str, str]]:
    """Path and moment of every answer of which the archive knows, some of them more than once."""
    for commit in archive.commits():
        for named in commit.files:
            if named.path.startswith("warc/"):
                found = (record for _, record in records(archive.layout.stored(named.path)))
                yield from ((_path(one.target_uri or ""), one.date) for one in found if one.type in ANSWERS)
        yield from ((_path(answer.url), answer.captured_at) for answer in commit.repeated)
        captures = (one for line in archive.all_lines_of(commit) for one in line["captures"])
        yield from ((_path(one["url"]), one["captured_at"]) for one in captures)


def _path(url: str) -> str:
    return urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl()


def catalogue_problems(dsn: str, archives: list[Path]) -> tuple[str, ...]:
    """How the rows of each archive's site differ from those of a rebuild; empty when they do not."""
    found: list[str] = []
    with connected(dsn) as connection, scratch_tables(connection):
        prepare(connection)
        for folder in archives:
            try:
                found += differences(connection, Archive(folder))
            except ArchiveError as error:
                found.append(str(error))
    return tuple(found)
