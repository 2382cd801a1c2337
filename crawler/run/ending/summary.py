"""The summary of a crawl: what was captured, what was not and why, and the paths of the files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from crawler.replay.occasion import REPROCESS
from crawler.run.job import CrawlJob
from pipelines.archive.write.writer import Sealed
from pipelines.health import NotCaptured, RunReport, Verdict
from pipelines.reasons import ProblemChoice
from pipelines.reasons.problem_choice import counts_in_words
from pipelines.shown import one_line

_MOST_EXAMPLES = 5


def summary(job: CrawlJob, judged: Verdict, sealed: Sealed | None) -> str:
    """Text for a terminal, without a final newline."""
    report = job.report
    if job.arguments.plan_only:
        return "\n".join([*map(_planned, report.planned), *map(one_line, _plan_ends(report, judged))])
    lines = [_verdict(report, judged), _counts(report), *_sections(report)]
    lines.extend(_reasons("the site's answer", [g for g in report.not_captured if g.is_the_sites_word]))
    lines.extend(_reasons("not captured", report.new_gaps))
    lines.extend(_accepted(report))
    lines.extend(_problems(report))
    lines.extend(_noted(report))
    lines.extend(_gates(job))
    lines.extend(f"salvaged run {dead.run}: {dead.lines} lines" for dead in job.archive.salvaged)
    if job.scratch is not None:
        lines.append("archive   none (ARCHIVE = 0): nothing is kept")
    if sealed is not None:
        lines.extend(_captures(job))
        lines.extend(_written(job.folder, report, sealed))
        lines.extend([f"heads     {job.heads.file}"] if job.heads else [])
    return "\n".join(map(one_line, lines))


def _plan_ends(report: RunReport, judged: Verdict) -> list[str]:
    return [_verdict(report, judged), _reasons_to_read(report), *_sections(report), *_noted(report)]


def _verdict(report: RunReport, judged: Verdict) -> str:
    return f"{report.site} · run {report.run} · {judged.name} (exit {int(judged.exit_status)}): {judged.message}"


def _planned(article: dict[str, str | None]) -> str:
    return "\t".join(one_line(article[key] or "") for key in ("why", "native_id", "url", "title"))


def _reasons_to_read(report: RunReport) -> str:
    counted = Counter(str(article["why"]) for article in report.planned)
    shown = [f"{why} {count}" for why, count in sorted(counted.items())]
    return f"listed {report.listed} · " + (" · ".join(shown) or "nothing to read")


def _problems(report: RunReport) -> list[str]:
    """The problems of kept records; those that are usual apart from the others."""
    asked = ProblemChoice.of(None)
    shown = {name: count for name, count in report.problems.items() if asked.takes(name.rpartition(": ")[2])}
    usual = {name: count for name, count in report.problems.items() if name not in shown}
    lines = [("problems", shown), ("usual", usual)]
    return [f"{heading:<9} {counts_in_words(counts)}" for heading, counts in lines if counts]


def _noted(report: RunReport) -> list[str]:
    """Oddities of the site's answers without any loss."""
    return [f"note      {text} ({count})" for text, count in sorted(report.notes.items())]


def _counts(report: RunReport) -> str:
    if report.mode == REPROCESS:
        names = {"identical": "same", "reprocessed": "reprocessed", "different": "differs", "unread": "unread"}
        shown = [f"{name} {report.outcomes[key]}" for name, key in names.items() if report.outcomes[key]]
        return " · ".join([f"read again {len(report.settled)}", *shown])
    events = ("created", "changed", "reprocessed", "gone", "restored", "same", "unread")
    shown = [f"{name} {report.outcomes[name]}" for name in events if report.outcomes[name]]
    if report.is_withheld:
        return f"listed {report.listed} · captured {report.captured}"
    return f"listed {report.listed} · captured {report.captured} · " + (" · ".join(shown) or "nothing new")


def _sections(report: RunReport) -> list[str]:
    """The rows of each of several sections."""
    return [_section(one.document()) for one in report.sections]


def _section(read: dict[str, Any]) -> str:
    if not read["asked"]:
        return f"section   {read['section']}: not asked for"
    left = "" if read["complete"] else ", not known to be all"
    return f"section   {read['section']}: {read['listed']} rows{left}"


def _captures(job: CrawlJob) -> list[str]:
    """The captures, or why the lines have none."""
    kept = job.archive.captures.counts
    if job.report.mode == REPROCESS:
        return []
    if job.replay is not None:
        return [
            f"captures  {job.replay.answered} exchanges answered from the run's captures; its WARC files were copied"
        ]
    if not job.captures:
        return ["captures  none (CAPTURE = 0): the lines of this run cannot be proved or read again"]
    fallback = f" · {job.report.capture_fallback}" if job.report.capture_fallback else ""
    cut = f" · {kept['truncated']} cut" if kept["truncated"] else ""
    again = f" · {kept['repeated']} answered as before, not stored again" if kept["repeated"] else ""
    lost = f" · {kept['unreadable']} stored before cannot be read: run verify" if kept["unreadable"] else ""
    away = f" · {kept['unreached']} stored again: {job.archive.captures.why_unreached}" if kept["unreached"] else ""
    stored = f"captures  {kept['exchanges']} exchanges in {kept['files']} WARC file(s)"
    return [f"{stored}{again}{lost}{away}{cut}{fallback}"]


def _gates(job: CrawlJob) -> list[str]:
    """The gates that a person accepted, and what was not written because of any other."""
    lines = [f"accepted  {gate.gate}: {gate.words}" for gate in job.report.gates if gate.accepted]
    if job.report.is_withheld:
        counted = ", ".join(f"{name} {count}" for name, count in job.archive.tally.written().items())
        lines.append(f"withheld  {counted or 'nothing was read'}: not written; latest.jsonl is as it was")
    return lines


def _reasons(heading: str, gaps: list[NotCaptured]) -> list[str]:
    if not gaps:
        return []
    counted = Counter(gap.reason for gap in gaps)
    lines = [f"{heading}  {counts_in_words(counted)}"]
    lines.extend(f"    {gap.what} {gap.url}: {gap.detail}" for gap in gaps[:_MOST_EXAMPLES])
    if len(gaps) > _MOST_EXAMPLES:
        lines.append(f"    … and {len(gaps) - _MOST_EXAMPLES} more in the run report")
    return lines


def _accepted(report: RunReport) -> list[str]:
    """The gaps that a person accepted, each with the decision."""
    lines = [
        f"    {gap.what} {gap.url}: until {one.told.until}, by commit {one.commit} ({one.told.reason}); {gap.detail}"
        for gap, one in report.accepted
    ]
    more = [f"    … and {len(lines) - _MOST_EXAMPLES} more in the run report"] if len(lines) > _MOST_EXAMPLES else []
    return [f"accepted  {len(lines)} gap(s)", *lines[:_MOST_EXAMPLES], *more] if lines else []


def _written(folder: Path, report: RunReport, sealed: Sealed) -> list[str]:
    return [
        f"archive   {folder}",
        f"latest    {folder / 'latest.jsonl'}",
        f"report    {folder / 'runs' / f'{report.run}.json'}",
        f"commit    {sealed.commit} · head {sealed.head}",
    ]
