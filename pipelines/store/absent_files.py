"""What a partial copy of a site lacks, read in parts from the store that has it.

Records that a crawl asks for lie mostly one behind the other, so that more is asked for than is read at once.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive.disk.copies.partial_copy import stream_of
from pipelines.store.packed_there import PackedThere
from pipelines.store.protocol import StoreError, WrongStore
from pipelines.store.stores import store_of
from pipelines.stored.distant import OutOfReach

if TYPE_CHECKING:
    from pipelines.archive.disk.copies.partial_copy import PartialCopy
    from pipelines.archive.disk.layout import Layout
    from pipelines.store.packed_there import PlaceThere
    from pipelines.store.protocol import Store

_LEAST, _MOST = 64 << 10, 1 << 20
"""Bytes asked for at once: some ten records of pages; then twice as many as before, while one behind the other is
read, so that a film takes a request a MiB."""
_HELD = 4
"""Parts held of a site: pages, counters and articles may lie in several files."""
_REST = 300.0
"""Seconds for which a store that did not answer is not asked again: over a network each try takes minutes."""


class _Part(NamedTuple):
    path: str
    offset: int
    data: bytes
    is_last: bool

    def has(self, path: str, offset: int) -> bool:
        end = self.offset + len(self.data)
        return path == self.path and self.offset <= offset and (offset < end or self.is_last)


class AbsentFiles:
    """The files that a copy of a site may lack; see `pipelines.stored.distant.Elsewhere`.

    Attributes:
        requests, bytes: what was asked of the store so far.
    """

    def __init__(self, mark: PartialCopy, layout: Layout, site: str, store: str) -> None:
        """Nothing is asked yet.

        Args:
            mark: of the copy.
            layout: of the copy.
            site: whose it is.
            store: the address of the store, as a person gave it, which the mark is not; empty when none was given.
        """
        self._mark, self._site, self._address = mark, site, store
        self._store: Store | None = None
        self._packed = PackedThere(layout, self._read)
        self._places: dict[str, PlaceThere] = {}
        self._parts: deque[_Part] = deque(maxlen=_HELD)
        self._lock = Lock()
        self._why_away, self._away_until = "", 0.0
        self.requests = self.bytes = 0

    def has(self, path: str) -> bool:
        """As `Elsewhere.has`."""
        return stream_of(path) in self._mark.lacks

    def part(self, path: str, offset: int, length: int) -> bytes:
        """As `Elsewhere.part`."""
        with self._lock:
            part = next((one for one in self._parts if one.has(path, offset)), None)
            if part is None:
                part = self._asked(path, offset, length)
                self._parts.append(part)
        at = offset - part.offset
        return part.data[at : at + length]

    def _asked(self, path: str, offset: int, length: int) -> _Part:
        if time.monotonic() < self._away_until:
            raise OutOfReach(self._why_away)
        before = next((one for one in self._parts if (one.path, one.offset + len(one.data)) == (path, offset)), None)
        wanted = min(max(length, 2 * len(before.data) if before else 0, _LEAST), _MOST)
        try:
            if path not in self._places:
                self._places[path] = self._packed.place(path)
            place = self._places[path]
            ends = place.size is not None and offset + wanted >= place.size
            wanted = max((place.size or 0) - offset, 0) if ends else wanted
            data = self._read(place.path, place.start + offset, wanted) if wanted else b""
        except (StoreError, WrongStore) as error:
            self._why_away, self._away_until = str(error), time.monotonic() + _REST
            raise OutOfReach(self._why_away) from error
        return _Part(path, offset, data, is_last=ends or len(data) < wanted)

    def _read(self, path: str, offset: int, length: int) -> bytes:
        data = self._opened().read_part(f"{self._site}/{path}", offset, length)
        self.requests += 1
        self.bytes += len(data)
        return data

    def _opened(self) -> Store:
        if not self._address:
            said = f"what this copy lacks is in {self._mark.store}, and no store is given (setting STORE)"
            raise WrongStore(said)
        if self._store is None:
            self._store = store_of(self._address)
        return self._store
