"""The run report and its verdict: what a run captured, what it did not and why, and its exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from pipelines.exits import BLOCKED, Exit
from pipelines.gaps.acceptance import Decided
from pipelines.gaps.memory import Failing, Memory, Seen
from pipelines.gates.rules import Gate
from pipelines.gates.tally import Texts
from pipelines.reasons import Reason
from pipelines.record import Missed, Problem, Row
from pipelines.text.compact import TextSet
from pipelines.values import frozen


@frozen
class Verdict:
    """`name` is one word; `message` one sentence for a person."""

    name: str
    exit_status: Exit
    message: str


@dataclass(slots=True)
class NotCaptured:
    """A listed row, a known speech, a list page or a counter that was not captured."""

    what: str
    url: str
    native_id: str | None
    title: str | None
    reason: str
    detail: str
    is_the_sites_word: bool


class Gaps(Protocol):
    """Receiver of failed captures (`RunReport`)."""

    def add_gap(
        self, what: str, url: str, reason: Reason, detail: str, native_id: str | None = None, title: str | None = None
    ) -> None:
        """Report one. `what` is speech, list or counter."""

    def note_answer(self, url: str) -> None:
        """Note an address of a list or counter that gave what it should."""


class GapsThatWait(Gaps, Protocol):
    """The same, where an address may be left out of a run (`RunReport`)."""

    def waiting(self, what: str, url: str) -> Failing | None:
        """Why an address that failed night after night is not asked in this run; null when it is."""

    def postpone(self, failing: Failing) -> None:
        """Report one that is not asked in this run."""


class SectionRead(Protocol):
    """What a run read of one of several sections."""

    def document(self) -> dict[str, Any]:
        """The section in the run report."""


@dataclass(slots=True)
class RunReport:
    """The report of one run, `runs/<run>.json`. Filled by the spider (lists) and the stages (items).

    `notes`: oddities of the site's answers without any loss, with their counts. `only_section`: the one section that
    was asked for; `sections`: what was read of each, where the archive has several.
    """

    site: str
    run: str
    mode: str
    start_url: str
    started_at: str
    limit: int | None = None
    only_section: str | None = None
    sections: Sequence[SectionRead] = ()
    section: dict[str, str] | None = None
    list_pages: int = 0
    printed_total: int | None = None
    listing_complete: bool = False
    listed: int = 0
    rows: TextSet = field(default_factory=TextSet)
    settled: TextSet = field(default_factory=TextSet)
    outcomes: Counter[str] = field(default_factory=Counter)
    not_captured: list[NotCaptured] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    planned: list[dict[str, str | None]] = field(default_factory=list)
    refusal: tuple[Exit, str] | None = None
    stopped: str | None = None
    not_before: str | None = None
    capture_fallback: str | None = None
    created_elsewhere: int = 0
    known: int = 0
    known_listed: int = 0
    is_walk_broken: bool = False
    is_clock_doubted: bool = False
    has_new_ids: bool = False
    memory: Memory = field(default_factory=lambda: Memory(""))
    answered: set[str] = field(default_factory=set)
    rows_of_missed: dict[str, Row] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    gates: tuple[Gate, ...] = ()

    @contextmanager
    def walking(self) -> Iterator[None]:
        """Context in which the lists are walked; an exception out of it is an error of this program."""
        self.is_walk_broken = True
        yield
        self.is_walk_broken = False

    @property
    def is_partial(self) -> bool:
        """True for a run that reads a part of the site on request: it marks nothing missing or gone."""
        return self.limit is not None or self.only_section is not None

    def found_section(self, name: str, url: str) -> None:
        """Note the section."""
        self.section = {"name": name, "url": url}

    def note_known(self, present: int) -> None:
        """Note the number of present speeches in the archive."""
        self.known = present

    def note_list_page(self, *, is_read: bool) -> None:
        """Count a requested list page."""
        self.list_pages += is_read

    def note_total(self, printed: int | None) -> None:
        """Note the total that a list page prints; the first one counts."""
        self.printed_total = self.printed_total or printed

    def end_list(self, *, is_complete: bool) -> None:
        """Note the end of the walk, and whether the lists were read to their end."""
        self.listing_complete = is_complete

    def plan(self, native_id: str, why: str, url: str, title: str | None) -> None:
        """Note an article that a run without `mode=plan` reads."""
        if self.mode == "plan":
            self.planned.append({"native_id": native_id, "why": why, "url": url, "title": title})

    def note_stopped(self, why: str, not_before: str | None = None) -> None:
        """Note why the run was interrupted, and when it may go on (RFC 3339); None for at once."""
        self.stopped, self.not_before = why, not_before

    def note_fallback(self, why: str) -> None:
        """Note why raw bytes are not kept as sent."""
        self.capture_fallback = why

    def add_notes(self, counts: Mapping[str, int]) -> None:
        """Count oddities of the site's answers without any loss."""
        self.notes.update(counts)

    def expect(self, key: str, *, listed: bool, is_known: bool = False) -> None:
        """Register a list row, or a known speech that is on no list, for which this run must find an outcome."""
        self.rows.add(key)
        self.listed += listed
        self.known_listed += is_known

    def settle(self, key: str, outcome: str) -> None:
        """Set the outcome of a row: created, changed, same, restored, reprocessed, unread, or a presence."""
        self.settled.add(key)
        self.outcomes[outcome] += 1

    def miss(self, missed: Missed, outcome: str) -> None:
        """Set the outcome of a row that was not captured, and report it."""
        is_other = missed.reason is Reason.OTHER_SECTION
        self.settle(missed.native_id or missed.url, missed.reason.value if is_other else outcome)
        title = missed.look.listed.title if missed.look.listed else None
        if missed.look.listed and missed.native_id:
            self.rows_of_missed[missed.native_id] = missed.look.listed
        self.add_gap("speech", missed.url, missed.reason, missed.detail, missed.native_id, title)

    def add_gap(
        self, what: str, url: str, reason: Reason, detail: str, native_id: str | None = None, title: str | None = None
    ) -> None:
        """Report something that was not captured. `what` is speech, list or counter."""
        # An unread list page hides rows, even if the site says why; so it is always a failure.
        explained = what == "speech" and reason.is_the_sites_word
        gap = NotCaptured(what, url, native_id, title, reason.value, detail, explained)
        self.not_captured.append(gap)

    def waiting(self, what: str, url: str) -> Failing | None:
        """Why an address that failed night after night is not asked in this run; null when it is."""
        return self.memory.waiting(what, url)

    def postpone(self, failing: Failing) -> None:
        """Report something that is not asked in this run, once."""
        if self.is_postponed(failing.what, failing.url):
            return
        self.memory.postpone(failing)
        title = failing.listed.title if failing.listed else None
        self.add_gap(failing.what, failing.url, Reason(failing.reason), failing.told, failing.native_id, title)

    def is_postponed(self, what: str, url: str) -> bool:
        """Whether an address is reported as not asked in this run."""
        return self.memory.is_postponed(what, url)

    def note_answer(self, url: str) -> None:
        """Note an address of a list or counter that gave what it should, if it did not in the runs before."""
        if url in self.memory.addresses:
            self.answered.add(url)

    def note_created(self, problems: tuple[Problem, ...]) -> None:
        """Count a new speech whose page names another column."""
        self.created_elsewhere += any(one.field == "section" and one.code == "disagrees" for one in problems)

    def note_problems(self, problems: tuple[Problem, ...]) -> None:
        """Count the problems of kept records."""
        self.problems.update(f"{problem.field}: {problem.code}" for problem in problems)

    def refuse(self, exit_status: Exit, message: str) -> None:
        """Refuse the run as an observation of the site; the first refusal counts."""
        self.refusal = self.refusal or (exit_status, message)

    def doubt_clock(self, message: str) -> None:
        """The clock may be wrong: nothing of the run is kept, since its moments would be wrong as well."""
        self.is_clock_doubted = True
        self.refuse(Exit.REFUSED, message)

    def judge_by_gates(self, gates: tuple[Gate, ...]) -> None:
        """Note the tripped gates; refuse the run when a person has not accepted each."""
        self.gates = gates
        closed = [gate for gate in gates if not gate.accepted]
        if closed:
            told = "; ".join(gate.words for gate in closed)
            names = ",".join(gate.gate for gate in gates)
            nothing = "nothing of it was written but its captures and this report"
            self.refuse(Exit.REFUSED, f"{told}: {nothing}. Look at the site; if this is right, -a accept={names}")

    @property
    def is_withheld(self) -> bool:
        """Whether nothing that the run has read is written."""
        return not all(gate.accepted for gate in self.gates)

    def refuse_mass_deletion(self, gone: int, present: int) -> None:
        """Refuse to mark so many speeches gone: they stay missing until a person accepts it."""
        self.outcomes["missing"] += self.outcomes.pop("gone", 0)
        message = f"{gone} of {present} present speeches would be gone; nothing is marked gone. Check the site"
        self.refuse(Exit.REFUSED, f"{message}; if they are gone, run again with -a accept=mass-gone")

    @property
    def captured(self) -> int:
        """Number of speeches read in this run."""
        return sum(self.outcomes[name] for name in ("created", "changed", "same", "restored", "reprocessed"))

    def unsettled(self) -> Iterator[str]:
        """The rows without an outcome."""
        return (key for key in self.rows if key not in self.settled)

    @property
    def left(self) -> int:
        """Number of rows without an outcome."""
        return sum(1 for _ in self.unsettled())

    @property
    def failures(self) -> list[NotCaptured]:
        """Everything that was not captured, unless the site itself says why."""
        return [gap for gap in self.not_captured if not gap.is_the_sites_word]

    @property
    def new_gaps(self) -> list[NotCaptured]:
        """The failures that no decision of a person covers; all of them where no row of the list was read."""
        return [gap for gap in self.failures if self._decided(gap) is None]

    @property
    def accepted(self) -> list[tuple[NotCaptured, Decided]]:
        """The failures that a person has accepted, each with the decision."""
        return [(gap, decided) for gap in self.failures if (decided := self._decided(gap))]

    @property
    def expired(self) -> dict[str, Decided]:
        """The decisions, by address, that covered a failure until their time was over."""
        found = ((gap.url, self.memory.decision(gap)) for gap in self.new_gaps)
        return {url: decided for url, decided in found if decided and decided.is_over(self.started_at[:10])}

    def _decided(self, gap: NotCaptured) -> Decided | None:
        decided = self.memory.decision(gap) if self.listed else None
        return None if decided is None or decided.is_over(self.started_at[:10]) else decided

    def _failing(self) -> list[Failing]:
        """For the memory of the next run."""
        is_whole = self.listing_complete and self.limit is None and self.stopped is None and self.refusal is None
        seen = Seen(settled=self.settled, answered=self.answered, rows=self.rows_of_missed, is_whole=is_whole)
        return self.memory.after(self.failures, seen)

    def document(self, verdict: Verdict, **more: Any) -> dict[str, Any]:
        """The report as stored in the archive (`run/1`)."""
        return {
            "schema": "run/1",
            "site": self.site,
            "run": self.run,
            "mode": self.mode,
            "start_url": self.start_url,
            "started_at": self.started_at,
            "verdict": verdict.name,
            "exit_status": int(verdict.exit_status),
            "message": verdict.message,
            "not_before": self.not_before,
            "limit": self.limit,
            "only_section": self.only_section,
            "section": self.section,
            "sections": [one.document() for one in self.sections],
            "counts": {
                "list_pages": self.list_pages,
                "listed": self.listed,
                "not_listed": len(self.rows) - self.listed,
                "printed_total": self.printed_total,
                "captured": self.captured,
                "not_captured": len(self.not_captured),
                "failed": len(self.failures),
                "accepted": len(self.accepted),
                "left": self.left,
                **({} if self.is_withheld else dict(sorted(self.outcomes.items()))),
            },
            "listing_complete": self.listing_complete,
            "not_captured": [asdict(gap) for gap in self.not_captured],
            "accepted": [_told_accepted(gap, decided) for gap, decided in self.accepted],
            "failing": [asdict(one) for one in self._failing()],
            "left": sorted(self.unsettled()),
            "problems": dict(sorted(self.problems.items())),
            "notes": dict(sorted(self.notes.items())),
            "gates": [gate.document() for gate in self.gates],
            **more,
        }


