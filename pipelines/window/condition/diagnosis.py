"""What the last run of a site says of it: which of the things that happen to websites it looks like. Pure.

The figures of the run report decide: gates, reasons of what was not captured, counts. Only where a refusal has none
of these do the words of its message.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pipelines.exits import BLOCKED, Exit
from pipelines.fleet.attempts import NO_PROFILE
from pipelines.fleet.condition import DIED, UNREACHABLE, UNTRIED, Condition
from pipelines.gates.rules import DATES, FIELDS, GATES, LENGTH, LIST_SIZE, MASS_EDITS, SAME_TEXT, Gate
from pipelines.gates.usual import QUIET
from pipelines.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.fleet.condition import SiteStatus

    Report = Mapping[str, Any]


class HealthKind(StrEnum):
    """What a site's state looks like, the worst first."""

    DAMAGED = "damaged"
    ERROR = "error"
    MACHINE = "machine"
    MOVED = "moved"
    TEMPLATE = "template"
    LIST = "list"
    DELETED = "deleted"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    SILENT = "silent"
    STALE = "stale"
    GAPS = "gaps"
    INTERRUPTED = "interrupted"
    WAITING = "waiting"
    FINE = "fine"
    DISABLED = "disabled"
    RETIRED = "retired"

    @property
    def is_of_the_site(self) -> bool:
        """Whether a look at what the site answered tells more."""
        return self in _OF_THE_SITE


_OF_THE_SITE = frozenset(
    {
        HealthKind.MOVED,
        HealthKind.TEMPLATE,
        HealthKind.LIST,
        HealthKind.DELETED,
        HealthKind.BLOCKED,
        HealthKind.UNREACHABLE,
        HealthKind.REFUSED,
        HealthKind.SILENT,
    }
)
_BY_GATE = {
    FIELDS: HealthKind.TEMPLATE,
    LENGTH: HealthKind.TEMPLATE,
    SAME_TEXT: HealthKind.TEMPLATE,
    DATES: HealthKind.TEMPLATE,
    MASS_EDITS: HealthKind.TEMPLATE,
    LIST_SIZE: HealthKind.LIST,
    QUIET: HealthKind.SILENT,
}
"""What a tripped gate speaks of; of several the first here counts."""
_SHUT_OUT = frozenset(
    {
        Reason.CHALLENGE,
        Reason.RATE_LIMITED,
        Reason.BANNED,
        Reason.GUARD,
        Reason.ROBOTS,
        Reason.LOGIN,
        Reason.NO_PERMISSION,
    }
)
_ELSEWHERE = frozenset({Reason.NOT_FOUND, Reason.DELETED, Reason.ELSEWHERE, Reason.FOREIGN_HOST})
_NOT_AS_EXPECTED = frozenset({Reason.UNREADABLE, Reason.NO_ARTICLE, Reason.DOUBTFUL})
_BY_WORDS = (
    ("looks like a new CMS", HealthKind.MOVED),
    ("does not answer with the list of", HealthKind.MOVED),
    ("would be gone", HealthKind.DELETED),
    ("lists no speech", HealthKind.TEMPLATE),
    ("holds no row", HealthKind.TEMPLATE),
)
"""Parts of refusals that no figure of the report tells apart."""
_REFUSALS = ("HTTP 401", "HTTP 403")
"""A server that refuses answers, one that is down does not; how the crawler tells the status."""
_MANY = 5
"""Fewer pages that are not as expected may be single odd ones."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A fact by which a state was told: what it is, by its key in `words.toml`, and its value."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a site's state looks like, by which facts; `reasons` counts why speeches and pages were not captured."""

    kind: HealthKind
    grounds: tuple[Ground, ...]
    reasons: tuple[tuple[str, int], ...] = ()
    gates: tuple[Gate, ...] = ()


def diagnose(status: SiteStatus, report: Report | None) -> Diagnosis:
    """What a site's state looks like.

    Args:
        status: of the site.
        report: of the run that `status` judges; null where it committed none.
    """
    gates = tuple(_closed_gates(report or {}))
    reasons = Counter(gap["reason"] for gap in _gaps(report))
    return Diagnosis(_kind(status, report), tuple(_grounds(status, report)), tuple(reasons.most_common()), gates)


def _closed_gates(report: Report) -> Iterator[Gate]:
    """The gates that it tripped and that no person accepted; those of later software are in its message alone."""
    for gate in report.get("gates") or ():
        if gate["gate"] in GATES and not gate["accepted"]:
            yield Gate(gate=gate["gate"], seen=gate["seen"], usual=gate["usual"], words=str(gate["words"]))


