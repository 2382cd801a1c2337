"""What all verbs share that make a commit: when, by which software, and why."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines import __version__
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.acts import When

if TYPE_CHECKING:
    import argparse


def now() -> When:
    """The present moment and this software."""
    software = {"speech-archive": __version__, "python": platform.python_version(), "system": sys.platform}
    return When(recorded_at=stamp(datetime.now(UTC)), software=software)


def added_reason(parser: argparse.ArgumentParser, *, needed: bool) -> None:
    """Add `--reason`."""
    parser.add_argument("--reason", metavar="TEXT", required=needed, help="why; kept in the commit")


def reason_of(arguments: argparse.Namespace) -> str:
    """The reason given; `NotUnderstood` when there is none."""
    reason: str | None = arguments.reason
    if reason is None or not reason.strip():
        raise NotUnderstood("--reason: say why; the commit keeps it, and it cannot be added later")
    return reason
