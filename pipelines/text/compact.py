"""Sets and tables of short texts, in few bytes: what a run must remember of every speech and hardly asks again.

A set of Python takes 100 bytes for an id of four characters; a run of 100,000 pages has many of them.
"""

from __future__ import annotations

import marshal
import zlib
from abc import ABC, abstractmethod
from array import array
from collections import deque
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

K = TypeVar("K", str, bytes)

_LONG = 0xFF
_HEADS = [bytes((length,)) for length in range(_LONG + 1)]
"""What stands before a key of so many bytes; before a long one the last, and its length."""
_MOST_FULL = 0.7
"""Of the slots: in a fuller table a key is looked for in many."""
_FINGERPRINT = Struct("q")
_BLOCK = 64
"""Records that are compressed together: one alone hardly gets shorter, and to read one all must be inflated."""


class _Table(ABC, Generic[K]):
    """Values of `size` bytes by key, in the order in which the keys came. Nothing is taken out.

    A few are a dictionary, which is fastest. Many lie one after the other in one block of memory, found by open
    addressing. One thread may look keys up while another puts some.
    """

    __slots__ = ("_entries", "_few", "_many", "_size", "_slots")
    FEW: ClassVar = 1024

    def __init__(self, size: int) -> None:
        """Begin empty."""
        self._size, self._many = size, 0
        self._few: dict[K, bytes] | None = {}
        self._entries, self._slots = bytearray(), array("I")

    def __len__(self) -> int:
        return self._many if self._few is None else len(self._few)

    def __contains__(self, key: object) -> bool:
        return key is not None and self.get(key) is not None  # type: ignore[arg-type]

    @staticmethod
    @abstractmethod
    def _packed(key: K) -> bytes:
        """The key as it lies in memory."""

    @staticmethod
    @abstractmethod
    def _unpacked(key: bytes) -> K:
        """The key of these bytes."""

    def get(self, key: K) -> bytes | None:
        """The value of a key."""
        if (few := self._few) is not None:
            return few.get(key)
        at = self._found(self._packed(key))[2]
        return None if at < 0 else bytes(self._entries[at : at + self._size])

    def put(self, key: K, value: bytes) -> None:
        """Set the value of a key."""
        if self._few is None:
            self._put(self._packed(key), value)
            return
        self._few[key] = value
        if len(self._few) > self.FEW:
            self._slots = array("I", bytes(16 * self.FEW))
            for one, of_it in self._few.items():
                self._put(self._packed(one), of_it)
            self._few = None

    def setdefault(self, key: K, value: bytes) -> bytes:
        """The value of a key, set first where there is none."""
        if self._few is not None and len(self._few) < self.FEW:
            return self._few.setdefault(key, value)
        if (found := self.get(key)) is None:
            self.put(key, value)
        return value if found is None else found

    def items(self) -> Iterator[tuple[K, bytes]]:
        """Keys and values."""
        if self._few is not None:
            yield from self._few.items()
        for _, start, end in self._places():
            yield self._unpacked(bytes(self._entries[start:end])), bytes(self._entries[end : end + self._size])

    def _found(self, key: bytes) -> tuple[int, bytes, int]:
        """The key's slot, its entry without the value, and where its value lies; -1 when it is not there."""
        slots, entries = self._slots, self._entries
        entry = (_HEADS[len(key)] if len(key) < _LONG else _HEADS[_LONG] + len(key).to_bytes(4, "big")) + key
        slot = hash(key) % len(slots)
        while place := slots[slot]:
            if entries.startswith(entry, place - 1):
                return slot, entry, place - 1 + len(entry)
            slot = (slot + 1) % len(slots)
        return slot, entry, -1

    def _put(self, key: bytes, value: bytes) -> None:
        slot, entry, at = self._found(key)
        if at >= 0:
            self._entries[at : at + self._size] = value
            return
        place = len(self._entries) + 1
        self._entries += entry
        self._entries += value
        self._slots[slot] = place
        self._many += 1
        if _MOST_FULL * len(self._slots) < self._many:
            self._grow()

    def _places(self) -> Iterator[tuple[int, int, int]]:
        """Where each entry begins, and where its key begins and ends."""
        entries, at = self._entries, 0
        while at < len(entries):
            length, start = entries[at], at + 1
            if length == _LONG:
                length, start = int.from_bytes(entries[at + 1 : at + 5], "big"), at + 5
            yield at, start, start + length
            at = start + length + self._size

    def _grow(self) -> None:
        slots = array("I", bytes(8 * len(self._slots)))
        for at, start, end in self._places():
            slot = hash(bytes(self._entries[start:end])) % len(slots)
            while slots[slot]:
                slot = (slot + 1) % len(slots)
            slots[slot] = at + 1
        self._slots = slots


