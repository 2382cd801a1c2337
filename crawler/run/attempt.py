"""Enters an attempt to crawl a site into its journal, however it ends."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy.settings import BaseSettings

from crawler.http.politeness.admission import NotYet
from crawler.run.arguments import Arguments, WrongUse
from crawler.run.fleet.run_log import RunLog, run_log
from crawler.sites.profile import ProfileError
from pipelines.archive.disk.layout import NAME
from pipelines.archive.errors import ArchiveError, Blocked
from pipelines.archive.read.moments import stamp
from pipelines.exits import BLOCKED, Exit
from pipelines.fleet.attempts import NO_PROFILE, Began, Ended, Journal, UnderWay, attempt_id
from pipelines.fleet.recipients import Recipients
from pipelines.health import Verdict

if TYPE_CHECKING:
    from crawler.run.ending.outcome import Outcome

_log = logging.getLogger(__name__)
_WORDS = {
    Exit.WRONG_USE: "wrong-use",
    Exit.REFUSED: "refused",
    Exit.DAMAGED: "damaged",
    Exit.LOCKED: "locked",
    Exit.INTERRUPTED: "interrupted",
}


def verdict_on(error: BaseException) -> Verdict:
    """The verdict on a crawl that ended with an error before it had an outcome."""
    if isinstance(error, Blocked):
        return Verdict(BLOCKED, error.exit_status, str(error))
    if isinstance(error, ArchiveError):
        return Verdict(_WORDS.get(error.exit_status, "error"), error.exit_status, str(error))
    if isinstance(error, ProfileError):
        return Verdict(NO_PROFILE, Exit.WRONG_USE, str(error))
    if isinstance(error, WrongUse):
        return Verdict("wrong-use", Exit.WRONG_USE, str(error))
    if isinstance(error, KeyboardInterrupt):
        return Verdict("interrupted", Exit.INTERRUPTED, "interrupted before the crawl began")
    return Verdict("error", Exit.INTERNAL_ERROR, f"{type(error).__name__}: {error}")


class Attempting:
    """An attempt under way; `end` tells how it ended."""

    def __init__(
        self, under_way: UnderWay | None, clock: Callable[[], datetime], run_log: RunLog | None = None
    ) -> None:
        """Without `under_way` nothing is entered."""
        self._under_way, self._clock, self._run_log = under_way, clock, run_log

    def end(self, outcome: Outcome) -> None:
        """Enter the outcome of the crawl."""
        report, sealed = outcome.report, outcome.sealed
        counts = report["counts"]
        self._enter(
            outcome.verdict.exit_status,
            outcome.verdict.name,
            outcome.verdict.message,
            run=report["run"],
            mode=report["mode"],
            counts=counts,
            new_gaps=counts["failed"] - counts["accepted"],
            commit=sealed.commit if sealed else None,
            head=sealed.head if sealed else None,
            not_before=report.get("not_before"),
        )

    def fail(self, error: BaseException) -> None:
        """Enter that the crawl was refused, interrupted or failed before it had an outcome."""
        judged = verdict_on(error)
        not_before = error.not_before if isinstance(error, NotYet) else None
        self._enter(judged.exit_status, judged.name, judged.message, not_before=not_before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self.fail(error)

    def _enter(
        self,
        status: Exit,
        verdict: str,
        message: str,
        *,
        run: str | None = None,
        mode: str | None = None,
        **more: Any,
    ) -> None:
        _log.info("%s (exit %d): %s", verdict, status, message)
        if self._run_log is not None:
            self._run_log.end(run, status)
            self._run_log = None
        if self._under_way is None:
            return
        now, under_way = self._clock(), self._under_way
        self._under_way = None
        try:
            under_way.end(
                Ended(
                    at=stamp(now),
                    run=run,
                    mode=mode,
                    exit_status=int(status),
                    verdict=verdict,
                    message=message,
                    seconds=under_way.seconds_until(now),
                    **more,
                )
            )
        except OSError as error:
            _log.error("the end of this attempt could not be entered into the journal: %s", error)


@contextmanager
def attempting(
    arguments: Arguments,
    settings: BaseSettings,
    fleet: str | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Attempting]:
    """An attempt to crawl a site: from before its archive is opened to the end of the block.

    Plans, replays and crawls that keep nothing are not entered, and have no log of their own. A journal that cannot
    be written is told in the log: the crawl itself says what is wrong with the disk. At its end a changed verdict is
    told; a run of the fleet does that itself.

    Raises:
        WrongUse: a wrong setting of who is told.
    """
    root, site, now = Path(settings["ARCHIVE_ROOT"]).expanduser().absolute(), arguments.profile.site, clock()
    is_crawl = arguments.replay is None and not arguments.plan_only and settings.getbool("ARCHIVE")
    told = recipients(settings) if is_crawl and fleet is None else Recipients()
    name = attempt_id(now, os.getpid())
    with run_log(root, site, name, settings) if is_crawl else nullcontext() as log:
        began = Began(attempt=name, at=stamp(now), pid=os.getpid(), host=platform.node(), fleet=fleet)
        attempt = Attempting(_begun(root, site, began) if is_crawl else None, clock, log)
        try:
            with attempt:
                yield attempt
        finally:
            _tell(root, told, clock(), site)


def enter_broken_profile(
    site: str,
    settings: BaseSettings,
    error: ProfileError,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Enter that a site cannot be crawled since its profile is broken, and tell of it.

    Only of a site that was crawled before: another name may be a slip of the hand.
    """
    root = Path(settings["ARCHIVE_ROOT"]).expanduser().absolute()
    if not NAME.fullmatch(site) or not Journal(root, site).file.exists():
        return
    enter_failure(root, site, error, None, clock())
    _tell(root, recipients(settings), clock(), site)


