"""The exchanges of a crawl by request: places of WARC records, no bodies in memory."""

from __future__ import annotations

import hashlib
from array import array
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import ArchiveError
from pipelines.stored.distant import OutOfReach
from pipelines.warc.http import HttpRequest
from pipelines.warc.record_reader import read_at, records
from pipelines.warc.records import Place, WarcDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pipelines.archive.disk.answers import Answer
    from pipelines.warc.records import WarcRecord

ANSWERS = frozenset({"response", "revisit"})
_NONE = -1


class Found(NamedTuple):
    """A record and its place: `file` is the name of its file below the archive, `at` the moment of the exchange."""

    file: str
    place: Place
    record: WarcRecord
    at: str


class Exchanges:
    """Exchanges in the order of capture, to be taken one by one by request.

    Args:
        home: the folder to which file names are relative.
        names: the WARC files, in order.
        repeated: answers that were not stored again, in order; of one address all of them came before those in the
            files.
    """

    def __init__(self, home: Path, names: Sequence[str], repeated: Iterable[Answer] = ()) -> None:
        """Read all files once, one record in memory at a time.

        Raises:
            WarcDamaged, OSError: a file cannot be read completely, or a repeated answer is not where it should be.
        """
        self.home, self.names = home, list(names)
        self.referred: set[str] = set()
        # Of exchange n: file, offset, length of its request, then of its response; and the next of the same request.
        self._places, self._following = array("q"), array("q")
        self._first: dict[bytes, int] = {}
        self._last: dict[bytes, int] = {}
        self._half: dict[str, int] = {}
        self._moments: dict[int, str] = {}
        for answer in repeated:
            self._repeat(answer)
        for number, name in enumerate(names):
            for place, record in records(Layout(home).stored(name)):
                self._add((number, *place), record)
        self._half.clear()
        self._last.clear()
        self.left = len(self._following)

    def take(self, method: str, url: str, body: bytes) -> tuple[Callable[[], Found], Found | None] | None:
        """The next exchange of this request, null when none is left: what reads its request, and its response.

        The response is null when none came. A revisit is the record as written: `with_payload` gives its original.
        That a response came again is told by its `at`; the request is the stored one then.
        """
        question = _question(method, url, body)
        n = self._first.get(question, _NONE)
        if n == _NONE:
            return None
        self._first[question] = self._following[n]
        self.left -= 1
        asked, answered = (self._places[at : at + 3] for at in (6 * n, 6 * n + 3))
        at = self._moments.get(n)
        return partial(self._read, asked, at), self._read(answered, at) if answered[2] else None

    def has(self, method: str, url: str, body: bytes) -> bool:
        """True when this request has a capture that was not taken yet."""
        return self._first.get(_question(method, url, body), _NONE) != _NONE

    def _add(self, where: tuple[int, int, int], record: WarcRecord) -> None:
        if record.type not in ANSWERS | {"request"}:
            return
        if name := record.get("WARC-Refers-To-Filename"):
            self.referred.add(name)
        # Either record of a pair may name the other, and either may stand first.
        names = {record.record_id, record.get("WARC-Concurrent-To") or record.record_id}
        n = next((self._half[name] for name in names if name in self._half), None)
        if n is None:
            n = len(self._following)
            self._places.extend((0,) * 6)
            self._following.append(_NONE)
        at = 6 * n + 3 * (record.type != "request")
        self._places[at : at + 3] = array("q", where)
        if record.type == "request":
            self._ask(n, record)
        is_whole = bool(self._places[6 * n + 2] and self._places[6 * n + 5])
        for name in names:
            self._half.pop(name, None) if is_whole else self._half.setdefault(name, n)

    def _ask(self, n: int, record: WarcRecord) -> None:
        request = HttpRequest.parse(record.block)
        question = _question(request.method, record.target_uri or "", request.body)
        if question in self._first:
            self._following[self._last[question]] = n
        else:
            self._first[question] = n
        self._last[question] = n

    def _repeat(self, answer: Answer) -> None:
        found, asked = exchange_at(Layout(self.home), answer.file, answer.offset)
        if found.record.record_id != answer.record_id or asked is None:
            raise WarcDamaged(
                f"{answer.file}: at {answer.offset} is no {answer.record_id} with its request behind it"
            )
        if answer.file not in self.names:
            self.names.append(answer.file)
        for one in (found, asked):
            self._add((self.names.index(answer.file), *one.place), one.record)
        self._moments[len(self._following) - 1] = answer.captured_at

    def _read(self, where: Sequence[int], at: str | None) -> Found:
        file, offset, length = where
        name = self.names[file]
        record = read_at(Layout(self.home).stored(name), offset, length)
        return Found(name, Place(offset, length), record, at or record.date)


def exchange_at(layout: Layout, name: str, offset: int) -> tuple[Found, Found | None]:
    """The response (or revisit) at a place, and the request that follows it in its file, if one does.

    Raises:
        WarcDamaged, OSError, ArchiveError: it cannot be read, or is something else.
    """
    pair = [Found(name, *both, both[1].date) for both in islice(records(layout.stored(name), offset), 2)]
    if not pair or pair[0].record.type not in ANSWERS:
        raise WarcDamaged(f"{name}: no response at {offset}")
    found, asked = pair[0], pair[-1]
    is_its = asked.record.type == "request" and asked.record.get("WARC-Concurrent-To") == found.record.record_id
    return found, asked if is_its else None


def with_payload(layout: Layout, record: WarcRecord) -> WarcRecord:
    """The record itself, or for a revisit the response it refers to, in another file of the archive.

    Raises:
        WarcDamaged: the record it refers to cannot be read.
        OutOfReach: it lies elsewhere, and cannot be read now.
    """
    if record.type != "revisit":
        return record
    name, offset = record.original
    try:
        found = read_at(layout.stored(name), offset)
    except OutOfReach:
        raise
    except (ArchiveError, OSError, ValueError) as error:
        raise WarcDamaged(
            f"{record.record_id}: the record it refers to, {name} at {offset}, cannot be read: {error}"
        ) from error
    if found.record_id != record.get("WARC-Refers-To"):
        raise WarcDamaged(f"{record.record_id}: {name} at {offset} holds {found.record_id}, another record")
    return found


def _question(method: str, url: str, body: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((method.encode(), url.encode(), body))).digest()[:16]
