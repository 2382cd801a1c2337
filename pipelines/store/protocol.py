"""What a store is, and its errors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class StoreError(ArchiveError):
    """The store does not answer, or refuses; run again when it does."""

    exit_status = Exit.INTERRUPTED


class StoreRefuses(StoreError):  # noqa: N818 - as below
    """It answers that a person must put something right: there is no such bucket, or the credentials may not."""

    exit_status = Exit.WRONG_USE


class WrongStore(ArchiveError):  # noqa: N818 - these read as sentences: "a wrong store"
    """The address names no store that can be used here."""

    exit_status = Exit.WRONG_USE


@frozen
class StoreObject:
    """An object that a store holds: its name below the store's address, and its size in bytes."""

    name: str
    size: int


def digest_of(data: bytes) -> tuple[int, str]:
    """Size and SHA-256, as `Store.digest` of an object with this content."""
    return len(data), hashlib.sha256(data).hexdigest()


class Store(Protocol):
    """A place for objects, each with a name as a relative path. Every method may be called from several threads.

    An object appears whole or not at all. Methods raise `StoreError` when the store does not answer or refuses.
    """

    @property
    def address(self) -> str:
        """As a person writes it."""

    @property
    def has_create(self) -> bool:
        """Whether `create` keeps what is there already; tried with an object of its own, once."""

    def folders(self, below: str = "") -> list[str]:
        """The names of the folders directly below a folder, sorted; of the store itself without an argument."""

    def names(self, below: str) -> Iterator[StoreObject]:
        """Every object below a folder, sorted by name."""

    def read(self, name: str) -> bytes:
        """The content of an object that is a document; `FileNotFoundError` when it is not there."""

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        """Bytes of an object from an offset on, at most `length`, fewer at its end and none behind it.

        Raises:
            FileNotFoundError: the object is not there.
        """

    def size(self, name: str) -> int | None:
        """Bytes of an object; null when it is not there."""

    def digest(self, name: str) -> tuple[int, str]:
        """Size and SHA-256 of an object, read as a stream; `FileNotFoundError` when it is not there."""

    def fetch(self, name: str, file: Path) -> None:
        """Copy an object to a file and sync it; `FileNotFoundError` when it is not there."""

    def put(self, name: str, file: Path) -> None:
        """Create or replace an object."""

    def create(self, name: str, data: bytes) -> bool:
        """Create an object unless it is there; false when it is, with other content. True: it has this one now."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; one that is not there is no error."""
