"""`manifest.json` of an export: from which commits it is, what is in it, and the hash of every file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines import __version__
from pipelines.archive.disk.files import file_digest, json_document
from pipelines.export.not_exportable import NotExportable
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipelines.tables.columns import Column
    from pipelines.tables.selection import Selection, Taken

MANIFEST = "manifest.json"
EXPORT_SCHEMA = "export/1"


def write_manifest(
    selection: Selection,
    tables: Mapping[str, Sequence[Column]],
    folder: Path,
    asked: Mapping[str, Any],
    unreadable: Mapping[str, str],
) -> None:
    """Write the manifest of what lies in the folder.

    Args:
        selection: the rows, which have been read.
        tables: the columns written of each table.
        folder: of the export.
        asked: what the person asked for, by option.
        unreadable: by folder name the archives that are not in it, and the kind of error.
    """
    document = {
        "schema": EXPORT_SCHEMA,
        "software": f"speech-archive {__version__}",
        "asked": dict(asked),
        "sites": [_site(one) for one in selection.taken.values()],
        "tables": {name: _table(selection, name, written) for name, written in tables.items()},
        "left_out": {
            "archives": dict(unreadable),
            "problems": {name: dict(sorted(codes.items())) for name, codes in selection.left_out.items()},
            "not_present": selection.absent,
        },
        "files": [_file(folder, file) for file in sorted(folder.rglob("*")) if file.is_file()],
    }
    (folder / MANIFEST).write_bytes(json_document(document))


def is_export(folder: Path) -> bool:
    """Whether a folder holds an export, with its manifest. `NotExportable` when it holds anything else, too."""
    try:
        told = json_object(folder / MANIFEST)
        is_ours = bool(told["schema"] == EXPORT_SCHEMA)
        named = {MANIFEST, *(file["path"] for file in told["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    if is_ours and (foreign := next((name for name in sorted(found) if name not in named), None)):
        raise NotExportable(f"--out {folder}: {foreign} is not of the export; move it away, or give another name")
    return is_ours


def _site(taken: Taken) -> dict[str, Any]:
    last = taken.last
    since = {} if taken.after is None else {"since": taken.after}
    return {"site": taken.site, "commit": last.n, "recorded_at": last.recorded_at, "head": last.sha256} | since


def _table(selection: Selection, name: str, written: Sequence[Column]) -> dict[str, Any]:
    table = selection.table(name)
    return {
        "about": table.about,
        "rows": sum(one.rows[name] for one in selection.taken.values()),
        "key": list(table.key),
        "columns": [{"name": one.name, "kind": one.kind, "about": one.about} for one in written],
    }


def _file(folder: Path, file: Path) -> dict[str, Any]:
    size, sha256 = file_digest(file)
    return {"path": file.relative_to(folder).as_posix(), "bytes": size, "sha256": sha256}
