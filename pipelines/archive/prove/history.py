"""The rules of history: the place of every line, and what may follow what in the life of a speech."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import Commit, files_now
from pipelines.archive.disk.files import INFLATE_ERRORS
from pipelines.archive.disk.layout import natural_key
from pipelines.archive.disk.listings import rows_sha256
from pipelines.archive.disk.redactions import is_redacted
from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.disk.streams import parsed
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.fixity import MeasuredLines, difference
from pipelines.archive.prove.flaws import WRONG_HASH, flaw, misfit_of_captures
from pipelines.archive.prove.proofs import CaptureProofs, redacted_by
from pipelines.archive.read.known import EVENTS, Known
from pipelines.archive.read.state import files_of, for_a_writer, has_other_file, listed_as_before
from pipelines.archive.read.state_file import line_end
from pipelines.record import OBSERVATION_SCHEMA, SPEECH_SCHEMA, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.listings import Listing
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.prove.ahead import WorkAhead
    from pipelines.archive.read.state import SpeechState

STREAMS = (("versions", SPEECH_SCHEMA), ("observations", OBSERVATION_SCHEMA))


DIGEST = 16


def line_digest(line: bytes) -> bytes:
    """A short hash of a line, to recognise it later."""
    return hashlib.sha256(line).digest()[:DIGEST]


class ToldEnds:
    """What a file says that lines give, by their seq: a digest each, in few bytes, and whether it was found right."""

    def __init__(self, told: Iterable[tuple[int, bytes]]) -> None:
        """`told` are seqs with digests of `line_digest`."""
        pairs = sorted(told)
        self._seqs = array("q", [seq for seq, _ in pairs])
        self._digests = b"".join(digest for _, digest in pairs)
        self._is_right = bytearray(len(pairs))

    def judge(self, seq: int, made: Callable[[], bytes]) -> None:
        """Compare what the line `seq` gives, if it is asked for."""
        at = bisect_left(self._seqs, seq)
        if at < len(self._seqs) and self._seqs[at] == seq:
            self._is_right[at] = made() == self._digests[at * DIGEST : (at + 1) * DIGEST]

    def is_right(self, seq: int) -> bool:
        """True when the line was there and gave what was told."""
        at = bisect_left(self._seqs, seq)
        return at < len(self._seqs) and self._seqs[at] == seq and bool(self._is_right[at])


class History:
    """Follows an archive commit by commit; the first file or line that breaks a rule raises `Damaged` naming it.

    `known` is what is known after the commits followed; `digests` names the newest content line of each speech.
    `wanted` are digests of each `line_end` in a state file.
    """

    def __init__(self, layout: Layout, site: str, commits: Sequence[Commit]) -> None:
        """Begin before the first commit."""
        self._layout, self.site = layout, site
        self._may_be = files_now(commits)
        self._redacted = {seq for commit in commits if commit.redaction for seq in commit.redaction.seqs}
        # An order may have removed the words of a row since, and the hash of the rows remains.
        self._redacted_at = {commit.redaction.id: commit.n for commit in commits if commit.redaction}
        self._sizes: dict[str, int] = {}
        self._proofs: CaptureProofs | WorkAhead = CaptureProofs(layout, redacted_by(commits))
        self._ahead: WorkAhead | None = None
        self._rows: list[tuple[str, Row]] = []
        self._rows_sha256 = rows_sha256([])
        self._next_seq = 1
        self.known = Known()
        self.wanted = ToldEnds(())
        self.digests: dict[str, bytes] = {}
        self.versions = 0
        self.observations = 0

    def rely_on(self, ahead: WorkAhead) -> None:
        """Let another process prove captures, and the lines of those files that it comes to first."""
        self._proofs = self._ahead = ahead

    def follow(self, commit: Commit) -> None:
        """Check the bytes and lines of the next commit's streams, and the commit's counts of them."""
        self._sizes |= {named.path: named.bytes for named in commit.files}
        self._proofs.take(commit)
        if message := self._proofs.flaw():
            raise Damaged(message)
        self._check_rekey(commit)
        counts: Counter[str] = Counter()
        first = self._next_seq
        observed: set[str] = set()
        self.known.take(commit, self._sound_lines(commit, counts, observed), for_writing=False)
        if commit.listing:
            self._check_listing(commit, commit.listing, observed)
        self.versions += sum(counts[event] for event in EVENTS)
        self.observations += counts["observations"]
        self._check_totals(commit, first, counts)
        if message := self._capture_complaint(answer.document() for answer in commit.repeated):
            raise Damaged(f"{self._layout.commit(commit.n)}, repeated: {message}")

    def _check_rekey(self, commit: Commit) -> None:
        rekey = Rekey.of(commit)
        for pair in rekey.pairs if rekey else ():
            for one in (pair.old, pair.new):
                site, _, native_id = one.partition(":")
                if site != self.site or native_id not in self.known.states:
                    raise Damaged(f"{self._layout.commit(commit.n)}: rekey names {one}, of which no version is known")

    def _check_listing(self, commit: Commit, listing: Listing, observed: set[str]) -> None:
        """A listing must be of exactly the rows that it stands for, and proved by its captures."""
        standing = list(listed_as_before(self.known.states, observed))
        rows = [(state.native_id, state.listed) for state in standing if state.listed is not None]
        later = {of for of, n in self._redacted_at.items() if commit.n < n}
        may_differ = bool(later) and any(state.id in later for state in standing)
        file = self._layout.commit(commit.n)
        if rows != self._rows:  # of most nights they are those of the night before
            self._rows, self._rows_sha256 = rows, rows_sha256(rows)
        if len(rows) != listing.speeches or not (may_differ or self._rows_sha256 == listing.rows_sha256):
            raise Damaged(f"{file}: its listing is not of the {len(rows)} rows that were known before it")
        captures = list(listing.captures)
        if message := misfit_of_captures(captures) or self._capture_complaint(captures):
            raise Damaged(f"{file}: listing: {message}")

    def _sound_lines(self, commit: Commit, counts: Counter[str], observed: set[str]) -> Iterator[Line]:
        """The lines of both streams, each judged by the history before it: it is folded before the next is read."""
        for folder, schema in STREAMS:
            named = commit.stream(folder)
            if named is not None:
                for line in self._follow_stream(commit, named.path, schema, counts):
                    yield line
                    if commit.listing and schema == OBSERVATION_SCHEMA:
                        observed.add(line["id"])

    def _follow_stream(self, commit: Commit, path: str, schema: str, counts: Counter[str]) -> Iterator[Line]:
        file = self._layout.stored(path)
        place = {"schema": schema, "commit": commit.n, "run": commit.run}
        place |= {"recorded_at": commit.recorded_at, "site": self.site} if schema == SPEECH_SCHEMA else {}
        before = ""
        flaws = self._ahead.flaws(path) if self._ahead else None
        if flaws is not None and flaws.first is not None:
            raise Damaged(f"{file}, line {flaws.first[0]}: {flaws.first[1]}")
        lines = MeasuredLines(file, path)
        try:
            for number, raw in enumerate(lines, 1):
                line = parsed(raw, file, number)
                if flaws is None:
                    own = flaw(line, schema, self.site)
                else:
                    own = WRONG_HASH if line["seq"] in flaws.wrong_hashes else None
                message = self._complaint(line, schema, place, own)
                native_id = "" if message else line["id"].partition(":")[2]
                key = natural_key(native_id)
                message = message or _order_complaint(before, key, line)
                if message:
                    raise Damaged(f"{file}, line {number}: {message}")
                yield line
                self._count(line, raw, native_id, counts)
                before = key
        except (OSError, *INFLATE_ERRORS) as error:
            raise Damaged(f"{file}: cannot be read ({error})") from error
        assert lines.found is not None  # noqa: S101 - all were taken
        if all(difference(lines.found, named) for named in self._may_be[path]):
            raise Damaged(f"{file}: {difference(lines.found, self._may_be[path][0])}")

    def _count(self, line: Line, raw: bytes, native_id: str, counts: Counter[str]) -> None:
        self._next_seq += 1
        if line["schema"] == OBSERVATION_SCHEMA:
            counts["observations"] += 1
            counts[line["presence"]] += 1
            return
        counts[line["event"]] += 1
        if line["event"] != "gone":
            self.digests[native_id] = line_digest(raw)
            self.wanted.judge(line["seq"], lambda: line_digest(line_end(*for_a_writer(line))))

    def _check_totals(self, commit: Commit, first: int, counts: Counter[str]) -> None:
        has_lines = self._next_seq > first
        seqs = (commit.first_seq, commit.last_seq)
        if seqs != ((first, self._next_seq - 1) if has_lines else (None, None)):
            raise Damaged(f"{self._layout.commit(commit.n)}: seq {seqs} is not that of its lines")
        wrong = {key: count for key, count in commit.counts.items() if counts[key] != count}
        if wrong:
            raise Damaged(f"{self._layout.commit(commit.n)}: counts {wrong} are not those of its lines")

    def _complaint(self, line: Line, schema: str, place: dict[str, Any], own: str | None) -> str | None:
        if own is not None and own != WRONG_HASH:
            return own
        if line["seq"] != self._next_seq:
            return f"seq is {line['seq']}, not {self._next_seq}"
        for key, expected in place.items():
            if line[key] != expected:
                return f"{key} is {line[key]!r}, not {expected!r}"
        return self._capture_complaint(line["captures"]) or (
            self._version_complaint(line, own) if schema == SPEECH_SCHEMA else self._observation_complaint(line)
        )

    def _capture_complaint(self, captures: Iterable[Line]) -> str | None:
        for capture in captures:
            file = capture["file"]
            if file is None:
                continue
            if file not in self._sizes:
                return f"captured in {file}, which no commit up to this one names"
            if (capture["offset"] or 0) + (capture["length"] or 0) > self._sizes[file]:
                return f"captured beyond the end of {file}"
            if message := self._proofs.complaint(capture):
                return message
        return None

    def _version_complaint(self, line: Line, own: str | None) -> str | None:
        state = self.known.states.get(line["native_id"])
        if not _may_follow(line, state):
            was = "unknown" if state is None else f"{'gone' if state.is_gone else 'present'}, version {state.version}"
            message = f"{line['event']} with version {line['version']}, reading {line['reading']}"
            return f"{message} cannot follow: {line['id']} was {was}"
        return own if own is not None and not self._is_explained(line, state) else None

    def _is_explained(self, line: Line, state: SpeechState | None) -> bool:
        """True for a line a redaction commit names, and for a restored one that repeats such a line."""
        if line["event"] == "restored" and state is not None and state.content_seq in self._redacted:
            self._redacted.add(line["seq"])
        return line["seq"] in self._redacted and is_redacted(line)

    def _observation_complaint(self, line: Line) -> str | None:
        site, _, native_id = line["id"].partition(":")
        state = self.known.states.get(native_id)
        if site != self.site or state is None:
            return f"observes {line['id']}, of which no version is known"
        if line["version"] is not None and not 1 <= line["version"] <= state.version:
            return f"confirms version {line['version']}; {line['id']} has {state.version}"
        return None


def _order_complaint(before: str, key: str, line: Line) -> str | None:
    if before and key < before:
        return f"{line['id']} comes after a higher id; lines are in natural order of their ids"
    if key == before and line["schema"] == OBSERVATION_SCHEMA:
        return f"observes {line['id']} a second time in one run"
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
    return now == allowed[event] and (event != "changed" or _is_news(line, state))


def _is_news(line: Line, state: SpeechState) -> bool:
    """True when hashed content changed, or the file under an address that the line before had, too."""
    if line["content_sha256"] != state.content_sha256:
        return True
    return has_other_file(state.files, files_of(line["attachments"]))
