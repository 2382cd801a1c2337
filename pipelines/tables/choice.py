"""Which rows of archives are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.reasons import ProblemChoice
from pipelines.tables.view_periods import Every
from pipelines.tables.where import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rows that are asked for; without any value all of the last commit of each archive."""

    as_of: str | None = None
    """The speeches on the site at this moment."""
    known_at: str | None = None
    """As the archive knew it then; null: now."""
    since: str | Mapping[str, Mapping[str, Any]] | None = None
    """What came after a place in history (`extent_of`), or after a cursor by site; a site without one is whole."""
    where: tuple[Condition, ...] = ()
    every: Every = "month"
    """The period of table `views`."""
    problems: ProblemChoice = field(default_factory=lambda: ProblemChoice.of(None))
