"""The end of a crawl: verdict, commit and summary."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler

from crawler.http.notes import certificates_told, notes, robots_told, statistics
from crawler.http.politeness.limits import End
from crawler.http.politeness.pacing import delay_of, pacing_of
from crawler.run.agent import software
from crawler.run.ending.closed_year import pack_closed_year
from crawler.run.ending.health_gates import judge_by_gates
from crawler.run.ending.run_page import write_run_page
from crawler.run.ending.summary import summary
from crawler.run.job import CrawlJob
from pipelines.archive.disk.heads_file import Noted
from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.admission import MASS_GONE
from pipelines.archive.write.writer import Sealed
from pipelines.exits import ARCHIVED, BLOCKED, Exit
from pipelines.health import RunReport, Verdict, verdict
from pipelines.reasons import Reason
from pipelines.shown import one_line
from pipelines.values import frozen

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Outcome:
    """The result of a crawl.

    Args:
        verdict: its name, the exit status and a sentence.
        report: the run report (`run/1`), as stored in the archive.
        sealed: number, head and counts of its commit; None when there is none.
        folder: the site's archive.
        summary: the text that `scrapy crawl` prints, without a final newline.
    """

    verdict: Verdict
    report: dict[str, Any]
    sealed: Sealed | None
    folder: Path
    summary: str

    @property
    def exit_status(self) -> Exit:
        """The exit status as listed in docs/operations.md."""
        return self.verdict.exit_status


_ENDS = {"finished", "closespider_errorcount"}
"""Finish reasons of a crawl that no limit of Scrapy and no component stopped: errors are errors of this program."""


def finish(job: CrawlJob, ended: str | None, traffic: dict[str, Any], politeness: dict[str, Any]) -> Outcome:
    """Compute the verdict of a run that has ended, and seal it. The caller must block signals.

    Args:
        job: the job, its report filled.
        ended: Scrapy's finish reason; None when the crawl was cut off before it could give one.
        traffic: counts of requests, answers and retries.
        politeness: robots.txt and delays, as observed.

    Returns:
        The outcome; nothing is sealed when the site was never found.
    """
    if job.report.stopped is None and ended in {None, "shutdown"}:
        job.report.note_stopped("by a signal")
    elif job.report.stopped is None and ended not in _ENDS:
        job.report.note_stopped(f"by {ended}")
    if job.occasion.recorded is not None:
        job.occasion.recorded.end()
    judge_by_gates(job)
    mass = None if job.report.is_withheld else job.archive.mass_deletion()
    if mass is not None and MASS_GONE not in job.arguments.accept:
        job.report.refuse_mass_deletion(mass.gone, mass.present)
    judged = verdict(job.report)
    document = job.report.document(
        judged,
        ended_at=job.now(),
        aliases=sorted(job.hosts.aliases),
        gone_after_days=job.gone_after_days,
        withheld=job.archive.tally.written() if job.report.is_withheld else None,
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
    closed = pack_closed_year(job, judged) if sealed else None
    judged = closed.verdict if closed else judged
    result = {"verdict": judged.name, "exit_status": int(judged.exit_status), "message": judged.message}
    lines = [summary(job, judged, sealed), *([closed.summary] if closed else [])]
    if sealed is not None and job.run_page:
        lines.append(one_line(write_run_page(job)))
    return Outcome(
        verdict=judged,
        report=document | result,
        sealed=sealed,
        folder=job.folder,
        summary="\n".join(lines),
    )


def _abandoned(job: CrawlJob, judged: Verdict) -> Verdict:
    """The verdict after the staged lines are discarded; the archive's error when that fails."""
    try:
        job.archive.abandon()
    except ArchiveError as error:
        return _refused(error)
    return judged


def _refused(error: ArchiveError) -> Verdict:
    status = error.exit_status
    return Verdict(BLOCKED if status is Exit.INTERRUPTED else "error", status, str(error))


def _sealed(job: CrawlJob, judged: Verdict, document: dict[str, Any]) -> tuple[Verdict, Sealed | None]:
    """The verdict and the commit; the archive's error and None when it cannot be made."""
    at = job.now()
    try:
        sealed = job.archive.seal(document, at, software(), job.occasion.kind, job.arguments.accept, job.report.gates)
        return _noted(job, judged, sealed, at), sealed
    except ArchiveError as error:
        return _refused(error), None
    finally:
        job.archive.close()


def _noted(job: CrawlJob, judged: Verdict, sealed: Sealed, at: str) -> Verdict:
    """The verdict after the head is noted in `HEADS_FILE`; it says so when the head could not be noted."""
    if job.heads is None:
        return judged
    noted = Noted(at=at, site=job.profile.site, commit=sealed.commit, head=sealed.head)
    try:
        is_first = sealed.commit > 1 and job.heads.last(noted.site) is None
        job.heads.note(noted)
    except (OSError, NotUnderstood) as error:
        message = (
            f"{judged.message}; but the head could not be noted: {error}. Append to it: {noted.line().decode()[:-1]}"
        )
        is_well = judged.exit_status in ARCHIVED
        return Verdict(BLOCKED, Exit.INTERRUPTED, message) if is_well else replace(judged, message=message)
    if is_first:
        message = f"{judged.message}; {job.heads.file} had no head of {noted.site} before this run's"
        return replace(judged, message=message)
    return judged


