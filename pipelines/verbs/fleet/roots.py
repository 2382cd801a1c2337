"""`status` of a root of archives: how each site is, the worst first."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.read.moments import stamp
from pipelines.display.terminal import heading, print_listing, terminal, word
from pipelines.exits import Exit
from pipelines.fleet.badge import badge
from pipelines.fleet.condition import Condition
from pipelines.fleet.register import replace_file
from pipelines.fleet.survey import survey
from pipelines.shown import aligned, counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.text import Text

    from pipelines.fleet.condition import SiteStatus

SCHEMA = "status/1"
_HOURS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
_NUMBERS = (3, 4, 5, 6, 7, 8)
"""Columns of `_HEAD` that hold numbers."""
_HEAD = ("site", "condition", "last success", "days", "nights", "listed", "new", "dated", "gaps", "next due", "")


def status_of_root(root: Path, arguments: argparse.Namespace) -> int:
    """Print how the sites of a root are; 3 when one is broken or stale."""
    now, stale_days = clock(), None if arguments.stale is None else _days(arguments.stale)
    try:
        sites = survey(root, now, None, stale_days)
    except (OSError, ValueError) as error:
        raise ArchiveError(str(error)) from error
    status = Exit.GAPS if any(site.condition.is_bad for site in sites) else Exit.COMPLETE
    if arguments.badge:
        _write_badge(arguments.badge, sites)
    shown = [site for site in sites if site.condition.is_bad or not arguments.broken]
    if arguments.json:
        print(json.dumps(_document(root, now, sites, shown) | {"exit_status": status}, ensure_ascii=False, indent=1))
    elif shown or not arguments.broken:
        _print(shown, sites)
    return status


def clock() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def _days(text: str) -> float:
    found = re.fullmatch(r"(\d{1,5})([hdw])", text)
    if found is None:
        raise NotUnderstood(f"--stale {text}: must be an age such as 3d, 36h or 2w")
    return int(found[1]) * _HOURS[found[2]]


def _write_badge(file: str, sites: Sequence[SiteStatus]) -> None:
    try:
        replace_file(Path(file), badge(sites).encode())
    except OSError as error:
        raise NotUnderstood(f"--badge {file}: cannot be written: {error.strerror}") from error


def _document(root: Path, now: datetime, sites: Sequence[SiteStatus], shown: Sequence[SiteStatus]) -> dict[str, Any]:
    found = Counter(site.condition for site in sites)
    return {
        "schema": SCHEMA,
        "at": stamp(now),
        "root": str(root),
        "conditions": {str(one): found[one] for one in Condition},
        "sites": [asdict(site) for site in shown],
    }


def _print(shown: Sequence[SiteStatus], sites: Sequence[SiteStatus]) -> None:
    screen = terminal()
    if screen is None:
        print(table(shown, sites))
        return
    if shown:
        print_listing(screen, _HEAD, map(_colored, shown), _NUMBERS)
    screen.print(heading(_total(sites)))


def _colored(site: SiteStatus) -> tuple[str | Text, ...]:
    name, condition, *others = _row(site)
    return (name, word(str(site.condition), condition), *others)


def table(shown: Sequence[SiteStatus], sites: Sequence[SiteStatus]) -> str:
    """A line each of `shown`, and a last one that counts all `sites` by their condition."""
    rows = [aligned([_HEAD, *map(_row, shown)])] if shown else []
    return "\n".join([*rows, _total(sites)])


def _total(sites: Sequence[SiteStatus]) -> str:
    found = Counter(site.condition for site in sites)
    told = ", ".join(f"{found[one]} {one}" for one in Condition if found[one])
    return f"{counted(len(sites), 'sites')}: {told}"


def _row(site: SiteStatus) -> tuple[str, ...]:
    word = f"{site.condition}: {site.verdict}" if site.condition is Condition.BROKEN else str(site.condition)
    word = f"running, last {word}" if site.is_under_way and site.condition is not Condition.WAITING else word
    dated = site.coverage.get("published_on")
    return (
        site.site,
        "running" if site.is_under_way and site.condition is Condition.WAITING else word,
        _minute(site.last_success),
        "-" if site.age_days is None else f"{site.age_days:.1f}",
        str(site.nights_failing),
        _trend(site),
        _new(site),
        "-" if dated is None else f"{dated:.0%}",
        str(site.new_gaps),
        _minute(site.not_before or site.next_due),
        _words(site),
    )


def _minute(moment: str | None) -> str:
    return f"{moment[:16]}Z" if moment else "-"


def _trend(site: SiteStatus) -> str:
    """Rows of the list, and how many more or less than about 30 days ago."""
    if site.listed is None:
        return "-"
    more = site.listed - site.listed_before if site.listed_before is not None else 0
    return f"{site.listed} ({more:+d})" if more else str(site.listed)


def _new(site: SiteStatus) -> str:
    """Speeches of 30 days, and how many 30 days bring."""
    if site.new is None:
        return "-"
    return str(site.new) if site.expected is None else f"{site.new} of {site.expected:g}"


def _words(site: SiteStatus) -> str:
    return "" if site.condition is Condition.COMPLETE else site.message
