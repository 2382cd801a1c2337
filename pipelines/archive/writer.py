"""One run writing into one site's archive, from taking the lock to the commit."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive import changes, lines, schemas, state
from pipelines.archive.admission import admit, check_clock
from pipelines.archive.commits import Commit
from pipelines.archive.errors import LatestStale, writing
from pipelines.archive.files import gzip_lines, json_document, sync_folder, write_synced
from pipelines.archive.layout import (
    ARCHIVE_JSON,
    FORMAT,
    FORMAT_VERSION,
    NATIVE_ID,
    Layout,
    observations_file,
    run_file,
    versions_file,
    warc_file,
)
from pipelines.archive.lock import SiteLock
from pipelines.archive.reader import Archive
from pipelines.archive.rebuild import heal, write_derived
from pipelines.archive.replacing import finish_redactions
from pipelines.archive.sealing import Sealing
from pipelines.archive.staging import Staging
from pipelines.canonical import json_value

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Literal

    from pipelines.archive.reader import Line
    from pipelines.archive.state import States
    from pipelines.reasons import PresenceState
    from pipelines.record import Event, Listed, Missed, SiteFacts, Speech

EVENTS = ("created", "changed", "reprocessed", "gone", "restored")
ABSENCES = ("missing", "withheld", "unknown")


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal achieved: the commit's number, the archive's new head, and the counts in the commit."""

    commit: int
    head: str
    counts: dict[str, int]


