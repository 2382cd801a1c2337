"""The journal of a site: every attempt to crawl it, also those that were refused or died before they had an archive.

Two lines an attempt, appended when it begins and when it ends. While it is under way the journal is locked (shared),
so that what has no end and no lock died.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.disk.layout import checked_name, is_archive
from pipelines.archive.read.moments import moment_of
from pipelines.exits import ARCHIVED
from pipelines.untrusted import opened, parsed_json
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SCHEMA = "attempt/1"
FLEET = "fleet"
"""The folder of an archive root that holds the records of its fleet."""
PLACE = "place"
"""The file there with the name of a root in which workers of a cluster crawl."""
_BESIDE = frozenset({FLEET, "anchors", "aside"})
"""Folders of an archive root that are no site's."""
NO_PROFILE = "broken-profile"
"""The verdict of a site whose profile cannot be used."""
PARTIAL = "partial"
"""The verdict of a run with a limit, or over one of several sections."""
_TAIL = 1 << 16
"""Bytes of a journal's end that are read first: some hundred attempts."""


@frozen(kw_only=True)
class Began:
    """An attempt that began: its id, when (RFC 3339 in UTC), in which process, in which run of the fleet, if any."""

    attempt: str
    at: str
    pid: int
    host: str
    fleet: str | None = None


@frozen(kw_only=True)
class Ended:
    """How it ended.

    Args:
        at: when, RFC 3339 in UTC.
        run: the run's id; null where none began.
        mode: `incremental` or `full`; null where none began.
        exit_status, verdict, message: as printed.
        seconds: how long it took.
        counts: those of the run report; null where there is none.
        new_gaps: gaps that no person has accepted.
        commit, head: its commit; null where it made none.
        not_before: the site asked not to be requested before this moment.
    """

    at: str
    run: str | None
    mode: str | None
    exit_status: int
    verdict: str
    message: str
    seconds: float
    counts: dict[str, Any] | None = None
    new_gaps: int = 0
    commit: int | None = None
    head: str | None = None
    not_before: str | None = None


@frozen
class Attempt:
    """One attempt; `ended` is null while it is under way, and for good when it died."""

    began: Began
    ended: Ended | None
    is_under_way: bool = False

    @property
    def is_dead(self) -> bool:
        """Whether it ended without a verdict: killed, or cut off by a loss of power."""
        return self.ended is None and not self.is_under_way

    @property
    def is_partial(self) -> bool:
        """Whether a person asked for a part of the site (`-a limit=5`), which says nothing of the whole."""
        return self.ended is not None and self.ended.verdict == PARTIAL

    @property
    def is_good(self) -> bool:
        """Whether it made a commit and was good, as `is_good` says of a report."""
        ended = self.ended
        if ended is None or ended.commit is None:
            return False
        return is_good({"exit_status": ended.exit_status, "verdict": ended.verdict, "counts": ended.counts})


def is_good(report: Mapping[str, Any]) -> bool:
    """Whether a run, by its report or the end of its attempt, archived what the site showed.

    Not where no list page could be read: the site was down, and its whole content is the gap. Nor where only a part
    of it was asked for.
    """
    is_archived = report.get("exit_status") in ARCHIVED and report.get("verdict") != PARTIAL
    return is_archived and not has_read_nothing(report.get("counts"))


def has_read_nothing(counts: dict[str, Any] | None) -> bool:
    """Whether the counts of a run report say that no list page was read."""
    return (counts or {}).get("list_pages") == 0


class Journal:
    """The attempts at one site, in the archive root `root`."""

    def __init__(self, root: Path, site: str) -> None:
        """Nothing is opened yet; a journal that is not there has no attempt."""
        self.site = checked_name(site, "site name")
        self.file = root / FLEET / "attempts" / f"{site}.jsonl"

    def begin(self, began: Began) -> UnderWay:
        """Append the beginning of an attempt and hold the journal; `OSError` when that cannot be done."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        under_way = UnderWay(os.open(self.file, flags, 0o644), began)
        try:
            under_way.append("began", asdict(began))
        except OSError:
            under_way.close()
            raise
        return under_way

    def attempts(self, most: int | None = None, others: Sequence[bytes] = ()) -> list[Attempt]:
        """The attempts, oldest first; only about the last `most` when given. Torn and foreign lines are passed over.

        `others` are lines of other machines that were not written here. `OSError` when the journal cannot be read.
        """
        try:
            with opened(self.file) as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(0 if most is None else max(0, size - max(_TAIL, most * 1024)))
                first, *lines = stream.read().split(b"\n")
                is_held = not _takes(stream.fileno())
        except FileNotFoundError:
            first, lines, size, is_held = b"", [], 0, False
        known = [first, *lines] if most is None or size <= max(_TAIL, most * 1024) else lines
        found = _paired(sorted([*known, *others], key=moment_in) if others else known, is_held)
        return found if most is None else found[-most:]

    def state(self) -> tuple[int, bool] | None:
        """Its bytes, and whether an attempt is under way; null when there is none.

        Another whenever something happens, also when an attempt dies. `OSError` when the journal cannot be read.
        """
        try:
            with opened(self.file) as stream:
                return os.fstat(stream.fileno()).st_size, not _takes(stream.fileno())
        except FileNotFoundError:
            return None


def _takes(handle: int) -> bool:
    """Whether nobody holds the file."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.flock(handle, fcntl.LOCK_UN)
    return True


