"""Roles of record keys. Each key declares its role once, in `pipelines.record`. Standard library only.

The roles determine what is hashed, compared, shown, redacted, checked and documented.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, TypeVar, dataclass_transform, get_args, get_type_hints

from pipelines.values import frozen

T = TypeVar("T")
Role = Literal["identity", "place", "state", "published", "interpreted", "counted", "grounds", "provenance"]

ROLES: dict[Role, str] = {
    "identity": "the kind of line, and its speech",
    "place": "the line's place in the archive; given by its commit",
    "state": "the state of the speech: the event, and which version and reading this is",
    "published": "published by the site; a change is an edit by the site",
    "interpreted": "derived by our parser; a new parser may change it without an edit by the site",
    "counted": "a view count, or how it was read; a change is not an edit",
    "grounds": "the words from which values were read, and why a value is null or doubtful",
    "provenance": "when, by which run and parser, and from which bytes it was read; its proof",
}


@frozen
class Key:
    """Annotation of a record field: `Annotated[str | None, Key("published", "来源 as labelled")]`.

    Args:
        role: one of `ROLES`.
        about: its meaning in one line, for schemas and documents.
        hashed: part of `content_sha256`.
        personal: removed by a redaction.
        later: added after archives were written. Lines without it are read as null, so its type must allow null, and
            it comes after the older keys.
    """

    role: Role
    about: str
    hashed: bool = False
    personal: bool = False
    later: bool = False

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            raise ValueError(f"role {self.role!r} of a key is not one of {', '.join(get_args(Role))}")


@frozen
class Pattern:
    """A regular expression (JSON Schema dialect) for all texts of a type."""

    regex: str


@frozen
class Format:
    """What the texts of a type are, in the words of JSON Schema; readers with types of time may use those."""

    name: Literal["date", "date-time"]


@frozen
class OneOf:
    """A closed list from which all texts of a type are; a later software may add to it, so readers allow others."""

    values: tuple[str, ...]


@frozen
class Needs:
    """The keys that an object must have, where it may lack the others."""

    names: tuple[str, ...]


@dataclass_transform()
def declared(record: type[T]) -> type[T]:
    """Of a record that only says which keys a line has: lines are read and written as plain objects.

    None is made, so it needs no methods: to generate those of the long records takes longer than a short command.
    """
    return dataclass(init=False, repr=False, eq=False)(record)


def keys_of(record: type) -> dict[str, Key]:
    """The keys of a record that declare a role, in contract order."""
    hints = get_type_hints(record, include_extras=True)
    extras_of = {field.name: getattr(hints[field.name], "__metadata__", ()) for field in fields(record)}
    return {name: one for name, extras in extras_of.items() for one in extras if isinstance(one, Key)}


def names_of(record: type, *roles: Role) -> tuple[str, ...]:
    """The names of a record's keys with one of the roles, in contract order."""
    return tuple(name for name, key in keys_of(record).items() if key.role in roles)
