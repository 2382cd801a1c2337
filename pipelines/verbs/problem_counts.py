"""`status --problems`: how many present speeches have which problems, in an archive or in each of a root."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.archives import Archives
from pipelines.exits import Exit, worst
from pipelines.reasons import PROBLEM_CODES
from pipelines.reasons.problem_choice import counted, left_out
from pipelines.tables.problem_rows import problem_rows
from pipelines.tables.selection import Selection
from pipelines.verbs.output import aligned, harmless, print_message, write_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipelines.reasons import ProblemChoice

SCHEMA = "problems/1"


@dataclass(slots=True)
class _Counts:
    """Of one site: present speeches, those with a problem that is asked for, and how many problems of which kind."""

    site: str
    speeches: int = 0
    with_problems: int = 0
    problems: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        problems = [
            {"field": of, "code": code, **_rated(code), "count": count}
            for (of, code), count in sorted(self.problems.items())
        ]
        counts = {"speeches": self.speeches, "with_problems": self.with_problems}
        return {"site": self.site, **counts, "problems": problems, "left_out": dict(sorted(self.left_out.items()))}

    def row(self) -> tuple[str, ...]:
        told = counted({f"{of}: {code}": count for (of, code), count in self.problems.items()})
        words = "; ".join(filter(None, (told, left_out(self.left_out))))
        return self.site, str(self.speeches), str(self.with_problems), harmless(words)


def status_of_problems(paths: Sequence[str], asked: ProblemChoice, *, as_json: bool) -> int:
    """Print the counts; an archive that cannot be read is told, and the others are counted."""
    sites, statuses = [], [Exit.COMPLETE]
    for folder in Archives(*paths).folders:
        try:
            sites.append(_counts(folder, asked))
        except ArchiveError as error:
            print_message(f"PROBLEM: {error}")
            statuses.append(error.exit_status)
    if as_json:
        write_document({"schema": SCHEMA, "sites": [site.document() for site in sites]})
    else:
        print(aligned([("site", "speeches", "with problems", ""), *(site.row() for site in sites)]))
    return worst(statuses)


def _counts(folder: Path, asked: ProblemChoice) -> _Counts:
    site, lines = next(Selection((folder,)).by_site("speeches"))
    found, last = _Counts(site), None
    for row in problem_rows(_numbered(lines, found)):
        if not asked.takes(row.code):
            found.left_out[row.code] += 1
            continue
        found.problems[row.field, row.code] += 1
        found.with_problems += row.id != last
        last = row.id
    return found


def _numbered(lines: Iterable[bytes], counts: _Counts) -> Iterator[bytes]:
    for line in lines:
        counts.speeches += 1
        yield line


def _rated(code: str) -> dict[str, str | None]:
    about = PROBLEM_CODES.get(code)
    return {"kind": about.kind if about else None, "severity": about.severity if about else None}
