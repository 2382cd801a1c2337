"""Checks whether a run may write into an archive, all made before anything is written."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.archive.disk.commits import commit_files
from pipelines.archive.disk.layout import Layout, checked_name
from pipelines.archive.errors import ArchiveError, ClockBehind, DiskFull, LockHeld, WrongHost
from pipelines.archive.read.reader import Archive, read_about

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.record import SiteFacts


def admit(layout: Layout, facts: SiteFacts, run: str, opened_at: str) -> Archive | None:
    """The archive a run may write to, null when it begins a new one; raises when it may not."""
    checked_name(facts.site, "site")
    checked_name(run, "run")
    if (folder := layout.staging / run).exists():
        raise LockHeld(
            f"{folder}: a run of this id is in progress or died; wait for its end, or move the folder away"
        )
    about = read_about(layout)
    if about is None or not commit_files(layout):
        return None
    archive = Archive(layout.root)
    check_site(layout, about, facts)
    check_clock(layout, archive, opened_at)
    if any(commit.run == run for commit in archive.commits()):
        raise ArchiveError(f"{layout.root}: already holds a run {run}; give the run another id")
    return archive


def check_site(layout: Layout, about: SiteFacts, facts: SiteFacts) -> None:
    """Refuse a run of `facts` where `about` names another site, or another host of it."""
    remedy = "Give another ARCHIVE_ROOT"
    if (about.site, about.id_namespace) != (facts.site, facts.id_namespace):
        kept, given = f"{about.site} ({about.id_namespace})", f"{facts.site} ({facts.id_namespace})"
        raise WrongHost(f"{layout.root}: keeps {kept}, this run is of {given}: their ids would mix. {remedy}")
    kept_hosts, given_hosts = (sorted(_hostnames(f.hosts)) for f in (about, facts))
    if not set(kept_hosts) & set(given_hosts):
        kept, given = ", ".join(kept_hosts), ", ".join(given_hosts)
        raise WrongHost(f"{layout.root}: keeps {kept}, this run would read {given}. {remedy}")


def _hostnames(hosts: tuple[str, ...]) -> set[str]:
    return {urlsplit(f"//{host}").hostname or host for host in hosts}


def check_clock(layout: Layout, archive: Archive | None, now: str) -> None:
    """Refuse a moment before the last commit, which would put history out of order."""
    moment = datetime.fromisoformat(now)
    if archive is None:
        return
    last = archive.commits()[-1]
    if moment < datetime.fromisoformat(last.recorded_at):
        raise ClockBehind(
            f"{layout.root}: the clock says {now}, before commit {last.n} of {last.recorded_at}; set the clock right"
        )


def check_room(folder: Path, floor: int) -> None:
    """Refuse to write when fewer than `floor` bytes are free: the rest is for sealing the run."""
    there = next(f for f in (folder, *folder.parents) if f.exists())
    disk = os.statvfs(there)
    free = disk.f_bavail * disk.f_frsize
    if free < floor:
        raise DiskFull(
            f"{folder}: {free >> 20} MiB free, fewer than DISK_FLOOR_MB={floor >> 20}. "
            "Saved data stays in staging. Free some space and run again"
        )
