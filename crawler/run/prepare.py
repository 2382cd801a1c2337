"""The beginning of a crawl: makes a job and the spider's settings from the arguments."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from scrapy.settings import BaseSettings, default_settings

from crawler import settings as project_settings
from crawler.crawl.plan import Plan
from crawler.http.hosts import Hosts
from crawler.http.politeness.admission import check_now
from crawler.http.politeness.host_clock import HostClockError
from crawler.http.politeness.pacing import ZONE
from crawler.replay.answers import Replay
from crawler.replay.occasion import CRAWL, REPROCESS, Occasion, occasion_of
from crawler.run.agent import software, user_agent
from crawler.run.arguments import LATEST, Arguments, WrongUse
from crawler.run.fleet.full_runs import is_full_due
from crawler.run.job import CrawlJob
from crawler.run.site_settings import ARCHIVING, add_to
from crawler.sites.profile import SiteProfile
from pipelines import __version__
from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.known import Totals
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.admission import CLOCK, NEW_CMS, Cautions
from pipelines.archive.write.writer import ArchiveRun
from pipelines.gaps.memory import Memory, newest_failing
from pipelines.health import RunReport
from pipelines.normalise import Normaliser
from pipelines.record import SiteFacts
from pipelines.stored.distant import Elsewhere

_log = logging.getLogger(__name__)


def prepare(
    arguments: Arguments, settings: BaseSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> CrawlJob:
    """Take the site's lock and make the job; from here on the run must end with `finish`.

    Raises:
        WrongUse: a wrong setting.
        ArchiveError: the archive refuses (lock held, other host, newer format, unwritable, clock behind).
    """
    _check_settings(settings)
    _check_politeness(settings, arguments, clock())
    scratch = None if settings.getbool("ARCHIVE") else TemporaryDirectory(prefix="speech-archive-")
    root = scratch.name if scratch else settings["ARCHIVE_ROOT"]
    folder = Path(root).expanduser().absolute() / arguments.profile.site
    occasion = occasion_of(_with_mode(arguments, settings, folder, clock()), folder, clock)
    replay = Replay(occasion.recorded) if occasion.recorded else None
    arguments, profile, now = occasion.arguments, occasion.arguments.profile, occasion.clock()
    reader = profile.family()
    gone_after_days = occasion.number("gone_after_days", profile.gone_after_days)
    gone_after_days = _whole_number(settings, "GONE_AFTER_DAYS", "days", gone_after_days)
    cautions = _cautions(settings, occasion, None if scratch else folder)
    asked = ("mode", "start_url", "limit")
    request = {key: getattr(arguments, key) for key in asked} | {"only_section": arguments.section}
    archive = ArchiveRun.open(
        folder,
        _facts(arguments),
        occasion.run,
        stamp(now),
        gone_after_days,
        cautions,
        {"software": software(), "request": request, "capture": _capture_info(profile, occasion.run, settings)},
    )
    archive.captures.stores_repeated = settings.getbool("CAPTURE_REPEATED")
    elsewhere = _elsewhere(folder, profile.site, settings)
    if elsewhere is not None:
        archive.captures.look_in(elsewhere)
    archive.tally.zone = ZoneInfo(profile.timezone)
    if replay is not None:
        _take_captures(archive, replay)
    normaliser = Normaliser(reader.reader, profile.digest, ZoneInfo(profile.timezone), profile.committee)
    memory = _memory(archive, occasion, stamp(now), normaliser.parser)
    report = RunReport(
        site=profile.site,
        run=occasion.run,
        mode=occasion.mode,
        start_url=arguments.start_url,
        started_at=stamp(now),
        limit=arguments.limit,
        only_section=arguments.section,
        has_new_ids=NEW_CMS in arguments.accept,
        memory=memory,
    )
    report.add_notes(_not_recorded(archive.facts_kept, profile, folder))
    return CrawlJob(
        occasion=occasion,
        family=reader,
        hosts=Hosts(arguments.start_url, profile.hosts),
        plan=Plan(archive.known, now, profile.young_days, read_all=arguments.mode == "full", memory=memory),
        archive=archive,
        report=report,
        normaliser=normaliser,
        folder=folder,
        gone_after_days=gone_after_days,
        replay=replay,
        captures=settings.getbool("CAPTURE") and replay is None and scratch is None,
        scratch=scratch,
        heads=cautions.heads,
        packs_years=scratch is None and settings.getbool("PACK_YEARS"),
        disk_floor=cautions.disk_floor,
        run_page="" if scratch else str(settings["RUN_PAGE"] or ""),
        doubts_clock=occasion.kind == CRAWL and scratch is None and _doubts_clock(archive, now, arguments),
        elsewhere=elsewhere,
        asked_last=_asked_last(archive) if occasion.kind == CRAWL else frozenset(),
    )


def _elsewhere(folder: Path, site: str, settings: BaseSettings) -> Elsewhere | None:
    """Where the files lie that the site's archive lacks, if it is a partial copy.

    The store is the operator's: the mark of an archive that came from elsewhere may name any.
    """
    layout = Layout(folder)
    mark = PartialCopy.of(layout)
    if mark is None:
        return None
    from pipelines.store.absent_files import AbsentFiles  # noqa: PLC0415 - of a partial copy only

    return AbsentFiles(mark, layout, site, str(settings["STORE"] or ""))


_RUNS_BEFORE = 10
"""Runs whose ends are remembered: more than one address may end them, one after the other."""


def _asked_last(archive: ArchiveRun) -> frozenset[str]:
    """The addresses at which the newest runs had to end: one must not hide the rest."""
    reports = islice(archive.past.past_reports(), _RUNS_BEFORE) if archive.past is not None else ()
    ended_by = ((report.get("politeness") or {}).get("ended_by") for report in reports)
    return frozenset(url for url in ended_by if isinstance(url, str))


def _memory(archive: ArchiveRun, occasion: Occasion, now: str, parser: str) -> Memory:
    """What earlier runs tell of gaps; of a run that is made again, what they told when it was made."""
    recorded, past, before = occasion.recorded, archive.past, None
    if recorded is not None and recorded.commit is not None:
        past = Archive(recorded.home)
        before = next(commit.n for commit in past.commits() if commit.run == recorded.run)
    if past is None or occasion.kind == REPROCESS:
        return Memory(now, parser=parser)
    decisions = past.totals() if before is None else Totals.of(past.commits()[: before - 1])
    failing = newest_failing(past.past_reports(before))
    if before is not None:  # what another parser would read was not asked then
        failing = [replace(one, parser=parser) for one in failing]
    return Memory(now, failing, decisions.accepted, parser=parser, asks_all=occasion.arguments.mode == "full")


def _with_mode(arguments: Arguments, settings: BaseSettings, folder: Path, now: datetime) -> Arguments:
    """The arguments, with every article to be read again where FULL_EVERY says so and the command line nothing."""
    days = _whole_number(settings, "FULL_EVERY", "days", 0)
    if not days or arguments.is_mode_given or arguments.is_partial or arguments.replay is not None:
        return arguments
    return replace(arguments, mode="full") if is_full_due(folder, days, now) else arguments


def _not_recorded(kept: SiteFacts | None, profile: SiteProfile, folder: Path) -> dict[str, int]:
    """What the profile says of the archive and the archive does not: only a person may record it."""
    notes = {}
    for name in ("rights", "contact"):
        given, known = getattr(profile, name), getattr(kept, name, None)
        if kept is not None and given and given != known:
            command = f"speech-archive describe {quote(str(folder))} --{name} {quote(given)} --reason TEXT"
            notes[f"the profile's {name} is not the archive's ({known or 'none'}); to record it: {command}"] = 1
    return notes


_LONGEST_INTERVAL = timedelta(days=40)
"""Between two runs: the longest schedule is a month. After more, the clock may be wrong as well."""


def _doubts_clock(archive: ArchiveRun, now: datetime, arguments: Arguments) -> bool:
    last = archive.last_commit_at
    return CLOCK not in arguments.accept and (last is None or now - datetime.fromisoformat(last) > _LONGEST_INTERVAL)


def _cautions(settings: BaseSettings, occasion: Occasion, folder: Path | None) -> Cautions:
    """A run made again has its own clock, and its archive is not the one whose heads are noted; `folder` is."""
    disk_floor = _whole_number(settings, "DISK_FLOOR_MB", "MiB", 0) << 20
    days = _whole_number(settings, "CLOCK_JUMP_DAYS", "days", 0)
    accept = occasion.arguments.accept
    if occasion.recorded is not None or folder is None:
        return Cautions(disk_floor=disk_floor, accept=accept, visits=False)
    heads = heads_file(settings)
    if heads is not None and not occasion.arguments.plan_only:
        heads.check(folder)
    return Cautions(disk_floor=disk_floor, heads=heads, jump_days=days, accept=accept, visits=occasion.kind == CRAWL)


def heads_file(settings: BaseSettings) -> HeadsFile | None:
    """Where heads are noted outside the archives; null when nowhere."""
    named = str(settings["HEADS_FILE"] or "")
    return HeadsFile(Path(named).expanduser().absolute()) if named else None


def check_names(given: Iterable[str]) -> None:
    """Refuse (`WrongUse`) misspelt settings: with DOWNLOAD_DELY there would be no delay at all.

    Other unknown names are only logged: an add-on or a spider's own component may read them.
    """
    known = {name for module in (default_settings, project_settings) for name in vars(module) if name.isupper()}
    for name in set(given) - known:
        if like := get_close_matches(name.upper(), known, 1, _MISSPELT):
            raise WrongUse(f"-s {name}=…: no such setting; did you mean {like[0]}?")
        _log.warning("-s %s=…: neither Scrapy nor this project reads it; it is for an add-on, or has no effect", name)


_MISSPELT = 0.78
"""Similarity from which a name is a misspelling: ARCHIVE_DIR is .78 like ARCHIVE_ROOT, an add-on's names are less."""


