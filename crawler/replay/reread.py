"""`-a replay=latest`: reads every speech's newest capture again with the current parser."""

from __future__ import annotations

from crawler.http.fetch import Fetched
from crawler.replay.past import PastReader
from crawler.run.job import CrawlJob
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import SpeechState, derived_of
from pipelines.exits import Exit
from pipelines.health import RunReport
from pipelines.reasons import Reason


async def reread(job: CrawlJob) -> None:
    """Read all present speeches again; new readings go to the archive, outcomes to the report."""
    known_speeches = job.archive.known
    reader = PastReader(job.folder, known_speeches, job.profile, job.family, job.normaliser.parser)
    for line in Archive(job.folder).versions():
        known = known_speeches[line["native_id"]]
        if line["seq"] != known.content_seq or not known.is_present or known.is_redacted:
            continue
        job.report.expect(known.native_id, listed=False)
        read = await reader.read(line)
        if isinstance(read, Fetched):
            _add_gap(job.report, known, read)
            continue
        speech = job.normaliser.speech(read)
        outcome = str(job.archive.reread(speech))
        if speech.parser == known.parser and derived_of(speech) != known.derived_sha256:
            outcome = "differs"
            message = f"{known.id} reads differently with the same parser {known.parser}: raise the changed version"
            job.report.refuse(Exit.INTERNAL_ERROR, message)
        job.report.settle(known.native_id, outcome)
        job.report.note_problems(speech.problems)


def _add_gap(report: RunReport, known: SpeechState, read: Fetched) -> None:
    """Report a speech that can no longer be read: it keeps its reading and is a gap, even with a notice."""
    found = read.reason or Reason.UNREADABLE
    reason = found if found is Reason.NO_CAPTURE else Reason.UNREADABLE
    report.settle(known.native_id, "unread")
    report.add_gap("speech", known.url, reason, f"{found}: {read.detail}", known.native_id, known.title)
