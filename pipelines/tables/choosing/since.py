"""What came to an archive after one of its commits: lines, lines that an order rewrote, and speeches concerned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.disk.streams import heading, raw_lines
from pipelines.archive.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive
    from pipelines.stored.packed import Stored

    class Checked(Protocol):
        """Gives the file of lines that a commit brought to a stream, checked; null without one."""

        def __call__(self, commit: Commit, stream: str) -> Stored | None: ...


_ID = re.compile(rb'[^}]*?"id": ?"([^"\\]+)"')


def concerned(archive: Archive, after: int, checked: Checked) -> set[str]:
    """The ids of the speeches of which a commit after `after` tells an event, or changes what is archived."""
    found: set[str] = set()
    for commit in archive.commits()[after:]:
        if file := checked(commit, "versions"):
            found |= {heading(raw, file, number).id for number, raw in enumerate(raw_lines(file), 1)}
        if commit.redaction:
            found.add(commit.redaction.id)
        if rekey := Rekey.of(commit):
            found |= {id_ for pair in rekey.pairs for id_ in (pair.old, pair.new)}
    return found


def id_of(line: bytes) -> str:
    """The id of a line of `latest/1`; it stands before all that could hold another one. `Damaged` without one."""
    found = _ID.match(line)
    if found is None:
        raise Damaged(f"a line of {line[:80]!r}… has no id; run verify")
    return found[1].decode()


def lines_since(archive: Archive, stream: str, after: int, checked: Checked) -> Iterator[bytes]:
    """The lines of `versions` or `observations` of the commits after `after`, those first that these rewrote."""
    commits = archive.commits()
    rewritten = {seq for commit in commits[after:] if commit.redaction for seq in commit.redaction.seqs}
    for commit in commits[:after] if rewritten else ():
        yield from _those(commit, stream, rewritten, checked)
    for commit in commits[after:]:
        if file := checked(commit, stream):
            yield from raw_lines(file)


def _those(commit: Commit, stream: str, seqs: set[int], checked: Checked) -> Iterator[bytes]:
    first = commit.first_seq
    if first is None or commit.last_seq is None or seqs.isdisjoint(range(first, commit.last_seq + 1)):
        return
    # A commit's version lines come first, and there are no gaps, so that a line's place gives its seq.
    before = commit.stream("versions") if stream == "observations" else None
    if file := checked(commit, stream):
        for seq, raw in enumerate(raw_lines(file), first + ((before.lines or 0) if before else 0)):
            if seq in seqs:
                yield raw
