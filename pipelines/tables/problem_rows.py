"""The problems of present speeches, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.reasons import PROBLEM_CODES
from pipelines.record import completed
from pipelines.tables.rows import ProblemRow
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NONE = b'"problems":[],"presence":'


def problem_rows(speeches: Iterable[bytes]) -> Iterator[ProblemRow]:
    """The problems of the lines of table `speeches`, in their order."""
    for raw in speeches:
        if _NONE in raw:
            continue  # most lines: a quote in a text is escaped, so that this is a key
        try:
            line = completed(parsed_json(raw))
            for place, problem in enumerate(line["problems"] or (), 1):
                about = PROBLEM_CODES.get(problem["code"])
                yield ProblemRow(
                    **{key: line[key] for key in ("site", "id", "version", "reading")},
                    place=place,
                    **{key: problem[key] for key in ("field", "code", "detail")},
                    kind=about.kind if about else None,
                    severity=about.severity if about else None,
                )
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"a line of {raw[:80]!r}… lacks what a line must have ({error!r}); run verify") from error
