"""ZipNum: a sorted CDXJ index in gzip members, and a second index with the offset of each member."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MEMBER_LINES = 1024


def write_zipnum(lines: Iterable[bytes], packed: Path, index: Path) -> None:
    """Write sorted CDXJ lines to `packed`, and to `index` the first key, offset and length of each member."""
    waiting = iter(lines)
    with packed.open("wb") as members, index.open("wb") as places:
        places.write(f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': packed.name})}\n".encode())
        while block := list(islice(waiting, _MEMBER_LINES)):
            key = block[0].partition(b"{")[0]
            member = gzip.compress(b"".join(block), mtime=0)
            place = {"offset": members.tell(), "length": len(member)}
            places.write(key + json.dumps(place).encode() + b"\n")
            members.write(member)
