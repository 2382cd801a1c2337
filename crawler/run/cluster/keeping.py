"""Where the archives of a cluster are kept: a store, from which a machine copies what it crawls; the catalogue."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import psycopg

from pipelines.archive.disk.files import json_document
from pipelines.archive.disk.heads_file import HeadsFile, Noted
from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.tails import not_in_chain
from pipelines.catalogue.database import DatabaseAway, connected
from pipelines.catalogue.taking import take
from pipelines.store.copying import WITHOUT_CAPTURES, Diverged, pull, push, set_aside
from pipelines.store.held import ASIDE, archive_in
from pipelines.store.stores import Store, WrongStore, store_of
from pipelines.store.tips import read_or_none

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
FLEET_JSON = "fleet.json"
"""The object of a store that says whose workers write there: the id of their database's fleet."""
_THREADS = 8
"""Threads that copy: they wait for the network, and must not hold up the crawls' work on the disk."""
_WAIT = 2.0


class Keeping:
    """The store and the catalogue, as one worker sees them. Whoever calls it has the site's lease."""

    def __init__(self, root: Path, store: str, dsn: str, heads: HeadsFile | None = None) -> None:
        """Nothing is asked yet.

        Args:
            root: the archive root.
            store: its address; empty where archives lie in the archive root only.
            dsn: the database's connection string.
            heads: where heads are noted once they stand in the store; null when nowhere.

        Raises:
            WrongStore: the address names no store.
        """
        self._root, self._dsn, self._heads = root, dsn, heads
        self._store: Store | None = store_of(store) if store else None
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="copying")

    @property
    def has_store(self) -> bool:
        """Whether archives are copied to a store; else they lie in the archive root only."""
        return self._store is not None

    async def claim(self, fleet: str, *, takes_over: bool) -> None:
        """Note in the store, once, that workers of this fleet write there.

        Raises:
            StoreRefuses: a person must put something right at the store first.
            StoreError: it does not answer.
            WrongStore: it is another fleet's, and a person has not said that this one `takes_over`.
        """
        if self._store is not None:
            await self._in_thread(partial(_claim, self._store, fleet, takes_over=takes_over))

    async def bring(self, site: str) -> None:
        """Copy here what the store has of a site, and first there what only this machine has.

        Raises:
            StoreError: the store does not answer.
            ArchiveError: what it holds is damaged, or a copy is under way.
        """
        if self._store is not None:
            await self._in_thread(partial(self._pull, self._store, site))

    async def give(self, site: str) -> None:
        """Copy to the store what was crawled; errors as `bring`, and `Diverged` when the store has other commits."""
        if self._store is not None:
            await self._in_thread(partial(self._push, self._store, site))

    async def catalogue(self, site: str, is_ending: Callable[[], bool]) -> None:
        """Bring the catalogue up to date, which waits for a database that is away unless the worker is ending.

        What goes wrong otherwise is told: the next crawl of the site, or a person, makes up for it.
        """
        while True:
            try:
                await self._in_thread(partial(self._take, site))
            except DatabaseAway as error:
                if is_ending():
                    _log.error("%s: not in the catalogue: %s", site, error)
                    return
                await asyncio.sleep(_WAIT)
            except (ArchiveError, OSError, psycopg.Error) as error:
                _log.error("%s: not in the catalogue, `speech-archive catalogue` makes up for it: %s", site, error)
                return
            else:
                return

    def close(self) -> None:
        """End its threads."""
        self._pool.shutdown()

    def _pull(self, store: Store, site: str) -> None:
        folder = self._root / site
        try:
            pull(store, site, folder, WITHOUT_CAPTURES, is_alone=True)
        except Diverged as error:
            aside = set_aside(folder)
            told = (
                "%s: %s. It was moved to %s, and the store's goes on; `reconcile %s --with %s` lists what only it has"
            )
            _log.error(told, site, error.found, aside, folder, aside)
            pull(store, site, folder, WITHOUT_CAPTURES, is_alone=True)
        self._note_head(site)

    def _push(self, store: Store, site: str) -> None:
        if archive_in(self._root / site) is not None:
            try:
                push(store, site, self._root / site, is_alone=True, drops_captures=True)
            except Diverged as error:
                aside = self._root / ASIDE
                raise Diverged(error.found, f"The next crawl of the site moves it to {aside}, and goes on") from error
            self._note_head(site)

    def _note_head(self, site: str) -> None:
        """Note the head that stands in the store, here as well; a local commit may still be overtaken by another.

        Not where the last one noted is in no commit here, nor given up by a person: the next crawl must find that the
        store was set back.
        """
        archive = archive_in(self._root / site)
        if self._heads is None or archive is None:
            return
        tip, before = archive.last, self._heads.last(site)
        if before is not None and not _goes_on(archive, before):
            return
        noted = Noted(at=stamp(datetime.now(UTC)), site=site, commit=tip.n, head=tip.sha256)
        try:
            self._heads.note(noted)
        except OSError as error:
            line = noted.line().decode()[:-1]
            raise NotUnderstood(f"the head could not be noted: {error}. Append to it: {line}") from error
        if before is None and tip.n > 1:
            _log.warning("%s: %s had no head of it before commit %d", site, self._heads.file, tip.n)

    def _take(self, site: str) -> None:
        if archive_in(self._root / site) is not None:
            with connected(self._dsn) as connection:
                take(connection, Archive(self._root / site))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, copy_context().run, work)


def _claim(store: Store, fleet: str, *, takes_over: bool) -> None:
    data = json_document({"schema": "store-fleet/1", "id": fleet})
    there, has_create = read_or_none(store, FLEET_JSON), store.has_create  # so that it is seen whether keys may write
    if there == data:
        return
    if there is None and has_create:
        store.create(FLEET_JSON, data)
    elif there is None or takes_over:
        with TemporaryDirectory() as folder:
            file = Path(folder) / FLEET_JSON
            file.write_bytes(data)
            store.put(FLEET_JSON, file)
    if store.read(FLEET_JSON) != data:
        raise WrongStore(
            f"{store.address}: is a fleet's with another database ({FLEET_JSON}): both would ask each site at the "
            "same time. Where that database is lost, and no worker of it runs: "
            "`speech-archive fleet database --moved`"
        )


def _goes_on(archive: Archive, noted: Noted) -> bool:
    """Whether an archive has commits after the one that was noted last, or goes on without it as a person decided."""
    tip = archive.last
    if noted.commit <= tip.n and archive.commit(noted.commit).sha256 == noted.head:
        return noted.commit < tip.n
    return not not_in_chain(archive.commits(), [noted])
