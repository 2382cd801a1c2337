"""How many present speeches of a site have which problems."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.reasons import PROBLEM_CODES
from pipelines.reasons.problem_choice import counts_in_words
from pipelines.tables.problem_rows import problem_rows
from pipelines.tables.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.reasons import ProblemChoice


@dataclass(slots=True)
class ProblemCounts:
    """Present speeches, those with a problem that is asked for, and how often each (field, code) stands in them.

    `left_out`: how often there are codes that were not asked for.
    """

    site: str
    speeches: int = 0
    with_problems: int = 0
    problems: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        """The counts as JSON, problems with kind and severity."""
        problems = [
            {"field": of, "code": code, **_rated(code), "count": count}
            for (of, code), count in sorted(self.problems.items())
        ]
        counts = {"speeches": self.speeches, "with_problems": self.with_problems}
        return {"site": self.site, **counts, "problems": problems, "left_out": dict(sorted(self.left_out.items()))}

    def words(self) -> str:
        """The problems in one line: `body: cut (2), published_on: missing (1)`."""
        return counts_in_words({f"{of}: {code}": count for (of, code), count in self.problems.items()})


def count_problems(folder: Path, asked: ProblemChoice) -> ProblemCounts:
    """Those of an archive. `ArchiveError` when it cannot be read."""
    site, lines = next(Selection((folder,)).by_site("speeches"))
    found, last = ProblemCounts(site), None
    for row in problem_rows(_numbered(lines, found)):
        if not asked.takes(row.code):
            found.left_out[row.code] += 1
            continue
        found.problems[row.field, row.code] += 1
        found.with_problems += row.id != last
        last = row.id
    return found


def _numbered(lines: Iterable[bytes], counts: ProblemCounts) -> Iterator[bytes]:
    for line in lines:
        counts.speeches += 1
        yield line


def _rated(code: str) -> dict[str, str | None]:
    about = PROBLEM_CODES.get(code)
    return {"kind": about.kind if about else None, "severity": about.severity if about else None}
