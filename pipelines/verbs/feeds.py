"""`changes`, `views` and `files`: feeds for programs. JSON Lines on stdout, in constant memory."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.archives import Archives
from pipelines.archive.read.feeds.cursors import read_cursors
from pipelines.archive.read.feeds.extent import extent_of
from pipelines.archive.read.feeds.file_feed import files_since
from pipelines.canonical import json_value
from pipelines.tables.view_periods import EVERY, counting_falls, told_falls, view_periods_of
from pipelines.verbs.output import json_lines, print_message, write_lines, write_objects
from pipelines.verbs.over import each
from pipelines.verbs.texts.reference import never_captured

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.archive import Archive
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.extent import Place
    from pipelines.verbs import AddVerb

_OF_ONE = re.compile(r"(?:seq:|commit:)?0*[1-9][0-9]*")
_COMMIT = re.compile(r"(?:commit:)?([0-9]{1,18})")


def add(verb: AddVerb) -> None:
    """Add the commands."""
    changes = verb("changes", _changes, "List the events since a place in history, one JSON object each.", many=True)
    _add_places(changes)
    changes.add_argument("--all", action="store_true", help="also changes by our parser alone (reprocessed)")
    changes.add_argument("--fields", action="store_true", help="name the keys that changed")
    changes.add_argument("--full", action="store_true", help="with what to do (op) and the whole line (entity); all")
    seen = "as --full, and at the end the counts of every speech that was looked at"
    changes.add_argument("--seen", action="store_true", help=seen)
    views = verb("views", _views, "List every view count that was read, one JSON object each; of one ID.", many=True)
    _add_places(views)
    views.add_argument("--every", choices=EVERY, help="a line a period: the last count read in it, null between")
    files = verb("files", _files, "List the files of commits, one JSON object per file, for loaders.", many=True)
    files.add_argument(
        "--since", metavar="COMMIT", default="0", help="only after this commit (4 or commit:4), or FILE"
    )
    files.add_argument("--cursors", action="store_true", help="end each site with its cursor/1")


def _add_places(parser: argparse.ArgumentParser) -> None:
    place = "seq:123 or 123 (after that line), commit:4 (after that commit), 2026-01-31[T02:00:00Z] (recorded since)"
    file = "FILE.json ({site: commit}, lines of --cursors, or an export's manifest.json)"
    parser.add_argument("--since", metavar="PLACE", default="0", help=f"{place}, {file}; default: everything")
    parser.add_argument(
        "--until", metavar="PLACE", help="commit:4, or a day or moment of recording; default: the end"
    )
    parser.add_argument("--cursors", action="store_true", help="end each site with its cursor/1")


def _changes(arguments: argparse.Namespace) -> int:
    def told(archive: Archive, since: Place) -> Iterable[bytes]:
        asked = {key: getattr(arguments, key) for key in ("fields", "full", "seen")}
        return archive.raw_changes(since, arguments.until, reprocessed=arguments.all, **asked)

    return _feed(arguments, arguments.archives, told)


def _views(arguments: argparse.Namespace) -> int:
    paths, id_ = _with_id(arguments.archives)
    is_one = len(Archives(*paths)) == 1
    if id_ is not None and not is_one and ":" not in id_:
        raise NotUnderstood(f"{id_}: of which site? Among several archives give it as gszx:{id_}")

    fell: Counter[str] = Counter()

    def counts_of(archive: Archive, since: Place) -> Iterator[Line]:
        if arguments.every is None:
            return archive.view_counts(id_, since, arguments.until)
        rows = view_periods_of(archive, arguments.every, extent_of(archive, since, arguments.until), id_)
        return map(json_value, counting_falls(rows, fell))

    def told(archive: Archive, since: Place) -> Iterable[bytes]:
        if id_ is None:
            return json_lines(counts_of(archive, since))
        if not is_one and id_.partition(":")[0] != archive.facts.site:
            return ()
        counts = counts_of(archive, since)
        first = next(counts, None)
        if first is None and next(archive.about(id_), None) is None:
            raise never_captured(archive, archive.full_id(id_))
        return () if first is None else json_lines(chain([first], counts))

    status = _feed(arguments, paths, told)
    if fell:
        print_message(f"note: {told_falls(fell)}")
    return status


def _with_id(given: Sequence[str]) -> tuple[Sequence[str], str | None]:
    """The paths, and the id that may follow them."""
    return (given, None) if len(given) == 1 or Path(given[-1]).exists() else (given[:-1], given[-1])


def _files(arguments: argparse.Namespace) -> int:
    found = _COMMIT.fullmatch(arguments.since)
    if found is None and not is_file_of_cursors(arguments.since):
        raise NotUnderstood(f"--since {arguments.since}: give the number of a commit, 4 or commit:4, or FILE.json")
    arguments.since = f"commit:{found[1]}" if found else arguments.since
    arguments.until = None

    def told(archive: Archive, since: Place) -> Iterable[bytes]:
        files = files_since(archive.commits(), extent_of(archive, since).after)
        return json_lines({"site": archive.facts.site} | file for file in files)

    return _feed(arguments, arguments.archives, told)


def _feed(
    arguments: argparse.Namespace, paths: Sequence[str], told: Callable[[Archive, Place], Iterable[bytes]]
) -> int:
    """Print what `told` gives of each archive since the place that is asked for, and its cursor where it is."""
    cursors = read_cursors(Path(arguments.since)) if is_file_of_cursors(arguments.since) else None
    if len(Archives(*paths)) > 1:
        check_many(arguments.until, "--until", "a day or a moment")
        check_many(arguments.since, "--since", "a day or a moment, or FILE.json with a commit of each site")
    sites = set()

    def one(archive: Archive) -> int:
        site = archive.facts.site
        if site in sites:
            raise NotUnderstood(
                f"{archive.layout.root}: a second archive of {site}, which is left out; give one of them"
            )
        since = arguments.since if cursors is None else cursors.get(site, "commit:0")
        write_lines(told(archive, since))
        if arguments.cursors:
            write_objects([archive.cursor(since, arguments.until)])
        sites.add(site)
        return 0

    status = each(paths, one)
    if absent := sorted(set(cursors or ()) - sites):
        print_message(f"note: {arguments.since} has cursors of sites that were not read: {', '.join(absent)}")
    return status


def is_file_of_cursors(place: str) -> bool:
    """Whether a value of --since names a file."""
    return place.endswith((".json", ".jsonl"))


def check_many(place: str | None, option: str, instead: str) -> None:
    """Refuse a place that means another thing in each of many archives."""
    if place is not None and _OF_ONE.fullmatch(place):
        raise NotUnderstood(f"{option} {place}: is a place in one archive; of several give {instead}")
