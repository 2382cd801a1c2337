"""Which CMS wrote a page: the marks that only one family leaves in its source, counted and shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.pages import FAMILIES, family_class

_LONGEST = 60  # characters of a mark as it is shown


@dataclass(frozen=True, slots=True)
class Marks:
    """What speaks for a family: the pieces of source its marks were found as, one a mark."""

    family: str
    evidence: tuple[str, ...]

    @property
    def score(self) -> int:
        """How many different marks were found."""
        return len(self.evidence)


def marks_in(texts: Sequence[str]) -> list[Marks]:
    """Families with marks in the sources of a site's pages, the likeliest first."""
    found = []
    for name in FAMILIES:
        matches = (next(filter(None, map(mark.search, texts)), None) for mark in marks_of(name))
        found.append(Marks(name, tuple(match[0][:_LONGEST] for match in matches if match)))
    return sorted((one for one in found if one.score), key=lambda one: -one.score)


def marks_of(name: str) -> tuple[re.Pattern[str], ...]:
    """The marks of a family; none for the generic one."""
    return family_class(name).marks
