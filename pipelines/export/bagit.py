"""BagIt 1.0 (RFC 8493): a bag whose payload is a complete archive."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pipelines import __version__
from pipelines.archive.disk.commits import sidecar_text
from pipelines.archive.disk.files import file_digest
from pipelines.archive.disk.layout import Layout
from pipelines.archive.prove.anchors.anchor_files import ANCHORS, anchor_names, commit_of, reply_file
from pipelines.archive.prove.signatures import signature_name
from pipelines.archive.write.rebuild import rebuild
from pipelines.export.publishing import copy_proved
from pipelines.untrusted import is_there, whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.export.snapshot import Snapshot

_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_MANIFEST = "manifest-sha256.txt"


def write_bag(snapshot: Snapshot, bag: Path) -> None:
    """Write the bag to the new folder `bag`; its `data/` is an archive that passes `verify`."""
    payload = bag / "data"
    payload.mkdir(parents=True)
    _copy_archive(snapshot, Layout(payload))
    files = sorted(file for file in payload.rglob("*") if file.is_file())
    (bag / _MANIFEST).write_text(_manifest(bag, files), "utf-8")
    size = sum(file.stat().st_size for file in files)
    (bag / "bagit.txt").write_text(_DECLARATION, "utf-8")
    (bag / "bag-info.txt").write_text(_info(snapshot, size, len(files)), "utf-8")
    tags = sorted(file for file in bag.iterdir() if file.is_file())
    (bag / "tagmanifest-sha256.txt").write_text(_manifest(bag, tags), "utf-8")


def _copy_archive(snapshot: Snapshot, into: Layout) -> None:
    layout = snapshot.archive.layout
    for named in snapshot.files:
        if named.path in snapshot.packed:
            continue
        file = into.path(named.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            copy_proved(snapshot.path(named), named, stream)
    into.commits.mkdir()
    for commit in snapshot.commits:
        if layout.commit_name(commit.n) in snapshot.packed:
            continue
        point = layout.stored(layout.commit_name(commit.n))
        into.commit(commit.n).write_bytes(whole(point))
        into.sidecar(commit.n).write_bytes(sidecar_text(point, commit.sha256))
        if is_there(signature := layout.stored(signature_name(commit.n))):
            into.path(signature_name(commit.n)).write_bytes(whole(signature))
    _copy_anchors(snapshot, into)
    rebuild(into.root)
    shutil.rmtree(into.staging)


def _copy_anchors(snapshot: Snapshot, into: Layout) -> None:
    layout = snapshot.archive.layout
    for name in anchor_names(layout):
        if commit_of(name) <= snapshot.last.n:
            into.path(ANCHORS).mkdir(exist_ok=True)
            for each in (name, reply_file(name)):
                into.path(each).write_bytes(whole(layout.path(each)))


def _manifest(bag: Path, files: Iterable[Path]) -> str:
    # No name in an archive holds a line break or a per cent sign, which would need an escape.
    return "".join(f"{file_digest(file)[1]}  {file.relative_to(bag).as_posix()}\n" for file in files)


def _info(snapshot: Snapshot, size: int, count: int) -> str:
    facts, last = snapshot.facts, snapshot.last
    fields = {
        "Source-Organization": snapshot.custody,
        "Contact-Name": facts.contact,
        "External-Description": f"Leader speeches published by {facts.committee} on {', '.join(facts.hosts)}: "
        f"commit {last.n} of {last.recorded_at}",
        "External-Identifier": last.sha256,
        "Internal-Sender-Identifier": facts.site,
        "Rights": facts.rights,
        "Bagging-Date": last.recorded_at[:10],
        "Bag-Software-Agent": f"speech-archive {__version__}",
        "Payload-Oxum": f"{size}.{count}",
    }
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in fields.items() if value)
