"""What can go wrong with an archive. Messages name the thing and the remedy; classes the exit status."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from pipelines.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ArchiveError(Exception):
    """Anything that stops work on an archive."""

    exit_status: ClassVar[Exit] = Exit.INTERNAL_ERROR


class NotAnArchive(ArchiveError):  # noqa: N818 - these read as sentences: "not an archive"
    """The folder holds no archive of ours."""

    exit_status = Exit.WRONG_USE


class WrongHost(ArchiveError):  # noqa: N818
    """The archive keeps another site, another host of it or another id namespace."""

    exit_status = Exit.WRONG_USE


class NewerFormat(ArchiveError):  # noqa: N818
    """The archive was written by a later format than this software knows."""

    exit_status = Exit.WRONG_USE


class NotKnown(ArchiveError):  # noqa: N818
    """The archive holds nothing of the speech, or of the version of it, that was asked for."""

    exit_status = Exit.WRONG_USE


class NotUnderstood(ArchiveError, ValueError):  # noqa: N818
    """A speech, a moment or a place in history was asked for in words that mean none."""

    exit_status = Exit.WRONG_USE


class Unwritable(ArchiveError):  # noqa: N818
    """The archive's folder cannot be written."""

    exit_status = Exit.WRONG_USE


class ClockBehind(ArchiveError):  # noqa: N818
    """This machine's clock stands before the last commit."""

    exit_status = Exit.REFUSED


class Damaged(ArchiveError):  # noqa: N818
    """A committed file is missing or unreadable."""

    exit_status = Exit.DAMAGED


class LockHeld(ArchiveError):  # noqa: N818
    """Another run holds the site."""

    exit_status = Exit.LOCKED


class DiskFull(ArchiveError):  # noqa: N818
    """No room left; what was committed is untouched, what was saved waits in staging."""

    exit_status = Exit.INTERRUPTED


class LimitReached(ArchiveError):  # noqa: N818
    """A limit that this process runs under; what was saved waits in staging."""

    exit_status = Exit.INTERRUPTED


class LatestStale(ArchiveError):  # noqa: N818
    """The commit stands, but the derived files could not be made anew."""

    exit_status = Exit.INTERRUPTED


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_FILES = ("The number of open files", "-n")
_LIMITS = {errno.EFBIG: ("The size of a file", "-f"), errno.EMFILE: _FILES, errno.ENFILE: _FILES}


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn the operating system's refusals into ours."""
    try:
        yield
    except OSError as error:
        raise refusal(root, error) from error


def refusal(root: Path, error: OSError) -> ArchiveError:
    """What an `OSError` while writing below `root` means to the archivist."""
    said = f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
    if error.errno in _LIMITS:
        name, option = _LIMITS[error.errno]
        remedy = f"{name} is limited here (`ulimit {option}`): raise the limit and run again"
        return LimitReached(f"{root}: {said}. What was saved waits in staging. {remedy}")
    if error.errno in NO_ROOM:
        return DiskFull(f"{root}: {said}. What was saved waits in staging. Make room and run again")
    return Unwritable(f"{root}: cannot be written: {said}. Correct its permissions or give another ARCHIVE_ROOT")