def _paired(lines: list[bytes], is_held: bool) -> list[Attempt]:
    """The attempts of some lines; when the journal is held, the newest of those without an end is under way."""
    began: dict[str, Began] = {}
    ended: dict[str, Ended] = {}
    for entry in _entries(lines):
        _take(entry, began, ended)
    under_way = next((one for one in reversed(began) if one not in ended), None) if is_held else None
    return [Attempt(one, ended.get(name), name == under_way) for name, one in began.items()]


def _take(entry: Any, began: dict[str, Began], ended: dict[str, Ended]) -> None:
    """Take one line into account; a foreign one is passed over."""
    try:
        if entry["event"] == "began":
            began[entry["attempt"]] = _of(Began, entry)
        elif entry["event"] == "ended":
            ended[entry["attempt"]] = _of(Ended, entry)
    except (ValueError, TypeError, KeyError):
        return


_AT_ONCE = 25
"""Lines that are parsed in one call, which costs as much as a line; few enough for the bound on nested lists."""


def _entries(lines: list[bytes]) -> Iterator[Any]:
    """What the lines hold, without those that are no JSON."""
    for some in (lines[at : at + _AT_ONCE] for at in range(0, len(lines), _AT_ONCE)):
        try:
            yield from parsed_json(b"[%s]" % b",".join(filter(None, some)))
        except ValueError:
            for line in some:
                with suppress(ValueError):
                    yield parsed_json(line)


_NAMES = {kind: frozenset(one.name for one in fields(kind)) for kind in (Began, Ended)}


def _of(kind: type[Any], entry: dict[str, Any]) -> Any:
    if moment_of(entry["at"]) is None or (entry.get("not_before") and moment_of(entry["not_before"]) is None):
        raise ValueError("no moment")
    if kind is Ended and not (type(entry["exit_status"]) is int and isinstance(entry.get("counts"), dict | None)):
        raise TypeError("no end")
    return kind(**{name: entry[name] for name in _NAMES[kind] if name in entry})


class UnderWay:
    """An attempt that has begun and not ended. Ends only once; without an end it counts as dead."""

    def __init__(self, handle: int, began: Began) -> None:
        """Use `Journal.begin`; the attempt holds the file until it ends."""
        self._handle, self.began = handle, began
        fcntl.flock(handle, fcntl.LOCK_SH)

    def seconds_until(self, moment: datetime) -> float:
        """How long it took until a moment (aware)."""
        return round((moment - datetime.fromisoformat(self.began.at)).total_seconds(), 3)

    def end(self, ended: Ended) -> None:
        """Append its end, see it on the disk, and release the journal; `OSError` when it cannot be written."""
        try:
            self.append("ended", {"attempt": self.began.attempt, **asdict(ended)})
            os.fdatasync(self._handle)
        finally:
            self.close()

    def append(self, event: str, entry: dict[str, Any]) -> None:
        """Append one line in one write, so that lines of two processes never mix."""
        line = json.dumps({"schema": SCHEMA, "event": event, **entry}, ensure_ascii=False).encode() + b"\n"
        # What a full disk left of an earlier line must not swallow this one.
        size = os.fstat(self._handle).st_size
        is_torn = size > 0 and os.pread(self._handle, 1, size - 1) != b"\n"
        os.write(self._handle, b"\n" + line if is_torn else line)

    def close(self) -> None:
        """Release the journal; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def is_root(folder: Path) -> bool:
    """Whether a folder holds a fleet, or archives, and is no archive itself."""
    return not is_archive(folder) and ((folder / FLEET).is_dir() or any(map(is_archive, folders_of(folder))))


def is_of_workers(root: Path) -> bool:
    """Whether workers of a cluster crawl, or have crawled, into an archive root."""
    return (root / FLEET / PLACE).exists()


def folders_of(root: Path) -> Iterator[Path]:
    """What lies in a root and may be of a site; nothing where there is no root."""
    return (folder for folder in root.iterdir() if folder.name not in _BESIDE) if root.is_dir() else iter(())


def moment_in(line: bytes) -> str:
    """Of a line, which all journals write in the same form; of a foreign line the beginning of time."""
    try:
        at = parsed_json(line)["at"]
    except (ValueError, TypeError, KeyError):
        return ""
    return at if isinstance(at, str) else ""


def attempt_id(moment: datetime, pid: int) -> str:
    """The id of an attempt that a process begins at a moment (aware)."""
    return f"{moment.astimezone(UTC):%Y%m%dt%H%M%S%fz}-{pid}"
