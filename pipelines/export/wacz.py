"""WACZ 1.1.1: the raw exchanges with an index and a page list, in one file that replay software opens.

https://specs.webrecorder.net/wacz/1.1.1/
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from pipelines import __version__
from pipelines.archive.disk.files import file_digest, json_document
from pipelines.canonical import json_line
from pipelines.export.cdxj import cdxj_lines
from pipelines.export.not_exportable import NotExportable
from pipelines.export.publishing import copy_proved
from pipelines.export.sorting import sorted_lines
from pipelines.export.zipnum import write_zipnum
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.archive.disk.files import NamedFile
    from pipelines.archive.disk.streams import Line
    from pipelines.export.snapshot import Snapshot
    from pipelines.stored.packed import Stored

_PAGES = {"format": "json-pages-1.0", "id": "pages", "title": "Speeches", "hasText": True}
_UNIX = 3


def write_wacz(snapshot: Snapshot, target: Path) -> None:
    """Write the file `target`, with scratch files beside it; `NotExportable` when no raw exchange was kept."""
    warcs = [named for named in snapshot.files if named.path.startswith("warc/")]
    if not warcs:
        raise NotExportable(f"commit {snapshot.last.n}: no raw exchange was kept up to it; export --to bagit instead")
    with ZipFile(target, "x") as opened:
        box = _Box(opened, datetime.fromisoformat(snapshot.last.recorded_at))
        for named in warcs:
            box.add_warc(snapshot.path(named), named)
        _add_index(box, [snapshot.path(named) for named in warcs], target.parent)
        _add_pages(box, snapshot, target.parent)
        about = json_document(_about(snapshot, box.resources))
        box.add("datapackage.json", about)
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(about).hexdigest()}"}
        box.add("datapackage-digest.json", json_document(digest))


@dataclass(frozen=True, slots=True)
class _Box:
    """A ZIP file being written; `resources` lists its entries. All entries have the same date."""

    zip: ZipFile
    moment: datetime
    resources: list[dict[str, Any]] = field(default_factory=list)

    def add_warc(self, source: Stored, named: NamedFile) -> None:
        """Store a WARC file uncompressed, after checking it against its commit."""
        with self._open(f"archive/{source.name}", named.bytes, ZIP_STORED) as entry:
            copy_proved(source, named, entry)
        self._list(f"archive/{source.name}", named.bytes, named.sha256)

    def add_file(self, path: str, source: Path) -> None:
        """Add a scratch file; gzip is stored, text deflated."""
        size, sha256 = file_digest(source)
        with (
            source.open("rb") as stream,
            self._open(path, size, ZIP_STORED if path.endswith(".gz") else ZIP_DEFLATED) as entry,
        ):
            shutil.copyfileobj(stream, entry)
        self._list(path, size, sha256)

    def add(self, path: str, data: bytes) -> None:
        """Add a file that describes the others and is not listed in `resources`."""
        with self._open(path, len(data), ZIP_DEFLATED) as entry:
            entry.write(data)

    def _open(self, path: str, size: int, method: int) -> BinaryIO:
        entry = ZipInfo(path, self.moment.timetuple()[:6])
        entry.file_size, entry.compress_type = size, method  # the size decides on ZIP64
        entry.create_system, entry.external_attr = _UNIX, 0o644 << 16
        return self.zip.open(entry, "w")  # type: ignore[return-value]

    def _list(self, path: str, size: int, sha256: str) -> None:
        name = path.rpartition("/")[2]
        self.resources.append({"name": name, "path": path, "hash": f"sha256:{sha256}", "bytes": size})


def _add_index(box: _Box, warcs: list[Stored], scratch: Path) -> None:
    packed, index = scratch / "index.cdx.gz", scratch / "index.idx"
    lines = chain.from_iterable(map(cdxj_lines, warcs))
    write_zipnum(sorted_lines(lines, scratch), packed, index)
    for file in (packed, index):
        box.add_file(f"indexes/{file.name}", file)


def _add_pages(box: _Box, snapshot: Snapshot, scratch: Path) -> None:
    pages = scratch / "pages.jsonl"
    with pages.open("wb") as stream:
        stream.writelines(f"{json_line(page)}\n".encode() for page in _pages(snapshot, scratch))
    box.add_file("pages/pages.jsonl", pages)


def _pages(snapshot: Snapshot, scratch: Path) -> Iterator[dict[str, Any]]:
    yield _PAGES
    for raw in snapshot.latest(scratch):
        yield _page(parsed_json(raw))


def _page(line: Line) -> dict[str, Any]:
    """A page entry of a speech: the address and moment under which its article can be replayed."""
    captured = ((c["url"], c["captured_at"]) for c in line["captures"] if c["role"] == "article" and c["file"])
    url, moment = next(captured, (line["url"], line["observed_at"]))
    return {"id": line["id"], "url": url, "ts": moment, "title": line["title"], "text": line["body"]}


def _about(snapshot: Snapshot, resources: list[dict[str, Any]]) -> dict[str, Any]:
    facts, last = snapshot.facts, snapshot.last
    return {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "id": last.sha256,
        "title": f"{facts.name}: leader speeches",
        "description": f"What {facts.committee} published, as of commit {last.n}; id is the SHA-256 of that commit",
        "created": last.recorded_at,
        "software": f"speech-archive {__version__}",
        "resources": resources,
    }
