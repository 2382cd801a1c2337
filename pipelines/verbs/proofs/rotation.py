"""When each archive of a root was last proved whole, and which of them a run of `verify` proves now."""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import sync, sync_folder
from pipelines.archive.errors import NotUnderstood
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

PROOFS_FILE = "proofs.jsonl"
SCHEMA = "proof/1"
_BEGIN = f'{{"schema":"{SCHEMA}"'.encode()
_LONG_AGO = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A full check of one archive: when it ended (RFC 3339, UTC), of which head, and whether all was whole."""

    schema: str = SCHEMA
    at: str
    site: str
    commit: int
    head: str | None
    is_whole: bool


@dataclass(slots=True)
class Proofs:
    """The lines of a proofs file, oldest first; `notes` are about those that do not count."""

    proved: list[Proved] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_proofs(file: Path, now: str) -> Proofs:
    """What a proofs file says at the moment `now` (RFC 3339); nothing when there is no file.

    A line that a crash left torn is passed over, and so is a proof dated after `now`: of an archive checked under a
    clock that was ahead it is not known when. Damage found then still counts.

    Raises:
        NotUnderstood: the file cannot be read, or a line in it is of something else.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Proofs()
    except OSError as error:
        raise NotUnderstood(f"{file}: cannot be read ({error.strerror}); give another file by --proofs") from error
    found, moment = Proofs(), datetime.fromisoformat(now)
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        where = f"{file}, line {number}"
        try:
            proof = Proved(**parsed_json(line))
            is_ahead = datetime.fromisoformat(proof.at) > moment
        except (ValueError, TypeError) as error:
            if not _is_torn(line):
                raise NotUnderstood(f"{where}: no proof ({error}); remove the line") from error
            found.notes.append(f"{where}: torn, passed over; remove the line")
            continue
        if is_ahead:
            found.notes.append(f"{where}: a check of {proof.site} dated {proof.at}, after now, does not count")
            proof = replace(proof, at=_LONG_AGO)
        if not (is_ahead and proof.is_whole):
            found.proved.append(proof)
    return found


def _is_torn(line: bytes) -> bool:
    """True for the beginning of a proof; file systems may fill what was not written with zero bytes."""
    left = line.rstrip(b"\0")
    return left.startswith(_BEGIN) or _BEGIN.startswith(left)


def check_appendable(file: Path) -> None:
    """Raise `NotUnderstood` when no proof can be noted in `file`: before hours of checks, not after them."""
    try:
        with file.open("ab"):
            pass
    except OSError as error:
        raise NotUnderstood(f"{file}: no proof can be noted there ({error.strerror}); give --proofs FILE") from error


def add_proof(file: Path, proof: Proved) -> None:
    """Append a proof and see it on the disk; it begins on a line of its own also after a torn one.

    Raises:
        NotUnderstood: as `check_appendable`.
    """
    check_appendable(file)
    line = json.dumps(asdict(proof), ensure_ascii=False, separators=(",", ":"))
    with file.open("rb+") as stream:
        end = stream.seek(0, os.SEEK_END)
        stream.seek(max(end - 1, 0))
        begin = "" if stream.read(1) in {b"", b"\n"} else "\n"
        stream.write(f"{begin}{line}\n".encode())
        sync(stream)
    sync_folder(file.parent)


def newest(proofs: Iterable[Proved]) -> dict[str, Proved]:
    """The last proof of each site that found it whole: damage found is no proof."""
    return {proof.site: proof for proof in proofs if proof.is_whole}


def rotated(sites: Sequence[str], proofs: Sequence[Proved], days: int, now: str) -> list[str]:
    """The sites to be proved now, so that each is proved once in `days` days.

    A share of all that follows from the time since the last check of any (a day when there was none), those first
    whose check is oldest; and each that was found damaged, until it is whole again.
    """
    last = {proof.site: proof for proof in proofs}
    since = timedelta(days=1)
    if proofs:
        since = datetime.fromisoformat(now) - datetime.fromisoformat(max(proof.at for proof in proofs))
    # Nights are not exactly a day apart: without rounding up, a few minutes less would leave a share for later.
    elapsed = max(1, math.ceil(since / timedelta(days=1) - 0.5))
    share = min(len(sites), math.ceil(len(sites) * elapsed / days))
    order = sorted(sites, key=lambda site: (last[site].at if site in last else "", _digest(site)))
    damaged = {site for site in sites if site in last and not last[site].is_whole}
    return sorted({*order[:share], *damaged})


def sampled(sites: Sequence[str], percent: float, now: str) -> list[str]:
    """`percent` of the sites, at least one: which ones follows from the day, and changes with it."""
    count = math.ceil(len(sites) * percent / 100)
    return sorted(sorted(sites, key=lambda site: _digest(f"{now[:10]} {site}"))[:count])


def age(site: str, last: Mapping[str, Proved], now: str) -> str:
    """How old the proof of a site is, in words."""
    if site not in last:
        return "never proved"
    days = (datetime.fromisoformat(now) - datetime.fromisoformat(last[site].at)).days
    return f"last proved {last[site].at[:10]}, {days} days ago"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
