"""Reads how the sites of an archive root are: journals, register, and of each archive its newest files only."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.layout import NAME, is_archive
from pipelines.archive.errors import ArchiveError, NewerFormat, NotAnArchive
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.tails import RECONCILIATION, cut_tail
from pipelines.fleet.attempts import FLEET, Journal, folders_of, is_good
from pipelines.fleet.condition import Held, SiteStatus, status_of, worst_first
from pipelines.fleet.register import read_register
from pipelines.untrusted import size_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from pipelines.fleet.attempts import Attempt, Ended

_ATTEMPTS = 64
"""Attempts of a site that are looked at: two months of nights tell how many new speeches a month brings."""
_REPORTS = 30
"""Reports that are searched for the last good run where no journal tells of it."""


def site_names_in(root: Path) -> list[str]:
    """Every site that has an archive, a journal or an entry in the register."""
    journals = (file.stem for file in (root / FLEET / "attempts").glob("*.jsonl"))
    archives = (folder.name for folder in folders_of(root) if is_archive(folder) or (folder / "staging").is_dir())
    register = read_register(root)
    registered = (one.site for one in register.sites) if register else ()
    return sorted({*filter(NAME.fullmatch, (*journals, *archives)), *registered})


def survey(
    root: Path, now: datetime, sites: Collection[str] | None = None, stale_days: float | None = None
) -> list[SiteStatus]:
    """How the sites of a root are, the worst first.

    Args:
        root: the archive root.
        now: the moment (aware).
        sites: only these; null for all.
        stale_days: the age from which a site is stale; null for that of its schedule.

    Raises:
        OSError, ValueError: the register or the root cannot be read.
    """
    register = read_register(root)
    registered = {one.site: one for one in register.sites} if register else {}
    found = []
    for site in site_names_in(root) if sites is None else sites:
        if site in registered and not NAME.fullmatch(site):  # a profile of such a name has no journal
            found.append(status_of(site, now, [], None, registered[site], stale_days))
            continue
        attempts, trouble = _attempts(root, site)
        held = _held(root / site, attempts)
        if register and register.store:
            held = _up_to_date(held, attempts)
        else:
            trouble = trouble or lost_commits(root, site, attempts, held)
        if trouble:
            held = replace(held or Held(), damage=trouble, is_newer=False)
        try:
            found.append(status_of(site, now, attempts, held, registered.get(site), stale_days))
        except (AttributeError, TypeError, ValueError) as error:
            damage = f"its journal or its last report holds what none should: {error}"
            found.append(status_of(site, now, [], Held(damage=damage), registered.get(site), stale_days))
    return worst_first(found)


def _attempts(root: Path, site: str) -> tuple[list[Attempt], str | None]:
    """The last attempts, all where none of those was good; and why they cannot be read."""
    journal = Journal(root, site)
    try:
        newest = journal.attempts(_ATTEMPTS)
        has_more = len(newest) == _ATTEMPTS and not any(one.is_good for one in newest)
        return (journal.attempts() if has_more else newest), None
    except OSError as error:
        return [], f"{journal.file}: cannot be read: {error.strerror}"


def lost_commits(root: Path, site: str, attempts: list[Attempt], held: Held | None) -> str | None:
    """What is wrong when the journal knows of a later commit than the archive's last, or of another; else null."""
    made = _last_made(attempts)
    if made is None or made.commit is None or (held and (held.damage or held.is_reconciled)):
        return None
    remedy = f"Restore it from a copy; if that was done on purpose, remove {Journal(root, site).file}"
    if held is None:
        return f"{root / site}: no archive here, although commit {made.commit} was made at {made.at}. {remedy}"
    if (held.commit or 0) < made.commit:
        said = f"ends at commit {held.commit}, although commit {made.commit} was made at {made.at}"
        return f"{root / site}: {said}. {remedy}"
    if held.commit == made.commit and made.head not in {None, held.head}:
        return f"{root / site}: commit {made.commit} is another one than the run of {made.at} made. {remedy}"
    return None


def _last_made(attempts: Sequence[Attempt]) -> Ended | None:
    """The newest attempt that made a commit, as its journal tells it."""
    return next((one.ended for one in reversed(attempts) if one.ended and one.ended.commit is not None), None)


def _up_to_date(held: Held | None, attempts: Sequence[Attempt]) -> Held | None:
    """What a copy of an archive holds that is kept in a store: of one behind its journal only whose it is."""
    made = _last_made(attempts)
    if held is None or held.damage or made is None or (held.commit or 0) >= (made.commit or 0):
        return held
    return Held(name=held.name, committee=held.committee, retired=held.retired)


def _wrong_size(archive: Archive) -> str | None:
    """What is wrong with the files of the last commit, as far as their sizes tell; null when nothing is."""
    mark = PartialCopy.of(archive.layout)
    for named in archive.last.files:
        file = archive.layout.stored(named.path)
        if mark and mark.is_excused(archive.last.n, named.path, file):
            continue
        try:
            size = size_of(file)
        except OSError as error:
            return f"{file}: {error.strerror}; restore it from a copy"
        if size != named.bytes:
            return f"{file}: {size} bytes long, not {named.bytes}; restore it from a copy"
    return None


def _held(folder: Path, attempts: list[Attempt]) -> Held | None:
    """What an archive holds; null where there is none."""
    if not is_archive(folder):
        return None
    try:
        archive = Archive(folder)
        return _read(archive, attempts)
    except NotAnArchive:
        return None  # a first run that has not ended, or died
    except (ArchiveError, OSError) as error:
        return Held(damage=str(error), is_newer=isinstance(error, NewerFormat))


def _read(archive: Archive, attempts: list[Attempt]) -> Held:
    """Reports are read only where the attempts do not tell the same."""
    facts, totals = archive.facts_now(), archive.totals()
    # Without a state file of this software the whole history would be read to count them.
    present, gone, _ = archive.speeches() if archive.has_state else (None, None, None)
    run = totals.last_run["run"] if totals.last_run else None
    has_good = any(one.is_good for one in attempts)
    report = archive.report(run) if run and not has_good else None
    return Held(
        name=facts.name,
        committee=facts.committee,
        commit=archive.last.n,
        head=archive.head,
        present=present,
        gone=gone,
        retired=totals.retired["reason"] if totals.retired else None,
        report=report,
        last_good=None if has_good else _last_good(archive, report),
        coverage={"published_on": round(archive.dated() / present, 4)} if present else {},
        is_reconciled=archive.last.kind == RECONCILIATION,
        damage=cut_tail(archive.layout, archive.last) or _wrong_size(archive),
    )


def _last_good(archive: Archive, report: dict[str, Any] | None) -> dict[str, Any] | None:
    if report is not None and is_good(report):
        return report
    return next(filter(is_good, islice(archive.past_reports(), _REPORTS)), None)
