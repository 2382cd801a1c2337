"""METS 1.12 with Dublin Core and PREMIS 3 events: what an archive holds and what happened to it, for a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import __version__
from pipelines.archive.read.known import EVENTS
from pipelines.export.dublin_core import of_collection, of_speech, speeches, write_elements
from pipelines.export.xml_writer import XmlWriter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.files import NamedFile
    from pipelines.export.dublin_core import Pairs
    from pipelines.export.snapshot import Snapshot

_NAMESPACES = {
    "xmlns": "http://www.loc.gov/METS/",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": "http://www.loc.gov/METS/ http://www.loc.gov/standards/mets/mets.xsd",
}
_PREMIS = "http://www.loc.gov/premis/v3"
_MIME = {
    ".gz": "application/gzip",
    ".json": "application/json",
    ".tar": "application/x-tar",
    ".xz": "application/x-xz",
}
_EVENTS = {
    "redaction": ("redaction", "text removed by order"),
    "pack": ("packing", "files of a year put into containers"),
    "description": ("metadata modification", "the description of the archive was recorded anew"),
    "rekey": ("metadata modification", "ids that the site changed were paired"),
    "reprocess": ("migration", "stored captures were read again"),
    "salvage": ("capture", "what a run that died had saved"),
    "crawl": ("capture", "the site was crawled"),
    "replay": ("replication", "a run was made again from its captures"),
}
"""Of a commit's kind: the term of PREMIS's list of event types, and what it means here."""


def write_mets(snapshot: Snapshot, file: Path) -> None:
    """Write one document: the archive, its speeches, an event a commit, and each named file with its checksum."""
    last = snapshot.last
    with file.open("wb") as stream:
        xml = XmlWriter(stream)
        about = {"OBJID": last.sha256, "LABEL": f"{snapshot.facts.name}: 领导讲话", "TYPE": "archive"}
        with xml.element("mets", _NAMESPACES | about):
            _header(xml, snapshot)
            _described(xml, "dmd-archive", of_collection(snapshot))
            ids = []
            for number, line in enumerate(speeches(snapshot, file.parent), 1):
                _described(xml, f"dmd-{number}", of_speech(line, snapshot))
                ids.append((line["id"], line["title"]))
            with xml.element("amdSec", {"ID": "amd-archive"}):
                for commit in snapshot.commits:
                    _event(xml, commit)
            # What lies in a container is named by it: a copy of the archive has no other file of it.
            files = [named for named in snapshot.files if named.path not in snapshot.packed]
            _files(xml, files)
            _structure(xml, snapshot.facts.site, ids, len(files))
        xml.end()


def _header(xml: XmlWriter, snapshot: Snapshot) -> None:
    with xml.element("metsHdr", {"CREATEDATE": snapshot.last.recorded_at}):
        if snapshot.custody:
            with xml.element("agent", {"ROLE": "CUSTODIAN", "TYPE": "ORGANIZATION"}):
                xml.text("name", snapshot.custody)
        with xml.element("agent", {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}):
            xml.text("name", f"speech-archive {__version__}")


def _described(xml: XmlWriter, id: str, pairs: Pairs) -> None:  # noqa: A002 - the attribute's name
    with (
        xml.element("dmdSec", {"ID": id}),
        xml.element("mdWrap", {"MDTYPE": "DC", "MIMETYPE": "text/xml"}),
        xml.element("xmlData"),
    ):
        write_elements(xml, pairs)


def _event(xml: XmlWriter, commit: Commit) -> None:
    kind, meaning = _EVENTS.get(commit.kind, ("other", f"commit of kind {commit.kind}"))
    with (
        xml.element("digiprovMD", {"ID": f"event-{commit.n}"}),
        xml.element("mdWrap", {"MDTYPE": "PREMIS:EVENT", "MDTYPEVERSION": "3.0", "MIMETYPE": "text/xml"}),
        xml.element("xmlData"),
        xml.element("premis:event", {"xmlns:premis": _PREMIS}),
    ):
        with xml.element("premis:eventIdentifier"):
            xml.text("premis:eventIdentifierType", "commit SHA-256")
            xml.text("premis:eventIdentifierValue", commit.sha256)
        xml.text("premis:eventType", kind)
        xml.text("premis:eventDateTime", commit.recorded_at)
        with xml.element("premis:eventDetailInformation"):
            xml.text("premis:eventDetail", f"commit {commit.n}, run {commit.run}: {meaning}{_reason(commit)}")
        with xml.element("premis:eventOutcomeInformation"):
            counts = ", ".join(f"{name} {commit.counts.get(name, 0)}" for name in EVENTS)
            xml.text("premis:eventOutcome", f"{counts}; SHA-256 of {len(commit.files)} files computed")


def _reason(commit: Commit) -> str:
    if commit.redaction is not None:
        order = f", order {commit.redaction.order}" if commit.redaction.order else ""
        return f" ({commit.redaction.id}: {commit.redaction.reason}{order})"
    reason = (commit.details or {}).get("reason")
    return f" ({reason})" if reason else ""


def _files(xml: XmlWriter, files: Iterable[NamedFile]) -> None:
    with xml.element("fileSec"), xml.element("fileGrp", {"USE": "archive"}):
        for number, named in enumerate(files, 1):
            suffix = named.path[named.path.rfind(".") :]
            facts = {"ID": f"file-{number}", "MIMETYPE": _MIME.get(suffix, "text/plain"), "SIZE": str(named.bytes)}
            with xml.element("file", facts | {"CHECKSUM": named.sha256, "CHECKSUMTYPE": "SHA-256"}):
                xml.text("FLocat", "", {"LOCTYPE": "URL", "xlink:href": named.path})


def _structure(xml: XmlWriter, site: str, ids: Iterable[tuple[str, str]], files: int) -> None:
    whole = {"TYPE": "archive", "LABEL": site, "DMDID": "dmd-archive", "ADMID": "amd-archive"}
    with xml.element("structMap", {"TYPE": "LOGICAL"}), xml.element("div", whole):
        for number, (id_, title) in enumerate(ids, 1):
            xml.text("div", "", {"TYPE": "speech", "LABEL": f"{id_} {title}", "DMDID": f"dmd-{number}"})
        with xml.element("div", {"TYPE": "files"}):
            for number in range(1, files + 1):
                xml.text("fptr", "", {"FILEID": f"file-{number}"})
