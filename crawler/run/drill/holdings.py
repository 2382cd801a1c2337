"""What the store holds of each site: its archive, copied from there, proved and read; and the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crawler.run.drill.evidence import Held, texts_of
from pipelines.archive.errors import ArchiveError
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.catalogue.checking import differences, scratch_tables
from pipelines.catalogue.database import connected
from pipelines.catalogue.taking import prepare
from pipelines.store.copying import WHOLE, pull

if TYPE_CHECKING:
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
    except ArchiveError as error:
        return Held(latest={}, lines=(), crawls=0, problems=(str(error),))
    return Held(
        latest=latest,
        lines=tuple(lines),
        crawls=sum(commit.kind == "crawl" for commit in archive.commits()),
        problems=tuple(verify(folder).problems),
    )


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
