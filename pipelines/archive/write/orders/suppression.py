"""The titles of suppressed speeches that a run meets on list pages: kept in its staging, and masked when it ends.

They are known only while the site shows them: the archive does not hold them any more.
"""

from __future__ import annotations

import html
import re
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pipelines.archive.disk.files import json_document, replace_synced
from pipelines.canonical import local_part
from pipelines.untrusted import json_object
from pipelines.warc.http import NotDecodable
from pipelines.warc.masking import searched
from pipelines.warc.record_reader import records
from pipelines.warc.words import FEWEST, Words, bare, decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set
    from pathlib import Path

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.archive.write.staging import StagedRun
    from pipelines.warc.records import WarcRecord

_FILE = "suppressed.json"
_LINK = re.compile(r"<a\s([^<>]{0,2000})>(.{0,2000}?)</a", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s]+)", re.IGNORECASE)
_TITLE = re.compile(r"\btitle\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


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
    linked = {title for file in files for _, record in records(file) for title in _linked(record, urls)}
    known = [*_titles(folder), *sorted(linked)]
    return Words(known) if known else None


def _linked(record: WarcRecord, urls: Set[str]) -> Iterator[str]:
    """The words of links to one of `urls`, and their `title`; short ones (详细) stand in other links as well."""
    if record.type != "response":
        return
    try:
        page = decoded(searched(record))
    except NotDecodable:
        return
    for link in _LINK.finditer(page):
        href = _HREF.search(link[1])
        if href is None or _target(record.target_uri or "", html.unescape(href[1])) not in urls:
            continue
        shown = (html.unescape(_TAG.sub("", link[2])), *map(html.unescape, _TITLE.findall(link[1])))
        yield from (text for text in shown if len(bare(text)) >= FEWEST)


def _target(page: str, href: str) -> str | None:
    """Path and query of a link on a page; null when it is no address."""
    try:
        return local_part(urljoin(page, href))
    except ValueError:
        return None


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
