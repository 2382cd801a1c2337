"""Which listed articles a run reads again, and why: new, its row changed, or due by age. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipelines.archive.state import SpeechState
from pipelines.record import Row

_YOUNG = timedelta(days=30)
_YOUNG_INTERVAL = timedelta(hours=20)
_OLD_SHARE = 10


def why_read(known: SpeechState | None, row: Row, now: datetime, *, read_all: bool) -> str | None:
    """Why an article should be read in this run; None when its list row and its counter are enough.

    A speech first seen within 30 days is read daily; an older one when a tenth of the time since it was first seen
    has passed since its last reading, so that ever fewer requests go to what has long stood still.
    """
    if known is None:
        return "new"
    if read_all:
        return "full"
    if known.is_gone or known.first_missed_at is not None:
        return "was missing"
    if known.listed != row:
        return "row changed"
    age = now - datetime.fromisoformat(known.first_seen)
    interval = _YOUNG_INTERVAL if age < _YOUNG else age / _OLD_SHARE
    return "due" if now - datetime.fromisoformat(known.last_checked) >= interval else None
