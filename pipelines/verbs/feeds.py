"""`changes`, `views` and `files`: feeds for programs. JSON Lines on stdout, in constant memory."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from pipelines.archive import Archive
from pipelines.archive.disk.commits import Commit
from pipelines.archive.disk.files import NamedFile
from pipelines.archive.errors import NotUnderstood
from pipelines.canonical import json_value
from pipelines.verbs.output import write_objects
from pipelines.verbs.texts.reference import never_captured

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb

_COMMIT = re.compile(r"(?:commit:)?([0-9]{1,18})")


def add(verb: AddVerb) -> None:
    """Add the commands."""
    changes = verb("changes", _changes, "List the events since a place in history, one JSON object per event.")
    place = "seq:123 or 123 (after that line), commit:4 (after that commit), 2026-01-31[T02:00:00Z] (recorded since)"
    changes.add_argument("--since", metavar="PLACE", default="0", help=f"{place}; default: everything")
    changes.add_argument("--all", action="store_true", help="also changes by our parser alone (reprocessed)")
    views = verb("views", _views, "List every view count that was read, one JSON object per observation.")
    views.add_argument("id", metavar="ID", nargs="?", help="only of this speech")
    files = verb("files", _files, "List the files of commits, one JSON object per file, for loaders.")
    files.add_argument("--since", metavar="COMMIT", default="0", help="only after this commit (4 or commit:4)")


def _changes(arguments: argparse.Namespace) -> int:
    write_objects(Archive(arguments.archive).changes(arguments.since, reprocessed=arguments.all))
    return 0


def _views(arguments: argparse.Namespace) -> int:
    archive = Archive(arguments.archive)
    counts = archive.view_counts(arguments.id)
    first = next(counts, None)
    if first is not None:
        write_objects(chain([first], counts))
    elif arguments.id and next(archive.about(arguments.id), None) is None:
        raise never_captured(archive, archive.full_id(arguments.id))
    return 0


def _files(arguments: argparse.Namespace) -> int:
    found = _COMMIT.fullmatch(arguments.since)
    if found is None:
        raise NotUnderstood(f"--since {arguments.since}: give the number of a commit, 4 or commit:4")
    commits = Archive(arguments.archive).commits()
    if int(found[1]) > len(commits):
        raise NotUnderstood(f"--since {arguments.since}: there are only {len(commits)} commits")
    # The last entry counts: a redaction names again the files that it replaced.
    named = {file.path: (commit, file) for commit in commits for file in (*commit.files, *_replaced(commit))}
    write_objects(
        {"commit": commit.n, "recorded_at": commit.recorded_at} | json_value(file)
        for commit, file in sorted(named.values(), key=lambda pair: (pair[0].n, pair[1].path))
        if commit.n > int(found[1])
    )
    return 0


def _replaced(commit: Commit) -> list[NamedFile]:
    return [file.new for file in commit.redaction.files] if commit.redaction else []
