"""Reads a Retry-After header. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy.http import Response

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?", re.ASCII)


def retry_after(response: Response, now: datetime) -> float:
    """Seconds of a Retry-After header: its number, or its date relative to the answer's Date; 0 if it is neither.

    `now` is used for an answer without a Date.
    """
    value = _header(response, "Retry-After").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    date = _date(value)
    return max(0.0, (date - (_date(_header(response, "Date")) or now)).total_seconds()) if date else 0.0


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
