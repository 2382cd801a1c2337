"""Everything in an archive that speaks for one text: its line, captures, looks around it, commits, time-stamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.redactions import is_redacted
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import ArchiveError, Damaged, NotStamped
from pipelines.archive.prove.anchors.anchor_check import anchored
from pipelines.archive.prove.anchors.anchor_files import anchor_names, commit_of, read_anchor, read_reply
from pipelines.archive.prove.anchors.timestamps import checked, moment
from pipelines.archive.read import state
from pipelines.archive.read.tails import given_up
from pipelines.proof.given_captures import given_captures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.prove.anchors.anchor_files import Anchor
    from pipelines.archive.read.reader import Archive
    from pipelines.proof.given_captures import GivenCapture


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line where it lies: `number` counts the lines of the file `named`, which `by` names as it is now."""

    line: Line
    raw: bytes
    number: int
    named: NamedFile
    by: Commit


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look at the speech, `when` relative to the text; `stored` is null when a listing stands for it."""

    when: str
    commit: Commit
    observed_at: str
    found: str
    stored: StoredLine | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """An anchor with its time-stamp; `at` is null when openssl is not there to read it."""

    anchor: Anchor
    reply: bytes
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextProof:
    """What is known of one text. `redactions` are the commits that removed it; then `given` is empty.

    `commits` follow one another from the first that is needed to the last; `others` are captures whose records are
    not given.
    """

    archive: Archive
    text: StoredLine
    commit: Commit
    redactions: tuple[Commit, ...]
    sightings: tuple[Sighting, ...]
    given: tuple[GivenCapture, ...]
    others: tuple[Line, ...]
    stamps: tuple[Stamp, ...]
    commits: tuple[Commit, ...]

    def files(self) -> dict[str, tuple[NamedFile, Commit]]:
        """The files of lines that are needed, by path, each with the commit that names it as it is now."""
        lines = [self.text, *(sighting.stored for sighting in self.sightings if sighting.stored)]
        return {stored.named.path: (stored.named, stored.by) for stored in lines}


def evidence(archive: Archive, line: Line, trusted: Path | None) -> TextProof:
    """Gather it for a version line.

    Args:
        archive: the archive.
        line: a line that brought a text.
        trusted: root certificates (PEM) to check time-stamps by; null leaves them unchecked.

    Raises:
        Damaged: something of it is not what the archive says.
    """
    commits = archive.commits()
    commit = commits[line["commit"] - 1]
    lookup = _Lines(archive)
    text = lookup.stored(commit, "versions", line["seq"])
    redactions = tuple(c for c in commits if c.redaction and line["seq"] in c.redaction.seqs)
    is_removed = bool(redactions) or is_redacted(line)
    given, others = ([], line["captures"]) if is_removed else given_captures(archive.layout, line["captures"])
    sightings = tuple(_sightings(archive, line, lookup))
    stamps = _stamps(archive, {commit.n, text.by.n}, trusted)
    named = {commit.n, text.by.n, *(sighting.commit.n for sighting in sightings)}
    named |= {sighting.stored.by.n for sighting in sightings if sighting.stored}
    last = max(named | {stamp.anchor.noted.commit for stamp in stamps} | (set() if stamps else {len(commits)}))
    return TextProof(
        archive=archive, text=text, commit=commit, redactions=redactions, sightings=sightings, given=tuple(given),
        others=tuple(others), stamps=stamps, commits=commits[min(named) - 1 : last],
    )  # fmt: skip


class _Lines:
    """Finds lines by their seq, and the entry that describes their file as it is now."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._now = files_now(archive.commits())
        self._by: dict[NamedFile, Commit] = {}
        for commit in archive.commits():
            replaced = [file.new for file in commit.redaction.files] if commit.redaction else []
            self._by |= dict.fromkeys((*commit.files, *replaced), commit)

    def stored(self, commit: Commit, folder: str, seq: int) -> StoredLine:
        named = commit.stream(folder)
        layout = self._archive.layout
        if named is not None:
            file, now = layout.stored(named.path), self._now[named.path][0]
            for number, raw in enumerate(raw_lines(file), 1):
                if f'"seq":{seq},'.encode() in raw and (line := parsed(raw, file, number))["seq"] == seq:
                    return StoredLine(line, raw, number, now, self._by[now])
        raise Damaged(f"{layout.commit(commit.n)}: its files hold no line with seq {seq}; run verify")


def _sightings(archive: Archive, line: Line, lookup: _Lines) -> Iterator[Sighting]:
    """The last look before the text, the first and the last that found it, and the first that did not any more."""
    looks = list(_looks(archive, line["id"]))
    is_its = [version == line["version"] for _, _, version in looks]
    if True not in is_its:
        return
    first, last = is_its.index(True), len(is_its) - 1 - is_its[::-1].index(True)
    chosen = {"before": first - 1, "first": first, "last": last, "after": last + 1}
    for when, at in chosen.items():
        if 0 <= at < len(looks) and not (when == "last" and last == first):
            commit, observation, _ = looks[at]
            if isinstance(observation, str):
                yield Sighting(when, commit, observation, "present in the list; article not read", None)
            else:
                stored = lookup.stored(commit, "observations", observation["seq"])
                yield Sighting(when, commit, observation["observed_at"], _found(observation), stored)


def _looks(archive: Archive, id: str) -> Iterator[tuple[Commit, Line | str, int]]:  # noqa: A002 - the contract's key
    """Every look that found something out, by a line or (its moment) by a listing, with the version that it found.

    The version is 0 where the text was missing, withheld or gone.
    """
    states: state.States = {}
    for commit, found in archive.about_by_commit(id):
        lines = list(found)
        is_listed = commit.listing and any(state.listed_as_before(states, {one["id"] for one in lines}))
        state.fold_commit(states, commit, lines, for_writing=False)
        for known in states.values():
            if commit.listing and is_listed:
                yield commit, commit.listing.observed_at, known.version
            for one in lines:
                if "event" not in one and one["presence"] != "unknown":
                    is_there = one["presence"] in {"present", "unlisted"} and not known.is_gone
                    yield commit, one, known.version if is_there else 0


def _found(observation: Line) -> str:
    """A look in words."""
    told = [str(observation["presence"]), f"text {observation['content']}"]
    told += [f"version {observation['version']}"] if observation["version"] else []
    told += [str(observation["reason"])] if observation["reason"] else []
    return f"{', '.join(told)}; looked at {', '.join(observation['looked'])}"


def _stamps(archive: Archive, wanted: set[int], trusted: Path | None) -> tuple[Stamp, ...]:
    """For each wanted commit the first anchor that vouches for it."""
    layout, commits, abandoned = archive.layout, archive.commits(), given_up(archive.commits())
    found: dict[str, Stamp] = {}
    for n in sorted(wanted):
        for name in anchor_names(layout):
            if commit_of(name) < n:
                continue
            anchor = read_anchor(layout, name)
            if anchor.noted.head not in abandoned:
                anchored(layout, anchor.noted, layout.path(name), commits)
                reply = read_reply(layout, anchor)
                found[name] = Stamp(anchor, reply, _moment(reply, anchor.root, trusted))
                break
    return tuple(found.values())


def _moment(reply: bytes, root: str, trusted: Path | None) -> datetime | None:
    if trusted is not None:
        return checked(reply, root, trusted)
    try:
        return moment(reply)
    except NotStamped:
        raise
    except ArchiveError:
        return None
