"""The work of a proof that needs no history, done by a second process, so that two processors share a large archive.

It reads the WARC files, then the places of lines, and then checks single lines, a file ahead of who follows them.
The captures of lines are compared when it has read the records that they name. It only tells what is right: of
anything else `NotProvedAhead` is raised, and the proof is made again in one process, which says what is wrong.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import deque
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from pipelines.archive.errors import Damaged
from pipelines.archive.prove.flaws import flaws_of
from pipelines.archive.prove.proofs import CaptureProofs, redacted_by
from pipelines.archive.read.places import places_lines
from pipelines.warc.records import WarcDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.prove.flaws import Flaws
    from pipelines.archive.prove.proofs import Redacted
    from pipelines.stored.packed import Stored

MOST_PENDING = 1 << 18
"""Captures that wait for their records: 60 bytes each."""
LINES_AHEAD = 2
"""Files of lines that are checked ahead: one is worked on while the next waits, so that the process is never idle."""
SEAL, ENTITY = 16, 32
_ANY = bytes(ENTITY)
Result = TypeVar("Result")
P = ParamSpec("P")


class NotProvedAhead(Exception):  # noqa: N818 - reads as a sentence, and is no error of the archive by itself
    """Something is not as it should be, or the other process ended; the proof in one process tells what."""


@dataclass(frozen=True, slots=True)
class RecordSeals:
    """The responses in a WARC file, in 72 bytes each: by offset, digests of what their captures must say.

    `own` is of length and id, `again` of these and the address, which a capture of a later commit must say, too;
    `entities` are the hashes of the entities, zeros where any may be said since the coding cannot be decoded.
    """

    offsets: array[int]
    own: bytes
    again: bytes
    entities: bytes

    def proves(self, offset: int, about: bytes, entity: bytes) -> bool:
        """Whether a capture of the record at `offset` says what it must."""
        at = bisect_left(self.offsets, offset)
        if at == len(self.offsets) or self.offsets[at] != offset:
            return False
        place = slice(at * SEAL, (at + 1) * SEAL)
        is_named = about in {self.own[place], self.again[place]}
        return is_named and self.entities[at * ENTITY : (at + 1) * ENTITY] in {entity, _ANY}


def seal(*said: object) -> bytes:
    """A short hash of values, to compare them later in few bytes."""
    return hashlib.sha256(repr(said).encode()).digest()[:SEAL]


def entity_seal(sha256: object) -> bytes:
    """The hash of an entity as bytes; of anything else in its place a hash of that."""
    try:
        found = bytes.fromhex(sha256)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = b""
    is_hash = len(found) == ENTITY and found.hex() == sha256
    return found if is_hash else hashlib.sha256(repr(sha256).encode()).digest()


def seals_of(layout: Layout, name: str, redacted: Redacted) -> RecordSeals:
    """Read a WARC file with all its digests; any error says that it is not proved."""
    offsets, own, again, entities = array("q"), bytearray(), bytearray(), bytearray()
    for offset, proof in CaptureProofs(layout, redacted).responses(name):
        offsets.append(offset)
        own += seal(proof.length, proof.record_id)
        again += seal(proof.length, proof.record_id, proof.url)
        entities += _ANY if proof.entity_sha256 is None else entity_seal(proof.entity_sha256)
    return RecordSeals(offsets, bytes(own), bytes(again), bytes(entities))


@dataclass(frozen=True, slots=True)
class Measure:
    """Size, number and SHA-256 of lines."""

    size: int
    count: int
    sha256: str


def measured_places(layout: Layout, commits: Sequence[Commit]) -> Measure:
    """Of what places.jsonl must hold after the last of `commits`."""
    sha256, size, count = hashlib.sha256(), 0, 0
    for count, line in enumerate(places_lines(layout, commits), 1):  # noqa: B007 - used below
        sha256.update(line)
        size += len(line)
    return Measure(size, count, sha256.hexdigest())


class WorkAhead:
    """What the other process was asked, and the captures that wait for its answers; as `CaptureProofs` for a history.

    In memory are the digests of all responses, since any later line may name one (72 MB for a million of them), and
    of `MOST_PENDING` captures.
    """

    def __init__(self, worker: Executor, layout: Layout, site: str, commits: Sequence[Commit]) -> None:
        """Ask for all WARC files of `commits`, in their order."""
        self._worker, self._layout, self._site = worker, layout, site
        self._redacted = redacted_by(commits)
        self._numbers: dict[str, int] = {}
        self._asked: list[Future[RecordSeals]] = []
        for commit in commits:
            for name in _captures_of(commit):
                self._numbers[name] = len(self._asked)
                self._asked.append(self._ask(seals_of, layout, name, self._redacted))
        self._taken, self._own = 0, frozenset[str]()
        self._places: Future[Measure] | None = None
        self._lines: deque[tuple[str, Stored, str]] = deque()
        self._judged: dict[str, Future[Flaws]] = {}
        self._last: deque[Future[Flaws]] = deque(maxlen=LINES_AHEAD)
        self._forget()

    def ask_places(self, commits: Sequence[Commit]) -> None:
        """Ask what places.jsonl of these commits must be."""
        self._places = self._ask(measured_places, self._layout, commits)

    def ask_lines(self, files: Sequence[tuple[str, Stored, str]]) -> None:
        """Tell the files of lines as (path in the archive, file, schema), in the order they will be followed."""
        self._lines.extend(files)

    def places(self) -> Measure | None:
        """What `ask_places` asked for."""
        return _result(self._places) if self._places else None

    def flaws(self, path: str) -> Flaws | None:
        """Those of a file of lines; null when nobody has looked for them yet, and whoever reads the lines should."""
        while self._lines and path not in self._judged and self._lines.popleft()[0] != path:
            pass
        while self._lines and self._may_ask():
            name, file, schema = self._lines.popleft()
            self._judged[name] = self._ask(flaws_of, file, schema, self._site)
            self._last.append(self._judged[name])
        found = self._judged.pop(path, None)
        return _result(found) if found else None

    def _ask(self, do: Callable[P, Result], /, *about: P.args, **named: P.kwargs) -> Future[Result]:
        try:
            return self._worker.submit(do, *about, **named)
        except (BrokenExecutor, OSError) as error:  # it was killed, or the system starts no other process
            raise NotProvedAhead from error

    def _may_ask(self) -> bool:
        is_at_lines = (self._places is None or self._places.done()) and all(one.done() for one in self._asked[-1:])
        return is_at_lines and sum(not one.done() for one in self._last) < LINES_AHEAD

    def take(self, commit: Commit) -> None:
        """Begin with the captures of the next commit."""
        if len(self._offsets) > MOST_PENDING:
            self.settle()
        self._own = frozenset(_captures_of(commit))
        self._taken += len(self._own)

    def flaw(self) -> str | None:
        """Null: what is wrong with a WARC file is told by `settle`."""
        return None

    def complaint(self, capture: Line) -> str | None:
        """Null: the capture is compared by `settle`."""
        name, offset, entity = capture["file"], capture["offset"], capture["payload_sha256"]
        number = self._numbers.get(name)
        if number is None or type(offset) is not int:
            raise NotProvedAhead
        states = self._redacted.get((name, offset))
        also: tuple[str, ...] = () if name in self._own else (capture["url"],)
        self._files.append(number)
        self._offsets.append(offset)
        self._abouts += seal(capture["length"], capture["record_id"], *also)
        # What was read from a record after it had lost words names what it held then.
        self._entities += entity_seal(states[0] if states and entity in states else entity)
        return None

    def settle(self) -> None:
        """Compare all captures so far; `NotProvedAhead` when a record or a capture is not right."""
        found = [_result(asked) for asked in self._asked[: self._taken]]
        for at, (number, offset) in enumerate(zip(self._files, self._offsets, strict=True)):
            about = bytes(self._abouts[at * SEAL : (at + 1) * SEAL])
            entity = bytes(self._entities[at * ENTITY : (at + 1) * ENTITY])
            if not found[number].proves(offset, about, entity):
                raise NotProvedAhead
        self._forget()

    def _forget(self) -> None:
        self._files, self._offsets = array("L"), array("q")
        self._abouts, self._entities = bytearray(), bytearray()


def _captures_of(commit: Commit) -> list[str]:
    return [named.path for named in commit.files if named.path.startswith("warc/")]


def _result(asked: Future[Result]) -> Result:
    try:
        return asked.result()
    except (BrokenExecutor, OSError, MemoryError, WarcDamaged, Damaged) as error:
        raise NotProvedAhead from error  # it was killed, or could not read what this process perhaps can
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        raise NotProvedAhead from error


@contextmanager
def work_ahead(layout: Layout, site: str, commits: Sequence[Commit]) -> Iterator[WorkAhead]:
    """The other process at work.

    Only for commands of this package: it would run a script without a main guard again.
    """
    try:
        started = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    except OSError as error:
        raise NotProvedAhead from error
    with started as worker:
        try:
            yield WorkAhead(worker, layout, site, commits)
        finally:
            worker.shutdown(cancel_futures=True)
