"""A crawl from its arguments to its sealed commit: what `scrapy crawl` does around the spider."""

from __future__ import annotations

import platform
import re
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from scrapy.settings import BaseSettings

from crawler.arguments import Arguments, WrongUse
from crawler.hosts import Hosts
from crawler.job import CrawlJob, stamp
from crawler.occasion import occasion_of
from crawler.pages import family
from crawler.plan import Plan
from crawler.profile import SiteProfile
from crawler.replay import Replay
from pipelines import __version__
from pipelines.archive.errors import ArchiveError
from pipelines.archive.write.writer import MASS_GONE, ArchiveRun, Sealed
from pipelines.health import Exit, RunReport, Verdict, verdict
from pipelines.normalise import Normaliser
from pipelines.reasons import Reason
from pipelines.record import SiteFacts


def prepare(
    arguments: Arguments, settings: BaseSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> CrawlJob:
    """Take the site's lock and make the job; from here on every end of the run goes through `finish`.

    Raises:
        WrongUse: a setting that cannot be meant.
        ArchiveError: the archive refuses (lock held, other host, newer format, unwritable, clock behind).
    """
    _check_settings(settings)
    folder = Path(settings["ARCHIVE_ROOT"]).expanduser().absolute() / arguments.profile.site
    occasion = occasion_of(arguments, folder, clock)
    replay = Replay(occasion.recorded) if occasion.recorded else None
    arguments, profile, now = occasion.arguments, occasion.arguments.profile, occasion.clock()
    names = (profile.name, profile.committee)
    reader = family(
        profile.cms,
        profile.static_article,
        profile.section,
        names,
        profile.containers,
        print_page=profile.print_page,
    )
    gone_after_days = occasion.told("gone_after_days", profile.gone_after_days)
    gone_after_days = _whole_number(settings, "GONE_AFTER_DAYS", "days", gone_after_days)
    request = {"mode": arguments.mode, "start_url": arguments.start_url, "limit": arguments.limit}
    archive = ArchiveRun.open(
        folder,
        _facts(arguments),
        occasion.run,
        stamp(now),
        gone_after_days,
        _whole_number(settings, "DISK_FLOOR_MB", "MiB", 0) << 20,
        {"software": _software(), "request": request, "capture": _capture_info(profile, occasion.run, settings)},
    )
    if replay is not None:
        _take_captures(archive, replay)
    return CrawlJob(
        profile=profile,
        family=reader,
        hosts=Hosts(arguments.start_url, profile.hosts),
        start_url=arguments.start_url,
        plan=Plan(archive.known, now, profile.young_days, read_all=arguments.mode == "full"),
        plan_only=arguments.plan_only,
        limit=arguments.limit,
        accept=arguments.accept,
        archive=archive,
        report=RunReport(
            site=profile.site,
            run=occasion.run,
            mode=occasion.mode,
            start_url=arguments.start_url,
            started_at=stamp(now),
            limit=arguments.limit,
        ),
        normaliser=Normaliser(reader.reader, profile.digest, ZoneInfo(profile.timezone)),
        clock=occasion.clock,
        folder=folder,
        gone_after_days=gone_after_days,
        occasion=occasion,
        replay=replay,
        captures=settings.getbool("CAPTURE") and replay is None,
    )


def _take_captures(archive: ArchiveRun, replay: Replay) -> None:
    """The run's WARC files become the new archive's own, so that each place a line names is the same in both."""
    try:
        for name in replay.needed_files():
            archive.captures.take(replay.home / name, name)
    except ArchiveError:
        archive.abandon()
        raise


def _capture_info(profile: SiteProfile, run: str, settings: BaseSettings) -> dict[str, str]:
    """What the first record of each WARC file says (`application/warc-fields`)."""
    contact = str(settings["ARCHIVE_CONTACT"])
    return {
        "software": f"speech-archive/{__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "isPartOf": f"{profile.site}-{run}",
        "description": f"leader speeches of {profile.name}",
        "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        **({"operator": contact} if contact else {}),
    }


_SECONDS = ("CRAWL_DELAY_MAX", "OUTAGE_WAIT", "IDLE_TIMEOUT", "HANG_MAX")


def _check_settings(settings: BaseSettings) -> None:
    for name in ("DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "RETRY_TIMES", "RETRY_AFTER_MAX", *_SECONDS):
        value = str(settings[name])
        if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", value):
            raise WrongUse(f"-s {name}={value}: must be a number, 0 or more")
    if not str(settings["ARCHIVE_CONTACT"] or "-").isprintable():
        raise WrongUse("-s ARCHIVE_CONTACT: must be one line of printable characters")


def _whole_number(settings: BaseSettings, name: str, unit: str, default: int) -> int:
    given = settings.get(name)
    if given is None:
        return default
    if not re.fullmatch("[0-9]{1,9}", str(given)):
        raise WrongUse(f"-s {name}={given}: must be a number of {unit}, 0 or more")
    return int(given)


def _facts(arguments: Arguments) -> SiteFacts:
    profile = arguments.profile
    own = (urlsplit(arguments.start_url).hostname or "").lower()
    named = tuple(host.partition(":")[0].lower() for host in profile.hosts)
    return SiteFacts(
        site=profile.site,
        name=profile.name,
        committee=profile.committee,
        cms=profile.cms,
        id_namespace=profile.id_namespace,
        # A replica's host is the archive's only host: the live site must not be crawled into it.
        hosts=tuple(dict.fromkeys((own, *named))) if own in named else (own,),
        timezone=profile.timezone,
        language=profile.language,
        rights=profile.rights,
        contact=profile.contact,
    )


def finish(
    job: CrawlJob, ended: str | None, traffic: dict[str, Any], politeness: dict[str, Any]
) -> tuple[Verdict, Sealed | None]:
    """Judge and seal a run that has ended.

    Args:
        job: the job, its report filled.
        ended: Scrapy's finish reason; None when the crawl was cut off before it could give one.
        traffic: counts of requests, answers and retries.
        politeness: robots.txt and delays as seen.

    Returns:
        The verdict, and what was sealed (None when there is nothing to keep: the site was never found).
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if ended in {None, "shutdown"}:
        job.report.stopped = "by a signal"
    if job.occasion.recorded is not None:
        job.occasion.recorded.end()
    mass = job.archive.mass_deletion()
    if mass is not None and job.accept != MASS_GONE:
        job.report.refuse_mass_deletion(mass.gone, mass.present)
    judged = verdict(job.report)
    if job.plan_only or _has_nothing_to_keep(job, judged):
        job.archive.abandon()
        return judged, None
    document = job.report.document(
        judged,
        ended_at=job.now(),
        aliases=sorted(job.hosts.aliases),
        gone_after_days=job.gone_after_days,
        traffic=traffic,
        politeness=politeness,
        replay=job.replay.document() if job.replay else None,
        captures={"fallback": job.report.capture_fallback, **dict(sorted(job.archive.captures.counts.items()))},
    )
    try:
        sealed = job.archive.seal(document, job.now(), _software(), job.occasion.kind, job.accept)
    except ArchiveError as error:
        status = Exit(error.exit_status)
        return Verdict("interrupted" if status is Exit.INTERRUPTED else "error", status, str(error)), None
    finally:
        job.archive.close()
    return judged, sealed


def _has_nothing_to_keep(job: CrawlJob, judged: Verdict) -> bool:
    """True for the first run at a wrong address: an archive made of it would remember a host that is no host."""
    if job.archive.known or job.report.section is not None:
        return False
    reasons = {gap.reason for gap in job.report.not_captured}
    return judged.exit_status is Exit.WRONG_USE or reasons == {Reason.NETWORK.value}


def _software() -> dict[str, str]:
    libraries = {name: version(name) for name in ("scrapy", "twisted", "lxml", "w3lib")}
    return {"speech-archive": __version__, "python": platform.python_version(), "system": sys.platform, **libraries}