class ArchiveRun:
    """A run that holds the site's lock. `known` is what the archive knew when the run began. Not thread-safe."""

    def __init__(self, layout: Layout, facts: SiteFacts, run: str, opened_at: str, gone_after_days: int) -> None:
        """Use `open`."""
        self._layout, self._facts, self._run, self._opened_at = layout, facts, run, opened_at
        self._gone_after_days = gone_after_days
        self._made = [folder for folder in (layout.staging, *layout.staging.parents) if not folder.exists()]
        self._counts: Counter[str] = Counter()
        self._parsers: set[str] = set()
        self._looked_at: set[str] = set()
        layout.staging.mkdir(parents=True, exist_ok=True)
        self._lock = SiteLock(layout.lock, run)
        try:
            self._archive = admit(layout, facts, run, opened_at)
            if self._archive:
                finish_redactions(self._archive)
            self.known: States = state.load(self._archive) if self._archive else {}
            if self._archive:
                heal(self._archive, self.known)
            self.leftovers = tuple(sorted(f.name for f in layout.staging.iterdir() if f.is_dir()))
            self._staging = Staging(layout.staging / run)
        except BaseException:
            self._withdraw()
            raise

    @classmethod
    def open(cls, root: Path, facts: SiteFacts, run: str, opened_at: str, gone_after_days: int) -> Self:
        """Take the site's lock and learn what is known; every refusal comes before anything is written."""
        layout = Layout(root)
        admit(layout, facts, run, opened_at)
        with writing(root):
            return cls(layout, facts, run, opened_at, gone_after_days)

    def warc_file(self, part: int) -> tuple[Path, str]:
        """Where to write WARC file `part` (from 0) now, and the name it will have: for `Capture.file`."""
        relative = warc_file(self._facts.site, self._run, self._opened_at, part)
        staged = self._staging.folder / relative
        with writing(self._layout.root):
            staged.parent.mkdir(parents=True, exist_ok=True)
        return staged, relative

    def keep(self, speech: Speech) -> Event | Literal["same"]:
        """Keep a speech whose article was read; the first event it caused (a restored one may also be changed)."""
        known = self._first_look(speech.site, speech.native_id)
        steps = changes.steps_of_look(known, speech)
        observation = lines.observation_line(
            id=f"{speech.site}:{speech.native_id}",
            run=self._run,
            look=speech.look,
            presence="present" if speech.look.listed else "unlisted",
            content=changes.content_of(steps),
            version=steps[-1].version if steps else (known.version if known else 1),
            view_count=speech.view_count,
        )
        self._parsers.add(speech.parser)
        self._stage(speech.native_id, self._content_lines(steps, speech), observation)
        return steps[0].event if steps else "same"

    def reread(self, speech: Speech) -> Literal["reprocessed", "same"]:
        """Keep what a new parser reads in the archive's own capture: no look at the site, so no observation."""
        known = self._first_look(speech.site, speech.native_id)
        steps = changes.steps_of_replay(known, speech)
        self._parsers.add(speech.parser)
        self._stage(speech.native_id, self._content_lines(steps, speech), None)
        return "reprocessed" if steps else "same"

    def see(self, listed: Listed, view_count: int | None) -> None:
        """Keep a look that found a known speech on a list page and did not read it again."""
        if self._first_look(listed.site, listed.native_id) is None:
            raise ValueError(f"{listed.native_id}: not known to the archive; its article must be read")
        if listed.look.listed is None:
            raise ValueError(f"{listed.native_id}: seen on no list page and not read; that is no look at all")
        observation = lines.observation_line(
            id=f"{listed.site}:{listed.native_id}",
            run=self._run,
            look=listed.look,
            presence="present",
            view_count=view_count,
        )
        self._stage(listed.native_id, [], observation)

    def miss(self, missed: Missed) -> PresenceState | Literal["gone"]:
        """Keep a look at a known speech whose text could not be had; a row never captured is the run report's."""
        presence = missed.reason.presence
        if missed.native_id is None or missed.native_id not in self.known:
            return presence
        known = self._first_look(missed.site, missed.native_id)
        assert known is not None  # noqa: S101 - the line above
        is_gone = changes.is_proven_gone(known, missed, self._gone_after_days)
        observation = lines.observation_line(
            id=known.id, run=self._run, look=missed.look, presence=presence, reason=missed.reason.value
        )
        self._stage(missed.native_id, [lines.gone_line(known, missed, self._run)] if is_gone else [], observation)
        return "gone" if is_gone else presence

    def seal(self, report: dict[str, Any], recorded_at: str, software: dict[str, str], kind: str = "crawl") -> Sealed:
        """Commit the run, whatever it found. After an error here `close`: nothing was committed, staging stays."""
        check_clock(self._layout, self._archive, recorded_at)
        sealing = Sealing(self._layout, self._staging.folder, self._archive.commits() if self._archive else ())
        with writing(self._layout.root):
            try:
                sealing.place(self._staged_files(report, recorded_at))
                commit = sealing.point(self._commit(recorded_at, software, kind))
            except BaseException:
                sealing.undo(self._n)
                raise
        self._finish(commit)
        return Sealed(commit.n, commit.sha256, commit.counts)

    def abandon(self) -> None:
        """Drop what the run staged and let go of the site; an archive that did not exist before leaves no trace."""
        with writing(self._layout.root):
            self._staging.close()
            shutil.rmtree(self._staging.folder)
            self._withdraw()

    def close(self) -> None:
        """Let go of the site. What was staged and not sealed stays for salvage."""
        self._staging.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _first_look(self, site: str, native_id: str) -> state.SpeechState | None:
        if site != self._facts.site:
            raise ValueError(f"{site}:{native_id}: this archive is of {self._facts.site}")
        if not NATIVE_ID.fullmatch(native_id):
            raise ValueError(f"native id {native_id!r}: allowed are letters, digits, . _ and -")
        if native_id in self._looked_at:
            raise ValueError(f"{site}:{native_id}: looked at a second time in run {self._run}")
        return self.known.get(native_id)

    def _content_lines(self, steps: tuple[changes.Step, ...], speech: Speech) -> list[Line]:
        return [
            self._restored(speech) if step.event == "restored" else lines.content_line(speech, step, self._run)
            for step in steps
        ]

    def _restored(self, speech: Speech) -> Line:
        assert self._archive is not None  # noqa: S101 - only a known speech is restored
        known = self.known[speech.native_id]
        return lines.restored_line(self._archive.line(known.content_seq), known, speech.look, self._run)

    def _stage(self, native_id: str, versions: list[Line], observation: Line | None) -> None:
        with writing(self._layout.root):
            self._staging.add(native_id, versions, observation)
        self._looked_at.add(native_id)
        self._counts.update(line["event"] for line in versions)
        if observation is not None:
            self._counts["observations"] += 1
            self._counts[observation["presence"]] += 1

    def _staged_files(self, report: dict[str, Any], recorded_at: str) -> dict[str, Path]:
        """Everything the commit will name, ready in staging."""
        folder, n, seq = self._staging.folder, self._n, self._first_seq
        documents = {run_file(self._run): json_document(report)}
        if self._archive is None:
            about = {"format": FORMAT, "format_version": FORMAT_VERSION} | json_value(self._facts)
            documents |= {ARCHIVE_JSON: json_document(about)} | schemas.documents()
        streams = {versions_file(recorded_at, n): (self._staging.versions, seq)}
        streams[observations_file(recorded_at, n)] = (self._staging.observations, seq + len(self._staging.versions))
        for relative, data in documents.items():
            _room(folder / "sealed" / relative, data)
        for relative, (staged, first) in streams.items():
            if len(staged):
                _room(folder / "sealed" / relative, b"")
                gzip_lines(folder / "sealed" / relative, staged.numbered(first, n, recorded_at))
        made = {name: folder / "sealed" / name for name in (*documents, *(s for s in streams if len(streams[s][0])))}
        return made | {f.relative_to(folder).as_posix(): f for f in folder.glob("warc/*/*.warc.gz")}

    @property
    def _n(self) -> int:
        return len(self._archive.commits()) + 1 if self._archive else 1

    @property
    def _first_seq(self) -> int:
        commits = self._archive.commits() if self._archive else ()
        return max((c.last_seq for c in commits if c.last_seq is not None), default=0) + 1

    def _commit(self, recorded_at: str, software: dict[str, str], kind: str) -> Commit:
        count = len(self._staging.versions) + len(self._staging.observations)
        return Commit(
            n=self._n,
            prev=self._archive.head if self._archive else None,
            kind=kind,
            run=self._run,
            recorded_at=recorded_at,
            software=software,
            parsers=tuple(sorted(self._parsers)),
            first_seq=self._first_seq if count else None,
            last_seq=self._first_seq + count - 1 if count else None,
            counts={name: self._counts[name] for name in (*EVENTS, "observations", *ABSENCES)},
            files=(),
        )

    def _finish(self, commit: Commit) -> None:
        """What follows from the commit; when it fails the commit stands and the next run or `rebuild` does it."""
        root = self._layout.root
        try:
            sync_folder(self._layout.commits)
            archive = Archive(root)
            for folder in ("versions", "observations"):
                for line in archive.lines_of(archive.commits()[-1], folder):
                    state.fold_checked(self.known, line)
            write_derived(archive, self.known)
            self._staging.close()
            shutil.rmtree(self._staging.folder)
        except OSError as error:
            raise LatestStale(
                f"{root}: commit {commit.n} stands (head {commit.sha256}), but the derived files could not be made: "
                f"{error}. Make room, then: python -m pipelines rebuild {root}"
            ) from error

    def _withdraw(self) -> None:
        if self._made:
            self._layout.lock.unlink()
        self._lock.release()
        with suppress(OSError):  # a folder something else has come to use stays
            for folder in self._made:
                folder.rmdir()


def _room(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_synced(file, data)
