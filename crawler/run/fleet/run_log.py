"""The log of one crawl in a file of its own, `ROOT/fleet/logs/SITE/RUN.log`, also of many crawls in one process."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from scrapy.settings import BaseSettings

from pipelines.exits import Exit
from pipelines.fleet.attempts import FLEET
from pipelines.shown import harmless

_log = logging.getLogger(__name__)
SITE: ContextVar[str] = ContextVar("site", default="")
"""The site for which code runs, empty for none. Tasks inherit it, and threads that are started with the context."""
_OPEN: set[str] = set()
"""Sites of this process whose crawls write a log."""


class RunLog(logging.Handler):
    """Writes what is logged for one crawl into its file.

    What is logged outside of any crawl, as by a callback of the network, is the crawl's when it is the only one.
    """

    def __init__(self, file: Path, site: str, *, as_json: bool) -> None:
        """Make the file; `OSError` when that cannot be done."""
        super().__init__(logging.INFO)
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file, self._site = file, site
        self._stream: TextIO | None = file.open("x", encoding="utf-8", errors="backslashreplace")
        self.setFormatter(_Json() if as_json else _Text("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def filter(self, record: logging.LogRecord) -> bool:
        site = SITE.get() or _site_of(record)
        return site == self._site or (not site and len(_OPEN) == 1)

    def emit(self, record: logging.LogRecord) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(f"{self.format(record)}\n")
            self._stream.flush()
        except OSError as error:
            self.close()
            _log.error("%s: cannot be written, the rest of this crawl is not in it: %s", self.file, error)

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()
        super().close()

    def end(self, run: str | None, status: Exit) -> None:
        """Name the file after the run, if there was one; where another run held the site, nothing is told."""
        with suppress(OSError):
            if status is Exit.LOCKED:
                self.file.unlink()
            elif run is not None:
                self.file = self.file.rename(self.file.with_name(f"{run}.log"))


def _site_of(record: logging.LogRecord) -> str:
    """The site of the spider that Scrapy names in most of its records; empty where it names none of ours."""
    job = getattr(getattr(record, "spider", None), "job", None)
    return str(job.profile.site) if job else ""


class _Text(logging.Formatter):
    """Lines for people, the moment in UTC; control characters of a page do not reach the terminal."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        return _moment(record)

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


class _Json(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "error": self.formatException(record.exc_info) if record.exc_info else None,
        }
        return json.dumps(told, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


@contextmanager
def run_log(root: Path, site: str, attempt: str, settings: BaseSettings) -> Iterator[RunLog | None]:
    """Log the crawl of a site until the end of the block, in a file named after the attempt until its run is known.

    Of the site's older logs the newest are kept, `KEEP_LOGS` with this one; none is written for 0. A log that cannot
    be made is told on the other handlers, and the crawl goes on without.
    """
    keep, file = settings.getint("KEEP_LOGS"), root / FLEET / "logs" / site / f"{attempt}.log"
    try:
        log = RunLog(file, site, as_json=settings.getbool("LOG_JSON")) if keep else None
    except OSError as error:
        _log.error("this crawl has no log: %s", error)
        log = None
    if log is None:
        yield None
        return
    _remove_old(file.parent, keep)
    logging.getLogger().addHandler(log)
    _OPEN.add(site)
    token = SITE.set(site) if SITE.get() != site else None
    try:
        yield log
    finally:
        if token is not None:
            SITE.reset(token)
        _OPEN.discard(site)
        logging.getLogger().removeHandler(log)
        log.close()


def _remove_old(folder: Path, keep: int) -> None:
    """Those written to last are kept: runs of one second have no order of names. What cannot be removed stays."""
    with suppress(OSError):
        for old in sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns)[:-keep]:
            old.unlink(missing_ok=True)
