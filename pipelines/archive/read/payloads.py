"""What an archive holds of each address: where its newest answer lies, and where a payload was first kept in full."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.answers import Answer
    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line

EMPTY = hashlib.sha256(b"").hexdigest()


class Kept(NamedTuple):
    """Where a payload is kept: by the name of its file and the offset of a record, which may be a revisit."""

    url: str
    sha256: str
    file: str
    offset: int


class KeptPayloads:
    """The newest payload of each address, and where each payload was first kept, by the digest that lines give it.

    Empty answers are kept apart, so that a 304 does not hide the page that it says nothing new of.
    """

    def __init__(self) -> None:
        """Know none."""
        self._places: dict[str, tuple[str, int]] = {}
        self._newest: dict[str, Kept] = {}
        self._empty: dict[str, Kept] = {}
        self._files: dict[str, str] = {}
        """One string for each file, which every line brings anew."""

    @classmethod
    def from_items(cls, items: Iterable[tuple[str, str, str, int]]) -> Self:
        """Know again what `items` gave."""
        found = cls()
        for item in items:
            found._note(Kept(*item))
        return found

    def items(self) -> Iterator[Kept]:
        """What is known of each address, in an order that follows from the archive's history alone."""
        yield from self._newest.values()
        yield from self._empty.values()

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
                file = self._files.setdefault(capture["file"], capture["file"])
                self._note(Kept(capture["url"], capture["payload_sha256"], file, capture["offset"]))

    def note_answers(self, answers: Iterable[Answer]) -> None:
        """Take the answers that a commit names beside its lines."""
        for answer in answers:
            self._note(Kept(answer.url, answer.payload_sha256, answer.file, answer.offset))

    def _note(self, kept: Kept) -> None:
        newest = self._empty if kept.sha256 == EMPTY else self._newest
        before = newest.get(kept.url)
        if before is None or before.sha256 != kept.sha256:
            # Of each address only the newest payload is kept in mind.
            newest[kept.url] = kept
            self._places.pop(before.sha256 if before else "", None)
        self._places.setdefault(kept.sha256, (kept.file, kept.offset))

    def of(self, url: str, sha256: str) -> tuple[str, int] | None:
        """File and offset of a record of this address, when its newest answer had this payload."""
        newest = self._empty if sha256 == EMPTY else self._newest
        kept = newest.get(url)
        return (kept.file, kept.offset) if kept is not None and kept.sha256 == sha256 else None

    def newest(self, url: str) -> Kept | None:
        """The newest answer of an address that had a body, else the one that had none; null when there is neither."""
        return self._newest.get(url) or self._empty.get(url)

    def get(self, sha256: str | None) -> tuple[str, int] | None:
        """File and offset of a record with this payload, which may have been cut or be a revisit itself."""
        return self._places.get(sha256 or "")

    def add(self, sha256: str | None, file: str, offset: int) -> None:
        """Remember what this run kept in full."""
        if sha256 is not None:
            self._places.setdefault(sha256, (file, offset))
