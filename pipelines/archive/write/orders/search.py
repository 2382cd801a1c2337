"""What an order to remove words reaches beside the lines: WARC records and run reports, searched one by one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import files_now
from pipelines.archive.disk.redactions import MARKER, Masked
from pipelines.archive.errors import Damaged
from pipelines.archive.write.orders.links import linked_texts
from pipelines.archive.write.orders.without_words import mask_for
from pipelines.canonical import local_part
from pipelines.record import SPEECH_SCHEMA, names_in
from pipelines.untrusted import is_there, json_object, parsed_json, whole
from pipelines.warc.exchanges import ANSWERS
from pipelines.warc.http import NotDecodable
from pipelines.warc.masking import REDACTED, REMOVED, has_mask, heading, masked, searched
from pipelines.warc.record_reader import records
from pipelines.warc.records import WarcDamaged, WarcRecord
from pipelines.warc.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.reader import Archive
    from pipelines.warc.records import Place

OWN_ROLES = frozenset({"article", "attachment"})
Spot = tuple[str, int]
"""File and offset of a record."""


def words_of(archive: Archive, wanted: str, also: Iterable[str] = ()) -> Words:
    """The words of a speech as its lines and the run reports have them; `also` what a person names besides."""
    titles, texts = set[str](), dict[str, None]()
    for line in archive.about(wanted):
        if line["schema"] == SPEECH_SCHEMA:
            titles |= {line["title"], (line["raw"] or {}).get("title") or ""}
            texts |= dict.fromkeys((line["body"] or "").split("\n"))
        elif line["listed"] is not None:
            titles.add(line["listed"]["title"])
    native_id = wanted.partition(":")[2]
    for path in named_files(archive, "runs/"):
        if is_there(file := archive.layout.stored(path)):
            titles |= set(_titles_in(json_object(file), native_id))
    return Words((title for title in titles if title and title != MARKER and not has_mask(title)), texts, also)


def names_of(archive: Archive, wanted: str) -> set[str]:
    """The names of people that its lines give."""
    lines = (line for line in archive.about(wanted) if line["schema"] == SPEECH_SCHEMA)
    found = chain.from_iterable([*names_in(line["speaker"]), line["author"] or ""] for line in lines)
    return {name.strip() for name in found if len(name.strip()) > 1}


@dataclass(slots=True)
class Sweep:
    """What is to be masked, and in words what stays although it may hold the words, and why."""

    masks: list[Masked] = field(default_factory=list)
    left: dict[str, None] = field(default_factory=dict)


def sweep(archive: Archive, wanted: str, words: Words, n: int) -> Sweep:
    """Search every WARC record and every run report of the archive, for the redaction that is commit `n`.

    The pages and attachments of the speech are removed whole, elsewhere its words are masked. What is another
    speech's as well stays, and is told.

    Raises:
        Damaged: a file cannot be read.
    """
    found = Sweep()
    if not words.titles:
        found.left[f"{wanted}: its titles are not known any more; if a page still shows one, name it by --also"] = (
            None
        )
    owners = _Owners(archive, wanted)
    try:
        owners.follow_revisits(archive)
        search = _Search(archive, owners, words, found, n)
        for path in named_files(archive, "warc/"):
            for place, record in records(archive.layout.stored(path)):
                if (mask := search.mask(path, place, record)) is not None:
                    found.masks.append(mask)
    except (OSError, WarcDamaged) as error:
        raise Damaged(f"{error}; nothing was redacted. Run verify") from error
    found.masks += _in_reports(archive, words)
    for commit in archive.commits():
        if words.spans(whole(archive.layout.stored(archive.layout.commit_name(commit.n)))):
            found.left[f"commits/{commit.n:08d}.json: holds the words, and a commit is never rewritten"] = None
    return found


class _Owners:
    """Whose pages and attachments the records are, by place and by address."""

    def __init__(self, archive: Archive, wanted: str) -> None:
        self.spots: set[Spot] = set()
        self.urls: set[str] = set()
        self.others: defaultdict[str, set[str]] = defaultdict(set)
        """The other speeches of which an address is a page or an attachment."""
        self.shared: dict[Spot, str] = {}
        """Records of the speech that are another's as well, and the other's id."""
        for line in archive.history():
            for one in line["captures"]:
                if one["role"] not in OWN_ROLES:
                    continue
                if line["id"] == wanted:
                    self.spots |= {(one["file"], one["offset"])} if one["file"] is not None else set()
                    self.urls.add(one["url"])
                else:
                    self.others[one["url"]].add(line["id"])
        self.urls -= self.others.keys()
        self.linked = {local_part(line["url"]) for line in archive.about(wanted) if "event" in line}
        """Where links to the speech lead: path and query."""

    def follow_revisits(self, archive: Archive) -> None:
        """Find the records to which revisits refer."""
        for path in named_files(archive, "warc/"):
            for place, record in records(archive.layout.stored(path)):
                url = record.target_uri or ""
                if (path, place.offset) in self.spots and url in self.others:
                    self.shared[path, place.offset] = min(self.others[url])
                if record.type != "revisit":
                    continue
                if (path, place.offset) in self.spots or url in self.urls:
                    self.spots.add(record.original)
                if url in self.others:
                    self.shared[record.original] = min(self.others[url])

    def other_of(self, url: str) -> set[str]:
        """The other speeches that an address belongs to."""
        return self.others.get(url, set())


@dataclass(frozen=True, slots=True)
class _Search:
    archive: Archive
    owners: _Owners
    words: Words
    found: Sweep
    n: int
    foreign: dict[str, Words] = field(default_factory=dict)

    def mask(self, path: str, place: Place, record: WarcRecord) -> Masked | None:
        """What is to be removed from a record; null when nothing is."""
        url, spot = record.target_uri or "", (path, place.offset)
        if self.words.spans(url.encode()):
            self.found.left[f"{path}: an address holds the words, and addresses stay"] = None
        if record.type in ANSWERS and (spot in self.owners.spots or url in self.owners.urls):
            if (other := self.owners.shared.get(spot)) is None:
                return None if _is_emptied(record) else mask_for(path, place, record, None, self.n)
            self.found.left[f"{path} at {place.offset}: is of {other} as well, and stays"] = None
        words = self.words
        if self.owners.other_of(url):
            if url not in self.foreign:
                self.foreign[url] = self._foreign_words(url)
            words = self.foreign[url]
        self._tell_links(path, record)
        try:
            spans = words.spans(searched(record))
        except NotDecodable:
            self.found.left[f"{path} at {place.offset}: its content coding cannot be decoded or searched"] = None
            return None
        if words.spans(heading(record)):
            return mask_for(path, place, record, None, self.n)
        return mask_for(path, place, record, spans, self.n) if spans else None

    def _tell_links(self, path: str, record: WarcRecord) -> None:
        """Report links whose words stay: another speech's title may begin like one that is cut short."""
        for text in linked_texts(record, self.owners.linked):
            if not self.words.within(text) and not has_mask(text):
                stays = f"{path}: a link to the speech says {text.strip()!r}, which stays"
                self.found.left[f"{stays}; if the order means it, name it by --also"] = None

    def _foreign_words(self, url: str) -> Words:
        """On the page of another speech: its title is masked, unless the other says the same itself."""
        kept = list(self.words.titles)
        for other in sorted(self.owners.other_of(url)):
            said = [title for title in kept if _says(self.archive.about(other), self.words.only([title]))]
            kept = [title for title in kept if title not in said]
            if said:
                self.found.left[f"{other}: says the same words itself; redact it, too, if the order means it"] = None
        return self.words.only(kept)


