"""Moments as lines write them: UTC to the second, so that comparing text compares time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from pipelines.archive.errors import NotUnderstood

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second: `2026-01-10T02:00:00Z`. `moment` is aware."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: object) -> datetime | None:
    """The moment (aware) of a text of RFC 3339; null for anything else: records may be torn or edited."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def start_of(text: str) -> str:
    """The first second of a day (UTC), or the moment itself."""
    return f"{_day(text)}T00:00:00Z" if _DAY.fullmatch(text) else _second(text)


def end_of(text: str) -> str:
    """The last second of a day (UTC), or the moment itself."""
    return f"{_day(text)}T23:59:59Z" if _DAY.fullmatch(text) else _second(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotUnderstood(f"{text}: no such day ({error})") from error


def _second(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise NotUnderstood(f"{text}: in which time zone? Write {text}Z for UTC, or an offset such as +08:00")
        return stamp(moment)
    except (ValueError, OverflowError) as error:
        if isinstance(error, NotUnderstood):
            raise
        raise NotUnderstood(f"{text}: neither a day (2026-01-31) nor a moment (2026-01-31T02:00:00Z)") from error
