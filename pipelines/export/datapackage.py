"""Data Package 2.0 (Frictionless): the lines of an archive as typed tables that other software can check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.archive.disk.files import NamedFile, gzip_lines, json_document
from pipelines.canonical import json_line
from pipelines.export.not_exportable import NotExportable
from pipelines.export.tableschema import table_schema
from pipelines.record import LATEST_SCHEMA, OBSERVATION_SCHEMA, SPEECH_SCHEMA, Latest, Observation, Version
from pipelines.tables.problem_rows import problem_rows
from pipelines.tables.rows import ProblemRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.export.snapshot import Snapshot

_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"


class _Table(NamedTuple):
    name: str
    record: type
    primary_key: tuple[str, ...]
    about: str
    lines: Callable[[Snapshot, Path], Iterator[bytes]]


def _speeches(snapshot: Snapshot, scratch: Path) -> Iterator[bytes]:
    return snapshot.latest(scratch)


def _versions(snapshot: Snapshot, _: Path) -> Iterator[bytes]:
    return snapshot.raw_lines("versions")


def _observations(snapshot: Snapshot, _: Path) -> Iterator[bytes]:
    return snapshot.raw_lines("observations")


def _problems(snapshot: Snapshot, scratch: Path) -> Iterator[bytes]:
    return (f"{json_line(row)}\n".encode() for row in problem_rows(snapshot.latest(scratch)))


_PRESENT = f"{LATEST_SCHEMA}: the speeches present at this commit"
_TABLES = (
    _Table("speeches", Latest, ("id",), _PRESENT, _speeches),
    _Table("versions", Version, ("seq",), f"{SPEECH_SCHEMA}: every event of every speech", _versions),
    _Table("observations", Observation, ("seq",), f"{OBSERVATION_SCHEMA}: every observation", _observations),
    _Table("problems", ProblemRow, ("id", "place"), "why values of these speeches are null or doubtful", _problems),
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
        "title": table.about,
        "path": file.path,
        "type": "table",
        "format": "jsonl",
        "compression": "gz",
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "schema": table_schema(table.record, *table.primary_key),
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
