"""The first time-stamp that covers a commit. Anchors stand beside the chain, and may come at any time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.archive.errors import ArchiveError, Damaged
from pipelines.archive.prove.anchors.anchor_files import ANCHORS, anchor_names, commit_of, read_anchor, read_reply
from pipelines.archive.prove.anchors.timestamps import moment
from pipelines.proof.evidence import Stamp
from pipelines.untrusted import state_of

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.archive.disk.layout import Layout
    from pipelines.window.proving.named_files import NamedFiles

_State = tuple[int, ...]


def first_stamp(layout: Layout, named: NamedFiles, n: int) -> Stamp | None:
    """The first time-stamp that covers commit `n`, its moment unchecked.

    Raises:
        Damaged: it is of another chain, or cannot be read.
    """
    folder = layout.path(ANCHORS)
    if not folder.is_dir():
        return None
    state = state_of(folder)
    for name in _names(layout, state):
        if commit_of(name) < n:
            continue
        stamp = _read(layout, name, state)
        if stamp.anchor.noted.head in named.abandoned:
            continue
        if named.commits[commit_of(name) - 1 : commit_of(name)] != (stamp.anchor.noted.head,):
            raise Damaged(f"{layout.path(name)}: is not of this chain; run verify")
        return stamp
    return None


@lru_cache(2)  # a folder of years of nights, asked for each speech
def _names(layout: Layout, _state: _State) -> tuple[str, ...]:
    return tuple(anchor_names(layout))


@lru_cache(16)  # to read the moment starts a process
def _read(layout: Layout, name: str, _state: _State) -> Stamp:
    anchor = read_anchor(layout, name)
    reply = read_reply(layout, anchor)
    return Stamp(anchor, reply, _moment(reply))


def _moment(reply: bytes) -> datetime | None:
    """The moment of a time-stamp; null where openssl cannot read it here: the commands of the page do."""
    try:
        return moment(reply)
    except ArchiveError:
        return None
