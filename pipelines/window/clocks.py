"""Moments as a page tells them: in Chinese by the clock of the website, else in UTC, always with the zone. Pure."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.archive.read.moments import moment_of


@cache
def zone_of(name: str) -> tzinfo:
    """The zone of an archive, an IANA name or an offset; UTC where this machine does not know it."""
    try:
        if name[:1] in {"+", "-"}:
            return datetime.strptime(name, "%z").tzinfo or UTC
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC


def local_minute(when: str, zone: str) -> tuple[str, str]:
    """A moment (RFC 3339 in UTC) to the minute by the clock of a zone, and its offset, `UTC` where there is none."""
    moment = moment_of(when)
    if moment is None or not 1 < moment.year < MAXYEAR:
        return f"{when[:10]} {when[11:16]}", "UTC"
    local = moment.astimezone(zone_of(zone))
    offset = f"{local:%z}"
    is_utc = not local.utcoffset()
    return f"{local:%Y-%m-%d %H:%M}", "UTC" if is_utc else f"{offset[:3]}:{offset[3:]}"
