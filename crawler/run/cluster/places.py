"""The place of a worker: its archive root. What a killed crawl left in staging lies there, and nowhere else."""

from __future__ import annotations

import platform
import re
import secrets
from contextlib import suppress
from pathlib import Path

from pipelines.archive.errors import writing
from pipelines.fleet.attempts import FLEET, PLACE

_LONGEST = 60


def archives_of(store: str, place: str) -> str:
    """Where the archives of a cluster are, as all its workers must name it: its store, or their archive root."""
    return store or f"the archive root {place}"


def place_of(root: Path) -> str:
    """The name of an archive root, given once and kept in it, so that all workers that share it have the same.

    `ArchiveError` when it cannot be read or written.
    """
    file = root / FLEET / PLACE
    with writing(root):
        file.parent.mkdir(parents=True, exist_ok=True)
        host = re.sub(r"[^a-z0-9.-]+", "-", platform.node().lower())[:_LONGEST].strip("-.")
        with suppress(FileExistsError), file.open("x", encoding="utf-8") as new:
            new.write(f"{host or 'machine'}-{secrets.token_hex(3)}\n")
        return _name_in(file)


def known_place(root: Path) -> str | None:
    """The name of an archive root, as `place_of`; null where no worker has been yet. Nothing is written."""
    file = root / FLEET / PLACE
    with writing(root):
        return _name_in(file) if file.exists() else None


def _name_in(file: Path) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", file.read_text("utf-8").strip())[: _LONGEST + 10]
