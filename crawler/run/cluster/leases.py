"""The right to ask a site: two advisory locks in the database, of it and of its host, on one connection a worker.

procrastinate's own lock is none of a crawl: a job may be taken over from a worker that is still alive. These locks
are the connection's. While it is lost no request leaves; whoever comes back takes the same locks again, or gives up
where another has them now.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import os
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

import psycopg
from psycopg.conninfo import make_conninfo

from crawler.http.netloc import Server
from crawler.http.politeness.host_clock import key_of, seconds_since_boot
from crawler.run.cluster.patient import KEEPALIVE

_log = logging.getLogger(__name__)
_CERTAIN = 15.0
"""Seconds for which an answer of the database makes certain that the locks are held. The database frees those of a
client that is cut off after 25 seconds, as the next line asks it to: nobody else can have them before."""
_SERVER = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
_ASK, _ANSWER = 2.0, 10.0
"""Seconds between two questions whether the connection stands, and for the answer. Its end is noticed at once."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0
_OLD_ENDS = 5.0
"""Seconds for this worker's own old connection to end, once the database has been told to end it."""
_Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class SiteLease:
    """The right to ask one site and its host; see `Lease`."""

    def __init__(self, leases: Leases, site: str, server: Server, lost: Callable[[str], None]) -> None:
        """Use `Leases.take`."""
        self._leases, self.site, self.server, self.lost = leases, site, server, lost
        self.since = seconds_since_boot()
        self.is_lost = False
        """For good: another worker has it."""

    @property
    def is_held(self) -> bool:
        return not self.is_lost and self._leases.is_certain

    @property
    def keys(self) -> tuple[int, int]:
        """The numbers of its two advisory locks."""
        return _number(f"host {key_of(self.server)}"), _number(f"site {self.site}")


