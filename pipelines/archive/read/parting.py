"""Two copies of one archive that have parted: up to where they are one, and what each has alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import NotUnderstood

if TYPE_CHECKING:
    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive


@dataclass(slots=True)
class Alone:
    """What one copy has alone: its commits after the parting, and what they tell of speeches.

    `events` counts the events of each speech by its id; a speech that was only looked at is in none.
    """

    commits: tuple[Commit, ...]
    events: dict[str, Counter[str]] = field(default_factory=dict)
    versions: int = 0
    observations: int = 0

    @classmethod
    def of(cls, archive: Archive, common: int) -> Alone:
        """What `archive` has after commit `common`."""
        alone = cls(archive.commits()[common:])
        for commit in alone.commits:
            alone.observations += commit.counts.get("observations", 0)
            for line in archive.lines_of(commit, "versions"):
                alone.versions += 1
                alone.events.setdefault(line["id"], Counter())[line["event"]] += 1
        return alone

    def document(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "commits": [
                {"n": c.n, "kind": c.kind, "run": c.run, "recorded_at": c.recorded_at, "head": c.sha256}
                for c in self.commits
            ],
            "versions": self.versions,
            "observations": self.observations,
            "speeches": {one: dict(events) for one, events in sorted(self.events.items())},
            "redactions": [
                {"n": c.n, "id": c.redaction.id, "reason": c.redaction.reason, "order": c.redaction.order}
                for c in self.commits
                if c.redaction
            ],
        }


@dataclass(frozen=True, slots=True)
class Parting:
    """The number of the last commit that both copies have, 0 for none, and what each has after it."""

    common: int
    ours: Alone
    theirs: Alone

    @classmethod
    def of(cls, ours: Archive, theirs: Archive) -> Parting:
        """Compare two copies; `NotUnderstood` when they are of different sites."""
        if ours.facts.site != theirs.facts.site:
            raise NotUnderstood(f"{theirs.layout.root}: of {theirs.facts.site}, not of {ours.facts.site}")
        pairs = enumerate(zip(ours.commits(), theirs.commits(), strict=False), 1)
        shorter = min(len(ours.commits()), len(theirs.commits()))
        common = next((n - 1 for n, (one, other) in pairs if one.sha256 != other.sha256), shorter)
        return cls(common, Alone.of(ours, common), Alone.of(theirs, common))

    def document(self) -> dict[str, Any]:
        """For people and programs."""
        return {"common": self.common, "ours": self.ours.document(), "theirs": self.theirs.document()}
