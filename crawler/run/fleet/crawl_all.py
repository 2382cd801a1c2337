"""A run over a deployment's sites, from its selection to its exit status."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scrapy.settings import Settings

from crawler.run.attempt import enter_failure, recipients
from crawler.run.fleet.deployment import Deployment
from crawler.run.fleet.one_loop import ending_on_signals, run_in_loop
from crawler.run.fleet.planning import Candidate, candidates, chosen, register
from crawler.run.fleet.runner import Fleet
from crawler.run.fleet.told import progress_line
from crawler.sites.profile import ProfileError
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.errors import FleetHangs, LockHeld, writing
from pipelines.archive.read.moments import stamp
from pipelines.exits import Exit
from pipelines.fleet.attempts import FLEET, Ended
from pipelines.fleet.fleet_runs import FleetRun, SiteEnded, forget_old, unfinished
from pipelines.fleet.notify import tell

_log = logging.getLogger(__name__)
_PROGRESS_SECONDS = 0.5
_LONGEST_SITE = timedelta(days=2)
"""The largest sites take hours; several are crawled at once, so that one ends more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for.

    Args:
        sites: names, globs and `tag:NAME`; none for all of the deployment.
        due: only those that are due.
        jobs: sites at once.
        max_hours: after so many hours the run is stopped; null for never.
    """

    sites: tuple[str, ...] = ()
    due: bool = False
    jobs: int = 1
    max_hours: float | None = None


@dataclass(slots=True)
class Plan:
    """All sites of the deployment, those asked for, those to crawl now, in order, and those with a broken profile."""

    all: list[Candidate]
    meant: list[Candidate]
    now: list[Candidate] = field(default_factory=list)
    broken: list[Candidate] = field(default_factory=list)


class NothingMeant(ValueError):  # noqa: N818 - reads as a sentence
    """A name, glob or tag selects no site; the message says which."""


def plan(deployment: Deployment, root: Path, wanted: Wanted, now: datetime, record: FleetRun | None = None) -> Plan:
    """Which sites are crawled now; `record` is the run that is continued, if any.

    Raises:
        NothingMeant: one of the names, globs and tags selects no site of the deployment.
        ProfileError: the folder of profiles cannot be read.
    """
    found = list(candidates(deployment, root, now))
    meant = chosen(found, wanted.sites)
    nothing = [one for one in wanted.sites if not chosen(found, (one,))]
    if nothing or not meant:
        by = ", ".join(nothing or deployment.sites)
        raise NothingMeant(
            f"no site is selected by {by}; `speech-archive crawlall --plan` lists all of {deployment.file}"
        )
    run = record.run if record else None
    begun = [one for one in meant if one.is_enabled and _has_a_turn(one, wanted, run, now)]
    now_ = sorted((one for one in begun if one.profile), key=lambda one: (_died_in(one, run), one.order))
    return Plan(found, meant, now_, [one for one in begun if not one.profile])


def _has_a_turn(one: Candidate, wanted: Wanted, run: str | None, now: datetime) -> bool:
    if _died_in(one, run):
        return True
    if wanted.due:
        return one.due.is_now(now)
    return not (run and _ended_in(one, run))


def _died_in(one: Candidate, run: str | None) -> bool:
    """Whether it was under way when the process of this run died."""
    return bool(run and one.last and one.last.is_dead and one.last.began.fleet == run)


def _ended_in(one: Candidate, run: str) -> bool:
    """Whether this run has crawled it; what was interrupted goes on."""
    last = one.last
    return bool(last and last.ended and last.began.fleet == run and last.ended.exit_status != Exit.INTERRUPTED)


def crawl_all(
    deployment: Deployment,
    settings: Settings,
    wanted: Wanted,
    start: Callable[[], None],
    clock: Callable[[], datetime],
) -> tuple[FleetRun, set[str]]:
    """Crawl the sites that are wanted; signals end the run, sealed as interrupted.

    Args:
        deployment: whose sites.
        settings: Scrapy's, with the deployment's values.
        wanted: which of them, and how.
        start: runs the event loop (of the main thread) until its reactor is stopped.
        clock: the current time, aware, in UTC.

    Returns:
        The run, and the sites of it that no process told of; one that was stopped, and is continued, has others.

    Raises:
        LockHeld, FleetHangs: another such run is under way.
        ArchiveError: the archive root cannot be written.
        NothingMeant, ProfileError: as `plan`.
    """
    root, began = Path(settings["ARCHIVE_ROOT"]).expanduser().absolute(), clock()
    tell_of = _teller(root, settings, clock)
    with _alone(root, began, tell_of):
        selection = {"sites": list(wanted.sites), "due": wanted.due}
        continued = unfinished(root, selection, began)
        planned = plan(deployment, root, wanted, began, continued)
        register(root, planned.all, began)
        forget_old(root)
        record = continued or FleetRun(
            run=run_id(began), began_at=stamp(began), selection=selection, jobs=wanted.jobs
        )
        has_died = continued is not None and continued.ended_at is None
        _go_on(record, planned, wanted.jobs)
        untold = set(record.sites) if has_died else set()
        for one in planned.broken:
            ended = enter_failure(root, one.site, ProfileError(one.error), record.run, clock())
            record.sites[one.site] = _of_journal(one.site, ended)
        profiles = (one.profile for one in planned.now if one.profile)
        fleet = Fleet(record, profiles, settings, root, tell_of)
        with ending_on_signals(fleet.stop):
            # A name that does not resolve holds a thread for half a minute.
            run_in_loop(_crawl(fleet, wanted), start, threads=wanted.jobs + 10)
        try:
            register(root, candidates(deployment, root, clock()), clock())
        except (OSError, ProfileError) as error:  # the crawls are sealed and must be told
            _log.error("the register was not written anew: %s", error)
        return record, fleet.ended | untold | {one.site for one in planned.broken}


@contextmanager
def _alone(root: Path, now: datetime, tell_of: Callable[[None], None]) -> Iterator[None]:
    """Hold the lock of the fleet; an `OSError` within becomes the `ArchiveError` that names the remedy.

    Where another run holds it, what is stale is told nevertheless: that run may hang. `FleetHangs` when it seems to.
    """
    with writing(root):
        (root / FLEET).mkdir(parents=True, exist_ok=True)
        try:
            lock = SiteLock(root / FLEET / "lock", run_id(now))
        except LockHeld as error:
            tell_of(None)
            if _is_hanging(root, now):
                why = f"{error}. No site of it has ended for {_LONGEST_SITE.days} days: if it hangs, kill it"
                raise FleetHangs(f"{why}; the next run goes on") from error
            raise
        try:
            yield
        finally:
            lock.release()


def _is_hanging(root: Path, now: datetime) -> bool:
    """Whether the run that holds the lock has written nothing for long; each site that ends is entered at once."""
    written = [file.stat().st_mtime for file in (root / FLEET).glob("[0-9]*.json")]
    return bool(written) and now.timestamp() - max(written) > _LONGEST_SITE.total_seconds()


def _teller(root: Path, settings: Settings, clock: Callable[[], datetime]) -> Callable[[set[str] | None], None]:
    """Tells of changed verdicts of some sites, or of all; `WrongUse` for a wrong setting of who is told."""
    told = recipients(settings)

    def tell_of(sites: set[str] | None) -> None:
        for failure in tell(root, told, clock(), sites):
            _log.error("%s", failure)

    return tell_of


def run_id(now: datetime) -> str:
    """The id of a run that begins at a moment (aware)."""
    return f"{now.astimezone(UTC):%Y%m%dt%H%M%Sz}-{secrets.token_hex(2)}"


def _go_on(record: FleetRun, planned: Plan, jobs: int) -> None:
    """Put what the journals know, which is never older, into the record of a run that died or was stopped."""
    record.jobs, record.ended_at, record.stopped = jobs, None, None
    for one in planned.all:
        if one.last and one.last.ended and one.last.began.fleet == record.run:
            record.sites[one.site] = _of_journal(one.site, one.last.ended)


def _of_journal(site: str, ended: Ended) -> SiteEnded:
    return SiteEnded(
        site=site,
        exit_status=ended.exit_status,
        verdict=ended.verdict,
        message=ended.message,
        seconds=ended.seconds,
        counts=ended.counts,
        commit=ended.commit,
        head=ended.head,
    )


async def _crawl(fleet: Fleet, wanted: Wanted) -> None:
    if wanted.max_hours is not None:
        why = f"after --max-hours {wanted.max_hours:g}"
        asyncio.get_running_loop().call_later(wanted.max_hours * 3600, fleet.stop, why)
    progress = asyncio.ensure_future(_show_progress(fleet)) if sys.stderr.isatty() else None
    try:
        await fleet.run()
    finally:
        if progress:
            progress.cancel()
            sys.stderr.write("\r\x1b[K")


async def _show_progress(fleet: Fleet) -> None:
    loop, before = asyncio.get_running_loop(), len(fleet.record.sites)
    began = loop.time()
    while True:
        run, seconds = fleet.record, loop.time() - began
        line = progress_line(run, fleet.running, len(fleet.queue), fleet.pages, seconds, len(run.sites) - before)
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
        await asyncio.sleep(_PROGRESS_SECONDS)