class Leases:
    """Those of one worker process."""

    def __init__(self, dsn: str, name: str) -> None:
        """Nothing is opened yet.

        Args:
            dsn: the database, without a pooler between: the locks are the connection's.
            name: of the worker, for whoever looks at the database's connections.
        """
        self._dsn, self._name = dsn, name[:60]
        self._connection: _Connection | None = None
        self._old: tuple[int, str] | None = None
        self._confirmed = -math.inf
        self._held: dict[str, SiteLease] = {}
        self._busy = asyncio.Lock()
        self._is_open = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def is_certain(self) -> bool:
        """Whether the database has said just now that the connection stands, and with it the locks."""
        return seconds_since_boot() - self._confirmed < _CERTAIN

    async def open(self) -> None:
        """Connect, and keep the connection from now on; `psycopg.OperationalError` when the database is away."""
        await self._connect()
        self._keeping = asyncio.ensure_future(self._keep())

    async def close(self) -> None:
        """Give all locks back."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        self._confirmed = -math.inf
        if self._connection is not None:
            await self._connection.close()

    async def take(self, site: str, server: Server, lost: Callable[[str], None]) -> SiteLease | None:
        """The lease of a site; null when another worker, or another crawl of this one, has it, or its host.

        It waits while the database is away.

        Args:
            site: name of the site.
            server: its server.
            lost: told, once, that another worker has it now, and why that is known.
        """
        lease = SiteLease(self, site, server, lost)
        while True:
            await self._is_open.wait()
            async with self._busy:
                if any(set(lease.keys) & set(one.keys) for one in self._held.values()):
                    return None  # the same connection would be granted them again
                try:
                    if not self._is_open.is_set() or self._connection is None:
                        continue
                    if not await _lock(self._connection, lease):
                        return None
                except (psycopg.OperationalError, psycopg.InterfaceError):
                    await asyncio.sleep(_FIRST_WAIT)  # it is noticed there
                    continue
                self._held[site] = lease
                return lease

    async def release(self, lease: SiteLease) -> None:
        """Give a lease back, if it was not lost."""
        async with self._busy:
            if self._held.get(lease.site) is not lease or self._connection is None:
                return  # lost; by now another crawl of this worker may hold the site
            del self._held[lease.site]
            with suppress(psycopg.OperationalError, psycopg.InterfaceError):  # then they are gone anyway
                for key in lease.keys:
                    await self._connection.execute("SELECT pg_advisory_unlock(%s)", (key,))

    async def _keep(self) -> None:
        """Ask again and again whether the connection stands, and make it anew when it does not."""
        while True:
            try:
                await self._watch()
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
                self._confirmed = -math.inf
                self._is_open.clear()
                if self._held:
                    _log.warning("the database is away; no site is asked until it is back: %s", error)
                await self._come_back()

    async def _watch(self) -> None:
        """Ask whether the connection stands, now and then, and at once when something comes unasked."""
        connection, noticed, loop = self._connection, asyncio.Event(), asyncio.get_running_loop()
        assert connection is not None  # noqa: S101 - `open` was called
        # psycopg watches the socket itself, but only while it waits for an answer.
        with os.fdopen(os.dup(connection.fileno()), "rb", buffering=0) as watched:
            try:
                while True:
                    since = seconds_since_boot()
                    await asyncio.wait_for(connection.execute("SELECT 1"), _ANSWER)
                    self._confirmed = since
                    noticed.clear()
                    loop.add_reader(watched, self._doubt, watched, noticed)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(noticed.wait(), _ASK)
            finally:
                loop.remove_reader(watched)

    def _doubt(self, watched: IO[bytes], noticed: asyncio.Event) -> None:
        """Something came unasked, most likely the end: nothing is certain until the database has answered again."""
        self._confirmed = -math.inf
        asyncio.get_running_loop().remove_reader(watched)
        noticed.set()

    async def _come_back(self) -> None:
        """Connect anew, and take all locks again."""
        wait = _FIRST_WAIT
        while True:
            try:
                await self._connect()
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError):
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                return

    async def _connect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        since = seconds_since_boot()
        self._connection = connection = await psycopg.AsyncConnection.connect(
            make_conninfo(self._dsn, options=_SERVER, application_name=self._name, **KEEPALIVE), autocommit=True
        )
        async with self._busy:
            await self._end_old(connection)
            for lease in list(self._held.values()):
                await self._take_again(connection, lease)
            self._old = await _identity(connection)
        self._confirmed = since
        self._is_open.set()

    async def _end_old(self, connection: _Connection) -> None:
        """End this worker's connection of before, should the database not have noticed that it is gone."""
        if self._old is None:
            return
        query = "FROM pg_stat_activity WHERE pid = %s AND backend_start = %s::timestamptz"
        await connection.execute(f"SELECT pg_terminate_backend(pid, %s) {query}", (int(_OLD_ENDS * 1000), *self._old))

    async def _take_again(self, connection: _Connection, lease: SiteLease) -> None:
        if not await _lock(connection, lease):
            lease.is_lost = True
            self._held.pop(lease.site, None)
            lease.lost("since another worker has taken the site over while the database was away")


async def _lock(connection: _Connection, lease: SiteLease) -> bool:
    """Take both locks or none."""
    query = "SELECT pg_try_advisory_lock(%s), pg_try_advisory_lock(%s)"
    taken = await (await connection.execute(query, lease.keys)).fetchone() or (False, False)
    if not all(taken):
        for key in (key for key, is_taken in zip(lease.keys, taken, strict=True) if is_taken):
            await connection.execute("SELECT pg_advisory_unlock(%s)", (key,))
        return False
    lease.since = seconds_since_boot()
    return True


async def _identity(connection: _Connection) -> tuple[int, str]:
    query = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    row = await (await connection.execute(query)).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def _number(text: str) -> int:
    """A name as a number of 64 bits, so that no two of a fleet are the same."""
    return int.from_bytes(hashlib.sha256(f"speech-archive {text}".encode()).digest()[:8], "big", signed=True)
