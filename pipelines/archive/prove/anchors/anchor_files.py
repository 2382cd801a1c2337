"""The two files of an anchor in an archive: how its head leads to the root, and the time-stamp of that root."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.files import json_document
from pipelines.archive.disk.heads_file import Noted
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.anchors.merkle import LEFT, RIGHT, Neighbour, root_of
from pipelines.archive.prove.anchors.timestamps import LONGEST_REPLY
from pipelines.untrusted import json_object, whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.archive.disk.layout import Layout

ANCHORS = "anchors"
SCHEMA = "anchor/1"
_FILE = re.compile(r"(\d{8,18})-\d{8}t\d{6}z\.(?:json|tsr)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_PATH = 64
"""Steps from a leaf to the root: of more leaves than there can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A noted head, and its path to the root that was stamped; `file` is where this stands in its archive."""

    file: str
    noted: Noted
    path: tuple[Neighbour, ...]

    @property
    def root(self) -> str:
        """The SHA-256 that the time-stamp must be of; computed, never read."""
        return root_of(self.noted.line(), self.path).hex()

    @property
    def reply_file(self) -> str:
        """The name of the time-stamp beside it."""
        return reply_file(self.file)

    def document(self) -> bytes:
        """The content of `file`: each step of the path on a line of its own, for shells."""
        steps = [f"{step.side} {step.sha256.hex()}" for step in self.path]
        line = self.noted.line().decode().removesuffix("\n")
        return json_document({"schema": SCHEMA, "line": line, "path": steps, "root": self.root})


def anchor_file(commit: int, at: str) -> str:
    """The name in an archive of an anchor of `commit`, made at `at` (RFC 3339 in UTC)."""
    return f"{ANCHORS}/{commit:08d}-{name_of(at)}.json"


def name_of(at: str) -> str:
    """A moment as part of a file name: `20260131t020000z`."""
    return re.sub("[-:]", "", at).lower()


def reply_file(file: str) -> str:
    """The name of the time-stamp beside an anchor."""
    return f"{file.removesuffix('.json')}.tsr"


def is_anchor_file(relative: str) -> bool:
    """True for a path in an archive that is one of an anchor's two files by its name."""
    folder, _, name = relative.partition("/")
    return folder == ANCHORS and _FILE.fullmatch(name) is not None


def anchor_names(layout: Layout) -> list[str]:
    """The files of all anchors of an archive, the lowest commit first, of one commit the oldest."""
    folder = layout.path(ANCHORS)
    if not folder.is_dir():
        return []
    found = {f"{ANCHORS}/{file.name}" for file in folder.iterdir() if _FILE.fullmatch(file.name)}
    # A crash leaves a time-stamp without its anchor, which `anchor` completes; the other way round is damage.
    return sorted((name for name in found if name.endswith(".json")), key=lambda name: (commit_of(name), name))


def commit_of(name: str) -> int:
    """The number of the commit in an anchor's name."""
    return int(name.partition("/")[2].partition("-")[0])


def read_anchor(layout: Layout, name: str) -> Anchor:
    """Read an anchor; `Damaged` when it is none."""
    file = layout.path(name)
    try:
        anchor = _from_json(name, json_object(file))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{file}: unreadable anchor ({error}); restore it from a copy") from error
    return anchor


def read_reply(layout: Layout, anchor: Anchor) -> bytes:
    """The time-stamp beside an anchor; `Damaged` when it is not there."""
    return reply_in(layout.path(anchor.reply_file))


def reply_in(file: Path) -> bytes:
    """The time-stamp in a file; `Damaged` when there is none."""
    try:
        return whole(file, LONGEST_REPLY)
    except (OSError, ValueError) as error:
        raise Damaged(f"{file}: no time-stamp ({error}); restore it from a copy") from error


def _from_json(name: str, value: dict[str, Any]) -> Anchor:
    if value["schema"] != SCHEMA:
        raise ValueError(f"schema is {str(value['schema'])[:100]!r}, not {SCHEMA}")
    noted = Noted.from_line(value["line"].encode()) if isinstance(value["line"], str) else None
    if noted is None:
        raise ValueError("its line notes no head")
    if noted.commit != commit_of(name):
        raise ValueError(f"it is of commit {noted.commit}")
    anchor = Anchor(file=name, noted=noted, path=tuple(_steps(value["path"])))
    if value["root"] != anchor.root:
        raise ValueError("its path does not lead to its root")
    return anchor


def _steps(value: Any) -> Iterable[Neighbour]:
    if not isinstance(value, list) or len(value) > _LONGEST_PATH:
        raise ValueError("path is no list of steps")
    for entry in value:
        side, _, sha256 = str(entry).partition(" ")
        if side not in {LEFT, RIGHT} or not _SHA256.fullmatch(sha256):
            raise ValueError(f"path holds {str(entry)[:100]!r}")
        yield Neighbour(side, bytes.fromhex(sha256))
