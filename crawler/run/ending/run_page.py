"""The page of a run that is written beside its report, where the setting `RUN_PAGE` asks for it."""

from __future__ import annotations

from crawler.run.job import CrawlJob
from pipelines.archive.disk.layout import run_page
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.reader import Archive
from pipelines.fleet.register import replace_file
from pipelines.fleet.run_told import read_told


def write_run_page(job: CrawlJob) -> str:
    """Write the page of a committed run; a line for the summary, which tells a failure: the run itself is safe."""
    from pipelines.verbs.window.run_page import page_of_run  # noqa: PLC0415 - most runs need no templates

    file = job.folder / run_page(job.report.run)
    try:
        replace_file(file, page_of_run(read_told(Archive(job.folder), job.report.run), job.run_page))
    except (ArchiveError, OSError) as error:
        return f"page      not written: {error}"
    return f"page      {file}"
