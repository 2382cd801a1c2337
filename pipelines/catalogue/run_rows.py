"""What the reports of runs say, as rows. A report may be of older software, or of a run that died."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pipelines.catalogue.catalogue_rows import GapRow, RunRow
from pipelines.catalogue.catalogue_tables import GAPS, RUNS
from pipelines.catalogue.typed_values import is_fit
from pipelines.fleet.condition import read_word
from pipelines.gaps.memory import Failing, failing_in
from pipelines.gaps.same_gap import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelines.archive import Archive
    from pipelines.archive.disk.commits import Commit
    from pipelines.catalogue.catalogue_tables import CatalogueTable

_NEWEST = 10
"""Reports that are looked through for one that can tell of gaps: those of runs that died cannot."""
_REQUESTS = "downloader/request_count"
_COUNTS = ("list_pages", "listed", "captured", "not_captured", "failed", "accepted")


def run_row(archive: Archive, commit: Commit) -> RunRow:
    """The row of the run that made a commit."""
    report = archive.report(commit.run)
    counts = _object(report.get("counts"))
    status = report.get("exit_status")
    told: dict[str, Any] = {
        **{key: counts.get(key) for key in _COUNTS},
        **{key: report.get(key) for key in ("mode", "started_at", "ended_at", "message", "listing_complete")},
        **{key: report.get(key) for key in ("not_before", "counts", "problems", "gates")},
        "verdict": _verdict(report.get("verdict"), status, counts),
        "exit_status": status,
        "requests": _object(report.get("traffic")).get(_REQUESTS),
    }
    return RunRow(
        site=archive.facts.site,
        commit=commit.n,
        head=commit.sha256,
        run=commit.run,
        kind=commit.kind,
        software=commit.software,
        **_fitting(RUNS, told),
    )


def _verdict(word: Any, status: Any, counts: dict[str, Any]) -> str | None:
    if not isinstance(word, str):
        return None
    return read_word(word, status if isinstance(status, int) else None, counts)


def gap_rows(archive: Archive) -> Iterator[GapRow]:
    """What the newest run that can tell did not capture, in the order of its report."""
    for report in islice(archive.past_reports(), _NEWEST):
        if isinstance(report.get("not_captured"), list):
            return _gaps(archive.facts.site, report)
    return iter(())


def _gaps(site: str, report: Mapping[str, Any]) -> Iterator[GapRow]:
    failing = {one.key: one for one in failing_in(report) or ()}
    at = {one.place: one for one in failing.values()}
    accepted = {_which(one): _object(one.get("decision")) for one in _objects(report.get("accepted"))}
    for place, gap in enumerate(_objects(report["not_captured"]), 1):
        before = _failing(gap, failing, at)
        decision = accepted.get(_which(gap))
        told = {key: gap.get(key) for key in ("what", "url", "title", "reason", "detail", "is_the_sites_word")}
        told |= {
            "id": f"{site}:{gap['native_id']}" if isinstance(gap.get("native_id"), str) else None,
            "since": before and before.since,
            "nights": before and before.nights,
            "asked_at": before and before.asked_at,
            "accepted_until": decision and decision.get("until"),
            "accepted_because": decision and decision.get("reason"),
        }
        run = str(report.get("run"))
        yield GapRow(site=site, place=place, run=run, is_accepted=decision is not None, **_fitting(GAPS, told))


def _failing(
    gap: Mapping[str, Any], failing: Mapping[Any, Failing], at: Mapping[tuple[str, str], Failing]
) -> Failing | None:
    """What is remembered of a gap; what is of its address where its words are other ones: it was not asked."""
    said = [gap.get(key) for key in ("what", "url", "reason", "detail")]
    native_id = gap.get("native_id")
    if not all(isinstance(one, str) for one in said) or not isinstance(native_id, str | None):
        return None
    what, url, reason, detail = map(str, said)
    try:
        key = key_of(what, url, native_id, reason, detail)
    except ValueError:  # a reason of later software
        return None
    return failing.get(key) or at.get((what, native_id or url))


def _which(gap: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(gap.get("what")), str(gap.get("url")), str(gap.get("native_id"))


def _fitting(kept: CatalogueTable, told: Mapping[str, Any]) -> dict[str, Any]:
    """The same with null for what is not of the type of its column."""
    of = {column.name: column for column in kept.columns}
    return {name: None if value is None or not is_fit(of[name], value) else value for name, value in told.items()}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(values: Any) -> Iterable[dict[str, Any]]:
    return filter(None, map(_object, values)) if isinstance(values, list) else ()
