"""`ArchiveRun`: one run writing into one site's archive, from the lock to the commit."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.disk.answers import Answer
from pipelines.archive.disk.files import sync_folder
from pipelines.archive.disk.layout import NATIVE_ID, Layout, warc_beginning, warc_file
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.disk.redactions import redacted_observation
from pipelines.archive.errors import Damaged, LatestStale, writing
from pipelines.archive.read import state
from pipelines.archive.read.known import Known
from pipelines.archive.read.reader import Archive
from pipelines.archive.write import changes, orders
from pipelines.archive.write.admission import (
    MASS_GONE,
    NEW_CMS,
    USUAL,
    Cautions,
    admit,
    check_clock,
    check_history,
    check_room,
)
from pipelines.archive.write.captures import CaptureFiles
from pipelines.archive.write.rebuild import heal, write_next
from pipelines.archive.write.replacing import finish_acts
from pipelines.archive.write.run_lines import content_line, gone_line, observation_line, restored_line, unplaced
from pipelines.archive.write.salvaging.answers_left import AnswersLeft
from pipelines.archive.write.salvaging.salvage import salvage
from pipelines.archive.write.sealing import CommitFacts, Sealing
from pipelines.archive.write.staging import Staging, laid_out
from pipelines.archive.write.waiting import Opening
from pipelines.gates.tally import Tally
from pipelines.gates.usual import Usual
from pipelines.record import Confirmed
from pipelines.text.compact import TextSet
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path
    from typing import Literal

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.state import States
    from pipelines.gates.rules import Gate
    from pipelines.reasons import PresenceState
    from pipelines.record import Event, Listed, Look, Missed, SiteFacts, Speech

_MOST_NAMED = 60_000
"""Answers named in a commit without lines: 24 MB of the 32 MiB that a commit may have."""


@frozen
class Sealed:
    """The result of a seal: the commit's number, the archive's new head, and the counts in the commit."""

    commit: int
    head: str
    counts: dict[str, int]


class ArchiveRun:
    """A run that holds the site's lock. Not thread-safe.

    `known` is the archive's state when the run began; `last_commit_at` when its last commit then was made, and
    `facts_kept` what it said of the site, both null when the run begins the archive. `left` are answers that killed
    runs before it got and did not keep. `tally` measures what it reads.
    """

    def __init__(self, layout: Layout, opening: Opening, gone_after_days: int, cautions: Cautions) -> None:
        """Use `open` instead."""
        self._layout, self._facts, self._run, self._opened_at = layout, opening.facts, opening.run, opening.opened_at
        self._gone_after_days, self._disk_floor = gone_after_days, cautions.disk_floor
        self._made = [folder for folder in (layout.staging, *layout.staging.parents) if not folder.exists()]
        self._gone = 0
        self.tally = Tally()
        self._looked_at = TextSet()
        layout.staging.mkdir(parents=True, exist_ok=True)
        for folder in self._made:
            sync_folder(folder.parent)
        self._lock = SiteLock(layout.lock, self._run)
        with ExitStack() as refused:
            refused.callback(self._withdraw)
            found = admit(layout, self._facts, self._run, self._opened_at, cautions)
            self._let_pass = check_history(layout, found, self._facts.site, self._opened_at, cautions)
            if found and NEW_CMS in cautions.accept:
                self._let_pass[NEW_CMS] = {"id_namespace": self._facts.id_namespace}
            self.last_commit_at = found.last.recorded_at if found else None
            self.facts_kept = found.facts_now() if found else None
            if found:
                # Before salvage: an act's folder in staging is not that of a dead run.
                finish_acts(found)
            self.salvaged = salvage(layout, self._facts, self._opened_at)
            self._archive = Archive(layout.root) if self.salvaged else found
            self.left = AnswersLeft(self._archive, self._opened_at)
            self._known = self._archive.known() if self._archive else Known()
            self.known: States = self._known.states
            if self._archive:
                heal(self._archive, self._known)
            self._staging = Staging(layout.staging / self._run, opening)
            name = partial(warc_file, self._facts.site, self._run, self._opened_at)
            self.captures = CaptureFiles(
                layout.root, self._staging.folder, name, opening.capture, self._known.payloads
            )
            refused.pop_all()

    @classmethod
    def open(
        cls,
        root: Path,
        facts: SiteFacts,
        run: str,
        opened_at: str,
        gone_after_days: int,
        cautions: Cautions = USUAL,
        about: Mapping[str, Any] | None = None,
    ) -> Self:
        """Take the site's lock, salvage dead runs, load the state; every refusal comes before a write.

        Args:
            root: the site's folder.
            facts: the site as this run will crawl it.
            run: id of the run.
            opened_at: the present moment, RFC 3339 in UTC.
            gone_after_days: how long a speech must have been missing before it is gone.
            cautions: what is asked of the archive and its disk before the run writes.
            about: `software` (name to version) and `request` (what the run was asked to do), for a possible salvage;
                `capture` (named fields) for the first record of each WARC file.
        """
        layout, about = Layout(root), about or {}
        given = {name: about.get(name, {}) for name in ("software", "request", "capture")}
        opening = Opening(run=run, opened_at=opened_at, facts=facts, **given)
        with writing(root):
            admit(layout, facts, run, opened_at, cautions)
            check_room(root, cautions.disk_floor)
            return cls(layout, opening, gone_after_days, cautions)

    @property
    def past(self) -> Archive | None:
        """The archive as it was when the run began; null when the run begins it."""
        return self._archive

    @property
    def unsaved(self) -> int:
        """Observations that would be lost if the process died now."""
        return self._staging.unsaved

    def save(self) -> None:
        """Write all observations so far to disk. May run in another thread, beside any method but `abandon`.

        Raises:
            DiskFull: too little space is left; the observations are still held and `seal` tries to save them.
        """
        with writing(self._layout.root):
            check_room(self._staging.folder, self._disk_floor)
            self._staging.save(self.captures.sync)

    def keep(self, speech: Speech, before: Speech | None = None) -> Event | Literal["same"]:
        """Keep a speech whose article was read (`before`: see `steps_of_look`); returns its first event.

        An event of the site comes before one of our parser.
        """
        known = self._first_look(speech.site, speech.native_id)
        steps = changes.steps_of_look(known, speech, before)
        observation = observation_line(
            id=f"{speech.site}:{speech.native_id}",
            run=self._run,
            look=speech.look,
            presence="present" if speech.look.listed else "unlisted",
            content=changes.content_of(steps),
            version=steps[-1].version if steps else (known.version if known else 1),
            view_count=speech.view_count,
        )
        self._stage(speech.native_id, [*self._content_lines(steps, speech, before), observation], speech.parser)
        events = [step.event for step in steps]
        return next((event for event in events if event != "reprocessed"), events[0] if events else "same")

    def as_line(self, speech: Speech, before: Speech | None = None) -> Line:
        """A speech that was read as its line, without its place: seq, commit and recorded_at are null.

        For an unchanged speech, which gets no line, `event` is null, version and reading are the archive's.
        """
        known = self.known.get(speech.native_id)
        steps = changes.steps_of_look(known, speech, before)
        if steps:
            line = self._content_lines(steps, speech, before)[-1]
        else:
            assert known is not None  # noqa: S101 - else it is created
            as_known = changes.Step("created", known.version, known.reading)
            line = content_line(speech, as_known, self._run) | {"event": None}
        return unplaced(redacted_observation(line) if known and known.is_redacted else line)

    def reread(self, speech: Speech) -> Literal["reprocessed", "same"]:
        """Keep what a new parser reads in the archive's own capture; the site was not asked, so no observation."""
        known = self._first_look(speech.site, speech.native_id)
        steps = changes.steps_of_replay(known, speech)
        self._stage(speech.native_id, self._content_lines(steps, speech, None), speech.parser)
        return "reprocessed" if steps else "same"

    def see(self, seen: Listed | Confirmed, view_count: int | None) -> None:
        """Keep an observation without a text: only a known speech's list row, or its article with unchanged bytes."""
        known = self._first_look(seen.site, seen.native_id)
        is_read = isinstance(seen, Confirmed)
        if known is None or (is_read and known.is_gone):
            raise ValueError(f"{seen.native_id}: not known as present; its article must be read")
        if not is_read and seen.look.listed is None:
            raise ValueError(f"{seen.native_id}: neither on a list page nor read; that is no observation")
        self._note_title(known, seen.look)
        observation = observation_line(
            id=known.id,
            run=self._run,
            look=seen.look,
            presence="present" if seen.look.listed else "unlisted",
            content="same" if is_read else "unread",
            version=known.version if is_read else None,
            view_count=view_count,
        )
        lines = [redacted_observation(observation) if known.is_redacted else observation]
        self._stage(seen.native_id, lines, is_as_known=not is_read and changes.shows_known_row(known, lines[0]))

    def miss(self, missed: Missed) -> PresenceState | Literal["gone"]:
        """Keep a failed observation of a known speech; rows never captured are only in the run report.

        "gone" is what the evidence says; with a `mass_deletion` the seal does not accept it.
        """
        presence = missed.reason.presence
        if missed.native_id is None or missed.native_id not in self.known:
            return presence
        known = self._first_look(missed.site, missed.native_id)
        assert known is not None  # noqa: S101 - the line above
        self._note_title(known, missed.look)
        is_gone = changes.is_proven_gone(known, missed, self._gone_after_days)
        observation = observation_line(
            id=known.id, run=self._run, look=missed.look, presence=presence, reason=missed.reason.value
        )
        gone = [gone_line(known, missed, self._run)] if is_gone else []
        self._stage(missed.native_id, [*gone, observation])
        self._gone += is_gone
        return "gone" if is_gone else presence

    def mass_deletion(self) -> changes.MassDeletion | None:
        """The number of speeches `seal` would mark gone, if too many for one run; else null."""
        present = sum(known.is_present for known in self.known.values())
        return changes.mass_deletion(self._gone, present)

    def seal(
        self,
        report: dict[str, Any],
        recorded_at: str,
        software: dict[str, str],
        kind: str = "crawl",
        accept: Collection[str] = (),
        gates: Sequence[Gate] = (),
    ) -> Sealed:
        """Commit the run, whatever it found. After an error call `close`: nothing was committed, staging stays.

        A mass deletion is recorded, as a decision, when `accept` has "mass-gone"; else those speeches stay missing.
        So is each of the tripped `gates` that a person accepts. With any other the commit holds captures and report
        only, no line.
        """
        check_clock(self._layout, self._archive, recorded_at)
        is_withheld = not all(gate.accepted for gate in gates)
        mass = None if is_withheld else self.mass_deletion()
        is_accepted = mass is not None and MASS_GONE in accept
        passed = self._let_pass | ({MASS_GONE: asdict(mass)} if mass and is_accepted else {})
        passed |= _accepted(gates)
        told = {key: value for facts in passed.values() for key, value in facts.items()}
        decision = {"accept": ",".join(passed), **told} if passed else None
        with writing(self._layout.root):
            self._staging.save(self.captures.sync)
            self.captures.close()
            repeated = self.captures.unnamed()
            if is_withheld:
                repeated = self._withhold(repeated)
            facts = CommitFacts(
                run=self._run,
                kind=kind,
                recorded_at=recorded_at,
                software=software,
                decision=decision,
                repeated=repeated,
            )
            with laid_out(self._staging.folder, keeps_gone=not mass or is_accepted) as staged:
                if staged.looks != self._staging.looks:
                    raise Damaged(f"{self._staging.folder}: not all observations can be read back; check the disk")
                is_complete = report.get("listing_complete") is True
                listing = (
                    changes.listing_of(staged.as_known.all(), staged.observed, self.known) if is_complete else None
                )
                if listing is None:
                    staged.observe_each()
                folder, written = self._staging.folder, self.captures.written
                sealing = Sealing(self._layout, self._archive, self._facts, folder, written)
                commit = sealing.commit(staged, report, facts, listing)
        self._finish(commit)
        return Sealed(commit.n, commit.sha256, commit.counts)

    def usual(self) -> Usual:
        """What was usual for the site before the run."""
        archive = self._archive
        if archive is None:
            return Usual(self.known, lambda: (), lambda: ())
        return Usual(self.known, archive.past_reports, archive.latest)

    def _withhold(self, unnamed: tuple[Answer, ...]) -> tuple[Answer, ...]:
        """Discard the saved lines, so that no salvage finds them either; returns what the commit names instead."""
        own = warc_beginning(self._facts.site, self._run, self._opened_at)
        answers = {(answer.captured_at, answer.file, answer.offset): answer for answer in unnamed}
        with laid_out(self._staging.folder, keeps_gone=True) as staged:
            for one in staged.captures():
                if one["file"] and not one["file"].startswith(own) and len(answers) < _MOST_NAMED:
                    answers[one["captured_at"], one["file"], one["offset"]] = Answer.from_json(one)
        self._staging.discard_lines()
        return tuple(sorted(answers.values(), key=lambda answer: (answer.captured_at, answer.url)))

    def abandon(self) -> None:
        """Discard the run's staging and release the site; a new archive is removed again."""
        with writing(self._layout.root):
            self.captures.close()
            self._staging.close()
            shutil.rmtree(self._staging.folder)
            self._withdraw()

    @property
    def is_open(self) -> bool:
        """Whether the run was neither sealed nor abandoned nor closed."""
        return self._lock.is_held

    def close(self) -> None:
        """Release the site. Lines that were staged and not sealed stay for salvage."""
        with suppress(OSError):  # salvage cuts a torn end
            self.captures.close()
        self._staging.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _first_look(self, site: str, native_id: str) -> state.SpeechState | None:
        if site != self._facts.site:
            raise ValueError(f"{site}:{native_id}: this archive is of {self._facts.site}")
        if not NATIVE_ID.fullmatch(native_id):
            raise ValueError(f"native id {native_id!r}: allowed are letters, digits, . _ and -")
        if native_id in self._looked_at:
            raise ValueError(f"{site}:{native_id}: a second observation in run {self._run}")
        return self.known.get(native_id)

    def _content_lines(self, steps: tuple[changes.Step, ...], speech: Speech, before: Speech | None) -> list[Line]:
        read = {step: before if before and step.event == "reprocessed" else speech for step in steps}
        return [
            self._restored(speech) if step.event == "restored" else content_line(read[step], step, self._run)
            for step in steps
        ]

    def _restored(self, speech: Speech) -> Line:
        assert self._archive is not None  # noqa: S101 - only a known speech is restored
        known = self.known[speech.native_id]
        return restored_line(
            self._archive.line(known.content_seq, known.content_commit), known, speech.look, self._run
        )

    def _note_title(self, known: state.SpeechState, look: Look) -> None:
        """Of a suppressed speech: its title as the list shows it, to be masked in the list's captures."""
        if known.is_suppressed and look.listed and look.listed.title:
            orders.note_title(self._staging.folder, look.listed.title)

    def _stage(
        self, native_id: str, look: list[Line], parser: str | None = None, *, is_as_known: bool = False
    ) -> None:
        if self._staging.is_full:
            self.save()
        known = self.known.get(native_id)
        lines = [redacted_observation(line) for line in look] if known and known.is_redacted else look
        self._staging.add(parser, lines, is_as_known=is_as_known)
        self.tally.take(lines)
        for line in lines:
            self.captures.named(line["captures"])
        self._looked_at.add(native_id)

    def _finish(self, commit: Commit) -> None:
        """Write the derived files; if that fails the commit stands and the next run or `rebuild` writes them."""
        root = self._layout.root
        try:
            sync_folder(self._layout.commits)
            archive = self._archive.after(commit) if self._archive else Archive(root)
            write_next(archive, self._known)
            self._staging.close()
            shutil.rmtree(self._staging.folder)
        except OSError as error:
            raise LatestStale(
                f"{root}: commit {commit.n} stands (head {commit.sha256}), but the derived files could not be "
                f"written: {error}. Put that right, then: python -m pipelines rebuild {root}"
            ) from error

    def _withdraw(self) -> None:
        if self._made:
            self._layout.lock.unlink()
        self._lock.release()
        with suppress(OSError):  # a folder that is not empty stays
            for folder in self._made:
                folder.rmdir()


def _accepted(gates: Sequence[Gate]) -> dict[str, dict[str, Any]]:
    """By each gate that a person accepts, what the commit says of all of them."""
    accepted = [gate for gate in gates if gate.accepted]
    return {gate.gate: {"gates": [one.figures() for one in accepted]} for gate in accepted}