_REFUSALS = {
    Exit.INTERNAL_ERROR: "error",
    Exit.WRONG_USE: "wrong-use",
    Exit.REFUSED: "refused",
    Exit.INTERRUPTED: BLOCKED,
}
_SOME = 3
_COUNTED = {"speech": "speeches", "counter": "counters", "list": "list pages"}


def verdict(report: RunReport) -> Verdict:
    """The verdict of a finished run; the most severe reason comes first."""
    if refused := _refusal(report):
        return refused
    if report.stopped is not None:
        when = f" after {report.not_before}" if report.not_before else ""
        message = f"interrupted ({report.stopped}); run the same command again{when} to continue"
        return Verdict("interrupted", Exit.INTERRUPTED, message)
    if report.mode == "plan" and not report.new_gaps:
        return Verdict("planned", Exit.COMPLETE, f"{len(report.planned)} articles would be read; nothing was written")
    if ours := _own_fault(report):
        return Verdict("error", Exit.INTERNAL_ERROR, f"{ours}: an error in this program, see the log")
    if report.new_gaps:
        message = f"not captured: {_counted(report.new_gaps)}; the run report names each, with the reason"
        return Verdict("gaps", Exit.GAPS, f"{message}{_besides(report)}{_expired(report)}")
    return _without_gaps(report)


