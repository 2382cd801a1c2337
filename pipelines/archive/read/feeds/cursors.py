"""Files of cursors: up to which commit of each site somebody has followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.feeds.feed_records import CURSOR_SCHEMA
from pipelines.untrusted import parsed_json, whole

if TYPE_CHECKING:
    from pathlib import Path


def read_cursors(file: Path) -> dict[str, dict[str, Any]]:
    """By site {commit, head}: from a file of lines `cursor/1`, the last of a site, or of one object by site, or the
    manifest of an export.

    The object gives a commit, or {commit, head}. The head is null where the file does not say it. `NotUnderstood`
    when the file cannot be read as any of these.
    """
    try:
        data = whole(file)
        told = _objects(data)
        if not told:
            raise ValueError("it is empty")  # noqa: TRY301 - told with the others
        if len(told) == 1 and isinstance(told[0].get("sites"), list):
            told = _of_export(told[0])
        if len(told) == 1 and told[0].get("schema") != CURSOR_SCHEMA:
            return {site: _cursor(told_of) for site, told_of in told[0].items()}
        if any(one["schema"] != CURSOR_SCHEMA for one in told):
            raise ValueError(f"a line is not of {CURSOR_SCHEMA}")  # noqa: TRY301 - told with the others
        return {str(one["site"]): _cursor(one) for one in told}
    except FileNotFoundError as error:
        raise NotUnderstood(f"{file}: no such file; to begin with everything, let it hold {{}}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = f'give {{"gszx": 4}}, the {CURSOR_SCHEMA} lines of --cursors, or the manifest.json of an export'
        raise NotUnderstood(f"{file}: no file of cursors ({error}); {hint}") from error


def _objects(data: bytes) -> list[dict[str, Any]]:
    try:
        return [parsed_json(data)]
    except ValueError:
        return [parsed_json(line) for line in data.split(b"\n") if line.strip()]


_NOT_ALL = {
    "as_of": "the export is of a moment in the past (--as-of)",
    "since": "the export has only what came after a place (--since)",
    "where": "the export has only some rows (--where)",
}
"""By the option that was given: why an export is not all speeches as of its commits."""


def _of_export(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The cursors that the manifest of an export is: of all sites, as of their last commit then.

    `ValueError` when it has not all present speeches: a feed tells what is new, not what was left out.
    """
    for option, what in _NOT_ALL.items():
        if option in manifest["asked"]:
            raise ValueError(f"{what}, so that what it left out would never be told: begin with one of all speeches")
    if not any(column["name"] == "id" for column in manifest["tables"].get("speeches", {"columns": ()})["columns"]):
        raise ValueError("the export has no table speeches with ids: begin with one that has")
    return [one | {"schema": CURSOR_SCHEMA} for one in manifest["sites"]]


def _cursor(value: Any) -> dict[str, Any]:
    value = {"commit": value} if type(value) is int else value
    commit, head = value["commit"], value.get("head")
    if type(commit) is not int or commit < 0 or not isinstance(head, str | None):
        raise ValueError(f"{str(value)[:200]} is no cursor")
    return {"commit": commit, "head": head}
