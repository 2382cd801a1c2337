"""Which speeches of a site have pages that must be made again. Reads the commits after the window's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.containers import CONTAINERS
from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.disk.wrong_clock import CLOCK_KIND
from pipelines.archive.prove.anchors.anchor_files import anchor_names, commit_of
from pipelines.archive.read.feeds.checked_files import CheckedFiles
from pipelines.archive.read.places import STREAM_FOLDERS
from pipelines.window.building.window_files import way_between
from pipelines.window.building.window_state import SiteRecord
from pipelines.window.reading.life_store import acts_among, head_of
from pipelines.window.reading.site_named import site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """What is to be done for one site.

    `wanted` are the native ids of the speeches whose pages are made again; null for all of the site. `has_news` is
    false when nothing was committed since, and nothing is wanted. `record` is what the window remembers afterwards.
    """

    archive: Archive
    acts: tuple[Commit, ...]
    wanted: frozenset[str] | None
    has_news: bool
    record: SiteRecord


def plan(archive: Archive, window: Path, record: SiteRecord | None, since: int | None = None) -> SitePlan:
    """What is to be done for an archive.

    Args:
        archive: the archive.
        window: the window's folder.
        record: what the window remembers of the site; null for nothing that can be built upon.
        since: the number of a commit: speeches with lines after it are made again, too.
    """
    site, last = site_of(archive, way_between(window, archive.layout.root)), archive.last
    packed, stamps = _packed(archive), tuple(anchor_names(archive.layout))
    is_other = record is None or (record.site, record.packed) != (site, packed) or set(record.stamps) - set(stamps)
    if record is None or is_other or not _follows(archive, record):
        acts, wanted = acts_among(archive.commits()), None
    else:
        later = list(map(archive.commit, range(record.commit + 1, last.n + 1)))
        acts = [*map(archive.commit, record.acts), *acts_among(later)]
        first = record.commit if since is None else min(record.commit, since)
        numbers = {*range(first + 1, record.commit + 1), *_stamped_since(record, stamps)}
        again = map(archive.commit, sorted(numbers))
        wanted = None if any(map(_concerns_all, later)) else frozenset(_ids(archive, [*again, *later]))
    made = SiteRecord(
        site=site, commit=last.n, head=last.sha256, acts=tuple(one.n for one in acts), packed=packed, stamps=stamps
    )  # fmt: skip
    has_news = made != record or wanted is None or bool(wanted)
    return SitePlan(archive=archive, acts=tuple(acts), wanted=wanted, has_news=has_news, record=made)


def _packed(archive: Archive) -> tuple[str, ...]:
    """The containers of packed years: pages say where bytes lie."""
    containers = [file for folder in CONTAINERS for file in archive.layout.containers(folder)]
    return tuple(sorted(one.relative_to(archive.layout.root).as_posix() for one in containers if one.exists()))


def _stamped_since(record: SiteRecord, stamps: Iterable[str]) -> Iterator[int]:
    """Commits that a new time-stamp covers and none did before: proof pages tell the first, which no commit names."""
    covered = [commit_of(name) for name in record.stamps]
    for n in (commit_of(name) for name in stamps if name not in record.stamps):
        yield from range(max((one for one in covered if one < n), default=0) + 1, min(n, record.commit) + 1)


def _follows(archive: Archive, record: SiteRecord) -> bool:
    """Whether the archive goes on from where the window was made."""
    if record.commit > archive.last.n or archive.commit(record.commit).sha256 != record.head:
        return False
    before = record.head
    for commit in map(archive.commit, range(record.commit + 1, archive.last.n + 1)):
        if commit.prev != before:
            return False
        before = commit.sha256
    return True


def _concerns_all(commit: Commit) -> bool:
    """A redaction rewrites files in which other speeches have lines; a repair of the clock sets moments of all."""
    return commit.redaction is not None or commit.kind == CLOCK_KIND


def _ids(archive: Archive, commits: Iterable[Commit]) -> Iterator[str]:
    checked = CheckedFiles(archive)
    for commit in commits:
        for folder in STREAM_FOLDERS:
            yield from (head_of(*line)[0] for line in checked.lines(commit, folder))
        rekey = Rekey.of(commit)
        for pair in rekey.pairs if rekey else ():
            yield from (one.partition(":")[2] for one in (pair.old, pair.new))
