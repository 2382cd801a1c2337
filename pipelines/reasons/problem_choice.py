"""Which problems a reader asks for: `--problems KIND|SEVERITY|CODE,…|all`."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Self

from pipelines.reasons.problem_codes import PROBLEM_CODES, PROBLEM_KINDS, SEVERITIES
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALL = "all"
USUAL = "notice"
"""What is asked for where nobody says: everything but what is usual and needs no action."""
METAVAR = "KIND|SEVERITY|CODE,…|all"
_GRAVITY = {severity: rank for rank, severity in enumerate(SEVERITIES)}


@frozen
class ProblemChoice:
    """Codes that are asked for. A code of later software is no less asked for: its severity is not known here."""

    codes: frozenset[str]
    takes_unknown: bool
    words: str = field(default=USUAL, compare=False)

    @classmethod
    def of(cls, words: str | None) -> Self:
        """Read the value of `--problems`: kinds, severities (each with the graver ones), codes, with commas; or all.

        Raises:
            ValueError: a word that is none of them; the message names those that there are.
        """
        words = words or USUAL
        named = [word.strip() for word in words.split(",")]
        codes = frozenset().union(*map(_codes, named))
        return cls(codes, any(word in SEVERITIES or word == ALL for word in named), words)

    def takes(self, code: str) -> bool:
        """Whether a problem with this code is asked for."""
        return code in self.codes or (self.takes_unknown and code not in PROBLEM_CODES)

    def among(self, problems: Iterable[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
        """Those of a line's problems (null on gone) that are asked for, in their order."""
        return [problem for problem in problems or () if self.takes(problem["code"])]


def _codes(word: str) -> frozenset[str]:
    if word == ALL:
        return frozenset(PROBLEM_CODES)
    if word in PROBLEM_CODES:
        return frozenset({word})
    if word in PROBLEM_KINDS:
        return frozenset(code for code, about in PROBLEM_CODES.items() if about.kind == word)
    if word in SEVERITIES:
        least = _GRAVITY[word]
        return frozenset(code for code, about in PROBLEM_CODES.items() if _GRAVITY[about.severity] >= least)
    raise ValueError(
        f"{word!r} is no kind ({', '.join(PROBLEM_KINDS)}), severity ({', '.join(SEVERITIES)}) or "
        f"code of problems, nor {ALL}; the codes are: {', '.join(PROBLEM_CODES)}"
    )


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Numbers by name in one line: `cut (2), title-repeated (800)`."""
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))


def left_out(counts: Mapping[str, int]) -> str | None:
    """One line about problems that were not asked for, by code; null where there are none."""
    return f"left out: {counts_in_words(counts)}; --problems {ALL} has them" if counts else None
