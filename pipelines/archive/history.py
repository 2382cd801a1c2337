"""The rules every line must keep: its shape, its place, and what may follow what in the life of a speech."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.archive.reader import parsed, raw_lines
from pipelines.archive.schemas import RECORDS
from pipelines.archive.shapes import misfit, shape_of_record
from pipelines.archive.state import SAYING, fold
from pipelines.canonical import content_sha256
from pipelines.record import OBSERVATION_SCHEMA, SPEECH_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.commits import Commit
    from pipelines.archive.reader import Archive, Line
    from pipelines.archive.state import SpeechState, States

STREAMS = (("versions", SPEECH_SCHEMA), ("observations", OBSERVATION_SCHEMA))
_SHAPES = {name: shape_of_record(RECORDS[name]) for _, name in STREAMS}


class History:
    """Follows an archive commit by commit; the first line that breaks a rule raises `Damaged` with file and line."""

    def __init__(self, archive: Archive) -> None:
        """Begin before the first commit."""
        self._layout = archive.layout
        self._site = archive.facts.site
        self._sizes: dict[str, int] = {}
        self._next_seq = 1
        self.states: States = {}
        self.versions = 0
        self.observations = 0

    def follow(self, commit: Commit) -> None:
        """Check the lines of the next commit and what the commit says of them."""
        self._sizes |= {named.path: named.bytes for named in commit.files}
        counts: Counter[str] = Counter()
        looked_at: set[str] = set()
        first = self._next_seq
        for folder, schema in STREAMS:
            for line, where in self._lines(commit, folder):
                said = self._complaint(line, schema, commit, looked_at)
                if said:
                    raise Damaged(f"{where}: {said}")
                fold(self.states, line)
                counts.update([line["event"]] if folder == "versions" else ["observations", line["presence"]])
                self._next_seq += 1
        self.versions += sum(counts[e] for e in ("created", "changed", "reprocessed", "gone", "restored"))
        self.observations += counts["observations"]
        self._check_totals(commit, first, counts)

    def _lines(self, commit: Commit, folder: str) -> Iterator[tuple[Line, str]]:
        named = commit.stream(folder)
        if named is None:
            return
        file = self._layout.path(named.path)
        for number, raw in enumerate(raw_lines(file), 1):
            yield parsed(raw, file, number), f"{file}, line {number}"

    def _check_totals(self, commit: Commit, first: int, counts: Counter[str]) -> None:
        has_lines = self._next_seq > first
        told = (commit.first_seq, commit.last_seq)
        if told != ((first, self._next_seq - 1) if has_lines else (None, None)):
            raise Damaged(f"{self._layout.commit(commit.n)}: seq {told} is not that of its lines")
        wrong = {key: told for key, told in commit.counts.items() if counts[key] != told}
        if wrong:
            raise Damaged(f"{self._layout.commit(commit.n)}: counts {wrong} are not those of its lines")

    def _complaint(self, line: Line, schema: str, commit: Commit, looked_at: set[str]) -> str | None:
        return (
            misfit(_SHAPES[schema], line)
            or self._place_complaint(line, schema, commit)
            or self._capture_complaint(line)
            or (self._version_complaint(line) if schema == SPEECH_SCHEMA else self._look_complaint(line, looked_at))
        )

    def _place_complaint(self, line: Line, schema: str, commit: Commit) -> str | None:
        place = {"schema": schema, "seq": self._next_seq, "commit": commit.n, "run": commit.run}
        if schema == SPEECH_SCHEMA:
            place |= {
                "recorded_at": commit.recorded_at,
                "site": self._site,
                "id": f"{self._site}:{line['native_id']}",
            }
        return next(
            (f"{key} is {line[key]!r}, not {told!r}" for key, told in place.items() if line[key] != told), None
        )

    def _capture_complaint(self, line: Line) -> str | None:
        for capture in line["captures"]:
            file = capture["file"]
            if file is None:
                continue
            if file not in self._sizes:
                return f"captured in {file}, which no commit up to this one names"
            if (capture["offset"] or 0) + (capture["length"] or 0) > self._sizes[file]:
                return f"captured beyond the end of {file}"
        return None

    def _version_complaint(self, line: Line) -> str | None:
        state = self.states.get(line["native_id"])
        if not _may_follow(line, state):
            was = "unknown" if state is None else f"{'gone' if state.is_gone else 'present'}, version {state.version}"
            said = f"{line['event']} with version {line['version']}, reading {line['reading']}"
            return f"{said} cannot follow: {line['id']} was {was}"
        if line["event"] == "gone":
            kept = [
                key for key in (*SAYING, "content_sha256") if key not in {"url", "title"} and line[key] is not None
            ]
            return f"gone, but has {', '.join(kept)}" if kept else None
        missing = [
            key for key in ("section", "body", "attachments", "evidence", "raw", "problems") if line[key] is None
        ]
        if missing:
            return f"{line['event']}, but lacks {', '.join(missing)}"
        if content_sha256(line) != line["content_sha256"]:
            return "content_sha256 is not that of its content"
        return None

    def _look_complaint(self, line: Line, looked_at: set[str]) -> str | None:
        site, _, native_id = line["id"].partition(":")
        state = self.states.get(native_id)
        if site != self._site or state is None:
            return f"looks at {line['id']}, of which no version is known"
        if native_id in looked_at:
            return f"looks at {line['id']} a second time in one run"
        looked_at.add(native_id)
        if line["version"] is not None and not 1 <= line["version"] <= state.version:
            return f"confirms version {line['version']}; {line['id']} has {state.version}"
        return None


def _may_follow(line: Line, state: SpeechState | None) -> bool:
    event, now = line["event"], (line["version"], line["reading"])
    if (line["presence"] is not None) != (event in {"gone", "restored"}):
        return False
    if state is None or event == "created":
        return state is None and event == "created" and now == (1, 1)
    if event == "restored":
        is_same = line["content_sha256"] == state.content_sha256
        return state.is_gone and now == (state.version, state.reading) and is_same
    if state.is_gone:
        return False
    allowed = {
        "changed": (state.version + 1, 1),
        "reprocessed": (state.version, state.reading + 1),
        "gone": (state.version, None),
    }
    is_news = event != "changed" or line["content_sha256"] != state.content_sha256
    return now == allowed[event] and is_news
