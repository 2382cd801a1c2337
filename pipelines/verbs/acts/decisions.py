"""What verbs share that record a decision of a person: why it was made, and that the clock was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood

if TYPE_CHECKING:
    import argparse


_KEPT = "why; kept in the commit for good"


def added_reason(parser: argparse.ArgumentParser, *, needed: bool, about: str = _KEPT) -> None:
    """Add `--reason`."""
    parser.add_argument("--reason", metavar="TEXT", required=needed, help=about)


def added_clock(parser: argparse.ArgumentParser) -> None:
    """Add `--accept-clock`."""
    about = "the clock is right although it is long after the last commit; recorded in the commit"
    parser.add_argument("--accept-clock", action="store_true", help=about)


def reason_of(arguments: argparse.Namespace) -> str:
    """The reason given; `NotUnderstood` when there is none."""
    reason: str | None = arguments.reason
    if reason is None or not reason.strip():
        raise NotUnderstood("--reason: say why; the commit keeps it, and it cannot be added later")
    return reason
