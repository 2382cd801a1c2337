"""The mark of a partial copy: which committed files may be absent, because the store they came from has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.containers import CONTAINERS, PACKS
from pipelines.archive.disk.files import json_document, replace_synced, sync_folder
from pipelines.archive.errors import Damaged
from pipelines.untrusted import is_there, json_object
from pipelines.values import frozen

if TYPE_CHECKING:
    from pipelines.archive.disk.layout import Layout
    from pipelines.stored.packed import Stored

PARTIAL_JSON = "partial.json"
PARTIAL_SCHEMA = "partial/1"
_FOLDERS = frozenset({*CONTAINERS, "schemas"})
_STREAMS = {container: stream for stream, container in CONTAINERS.items()}


def stream_of(path: str) -> str:
    """The first folder of a committed file's path; for a container, that of the files that it holds."""
    first, _, rest = path.partition("/")
    return _STREAMS.get(rest.rpartition("/")[2], first) if first == PACKS else first


@frozen(kw_only=True)
class PartialCopy:
    """What a copy may lack.

    Args:
        store: the address of the store that has it.
        lacks: the folders (`warc`, …) of which files may be absent, packed or not.
        until: the last commit whose files may be; those of later ones were made here and are nowhere else.
    """

    store: str
    lacks: tuple[str, ...]
    until: int

    @classmethod
    def of(cls, layout: Layout) -> PartialCopy | None:
        """The mark of a copy, null for a whole one; `Damaged` when it cannot be read."""
        file = layout.path(PARTIAL_JSON)
        try:
            return cls._from_json(json_object(file))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            pulled = "`sync pull` from the store that it was copied from writes it anew"
            raise Damaged(f"{file}: unreadable ({error}): remove it; {pulled}") from error

    @classmethod
    def _from_json(cls, value: dict[str, Any]) -> PartialCopy:
        lacks = tuple(value["lacks"])
        if value["schema"] != PARTIAL_SCHEMA or not set(lacks) <= _FOLDERS or type(value["until"]) is not int:
            raise ValueError(f"{str(value)[:200]} is no mark of a partial copy")
        return cls(store=str(value["store"]), lacks=lacks, until=value["until"])

    def write(self, layout: Layout) -> None:
        """Mark a copy, before any file that it may lack is absent. The caller holds the lock."""
        value = {"schema": PARTIAL_SCHEMA, "store": self.store, "lacks": list(self.lacks), "until": self.until}
        replace_synced(layout.path(PARTIAL_JSON), json_document(value), layout.staging)

    def may_lack(self, n: int, path: str) -> bool:
        """Whether a file that commit `n` names may be absent."""
        return n <= self.until and stream_of(path) in self.lacks

    def is_excused(self, n: int, path: str, file: Stored) -> bool:
        """Whether a file is absent and may be."""
        return self.may_lack(n, path) and not is_there(file)

    def is_absent(self, layout: Layout, path: str) -> bool:
        """Whether a file of an earlier commit, whichever that is, is not here and may be in the store."""
        return stream_of(path) in self.lacks and not is_there(layout.stored(path))


@dataclass(slots=True)
class Absent:
    """What a partial copy lacks: how many files, and their bytes."""

    files: int = 0
    bytes: int = 0

    def told(self, mark: PartialCopy) -> str:
        """As a note of the report."""
        what = f"{self.files} files ({self.bytes} bytes) of {', '.join(mark.lacks)} are not here but in {mark.store}"
        return f"a partial copy: {what}; `sync check` proves them there, `sync pull --captures` brings them"


def unmark(layout: Layout) -> None:
    """Remove the mark: every file is there."""
    layout.path(PARTIAL_JSON).unlink(missing_ok=True)
    sync_folder(layout.root)
