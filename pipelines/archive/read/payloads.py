"""What an archive holds of each address: where its newest answer lies, and where a payload was first kept in full."""

from __future__ import annotations

import hashlib
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from pipelines.text.compact import BytesTable, TextTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.answers import Answer
    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line

EMPTY = hashlib.sha256(b"").hexdigest()
_DIGEST, _SHORT = 32, 16
"""Bytes of a digest, and of one to look for a payload by: the record found is compared with the whole one."""
_LARGEST = 1 << 63
_PLACE = Struct(">iq")
"""The number of a file, and an offset."""
_NOWHERE = _PLACE.pack(-1, 0)


class Kept(NamedTuple):
    """Where a payload is kept: by the name of its file and the offset of a record, which may be a revisit."""

    url: str
    sha256: str
    file: str
    offset: int


class KeptPayloads:
    """The newest payload of each address, and where each payload was first kept, by the digest that lines give it.

    Empty answers are kept apart, so that a 304 does not hide the page that it says nothing new of. What is no digest
    or no place, in a line that was forged, counts for nothing.
    """

    def __init__(self) -> None:
        """Know none."""
        self._places = BytesTable(_PLACE.size)
        self._newest = TextTable(_DIGEST + _PLACE.size)
        self._empty = TextTable(_DIGEST + _PLACE.size)
        self._files: list[str] = []
        self._numbers: dict[str, int] = {}

    def items(self) -> Iterator[Kept]:
        """What is known of each address, in an order that follows from the archive's history alone."""
        for table in (self._newest, self._empty):
            for url, value in table.items():
                yield self._kept(url, value)

    def noted(self, commit: Commit, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines of a commit, each noted when it is asked for; at their end what the commit itself names."""
        for line in lines:
            self.note(line)
            yield line
        if commit.listing is not None:
            self.note({"captures": commit.listing.captures})
        self.note_answers(commit.repeated)

    def note(self, line: Line) -> None:
        """Take the captures of one committed line."""
        for capture in line["captures"]:
            if isinstance(capture["file"], str) and capture["payload_sha256"] is not None:
                self._note(capture["url"], capture["payload_sha256"], capture["file"], capture["offset"])

    def note_answers(self, answers: Iterable[Answer]) -> None:
        """Take the answers that a commit names beside its lines."""
        for answer in answers:
            self._note(answer.url, answer.payload_sha256, answer.file, answer.offset)

    def note_kept(self, kept: Kept) -> None:
        """Take an answer that is kept."""
        self._note(*kept)

    def _note(self, url: str, sha256: str, file: str, offset: int) -> None:
        digest = _digest(sha256)
        if digest is None:
            return
        newest = self._empty if sha256 == EMPTY else self._newest
        before = newest.get(url)
        if before is not None and before.startswith(digest):  # most lines name what an earlier one did
            if self._places.get(digest[:_SHORT]) == _NOWHERE and (place := self._place(file, offset)):
                self._places.put(digest[:_SHORT], place)
        elif place := self._place(file, offset):
            # Of each address only the newest payload is kept in mind.
            newest.put(url, digest + place)
            if before is not None:
                self._places.put(before[:_SHORT], _NOWHERE)
            self._add(digest, place)

    def of(self, url: str, sha256: str) -> tuple[str, int] | None:
        """File and offset of a record of this address, when its newest answer had this payload."""
        found = (self._empty if sha256 == EMPTY else self._newest).get(url)
        kept = None if found is None else self._kept(url, found)
        return (kept.file, kept.offset) if kept is not None and kept.sha256 == sha256 else None

    def newest(self, url: str) -> Kept | None:
        """The newest answer of an address that had a body, else the one that had none; null when there is neither."""
        found = self._newest.get(url) or self._empty.get(url)
        return None if found is None else self._kept(url, found)

    def get(self, sha256: str | None) -> tuple[str, int] | None:
        """File and offset of a record with this payload, which may have been cut or be a revisit itself."""
        digest = _digest(sha256)
        found = None if digest is None else self._places.get(digest[:_SHORT])
        if found is None or found == _NOWHERE:
            return None
        number, offset = _PLACE.unpack(found)
        return self._files[number], offset

    def add(self, sha256: str | None, file: str, offset: int) -> None:
        """Remember what this run kept in full."""
        digest, place = _digest(sha256), self._place(file, offset)
        if digest is not None and place is not None:
            self._add(digest, place)

    def _add(self, digest: bytes, place: bytes) -> None:
        if self._places.setdefault(digest[:_SHORT], place) == _NOWHERE:
            self._places.put(digest[:_SHORT], place)

    def _place(self, file: str, offset: object) -> bytes | None:
        if type(offset) is not int or not 0 <= offset < _LARGEST:
            return None
        if (number := self._numbers.get(file)) is None:
            number = self._numbers[file] = len(self._files)
            self._files.append(file)
        return _PLACE.pack(number, offset)

    def _kept(self, url: str, value: bytes) -> Kept:
        number, offset = _PLACE.unpack_from(value, _DIGEST)
        return Kept(url, value[:_DIGEST].hex(), self._files[number], offset)


def _digest(sha256: object) -> bytes | None:
    """The bytes of a digest as lines have it."""
    try:
        found = bytes.fromhex(sha256)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return None
    return found if len(found) == _DIGEST else None
