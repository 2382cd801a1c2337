"""The end of a crawl: its verdict, its commit, and how both are told."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler

from crawler.http.notes import notes, statistics
from crawler.run.agent import software
from crawler.run.job import CrawlJob
from crawler.run.summary import summary
from pipelines.archive.disk.heads_file import Noted
from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.write.writer import MASS_GONE, Sealed
from pipelines.exits import Exit
from pipelines.health import Verdict, verdict
from pipelines.reasons import Reason

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a crawl ended.

    Args:
        verdict: its name in a word, the exit status and a sentence.
        report: the run report (`run/1`), as the archive keeps it.
        sealed: number, head and counts of its commit; None when there is none.
        folder: the site's archive.
        summary: what `scrapy crawl` prints, without a final newline.
    """

    verdict: Verdict
    report: dict[str, Any]
    sealed: Sealed | None
    folder: Path
    summary: str

    @property
    def exit_status(self) -> Exit:
        """What the README lists."""
        return self.verdict.exit_status


def finish(job: CrawlJob, ended: str | None, traffic: dict[str, Any], politeness: dict[str, Any]) -> Outcome:
    """Judge and seal a run that has ended. Whoever calls it sees to it that no signal cuts it short.

    Args:
        job: the job, its report filled.
        ended: Scrapy's finish reason; None when the crawl was cut off before it could give one.
        traffic: counts of requests, answers and retries.
        politeness: robots.txt and delays as seen.

    Returns:
        The outcome; nothing is sealed when there is nothing to keep: the site was never found.
    """
    if ended in {None, "shutdown"}:
        job.report.note_stopped("by a signal")
    if job.occasion.recorded is not None:
        job.occasion.recorded.end()
    mass = job.archive.mass_deletion()
    if mass is not None and MASS_GONE not in job.arguments.accept:
        job.report.refuse_mass_deletion(mass.gone, mass.present)
    judged = verdict(job.report)
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
    sealed = None
    if job.arguments.plan_only or job.scratch or _has_nothing_to_keep(job, judged):
        judged = _abandoned(job, judged)
        if job.scratch is not None:
            job.scratch.cleanup()
    else:
        judged, sealed = _sealed(job, judged, document)
    said = {"verdict": judged.name, "exit_status": int(judged.exit_status), "message": judged.message}
    return Outcome(
        verdict=judged,
        report=document | said,
        sealed=sealed,
        folder=job.folder,
        summary=summary(job, judged, sealed),
    )


def _abandoned(job: CrawlJob, judged: Verdict) -> Verdict:
    """The verdict once what was staged is dropped; the archive's own word when even that cannot be done."""
    try:
        job.archive.abandon()
    except ArchiveError as error:
        return _refused(error)
    return judged


def _refused(error: ArchiveError) -> Verdict:
    status = error.exit_status
    return Verdict("interrupted" if status is Exit.INTERRUPTED else "error", status, str(error))


def _sealed(job: CrawlJob, judged: Verdict, document: dict[str, Any]) -> tuple[Verdict, Sealed | None]:
    """The verdict and the commit; the archive's own word, and none, when it cannot be made."""
    at = job.now()
    try:
        sealed = job.archive.seal(document, at, software(), job.occasion.kind, job.arguments.accept)
        return _noted(job, judged, sealed, at), sealed
    except ArchiveError as error:
        return _refused(error), None
    finally:
        job.archive.close()


def _noted(job: CrawlJob, judged: Verdict, sealed: Sealed, at: str) -> Verdict:
    """The verdict once the head is noted where `HEADS_FILE` says; whoever relies on it must know when it is not."""
    if job.heads is None:
        return judged
    noted = Noted(at=at, site=job.profile.site, commit=sealed.commit, head=sealed.head)
    try:
        is_first = sealed.commit > 1 and job.heads.last(noted.site) is None
        job.heads.note(noted)
    except (OSError, NotUnderstood) as error:
        said = (
            f"{judged.message}; but the head could not be noted: {error}. Append to it: {noted.line().decode()[:-1]}"
        )
        is_well = judged.exit_status in {Exit.COMPLETE, Exit.GAPS}
        return Verdict("interrupted", Exit.INTERRUPTED, said) if is_well else replace(judged, message=said)
    if is_first:
        said = f"{judged.message}; {job.heads.file} had no head of {noted.site} before this run's"
        return replace(judged, message=said)
    return judged