def _counted(gaps: list[NotCaptured]) -> str:
    counted = Counter(gap.what for gap in gaps)
    return ", ".join(f"{name} {counted[what]}" for what, name in _COUNTED.items() if counted[what])


def _besides(report: RunReport) -> str:
    accepted = [gap for gap, _ in report.accepted]
    return f"; accepted besides: {_counted(accepted)}" if accepted else ""


def _expired(report: RunReport) -> str:
    """Which decisions are over, in words that name them."""
    told = (
        f"; accepted until {one.told.until} by commit {one.commit} ({one.told.reason}), which is over: {url}"
        for url, one in list(report.expired.items())[:_SOME]
    )
    more = len(report.expired) - _SOME
    return "".join(told) + (f"; and {more} more decisions are over" if more > 0 else "")


def _told_accepted(gap: NotCaptured, decided: Decided) -> dict[str, Any]:
    told = {"commit": decided.commit, "until": decided.told.until, "reason": decided.told.reason}
    return {"what": gap.what, "url": gap.url, "native_id": gap.native_id, "decision": told}


def _without_gaps(report: RunReport) -> Verdict:
    if report.is_partial:
        part = f"read only section={report.only_section}" if report.only_section else ""
        part = f"stopped at limit={report.limit}" if report.limit is not None else part
        return Verdict("partial", Exit.COMPLETE, f"{part}; nothing is marked missing or gone")
    if report.mode == "reprocess":
        return Verdict("complete", Exit.COMPLETE, "every speech was read again from the archive's own captures")
    if why := _why_not_complete(report):
        return Verdict("gaps", Exit.GAPS, why)
    if accepted := [gap for gap, _ in report.accepted]:
        message = f"what the lists show is archived, except what a person accepted: {_counted(accepted)}"
        return Verdict("accepted", Exit.COMPLETE, f"{message}; the run report names each, with the decision")
    return Verdict("complete", Exit.COMPLETE, _complete(report))


