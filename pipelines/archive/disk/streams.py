"""Lines as stored: raw bytes, the objects they hold, and the first keys of a version line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.archive.disk.files import INFLATE_ERRORS
from pipelines.archive.errors import Damaged
from pipelines.inflate import BLOCK, ahead, blocks, inflated, lines_of
from pipelines.record import completed
from pipelines.untrusted import opened, parsed_json, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stored.packed import Stored

Line = dict[str, Any]


class LineHeading(NamedTuple):
    """The first keys of a version line: its event and speech, read without parsing the body."""

    seq: int
    commit: int
    id: str
    event: str
    version: int
    reading: int | None
    observed_at: str
    recorded_at: str


# The contract fixes the order of keys, and none of these values is ever escaped.
_HEADING = re.compile(
    rb'\{"schema":"speech/1","seq":(\d{1,18}),"commit":(\d{1,18}),"id":"([^"\\]+)","site":"[^"\\]+","native_id":"[^"\\]+"'
    rb',"event":"([a-z]+)","version":(\d{1,18}),"reading":(\d{1,18}|null),"observed_at":"([^"\\]+)","recorded_at":"([^"\\]+)"'
)


def raw_lines(file: Stored) -> Iterator[bytes]:
    """Lines with their line feed; only LF ends a line. A torn file raises `Damaged`, never gives a shorter list."""
    try:
        with opened(file) as stream:
            plain = inflated(blocks(stream)) if file.suffix == ".gz" else blocks(stream)
            if file.suffix == ".gz" and size_of(file) > BLOCK:
                plain = ahead(plain)
            for number, line in enumerate(lines_of(plain), 1):
                if not line.startswith(b"{"):
                    raise Damaged(f"{file}, line {number}: not a JSON object; restore the file from a copy")
                if not line.endswith(b"\n"):
                    raise Damaged(f"{file}: the last line is torn; restore the file from a copy")
                yield line
    except (OSError, *INFLATE_ERRORS) as error:
        raise Damaged(f"{file}: cannot be read ({error}); restore it from a copy") from error


def parsed(line: bytes, file: Stored, number: int) -> Line:
    """One line as an object, with every key of the contract."""
    try:
        value = parsed_json(line)
    except ValueError as error:
        raise Damaged(f"{file}, line {number}: not JSON ({error}); restore the file from a copy") from error
    if not isinstance(value, dict):
        raise Damaged(f"{file}, line {number}: not a JSON object; restore the file from a copy")
    return completed(value)


def heading(line: bytes, file: Stored, number: int) -> LineHeading:
    """The heading of a version line, many times faster than parsing it."""
    found = _HEADING.match(line)
    if found is None:
        return _parsed_heading(parsed(line, file, number), f"{file}, line {number}")
    seq, commit, identity, event, version, reading, observed_at, recorded_at = found.groups()
    return LineHeading(
        int(seq),
        int(commit),
        identity.decode(),
        event.decode(),
        int(version),
        None if reading == b"null" else int(reading),
        observed_at.decode(),
        recorded_at.decode(),
    )


def _parsed_heading(line: Line, where: str) -> LineHeading:
    try:
        return LineHeading(**{key: line[key] for key in LineHeading._fields})
    except KeyError as error:
        raise Damaged(f"{where}: lacks {error}; run verify") from error