def _take_captures(archive: ArchiveRun, replay: Replay) -> None:
    """Copy the run's WARC files into the new archive, so that captures have the same places in both."""
    try:
        for name in replay.needed_files():
            archive.captures.take(Layout(replay.home).stored(name), name)
        archive.captures.repeat(replay.unnamed)
    except ArchiveError:
        archive.abandon()
        raise


def _capture_info(profile: SiteProfile, run: str, settings: BaseSettings) -> dict[str, str]:
    """Fields of the first record of each WARC file (`application/warc-fields`)."""
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


_FROM_THE_SITE = "every answer of a crawl comes from the site and is captured"
_SECONDS = ("RATE_LIMIT_WAIT", "CRAWL_DELAY_MAX", "OUTAGE_WAIT", "IDLE_TIMEOUT", "HANG_MAX")


def _check_settings(settings: BaseSettings) -> None:
    for name in ("DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "RETRY_TIMES", "RETRY_AFTER_MAX", "TIME_BUDGET", *_SECONDS):
        value = str(settings[name])
        if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", value):
            raise WrongUse(f"-s {name}={value}: must be a number, 0 or more")
    _check_run_page(str(settings["RUN_PAGE"] or ""))
    if settings.getbool("HTTPCACHE_ENABLED"):
        raise WrongUse(f"-s HTTPCACHE_ENABLED: {_FROM_THE_SITE}; -a replay={LATEST} reads what is stored")
    if taken := {"http", "https"} & set(settings.getdict("DOWNLOAD_HANDLERS")):
        raise WrongUse(f"-s DOWNLOAD_HANDLERS: {', '.join(sorted(taken))}: {_FROM_THE_SITE}, by a handler of ours")


def _check_politeness(settings: BaseSettings, arguments: Arguments, now: datetime) -> None:
    """Refuse a crawl that may not request its site, or not yet.

    Raises:
        WrongUse: a wrong setting, or a public site without a contact.
        NotYet: it is outside the site's hours, or the host asked to be left alone.
    """
    if arguments.replay is not None:
        return
    user_agent(settings, Hosts(arguments.start_url, arguments.profile.hosts))
    _whole_number(settings, "REQUEST_BUDGET", "requests", 0)
    try:
        check_now(settings, arguments.start_url, arguments.profile.timezone, now)
    except HostClockError as error:
        raise WrongUse(str(error)) from error
    except ValueError as error:
        raise WrongUse(f"-s CRAWL_HOURS={error}") from error


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
        # A replica's host is the archive's only host, so that the live site is never crawled into it.
        hosts=tuple(dict.fromkeys((own, *named))) if own in named else (own,),
        timezone=profile.timezone,
        language=profile.language,
        rights=profile.rights,
        contact=profile.contact,
    )


