"""Whether the records of a fleet have changed: a night on which every attempt failed commits nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import is_archive
from pipelines.archive.errors import ArchiveError
from pipelines.fleet.attempts import FLEET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def fleet_state(paths: Iterable[Path]) -> str:
    """A hash of the registers of these roots, or of the roots of these archives, and of how long their journals are.

    Journals are only appended to. `ArchiveError` when one cannot be read.
    """
    try:
        return _hash(paths)
    except OSError as error:
        raise ArchiveError(str(error)) from error


def _hash(paths: Iterable[Path]) -> str:
    sha256 = hashlib.sha256()
    for path in paths:
        records = (path.parent if is_archive(path) else path) / FLEET
        journals = [records / "attempts" / f"{path.name}.jsonl"]
        if not is_archive(path):
            journals = sorted((records / "attempts").glob("*.jsonl"))
        for journal in journals:
            if journal.exists():
                sha256.update(f"{journal.name} {journal.stat().st_size}\n".encode())
        if (records / "sites.json").exists():
            sha256.update((records / "sites.json").read_bytes())
    return sha256.hexdigest()
