"""View counts by day, week or month: the last count that was read in each, never one that was not read."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.archive.disk.layout import ARCHIVE_JSON
from pipelines.archive.errors import Damaged
from pipelines.archive.read.feeds.checked_files import CheckedFiles
from pipelines.tables.counts_read import Read, sorted_reads
from pipelines.tables.rows import ViewPeriod

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from pipelines.archive import Archive
    from pipelines.archive.read.feeds.extent import Extent

Every = Literal["day", "week", "month"]
EVERY: tuple[Every, ...] = get_args(Every)
_DAY_SECONDS = 86_400


class _Period(NamedTuple):
    """A period with a count: its number, its last read, and the least and greatest seq of its reads."""

    number: int
    last: Read
    oldest: int
    newest: int


def view_periods(
    archive: Archive,
    every: Every,
    after: int = 0,
    id: str | None = None,  # noqa: A002 - the contract's key
    scratch: Path | None = None,
) -> Iterator[ViewPeriod]:
    """The view counts of each speech by period in the site's time zone, in natural order of ids, then of periods.

    A row is of a period in which a count was read, the last one of it, or of one between two such (all null). Memory
    does not grow with them.

    Args:
        archive: also gone speeches have rows.
        every: length of a period; weeks are those of ISO 8601, from Monday.
        after: only rows that differ from those made of the lines up to this seq.
        id: only of this speech (its full id).
        scratch: a folder for unnamed files; null: where the system has such.
    """
    zone = _zone(archive)
    for native_id, of_one in groupby(sorted_reads(archive, after, id, scratch), key=lambda read: read.native_id):
        yield from _rows(archive.facts.site, native_id, _by_period(of_one, every, zone), every, after)


def view_periods_of(
    archive: Archive,
    every: Every,
    extent: Extent,
    id: str | None = None,  # noqa: A002 - the contract's key
) -> Iterator[ViewPeriod]:
    """The rows of `view_periods` that an extent of the archive's history has made, of all speeches or of one."""
    if extent.until <= extent.after:
        return iter(())
    before = (archive.commit(n).last_seq for n in range(extent.after, 0, -1))
    after = next((seq for seq in before if seq is not None), 0) if extent.after_seq is None else extent.after_seq
    if id is None:
        checked = CheckedFiles(archive)
        for named in (archive.commit(n).stream("observations") for n in range(1, extent.until + 1)):
            if named is not None:
                checked(named)
    now = archive.at(archive.commit(extent.until))
    return view_periods(now, every, after, id and archive.full_id(id))


def counting_falls(rows: Iterable[ViewPeriod], fell: Counter[str]) -> Iterator[ViewPeriod]:
    """The rows as they are; counts that are less than the one before are counted by site."""
    for row in rows:
        if row.grew is not None and row.grew < 0:
            fell[row.site] += 1
        yield row


def told_falls(fell: Mapping[str, int]) -> str:
    """What to tell a person of `fell`."""
    sites = ", ".join(f"{site} ({count})" for site, count in sorted(fell.items()))
    return f"view counts that are less than the one before (grew is negative): {sites}"


def _zone(archive: Archive) -> tzinfo:
    name = archive.facts.timezone
    try:
        if name[:1] in {"+", "-"}:
            return datetime.strptime(name, "%z").tzinfo or UTC
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        file = archive.layout.path(ARCHIVE_JSON)
        raise Damaged(f"{file}: timezone {name!r} is not known here ({error}); pip install tzdata") from error


def _by_period(reads: Iterable[Read], every: Every, zone: tzinfo) -> Iterator[_Period]:
    number_of = _NUMBER[every]

    def number(read: Read) -> int:
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
