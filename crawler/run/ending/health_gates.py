"""The health gates of a crawl that has ended: what it has read against the site's own history."""

from __future__ import annotations

from crawler.run.job import CrawlJob
from pipelines.archive.errors import ArchiveError
from pipelines.gates.rules import Ran, tripped
from pipelines.health import RunReport


def judge_by_gates(job: CrawlJob) -> None:
    """Tell the run report which gates the run has tripped. A plan, which reads nothing, trips none."""
    if job.arguments.plan_only:
        return
    report = job.report
    ran = Ran(
        at=job.occasion.clock(),
        lists=_lists(report),
        is_whole=report.listing_complete and not (report.is_partial or report.stopped),
        explained=report.outcomes["missing"] + report.outcomes["gone"],
        quiet_days=job.profile.quiet_days,
    )
    try:
        gates = tripped(job.archive.tally, report.texts, ran, job.archive.usual(), job.arguments.accept)
    except ArchiveError as error:
        report.refuse(error.exit_status, str(error))
        return
    if job.occasion.recorded is not None:
        # A run that is made again passes where it passed, be it of a time before there were gates.
        names = {gate["gate"] for gate in job.occasion.recorded.report.get("gates") or ()}
        gates = tuple(gate for gate in gates if gate.gate in names)
    report.judge_by_gates(gates)


def _lists(report: RunReport) -> dict[str, int]:
    """The rows of each list that was read to its end, by its section's name; empty for the only one."""
    if report.limit is not None or report.stopped is not None or report.is_walk_broken:
        return {}
    if report.sections:
        sections = (one.document() for one in report.sections)
        return {one["section"]: one["listed"] for one in sections if one["complete"]}
    return {"": report.listed} if report.listing_complete else {}