def _says(lines: Iterable[Line], words: Words) -> bool:
    return any(words.within(f"{line['title']}\n{line['body'] or ''}") for line in lines if "event" in line)


def _is_emptied(record: WarcRecord) -> bool:
    """True for a record that an earlier redaction left without its block."""
    if record.get(REDACTED) is None:
        return False
    return record.type == "revisit" or searched(record) in {REMOVED, b""}


def _in_reports(archive: Archive, words: Words) -> Iterator[Masked]:
    for path in named_files(archive, "runs/"):
        file = archive.layout.stored(path)
        if not is_there(file):
            continue
        data = whole(file)
        if spans := words.spans(data):
            try:
                parsed_json(masked(data, spans))
            except ValueError as error:
                raise Damaged(f"{file}: cannot be read without the words ({error}); nothing was redacted") from error
            yield Masked(file=path, offset=None, record_id=None, spans=tuple(spans), old=None, new=None)


def named_files(archive: Archive, folder: str) -> list[str]:
    """The committed files below a folder, in the order of their commits."""
    return [path for path in files_now(archive.commits()) if path.startswith(folder)]


def _titles_in(value: Any, native_id: str) -> Iterator[str]:
    """The titles that a report gives beside the id of the speech."""
    if isinstance(value, dict):
        if value.get("native_id") == native_id and isinstance(value.get("title"), str):
            yield value["title"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _titles_in(one, native_id)
