"""`report`: one run of an archive, as a mail or a page; or a month of an archive or a root, in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import is_archive, roots_told, run_page
from pipelines.archive.errors import ArchiveError, NotAnArchive, NotUnderstood
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.fleet.attempts import is_root
from pipelines.fleet.month import is_month, month_report, read_month
from pipelines.fleet.register import replace_file
from pipelines.fleet.run_told import read_told, run_text
from pipelines.fleet.survey import survey
from pipelines.verbs.fleet import roots
from pipelines.verbs.output import print_message, write_lines

if TYPE_CHECKING:
    import argparse

    from pipelines.fleet.run_told import RunTold
    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    about = "Report one run, the last or a named one, or a month of an archive or of a folder of archives."
    report = verb("report", run, about, "output/gszx", root=True)
    report.set_defaults(reads="lines")
    which = report.add_mutually_exclusive_group()
    which.add_argument("--run", metavar="RUN", help="a run by its id, as in runs/RUN.json (default: the last)")
    which.add_argument("--month", metavar="YYYY-MM", help="a month in Markdown, for example 2026-11; in UTC")
    report.add_argument("--html", action="store_true", help="of a run: a page that needs no other file")
    report.add_argument("--language", choices=("en", "zh"), help="of the page (default: en)")
    where = report.add_mutually_exclusive_group()
    where.add_argument("--out", metavar="FILE", type=Path, help="where to write it, replaced atomically")
    where.add_argument("--beside", action="store_true", help="of a run: write runs/RUN.html beside its JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the report."""
    folder = Path(arguments.archive).absolute()
    if arguments.month:
        if arguments.html or arguments.beside or arguments.language:
            raise NotUnderstood("--html, --beside and --language are of one run; that of a month is Markdown")
        return _written(_month(folder, arguments.month).encode() + b"\n", arguments.out)
    if not is_archive(folder) and is_root(folder):
        raise NotUnderstood(f"{folder}: holds archives; name one of them, or give --month for a report of all")
    archive = Archive(folder)
    told = read_told(archive, arguments.run)
    language = arguments.language or "en"
    if arguments.beside:
        return _written(_page(told, language), archive.layout.root / run_page(told.run))
    data = _page(told, language) if arguments.html else run_text(told).encode(errors="replace")
    return _written(data, arguments.out)


def _month(folder: Path, month: str) -> str:
    if not is_month(month):
        raise NotUnderstood(f"--month {month}: must be a month such as 2026-11")
    if not (is_archive(folder) or is_root(folder)):
        raise NotAnArchive(f"{folder}: no archive here, and no folder of archives{roots_told(folder)}")
    now = roots.clock()
    root, sites = (folder.parent, [folder.name]) if is_archive(folder) else (folder, None)
    try:
        found = survey(root, now, sites)
    except (OSError, ValueError) as error:
        raise ArchiveError(str(error)) from error
    by_name = sorted(found, key=lambda one: one.site)
    return month_report(month, [read_month(root, one, month) for one in by_name], stamp(now))


def _page(told: RunTold, language: str) -> bytes:
    from pipelines.verbs.window.run_page import page_of_run  # noqa: PLC0415 - a text needs no templates

    return page_of_run(told, language)


def _written(data: bytes, file: Path | None) -> int:
    if file is None:
        write_lines([data])
        return 0
    try:
        replace_file(file, data)
    except OSError as error:
        raise ArchiveError(f"{file}: cannot be written: {error.strerror}") from error
    print_message(f"{file}: written")
    return 0
