"""Checks whether a run may write into an archive, all made before anything is written."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.archive.disk.commits import has_commits
from pipelines.archive.disk.layout import ARCHIVE_JSON, Layout, checked_name
from pipelines.archive.errors import (
    ArchiveError,
    ClockAhead,
    ClockBehind,
    Damaged,
    DiskFull,
    LockHeld,
    Retired,
    TailLost,
    WrongHost,
)
from pipelines.archive.read.reader import Archive, read_about
from pipelines.archive.read.tails import cut_tail, lost_tail, not_in_chain
from pipelines.archive.write.newest import damage, damaged_newest
from pipelines.values import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.heads_file import HeadsFile, Noted
    from pipelines.record import SiteFacts

CLOCK, DAMAGE, MASS_GONE, NEW_CMS = "clock", "damage", "mass-gone", "new-cms"
"""What a person can let pass."""


@frozen(kw_only=True)
class Cautions:
    """What is asked of an archive and its disk before a run writes into it, beside what always is.

    Args:
        disk_floor: bytes of free space below which nothing more is written (`DiskFull`).
        heads: where heads are noted outside the archives; the last one must be in the chain.
        jump_days: days after the last commit from which the clock is not believed; null to believe it always.
        accept: what a person has looked at and lets pass: `clock`, `damage`, `new-cms`.
        visits: the run asks the site, which a retired one must not be.
    """

    disk_floor: int = 64 << 20
    heads: HeadsFile | None = None
    jump_days: int | None = None
    accept: frozenset[str] = frozenset()
    visits: bool = True


USUAL = Cautions()


def admit(layout: Layout, facts: SiteFacts, run: str, opened_at: str, cautions: Cautions = USUAL) -> Archive | None:
    """The archive a run may write to, null when it begins a new one; raises when it may not."""
    checked_name(facts.site, "site")
    checked_name(run, "run")
    if (folder := layout.staging / run).exists():
        raise LockHeld(
            f"{folder}: a run of this id is in progress or died; wait for its end, or move the folder away"
        )
    about = read_about(layout)
    if not has_commits(layout):
        return None
    archive = Archive(layout.root)
    assert about is not None  # noqa: S101 - the line above raises without it
    try:
        check_site(layout, archive.facts_now(), facts, is_new_cms=NEW_CMS in cautions.accept)
    except WrongHost as error:
        # A flipped byte in archive.json makes another site of this one.
        if said := damage(layout, archive.commits(), ARCHIVE_JSON):
            raise Damaged(f"{layout.path(ARCHIVE_JSON)}: {said}; restore it from a copy") from error
        raise
    if cautions.visits and (retired := archive.totals().retired):
        said = f"{layout.root}: retired by commit {retired['commit']} ({retired['reason']}). Nothing was requested"
        undo = f"python -m pipelines retire {quote(str(layout.root))} --undo --reason TEXT"
        raise Retired(f"{said}. To crawl it again: {undo}")
    check_clock(layout, archive, opened_at)
    if archive.holds_run(run):
        raise ArchiveError(f"{layout.root}: already holds a run {run}; give the run another id")
    return archive


def check_history(
    layout: Layout, archive: Archive | None, site: str, opened_at: str, cautions: Cautions
) -> dict[str, dict[str, object]]:
    """Refuse to commit on a chain that has lost its end, on damaged files, or under a clock far ahead.

    To be called under the lock: a run that ends meanwhile would look like a chain of another length.

    Returns:
        By what was accepted and needed to be, its facts for the commit's decision.
    """
    check_tail(layout, archive, site, cautions.heads)
    if archive is None:
        return {}
    moment = datetime.fromisoformat(opened_at)
    damaged = damaged_newest(archive, moment.toordinal())
    if damaged and DAMAGE not in cautions.accept:
        told = "; ".join(f"{layout.stored(path)}: {said}" for path, said in damaged.items())
        remedy = "Restore it from a copy; if there is none, -a accept=damage goes on and records it in the commit"
        raise Damaged(f"{told}. Nothing was written. {remedy}")
    passed: dict[str, dict[str, object]] = {DAMAGE: {"damaged": sorted(damaged)}} if damaged else {}
    way = None if CLOCK in cautions.accept else "-a accept=clock"
    jump = check_jump(layout, archive.last, opened_at, cautions.jump_days, way)
    return passed | {CLOCK: jump} if jump else passed


def check_tail(layout: Layout, archive: Archive | None, site: str = "", heads: HeadsFile | None = None) -> None:
    """Refuse a chain that ends before a commit that was made, as derived files or noted heads tell (`TailLost`)."""
    tip = archive.last if archive else None
    said = cut_tail(layout, tip)
    if said is None and heads is not None and (last := heads.last(site)) and not _is_noted(tip, last):
        commits = archive.commits() if archive else ()
        if not commits:
            remedy = "Restore it from a copy or give the right ARCHIVE_ROOT; a new archive needs another HEADS_FILE"
            noted = f"{heads.file}: commit {last.commit} was noted at {last.at}"
            raise TailLost(f"{layout.root}: no archive here, but {noted}. {remedy}")
        if not_in_chain(commits, [last]):
            said = lost_tail(layout.root, commits, not_in_chain(commits, heads.of(site)), heads.file)
    if said is not None:
        raise TailLost(said)


def _is_noted(tip: Commit | None, noted: Noted) -> bool:
    """True when the head noted last is that of the last commit, so that the chain need not be read."""
    return tip is not None and (tip.n, tip.sha256) == (noted.commit, noted.head)


def check_jump(layout: Layout, last: Commit, now: str, days: int | None, way: str | None) -> dict[str, object] | None:
    """Refuse a moment more than `days` days after the last commit, unless it was accepted.

    Args:
        layout: of the archive.
        last: its last commit.
        now: the moment, RFC 3339.
        days: null to believe every clock.
        way: the option that accepts the clock, for the message; null when it was given.

    Returns:
        The facts of an accepted jump for the commit's decision; null where there is none.
    """
    if days is None or datetime.fromisoformat(now) - datetime.fromisoformat(last.recorded_at) <= timedelta(days=days):
        return None
    if way is not None:
        raise ClockAhead(
            f"{layout.root}: the clock says {now}, more than {days} days after the last commit, "
            f"of {last.recorded_at}. Set the clock right; if it is right, run again with {way}"
        )
    return {"after": last.recorded_at}


def check_site(layout: Layout, about: SiteFacts, facts: SiteFacts, *, is_new_cms: bool = False) -> None:
    """Refuse a run of `facts` where `about` names another site, another host of it, or other ids."""
    remedy = "Give another ARCHIVE_ROOT"
    if about.site != facts.site:
        raise WrongHost(f"{layout.root}: keeps {about.site}, this run is of {facts.site}. {remedy}")
    if about.id_namespace != facts.id_namespace and not is_new_cms:
        kept, given = f"{about.site} ({about.id_namespace})", f"{facts.site} ({facts.id_namespace})"
        said = f"{layout.root}: keeps {kept}, this run is of {given}: their ids would mix"
        root = quote(str(layout.root))
        way = f"-a accept=new-cms archives the new ids once, then: python -m pipelines rekey {root}"
        raise WrongHost(f"{said}. If the site has a new CMS, {way}; else correct `id_namespace` in the profile")
    kept_hosts, given_hosts = (sorted(_hostnames(f.hosts)) for f in (about, facts))
    if not set(kept_hosts) & set(given_hosts):
        kept, given = ", ".join(kept_hosts), ", ".join(given_hosts)
        hosts = ", ".join(f'"{host}"' for host in (*given_hosts, *kept_hosts))
        moved = f"If the site has moved, name both in its profile: hosts = [{hosts}]; else give another ARCHIVE_ROOT"
        raise WrongHost(f"{layout.root}: keeps {kept}, this run would read {given}. {moved}")


def _hostnames(hosts: tuple[str, ...]) -> set[str]:
    return {urlsplit(f"//{host}").hostname or host for host in hosts}


def check_clock(layout: Layout, archive: Archive | None, now: str) -> None:
    """Refuse a moment before the last commit, which would put history out of order."""
    moment = datetime.fromisoformat(now)
    if archive is None:
        return
    last = archive.last
    if moment < datetime.fromisoformat(last.recorded_at):
        way = f"if the commit's is wrong: python -m pipelines repair clock {quote(str(layout.root))} --reason TEXT"
        said = f"{layout.root}: the clock says {now}, before commit {last.n}, of {last.recorded_at}"
        raise ClockBehind(f"{said}. Set the clock right; {way}")


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
