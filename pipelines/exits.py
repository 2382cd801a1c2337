"""The exit statuses of every command; docs/operations.md says what each means and what to do."""

from __future__ import annotations

from enum import IntEnum


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
