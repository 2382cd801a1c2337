"""`report`: a month of an archive, or of all archives of a root, in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import is_archive, roots_told
from pipelines.archive.errors import ArchiveError, NotAnArchive, NotUnderstood
from pipelines.archive.read.moments import stamp
from pipelines.fleet.month import is_month, month_report, read_month
from pipelines.fleet.survey import is_root, survey
from pipelines.verbs.fleet import roots

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    report = verb("report", run, "Report a month of an archive, or of a folder of archives, in Markdown.", root=True)
    report.add_argument("--month", metavar="YYYY-MM", required=True, help="for example 2026-11; in UTC")


def run(arguments: argparse.Namespace) -> int:
    """Print the report."""
    if not is_month(arguments.month):
        raise NotUnderstood(f"--month {arguments.month}: must be a month such as 2026-11")
    folder, now = Path(arguments.archive).absolute(), roots.clock()
    if not (is_archive(folder) or is_root(folder)):
        raise NotAnArchive(f"{folder}: no archive here, and no folder of archives{roots_told(folder)}")
    root, sites = (folder.parent, [folder.name]) if is_archive(folder) else (folder, None)
    try:
        found = survey(root, now, sites)
    except (OSError, ValueError) as error:
        raise ArchiveError(str(error)) from error
    by_name = sorted(found, key=lambda one: one.site)
    print(month_report(arguments.month, [read_month(root, one, arguments.month) for one in by_name], stamp(now)))
    return 0
