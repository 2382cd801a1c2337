"""A WARC record as bytes, and its digests. https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelines.untrusted import MOST_DIGITS
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = "WARC/1.1"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
END = b"\r\n\r\n"
_LENGTH = "content-length"


class WarcDamaged(ValueError):  # noqa: N818 - reads as a sentence: "WARC damaged"
    """An invalid WARC file; the message names the file and the offset."""


class Place(NamedTuple):
    """The place of a record: `offset` and `length` of its gzip member, in bytes of the file."""

    offset: int
    length: int


@frozen
class WarcRecord:
    """Named fields in the order they are written (without Content-Length, which the block gives), and the block."""

    fields: tuple[tuple[str, str], ...]
    block: bytes

    def get(self, name: str) -> str | None:
        """First value of a named field; names are case-insensitive."""
        wanted, size = name.lower(), len(name)
        for key, value in self.fields:  # millions of times in one proof
            if len(key) == size and key.lower() == wanted:
                return value
        return None

    @property
    def type(self) -> str:
        """WARC-Type: warcinfo, request, response, revisit, metadata …"""
        return self.get("WARC-Type") or ""

    @property
    def record_id(self) -> str:
        """WARC-Record-ID as written, `<urn:uuid:…>`."""
        return self.get("WARC-Record-ID") or ""

    @property
    def target_uri(self) -> str | None:
        """WARC-Target-URI, the address requested."""
        return self.get("WARC-Target-URI")

    @property
    def date(self) -> str:
        """WARC-Date, RFC 3339 in UTC."""
        return self.get("WARC-Date") or ""

    @property
    def original(self) -> tuple[str, int]:
        """Of a revisit: file and offset of the record it refers to; `WarcDamaged` when these are invalid."""
        name, offset = self.get("WARC-Refers-To-Filename") or "", self.get("WARC-Refers-To-File-Offset") or ""
        if not (offset.isascii() and offset.isdecimal() and len(offset) <= MOST_DIGITS):
            raise WarcDamaged(f"{self.record_id}: refers to offset {offset[:MOST_DIGITS]!r} of {name[:200]!r}")
        return name, int(offset)

    @classmethod
    def from_bytes(cls, data: bytes | bytearray) -> WarcRecord:
        """Read one record back.

        Raises:
            ValueError: the data is not a record, or its block has another length than Content-Length.
        """
        end = data.find(END)
        version, *lines = data[: max(end, 0)].decode("utf-8").split("\r\n")
        if end < 0 or not version.startswith("WARC/"):
            raise ValueError("not a WARC record")
        fields: list[tuple[str, str]] = []
        lengths: list[str] = []
        for line in lines:
            name, _, value = line.partition(":")
            field = name.strip(), value.strip()
            if len(field[0]) != len(_LENGTH) or field[0].lower() != _LENGTH:
                fields.append(field)
            else:
                lengths.append(field[1])
        length = lengths[0] if lengths else ""
        is_number = length.isascii() and length.isdecimal() and len(length) <= MOST_DIGITS
        if not is_number or len(data) != end + int(length) + 2 * len(END) or not data.endswith(END):
            raise ValueError(f"the record's block is not the {length[:MOST_DIGITS] or '?'} bytes it says")
        return cls(tuple(fields), bytes(memoryview(data)[end + len(END) : -len(END)]))


def header(fields: Iterable[tuple[str, str]], length: int) -> bytes:
    """The header of a record with a block of `length` bytes."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields])
    return f"{VERSION}\r\n{lines}Content-Length: {length}\r\n\r\n".encode()


def digest(sha256_hex: str) -> str:
    """A digest as written in WARC fields: `sha256:` and hexadecimal digits."""
    return f"sha256:{sha256_hex}"
