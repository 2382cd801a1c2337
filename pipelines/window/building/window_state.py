"""What a window remembers: up to which commit of each site it was made, by what, and the summary of each speech."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.disk.files import json_document
from pipelines.archive.disk.layout import NAME
from pipelines.canonical import json_line, json_value
from pipelines.untrusted import json_object
from pipelines.window.building.window_files import STATE, SUMMARIES
from pipelines.window.overview.site_ledger import SiteLedger
from pipelines.window.reading.lives import SiteOf
from pipelines.window.reading.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA = "window/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRecord:
    """Up to which commit a site's pages were made, and what else they were made from.

    `acts` are the numbers of the commits that bear on its speeches but bring no line; `site` is what its pages say of
    it, `packed` the containers of its packed years, `stamps` its time-stamps. `head` is empty while a build makes its
    pages, and after one that could not make all: the next makes all of the site again.
    """

    site: SiteOf
    commit: int
    head: str
    acts: tuple[int, ...]
    packed: tuple[str, ...]
    stamps: tuple[str, ...]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read back from window.json."""
        site = value["site"]
        tuples = {key: tuple(value[key]) for key in ("acts", "packed", "stamps")}
        read = {"site": SiteOf(**site | {"hosts": tuple(site["hosts"])})}
        return cls(**value | tuples | read)


@dataclass(frozen=True, slots=True)
class MadeSpeech:
    """A speech whose files are there: its summary, and the files, as addresses below the window's folder.

    `stored` is its line in the state as it was read, which need not be made anew.
    """

    summary: Summary
    files: tuple[str, ...]
    stored: bytes | None = field(default=None, compare=False, repr=False)

    def line(self) -> bytes:
        """As a line of the state."""
        if self.stored is not None:
            return self.stored
        value = {"summary": json_value(self.summary), "files": self.files}
        return f"{json_line(value)}\n".encode()

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        """Read back; `KeyError`, `TypeError` or `ValueError` when it is of other software, or damaged."""
        value = json.loads(line)
        return cls(Summary.from_json(value["summary"]), tuple(value["files"]), line)


@dataclass(slots=True)
class WindowState:
    """The content of window.json.

    `maker` is a hash of software and options, `lists` are the files about many speeches, `damaged` says by site why
    not all of an archive could be read, `fleet` is the `fleet_state`. `is_whole` is false while a build works, and
    stays so when it dies.
    """

    maker: str = ""
    is_whole: bool = False
    sites: dict[str, SiteRecord] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    damaged: dict[str, str] = field(default_factory=dict)
    fleet: str = ""

    def document(self) -> bytes:
        """The bytes of window.json."""
        return json_document({"schema": SCHEMA} | asdict(self))


def read_state(root: Path) -> WindowState:
    """What the window in `root` remembers; nothing when there is none, or what cannot be meant."""
    try:
        value = json_object(root / STATE)
        sites = {name: SiteRecord.from_json(one) for name, one in value["sites"].items()}
        if value["schema"] == SCHEMA and all(map(NAME.fullmatch, sites)):
            lists, damaged = tuple(value["lists"]), dict(value["damaged"])
            return WindowState(value["maker"], value["is_whole"], sites, lists, damaged, value["fleet"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return WindowState()


def state_file(site: str) -> str:
    """Where the summaries of a site are kept."""
    return f"{SUMMARIES}/{site}.jsonl"


def ledger_file(site: str) -> str:
    """Where what an archive tells of its runs is kept."""
    return f"{SUMMARIES}/{site}.ledger.json"


def read_kept_ledger(root: Path, site: str) -> SiteLedger | None:
    """The ledger of a site as of the last build; null when it cannot be read."""
    try:
        return SiteLedger.from_json(json_object(root / ledger_file(site)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def read_speeches(root: Path, site: str) -> dict[str, MadeSpeech] | None:
    """The speeches of a site by native id; null when they cannot be read."""
    try:
        with (root / state_file(site)).open("rb") as lines:
            made = map(MadeSpeech.of_line, lines)
            return {one.summary.native_id: one for one in made}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def speeches_document(speeches: Iterable[MadeSpeech]) -> bytes:
    """The bytes of a state file."""
    return b"".join(one.line() for one in speeches)