def adjust(settings: BaseSettings, job: CrawlJob) -> None:
    """Adjust the settings to the job, before Scrapy freezes them."""
    add_to(settings, ARCHIVING)
    settings.set(ZONE, job.profile.timezone, priority="spider")
    recorded = job.occasion.recorded
    own = recorded.settings() if recorded else {"USER_AGENT": user_agent(settings, job.hosts)}
    settings.setdict(own, priority="cmdline")
    # These log messages advise to keep broken answers, and repeat for each page what the summary says once.
    for name, level in _TOO_LOUD.items():
        logging.getLogger(name).setLevel(level)


_TOO_LOUD = {
    "scrapy.core.downloader.handlers.http11": logging.ERROR,
    "crawler.http.transport.client": logging.ERROR,
    "scrapy.core.downloader.tls": logging.ERROR,
    "scrapy.downloadermiddlewares.robotstxt": logging.CRITICAL,
}


def _check_run_page(language: str) -> None:
    """`WrongUse` for a language that pages do not have, and where no page can be made."""
    if language not in {"", "en", "zh"}:
        raise WrongUse(f"-s RUN_PAGE={language}: must be en or zh, or empty for no page")
    if language and find_spec("jinja2") is None:
        raise WrongUse("-s RUN_PAGE: jinja2 is not installed: pip install 'CHECKOUT-OR-WHEEL[window]'")
