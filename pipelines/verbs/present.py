"""The moment and the software that a commit made by a command names."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from pipelines import __version__
from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.disk.wrong_clock import JUMP_DAYS
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.acts import When


def now(*, accepts_clock: bool = False) -> When:
    """The present moment, by the machine's clock.

    The variable HEADS_FILE says where the head is noted, CLOCK_JUMP_DAYS from which distance the clock is refused.

    Raises:
        NotUnderstood: CLOCK_JUMP_DAYS is no number of days.
    """
    software = {"speech-archive": __version__, "python": platform.python_version(), "system": sys.platform}
    named = os.environ.get("HEADS_FILE", "")
    heads = HeadsFile(Path(named).expanduser().absolute()) if named else None
    days = os.environ.get("CLOCK_JUMP_DAYS") or str(JUMP_DAYS)
    if not re.fullmatch("[0-9]{1,6}", days):
        raise NotUnderstood(f"CLOCK_JUMP_DAYS={days}: must be a whole number of days")
    return When(
        recorded_at=stamp(datetime.now(UTC)),
        software=software,
        heads=heads,
        jump_days=int(days),
        accepts_clock=accepts_clock,
    )
