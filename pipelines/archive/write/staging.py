"""A run in progress: observations are saved to disk in small steps and put in order when the run is sealed."""

from __future__ import annotations

import gzip
import os
import tempfile
from array import array
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.files import json_document, replace_synced, sync_folder, whole_members
from pipelines.archive.disk.layout import natural_key
from pipelines.archive.write.run_lines import FORM, packed, placed
from pipelines.archive.write.salvaging.noted_answers import ANSWERS
from pipelines.archive.write.waiting import LOOKS, RUN_JSON
from pipelines.canonical import json_line, json_value
from pipelines.gates.tally import Tally
from pipelines.record import SPEECH_SCHEMA
from pipelines.text.compact import TextSet
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.write.waiting import Opening

FULL_LOOKS = 200
FULL_BYTES = 4 << 20
_NUMBER = 4
_STORED = 0
"""No compression: for a file that lives as long as its run, it took a third of what it takes to keep a speech."""


class Staging:
    """The folder of one run below `staging/`. Only `save` may be called from another thread than the rest."""

    def __init__(self, folder: Path, opening: Opening) -> None:
        """Make the folder, which must not exist."""
        folder.mkdir()
        self.folder = folder
        self.looks = 0
        self._held: list[bytes] = []
        self._end = 0
        self._synced = 0
        self._writing, self._saving = Lock(), Lock()
        replace_synced(folder / RUN_JSON, json_document(json_value(opening)), folder)
        # Unbuffered: bytes that a failed write left in a buffer would be written by the next one.
        self._stream = (folder / LOOKS).open("xb", buffering=0)
        sync_folder(folder)
        sync_folder(folder.parent)

    @property
    def unsaved(self) -> int:
        """Observations that a power cut could cost; a kill costs those that could not be written."""
        return self.looks - self._synced

    @property
    def is_full(self) -> bool:
        """True when no more may be added before a `save`."""
        return self.unsaved >= FULL_LOOKS or sum(map(len, tuple(self._held))) >= FULL_BYTES

    def add(self, parser: str | None, lines: Iterable[Line], *, is_as_known: bool = False) -> None:
        """Take all lines of one observation, or none, and hand them to the system, so that a kill costs nothing.

        What cannot be written now is held for `save`, which says why.
        """
        self._held.append(_look(parser, [packed(line) for line in lines], is_as_known=is_as_known))
        self.looks += 1
        if self._writing.acquire(blocking=False):
            try:
                with suppress(OSError):
                    self._write_held()
            finally:
                self._writing.release()

    def save(self, sync_captures: Callable[[], None]) -> None:
        """Write what is held, and see all of it on the disk; if that fails the file keeps whole members only.

        `sync_captures` syncs the raw bytes to which the lines point; without them, salvage takes no line.
        """
        with self._saving:
            if not self.unsaved:
                return
            with self._writing:
                self._write_held()
                taken = self.looks - len(self._held)
            sync_captures()
            os.fsync(self._stream.fileno())
            self._synced = taken

    def _write_held(self) -> None:
        """Append the held lines as one gzip member; the caller holds the lock."""
        taken = tuple(self._held)
        if taken:
            self._write(gzip.compress(b"".join(taken), _STORED, mtime=0))
            del self._held[: len(taken)]

    def _write(self, member: bytes) -> None:
        self._stream.seek(self._end)
        self._stream.truncate()
        view = memoryview(member)
        try:
            while view:
                view = view[self._stream.write(view) or 0 :]
        except OSError:
            with suppress(OSError):  # a reader stops before a torn member, the next save cuts it
                self._stream.truncate(self._end)
            raise
        self._end += len(member)

    def close(self) -> None:
        """Close the file; it stays in place."""
        with self._saving, self._writing:
            self._stream.close()

    def discard_lines(self) -> None:
        """Remove all lines for good, and the notes of answers; the captures stay. Nothing more may be added."""
        self.close()
        self._held.clear()
        self.looks = self._synced = 0
        (self.folder / ANSWERS).unlink(missing_ok=True)
        (self.folder / LOOKS).unlink()
        sync_folder(self.folder)


_LINES = b',"lines":['


def _look(parser: str | None, lines: list[bytes], *, is_as_known: bool) -> bytes:
    """One observation with its lines as they will be archived; `sizes` says where each is in the look."""
    sizes = [len(line) - 1 for line in lines]
    head = json_line({"form": FORM, "parser": parser, "as_known": is_as_known, "sizes": sizes})
    return b"%b%b%b]}\n" % (head[:-1].encode(), _LINES, b",".join([line[:-1] for line in lines]))


