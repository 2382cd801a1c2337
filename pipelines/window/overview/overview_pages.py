"""The front page and the pages of the sites, from ledgers, states and one pass over the summaries of all speeches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.archive.read.moments import moment_of
from pipelines.reasons import CLOSED_LISTS
from pipelines.window import addresses
from pipelines.window.charts.bar_chart import bar_chart
from pipelines.window.charts.day_calendar import day_calendar, shades
from pipelines.window.charts.line_chart import line_chart
from pipelines.window.groups.group_pages import feed_name
from pipelines.window.groups.grouping import GroupKey, GroupKind
from pipelines.window.overview.chain_pages import page_of_commit
from pipelines.window.overview.tallies import SpeechTally
from pipelines.window.pages import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pipelines.fleet.condition import SiteStatus
    from pipelines.window.charts.drawing import Drawing
    from pipelines.window.overview.past_runs import PastRun
    from pipelines.window.overview.site_ledger import SiteLedger
    from pipelines.window.reading.summary import Summary

_ROWS_OF_FRONT = 12
"""Rows of the lists of the front page: what is new since the last visit, at a glance; indexes have the rest."""
_ROWS_OF_SITE = 20
_MOST_SITES = 200
"""Sites in the table of the front page, those that need a person first; the health page has all of them."""
_RUNS = 30
"""Runs in the table of a site: a month of nights."""
_MOST_MONTHS = 120
"""More columns are too narrow to be told apart; then there is one a year."""

_MOSTLY = 80
"""Percent at which the axis of a coverage that never fell lower begins, or all would be one line at the top."""


@dataclass(frozen=True, slots=True)
class SiteState:
    """How a site is: its status, and what that looks like in one word (`health.kind.…` in `words.toml`)."""

    status: SiteStatus
    kind: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of a year with speeches: the drawing, the counts of its shades, and what it shows in figures."""

    year: int
    drawing: Drawing
    shades: list[tuple[int, int, int]]
    days: dict[str, int]


def overview_pages(
    ledgers: Sequence[SiteLedger],
    states: Sequence[SiteState],
    summaries: Iterable[Summary],
    as_of: str,
    dirty: Collection[str] | None = None,
) -> Iterator[Page]:
    """The front page, then those of the sites.

    Args:
        ledgers: of the sites that have an archive, in the order of their names.
        states: of all sites, the worst first.
        summaries: of all speeches of these sites; read once.
        as_of: the newest recorded moment (RFC 3339 in UTC), which stands for now.
        dirty: the sites of which the ledger is another than before; null for all.
    """
    of_all = SpeechTally(as_of, _ROWS_OF_FRONT)
    by_site = {one.site: SpeechTally(one.recorded_at, _ROWS_OF_SITE) for one in ledgers}
    missed = {f"{one.site}:{gap.native_id}" for one in ledgers for gap in one.gaps if gap.native_id}
    known: dict[str, Summary] = {}
    for summary in summaries:
        of_all.add(summary)
        by_site[summary.site].add(summary)
        if summary.id in missed:
            known[summary.id] = summary
    yield _front(ledgers, states, of_all, by_site, as_of)
    for ledger in ledgers:
        if dirty is None or ledger.site in dirty:
            yield _site(ledger, by_site[ledger.site], known)


def _front(
    ledgers: Sequence[SiteLedger],
    states: Sequence[SiteState],
    of_all: SpeechTally,
    by_site: Mapping[str, SpeechTally],
    as_of: str,
) -> Page:
    facts = {
        "as_of": as_of,
        "names": {one.site: one.name for one in ledgers},
        "zones": {one.site: one.timezone for one in ledgers},
        "zone": ledgers[0].timezone if len({one.timezone for one in ledgers}) == 1 else None,
        "sites": len(states),
        "states": states[:_MOST_SITES],
        "tallies": by_site,
        "tally": of_all,
        "newest": of_all.newest.rows(),
        "lately": of_all.lately.rows(),
        "calendar": _calendar(of_all, as_of),
        "years": of_all.years(),
    }
    return Page(addresses.FRONT, "front.html", facts)


def _calendar(tally: SpeechTally, as_of: str) -> Calendar | None:
    """The newest year with a speech, unless the page dates it later than now."""
    years = sorted({day[:4] for day in tally.days if day[:4] <= as_of[:4]})
    if not years:
        return None
    days = {day: n for day, n in sorted(tally.days.items()) if day.startswith(years[-1])}
    return Calendar(int(years[-1]), day_calendar(int(years[-1]), days), shades(days), days)


def _site(ledger: SiteLedger, tally: SpeechTally, known: Mapping[str, Summary]) -> Page:
    """The page of a site, from its own archive alone: news of another site, and time, leave it as it is."""
    months = tally.months()
    columns = months if len(months) <= _MOST_MONTHS else tally.years()
    facts: dict[str, Any] = {
        "ledger": ledger,
        "tally": tally,
        "run": ledger.runs[-1] if ledger.runs else None,
        "whole": next((run for run in reversed(ledger.runs) if run.coverage is not None), None),
        "runs": ledger.runs[-_RUNS:][::-1],
        "months": _verdicts_by_month(ledger),
        "coverage": _coverage(ledger.runs),
        "columns": columns,
        "columns_chart": bar_chart(columns) if columns else None,
        "newest": tally.newest.rows(),
        "viewed": tally.viewed.rows(),
        "lately": tally.lately.rows(),
        "reasons": CLOSED_LISTS["reasons"],
        "gap_reasons": [
            (
                is_excused,
                Counter(gap.reason for gap in ledger.gaps if gap.is_the_sites_word is is_excused).most_common(),
            )
            for is_excused in (False, True)
        ],
        "known": known,
        "feed": addresses.feed(feed_name(GroupKey(GroupKind.SITE, ledger.site))),
        "chain": list(range(page_of_commit(ledger.commit), 0, -1)),
        "chain_page": page_of_commit,
        "hosts": ledger.hosts,
    }
    return Page(addresses.site(ledger.site), "site.html", facts)


def _coverage(runs: Sequence[PastRun]) -> Drawing | None:
    """The coverage of the runs over time; null where no run can say."""
    points = [(at, run.coverage) for run in runs if (at := moment_of(run.at))]
    known = [value for _, value in points if value is not None]
    return line_chart(points, scale=(0 if min(known) < _MOSTLY else _MOSTLY, 100)) if known else None


def _verdicts_by_month(ledger: SiteLedger) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Months, the newest first, with how many runs ended, and with which verdicts."""
    return [
        (month, sum(told.values()), sorted(told.items(), key=lambda one: (-one[1], one[0])))
        for month, told in sorted(ledger.months.items(), reverse=True)
    ]
