"""The sets of files in `schemas/`: that of the first commit, and one of each later commit whose software had others.

Nothing that a commit names is rewritten, so what later software adds to lines or lists is in a folder of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.archive.schema.schemas import documents
from pipelines.untrusted import is_there, json_object, whole

if TYPE_CHECKING:
    from pipelines.archive.disk.layout import Layout

FOLDER = "schemas"
# Sorts behind the names of the first set's files, so that the newest path is the greatest.
_SINCE = re.compile(r"since-(\d{8,})")


def newest_set(layout: Layout, n: int) -> str:
    """The folder of the set that describes the lines as of commit `n`: `schemas`, or `schemas/since-00000042`."""
    inside = layout.path(FOLDER)
    names = (_SINCE.fullmatch(one.name) for one in inside.iterdir()) if inside.is_dir() else ()
    numbers = sorted((int(name[1]) for name in names if name), reverse=True)
    newest = next((one for one in numbers if one <= n and _is_named(layout, one)), None)
    return FOLDER if newest is None else _folder(newest)


def to_add(layout: Layout, n: int) -> dict[str, bytes]:
    """The files by their path that commit `n` brings, since those of this software are not the newest of the archive.

    None where `schemas` is a link: nothing is written through one, and `verify` reports it.
    """
    try:
        newest = newest_set(layout, n - 1)
    except Damaged:
        return {}
    ours = {path.removeprefix(FOLDER): document for path, document in documents().items()}
    if all(_is(layout, newest + name, document) for name, document in ours.items()):
        return {}
    return {_folder(n) + name: document for name, document in ours.items()}


def _folder(n: int) -> str:
    return f"{FOLDER}/since-{n:08d}"


def _is_named(layout: Layout, n: int) -> bool:
    """False for what a commit brought that was given up; a packed commit is not read, since it was not."""
    commit = layout.commit(n)
    try:
        files = json_object(commit)["files"] if is_there(commit) else None
        return files is None or any(one["path"].startswith(f"{_folder(n)}/") for one in files)
    except (OSError, ValueError, KeyError, TypeError):  # a damaged commit proves nothing
        return False


def _is(layout: Layout, relative: str, document: bytes) -> bool:
    try:
        file = layout.path(relative)
        return is_there(file) and whole(file) == document
    except (OSError, ValueError, Damaged):  # a damaged file describes nothing
        return False
