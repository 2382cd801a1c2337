"""`status --problems`: how many present speeches have which problems, in an archive or in each of a root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.archives import Archives
from pipelines.exits import Exit, worst
from pipelines.reasons.problem_choice import left_out
from pipelines.shown import aligned, harmless
from pipelines.tables.problem_counts import count_problems
from pipelines.verbs.output import print_message, write_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.reasons import ProblemChoice
    from pipelines.tables.problem_counts import ProblemCounts

SCHEMA = "problems/1"


def status_of_problems(paths: Sequence[str], asked: ProblemChoice, *, as_json: bool) -> int:
    """Print the counts; an archive that cannot be read is told, and the others are counted."""
    sites, statuses = [], [Exit.COMPLETE]
    for folder in Archives(*paths).folders:
        try:
            sites.append(count_problems(folder, asked))
        except ArchiveError as error:
            print_message(f"PROBLEM: {error}")
            statuses.append(error.exit_status)
    if as_json:
        write_document({"schema": SCHEMA, "sites": [site.document() for site in sites]})
    else:
        print(aligned([("site", "speeches", "with problems", ""), *map(_row, sites)]))
    return worst(statuses)


def _row(site: ProblemCounts) -> tuple[str, ...]:
    words = "; ".join(filter(None, (site.words(), left_out(site.left_out))))
    return site.site, str(site.speeches), str(site.with_problems), harmless(words)
