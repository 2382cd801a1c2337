"""`search`: the speeches that have given characters, in an export, an archive or a folder of archives."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.layout import archives_in, is_archive
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.archives import Archives, OnePerSite
from pipelines.canonical import json_value
from pipelines.exits import worst
from pipelines.reasons import GENRES
from pipelines.shown import one_line
from pipelines.tables.forms.sqlite_form import DATABASE
from pipelines.tables.manifest import MANIFEST
from pipelines.tables.search.hits import Hit, Hits, Sought
from pipelines.tables.search.index_search import opened_database, search_index
from pipelines.tables.search.lines_scan import search_lines
from pipelines.tables.search.root_index import NotUpToDate, root_index
from pipelines.tables.selection import UNREADABLE, Selection
from pipelines.verbs.output import print_message, wants_color, write_objects
from pipelines.verbs.problems_asked import add_problems

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterator, Sequence

    from pipelines.archive.errors import ArchiveError
    from pipelines.verbs import AddVerb

_COLORS, _SIGNS = ("\x1b[1;31m", "\x1b[0m"), ("[", "]")
_USUAL_LIMIT = 20
_LONG, _MOST_NAMES = 40, 20


def add(verb: AddVerb) -> None:
    """Add the command."""
    about = "Search in titles and texts of the speeches that are on the sites, the newest first."
    search = verb("search", run, about, "output 协商 --from 2010-01-01 --limit 0", bare=True)
    search.set_defaults(reads="lines")
    place = "an archive, a folder of archives (an index is kept in its folder fleet), or an export --to sqlite"
    search.add_argument("path", metavar="ARCHIVE|ROOT|EXPORT", type=Path, help=place)
    exact = "found where it stands exactly so; A-Z in either case"
    search.add_argument("query", metavar="QUERY", help=exact)
    search.add_argument("--site", metavar="NAME", help="only of this site")
    search.add_argument(
        "--speaker", metavar="NAME", help="only of this speaker (the whole name), also where several spoke"
    )
    search.add_argument("--from", metavar="DAY", dest="since", help="published on this day or later")
    search.add_argument("--to", metavar="DAY", dest="until", help="published on this day or earlier")
    search.add_argument("--genre", metavar="GENRE", help=f"only of this genre: {', '.join(GENRES)}")
    add_problems(search, "only texts with such a problem", is_asked=False)
    search.add_argument(
        "--limit", metavar="N", type=int, default=_USUAL_LIMIT, help=f"show N; 0 for all (default: {_USUAL_LIMIT})"
    )
    shown = search.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="JSON Lines instead of text")
    shown.add_argument("--count", action="store_true", help="only their number")
    search.add_argument("--scan", action="store_true", help="read the archives themselves, without an index")
    search.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="default: on a terminal")


def run(arguments: argparse.Namespace) -> int:
    """Search, and print what was found; 5 when an archive of several cannot be read."""
    sought = _wanted(arguments)
    if arguments.limit < 0:
        raise NotUnderstood(f"--limit {arguments.limit}: must be a number from 0")
    limit = 0 if arguments.count else min(arguments.limit, sys.maxsize) or None
    errors: list[ArchiveError] = []
    found = _found(arguments.path, sought, limit, errors, scans=arguments.scan)
    if sought.site is not None and found.sites and sought.site not in found.sites and not errors:
        raise NotUnderstood(f"--site {sought.site}: no speech here is of it; there are {_some(found.sites)}")
    if arguments.count:
        print(found.count)
    elif arguments.json:
        write_objects(map(json_value, found.newest))
    else:
        marks = _COLORS if wants_color(arguments.color) else _SIGNS
        for one in found.newest:
            print(_for_people(one, *marks))
    _tell(sought, found, errors)
    return worst(error.exit_status for error in errors)


def _wanted(arguments: argparse.Namespace) -> Sought:
    keys = ("site", "speaker", "genre", "since", "until", "problems")
    return Sought(arguments.query, **{key: getattr(arguments, key) for key in keys})


def _found(path: Path, sought: Sought, limit: int | None, errors: list[ArchiveError], *, scans: bool) -> Hits:
    is_export = (path / DATABASE).exists() and not archives_in(path)
    database = path / DATABASE if is_export else path
    if database.is_file():
        if scans:
            raise NotUnderstood(f"{path}: --scan reads archives, and this is an export")
        with opened_database(database) as opened:
            return search_index(opened, sought, limit)
    if (path / MANIFEST).exists():
        raise NotUnderstood(f"{path}: an export without {DATABASE}; make one by export --to sqlite")
    folders = Archives(path).folders
    if is_archive(path) or scans:
        return search_lines(_lines(folders, errors), sought, limit)
    with ExitStack() as stack:
        try:
            opened, unread = stack.enter_context(root_index(path, print_message))
        except NotUpToDate as error:
            remedy = "All texts are read instead, which is slow; export --to sqlite gives a file for fast searches"
            print_message(f"note: no index can be kept ({error}). {remedy}")
            return search_lines(_lines(folders, errors), sought, limit)
        errors += unread
        return search_index(opened, sought, limit)


def _lines(folders: Sequence[Path], errors: list[ArchiveError]) -> Iterator[bytes]:
    sites = OnePerSite()
    for folder in folders:
        try:
            for site, lines in Selection([folder]).by_site("speeches"):
                sites.add(site, folder)
                yield from lines
        except UNREADABLE as error:
            if len(folders) == 1:
                raise
            errors.append(error)


def _for_people(hit: Hit, begin: str, end: str) -> str:
    head = "  ".join(filter(None, (hit.id, hit.published_on or "no day", hit.speaker, hit.title)))
    return f"{one_line(head)}\n    {one_line(hit.before)}{begin}{one_line(hit.match)}{end}{one_line(hit.after)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _some(names: Collection[str]) -> str:
    return f"{', '.join(sorted(names)[:_MOST_NAMES])}{', …' if len(names) > _MOST_NAMES else ''}"


def _tell(sought: Sought, found: Hits, errors: Sequence[ArchiveError]) -> None:
    for error in errors:
        print_message(f"PROBLEM: {error}")
    if found.undated:
        print_message(
            f"note: {found.undated} more have no day of publication, so that --from and --to leave them out"
        )
    if not found.count:
        print_message(f"no such speech has {_short(sought.text)}")
        if sought.speaker is not None and sought.speaker not in found.speakers:
            others = f"; there are {_some(found.speakers)}" if found.speakers else ""
            print_message(f"note: no speaker has the whole name {_short(sought.speaker)}{others}")
    elif 0 < len(found.newest) < found.count:
        print_message(f"the newest {len(found.newest)} of {found.count}; --limit 0 shows all")
