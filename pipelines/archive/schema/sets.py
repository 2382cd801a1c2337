"""The sets of files in `schemas/`: that of the first commit, and one of each later commit whose software had others.

Nothing that a commit names is rewritten, so what later software adds to lines or lists is in a folder of its own.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged
from pipelines.archive.schema.schemas import documents
from pipelines.untrusted import is_there, json_object, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.archive.disk.layout import Layout

FOLDER = "schemas"
_LISTING = ("readers.json", "codes.json")
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

    None where the newest are of later software, whose lines ours would not describe; and none where `schemas` is no
    folder: nothing is written through a link, and `verify` reports it.
    """
    try:
        inside = layout.path(FOLDER)
    except Damaged:
        return {}
    if inside.exists() and not inside.is_dir():
        return {}
    newest, ours = newest_set(layout, n - 1), {path.removeprefix(FOLDER): made for path, made in documents().items()}
    if all(_is(layout, newest + name, document) for name, document in ours.items()) or _has_more(layout, newest):
        return {}
    return {_folder(n) + name: document for name, document in ours.items()}


def _has_more(layout: Layout, newest: str) -> bool:
    """Whether a set has keys of our records, or words of our lists, that ours lacks: such are only ever added."""
    theirs, ours = _read(layout, newest), {name: json.loads(documents()[f"{FOLDER}/{name}"]) for name in _LISTING}
    return any(theirs[of] - known for of, known in _named(ours).items() if of in theirs)


def _read(layout: Layout, folder: str) -> dict[str, frozenset[str]]:
    found = {}
    for name in _LISTING:
        with suppress(OSError, ValueError, Damaged):  # lost or damaged, or of a time when there was none
            found[name] = json_object(layout.path(f"{folder}/{name}"))
    try:
        return _named(found)
    except (KeyError, TypeError, AttributeError):
        return {}


def _named(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """The keys by record, the words by list."""
    types, lists = documents.get("readers.json", {}), documents.get("codes.json", {})
    keys = {record: frozenset(chain.from_iterable(libraries.values())) for record, libraries in types.items()}
    codes = {name: one["codes"] for name, one in lists.items() if isinstance(one, dict)}
    return keys | {name: frozenset(row["code"] for row in rows) for name, rows in codes.items()}


def _folder(n: int) -> str:
    return f"{FOLDER}/since-{n:08d}"


def _is_named(layout: Layout, n: int) -> bool:
    """False for what a commit brought that was given up; a packed commit is not read, since it was not."""
    try:
        commit = layout.commit(n)
        files = json_object(commit)["files"] if is_there(commit) else None
        return files is None or any(one["path"].startswith(f"{_folder(n)}/") for one in files)
    except (OSError, ValueError, KeyError, TypeError, Damaged):  # a damaged commit proves nothing
        return False


def _is(layout: Layout, relative: str, document: bytes) -> bool:
    try:
        file = layout.path(relative)
        return is_there(file) and whole(file) == document
    except (OSError, ValueError, Damaged):  # a damaged file describes nothing
        return False