def enter_failure(root: Path, site: str, error: Exception, fleet: str | None, now: datetime) -> Ended:
    """Enter an attempt of a run of the fleet, if any, that failed before the site could be crawled."""
    judged = verdict_on(error)
    ended = Ended(
        at=stamp(now),
        run=None,
        mode=None,
        exit_status=int(judged.exit_status),
        verdict=judged.name,
        message=judged.message,
        seconds=0.0,
    )
    attempt, pid = attempt_id(now, os.getpid()), os.getpid()
    try:
        Journal(root, site).begin(
            Began(attempt=attempt, at=stamp(now), pid=pid, host=platform.node(), fleet=fleet)
        ).end(ended)
    except (OSError, ValueError) as wrong:  # a file name that is no site name has no journal
        _log.error("%s: not entered into a journal: %s", site, wrong)
    return ended


def _tell(root: Path, told: Recipients, now: datetime, site: str) -> None:
    if told:
        from pipelines.fleet.notify import tell  # noqa: PLC0415 - most crawls tell nobody

        for failure in tell(root, told, now, {site}):
            _log.error("%s", failure)


def recipients(settings: BaseSettings) -> Recipients:
    """Who is told of changed verdicts, as the settings say; `WrongUse` when one of them is wrong."""
    textfile = str(settings["METRICS_TEXTFILE"] or "")
    try:
        return Recipients(
            webhook=str(settings["NOTIFY_WEBHOOK"] or ""),
            shape=str(settings["NOTIFY_SHAPE"]),
            command=str(settings["NOTIFY_CMD"] or ""),
            textfile=Path(textfile).expanduser().absolute() if textfile else None,
        )
    except ValueError as error:
        raise WrongUse(f"settings NOTIFY_WEBHOOK and NOTIFY_SHAPE: {error}") from error


def _begun(root: Path, site: str, began: Began) -> UnderWay | None:
    try:
        return Journal(root, site).begin(began)
    except OSError as error:
        _log.error("this attempt could not be entered into the journal: %s", error)
        return None
