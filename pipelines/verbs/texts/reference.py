"""References to a text: `4864`, `gszx:4864`, `4864@2` (its second version), `4864@2.1` (a reading of it)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelines.archive import Archive
from pipelines.archive.disk.layout import Layout, archives_in, is_archive
from pipelines.archive.errors import ArchiveError, NotKnown, NotUnderstood
from pipelines.archive.read.archives import OnePerSite
from pipelines.archive.read.reader import read_about

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.archive.disk.streams import Line

_REFERENCE = re.compile(r"([^@]+)(?:@(\d{1,9})(?:\.(\d{1,9}))?)?")
# These events bring a new text; a restored line repeats an old one.
_TEXTS = {"created", "changed", "reprocessed"}


def archive_of(path: str, text: str) -> Archive:
    """The archive at `path`, or of a folder of archives the one that is of the site in the id (`gszx:4864@2`).

    Raises:
        NotAnArchive: there is none.
        NotUnderstood: the id does not say of which site of several, or two are of that site.
    """
    if is_archive(Path(path)) or not (folders := archives_in(Path(path))):
        return Archive(path)
    site, colon, _ = text.partition("@")[0].rpartition(":")
    if not colon and len(folders) > 1:
        raise NotUnderstood(f"{text}: of which site? {path} holds {len(folders)} archives; write SITE:{text}")
    found, sites = None, OnePerSite()
    unreadable: ArchiveError | None = None
    for folder in folders:
        try:
            about = read_about(Layout(folder))
        except ArchiveError as error:
            unreadable = unreadable or error
            continue
        if not colon or (about and about.site == site):
            sites.add(site, folder)
            found = folder
    if found:
        return Archive(found)
    raise unreadable or NotKnown(f"{text}: {path} holds no archive of the site {site}")


class Reference(NamedTuple):
    """A speech by its full id; null means the newest version or reading."""

    id: str
    version: int | None
    reading: int | None

    def __str__(self) -> str:
        """As it is written."""
        version = "" if self.version is None else f"@{self.version}"
        return self.id + version + ("" if self.reading is None else f".{self.reading}")


def parse(archive: Archive, text: str) -> Reference:
    """Parse a reference; `NotUnderstood` when it is not one."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise NotUnderstood(f"{text!r}: write an id, with a version (4864@2) or a reading of it (4864@2.1)")
    version, reading = (None if number is None else int(number) for number in found.groups()[1:])
    return Reference(archive.full_id(found[1]), version, reading)


def find(archive: Archive, wanted: Reference) -> Line:
    """The line that brought the text; `NotKnown` lists what there is instead."""
    about = archive.about_by_commit(wanted.id)
    return among((line for _, lines in about for line in lines), archive, wanted)


def among(lines: Iterable[Line], archive: Archive, wanted: Reference) -> Line:
    """The same of the archive's lines about the speech, which are at hand."""
    found, there = None, []
    for line in lines:
        if line.get("event") not in _TEXTS:
            continue
        there.append(f"@{line['version']}.{line['reading']}")
        is_version = wanted.version in {None, line["version"]}
        if is_version and wanted.reading in {None, line["reading"]}:
            found = line
    if not there:
        raise never_captured(archive, wanted.id)
    if found is None:
        raise NotKnown(f"{wanted}: there are {', '.join(there)}")
    return found


def never_captured(archive: Archive, id: str) -> NotKnown:  # noqa: A002 - the contract's key
    """The error for an id that the archive does not hold."""
    return NotKnown(f"{id}: never captured; `jq -r .id {archive.layout.root}/index.jsonl` lists all ids")
