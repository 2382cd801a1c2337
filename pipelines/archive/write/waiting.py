"""Runs in staging that have no commit: what is known of them from their folders, without the code that commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.disk.files import whole_members
from pipelines.archive.disk.layout import NAME, Layout, run_file
from pipelines.archive.disk.lock import lock_holder
from pipelines.archive.errors import Damaged
from pipelines.record import SiteFacts
from pipelines.untrusted import is_there, json_object, whole
from pipelines.values import frozen

if TYPE_CHECKING:
    from pathlib import Path

LOOKS = "looks.jsonl.gz"
RUN_JSON = "run.json"
JOURNAL = "commit.json"


@frozen(kw_only=True)
class Opening:
    """The facts of a run at its beginning, stored beside its lines for a possible salvage.

    `software` is for its commit, `request` (what the run was asked to do) for its report, `capture` for the first
    record of its WARC files.
    """

    run: str
    opened_at: str
    facts: SiteFacts
    software: dict[str, str]
    request: dict[str, Any]
    capture: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The opening of the run in `folder`; null when the run died before it was written."""
        try:
            value = json_object(folder / RUN_JSON)
        except FileNotFoundError:
            return None
        plain = {key: value[key] for key in ("run", "opened_at", "software", "request")}
        return cls(**plain, capture=value.get("capture", {}), facts=SiteFacts.from_json(value["facts"]))


def opening_of(folder: Path) -> Opening | None:
    """The opening of the dead run in `folder`, null as `Opening.read`; `Damaged` when it is unreadable."""
    try:
        return Opening.read(folder)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{folder}: left by a dead run, unreadable ({error}); move the folder away") from error


def staged_captures(folder: Path) -> list[Path]:
    """The WARC files in a run's staging, where `CaptureFiles` writes them."""
    return sorted(file for file in folder.glob("warc/*/*.warc.gz") if file.stat().st_size)


def is_committed(layout: Layout, folder: Path) -> bool:
    """True when the run whose staging is `folder` made its commit, and only died before it had removed the folder."""
    try:
        drafted = whole(folder / JOURNAL)
    except FileNotFoundError:
        # Its journal may be removed already; a report was put in place only with a journal beside it.
        return NAME.fullmatch(folder.name) is not None and is_there(layout.stored(run_file(folder.name)))
    commit = layout.stored(layout.commit_name(json_object(folder / JOURNAL)["n"]))
    return is_there(commit) and whole(commit) == drafted


@frozen
class Waiting:
    """What a run has saved in staging: how many observations, and bytes of captures."""

    run: str
    site: str
    name: str
    opened_at: str
    observations: int
    capture_bytes: int
    is_under_way: bool


def waiting_runs(layout: Layout) -> tuple[Waiting, ...]:
    """The runs in staging that have no commit yet, oldest first; nothing is written. `Damaged` as `salvage`."""
    folders = [folder for folder in layout.staging.iterdir() if folder.is_dir()] if layout.staging.is_dir() else []
    holder = lock_holder(layout.lock)
    found = [
        Waiting(
            run=opening.run,
            site=opening.facts.site,
            name=opening.facts.name,
            opened_at=opening.opened_at,
            observations=_saved(folder / LOOKS),
            capture_bytes=sum(file.stat().st_size for file in staged_captures(folder)),
            is_under_way=opening.run == holder,
        )
        for folder in folders
        if not is_committed(layout, folder) and (opening := opening_of(folder)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.opened_at, one.run)))


def _saved(file: Path) -> int:
    return sum(member.count(b"\n") for _, member in whole_members(file)) if file.exists() else 0
