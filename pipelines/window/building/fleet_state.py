"""Whether the records of a fleet have changed: a night on which every attempt failed commits nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import NAME, is_archive
from pipelines.archive.errors import ArchiveError
from pipelines.fleet.attempts import FLEET, Journal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def fleet_state(paths: Iterable[Path]) -> str:
    """A hash of the registers of these roots, or of the roots of these archives, and of what their journals are like.

    Raises:
        ArchiveError: one cannot be read.
    """
    try:
        return _hash(paths)
    except OSError as error:
        raise ArchiveError(str(error)) from error


def _hash(paths: Iterable[Path]) -> str:
    sha256 = hashlib.sha256()
    for path in paths:
        root, sites = (path.parent, [path.name]) if is_archive(path) else (path, None)
        if sites is None:
            sites = sorted(file.stem for file in (root / FLEET / "attempts").glob("*.jsonl"))
        for site in filter(NAME.fullmatch, sites):
            sha256.update(f"{site} {Journal(root, site).state()}\n".encode())
        register = root / FLEET / "sites.json"
        if register.exists():
            sha256.update(register.read_bytes())
    return sha256.hexdigest()