class BytesTable(_Table[bytes]):
    """Values of some bytes by key, as bytes."""

    __slots__ = ()

    @staticmethod
    def _packed(key: bytes) -> bytes:
        return key

    @staticmethod
    def _unpacked(key: bytes) -> bytes:
        return key


class TextTable(_Table[str]):
    """Values of some bytes by text."""

    __slots__ = ()

    @staticmethod
    def _packed(key: str) -> bytes:
        return key.encode("utf-8", "surrogatepass")

    @staticmethod
    def _unpacked(key: bytes) -> str:
        return key.decode("utf-8", "surrogatepass")


class TextSet(TextTable):
    """A set of texts, in the order in which they came. Nothing is taken out."""

    __slots__ = ()

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Begin with some."""
        super().__init__(0)
        self.update(texts)

    def __iter__(self) -> Iterator[str]:
        return (text for text, _ in self.items())

    def add(self, text: str) -> None:
        """Add one."""
        self.put(text, b"")

    def update(self, texts: Iterable[str]) -> None:
        """Add some."""
        for text in texts:
            self.put(text, b"")


class FingerprintSet(BytesTable):
    """A set of texts by their `fingerprint`s, for long ones: it may take one for another, once in 10^9 runs."""

    __slots__ = ()

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(0)

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.get(fingerprint(text)) is not None

    def add(self, text: str) -> None:
        """Add one."""
        self.put(fingerprint(text), b"")


class Records:
    """Records by number, from 0: tuples of what `marshal` takes; compressed, but for the newest."""

    __slots__ = ("_blocks", "_newest")

    def __init__(self) -> None:
        """Begin empty."""
        self._blocks: list[bytes] = []
        self._newest: list[Any] = []

    def __len__(self) -> int:
        return len(self._blocks) * _BLOCK + len(self._newest)

    def __getitem__(self, number: int) -> Any:
        block, place = divmod(number, _BLOCK)
        return (self._newest if block == len(self._blocks) else _unpacked(self._blocks[block]))[place]

    def __iter__(self) -> Iterator[Any]:
        for block in self._blocks:
            yield from _unpacked(block)
        yield from self._newest

    def append(self, record: Any) -> int:
        """Add one; returns its number."""
        number = len(self)
        self._newest.append(record)
        if len(self._newest) == _BLOCK:
            self._blocks.append(_packed(self._newest))
            self._newest = []
        return number


class PackedQueue:
    """A queue of such records, first in, first out; compressed, but for the oldest and the newest."""

    __slots__ = ("_blocks", "_newest", "_oldest")

    def __init__(self) -> None:
        """Begin empty."""
        self._oldest: deque[Any] = deque()
        self._blocks: deque[bytes] = deque()
        self._newest: list[Any] = []

    def __len__(self) -> int:
        return len(self._oldest) + len(self._blocks) * _BLOCK + len(self._newest)

    def push(self, record: Any) -> None:
        """Add one at the end."""
        self._newest.append(record)
        if len(self._newest) == _BLOCK:
            self._blocks.append(_packed(self._newest))
            self._newest = []

    def pop(self) -> Any:
        """Take the first one out; null when there is none."""
        if not self._oldest and self._blocks:
            self._oldest.extend(_unpacked(self._blocks.popleft()))
        elif not self._oldest:
            self._oldest.extend(self._newest)
            self._newest = []
        return self._oldest.popleft() if self._oldest else None


def fingerprint(text: str) -> bytes:
    """Eight bytes that stand for a text within one process; two texts share them once in 10^19 pairs."""
    return _FINGERPRINT.pack(hash(text))


def _packed(records: list[Any]) -> bytes:
    return zlib.compress(marshal.dumps(records))


def _unpacked(block: bytes) -> list[Any]:
    found: list[Any] = marshal.loads(zlib.decompress(block))  # noqa: S302 - our own bytes, which never leave memory
    return found
