"""Which sites of a deployment there are, which of them are asked for, and when each is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from crawler.run.fleet.deployment import Deployment, is_chosen
from crawler.run.fleet.due import Due, Times, due
from crawler.run.fleet.unknown_sites import unknown, without_profile
from crawler.sites.lookup import Known, NoProfile, Profiles
from crawler.sites.profile import ProfileError, SiteProfile
from crawler.sites.schedule import Hours, Schedule
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.exits import Exit
from pipelines.fleet.attempts import Attempt, Journal, is_good
from pipelines.fleet.register import Registered, read_register, write_register

_ATTEMPTS = 40
"""Newest attempts that are read: after fewer failures the wait is the longest."""
_REPORTS = 10
"""Newest reports of an archive without a journal that are searched for a good run."""
_ZONE_OF_THE_BROKEN = ZoneInfo("UTC")
_NO_OTHERS: Mapping[str, Sequence[bytes]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A site of the deployment: its profile or what is wrong with it, when it is due, and its last attempt."""

    site: str
    profile: SiteProfile | None
    error: str
    times: Times
    due: Due
    last: Attempt | None
    good_at: datetime | None = None
    """When its last good run began."""
    retired: str | None = None
    """Why a person retired it, as far as the last attempt found that out."""

    @property
    def is_enabled(self) -> bool:
        """Whether it is crawled; a site with a broken profile is, and fails."""
        return self.off_because is None

    @property
    def is_untried(self) -> bool:
        """Whether nobody has ever tried to crawl it, as far as its journal and its archive know."""
        return self.last is None and self.good_at is None

    @property
    def off_because(self) -> str | None:
        """Why it is not crawled; null when it is."""
        if self.profile is None or self.profile.enabled:
            return self.retired and f"retired: {self.retired}"
        return f"disabled: {self.profile.disabled_because}"

    @property
    def order(self) -> tuple[bool, bool, datetime | None, str]:
        """What was never tried comes first, then what has been due for longest."""
        return (self.due.at is None, not self.is_untried, self.due.at, self.site)


def candidates(
    deployment: Deployment, root: Path, now: datetime, others: Mapping[str, Sequence[bytes]] = _NO_OTHERS
) -> Iterator[Candidate]:
    """The sites of a deployment, with what their journals in the archive root `root` say.

    `others`: by site the lines of other machines that were not written there.
    """
    names = set()
    for known in Profiles(deployment.profiles).all():
        names.add(known.site)
        if _is_meant(known, deployment.sites):
            yield _candidate(known, deployment, root, now, others.get(known.site, ()))
    for known in without_profile(deployment, names):
        yield _candidate(known, deployment, root, now, others.get(known.site, ()))


def candidate(site: str, deployment: Deployment, root: Path, now: datetime) -> Candidate:
    """One site of a deployment, as `candidates`; one without a profile is a candidate with an error."""
    try:
        known = Known(site=site, profile=Profiles(deployment.profiles).load(site))
    except NoProfile:
        known = unknown(deployment, site)
    except ProfileError as error:
        known = Known(site=site, error=str(error))
    return _candidate(known, deployment, root, now)


def chosen(found: Iterable[Candidate], asked: Sequence[str]) -> list[Candidate]:
    """Those that names, globs and `tag:NAME` of the command line select; all when nothing is asked for."""
    wanted = tuple(asked)
    return [one for one in found if not wanted or _is_meant(Known(site=one.site, profile=one.profile), wanted)]


def _is_meant(known: Known, wanted: tuple[str, ...]) -> bool:
    """A broken profile may bear any tag: rather told once too often than forgotten."""
    if known.profile is not None:
        return is_chosen(known.profile, wanted)
    return any(one.startswith("tag:") or fnmatchcase(known.site, one) for one in wanted)


def _candidate(
    known: Known, deployment: Deployment, root: Path, now: datetime, others: Sequence[bytes] = ()
) -> Candidate:
    profile, times = known.profile, _times(known.profile, deployment)
    attempts = attempts_of(root, known.site, _ATTEMPTS, others)
    good_at = next((datetime.fromisoformat(one.began.at) for one in reversed(attempts) if one.is_good), None)
    good_at = good_at or _good_run(root / known.site)
    last = attempts[-1] if attempts else None
    is_refused = last is not None and last.ended is not None and last.ended.exit_status == Exit.WRONG_USE
    found = due(known.site, times, attempts, now, good_at, is_broken=profile is None)
    return Candidate(
        site=known.site,
        profile=profile,
        error=known.error,
        times=times,
        due=found,
        last=last,
        good_at=good_at,
        retired=_retired(root / known.site) if is_refused else None,
    )


def attempts_of(root: Path, site: str, most: int, others: Sequence[bytes] = ()) -> list[Attempt]:
    """The newest attempts at a site; none where the journal cannot be read, or can have no such name."""
    try:
        return Journal(root, site).attempts(most, others)
    except (OSError, ValueError):
        return []


def _times(profile: SiteProfile | None, deployment: Deployment) -> Times:
    own = (profile.schedule, profile.hours) if profile else (None, None)
    hours = deployment.hours if own[1] is None else own[1]
    return Times(
        schedule=Schedule.parse(own[0] or deployment.schedule),
        hours=Hours.parse(hours) if hours else None,
        zone=ZoneInfo(profile.timezone) if profile else _ZONE_OF_THE_BROKEN,
    )


def _good_run(folder: Path) -> datetime | None:
    """When the newest good run of an archive began: of one that is older than its journal."""
    try:
        for report in islice(Archive(folder).past_reports(), _REPORTS):
            if is_good(report):
                return datetime.fromisoformat(report["started_at"])
    except (ArchiveError, OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _retired(folder: Path) -> str | None:
    """Why an archive is retired; null when it is not, or cannot be read."""
    try:
        retired = Archive(folder).totals().retired
    except (ArchiveError, OSError):
        return None
    return str(retired["reason"]) if retired else None


def registered(one: Candidate, now: datetime) -> Registered:
    """The site's entry in the register."""
    at, profile = one.due.at if one.is_enabled else None, one.profile
    return Registered(
        site=one.site,
        name=profile.name if profile else None,
        committee=profile.committee if profile else None,
        tags=profile.tags if profile else (),
        enabled=profile is None or profile.enabled,
        disabled_because=profile.disabled_because if profile else None,
        schedule=one.times.schedule.text if profile else None,
        period_days=_period(one, now) if profile else None,
        next_due=stamp(at) if at else None,
        error=one.error or None,
    )


def register(root: Path, found: Iterable[Candidate], now: datetime, store: str = "") -> None:
    """Write the register; `OSError` when that cannot be done. `store`: where the archives are kept, if not here.

    A site that was never tried stays due since when it first was, so that it is told as stale.
    """
    try:
        before = {one.site: one.next_due for one in known.sites} if (known := read_register(root)) else {}
    except (OSError, ValueError):
        before = {}
    write_register(root, stamp(now), (_first_due(one, registered(one, now), before) for one in found), store)


def _first_due(one: Candidate, told: Registered, before: Mapping[str, str | None]) -> Registered:
    earlier = before.get(one.site)
    if not (one.is_untried and earlier and told.next_due and earlier < told.next_due):
        return told
    return replace(told, next_due=earlier)


def _period(one: Candidate, now: datetime) -> float | None:
    """Days from the newest slot of its schedule to the next."""
    schedule, rest = one.times.schedule, (one.site, one.times.zone, one.times.hours)
    before, after = schedule.slot_before(now, *rest), schedule.slot_after(now, *rest)
    return round((after - before).total_seconds() / 86_400, 3) if before and after else None
