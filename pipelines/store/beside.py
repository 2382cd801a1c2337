"""What lies beside the committed files and cannot be made again: signatures and anchors.

No commit names them, so a store lists them with their hashes in an object of its own, by which they are copied and
checked. The list only grows: what another machine made is not removed.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.files import file_digest, json_document, replace_synced, sync_folders
from pipelines.archive.errors import Damaged
from pipelines.archive.prove.anchors.anchor_files import ANCHORS, is_anchor_file
from pipelines.store.at_once import each
from pipelines.store.tips import read_or_none
from pipelines.untrusted import parsed_json
from pipelines.values import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.disk.layout import Layout
    from pipelines.store.protocol import Store

BESIDE_JSON = "beside.json"
_SCHEMA = "beside/1"
_SIGNATURE = re.compile(r"commits/\d{8,}\.json\.sig")


@frozen(kw_only=True)
class FileBeside:
    """One of them: its path in the archive, its size and hash."""

    path: str
    bytes: int
    sha256: str


Besides = dict[str, FileBeside]
"""Files beside the committed ones, by path."""


def is_beside(path: str) -> bool:
    """True for the path of a signature or of a file of an anchor."""
    return _SIGNATURE.fullmatch(path) is not None or is_anchor_file(path)


def besides_here(layout: Layout) -> Besides:
    """Those of an archive that are files of their own; those of packed years are in the containers."""
    folders = (layout.commits, layout.path(ANCHORS))
    paths = sorted(f"{one.name}/{file.name}" for one in folders if one.is_dir() for file in one.iterdir())
    found = ((path, *file_digest(layout.path(path))) for path in filter(is_beside, paths))
    return {path: FileBeside(path=path, bytes=size, sha256=sha256) for path, size, sha256 in found}


def besides_there(store: Store, site: str) -> Besides:
    """Those that a store lists of a site; `Damaged` when the list cannot be read."""
    data = read_or_none(store, f"{site}/{BESIDE_JSON}")
    try:
        listed = parsed_json(data)["files"] if data is not None else []
        found = [_from_json(value) for value in listed]
    except (ValueError, KeyError, TypeError) as error:
        place = f"{store.address}/{site}/{BESIDE_JSON}"
        raise Damaged(
            f"{place}: unreadable ({error}); remove it, then push from each machine that has files"
        ) from error
    return {one.path: one for one in found}


def _from_json(value: dict[str, Any]) -> FileBeside:
    one = FileBeside(path=value["path"], bytes=value["bytes"], sha256=value["sha256"])
    if not is_beside(one.path) or type(one.bytes) is not int or not isinstance(one.sha256, str):
        raise ValueError(f"{str(value)[:200]} is no file beside committed ones")
    return one


def push_besides(store: Store, site: str, layout: Layout, *, restores: bool = False) -> int:
    """Put those that the store lacks, then the list of all; how many were put. The caller holds the lock.

    With `restores` those here are put again, and a list that cannot be read is made anew from them.
    """
    here = besides_here(layout)
    try:
        there = besides_there(store, site)
    except Damaged:
        if not restores:
            raise
        there = {}
    lacking = [path for path in here if path not in there or restores]
    each(lambda path: store.put(f"{site}/{path}", layout.path(path)), lacking)
    if lacking:
        listed = there | {path: here[path] for path in lacking}
        files = [{"path": p, "bytes": listed[p].bytes, "sha256": listed[p].sha256} for p in sorted(listed)]
        ready = layout.staging / BESIDE_JSON
        replace_synced(ready, json_document({"schema": _SCHEMA, "files": files}), layout.staging)
        store.put(f"{site}/{BESIDE_JSON}", ready)
        ready.unlink()
    return len(lacking)


def pull_besides(store: Store, site: str, layout: Layout) -> int:
    """Take those that are not here, each checked by its hash; how many. The caller holds the lock."""
    lacking = [one for path, one in besides_there(store, site).items() if not layout.path(path).exists()]
    each(lambda one: _take(store, site, layout, one), lacking)
    return len(lacking)


def _take(store: Store, site: str, layout: Layout, one: FileBeside) -> None:
    place = f"{site}/{one.path}"
    data = read_or_none(store, place)
    if data is None or (len(data), hashlib.sha256(data).hexdigest()) != (one.bytes, one.sha256):
        said = "missing" if data is None else "altered"
        raise Damaged(f"{store.address}/{place}: {said}; {BESIDE_JSON} lists it. Restore it from a copy")
    file: Path = layout.path(one.path)
    file.parent.mkdir(exist_ok=True)
    replace_synced(file, data, layout.staging)
    sync_folders(file, layout.root)
