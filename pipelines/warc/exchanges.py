"""The exchanges of a crawl by what was asked: addresses and places of WARC records, no bodies in memory."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipelines.warc.http import HttpRequest
from pipelines.warc.reader import read_at, records
from pipelines.warc.records import Place, WarcDamaged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.warc.records import WarcRecord

ANSWERS = frozenset({"response", "revisit"})


class Found(NamedTuple):
    """A record and where it lies: `file` is the name of its file below the archive."""

    file: str
    place: Place
    record: WarcRecord


@dataclass(slots=True)
class _Exchange:
    asked: tuple[int, Place] | None = None
    answered: tuple[int, Place] | None = None


class Exchanges:
    """Exchanges in the order of capture, to be taken one by one by what was asked.

    Args:
        home: the folder that file names are relative to.
        names: the WARC files, in order.
    """

    def __init__(self, home: Path, names: Sequence[str]) -> None:
        """Read all files once, one record in memory at a time.

        Raises:
            WarcDamaged, OSError: a file that cannot be read whole.
        """
        self.home, self.names = home, tuple(names)
        self.referred: set[str] = set()
        self._by_question: defaultdict[bytes, deque[_Exchange]] = defaultdict(deque)
        self._half: dict[str, _Exchange] = {}
        for number, name in enumerate(self.names):
            for place, record in records(home / name):
                self._add((number, place), record)
        self._half.clear()

    def __len__(self) -> int:
        """How many have not been taken yet."""
        return sum(map(len, self._by_question.values()))

    def take(self, method: str, url: str, body: bytes) -> tuple[Found, Found | None] | None:
        """Request and answer of the next exchange of this question; null when there is none (left).

        The answer is null when none came. A revisit is the record as written: `original` gives what it refers to.
        """
        waiting = self._by_question.get(_question(method, url, body))
        if not waiting:
            return None
        exchange = waiting.popleft()
        assert exchange.asked is not None  # noqa: S101 - only requests make a question
        return self._read(*exchange.asked), self._read(*exchange.answered) if exchange.answered else None

    def _add(self, where: tuple[int, Place], record: WarcRecord) -> None:
        if record.type not in ANSWERS | {"request"}:
            return
        if name := record.get("WARC-Refers-To-Filename"):
            self.referred.add(name)
        # Either record of a pair may name the other, and either may stand first.
        names = {record.record_id, record.get("WARC-Concurrent-To") or record.record_id}
        exchange = next(filter(None, map(self._half.get, names)), None) or _Exchange()
        if record.type == "request":
            exchange.asked = where
            request = HttpRequest.parse(record.block)
            self._by_question[_question(request.method, record.target_uri or "", request.body)].append(exchange)
        else:
            exchange.answered = where
        is_whole = exchange.asked is not None and exchange.answered is not None
        for name in names:
            self._half.pop(name, None) if is_whole else self._half.setdefault(name, exchange)

    def _read(self, file: int, place: Place) -> Found:
        name = self.names[file]
        return Found(name, place, read_at(self.home / name, *place))


def with_payload(home: Path, record: WarcRecord) -> WarcRecord:
    """The record itself, or for a revisit the response it refers to; files are named relative to `home`.

    Raises:
        WarcDamaged: it refers to what is not there.
    """
    if record.type != "revisit":
        return record
    name, offset = record.get("WARC-Refers-To-Filename"), record.get("WARC-Refers-To-File-Offset") or ""
    try:
        found = read_at(home / (name or ""), int(offset))
    except (OSError, ValueError) as error:
        raise WarcDamaged(
            f"{record.record_id}: what it refers to, {name} at {offset}, cannot be read: {error}"
        ) from error
    if found.record_id != record.get("WARC-Refers-To"):
        raise WarcDamaged(f"{record.record_id}: {name} at {offset} holds {found.record_id}, another record")
    return found


def _question(method: str, url: str, body: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((method.encode(), url.encode(), body))).digest()[:16]
