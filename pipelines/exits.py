"""The exit statuses of every command; docs/operations.md says what each means and what to do."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exit(IntEnum):
    """Exit status of a command, and of the run whose report holds it."""

    COMPLETE = 0
    INTERNAL_ERROR = 1
    WRONG_USE = 2
    GAPS = 3
    REFUSED = 4
    DAMAGED = 5
    LOCKED = 6
    INTERRUPTED = 11


ARCHIVED = frozenset({Exit.COMPLETE, Exit.GAPS})
"""Ends of a run after which the archive holds what the site showed, but for gaps that its report names."""
FOR_A_PERSON = frozenset({Exit.INTERNAL_ERROR, Exit.WRONG_USE, Exit.GAPS, Exit.REFUSED, Exit.DAMAGED})
"""What a person must look at: the next run goes on after 11 (interrupted), and after 6 there was another run."""
BLOCKED = "blocked"
"""The verdict of a run that this machine stopped (11): a full disk, a limit of the process, a head not noted."""
_WORST_FIRST = (
    Exit.INTERNAL_ERROR,
    Exit.WRONG_USE,
    Exit.DAMAGED,
    Exit.REFUSED,
    Exit.INTERRUPTED,
    Exit.GAPS,
    Exit.LOCKED,
    Exit.COMPLETE,
)


def needs_person(status: int, verdict: str) -> bool:
    """Whether a person must look at what ended so: also at a machine on which no run comes to its end."""
    return status in FOR_A_PERSON or verdict == BLOCKED


def severity(status: int) -> int:
    """The place of a status among all, 0 for the worst; an unknown one counts as an error of this program."""
    return _WORST_FIRST.index(Exit(status)) if status in _WORST_FIRST else 0


def worst(statuses: Iterable[int]) -> Exit:
    """The exit status of many: the worst of them; complete when there are none."""
    return _WORST_FIRST[min(map(severity, statuses), default=len(_WORST_FIRST) - 1)]
