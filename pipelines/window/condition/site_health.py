"""Reads how the sites of a window are, as of the newest moment that their archives and journals record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import NAME, is_archive
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.moments import moment_of, stamp
from pipelines.archive.read.reader import Archive
from pipelines.exits import Exit
from pipelines.fleet.attempts import Journal, is_good
from pipelines.fleet.condition import Condition
from pipelines.fleet.survey import site_names_in, survey
from pipelines.gates.rules import LIST_SIZE
from pipelines.gates.usual import QUIET
from pipelines.window.condition.diagnosis import Diagnosis, HealthKind, diagnose
from pipelines.window.condition.pages_seen import NO_PAGES, both_pages
from pipelines.window.reading.words_removed import NOT_TOLD, WordsRemoved

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pipelines.fleet.condition import SiteStatus
    from pipelines.window.condition.pages_seen import BothPages

_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_REPORTS = 60
"""Reports that are searched for the last good run: two months of nights."""


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """How a site is: what its state looks like and by which facts, and the pages that show it."""

    status: SiteStatus
    diagnosis: Diagnosis
    pages: BothPages = NO_PAGES


@dataclass(frozen=True, slots=True)
class HealthOfAll:
    """How the sites are, the worst first, as of a moment (RFC 3339 in UTC)."""

    as_of: str
    sites: tuple[SiteHealth, ...]


def read_health(root: Path, sites: Collection[str] | None = None) -> HealthOfAll:
    """How the sites of a root are.

    Args:
        root: the folder that holds the archives and the fleet's journals.
        sites: only these; null for all.

    Raises:
        ArchiveError: the register or the root cannot be read.
    """
    try:
        return _read_health(root, sites)
    except (OSError, ValueError) as error:
        raise ArchiveError(str(error)) from error


def _read_health(root: Path, sites: Collection[str] | None) -> HealthOfAll:
    names = site_names_in(root) if sites is None else sorted(sites)
    as_of = max((moment for name in names for moment in _moments(root, name)), default=_NO_MOMENT)
    order = {kind: place for place, kind in enumerate(HealthKind)}
    found = [_health(root, _told(root, status)) for status in survey(root, as_of, names)]
    found.sort(key=lambda one: (order[one.diagnosis.kind], one.status.site))
    return HealthOfAll(stamp(as_of), tuple(found))


def _moments(root: Path, site: str) -> Iterator[datetime]:
    """When something was recorded of a site last; nothing of what cannot be read, which the survey tells."""
    if not NAME.fullmatch(site):
        return
    try:
        for attempt in Journal(root, site).attempts(1):
            yield from filter(None, (moment_of(one.at) for one in (attempt.began, attempt.ended) if one))
        if is_archive(root / site):
            yield from filter(None, (moment_of(Archive(root / site).last.recorded_at),))
    except (ArchiveError, OSError):
        return


def _told(root: Path, status: SiteStatus) -> SiteStatus:
    """The same with a message, from whatever a journal holds, that does not say where on this machine the root is."""
    return replace(status, message=str(status.message).replace(f"{root}/", ""))


def _health(root: Path, status: SiteStatus) -> SiteHealth:
    archive = _archive(root, status)
    if archive is None:
        return SiteHealth(status, diagnose(status, None))
    removed = WordsRemoved(has_orders=True, has_swept=False)  # until that is known
    try:
        removed = WordsRemoved.of(archive)
        report = archive.report(status.run) if status.run else None
        shown, told = _without_removed(status, removed, report)
        diagnosis = replace(diagnose(shown, told), kind=diagnose(status, report).kind)
        if report is None or not diagnosis.kind.is_of_the_site:
            return SiteHealth(shown, diagnosis)
        is_of_articles = any(gate.gate not in _OF_LISTS for gate in diagnosis.gates)
        pages = both_pages(archive, report, _last_good(archive), is_of_articles=is_of_articles)
    except (ArchiveError, AttributeError, KeyError, OSError, TypeError, ValueError):
        # a report that holds what none should
        return SiteHealth(_without_removed(status, removed, None)[0], diagnose(status, None))
    return SiteHealth(shown, diagnosis, pages)


def _without_removed(
    status: SiteStatus, removed: WordsRemoved, report: dict[str, Any] | None
) -> tuple[SiteStatus, dict[str, Any] | None]:
    """The state and the report without words that an order may have removed: the journal, which none cleans, keeps
    them.
    """
    if not removed.has_orders or status.condition in _OF_PERSONS or status.exit_status in _OURS or not status.message:
        return status, report
    told = removed.told(report)
    return replace(status, message=str(told.get("message") or NOT_TOLD)), report and told


_OF_PERSONS = frozenset({Condition.STALE, Condition.DISABLED, Condition.RETIRED})
_OURS = frozenset({Exit.DAMAGED, Exit.WRONG_USE})
"""The messages of these are not what a run said of the site."""
_OF_LISTS = frozenset({LIST_SIZE, QUIET})
"""Gates that speak of lists, not of articles."""


def _archive(root: Path, status: SiteStatus) -> Archive | None:
    folder = root / status.site
    if not NAME.fullmatch(status.site) or not is_archive(folder):
        return None
    try:
        return Archive(folder)
    except (ArchiveError, OSError):
        return None


def _last_good(archive: Archive) -> dict[str, Any] | None:
    for _, report in zip(range(_REPORTS), archive.past_reports(), strict=False):
        if is_good(report):
            return report
    return None