def _why_not_complete(report: RunReport) -> str | None:
    """Why a run without a single gap is nevertheless incomplete; null when it is complete."""
    created = report.outcomes["created"]
    if created >= _SOME and report.created_elsewhere == created:
        return "every new article names another column as its own; this may be the wrong list: check `section`"
    if report.known >= _SOME and not report.known_listed and report.listed:
        return (
            f"none of {report.known} known speeches is among the {report.listed} rows of the list: it may be the "
            "wrong list, or the addresses have changed; open the section in a browser"
        )
    if not (report.listing_complete or report.captured or report.outcomes["unread"] or report.mode == "plan"):
        return "no row certainly belongs to the section's list; name the list's container with `rows` in the profile"
    explained = [gap for gap in report.not_captured if gap.what == "speech" and gap.is_the_sites_word]
    if len(explained) >= _SOME and not report.captured and not report.outcomes["unread"]:
        counted = Counter(gap.reason for gap in explained)
        reasons = ", ".join(f"{reason} ({count})" for reason, count in sorted(counted.items()))
        return (
            f"none of {report.listed} listed rows gave a speech: {reasons}. Open one in a browser: if it shows a "
            "speech, its address is read wrongly or the site serves other pages to robots"
        )
    return None


def _complete(report: RunReport) -> str:
    """The message of a run without gaps."""
    explained = sum(gap.what == "speech" for gap in report.not_captured)
    missing = f", or the site says why not ({explained})" if explained else ""
    files = report.problems["attachments: not-fetched"]
    unfetched = f"; attachments of {files} speeches are not all fetched" if files else ""
    pairing = "; now pair the new ids with the old ones: `rekey`" if report.has_new_ids else ""
    lists = "every section's list" if report.sections else "the list"
    return f"{lists} was read to its end and every speech in it is archived{missing}{unfetched}{pairing}"


def _own_fault(report: RunReport) -> str | None:
    if report.is_walk_broken:
        return "reading the lists ended in an error"
    return f"{report.left} rows were neither captured nor reported" if report.left else None


def _refusal(report: RunReport) -> Verdict | None:
    """The verdict of a run that must not count as an observation of the site."""
    if report.refusal is not None:
        status, message = report.refusal
        return Verdict(_REFUSALS.get(status, "gaps"), status, message)
    if report.stopped is not None:
        return None
    # Only rows count: known speeches that are no longer listed have other outcomes.
    if report.listed and report.outcomes[Reason.OTHER_SECTION.value] == report.listed:
        return Verdict("refused", Exit.REFUSED, "the section lists no speech of its own; nothing is marked gone")
    if report.captured == 0 and not report.outcomes["unread"] and _all_challenged(report):
        message = "every failed answer was a browser challenge; nothing is marked gone. Try again later"
        return Verdict("refused", Exit.REFUSED, message)
    return None


def _all_challenged(report: RunReport) -> bool:
    failures = report.failures
    return bool(failures) and all(gap.reason == Reason.CHALLENGE.value for gap in failures)
