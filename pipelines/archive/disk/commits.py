"""Commit files: their fields, and the hash chain they form."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.answers import Answer
from pipelines.archive.disk.containers import members
from pipelines.archive.disk.files import NamedFile, json_document
from pipelines.archive.disk.layout import COMMIT_FILE, FORMAT, FORMAT_VERSION, NAME, Layout, run_file
from pipelines.archive.disk.listings import LISTING, Listing
from pipelines.archive.disk.redactions import REDACTION, Masked, Redaction
from pipelines.archive.errors import Damaged, NewerFormat
from pipelines.canonical import json_value
from pipelines.untrusted import parsed_json, whole
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.stored.packed import Stored


@frozen(kw_only=True)
class Commit:
    """One atomic append.

    `details`, of commits that no run made, is stored under the name of their kind. `format_version` is that of the
    software that made it. `sha256` is the hash of the commit file; that of the last commit is the archive's head.
    """

    n: int
    prev: str | None
    kind: str
    run: str
    recorded_at: str
    software: dict[str, str]
    parsers: tuple[str, ...]
    first_seq: int | None
    last_seq: int | None
    counts: dict[str, int]
    decision: dict[str, Any] | None
    files: tuple[NamedFile, ...]
    redaction: Redaction | None = None
    listing: Listing | None = None
    details: dict[str, Any] | None = None
    format_version: int = FORMAT_VERSION
    repeated: tuple[Answer, ...] = ()
    suppressed: tuple[Masked, ...] = ()
    sha256: str = ""

    def stream(self, folder: str) -> NamedFile | None:
        """The lines of `versions` or `observations` this commit brought, if any."""
        return next((f for f in self.files if f.path.startswith(f"{folder}/")), None)

    @property
    def masked(self) -> tuple[Masked, ...]:
        """Every place from which it removed words: of an order, or of a speech that an order suppresses."""
        return (*self.suppressed, *(self.redaction.captures or () if self.redaction else ()))

    @property
    def is_run(self) -> bool:
        """True when a run made it, whose report it names; false for an act."""
        return any(named.path == run_file(self.run) for named in self.files)

    def document(self) -> bytes:
        """The bytes of the commit file."""
        own: dict[str, Any] = {LISTING: self.listing.document()} if self.listing else {}
        own |= {"redaction": self.redaction.document()} if self.redaction else {}
        own |= {self.kind: self.details} if self.details is not None else {}
        own |= {"repeated": [answer.document() for answer in self.repeated]} if self.repeated else {}
        own |= {"suppressed": [one.document() for one in self.suppressed]} if self.suppressed else {}
        return json_document(
            {
                "format": f"{FORMAT}/{self.format_version}",
                "n": self.n,
                "prev": self.prev,
                "kind": self.kind,
                "run": self.run,
                "recorded_at": self.recorded_at,
                "software": self.software,
                "parsers": self.parsers,
                "seq": {"first": self.first_seq, "last": self.last_seq},
                "counts": self.counts,
                "decision": self.decision,
                "files": json_value(self.files),
            }
            | own
        )


def read_commits(layout: Layout) -> Iterator[Commit]:
    """All commits in order, each checked to follow the one before it; `Damaged` where the chain breaks."""
    return followed(layout, commit_files(layout), read_commit)


def followed(layout: Layout, files: Iterable[Stored], read: Callable[[Stored], Commit]) -> Iterator[Commit]:
    """The commits that `read` gives for the commit files, checked as by `read_commits`."""
    prev = None
    for n, file in enumerate(files, 1):
        if file.name != layout.commit(n).name:
            raise Damaged(f"{layout.commit(n)}: missing, but {file.name} exists; restore it from a copy")
        commit = read(file)
        if commit.n != n:
            raise Damaged(f"{file}: says it is commit {commit.n}; restore it from a copy")
        if commit.prev != prev:
            raise Damaged(f"{file}: does not follow the commit before it (prev); restore both from a copy")
        prev = commit.sha256
        yield commit


def commit_files(layout: Layout) -> list[Stored]:
    """Every commit file, lowest number first; one that is packed and lies in the folder as well is the one there."""
    files: list[Stored] = [one for file in layout.containers("commits") for one in members(file).values()]
    files += layout.commits.iterdir() if layout.commits.is_dir() else ()
    found = {file.name: file for file in files if COMMIT_FILE.fullmatch(file.name)}
    return sorted(found.values(), key=commit_number)


def commit_number(file: Stored) -> int:
    """The number a commit file has by its name."""
    return int(file.name.split(".")[0])


def commit_at(layout: Layout, n: int) -> Commit:
    """Commit `n` alone, not checked against the commits around it; `Damaged` when it cannot be read."""
    return read_commit(layout.stored(layout.commit_name(n)))


def names_commit(document: dict[str, Any], n: int, head: str | None) -> bool:
    """True for a derived document of commit `n`, whose hash is `head`; older software did not write the hash."""
    return document.get("commit") == n and document.get("head", head) == head


def has_commits(layout: Layout) -> bool:
    """True when there is a commit file, whatever its number."""
    loose = layout.commits.iterdir() if layout.commits.is_dir() else iter(())
    return any(COMMIT_FILE.fullmatch(file.name) for file in loose) or bool(commit_files(layout))


def files_now(commits: Iterable[Commit]) -> dict[str, tuple[NamedFile, ...]]:
    """Every named file by path: as it must be now, then as it was before each redaction, the latest first."""
    found: dict[str, tuple[NamedFile, ...]] = {}
    for commit in commits:
        found |= {named.path: (named,) for named in commit.files}
        for replaced in commit.redaction.files if commit.redaction else ():
            found[replaced.new.path] = (replaced.new, *found.get(replaced.new.path, ()))
    return found


def read_commit(file: Stored, data: bytes | None = None) -> Commit:
    """One commit file alone (`data`, if it was read already); `Damaged` when it cannot be read."""
    try:
        data = whole(file) if data is None else data
        value = parsed_json(data)
        version = _format_version(value["format"], file)
        return _from_json(value, version, hashlib.sha256(data).hexdigest())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{file}: unreadable commit ({error}); restore it from a copy") from error


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_KEYS: dict[str, Callable[[Any], bool]] = {
    "n": _is_count,
    "prev": lambda v: v is None or _is_text(v),
    "kind": _is_text,
    "run": lambda v: _is_text(v) and NAME.fullmatch(v) is not None,
    "recorded_at": _is_text,
    "software": lambda v: isinstance(v, dict),
    "counts": lambda v: isinstance(v, dict) and all(map(_is_count, v.values())),
    "parsers": lambda v: isinstance(v, list) and all(map(_is_text, v)),
    "seq": lambda v: isinstance(v, dict) and all(v[key] is None or _is_count(v[key]) for key in ("first", "last")),
    "files": lambda v: isinstance(v, list),
}
"""Keys of a commit and checks of their types, on which the rest of the code relies: a commit may be untrusted."""


def _from_json(value: dict[str, Any], version: int, sha256: str) -> Commit:
    wrong = next((key for key, is_right in _KEYS.items() if not is_right(value[key])), None)
    if wrong:
        raise ValueError(f"{wrong} is {str(value[wrong])[:200]!r}")
    plain = {key: value[key] for key in ("n", "prev", "kind", "run", "recorded_at", "software", "counts")}
    return Commit(
        **plain,
        parsers=tuple(value["parsers"]),
        first_seq=value["seq"]["first"],
        last_seq=value["seq"]["last"],
        decision=_decision(value),
        files=tuple(NamedFile.from_json(entry) for entry in value["files"]),
        redaction=Redaction.from_json(value["redaction"]) if "redaction" in value else None,
        listing=Listing.from_json(_object(value[LISTING], LISTING)) if LISTING in value else None,
        details=_details(value),
        format_version=version,
        repeated=tuple(map(Answer.from_json, value.get("repeated") or ())),
        suppressed=tuple(map(Masked.from_json, value.get("suppressed") or ())),
        sha256=sha256,
    )


def _details(value: dict[str, Any]) -> dict[str, Any] | None:
    kind = value["kind"]
    if kind in {REDACTION, LISTING} or kind in _KEYS or kind not in value:
        return None
    return _object(value[kind], kind)


def _object(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{name} is a {type(value).__name__}")


def _decision(value: dict[str, Any]) -> dict[str, Any] | None:
    decision = value.get("decision")
    return None if decision is None else _object(decision, "decision")


def _format_version(name: str, file: Stored) -> int:
    family, _, version = name.partition("/")
    if family != FORMAT or not version.isdecimal():
        raise ValueError(f"format {name!r} is not {FORMAT}/1 to {FORMAT}/{FORMAT_VERSION}")
    check_version(int(version), file)
    return int(version)


def check_version(version: int, file: Stored) -> None:
    """Refuse an unknown format before anything is written."""
    if version > FORMAT_VERSION:
        raise NewerFormat(
            f"{file}: format version {version}, this software knows up to {FORMAT_VERSION}; "
            "nothing was written. Upgrade the software"
        )


def sidecar_text(commit_file: Stored, sha256: str) -> bytes:
    """A line as `sha256sum` prints it, so that `cd commits && sha256sum -c *.sha256` checks the chain's files."""
    return f"{sha256}  {commit_file.name}\n".encode()
