"""After a commit: the oldest year that is over and not packed yet is packed, one a run."""

from __future__ import annotations

from crawler.replay.occasion import CRAWL
from crawler.run.agent import software
from crawler.run.job import CrawlJob
from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.heads_file import Noted
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import ArchiveError, DiskFull, LockHeld
from pipelines.archive.pack.packing import pack, year_to_pack
from pipelines.archive.write.acts import When
from pipelines.exits import ARCHIVED
from pipelines.health import Verdict
from pipelines.values import frozen


@frozen
class ClosedYear:
    """What became of packing after a run: lines for its summary, and its verdict."""

    summary: str
    verdict: Verdict


def pack_closed_year(job: CrawlJob, judged: Verdict) -> ClosedYear | None:
    """Pack a year that is over; null where there is none, in a partial copy, or when that is off (`PACK_YEARS`).

    Without room the run is as good as before, and the next one tries again; damage that is found ends it with 5. The
    run's own commit stands in any case.
    """
    if not job.packs_years or job.occasion.kind != CRAWL:
        return None
    now = job.now()
    try:
        layout = Layout(job.folder)
        year = None if PartialCopy.of(layout) else year_to_pack(layout, now)
        if year is None:
            return None
        done = pack(job.folder, year, When(recorded_at=now, software=software()), job.disk_floor)
        if job.heads is not None:
            job.heads.note(Noted(at=now, site=job.profile.site, commit=done.commit, head=done.head))
    except ArchiveError as error:
        told = f"a year that is over was not packed (-s PACK_YEARS=0 leaves it so): {error}"
        if isinstance(error, DiskFull | LockHeld) or judged.exit_status not in ARCHIVED:
            return ClosedYear(f"note      {told}", judged)
        failed = Verdict("error", error.exit_status, f"{judged.message}; but {told}")
        return ClosedYear(f"note      {told}", failed)
    except OSError as error:
        return ClosedYear(f"note      the head of a pack could not be noted: {error}", judged)
    told = f"packed    {done.files} files of {year} in {done.containers} containers"
    return ClosedYear(f"{told}\ncommit    {done.commit} · head {done.head}", judged)
