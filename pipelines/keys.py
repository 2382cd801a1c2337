"""What a key of a line is for: its role, said once where the key stands in `pipelines.record`. Standard library only.

What is hashed, compared, shown, redacted, checked and documented follows from these roles.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

Role = Literal["identity", "place", "state", "published", "interpreted", "counted", "grounds", "provenance"]

ROLES: dict[Role, str] = {
    "identity": "which kind of line, of which speech",
    "place": "where the line stands in the archive; given by its commit",
    "state": "how the speech stands: what happened to it, and which version and reading this is",
    "published": "what the site says; its change is an edit by the site",
    "interpreted": "what we make of it; a new parser may change it while the site changes nothing",
    "counted": "a view count, or how it was read; its change is no edit",
    "grounds": "what the values were read from, and why one is null or doubtful",
    "provenance": "when, by which run and parser, and from which bytes it was read; what proves it",
}


@dataclass(frozen=True, slots=True)
class Key:
    """What a field says of itself beside its type: `Annotated[str | None, Key("published", "来源 as labelled")]`.

    Args:
        role: one of `ROLES`.
        about: its meaning in one line, for schemas and documents.
        hashed: part of `content_sha256`.
        personal: removed by a redaction.
        later: added after archives were written, whose lines lack it: it is read there as null. Such a key may be
            null, and stands after those that were there before it.
    """

    role: Role
    about: str
    hashed: bool = False
    personal: bool = False
    later: bool = False

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            raise ValueError(f"role {self.role!r} of a key is not one of {', '.join(get_args(Role))}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What every text of a type looks like: a regular expression of JSON Schema."""

    regex: str


def keys_of(record: type) -> dict[str, Key]:
    """The keys of a record that say their role, in contract order."""
    hints = get_type_hints(record, include_extras=True)
    said = {field.name: getattr(hints[field.name], "__metadata__", ()) for field in fields(record)}
    return {name: one for name, extras in said.items() for one in extras if isinstance(one, Key)}


def names_of(record: type, *roles: Role) -> tuple[str, ...]:
    """The names of a record's keys that have one of the roles, in contract order."""
    return tuple(name for name, key in keys_of(record).items() if key.role in roles)
