"""Simple Dublin Core (ISO 15836-1) of an archive and its speeches, as an OAI-PMH 2.0 list of `oai_dc` records."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

from pipelines.export.xml_writer import XmlWriter
from pipelines.record import names_in
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.export.snapshot import Snapshot

Pairs = list[tuple[str, str | None]]

_OAI = "http://www.openarchives.org/OAI/2.0/"
_XSI = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}
NAMESPACES = {
    "xmlns:oai_dc": f"{_OAI}oai_dc/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    **_XSI,
    "xsi:schemaLocation": f"{_OAI}oai_dc/ {_OAI}oai_dc.xsd",
}


def write_dublin_core(snapshot: Snapshot, file: Path) -> None:
    """Write one record for the archive and one for each speech present at the commit.

    The list is what a harvester would get, so that it can be imported like one: `request` names the site, and dates
    are those of the commits.
    """
    facts, last = snapshot.facts, snapshot.last
    with file.open("wb") as stream:
        xml = XmlWriter(stream)
        with xml.element("OAI-PMH", {"xmlns": _OAI, **_XSI, "xsi:schemaLocation": f"{_OAI} {_OAI}OAI-PMH.xsd"}):
            xml.text("responseDate", last.recorded_at)
            request = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
            xml.text("request", f"http://{facts.hosts[0]}/", request)
            with xml.element("ListRecords"):
                _record(xml, facts.site, last.recorded_at, of_collection(snapshot))
                for line in speeches(snapshot, file.parent):
                    _record(xml, line["id"], line["recorded_at"], of_speech(line, snapshot))
        xml.end()


def speeches(snapshot: Snapshot, folder: Path) -> Iterator[dict[str, Any]]:
    """The speeches present at the commit (`latest/1`); bodies pass through a file in `folder`."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for line in snapshot.latest(type(folder)(scratch)):
            yield parsed_json(line)


def of_collection(snapshot: Snapshot) -> Pairs:
    """What the elements of Dublin Core say of the archive."""
    facts, last = snapshot.facts, snapshot.last
    return [
        ("title", f"{facts.name}: 领导讲话"),
        ("publisher", facts.committee),
        ("contributor", snapshot.custody),
        ("description", f"Leader speeches published by {facts.committee}, as of commit {last.n}"),
        ("date", f"{snapshot.commits[0].recorded_at}/{last.recorded_at}"),
        ("type", "Collection"),
        *(("source", f"http://{host}/") for host in facts.hosts),
        ("identifier", last.sha256),
        ("language", facts.language),
        ("rights", facts.rights),
    ]


def of_speech(line: dict[str, Any], snapshot: Snapshot) -> Pairs:
    """What the elements of Dublin Core say of a speech: who spoke is the creator, who edited the page contributes."""
    return [
        ("title", line["title"]),
        *(("creator", name) for name in names_in(line["speaker"])),
        ("contributor", line["author"]),
        ("publisher", snapshot.facts.committee),
        ("subject", line["genre"]),
        ("description", line["meeting"]),
        ("date", line["published_at"] or line["published_on"]),
        ("type", "Text"),
        ("format", "text/html"),
        ("identifier", line["id"]),
        ("identifier", line["url"]),
        ("source", line["source"]),
        *(("relation", one["url"]) for one in line["attachments"]),
        ("language", snapshot.facts.language),
        ("rights", snapshot.facts.rights),
    ]


def write_elements(xml: XmlWriter, pairs: Pairs) -> None:
    """The `oai_dc:dc` element; what is null is left out."""
    with xml.element("oai_dc:dc", NAMESPACES):
        for name, value in pairs:
            if value is not None:
                xml.text(f"dc:{name}", value)


def _record(xml: XmlWriter, identifier: str, datestamp: str, pairs: Pairs) -> None:
    with xml.element("record"):
        with xml.element("header"):
            xml.text("identifier", f"speech-archive:{identifier}")
            xml.text("datestamp", datestamp)
        with xml.element("metadata"):
            write_elements(xml, pairs)