def _kind(status: SiteStatus, report: Report | None) -> HealthKind:
    if status.condition in {Condition.RETIRED, Condition.DISABLED, Condition.STALE}:
        return HealthKind(status.condition.value)
    if status.exit_status == Exit.DAMAGED or (status.exit_status == Exit.WRONG_USE and status.verdict != NO_PROFILE):
        return HealthKind.DAMAGED if status.verdict in {"damaged", "newer-format"} else HealthKind.ERROR
    if status.verdict in {DIED, NO_PROFILE} or status.exit_status == Exit.INTERNAL_ERROR:
        return HealthKind.ERROR
    if status.verdict == BLOCKED:
        return HealthKind.MACHINE
    if status.verdict == UNTRIED:
        return HealthKind.WAITING
    if status.exit_status == Exit.REFUSED:
        return _refused(status, report or {})
    return _ended(status, report or {})


def _refused(status: SiteStatus, report: Report) -> HealthKind:
    names = {gate.gate for gate in _closed_gates(report)}
    by_gate = next((kind for gate, kind in _BY_GATE.items() if gate in names), None)
    if by_gate:
        return by_gate
    by_words = next((kind for words, kind in _BY_WORDS if words in status.message), None)
    found = _of_lists(report) or by_words or _of_articles(report)
    if found is None and report and report.get("section") is None:
        return HealthKind.MOVED
    return found or HealthKind.REFUSED


def _ended(status: SiteStatus, report: Report) -> HealthKind:
    if (report.get("politeness") or {}).get("ended_by"):
        return HealthKind.BLOCKED
    if status.exit_status == Exit.INTERRUPTED:
        return HealthKind.INTERRUPTED
    if status.verdict == UNREACHABLE:
        return _of_lists(report) or HealthKind.UNREACHABLE
    if status.exit_status == Exit.GAPS:
        return _of_articles(report) or HealthKind.GAPS
    return HealthKind.FINE if status.exit_status == Exit.COMPLETE else HealthKind.REFUSED


def _of_lists(report: Report) -> HealthKind | None:
    """By what came in place of a list page."""
    lists = [gap for gap in _gaps(report) if gap["what"] == "list"]
    reasons = {gap["reason"] for gap in lists}
    if reasons & _SHUT_OUT or any(str(gap["detail"]).startswith(_REFUSALS) for gap in lists):
        return HealthKind.BLOCKED
    if reasons & _ELSEWHERE:
        return HealthKind.MOVED
    if reasons & _NOT_AS_EXPECTED:
        return HealthKind.TEMPLATE
    return HealthKind.UNREACHABLE if reasons else None


def _of_articles(report: Report) -> HealthKind | None:
    """By what came in place of most articles, where that is one thing."""
    reasons = Counter(gap["reason"] for gap in _gaps(report) if not gap["is_the_sites_word"])
    captured = (report.get("counts") or {}).get("captured") or 0
    for kind, some in ((HealthKind.BLOCKED, _SHUT_OUT), (HealthKind.TEMPLATE, _NOT_AS_EXPECTED)):
        count = sum(reasons[reason] for reason in some)
        if count >= _MANY and count > captured:
            return kind
    return None


def _gaps(report: Report | None) -> Sequence[Mapping[str, Any]]:
    return (report or {}).get("not_captured") or ()


def _grounds(status: SiteStatus, report: Report | None) -> Iterator[Ground]:
    """The facts that tell one state from another, in the order in which they are read."""
    yield Ground("verdict", f"{status.verdict}" + ("" if status.exit_status is None else f" ({status.exit_status})"))
    if status.message:
        yield Ground("message", status.message)
    if status.run:
        yield Ground("run", status.run)
    if status.last_attempt:
        yield Ground("attempt", status.last_attempt)
    if status.last_success:
        yield Ground("success", status.last_success)
    if status.nights_failing:
        yield Ground("nights", str(status.nights_failing))
    if status.listed is not None:
        more = 0 if status.listed_before is None else status.listed - status.listed_before
        yield Ground("listed", f"{status.listed} ({more:+d})" if more else str(status.listed))
    yield from _of_run(report or {})


def _of_run(report: Report) -> Iterator[Ground]:
    counts, politeness = report.get("counts") or {}, report.get("politeness") or {}
    for name in ("list_pages", "captured", "failed"):
        if counts.get(name) is not None:
            yield Ground(name, str(counts[name]))
    if by_status := politeness.get("by_status"):
        yield Ground("status_codes", ", ".join(f"{code}: {count}" for code, count in sorted(by_status.items())))
    if politeness.get("ended_by"):
        yield Ground("ended_by", str(politeness["ended_by"]))
    if report.get("not_before"):
        yield Ground("not_before", str(report["not_before"]))
    for gap in [gap for gap in _gaps(report) if gap["what"] == "list"][:3]:
        yield Ground("list_gap", f"{gap['url']}: {gap['detail']}")
    if robots := politeness.get("robots"):
        yield Ground("robots", ", ".join(f"{host}: {told}" for host, told in sorted(robots.items())))
