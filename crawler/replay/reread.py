"""`-a replay=latest`: reads every speech's newest capture again with the current parser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from itertools import islice

from crawler.replay.past import Line, PastReader
from crawler.replay.past_readers import Asked, PastReaders, Unread, read_batch
from crawler.run.job import CrawlJob
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import SpeechState, derived_of
from pipelines.exits import Exit
from pipelines.health import RunReport
from pipelines.reasons import Reason
from pipelines.record import Speech
from pipelines.verbs.processes import processors

_SHARE = 500
"""Speeches for which it pays to start a process, which takes about as long as reading 200."""
_MOST = 8
"""Processes: this one writes what they read, and could hardly follow more."""
_BATCH = 50
"""Speeches a job: a quarter of a second of work."""


async def reread(job: CrawlJob, *, may_start: bool = False) -> None:
    """Read all present speeches again; new readings go to the archive, outcomes to the report.

    With `may_start` many are read by other processes; not for a script without a main guard: each would run it again.
    """
    past = PastReader(job.folder, job.archive.known, job.profile, job.family, job.normaliser.parser)
    batches = _batches((line, past.origin(line["native_id"])) for line in _newest(job))
    async for (line, _), read in _read(job, past, batches, _processes(len(job.archive.known)) if may_start else 1):
        known = job.archive.known[line["native_id"]]
        job.report.expect(known.native_id, listed=False)
        if isinstance(read, Unread):
            _add_gap(job.report, known, read)
        else:
            _keep(job, known, read)


def _newest(job: CrawlJob) -> Iterator[Line]:
    """The line to read again of each speech that is there and may be read."""
    for line in Archive(job.folder).versions():
        known = job.archive.known[line["native_id"]]
        if line["seq"] == known.content_seq and known.is_present and not known.is_redacted:
            yield line


def _processes(speeches: int) -> int:
    """How many shall read: one a processor that this process may use, each with enough to do."""
    return min(processors(), speeches // _SHARE, _MOST)


async def _read(
    job: CrawlJob, past: PastReader, batches: Iterator[list[Asked]], processes: int
) -> AsyncIterator[tuple[Asked, Speech | Unread]]:
    """Each speech asked for, in order, with what was read."""
    if processes < 2:
        for batch in batches:
            for one, read in zip(batch, await read_batch(past, job.normaliser, batch), strict=True):
                yield one, read
        return
    with closing(PastReaders(job.folder, job.profile, job.normaliser, processes)) as readers:
        for batch, found in readers.read(batches):
            for one, read in zip(batch, found, strict=True):
                yield one, read


def _batches(asked: Iterable[Asked]) -> Iterator[list[Asked]]:
    left = iter(asked)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _keep(job: CrawlJob, known: SpeechState, speech: Speech) -> None:
    outcome = str(job.archive.reread(speech))
    if speech.parser == known.parser and derived_of(speech) != known.derived_sha256:
        outcome = "differs"
        message = f"{known.id} reads differently with the same parser {known.parser}: raise the changed version"
        job.report.refuse(Exit.INTERNAL_ERROR, message)
    job.report.settle(known.native_id, outcome)
    job.report.note_problems(speech.problems)


def _add_gap(report: RunReport, known: SpeechState, read: Unread) -> None:
    """Report a speech that can no longer be read: it keeps its reading and is a gap, even with a notice."""
    found = read.reason or Reason.UNREADABLE
    reason = found if found is Reason.NO_CAPTURE else Reason.UNREADABLE
    report.settle(known.native_id, "unread")
    report.add_gap("speech", known.url, reason, f"{found}: {read.detail}", known.native_id, known.title)
