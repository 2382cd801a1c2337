"""Errors of an archive. The message names the thing and the remedy, the class the exit status."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from pipelines.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ArchiveError(Exception):
    """Base of every error that stops work on an archive."""

    exit_status: ClassVar[Exit] = Exit.INTERNAL_ERROR


class NotAnArchive(ArchiveError):  # noqa: N818 - these read as sentences: "not an archive"
    """The folder holds no archive in this format."""

    exit_status = Exit.WRONG_USE


class WrongHost(ArchiveError):  # noqa: N818
    """The archive keeps another site, another host of it or another id namespace."""

    exit_status = Exit.WRONG_USE


class Retired(ArchiveError):  # noqa: N818
    """A person decided that the site is crawled no longer."""

    exit_status = Exit.WRONG_USE


class NewerFormat(ArchiveError):  # noqa: N818
    """The archive was written by a later format than this software knows."""

    exit_status = Exit.WRONG_USE


class NotKnown(ArchiveError):  # noqa: N818
    """The archive does not hold the requested speech or version."""

    exit_status = Exit.WRONG_USE


class NotUnderstood(ArchiveError, ValueError):  # noqa: N818
    """An argument is not a valid speech id, moment or place in history."""

    exit_status = Exit.WRONG_USE


class Unwritable(ArchiveError):  # noqa: N818
    """The archive's folder cannot be written."""

    exit_status = Exit.WRONG_USE


class ClockBehind(ArchiveError):  # noqa: N818
    """This machine's clock is before the last commit."""

    exit_status = Exit.REFUSED


class ClockAhead(ArchiveError):  # noqa: N818
    """This machine's clock stands so long after the last commit that it may be wrong."""

    exit_status = Exit.REFUSED


class Damaged(ArchiveError):  # noqa: N818
    """A committed file is missing or unreadable."""

    exit_status = Exit.DAMAGED


class TailLost(Damaged):
    """Commits that were made are not in the chain: cut off, lost with an older copy, or another machine's."""


class NotStamped(Damaged):
    """What should be a time-stamp is none, is of something else, or not by a trusted authority."""


class LockHeld(ArchiveError):  # noqa: N818
    """Another run holds the site."""

    exit_status = Exit.LOCKED


class Blocked(ArchiveError):  # noqa: N818
    """Something on this machine is in the way: a person removes it, and the next run goes on."""

    exit_status = Exit.INTERRUPTED


class FleetHangs(Blocked):
    """A run over many sites holds their lock, and no site has ended for days."""


class DiskFull(Blocked):
    """No space left; commits are untouched, saved data stays in staging."""


class LimitReached(Blocked):
    """A resource limit of this process was reached; saved data stays in staging."""


class LatestStale(Blocked):
    """The commit is made, but the derived files could not be rebuilt."""


class HeadNotNoted(Blocked):
    """The commit stands, but its head could not be noted outside the archive."""


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_FILES = ("The number of open files", "-n")
_LIMITS = {errno.EFBIG: ("The size of a file", "-f"), errno.EMFILE: _FILES, errno.ENFILE: _FILES}


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn every `OSError` into the `ArchiveError` that names the remedy."""
    try:
        yield
    except OSError as error:
        raise refusal(root, error) from error


def refusal(root: Path, error: OSError) -> ArchiveError:
    """The `ArchiveError` for an `OSError` while writing below `root`."""
    problem = f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
    if error.errno in _LIMITS:
        name, option = _LIMITS[error.errno]
        remedy = f"{name} is limited here (`ulimit {option}`): raise the limit and run again"
        return LimitReached(f"{root}: {problem}. Saved data stays in staging. {remedy}")
    if error.errno in NO_ROOM:
        return DiskFull(f"{root}: {problem}. Saved data stays in staging. Free some space and run again")
    if error.errno == errno.EISDIR:
        place = error.filename2 or error.filename or root
        return Unwritable(f"{place}: is a directory, a file belongs there. Move it away and run again")
    return Unwritable(f"{root}: cannot be written: {problem}. Correct its permissions or give another ARCHIVE_ROOT")
