"""`-a replay=latest`: every speech's newest capture read again by today's parser."""

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
    """Read all that is present again; new readings go to the archive, what became of each to the report."""
    known_speeches = job.archive.known
    reader = PastReader(job.folder, known_speeches, job.profile, job.family, job.normaliser.parser)
    for line in Archive(job.folder).versions():
        known = known_speeches[line["native_id"]]
        if line["seq"] != known.content_seq or known.is_gone or known.is_redacted:
            continue
        job.report.expect(known.native_id, listed=False)
        read = await reader.read(line)
        if isinstance(read, Fetched):
            _tell(job.report, known, read)
            continue
        speech = job.normaliser.speech(read)
        outcome = str(job.archive.reread(speech))
        if speech.parser == known.parser and derived_of(speech) != known.derived_sha256:
            outcome = "differs"
            message = (
                f"{known.id} reads differently by the very parser {known.parser}: raise the version of what changed"
            )
            job.report.refuse(Exit.INTERNAL_ERROR, message)
        job.report.settle(known.native_id, outcome)
        job.report.note_problems(speech.problems)


def _tell(report: RunReport, known: SpeechState, read: Fetched) -> None:
    """A speech that could be read then and cannot be now keeps its reading, and is a gap whoever says why."""
    said = read.reason or Reason.UNREADABLE
    reason = said if said is Reason.NO_CAPTURE else Reason.UNREADABLE
    report.settle(known.native_id, "unread")
    report.add_gap("speech", known.url, reason, f"{said}: {read.detail}", known.native_id, known.title)
