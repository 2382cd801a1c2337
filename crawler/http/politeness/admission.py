"""Whether a crawl may begin now."""

from __future__ import annotations

from datetime import datetime

from scrapy.settings import BaseSettings

from crawler.http.netloc import Server
from crawler.http.politeness.host_clock import HostClocks
from crawler.http.politeness.pacing import asked_later, limits_of
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.moments import stamp
from pipelines.exits import Exit


class NotYet(ArchiveError):  # noqa: N818 - reads as a sentence
    """The site may not be requested yet; `not_before` (RFC 3339) says when. Nothing was requested or written."""

    exit_status = Exit.INTERRUPTED

    def __init__(self, message: str, not_before: str | None) -> None:
        super().__init__(message)
        self.not_before = not_before


def check_now(settings: BaseSettings, url: str, zone: str, now: datetime) -> None:
    """Refuse a crawl that may not request the host of an address, in a time zone, at `now` (aware).

    Raises:
        NotYet: it is outside its hours, or the host asked to be left alone.
        HostClockError: the folder of the clocks cannot be used.
        ValueError: the hours are not hours.
    """
    if (end := limits_of(settings, zone, now).end(0, now)) is not None:
        raise NotYet(f"not requested: {end.words}", stamp(end.not_before) if end.not_before else None)
    clocks = HostClocks.of(settings["HOST_LOCKS"])
    clocks.prepare()
    server = Server.of(url)
    later = clocks.later(server, now) if server is not None else None
    if later is not None and (later.until - now).total_seconds() > settings.getfloat("RETRY_AFTER_MAX"):
        why = asked_later(later.why, later.until)
        raise NotYet(f"not requested: {why}; to ask nevertheless, remove {later.file}", stamp(later.until))
