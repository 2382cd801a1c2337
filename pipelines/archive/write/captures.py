"""The raw bytes of a run: WARC files in its staging, synced to disk before a line points to them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from shutil import copyfileobj
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.archive.disk.answers import Answer
from pipelines.archive.disk.files import sync, sync_folder
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import Damaged, writing
from pipelines.archive.write.salvaging.noted_answers import MOST_UNNAMED, NotedAnswers
from pipelines.stored.distant import OutOfReach
from pipelines.text.compact import FingerprintSet
from pipelines.untrusted import is_there, opened
from pipelines.warc.exchange import (
    Original,
    info_fields,
    measured,
    pieces,
    request_fields,
    response_fields,
    revisit_fields,
)
from pipelines.warc.exchanges import with_payload
from pipelines.warc.record_reader import read_at
from pipelines.warc.record_writer import WarcWriter
from pipelines.warc.records import WarcDamaged, WarcRecord, digest
from pipelines.warc.repeats import may_repeat, stored_already

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.archive.disk.files import Written
    from pipelines.archive.read.payloads import Kept, KeptPayloads
    from pipelines.stored.distant import Elsewhere
    from pipelines.stored.packed import Stored
    from pipelines.warc.exchange import Exchange, Measured
    from pipelines.warc.record_writer import Pieces

LARGEST_FILE = 1_000_000_000
_FEWEST_BYTES = 2048
_LEVEL = 1
COUNTED = (
    "files",
    "records",
    "exchanges",
    "revisits",
    "repeated",
    "unreadable",
    "unreached",
    "truncated",
    "unanswered",
    "re-serialised",
)


class WouldWait(Exception):  # noqa: N818 - it reads as a sentence
    """An exchange was not stored, since that would wait for another thread, for the disk or for the network."""


class _Waiting:
    """The place of files that lie elsewhere, for who cannot wait for the network."""

    def __init__(self, place: Elsewhere) -> None:
        self.has = place.has

    def part(self, path: str, offset: int, length: int) -> bytes:  # noqa: ARG002 - as `Elsewhere.part`
        raise WouldWait


class Captured(NamedTuple):
    """The place of a stored exchange, as a line's capture gives it."""

    file: str
    offset: int
    length: int
    record_id: str


@dataclass(slots=True)
class _File:
    """The WARC file being written; `info_id` names its first record."""

    name: str
    stream: BinaryIO
    writer: WarcWriter
    info_id: str


def _new_id() -> str:
    """A WARC-Record-ID; it must only be unique. A random UUID, of version 4, in half the time of Python's."""
    drawn = bytearray(os.urandom(16))
    drawn[6], drawn[8] = drawn[6] & 0x0F | 0x40, drawn[8] & 0x3F | 0x80
    told = drawn.hex()
    return f"<urn:uuid:{told[:8]}-{told[8:12]}-{told[12:16]}-{told[16:20]}-{told[20:]}>"


