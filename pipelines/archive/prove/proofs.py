"""Checks the captures of lines against the WARC files: each is found at its place, and its digest computed."""

from __future__ import annotations

import hashlib
from io import BytesIO
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive.disk.files import file_digest
from pipelines.warc.exchange import measured
from pipelines.warc.record_reader import read_at, records
from pipelines.warc.records import WarcDamaged, WarcRecord, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.stored.packed import Stored


Redacted = dict[tuple[str, int], list[str | None]]
"""By file and offset of a response."""


class Proof(NamedTuple):
    """The record at a place; `entity_sha256` is null when the content coding of the response cannot be decoded.

    `url` is the address of a record of an older commit: nothing else says that the address answered the same again.
    """

    length: int
    record_id: str
    entity_sha256: str | None
    url: str | None = None


class CaptureProofs:
    """Follows the WARC files of an archive commit by commit.

    In memory are the proofs of one commit's records, and of the older ones that were named again: of a site that
    rests, each commit names the same.
    """

    def __init__(self, layout: Layout, redacted: Redacted | None = None) -> None:
        """Begin before the first commit. What redactions removed is proved by their hashes: see `redacted_by`."""
        self._layout = layout
        self._redacted = redacted or {}
        self._found: dict[tuple[str, int], Proof] = {}
        self._again: dict[tuple[str, int], Proof] = {}
        self._flaws: dict[str, str | None] = {}

    def take(self, commit: Commit) -> None:
        """Read the WARC files that a commit names."""
        self._found.clear()
        # Later commits name records in a damaged file, too; it is reported once.
        self._flaws = {name: None for name, problem in self._flaws.items() if problem is None}
        for named in commit.files:
            if named.path.startswith("warc/"):
                try:
                    for offset, proof in self.responses(named.path):
                        self._found[named.path, offset] = proof._replace(url=None)
                except (OSError, WarcDamaged) as error:
                    # A file that differs from its commit is reported as such already.
                    is_reported = not _is_as_committed(self._layout.stored(named.path), named)
                    self._flaws[named.path] = None if is_reported else str(error)

    def flaw(self) -> str | None:
        """The first problem of the commit's WARC files, also where no line refers to them, or null."""
        return next((problem for problem in self._flaws.values() if problem), None)

    def complaint(self, capture: Line) -> str | None:
        """Why a capture does not prove its line; null when it does, or when its file is reported as damaged."""
        name, offset = capture["file"], capture["offset"]
        if name in self._flaws:
            return self._flaws[name]
        try:
            found = self._found.get((name, offset)) or self._again.get((name, offset)) or self._at(name, offset)
        except (OSError, WarcDamaged) as error:
            return f"captured at {offset} of {name}: {error}"
        url = capture["url"] if found.url is not None else None
        expected = Proof(capture["length"], capture["record_id"], capture["payload_sha256"], url)
        # What was read from a record after it had lost words names what it held then.
        if found.entity_sha256 is None or capture["payload_sha256"] in self._redacted.get((name, offset), ()):
            expected = expected._replace(entity_sha256=found.entity_sha256)
        return None if found == expected else f"captured at {offset} of {name}: there is {found}, not {expected}"

    def responses(self, name: str) -> Iterator[tuple[int, Proof]]:
        """Every response and revisit in a WARC file by its offset, each digest in the file computed.

        Raises:
            OSError, WarcDamaged: the file cannot be read, or a digest is wrong.
        """
        file = self._layout.stored(name)
        for place, record in records(file):
            if record.type not in {"response", "revisit"}:
                computed = digest(hashlib.sha256(record.block).hexdigest())
                if record.get("WARC-Block-Digest") not in {None, computed}:
                    raise WarcDamaged(f"{file}: the record at {place.offset}: its block does not match its digest")
            else:
                entity = self._entity(record, f"{file}: the record at {place.offset}", (name, place.offset))
                yield place.offset, Proof(place.length, record.record_id, entity, record.target_uri)

    def _at(self, name: str, offset: int) -> Proof:
        """A record of an older commit, from which a later line was read."""
        file = self._layout.stored(name)
        place, record = next(records(file, offset), (None, None))
        if place is None or record is None:
            raise WarcDamaged(f"{file}: ends before it")
        entity = self._entity(record, f"{file}: the record at {offset}", (name, offset))
        proof = Proof(place.length, record.record_id, entity, record.target_uri)
        self._again[intern(name), offset] = proof
        return proof

    def _entity(self, record: WarcRecord, where: str, spot: tuple[str, int]) -> str | None:
        """The entity's hash; of a record that lost words by order, the hash that it had before."""
        found = measured(BytesIO(record.block))
        if record.get("WARC-Block-Digest") not in {None, digest(found.block_sha256)}:
            raise WarcDamaged(f"{where}: its block does not match its digest")
        if record.type == "revisit":
            return self._entity_of_original(record, where)
        if record.get("WARC-Payload-Digest") not in {None, digest(found.payload_sha256)}:
            raise WarcDamaged(f"{where}: its payload does not match its digest")
        states = self._redacted.get(spot)
        if states is None:
            return found.entity_sha256
        if found.entity_sha256 not in states:
            raise WarcDamaged(f"{where}: is not what the redaction of it left")
        return states[0]

    def _entity_of_original(self, revisit: WarcRecord, where: str) -> str | None:
        name, offset = revisit.original
        if name in self._flaws and self._flaws[name] is None:
            return None  # that file is reported as damaged
        original = read_at(self._layout.stored(name), offset)
        same = [("WARC-Refers-To", "WARC-Record-ID")]
        if (name, offset) not in self._redacted:
            same.append(("WARC-Payload-Digest", "WARC-Payload-Digest"))
        if original.type != "response" or any(revisit.get(a) != original.get(b) for a, b in same):
            raise WarcDamaged(f"{where}: refers to a record that does not exist")
        return self._entity(original, where, (name, offset))


def redacted_by(commits: Iterable[Commit]) -> Redacted:
    """Of each response that lost words: the hashes of its entity, the first one as it came, then after each order."""
    found: Redacted = {}
    for commit in commits:
        for one in commit.masked:
            if one.offset is not None and one.new is not None:
                found.setdefault((one.file, one.offset), [one.old]).append(one.new)
    return found


def _is_as_committed(file: Stored, named: NamedFile) -> bool:
    try:
        return file_digest(file)[1] == named.sha256
    except OSError:  # missing, or no regular file
        return False
