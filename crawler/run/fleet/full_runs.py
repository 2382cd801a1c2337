"""Whether it is time to read every article again, also where the list shows no change: a silent edit is found so."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from crawler.run.fleet.due import AHEAD
from pipelines.archive.errors import Damaged, NotAnArchive
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.fleet.attempts import is_good

_EARLY = timedelta(hours=12)
"""A nightly run does not begin at the same second."""


def is_full_due(folder: Path, days: int, now: datetime) -> bool:
    """True when no full run of the archive that was good is younger than so many days; `now` is aware."""
    oldest = stamp(now - timedelta(days=days) + _EARLY)
    latest = stamp(now + AHEAD)
    try:
        for report in Archive(folder).past_reports():
            if str(report.get("started_at")) < oldest:
                return True
            is_whole = report.get("limit") is None and report.get("only_section") is None
            is_past = str(report.get("started_at")) <= latest  # else it was made under a clock ahead
            if report.get("mode") == "full" and is_whole and is_good(report) and is_past:
                return False
    except (NotAnArchive, Damaged):
        return True  # rather read too much; the run itself says what is damaged
    return True
