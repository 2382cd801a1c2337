"""The raw bytes of a run: WARC files in its staging, synced to disk before a line points to them."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from shutil import copyfileobj
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from pipelines.archive.disk.files import sync, sync_folder
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import Damaged, writing
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
from pipelines.warc.record_reader import read_at
from pipelines.warc.record_writer import WarcWriter
from pipelines.warc.records import WarcDamaged, WarcRecord, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.packed import Stored
    from pipelines.warc.exchange import Exchange, Measured

    History = Iterable[tuple[Commit, Iterable[Line]]]

LARGEST_FILE = 1_000_000_000
_FEWEST_BYTES = 2048
_LEVEL = 1
COUNTED = ("files", "records", "exchanges", "revisits", "truncated", "unanswered", "re-serialised")
_DEDUPLICATED = frozenset({"article", "list", "attachment"})


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
    """A WARC-Record-ID; it must only be unique."""
    return f"<{uuid4().urn}>"


class KeptPayloads:
    """The place where each payload was first stored in full, by its digest in lines."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: dict[str, tuple[str, int]] = {}
        self._newest: dict[str, str] = {}

    def noting(self, history: History) -> History:
        """The same commits and lines, each line noted when it is asked for."""
        return ((commit, self._noted(lines)) for commit, lines in history)

    def _noted(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            self.note(line)
            yield line

    def note(self, line: Line) -> None:
        """Add the captures of one committed line; only the newest payload of each address is remembered."""
        for capture in line["captures"]:
            sha256, file = capture["payload_sha256"], capture["file"]
            if file is None or sha256 is None or capture["role"] not in _DEDUPLICATED:
                continue
            before = self._newest.get(capture["url"])
            if before != sha256:
                self._newest[capture["url"]] = sha256
                self._places.pop(before or "", None)
            self._places.setdefault(sha256, (file, capture["offset"]))

    def get(self, sha256: str | None) -> tuple[str, int] | None:
        """File and offset of a record with this payload; it may be truncated or a revisit itself."""
        return self._places.get(sha256 or "")

    def add(self, sha256: str | None, place: Captured) -> None:
        """Remember a payload that this run stored in full."""
        if sha256 is not None:
            self._places.setdefault(sha256, (place.file, place.offset))


class CaptureFiles:
    """Writes the WARC files of one run. `add` is called from one thread, `sync` and `close` from any.

    Args:
        root: the site's folder, which holds older files.
        folder: the run's staging, into which the files are written under their final names.
        name: gives the name of file number n, from 0.
        info: named fields of each file's warcinfo record.
        kept: the payloads the archive holds.
        largest: bytes after which the next file is begun.
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
        self._kept, self._largest = kept, largest
        self._paths: dict[str, Path] = {}
        self._file: _File | None = None
        self._parts = 0
        self._lock = Lock()
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))

    def add(self, exchange: Exchange) -> Captured | None:
        """Store one exchange; returns the place of its response, or null when there was none.

        Raises:
            ArchiveError: it could not be written; the file holds whole records only.
        """
        with self._lock, writing(self._root):
            file = self._ready(exchange.date)
            kept = self._response(file, exchange) if exchange.response.seek(0, 2) else None
            fields = request_fields(exchange, _new_id(), kept.record_id if kept else None, file.info_id)
            file.writer.append(fields, len(exchange.request), (exchange.request,))
            self.counts.update(records=1, exchanges=1)
            self.counts["unanswered"] += kept is None
            self.counts["re-serialised"] += not exchange.is_verbatim
            return kept

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
        """Fsync everything added so far."""
        with self._lock:
            if self._file is not None:
                sync(self._file.stream)

    def close(self) -> None:
        """Fsync everything and close the file."""
        with self._lock:
            self._finish()

    def _response(self, file: _File, exchange: Exchange) -> Captured:
        found, record_id = measured(exchange.response), _new_id()
        original = None if exchange.truncated else self._original(found)
        if original is not None:
            head = b"".join(pieces(exchange.response, found.start, found.body))
            sha256 = hashlib.sha256(head).hexdigest()
            fields = revisit_fields(exchange, found, original, sha256, record_id, file.info_id)
            place = file.writer.append(fields, len(head), (head,))
            self.counts["revisits"] += 1
        else:
            fields = response_fields(exchange, found, record_id, file.info_id)
            place = file.writer.append(fields, found.length, pieces(exchange.response, found.start))
        self.counts["records"] += 1
        self.counts["truncated"] += exchange.truncated is not None
        kept = Captured(file.name, place.offset, place.length, record_id)
        if original is None and exchange.truncated is None:
            self._kept.add(found.entity_sha256, kept)
        return kept

    def _original(self, found: Measured) -> Original | None:
        """The response record with the same payload, when there is one and a revisit would be shorter."""
        known = self._kept.get(found.entity_sha256) if found.payload_length >= _FEWEST_BYTES else None
        if known is None:
            return None
        name, offset = known
        try:
            record = read_at(self._paths.get(name) or Layout(self._root).stored(name), offset)
        except (OSError, Damaged, WarcDamaged):
            return None  # a record that cannot be read back is stored again
        is_whole = record.type == "response" and record.get("WARC-Truncated") is None
        if not is_whole or record.get("WARC-Payload-Digest") != digest(found.payload_sha256):
            return None
        return Original(record.record_id, record.target_uri or "", record.date, name, offset)

    def _ready(self, date: str) -> _File:
        if self._file is not None and self._file.writer.end >= self._largest:
            self._finish()
        if self._file is None:
            self._file = self._begin(date)
        return self._file

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
            self._file = None
