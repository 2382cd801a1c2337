"""The closed lists and what each of their words means, in English and Chinese. Standard library only.

Documented in docs/archive-format.md; in an archive, `schemas/codes.json` has them all.
"""

from __future__ import annotations

from pipelines.reasons.absence import REASONS, PresenceState, Reason
from pipelines.reasons.closed_lists import CLOSED_LISTS, EVIDENCE_PLACES
from pipelines.reasons.genres import GENRES
from pipelines.reasons.meanings import Meaning
from pipelines.reasons.problem_choice import ProblemChoice
from pipelines.reasons.problem_codes import (
    PROBLEM_CODES,
    PROBLEM_KINDS,
    SEVERITIES,
    ProblemKind,
    ProblemMeaning,
    Severity,
)

__all__ = [
    "CLOSED_LISTS",
    "EVIDENCE_PLACES",
    "GENRES",
    "PROBLEM_CODES",
    "PROBLEM_KINDS",
    "REASONS",
    "SEVERITIES",
    "Meaning",
    "PresenceState",
    "ProblemChoice",
    "ProblemKind",
    "ProblemMeaning",
    "Reason",
    "Severity",
]
