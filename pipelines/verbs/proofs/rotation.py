"""When each archive of a root was last proved whole, and which of them a run of `verify` proves now."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A full check of one archive: when it ended (RFC 3339, UTC), of which head, and whether all was whole."""

    schema: str = SCHEMA
    at: str
    site: str
    commit: int
    head: str | None
    is_whole: bool


def read_proofs(file: Path) -> list[Proved]:
    """The lines of a proofs file, oldest first; none when there is no file.

    Raises:
        NotUnderstood: the file cannot be read, or a line in it is no proof.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise NotUnderstood(f"{file}: cannot be read ({error.strerror}); give another file by --proofs") from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            proof = Proved(**parsed_json(line))
            datetime.fromisoformat(proof.at)
        except (ValueError, TypeError) as error:
            raise NotUnderstood(f"{file}, line {number}: no proof ({error}); remove the line") from error
        found.append(proof)
    return found


def check_appendable(file: Path) -> None:
    """Raise `NotUnderstood` when no proof can be noted in `file`: before hours of checks, not after them."""
    try:
        with file.open("ab"):
            pass
    except OSError as error:
        raise NotUnderstood(f"{file}: no proof can be noted there ({error.strerror}); give --proofs FILE") from error


def add_proof(file: Path, proof: Proved) -> None:
    """Append a proof and see it on the disk.

    Raises:
        NotUnderstood: as `check_appendable`.
    """
    check_appendable(file)
    line = json.dumps(asdict(proof), ensure_ascii=False, separators=(",", ":"))
    with file.open("ab") as stream:
        stream.write(f"{line}\n".encode())
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
