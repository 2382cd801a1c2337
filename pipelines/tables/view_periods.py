"""View counts by day, week or month: the last count that was read in each, never one that was not read."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, date, datetime, tzinfo
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.archive.disk.layout import ARCHIVE_JSON, natural_key
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.disk.wrong_clock import latest_possible
from pipelines.archive.errors import Damaged
from pipelines.archive.read.moments import moment_of, stamp
from pipelines.export.sorting import sorted_lines
from pipelines.tables.rows import ViewPeriod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelines.archive import Archive
    from pipelines.packed import Stored

Every = Literal["day", "week", "month"]
EVERY: tuple[Every, ...] = get_args(Every)
_HELD = 4 << 20  # bytes of counts sorted in memory at once; as Python keeps them they take three times as much
_DAY_SECONDS = 86_400
# The contract fixes the order of keys, and a quote in a text is escaped: neither can be met inside one.
_BEGIN = re.compile(
    rb'\{"schema":"observation/1","seq":(\d{1,18}),"commit":\d{1,18},"id":"[a-z0-9-]+:([A-Za-z0-9._-]+)"'
    rb',"run":"[^"\\]+","observed_at":"([^"\\]+)"'
)
_COUNT = re.compile(rb',"view_count":(null|\d{1,18}),"views_raw":')


class _Read(NamedTuple):
    native_id: str
    seq: int
    at: str
    view_count: int


class _Period(NamedTuple):
    """A period with a count: its number, its last read, and the least and greatest seq of its reads."""

    number: int
    last: _Read
    oldest: int
    newest: int


def view_periods(archive: Archive, every: Every, after: int = 0) -> Iterator[ViewPeriod]:
    """The view counts of each speech by period in the site's time zone, in natural order of ids, then of periods.

    A row is of a period in which a count was read, the last one of it, or of one between two such (all null). Counts
    are sorted in files, so that memory does not grow with them.

    Args:
        archive: also gone speeches have rows.
        every: length of a period; weeks are those of ISO 8601, from Monday.
        after: only rows that differ from those made of the lines up to this seq.
    """
    zone = _zone(archive)
    reads = sorted_lines(map(_packed, _reads(archive)), Path(tempfile.gettempdir()), _HELD)
    for native_id, of_one in groupby(map(_unpacked, reads), key=lambda read: read.native_id):
        yield from _rows(archive.facts.site, native_id, _by_period(of_one, every, zone), every, after)


def _zone(archive: Archive) -> tzinfo:
    name = archive.facts.timezone
    try:
        if name[:1] in {"+", "-"}:
            return datetime.strptime(name, "%z").tzinfo or UTC
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        file = archive.layout.path(ARCHIVE_JSON)
        raise Damaged(f"{file}: timezone {name!r} is not known here ({error}); pip install tzdata") from error


def _reads(archive: Archive) -> Iterator[_Read]:
    """Every count that was read, by rising seq; what was read under a clock ahead, not later than that was told."""
    bounds = latest_possible(archive.commits())
    for commit in archive.commits():
        if named := commit.stream("observations"):
            file, bound = archive.layout.stored(named.path), bounds.get(commit.n)
            for number, raw in enumerate(raw_lines(file), 1):
                if read := _read(raw, file, number):
                    yield read if bound is None or read.at <= bound else read._replace(at=bound)


def _read(raw: bytes, file: Stored, number: int) -> _Read | None:
    """The count of an observation line, many times faster than parsing it; null when none was read."""
    begin, count = _BEGIN.match(raw), _COUNT.search(raw)
    if begin and count:
        if count[1] == b"null":
            return None
        seq, native_id, at = begin.groups()
        return _Read(native_id.decode(), int(seq), _moment(at.decode(), file, number), int(count[1]))
    line = parsed(raw, file, number)
    try:
        if line["view_count"] is None:
            return None
        native_id, at = line["id"].partition(":")[2], _moment(line["observed_at"], file, number)
        return _Read(native_id, int(line["seq"]), at, int(line["view_count"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"{file}, line {number}: lacks what a line must have ({error!r}); run verify") from error


def _moment(text: str, file: Stored, number: int) -> str:
    if _PLAIN.fullmatch(text):
        return text
    moment = moment_of(text)
    if moment is None:
        raise Damaged(f"{file}, line {number}: observed_at {text[:40]!r} is no moment; run verify")
    return stamp(moment)


_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def _packed(read: _Read) -> bytes:
    """A line that sorts by natural order of id, then by time, then by seq."""
    # In hexadecimal, since a key may hold a line feed; this keeps its order.
    return f"{natural_key(read.native_id).encode().hex()} {read.at} {read.seq:018} {read.view_count}\n".encode()


def _unpacked(line: bytes) -> _Read:
    key, at, seq, count = line.split()
    native_id = bytes.fromhex(key.decode()).rpartition(b"\0")[2]
    return _Read(native_id.decode(), int(seq), at.decode(), int(count))


def _by_period(reads: Iterable[_Read], every: Every, zone: tzinfo) -> Iterator[_Period]:
    number_of = _NUMBER[every]

    def number(read: _Read) -> int:
        return number_of(datetime.fromisoformat(read.at).astimezone(zone).date())

    for period, of_one in groupby(reads, key=number):
        of_period = list(of_one)
        seqs = [read.seq for read in of_period]
        yield _Period(period, of_period[-1], min(seqs), max(seqs))


def _rows(site: str, native_id: str, periods: Iterable[_Period], every: Every, after: int) -> Iterator[ViewPeriod]:
    id_, label = f"{site}:{native_id}", _LABEL[every]
    before: _Period | None = None
    for now in periods:
        read, grew, days = now.last, None, None
        was_there, was_so = now.oldest <= after, now.newest <= after
        if before is not None:
            grew, days = read.view_count - before.last.view_count, _days(before.last.at, read.at)
            # The rows between two periods were there when both were; what it grew depends on the one before.
            was_there, was_so = was_there and before.oldest <= after, was_so and before.newest <= after
            for empty in () if was_there else range(before.number + 1, now.number):
                yield ViewPeriod(
                    site=site, id=id_, period=label(empty), view_count=None, read_at=None, grew=None,
                    days_between_reads=None,
                )  # fmt: skip
        if not was_so:
            yield ViewPeriod(
                site=site, id=id_, period=label(now.number), view_count=read.view_count, read_at=read.at, grew=grew,
                days_between_reads=days,
            )  # fmt: skip
        before = now


def _days(start: str, end: str) -> float:
    between = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return round(between.total_seconds() / _DAY_SECONDS, 4)  # to ten seconds


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _week_number(day: date) -> int:
    return (day.toordinal() - 1) // 7  # day 1 was a Monday


def _week(number: int) -> str:
    year, week, _ = date.fromordinal(number * 7 + 1).isocalendar()
    return f"{year:04}-W{week:02}"


_NUMBER: dict[Every, Callable[[date], int]] = {"day": date.toordinal, "week": _week_number, "month": _month_number}
_LABEL: dict[Every, Callable[[int], str]] = {
    "day": lambda number: date.fromordinal(number).isoformat(),
    "week": _week,
    "month": _month,
}
