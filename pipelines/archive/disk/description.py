"""Commits of kind `description`: what people say of an archive after its first commit."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Self

from pipelines.archive.errors import Damaged
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.archive.disk.commits import Commit
    from pipelines.record import SiteFacts

DESCRIPTION = "description"


@frozen(kw_only=True)
class Description:
    """Facts of an archive, each null where a commit says nothing of it.

    `name`, `committee`, `rights` and `contact` are those of archive.json, which they replace; `custody` names the
    institution that keeps the archive.
    """

    name: str | None = None
    committee: str | None = None
    rights: str | None = None
    contact: str | None = None
    custody: str | None = None

    @classmethod
    def of(cls, commit: Commit) -> Self | None:
        """What a commit says; null when it is of another kind; `Damaged` when it cannot be meant."""
        if commit.kind != DESCRIPTION:
            return None
        told = (commit.details or {}).get("facts")
        if isinstance(told, dict):
            found = {key: told.get(key) for key in NAMES}
            if all(value is None or isinstance(value, str) for value in found.values()):
                return cls(**found)
        raise Damaged(f"commit {commit.n}: description is {str(commit.details)[:200]}; restore it from a copy")

    def facts(self) -> dict[str, str]:
        """What it says, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def details(self, reason: str) -> dict[str, object]:
        """The value of `description` in the commit file."""
        return {"reason": reason, "facts": self.facts()}


NAMES = tuple(field.name for field in fields(Description))


def described(commits: Iterable[Commit]) -> dict[str, str]:
    """What all of `commits` say, the last word of each counting."""
    found: dict[str, str] = {}
    for commit in commits:
        if told := Description.of(commit):
            found |= told.facts()
    return found


def with_description(facts: SiteFacts, said: Mapping[str, str]) -> SiteFacts:
    """What archive.json says, with what descriptions replaced in it."""
    return replace(
        facts,
        name=said.get("name", facts.name),
        committee=said.get("committee", facts.committee),
        rights=said.get("rights", facts.rights),
        contact=said.get("contact", facts.contact),
    )
