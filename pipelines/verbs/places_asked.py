"""The options `--since` and `--until`: checked once, before the first archive is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.feeds.cursors import read_cursors
from pipelines.archive.read.moments import start_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"(seq:|commit:)?(0*([0-9]{1,18}))")
_SEVERAL = "is a place in one archive; of several give a day or a moment"

Since = str | dict[str, dict[str, Any]]
"""A place in history, as `extent_of` takes it, or {commit, head} by site."""


def asked_since(given: str, *, is_many: bool, by_seq: bool = True) -> Since:
    """The value of `--since`: `commit:4`, `seq:123` (with `by_seq`), a day or moment, or the cursors in a file.

    `NotUnderstood` for anything else, such as a bare number: some feeds could take it for a seq, others for a commit.
    With `is_many` also for a number of one archive.
    """
    if names_file(given):
        return read_cursors(Path(given))
    found = _NUMBER.fullmatch(given)
    if found is None:
        _check_moment("--since", given)
    elif not found[1] or (found[1] == "seq:" and not by_seq):
        wanted = (
            f"seq:{found[2]} or commit:{found[2]}" if by_seq else f"commit:{found[2]}, a day, a moment or FILE.json"
        )
        raise NotUnderstood(f"--since {given}: write {wanted}")
    elif is_many and found[3] != "0":
        raise NotUnderstood(f"--since {given}: {_SEVERAL}, or FILE.json with a commit of each site")
    return given


def names_file(given: str) -> bool:
    """Whether a value of `--since` names a file of cursors."""
    return given.endswith((".json", ".jsonl"))


def check_until(given: str | None, *, is_many: bool) -> None:
    """`NotUnderstood` for a value of `--until` that is no `commit:4`, day or moment, or with `is_many` a commit."""
    if given is None:
        return
    found = _NUMBER.fullmatch(given)
    if found is None:
        _check_moment("--until", given)
    elif found[1] != "commit:":
        raise NotUnderstood(f"--until {given}: write commit:{found[2]}, a day or a moment")
    elif is_many:
        raise NotUnderstood(f"--until {given}: {_SEVERAL}")


def place_in(since: Since, site: str) -> str | Mapping[str, Any]:
    """The place of one site: a site without a cursor begins with its first commit."""
    return since if isinstance(since, str) else since.get(site, "commit:0")


def _check_moment(option: str, given: str) -> None:
    try:
        start_of(given)
    except NotUnderstood as error:
        raise NotUnderstood(f"{option} {error}; or commit:4") from error
