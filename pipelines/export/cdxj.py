"""CDXJ: an index of a WARC file for replay software, one line per capture."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.export.surt import surt
from pipelines.warc.http import HttpResponse
from pipelines.warc.record_reader import records
from pipelines.warc.records import WarcDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stored.packed import Stored
    from pipelines.warc.records import Place, WarcRecord

_CAPTURES = frozenset({"response", "revisit"})
# Whitespace in an address would begin another key, or another line of the index.
_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f]+", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)


def cdxj_lines(warc: Stored) -> Iterator[bytes]:
    """The line of each response and revisit in a WARC file, in the order of the file.

    Keys and values are those of `cdxj-indexer`; like it, this lists no requests and no warcinfo.

    Raises:
        Damaged: the file breaks off, or a capture's address or date is invalid.
    """
    try:
        for place, record in records(warc):
            if record.type in _CAPTURES:
                yield _line(record, _address(record, place, warc), place, warc.name)
    except WarcDamaged as error:
        raise Damaged(str(error)) from error


def _address(record: WarcRecord, place: Place, warc: Stored) -> str:
    """The address of a capture; address and date are checked."""
    address = record.target_uri or ""
    for value, pattern in ((address, _ADDRESS), (record.date, _MOMENT)):
        if pattern.fullmatch(value) is None:
            raise Damaged(
                f"{warc}: record at offset {place.offset}: {value[:200]!r} is not the address or date of a capture"
            )
    return address


def _line(record: WarcRecord, url: str, place: Place, name: str) -> bytes:
    response = HttpResponse.parse(record.block)
    mime = re.split(r"[;\s]", response.get("Content-Type") or "", maxsplit=1)[0]
    fields = {
        "url": url,
        "mime": "warc/revisit" if record.type == "revisit" else mime,
        "status": str(response.status or ""),
        "digest": record.get("WARC-Payload-Digest") or "",
        "length": str(place.length),
        "offset": str(place.offset),
        "filename": name,
    }
    timestamp = re.sub(r"\D", "", record.date)[:14]
    value = json.dumps({key: text for key, text in fields.items() if text})
    return f"{surt(url)} {timestamp} {value}\n".encode()
