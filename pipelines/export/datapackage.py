"""Data Package 2.0 (Frictionless): the lines of an archive as typed tables that other software can check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.archive.disk.files import NamedFile, gzip_lines, json_document
from pipelines.archive.schema.schemas import RECORDS
from pipelines.export.not_exportable import NotExportable
from pipelines.export.tableschema import table_schema
from pipelines.record import LATEST_SCHEMA, OBSERVATION_SCHEMA, SPEECH_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.export.snapshot import Snapshot

_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"


class _Table(NamedTuple):
    name: str
    schema: str
    primary_key: str
    about: str
    lines: Callable[[Snapshot, Path], Iterator[bytes]]


_TABLES = (
    _Table("speeches", LATEST_SCHEMA, "id", "the speeches present at this commit", lambda s, d: s.latest(d)),
    _Table("versions", SPEECH_SCHEMA, "seq", "every event of every speech", lambda s, _: s.raw_lines("versions")),
    _Table("observations", OBSERVATION_SCHEMA, "seq", "every observation", lambda s, _: s.raw_lines("observations")),
)


def write_datapackage(snapshot: Snapshot, package: Path) -> None:
    """Write the package to the new folder `package`: its description, and a `.jsonl.gz` for each table with lines."""
    package.mkdir()
    resources = []
    for table in _TABLES:
        file = package / f"{table.name}.jsonl.gz"
        gzip_lines(file, table.lines(snapshot, package.parent))
        if file.stat().st_size:
            resources.append(_resource(table, NamedFile.of(file, file.name)))
        else:
            file.unlink()  # Frictionless reports a table without lines as an error
    if not resources:
        raise NotExportable(f"commit {snapshot.last.n}: there are no lines up to it; give a later --commit")
    (package / "datapackage.json").write_bytes(json_document(_descriptor(snapshot, resources)))


def _resource(table: _Table, file: NamedFile) -> dict[str, Any]:
    return {
        "$schema": _RESOURCE_PROFILE,
        "name": table.name,
        "title": f"{table.schema}: {table.about}",
        "path": file.path,
        "type": "table",
        "format": "jsonl",
        "compression": "gz",
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "schema": table_schema(RECORDS[table.schema], table.primary_key),
    }


def _descriptor(snapshot: Snapshot, resources: list[dict[str, Any]]) -> dict[str, Any]:
    facts, last = snapshot.facts, snapshot.last
    return {
        "$schema": _PROFILE,
        "name": facts.site,
        "id": last.sha256,
        "title": f"{facts.name}: leader speeches",
        "description": f"What {facts.committee} published, as of commit {last.n}; id is the SHA-256 of that commit",
        "version": str(last.n),
        "created": last.recorded_at,
        "sources": [{"title": host, "path": f"http://{host}/"} for host in facts.hosts],
        "resources": resources,
    }