def _lines_of(raw: bytes, look: dict[str, Any]) -> Iterator[tuple[Line, bytes]]:
    """The lines of a look, and each as it will be archived, which need not be made of it again."""
    if look.get("form") != FORM:
        yield from ((line, packed(line)) for line in look["lines"])
        return
    at = raw.index(_LINES) + len(_LINES)
    for line, size in zip(look["lines"], look["sizes"], strict=True):
        yield line, b"%b\n" % raw[at : at + size]
        at += size + 1


class StagedLines:
    """Lines in an unnamed file, whole but for their place; ids and offsets are held in memory, 15 bytes a line."""

    def __init__(self, stream: BinaryIO) -> None:
        """Begin with none; `stream` is an empty file for reading and writing."""
        self._stream = stream
        self._ids = bytearray()
        self._starts, self._end = array("Q"), 0

    def __len__(self) -> int:
        return len(self._starts)

    def append(self, native_id: str, data: bytes) -> None:
        """Add one line, packed."""
        self._stream.write(data)
        self._ids += native_id.encode() + b"\n"
        self._starts.append(self._end)
        self._end += len(data)

    def all(self) -> Iterator[Line]:
        """The lines in the order in which they came."""
        for number in range(len(self)):
            yield parsed_json(self._line(number))

    def numbered(self, first_seq: int, commit: int, recorded_at: str) -> Iterator[bytes]:
        """The lines as archived: in natural order of id, those of one speech in the order they were added."""
        for seq, entry in enumerate(sorted(self._entries()), first_seq):
            yield placed(self._line(int.from_bytes(entry[-_NUMBER:], "big")), seq, commit, recorded_at)

    def _entries(self) -> Iterator[bytes]:
        """Natural key and number of each line, as one short text: tens of thousands are sorted at once."""
        start = 0
        for number in range(len(self)):
            end = self._ids.index(b"\n", start)
            key = natural_key(self._ids[start:end].decode())
            yield key.encode() + b"\0" + number.to_bytes(_NUMBER, "big")
            start = end + 1

    def _line(self, number: int) -> bytes:
        start = self._starts[number]
        self._stream.seek(start)
        return self._stream.read((self._starts[number + 1] if number + 1 < len(self) else self._end) - start)


@dataclass(slots=True, kw_only=True)
class StagedRun:
    """All saved lines of a run, ordered for sealing. `cut_bytes` is the size of a torn last member.

    `as_known` are observations of list rows that are as the archive knows them: a listing may stand for them, else
    `observe_each` makes lines of them. `observed` are the ids of all others.
    """

    versions: StagedLines
    observations: StagedLines
    as_known: StagedLines
    observed: TextSet = field(default_factory=TextSet)
    looks: int = 0
    cut_bytes: int = 0
    newest: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    parsers: set[str] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)

    @property
    def lines(self) -> int:
        """Number of lines in the commit."""
        return len(self.versions) + len(self.observations)

    def take(self, raw: bytes, *, keeps_gone: bool) -> None:
        """Add the lines of one observation."""
        look = parsed_json(raw)
        self.looks += 1
        self.tally.take(look["lines"])
        self.parsers |= {look["parser"]} - {None}
        for line, data in _lines_of(raw, look):
            is_version = line["schema"] == SPEECH_SCHEMA
            if is_version and line["event"] == "gone" and not keeps_gone:
                continue
            self.newest = max(self.newest, line["observed_at"])
            native_id = line["id"].partition(":")[2]
            if is_version:
                self.versions.append(native_id, data)
                self.counts[line["event"]] += 1
            elif look.get("as_known"):
                self.as_known.append(native_id, data)
            else:
                self._observe(native_id, line, data)

    def captures(self) -> Iterator[Line]:
        """The captures of all lines, one of several lines as often."""
        for lines in (self.versions, self.as_known, self.observations):
            for line in lines.all():
                yield from line["captures"]

    def observe_each(self) -> None:
        """Give each row that is as it was known a line of its own."""
        for line in self.as_known.all():
            self._observe(line["id"].partition(":")[2], line, packed(line))

    def _observe(self, native_id: str, line: Line, data: bytes) -> None:
        self.observations.append(native_id, data)
        self.observed.add(line["id"])
        self.counts.update(["observations", line["presence"]])


@contextmanager
def laid_out(folder: Path, *, keeps_gone: bool) -> Iterator[StagedRun]:
    """Read a run's saved observations back, in constant memory; without `keeps_gone`, gone lines are left out."""
    with ExitStack() as files:
        streams = [StagedLines(files.enter_context(tempfile.TemporaryFile(dir=folder))) for _ in range(3)]
        staged = StagedRun(versions=streams[0], observations=streams[1], as_known=streams[2])
        end, file = 0, folder / LOOKS
        if file.exists():
            for end, member in whole_members(file):  # noqa: B007 - the last end is what is whole
                for line in member.split(b"\n")[:-1]:
                    staged.take(line, keeps_gone=keeps_gone)
            staged.cut_bytes = file.stat().st_size - end
        yield staged
