"""A run over many sites, `ROOT/fleet/<run>.json`: which it crawled and how each ended; replaced as it goes on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.archive.read.moments import moment_of
from pipelines.exits import worst
from pipelines.fleet.attempts import FLEET
from pipelines.fleet.register import replace_in_fleet
from pipelines.untrusted import json_object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = "fleet-run/1"
KEPT = 1_000
"""Records that are kept: of six weeks, one every hour."""
_CONTINUED = timedelta(hours=20)
"""An unfinished run that is older is left: a nightly one, begun a little early, must not go on with last night's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEnded:
    """How the crawl of one site ended: as in its journal."""

    site: str
    exit_status: int
    verdict: str
    message: str
    seconds: float
    counts: dict[str, Any] | None = None
    commit: int | None = None
    head: str | None = None


@dataclass(slots=True, kw_only=True)
class FleetRun:
    """One run over many sites.

    Args:
        run: its id.
        began_at, ended_at: RFC 3339 in UTC; `ended_at` is null while it is under way, and for good when it died.
        selection: what was asked for: `sites`, `due`.
        jobs: sites at once.
        stopped: why it ended before all sites had their turn; null when they had.
        left: sites that had no turn.
        sites: those that ended, by name.
    """

    run: str
    began_at: str
    selection: dict[str, Any]
    jobs: int
    ended_at: str | None = None
    stopped: str | None = None
    left: int = 0
    sites: dict[str, SiteEnded] = field(default_factory=dict)

    @property
    def exit_status(self) -> int:
        """The worst of the sites', 11 (interrupted) among them when it was stopped."""
        return worst([*(one.exit_status for one in self.sites.values()), *([11] if self.stopped else [])])

    def save(self, root: Path) -> None:
        """Replace its file in the archive root `root`; `OSError` when that cannot be done."""
        told = {"schema": SCHEMA, **{one.name: getattr(self, one.name) for one in fields(self)}}
        ended = [asdict(one) for one in self.sites.values()]
        status = None if self.ended_at is None else self.exit_status
        replace_in_fleet(root, f"{self.run}.json", told | {"exit_status": status, "sites": ended})


def fleet_runs(root: Path) -> Iterator[FleetRun]:
    """The runs of an archive root, the newest first; files that cannot be read are passed over."""
    for file in _files(root):
        try:
            yield _read(json_object(file))
        except (OSError, ValueError, KeyError, TypeError):
            continue


def has_died(root: Path, run: str | None) -> bool:
    """Whether a run has a record without an end; null and one without a record have not."""
    try:
        return run is not None and _read(json_object(root / FLEET / f"{run}.json")).ended_at is None
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _files(root: Path) -> list[Path]:
    """The newest first: names begin with the moment."""
    return sorted((root / FLEET).glob("[0-9]*t*z-*.json"), reverse=True)


def forget_old(root: Path) -> None:
    """Remove records of runs but the newest; what cannot be removed stays. The journals keep every attempt."""
    for file in _files(root)[KEPT:]:
        with suppress(OSError):
            file.unlink()


def _read(told: dict[str, Any]) -> FleetRun:
    if told["schema"] != SCHEMA:
        raise ValueError(told["schema"])
    if moment_of(told["began_at"]) is None:
        raise ValueError(told["began_at"])
    names = {one.name for one in fields(SiteEnded)}
    ended = [SiteEnded(**{key: value for key, value in one.items() if key in names}) for one in told["sites"]]
    known = {one.name: told[one.name] for one in fields(FleetRun) if one.name in told}
    return FleetRun(**known | {"sites": {one.site: one for one in ended}})


def unfinished(root: Path, selection: dict[str, Any], now: datetime) -> FleetRun | None:
    """The newest run, when it asked for the same, is young enough, and died or was stopped; `now` is aware."""
    newest = next(fleet_runs(root), None)
    if newest is None or newest.selection != selection or now - datetime.fromisoformat(newest.began_at) > _CONTINUED:
        return None
    return newest if newest.ended_at is None or newest.stopped else None