class CaptureFiles:
    """Writes the WARC files of one run. Exchanges are added one after the other; `sync` and `close` from any thread.

    Args:
        root: the site's folder, which holds older files.
        folder: the run's staging, into which the files are written under their final names.
        name: gives the name of file number n, from 0.
        info: named fields of each file's warcinfo record.
        kept: the payloads the archive holds.
        largest: bytes after which the next file is begun.

    Attributes:
        written: by the name of each file that is closed what it holds; `take`n ones are not among them.
        stores_repeated: answers that the archive holds already are stored again all the same.
        why_unreached: why records that lie elsewhere could not be compared with, of the first; else null.
    """

    def __init__(
        self,
        root: Path,
        folder: Path,
        name: Callable[[int], str],
        info: Mapping[str, str],
        kept: KeptPayloads,
        largest: int = LARGEST_FILE,
    ) -> None:
        self._root, self._folder, self._name, self._info = root, folder, name, info
        self._layout = self._at_hand = Layout(root)
        self._kept, self._largest = kept, largest
        self._paths: dict[str, Path] = {}
        self.written: dict[str, Written] = {}
        self._file: _File | None = None
        self._parts = 0
        self._lock = Lock()
        self._stored = FingerprintSet()
        self._repeated_at: dict[str, str] = {}
        self._unreadable: set[tuple[str, str]] = set()
        self.why_unreached: str | None = None
        self._unnamed: dict[tuple[str, str, int], Answer] = {}
        self._noted = NotedAnswers(folder)
        self.stores_repeated = False
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))

    def look_in(self, place: Elsewhere) -> None:
        """Compare answers also with records that lie elsewhere, since this copy of the archive lacks them."""
        self._layout = Layout(self._root, elsewhere=place)
        self._at_hand = Layout(self._root, elsewhere=_Waiting(place))

    def add(self, exchange: Exchange) -> Captured | None:
        """Store one exchange; returns the place of its response, or null when there was none.

        An answer that the archive holds already is not stored again, unless `stores_repeated` is set: its place is
        that of the stored one.

        Raises:
            ArchiveError: it could not be written; the file holds whole records only.
        """
        with self._lock, writing(self._root):
            return self._added(exchange)

    def add_at_once(self, exchange: Exchange) -> Captured | None:
        """`add`, unless another thread is busy with the files, one must be begun, which syncs, or one lies elsewhere.

        Raises:
            WouldWait: nothing was done.
            ArchiveError: as by `add`.
        """
        if not self._lock.acquire(blocking=False):
            raise WouldWait
        try:
            with writing(self._root):
                return self._added(exchange, is_at_once=True)
        finally:
            self._lock.release()

    def _added(self, exchange: Exchange, *, is_at_once: bool = False) -> Captured | None:
        found = measured(exchange.response) if exchange.response.seek(0, 2) else None
        layout = self._at_hand if is_at_once else self._layout
        kept = self._repeated(layout, exchange, found) if found is not None else None
        if kept is None:
            if is_at_once and self._is_next_due():
                raise WouldWait
            kept = self._store(layout, exchange, found)
        if kept is not None and found is not None:
            self._note(exchange, found, kept)
        return kept

    def has_stored(self, url: str) -> bool:
        """Whether earlier runs kept an answer of this address, or this one stored anything of it."""
        return url in self._stored or url in self._repeated_at or self._kept.newest(url) is not None

    def newest(self, url: str) -> Kept | None:
        """The answer of this address that earlier runs kept, if any."""
        return self._kept.newest(url)

    def named(self, captures: Iterable[Mapping[str, Any]]) -> None:
        """Take note of the captures of a line (or of a list) that the commit will hold.

        Without the lock, which a thread may hold for seconds: they are stored, and one step takes each out.
        """
        for one in captures:
            self._unnamed.pop((one["captured_at"], one["file"], one["offset"]), None)

    def unnamed(self) -> tuple[Answer, ...]:
        """The answers of the run that are `named` nowhere, in the order they came.

        Those that the next run may get again, and those that were not stored again: without them nothing in the
        archive would say that they came.
        """
        return tuple(self._unnamed.values())

    def repeat(self, answers: Iterable[Answer]) -> None:
        """Take over answers that another run got, for the commit to name those that are `named` nowhere.

        Without the lock, as `named`.

        Raises:
            ArchiveError: they could not be noted for a salvage.
        """
        with writing(self._root):
            for answer in answers:
                self._noted.note(answer)
                self._unnamed[answer.captured_at, answer.file, answer.offset] = answer

    def take(self, file: Stored, name: str) -> None:
        """Copy a WARC file of another archive under its name there, unless it exists already.

        Raises:
            ArchiveError: it could not be copied.
        """
        with self._lock, writing(self._root):
            if not is_there(Layout(self._root).stored(name)):
                path = self._folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened(file) as kept, path.open("xb") as taken:
                    copyfileobj(kept, taken)
                sync_folder(path.parent)

    def sync(self) -> None:
        """Fsync everything added so far; others may be added meanwhile."""
        with self._lock:
            if self._file is None:
                return
            handle = os.dup(self._file.stream.fileno())
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def close(self) -> None:
        """Fsync everything and close the file."""
        with self._lock, closing(self._noted):
            self._finish()

    def _repeated(self, layout: Layout, exchange: Exchange, found: Measured) -> Captured | None:
        """Where this very answer lies already; null when it must be stored.

        Of one address the repeated answers all come before the stored ones, at most one a moment, so that what the
        archive says gives their order.
        """
        url, date, sha256 = exchange.url, exchange.date, found.entity_sha256
        is_full = len(self._unnamed) >= MOST_UNNAMED
        if self.stores_repeated or is_full or url in self._stored or self._repeated_at.get(url) == date:
            return None
        known = self._kept.of(url, sha256) if sha256 is not None else None
        try:
            stored = stored_already(layout, known, exchange, found) if known is not None else None
        except OutOfReach as error:
            self.why_unreached = self.why_unreached or str(error)
            self.counts["unreached"] += 1
            return None
        except (OSError, WarcDamaged, Damaged):
            # Once, though it may be looked for twice: at once, then in the thread.
            self._unreadable.add((url, date))
            self.counts["unreadable"] = len(self._unreadable)
            return None  # a record that cannot be read back is stored again
        if stored is None:
            return None
        self._repeated_at[url] = date
        self.counts["repeated"] += 1
        return Captured(stored.file, *stored.place, stored.record.record_id)

    def _note(self, exchange: Exchange, found: Measured, kept: Captured) -> None:
        sha256 = found.entity_sha256
        if sha256 is None or not may_repeat(exchange, found):
            return
        answer = Answer(url=exchange.url, captured_at=exchange.date, payload_sha256=sha256, **kept._asdict())
        self._noted.note(answer)
        if len(self._unnamed) < MOST_UNNAMED:
            self._unnamed[exchange.date, kept.file, kept.offset] = answer

    def _store(self, layout: Layout, exchange: Exchange, found: Measured | None) -> Captured | None:
        file, record_id, counts = self._ready(exchange.date), _new_id(), self.counts
        original = self._original(layout, found) if found is not None and not exchange.truncated else None
        answer = [self._answer(file, exchange, found, original, record_id)] if found is not None else []
        asked = request_fields(exchange, _new_id(), record_id if answer else None, file.info_id)
        place, *_ = file.writer.append_each((*answer, (asked, len(exchange.request), (exchange.request,))))
        self._stored.add(exchange.url)
        counts["exchanges"] += 1
        counts["records"] += 1 + len(answer)
        counts["revisits"] += original is not None
        counts["unanswered"] += found is None
        counts["re-serialised"] += not exchange.is_verbatim
        if found is None:
            return None
        counts["truncated"] += exchange.truncated is not None
        kept = Captured(file.name, place.offset, place.length, record_id)
        is_worth_naming = found.payload_length >= _FEWEST_BYTES
        if original is None and exchange.truncated is None and is_worth_naming:
            self._kept.add(found.entity_sha256, kept.file, kept.offset)
        return kept

    @staticmethod
    def _answer(
        file: _File, exchange: Exchange, found: Measured, original: Original | None, record_id: str
    ) -> Pieces:
        """The record of an answer: a response, or a revisit of the original."""
        if original is None:
            fields = response_fields(exchange, found, record_id, file.info_id)
            return fields, found.length, pieces(exchange.response, found.start)
        head = b"".join(pieces(exchange.response, found.start, found.body))
        sha256 = hashlib.sha256(head).hexdigest()
        return revisit_fields(exchange, found, original, sha256, record_id, file.info_id), len(head), (head,)

    def _original(self, layout: Layout, found: Measured) -> Original | None:
        """The response record with the same payload, when there is one and a revisit would be shorter."""
        known = self._kept.get(found.entity_sha256) if found.payload_length >= _FEWEST_BYTES else None
        if known is None:
            return None
        name, offset = known
        try:
            record = read_at(self._paths.get(name) or layout.stored(name), offset)
            original = with_payload(layout, record)
            name, offset = record.original if record.type == "revisit" else known
        except (OSError, Damaged, WarcDamaged):
            return None  # a record that cannot be read back is stored again
        is_whole = original.type == "response" and original.get("WARC-Truncated") is None
        if not is_whole or original.get("WARC-Payload-Digest") != digest(found.payload_sha256):
            return None
        return Original(original.record_id, original.target_uri or "", original.date, name, offset)

    def _ready(self, date: str) -> _File:
        if self._file is None or self._is_next_due():
            self._finish()
            self._file = self._begin(date)
        return self._file

    def _is_next_due(self) -> bool:
        return self._file is None or self._file.writer.end >= self._largest

    def _begin(self, date: str) -> _File:
        name = self._name(self._parts)
        path = self._folder / name
        self._parts += 1
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("xb", buffering=0)
        self._paths[name] = path
        file = _File(name, stream, WarcWriter(stream, _LEVEL), _new_id())
        info = "".join(f"{key}: {value}\r\n" for key, value in self._info.items()).encode()
        sha256 = hashlib.sha256(info).hexdigest()
        file.writer.write(WarcRecord(info_fields(file.info_id, date, path.name, sha256), info))
        sync_folder(path.parent)
        self.counts.update(files=1, records=1)
        return file

    def _finish(self) -> None:
        if self._file is not None:
            sync(self._file.stream)
            self._file.stream.close()
            self.written[self._file.name] = self._file.writer.written
            self._file = None
