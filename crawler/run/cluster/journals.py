"""What was tried at each site, on all machines: the lines of their journals, kept in the database.

Each machine has the lines of all in its own journals, so that what is due, and who is told of what, is found there as
it is without a cluster.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, LiteralString, TypeVar

from crawler.run.cluster.patient import PatientConnector
from pipelines.archive.disk.layout import NAME
from pipelines.archive.disk.lock import Turn
from pipelines.catalogue.database import Connection
from pipelines.fleet.attempts import FLEET, Journal
from pipelines.fleet.journal_lines import merge, newest_lines
from pipelines.fleet.register import replace_in_fleet
from pipelines.untrusted import json_object

_T = TypeVar("_T")
_CURSOR = "journals-brought.json"
_NEWEST = 100
"""Lines of a site with which a new machine begins: 50 attempts, more than are looked at."""
_HANDED = 20
"""Lines of a site that may be new to the database: those of a crawl, and of some that died."""
_AT_ONCE = 500
_PATIENCE = 30.0
"""Seconds to wait for another that brings journals: a site judged by old ones may be crawled twice."""
_ORDER = 0x5370_6563_6800_0002
"""An advisory lock: lines become visible in the order of their numbers, so that nobody who asks for later ones misses
any."""


_NEW: LiteralString = (
    "SELECT site, line, id FROM (SELECT site, line, id, "
    "row_number() OVER (PARTITION BY site ORDER BY id DESC) AS back "
    "FROM speech_archive.journal_lines WHERE id > %(after)s) AS new WHERE back <= %(most)s ORDER BY id"
)
_HAS: LiteralString = "SELECT id FROM speech_archive.journal_lines WHERE id = %(last)s AND line = %(line)s"


class Journals:
    """The journals below one archive root, and those of the database."""

    def __init__(self, root: Path, connector: PatientConnector, fleet: str) -> None:
        """Nothing is read yet.

        Args:
            root: the archive root.
            connector: to the database; it waits for a database that is away.
            fleet: the id of the database's fleet: of another one nothing was brought yet.
        """
        self._root, self._connector, self._fleet = root, connector, fleet

    async def adopt(self) -> None:
        """Give a database that lacks what was seen at this archive root the journals of all sites that lie here."""
        if not await self._after():
            await self.hand_in(await _in_thread(self._sites))

    async def hand_in(self, sites: Iterable[str]) -> None:
        """Give the database what it lacks of the journals of some sites."""
        found = await _in_thread(partial(self._newest, list(sites)))
        for some in (found[at : at + _AT_ONCE] for at in range(0, len(found), _AT_ONCE)):
            await self._connector.execute_query_async(
                "INSERT INTO speech_archive.journal_lines (site, line) SELECT site, line "
                "FROM (SELECT pg_advisory_xact_lock(%(order)s)) AS alone, "
                "unnest(%(sites)s::text[], %(lines)s::text[]) WITH ORDINALITY AS new (site, line, place) "
                "ORDER BY place ON CONFLICT DO NOTHING",
                order=_ORDER,
                sites=[site for site, _ in some],
                lines=[line for _, line in some],
            )

    async def bring(self) -> None:
        """Take over what the database has and was not brought here yet, of all sites."""
        with Turn(self._root / FLEET / "journals.lock") as turn:
            for pause in turn.pauses(_PATIENCE):
                await asyncio.sleep(pause)
            if not turn.has_come:
                return  # one that was stopped, or whose database is away, has it
            after = await self._after()
            rows = await self._connector.execute_query_all_async(_NEW, after=after, most=_NEWEST)
            if rows:
                await _in_thread(partial(self._merge, rows))

    def _sites(self) -> list[str]:
        files = (self._root / FLEET / "attempts").glob("*.jsonl")
        return sorted(file.stem for file in files if NAME.fullmatch(file.stem))

    def _newest(self, sites: list[str]) -> list[tuple[str, str]]:
        return [
            (site, line.decode())
            for site in sites
            for line in newest_lines(Journal(self._root, site), _HANDED)
            if _is_text(line)
        ]

    async def _after(self) -> int:
        """The number of the last line that was brought; 0 for a database without it, as one set back to a copy is."""
        last, line = await _in_thread(partial(_brought, self._root, self._fleet))
        return last if await self._connector.execute_query_all_async(_HAS, last=last, line=line) else 0

    def _merge(self, rows: list[dict[str, Any]]) -> None:
        lines: dict[str, list[bytes]] = {}
        for row in rows:
            lines.setdefault(row["site"], []).append(row["line"].encode())
        for site, new in lines.items():
            if NAME.fullmatch(site):
                merge(Journal(self._root, site), new)
        last = {"last": rows[-1]["id"], "line": rows[-1]["line"]}
        replace_in_fleet(self._root, _CURSOR, {"fleet": self._fleet} | last)


def not_brought(connection: Connection, root: Path, fleet: str) -> dict[str, list[bytes]]:
    """By site the lines that the database of a fleet has, and an archive root has not yet. Nothing is written."""
    last, line = _brought(root, fleet)
    is_known = connection.execute(_HAS, {"last": last, "line": line}).fetchone()
    found: dict[str, list[bytes]] = {}
    for site, new, _ in connection.execute(_NEW, {"after": last if is_known else 0, "most": _NEWEST}):
        found.setdefault(site, []).append(new.encode())
    return found


def _brought(root: Path, fleet: str) -> tuple[int, str]:
    """The number of the last line of a fleet that was brought to an archive root, and the line."""
    try:
        told = json_object(root / FLEET / _CURSOR)
        return (int(told["last"]), str(told["line"])) if told["fleet"] == fleet else (0, "")
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""  # what is brought again changes nothing


def _is_text(line: bytes) -> bool:
    """Whether the database can keep a line: it is JSON, which what a disk has made of it may not be."""
    try:
        json.loads(line.decode())
    except ValueError:
        return False
    return True


async def _in_thread(work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(None, work)
