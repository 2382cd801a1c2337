"""The titles of suppressed speeches that a run meets on list pages: kept in its staging, and masked when it ends.

They are known only while the site shows them: the archive does not hold them any more.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import json_document, replace_synced
from pipelines.archive.write.orders.links import linked_texts
from pipelines.canonical import local_part
from pipelines.untrusted import json_object
from pipelines.warc.record_reader import records
from pipelines.warc.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.archive.write.staging import StagedRun

_FILE = "suppressed.json"


def note_title(folder: Path, title: str) -> None:
    """Remember a title in the staging folder of a run; durable, so that salvage masks it as well."""
    if title not in (known := _titles(folder)):
        replace_synced(folder / _FILE, json_document({"titles": [*known, title]}), folder)


def suppressed_words(archive: Archive, folder: Path, files: Iterable[Path]) -> Words | None:
    """The titles that a run met: in list rows, and in links to a suppressed speech in its captures `files`.

    Null when it met none.

    Raises:
        WarcDamaged, OSError: a file cannot be read.
    """
    acts = (archive.commit(act["commit"]).redaction for act in archive.totals().redactions)
    ids = {act.id.partition(":")[2] for act in acts if act is not None and act.is_suppressed}
    if not ids:
        return None
    states = archive.known(for_writing=False).states
    urls = {local_part(states[native_id].url) for native_id in ids if native_id in states}
    linked = {title for file in files for _, record in records(file) for title in linked_texts(record, urls)}
    known = [*_titles(folder), *sorted(linked)]
    return Words(known) if known else None


class OtherTexts:
    """The speeches of a run whose own text holds the titles: their pages are left as they are, as their lines are."""

    def __init__(self, archive: Archive, staged: StagedRun, words: Words) -> None:
        """Read the staged lines once."""
        self._archive, self._words = archive, words
        self._says: dict[str, bool] = {}
        self._articles: dict[str, str] = {}
        for line in chain(staged.versions.all(), staged.observations.all()):
            if "event" in line:
                self._says[line["id"]] = self._holds(line)
            self._articles |= {one["url"]: line["id"] for one in line["captures"] if one["role"] == "article"}

    def are_at(self, url: str) -> bool:
        """True for the page of such a speech."""
        wanted = self._articles.get(url)
        if wanted is None:
            return False
        if wanted not in self._says:
            known = self._archive.known(for_writing=False).states[wanted.partition(":")[2]]
            self._says[wanted] = self._holds(self._archive.line(known.content_seq, known.content_commit))
        return self._says[wanted]

    def _holds(self, line: Line) -> bool:
        return bool(self._words.within(f"{line['title']}\n{line['body'] or ''}"))


def _titles(folder: Path) -> list[str]:
    try:
        titles: list[str] = json_object(folder / _FILE)["titles"]
    except FileNotFoundError:
        return []
    return titles
