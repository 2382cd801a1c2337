"""The page of a run that is written beside its report, where the setting `RUN_PAGE` asks for it."""

from __future__ import annotations

from importlib.util import find_spec

from crawler.run.arguments import WrongUse
from crawler.run.job import CrawlJob
from pipelines.archive.disk.layout import run_page
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.reader import Archive
from pipelines.fleet.register import replace_file
from pipelines.fleet.run_told import read_told


def check_run_page(language: str) -> None:
    """`WrongUse` for a language that pages do not have, and where no page can be made."""
    if language not in {"", "en", "zh"}:
        raise WrongUse(f"-s RUN_PAGE={language}: must be en or zh, or empty for no page")
    if language and find_spec("jinja2") is None:
        raise WrongUse("-s RUN_PAGE: jinja2 is not installed: pip install 'speech-archive[window]'")


def write_run_page(job: CrawlJob) -> str:
    """Write the page of a committed run; a line for the summary, which tells a failure: the run itself is safe."""
    from pipelines.verbs.window.run_page import page_of_run  # noqa: PLC0415 - most runs need no templates

    file = job.folder / run_page(job.report.run)
    try:
        replace_file(file, page_of_run(read_told(Archive(job.folder), job.report.run), job.run_page))
    except (ArchiveError, OSError) as error:
        return f"page      not written: {error}"
    return f"page      {file}"
