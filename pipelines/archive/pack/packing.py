"""Packs the files of a closed year: containers made ready, a commit that names them, then the single files removed.

The commit is the point of no return: what a crash leaves undone after it, the next run or `rebuild` finishes.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import commit_number, files_now, sidecar_text
from pipelines.archive.disk.containers import CONTAINERS, PACKS
from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.layout import COMMIT_FILE, YEAR, Layout
from pipelines.archive.disk.packs import PACK, PackedFile, drop_packed, fits, write_container
from pipelines.archive.errors import Damaged, DiskFull, NotUnderstood
from pipelines.archive.prove.signatures import signature_name
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import Act, Acting, When, acting
from pipelines.archive.write.replacing import ready_file
from pipelines.untrusted import is_there, json_object, size_of, whole
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit

Contents = dict[str, list[PackedFile]]
"""The members of a year's containers, by the path of the container."""


@frozen
class PackedYear:
    """What was packed: the commit, the archive's new head, and how many files became how many containers."""

    commit: int
    head: str
    year: str
    files: int
    containers: int


def pack(path: str | os.PathLike[str], year: str, when: When, disk_floor: int = 0) -> PackedYear:
    """Pack the files of a year into containers below `packs/YEAR/` and say so in a commit.

    Files of a year that is packed already, as a restored backup brings them back, are only removed.

    Args:
        path: the folder of one site.
        year: of `recorded_at`, such as "2026".
        when: moment and software of the commit.
        disk_floor: bytes that must stay free.

    Raises:
        NotUnderstood: the year is packed already, has no commits, or is not over; or captures are not here.
        DiskFull: there is less room than the year takes once more.
        Damaged: a file of the year does not match its commit. Nothing was committed.
    """
    archive = Archive(path)
    if mark := PartialCopy.of(archive.layout):
        raise NotUnderstood(
            f"{path}: a partial copy of {mark.store}; `sync pull --captures` makes it whole, then pack"
        )
    if (before := _packed_by(archive, year)) is not None:
        return _again(archive, before, year, when)
    _check_over(archive, year, when)
    with acting(path, PACK, when) as held:
        contents = contents_of(held.archive, year)
        _check_room(held.archive.layout, contents, disk_floor)
        commit = held.commit(_act(held, year, contents))
    return PackedYear(commit.n, commit.sha256, year, sum(map(len, contents.values())), len(contents))


def year_to_pack(layout: Layout, now: str) -> str | None:
    """The oldest year before that of the moment `now` (RFC 3339 in UTC) that has commits and no containers.

    Costs one commit file, however many there are. `Damaged` when that cannot be read.
    """
    loose = (file for file in layout.commits.iterdir() if COMMIT_FILE.fullmatch(file.name))
    for file in sorted(loose, key=commit_number):
        year = _year_of(file)
        if year == now[:4]:
            return None  # no later commit is of an earlier year, but for those after one of a clock that was ahead
        if YEAR.fullmatch(year) and year < now[:4] and not _has_containers(layout, year):
            return year
    return None


def _year_of(file: Path) -> str:
    try:
        return str(json_object(file)["recorded_at"])[:4]
    except (OSError, ValueError, KeyError) as error:
        raise Damaged(f"{file}: unreadable commit ({error}); restore it from a copy") from error


def _has_containers(layout: Layout, year: str) -> bool:
    folder = layout.path(f"{PACKS}/{year}")
    return folder.is_dir() and any(folder.iterdir())


def _packed_by(archive: Archive, year: str) -> Commit | None:
    packs = (commit for commit in archive.commits() if commit.kind == PACK and commit.details)
    return next((commit for commit in packs if commit.details and commit.details.get("year") == year), None)


def _again(archive: Archive, before: Commit, year: str, when: When) -> PackedYear:
    with acting(archive.layout.root, PACK, when) as held:
        left = drop_packed(held.archive.layout, before, files_now(held.archive.commits()))
    if not left:
        raise NotUnderstood(f"{archive.layout.root}: {year} is packed already, by commit {before.n}")
    return PackedYear(before.n, archive.head, year, left, len(before.files))


def _check_over(archive: Archive, year: str, when: When) -> None:
    there = sorted({commit.recorded_at[:4] for commit in archive.commits()})
    if not YEAR.fullmatch(year) or year not in there:
        raise NotUnderstood(f"{archive.layout.root}: no commit of year {year!r}; there are {', '.join(there)}")
    if year >= when.recorded_at[:4]:
        raise NotUnderstood(
            f"{archive.layout.root}: {year} is not over, commits of it are still to come; pack it next year"
        )


def contents_of(archive: Archive, year: str) -> Contents:
    """What the containers of a year hold: its commits with their hashes and signatures, and the files they name."""
    found: Contents = {}
    now = files_now(archive.commits())
    for commit in archive.commits():
        if commit.recorded_at[:4] != year:
            continue
        modified = int(datetime.fromisoformat(commit.recorded_at).timestamp())
        _add(found, year, _commit_members(archive.layout, commit, modified))
        for path in sorted(named.path for named in commit.files):
            told, content = now[path][0], archive.layout.stored(path)
            _add(
                found,
                year,
                [PackedFile(path=path, content=content, size=told.bytes, sha256=told.sha256, modified=modified)],
            )
    return found


def _commit_members(layout: Layout, commit: Commit, modified: int) -> Iterator[PackedFile]:
    path = layout.commit_name(commit.n)
    file = layout.stored(path)
    yield PackedFile(path=path, content=file, size=size_of(file), sha256=commit.sha256, modified=modified)
    beside = sidecar_text(file, commit.sha256)
    yield PackedFile(
        path=layout.sidecar_name(commit.n), content=beside, size=len(beside), sha256=None, modified=modified
    )
    if is_there(signature := layout.stored(signature_name(commit.n))):
        made = whole(signature)
        yield PackedFile(path=signature_name(commit.n), content=made, size=len(made), sha256=None, modified=modified)


def _add(found: Contents, year: str, files: Iterable[PackedFile]) -> None:
    for member in files:
        container = CONTAINERS.get(member.path.partition("/")[0], "")
        if container and fits(member.path, member.size, is_compressed=container.endswith(".xz")):
            found.setdefault(f"{PACKS}/{year}/{container}", []).append(member)


def _check_room(layout: Layout, contents: Contents, disk_floor: int) -> None:
    needed = sum(member.size + 1024 for files in contents.values() for member in files) + disk_floor
    disk = os.statvfs(layout.root)
    if (free := disk.f_bavail * disk.f_frsize) < needed:
        raise DiskFull(
            f"{layout.root}: packing needs the room of the year once more, {needed >> 20} MiB, and {free >> 20} MiB "
            "are free. Nothing was changed. Make room and run again"
        )


def _act(held: Acting, year: str, contents: Contents) -> Act:
    made: dict[str, Path] = {}
    for path, files in contents.items():
        made[path] = ready_file(held.archive.layout, held.run, path)
        made[path].parent.mkdir(parents=True, exist_ok=True)
        write_container(made[path], files)
    numbers = [commit.n for commit in held.archive.commits() if commit.recorded_at[:4] == year]
    counts = {path: len(files) for path, files in contents.items()}
    details = {"year": year, "first": numbers[0], "last": numbers[-1], "members": counts}
    return Act(kind=PACK, details=details, files=made)