def _has_nothing_to_keep(job: CrawlJob, judged: Verdict) -> bool:
    """True for a first run at a wrong address: its archive would remember a wrong host.

    Also for a run with a doubtful clock: after its commit, later runs would be refused until that moment.
    """
    if job.report.is_clock_doubted:
        return True
    if job.archive.known or job.report.section is not None:
        return False
    reasons = {gap.reason for gap in job.report.not_captured}
    return judged.exit_status is Exit.WRONG_USE or reasons == {Reason.NETWORK.value}


def seal(crawler: Crawler, job: CrawlJob | None = None) -> Outcome:
    """Compute the verdict of a finished crawl of the spider `speeches`, and seal it, whoever ran it.

    Args:
        crawler: after its crawl: `AsyncCrawlerProcess.start` has returned, or the task of its `crawl` is done.
        job: needed where the crawler may have failed before it had a spider.

    Raises:
        ValueError: there is nothing to seal: the crawler is of another spider, or still running.
    """
    job = job or getattr(crawler.spider, "job", None)
    if not isinstance(job, CrawlJob) or crawler.crawling:
        raise ValueError("seal() needs the crawler of a finished crawl of the spider `speeches`")
    if crawler.spider is not None:
        vars(crawler.spider).pop("judge", None)  # what it remembers of each speech makes room for the commit
    job.report.add_notes(notes(crawler))
    if (pacing := pacing_of(crawler)) and pacing.end is not None:
        _note_end(job.report, pacing.end)
        _note_ending_article(job, pacing.end)
    outcome = finish(job, statistics(crawler).get("finish_reason"), *_figures(crawler, job))
    if feeds := _feeds_not_written(crawler):
        return _without_feeds(outcome, feeds)
    return outcome


def park(job: CrawlJob, reason: str) -> None:
    """End a crawl whose spider prepared its own job: save its lines, since `seal` may never come.

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


def leave_unsealed(job: CrawlJob) -> None:
    """Release the site when the spider of a job is gone, and warn if nothing sealed the run meanwhile."""
    if job.archive.is_open:
        _log.warning(
            "run %s was not sealed: its lines are in %s. Call crawler.seal(crawler) after the crawl for its verdict "
            "and its commit; else the next run of the site salvages it as an interrupted run",
            job.report.run,
            job.folder / "staging",
        )
    job.archive.close()


def _feeds_not_written(crawler: Crawler) -> str:
    """The feeds that were not stored: Scrapy only logs it."""
    stats, feeds = statistics(crawler), crawler.settings.getdict("FEEDS")
    stores_empty = crawler.settings.getbool("FEED_STORE_EMPTY")
    has_items = bool(stats.get("item_scraped_count"))
    due = sum(has_items or feed.get("store_empty", stores_empty) for feed in feeds.values())
    stored = sum(count for key, count in stats.items() if key.startswith("feedexport/success_count/"))
    return ", ".join(feeds) if "finish_reason" in stats and stored < due else ""


def _without_feeds(outcome: Outcome, feeds: str) -> Outcome:
    """The outcome with the missing feeds, also in the exit status; the archive is not affected."""
    missing = f"not written: {feeds}; the log says why"
    judged = outcome.verdict
    if judged.exit_status is Exit.COMPLETE:
        judged = Verdict("error", Exit.INTERNAL_ERROR, f"{judged.message}; but feed {missing}")
    return replace(outcome, verdict=judged, summary=f"{outcome.summary}\nfeed      {missing}")


def _figures(crawler: Crawler, job: CrawlJob) -> tuple[dict[str, Any], dict[str, Any]]:
    """Traffic and politeness of a finished crawl, for the run report."""
    stats, settings = statistics(crawler), crawler.settings
    traffic = {key: stats[key] for key in sorted(stats) if key.startswith(("downloader/", "retry/"))}
    robots = {key: stats[key] for key in sorted(stats) if key.startswith("robotstxt/")}
    politeness = {
        "user_agent": settings["USER_AGENT"],
        "obeys_robots_txt": settings.getbool("ROBOTSTXT_OBEY"),
        "robots_txt": robots,
        "delay_seconds": delay_of(settings, job.arguments.start_url),
        "retry_times": settings.getint("RETRY_TIMES"),
        "requests_at_once": settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"),
    }
    if (pacing := pacing_of(crawler)) is not None and job.replay is None:
        seen = pacing.document()
        politeness["delay_seconds"] = max(politeness["delay_seconds"], seen["crawl_delay"] or 0.0)
        politeness |= seen | {"robots": robots_told(crawler), "certificates": certificates_told(crawler)}
    return traffic, politeness


def _note_end(report: RunReport, end: End) -> None:
    """Note that the crawl ended itself: to be continued, or refused by the site."""
    if end.kind == "challenges":
        message = f"{end.words}: nothing more was requested, nothing is marked gone. Try again later"
        report.refuse(Exit.REFUSED, message)
    report.note_stopped(end.words, stamp(end.not_before) if end.not_before else None)


def _note_ending_article(job: CrawlJob, end: End) -> None:
    """Report the article whose answer ended the run: if each of its answers does, later runs ask it less often."""
    native_id = job.family.native_id(end.url) if end.url else None
    if end.url is not None and native_id in set(job.report.unsettled()):
        job.report.add_gap("speech", end.url, Reason.RATE_LIMITED, end.words, native_id)
