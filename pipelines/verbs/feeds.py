"""`changes`, `views` and `files`: feeds for programs. JSON Lines on stdout, in constant memory."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.archives import Archives, OnePerSite
from pipelines.archive.read.feeds.extent import extent_of
from pipelines.archive.read.feeds.file_feed import files_since
from pipelines.canonical import json_value
from pipelines.tables.view_periods import EVERY, counting_falls, told_falls, view_periods_of
from pipelines.verbs.output import json_lines, print_message, write_lines, write_objects
from pipelines.verbs.over import each
from pipelines.verbs.places_asked import asked_since, check_until, place_in
from pipelines.verbs.texts.reference import never_captured

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.archive import Archive
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.extent import Place
    from pipelines.verbs import AddVerb

_FILE = "FILE.json ({site: commit}, lines of --cursors, or an export's manifest.json)"
_MOMENT = "commit:4 (after that commit), 2026-01-31[T02:00:00Z] (recorded since)"


def add(verb: AddVerb) -> None:
    """Add the commands."""
    changes = verb(
        "changes",
        _changes,
        "List the events since a place in history, one JSON object each.",
        "output --since commit:1 --fields",
        many=True,
    )
    changes.set_defaults(reads="lines")
    _add_places(changes)
    changes.add_argument("--all", action="store_true", help="also changes by our parser alone (reprocessed)")
    changes.add_argument("--fields", action="store_true", help="name the keys that changed")
    full = "as --all, with what to do (op) and the whole line (entity)"
    changes.add_argument("--full", action="store_true", help=full)
    seen = "as --full, and at the end the counts of every speech that was looked at"
    changes.add_argument("--seen", action="store_true", help=seen)
    views = verb(
        "views",
        _views,
        "List every view count that was read, one JSON object each; of one ID.",
        "output/gszx 4864 --every month",
        many=True,
    )
    views.set_defaults(reads="lines")
    views.add_argument(
        "id", metavar="ID", nargs="?", help="of this speech only: 4864, among several archives gszx:4864"
    )
    _add_places(views)
    views.add_argument("--every", choices=EVERY, help="a line a period: the last count read in it, null between")
    files = verb(
        "files",
        _files,
        "List the files of commits, one JSON object per file, for loaders.",
        "output/gszx --since 2026-11-01",
        many=True,
    )
    files.set_defaults(reads="lines")
    _add_since(files, _MOMENT)


def _add_places(parser: argparse.ArgumentParser) -> None:
    _add_since(parser, f"seq:123 (after that line), {_MOMENT}")
    parser.add_argument(
        "--until", metavar="PLACE", help="commit:4, or a day or moment of recording; default: the end"
    )


def _add_since(parser: argparse.ArgumentParser, places: str) -> None:
    about = f"{places}, or {_FILE}; default: everything"
    parser.add_argument("--since", metavar="PLACE", default="commit:0", help=about)
    parser.add_argument("--cursors", action="store_true", help="end each site with a line for the next --since")


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
    arguments.until = None

    def told(archive: Archive, since: Place) -> Iterable[bytes]:
        files = files_since(archive.commits(), extent_of(archive, since).after)
        return json_lines({"site": archive.facts.site} | file for file in files)

    return _feed(arguments, arguments.archives, told, by_seq=False)


def _feed(
    arguments: argparse.Namespace,
    paths: Sequence[str],
    told: Callable[[Archive, Place], Iterable[bytes]],
    *,
    by_seq: bool = True,
) -> int:
    """Print what `told` gives of each archive since the place that is asked for, and its cursor where it is."""
    is_many = len(Archives(*paths)) > 1
    wanted = asked_since(arguments.since, is_many=is_many, by_seq=by_seq)
    check_until(arguments.until, is_many=is_many)
    sites, read = OnePerSite(), set()

    def one(archive: Archive) -> int:
        site = archive.facts.site
        sites.add(site, archive.layout.root)
        since = place_in(wanted, site)
        write_lines(told(archive, since))
        if arguments.cursors:
            write_objects([archive.cursor(since, arguments.until)])
        read.add(site)
        return 0

    status = each(paths, one)
    if not isinstance(wanted, str) and (absent := sorted(wanted.keys() - read)):
        print_message(f"note: {arguments.since} has cursors of sites that were not read: {', '.join(absent)}")
    return status
