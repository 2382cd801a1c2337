"""The titles of suppressed speeches that a run meets on list pages: kept in its staging, and masked when it ends.

They are known only while the site shows them: the archive does not hold them any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.disk.files import json_document, replace_synced
from pipelines.untrusted import json_object
from pipelines.warc.words import Words

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "suppressed.json"


def note_title(folder: Path, title: str) -> None:
    """Remember a title in the staging folder of a run; durable, so that salvage masks it as well."""
    if title not in (known := _titles(folder)):
        replace_synced(folder / _FILE, json_document({"titles": [*known, title]}), folder)


def suppressed_words(folder: Path) -> Words | None:
    """The titles that a run met; null when it met none."""
    known = _titles(folder)
    return Words(known) if known else None


def _titles(folder: Path) -> list[str]:
    try:
        titles: list[str] = json_object(folder / _FILE)["titles"]
    except FileNotFoundError:
        return []
    return titles
