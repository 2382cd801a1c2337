"""Copies of the little that tells how a site is: its last commit, the report of its last run, the documents of its
derived files. Seven requests; one where nothing is new. Thousands of sites are looked at without reading their lines.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import has_commits
from pipelines.archive.disk.containers import CONTAINERS
from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.layout import (
    ARCHIVE_JSON,
    INDEX_JSON,
    LATEST_JSON,
    NAME,
    PLACES_JSON,
    STATE_JSON,
    Layout,
    run_file,
)
from pipelines.archive.read.state_file import read_tip
from pipelines.exits import ARCHIVED
from pipelines.store.at_once import each
from pipelines.store.pulling import WITHOUT_CAPTURES, copy_down
from pipelines.store.tips import read_or_none
from pipelines.untrusted import json_object, parsed_json

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.store.protocol import Store

DOCUMENTS = (LATEST_JSON, INDEX_JSON, PLACES_JSON)
LACKS = tuple(sorted({*CONTAINERS, "schemas"}))
"""Of every kind of files such a copy lacks some."""


def copy_tip(store: Store, site: str, folder: Path) -> None:
    """Let a folder tell how a site is; all lines are copied where that takes more: after a run that archived nothing,
    a push that broke off, or when the last run is packed.

    Raises:
        Diverged, Damaged, StoreError: as `copy_down`.
    """
    layout = Layout(folder)
    told = read_or_none(store, f"{site}/{STATE_JSON}")
    state = layout.path(STATE_JSON)
    if told is not None and state.exists() and state.read_bytes() == told:
        return
    mark = PartialCopy.of(layout)
    is_more = has_commits(layout) and not (mark and set(LACKS) <= set(mark.lacks))
    found = None if told is None or is_more else _little(store, site, told)
    if found is None or not _is_made(store, found, folder):
        if not is_more:
            shutil.rmtree(folder, ignore_errors=True)
        copy_down(store, site, folder, WITHOUT_CAPTURES)


def _little(store: Store, site: str, state: bytes) -> dict[str, bytes] | None:
    """The files by path; null when they do not suffice."""
    try:
        told = parsed_json(state)
        n, head, run = told["commit"], told["head"], told["last_run"]["run"]
    except (ValueError, KeyError, TypeError):
        return None
    if type(n) is not int or n < 1 or not isinstance(run, str) or not NAME.fullmatch(run):
        return None
    commit, report = Layout.commit_name(n), run_file(run)
    paths = (ARCHIVE_JSON, commit, report, *DOCUMENTS)
    found = dict(zip(paths, each(lambda path: read_or_none(store, f"{site}/{path}"), paths), strict=True))
    whole = {path: data for path, data in found.items() if data is not None} | {STATE_JSON: state}
    if len(whole) <= len(paths) or hashlib.sha256(whole[commit]).hexdigest() != head:
        return None
    try:
        return whole if parsed_json(whole[report]).get("exit_status") in ARCHIVED else None
    except (ValueError, AttributeError):
        return None


def _is_made(store: Store, files: dict[str, bytes], folder: Path) -> bool:
    """Write the files in place of the folder; false when this software cannot read its state."""
    made = Layout(folder.with_name(f"{folder.name}.new"))
    shutil.rmtree(made.root, ignore_errors=True)
    for path, data in files.items():
        file = made.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    tip = read_tip(made)
    is_whole = tip is not None and not any(_is_later(made, path, tip.commit.n) for path in DOCUMENTS)
    if tip is not None and is_whole:
        made.staging.mkdir()
        PartialCopy(store=store.address, lacks=LACKS, until=tip.commit.n).write(made)
        shutil.rmtree(folder, ignore_errors=True)
        made.root.rename(folder)
    else:
        shutil.rmtree(made.root)
    return is_whole


def _is_later(made: Layout, path: str, n: int) -> bool:
    """Whether a derived file is of a later commit than `n`: a push is under way, or broke off."""
    file = made.path(path)
    try:
        told = json_object(file).get("commit") if file.exists() else None
    except ValueError:
        return False
    return type(told) is int and told > n
