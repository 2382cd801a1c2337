"""Where the chain of a site ends in a store, and the commits that lead there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.commits import read_commit, sidecar_text
from pipelines.archive.disk.containers import CONTAINERS, PACKS, members
from pipelines.archive.disk.layout import COMMIT_FILE, STATE_JSON, Layout
from pipelines.archive.errors import Damaged
from pipelines.store.at_once import each
from pipelines.untrusted import parsed_json, whole
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.store.protocol import Store

_FEW = 16
"""Commits that are asked for one by one; of more, it is listed first which are there."""


@frozen
class StoreTip:
    """The last commit of a site in a store: its number and hash.

    `told` is the commit that the store's `state.json` tells of, which is put last; 0 when that tells of none, and
    more than `n` when the store has lost commits.
    """

    n: int
    sha256: str
    told: int

    @property
    def finished(self) -> int:
        """The last commit whose push came to its end."""
        return min(self.told, self.n)

    @property
    def is_finished(self) -> bool:
        """Whether everything that follows from the last commit is in the store, too."""
        return self.finished == self.n


def read_or_none(store: Store, name: str) -> bytes | None:
    """The content of an object; null when it is not there."""
    try:
        return store.read(name)
    except FileNotFoundError:
        return None


def digest_or_none(store: Store, name: str) -> tuple[int, str] | None:
    """Size and SHA-256 of an object; null when it is not there."""
    try:
        return store.digest(name)
    except FileNotFoundError:
        return None


def tip_of(store: Store, site: str) -> StoreTip | None:
    """The last commit of a site, null when the store has none; three requests where the last push was finished.

    Raises:
        Damaged: it is not what its hash beside it or the state file says.
    """
    told = _told_by_state(store, site)
    if told is not None:
        names = (f"{site}/{Layout.commit_name(told[0] + more)}" for more in (0, 1))
        here, later = each(lambda name: read_or_none(store, name), names)
        if here is not None and later is None and hashlib.sha256(here).hexdigest() == told[1]:
            return StoreTip(told[0], told[1], told[0])
    if not (numbers := loose_commits(store, site)):
        return None
    n = max(numbers)
    sha256 = hashlib.sha256(store.read(f"{site}/{Layout.commit_name(n)}")).hexdigest()
    _check_last(store, site, n, sha256, told)
    return StoreTip(n, sha256, told[0] if told else 0)


def _check_last(store: Store, site: str, n: int, sha256: str, told: tuple[int, str] | None) -> None:
    """Refuse a last commit that is not what is said of it: no later commit vouches for it."""
    name = Layout.commit_name(n)
    beside = read_or_none(store, f"{site}/{Layout.sidecar_name(n)}")
    is_right = beside is None or beside == sidecar_text(Path(name), sha256)
    if not is_right or (told is not None and told[0] == n and told[1] != sha256):
        where = Layout.sidecar_name(n) if not is_right else STATE_JSON
        remedy = "remove the altered one of both, then push from a machine that has the commit"
        raise Damaged(f"{store.address}/{site}/{name}: does not match {where}: one was altered; {remedy}")


def _told_by_state(store: Store, site: str) -> tuple[int, str] | None:
    """Number and head of the commit that the store's state file is of; null when it tells of none."""
    data = read_or_none(store, f"{site}/{STATE_JSON}")
    try:
        told = parsed_json(data) if data else {}
        n, head = told["commit"], told["head"]
    except (ValueError, KeyError, TypeError):
        return None
    return (n, head) if type(n) is int and n > 0 and isinstance(head, str) else None


def loose_commits(store: Store, site: str) -> set[int]:
    """The numbers of the commits that are objects of their own; others lie in containers."""
    names = (held.name.rpartition("/")[2] for held in store.names(f"{site}/commits"))
    return {int(name.partition(".")[0]) for name in names if COMMIT_FILE.fullmatch(name)}


def commits_after(
    store: Store, site: str, before: Commit | None, tip: StoreTip, scratch: Path
) -> dict[int, StoredCommit]:
    """The commits of a site after `before` up to `tip`, checked to follow one another from the first of them on.

    Args:
        store: where they are.
        site: whose they are.
        before: the last commit that is known; null for none. Whether they follow it is for the caller to ask.
        tip: the last one.
        scratch: a folder for containers, under their paths in the archive.

    Raises:
        Damaged: one is missing or unreadable, or does not follow the one before it.
    """
    first = before.n + 1 if before else 1
    numbers = range(first, tip.n + 1)
    # A foreign object may have any number: what is not there is not counted up to it.
    few = len(numbers) <= _FEW
    there = set(numbers) if few else {n for n in loose_commits(store, site) if n in numbers}
    wanted = sorted(there)
    read = each(lambda n: read_or_none(store, f"{site}/{Layout.commit_name(n)}"), wanted)
    loose = {n: data for n, data in zip(wanted, read, strict=True) if data is not None}
    packed = _packed_commits(store, site, scratch) if len(loose) < len(numbers) else {}
    found: dict[int, StoredCommit] = {}
    for n in numbers:
        place = f"{store.address}/{site}/{Layout.commit_name(n)}"
        data = loose.get(n, packed.get(n))
        if data is None:
            raise Damaged(f"{place}: missing; restore it from a copy, or let a machine that has the commit push it")
        commit = read_commit(Path(place), data)
        if commit.n != n or (n > first and commit.prev != found[n - 1].commit.sha256):
            before_it = Layout.commit_name(n - 1)
            raise Damaged(f"{place}: does not follow {before_it}: one was altered; restore both from a copy")
        found[n] = StoredCommit(commit, data if n in loose else None)
    return found


@frozen
class StoredCommit:
    """A commit in a store, and its bytes when it is an object of its own."""

    commit: Commit
    data: bytes | None


def _packed_commits(store: Store, site: str, scratch: Path) -> dict[int, bytes]:
    """The commit files in the containers of a site, each fetched to its path below `scratch`."""
    held = [one.name for one in store.names(f"{site}/{PACKS}") if one.name.endswith(f"/{CONTAINERS['commits']}")]
    return dict(pair for name in held for pair in _in_container(store, name, scratch / name.removeprefix(f"{site}/")))


def _in_container(store: Store, name: str, file: Path) -> Iterator[tuple[int, bytes]]:
    file.parent.mkdir(parents=True, exist_ok=True)
    store.fetch(name, file)
    for member in members(file).values():
        if COMMIT_FILE.fullmatch(member.name):
            yield int(member.name.partition(".")[0]), whole(member)
