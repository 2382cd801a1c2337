"""The work of `catalogue`, archive by archive. It needs the extra `cluster`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import is_archive
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.archives import OnePerSite
from pipelines.catalogue.checking import differences, scratch_tables
from pipelines.catalogue.database import connected, dsn_of
from pipelines.catalogue.taking import check_prepared, forget, prepare, sites_held, take
from pipelines.exits import Exit, worst
from pipelines.shown import counted
from pipelines.verbs.output import print_message
from pipelines.verbs.over import each

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection

    from pipelines.archive import Archive
    from pipelines.catalogue.database import Connection


def catalogue(arguments: argparse.Namespace) -> int:
    """Bring the catalogue up, or compare it; the worst exit status of all archives."""
    with connected(dsn_of(arguments.database, os.environ)) as connection:
        if arguments.check:
            check_prepared(connection)
            with scratch_tables(connection):
                return _over(arguments, connection, _compare)
        if prepare(connection):
            print_message("note: the tables of the catalogue were made")
        return _over(arguments, connection, _replace if arguments.rebuild else _bring)


def _over(arguments: argparse.Namespace, connection: Connection, do: Callable[[Connection, Archive], int]) -> int:
    """Do it for every archive; then tell, or remove, the sites of the catalogue that have none."""
    sites, read = OnePerSite(), set()

    def one(archive: Archive) -> int:
        sites.add(archive.facts.site, archive.layout.root)
        read.add(archive.facts.site)
        return do(connection, archive)

    status = each(arguments.archives, one)
    for site in arguments.forget:
        if site in read:
            raise NotUnderstood(f"--forget {site}: its archive is here, and would be taken again")
        if forget(connection, site):
            print(f"{site}: removed")
        else:
            print_message(f"PROBLEM: --forget {site}: is not in the catalogue")
            status = worst((status, Exit.WRONG_USE))
    if not any(is_archive(Path(path)) for path in arguments.archives):
        _tell_left(sites_held(connection) - read)
    return status


def _tell_left(left: Collection[str]) -> None:
    if left:
        words = f"{counted(len(left), 'sites')} of the catalogue without an archive here that could be read"
        print_message(f"note: {words}: {', '.join(sorted(left))}; --forget removes those that are no more")


def _bring(connection: Connection, archive: Archive, *, anew: bool = False) -> int:
    if take(connection, archive, anew=anew):
        print(f"{archive.facts.site}: taken up to commit {archive.last.n}", flush=True)
    return Exit.COMPLETE


def _replace(connection: Connection, archive: Archive) -> int:
    return _bring(connection, archive, anew=True)


def _compare(connection: Connection, archive: Archive) -> int:
    found = differences(connection, archive)
    for told in found:
        print(told, flush=True)
    return Exit.DAMAGED if found else Exit.COMPLETE