def _has_nothing_to_keep(job: CrawlJob, judged: Verdict) -> bool:
    """True for the first run at a wrong address: an archive made of it would remember a host that is no host.

    And for a run under a doubtful clock: its commit would keep the archive from later ones until that moment comes.
    """
    if job.report.is_clock_doubted:
        return True
    if job.archive.known or job.report.section is not None:
        return False
    reasons = {gap.reason for gap in job.report.not_captured}
    return judged.exit_status is Exit.WRONG_USE or reasons == {Reason.NETWORK.value}


def seal(crawler: Crawler, job: CrawlJob | None = None) -> Outcome:
    """Judge and seal the crawl that a crawler of the spider `speeches` has ended, whoever ran it.

    Args:
        crawler: after its crawl: `AsyncCrawlerProcess.start` has returned, or the task of its `crawl` is done.
        job: what was crawled, where the crawler may not have come so far as to have a spider.

    Raises:
        ValueError: there is nothing to seal: another spider's crawler, or one at work.
    """
    job = job or getattr(crawler.spider, "job", None)
    if not isinstance(job, CrawlJob) or crawler.crawling:
        raise ValueError("seal() takes the crawler of a crawl of the spider `speeches` that has ended")
    job.report.add_notes(notes(crawler))
    outcome = finish(job, statistics(crawler).get("finish_reason"), *_figures(crawler))
    if feeds := _feeds_not_written(crawler):
        return _without_feeds(outcome, feeds)
    return outcome


def park(job: CrawlJob, reason: str) -> None:
    """End a crawl whose spider prepared its own job: see what it read on the disk, and say what it lacks.

    `reason` is Scrapy's finish reason.
    """
    if job.scratch is not None:
        outcome = finish(job, reason, {}, {})
        _log.log(logging.WARNING if outcome.exit_status else logging.INFO, outcome.summary)
        return
    try:
        job.archive.save()
    except ArchiveError as error:
        job.report.refuse(error.exit_status, str(error))
        _log.error("%s", error)
    _log.warning(
        "run %s is not sealed yet: what it read lies in %s. Call crawler.seal(crawler) after the crawl for its "
        "verdict and its commit; else the next run of the site keeps it as an interrupted run's",
        job.report.run,
        job.folder / "staging",
    )


def _feeds_not_written(crawler: Crawler) -> str:
    """The feeds, when fewer were stored than the crawl was to write: Scrapy only logs it."""
    stats, feeds = statistics(crawler), crawler.settings.getdict("FEEDS")
    stores_empty = crawler.settings.getbool("FEED_STORE_EMPTY")
    has_items = bool(stats.get("item_scraped_count"))
    due = sum(has_items or feed.get("store_empty", stores_empty) for feed in feeds.values())
    stored = sum(count for key, count in stats.items() if key.startswith("feedexport/success_count/"))
    return ", ".join(feeds) if "finish_reason" in stats and stored < due else ""


def _without_feeds(outcome: Outcome, feeds: str) -> Outcome:
    """The archive is what it is; but who asked for a feed and has none must know, by the exit status as well."""
    said = f"feed      not written: {feeds}; the log says why"
    judged = outcome.verdict
    if judged.exit_status is Exit.COMPLETE:
        judged = Verdict("error", Exit.INTERNAL_ERROR, f"{judged.message}; but {said.removeprefix('feed').strip()}")
    return replace(outcome, verdict=judged, summary=f"{outcome.summary}\n{said}")


def _figures(crawler: Crawler) -> tuple[dict[str, Any], dict[str, Any]]:
    """Traffic and politeness of a finished crawl, for the run report."""
    stats, settings = statistics(crawler), crawler.settings
    traffic = {key: stats[key] for key in sorted(stats) if key.startswith(("downloader/", "retry/"))}
    robots = {key: stats[key] for key in sorted(stats) if key.startswith("robotstxt/")}
    politeness = {
        "user_agent": settings["USER_AGENT"],
        "obeys_robots_txt": settings.getbool("ROBOTSTXT_OBEY"),
        "robots_txt": robots,
        "delay_seconds": settings.getfloat("DOWNLOAD_DELAY"),
        "retry_times": settings.getint("RETRY_TIMES"),
        "requests_at_once": settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"),
    }
    return traffic, politeness
