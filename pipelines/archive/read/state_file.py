"""`state.jsonl` and `state.json`: what a writer must know of an archive, without reading its history.

They are derived, may be old, damaged or forged, and then count for nothing: the commits are read instead.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from sys import intern
from types import NoneType
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import Commit, read_commit
from pipelines.archive.disk.containers import members
from pipelines.archive.disk.layout import STATE_JSON, STATE_LINES, Layout, natural_key
from pipelines.archive.disk.streams import raw_lines
from pipelines.archive.errors import Damaged
from pipelines.archive.read.known import Known, Standing, Totals
from pipelines.archive.read.payloads import Kept
from pipelines.archive.read.state import SAYING, SpeechState, row_of
from pipelines.canonical import json_value, sorted_sha256
from pipelines.gaps.acceptance import Decided
from pipelines.untrusted import json_object, parsed_json
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STATE_SCHEMA = "state/1"
PAYLOAD_SCHEMA = "payload/1"
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
FOLD = f"5+{hashlib.sha256(','.join(SAYING).encode()).hexdigest()[:12]}"
"""By which rules a state was folded: a number, raised when they change, and a hash of the keys in `derived_sha256`.

A state folded by other rules is not damaged; it is not used, and made anew.
"""
_NAMES = tuple(field.name for field in fields(SpeechState))
_SEAL = "document_sha256"
_ADDED = ("derived_sha256", "article_sha256", "text")
_CONTENT_SEQ = re.compile(rb'"content_seq":(\d{1,18}),')

_COUNTS = frozenset(
    {"version", "reading", "content_seq", "content_commit", "event_seq", "event_commit", "last_seq", "view_count"}
)
_MAY_LACK = frozenset({"first_missed_at", "first_doubted_at", "view_count", "view_count_at", "published_on", "etag"})
_MAY_LACK |= {"last_modified", "counter_url", "section", "listed", "succeeded_by"}
_OTHERS: dict[str, type] = {"is_gone": bool, "is_redacted": bool, "is_suppressed": bool, "listed": dict}
_OTHERS |= {"article_sha256": list, "files": list}


_OFTEN_THE_SAME = ("section", "parser", "presence", "first_seen", "last_seen", "last_checked", "view_count_at")


def _types_of(name: str) -> frozenset[type]:
    kind = int if name in _COUNTS else _OTHERS.get(name, str)
    return frozenset({kind, NoneType} if name in _MAY_LACK else {kind})


_TYPES = {name: _types_of(name) for name in _NAMES}
_PAYLOAD_TYPES = {"url": {str}, "sha256": {str}, "file": {str}, "offset": {int}}


def state_lines(known: Known) -> Iterator[bytes]:
    """The speeches in natural order of their ids, then the stored payloads."""
    for native_id in sorted(known.states, key=natural_key):
        yield state_line(known.states[native_id])
    yield from map(payload_line, known.payloads.items())


def state_line(state: SpeechState) -> bytes:
    """The line of one speech: every attribute of its state by its name, what `for_a_writer` gives at the end."""
    return line_begin(state) + line_end(state.derived_sha256, state.article_sha256, state.text)


def line_begin(state: SpeechState) -> bytes:
    """A line up to what `for_a_writer` gives."""
    value = {name: getattr(state, name) for name in _NAMES if name not in _ADDED}
    value["listed"] = json_value(state.listed)
    return _compact({"schema": STATE_SCHEMA} | value)[:-1].encode()


def line_end(derived_sha256: str, article_sha256: tuple[str, ...], text: bytes) -> bytes:
    """The rest of it."""
    value = dict(zip(_ADDED, (derived_sha256, article_sha256, text.hex()), strict=True))
    return f",{_compact(value)[1:]}\n".encode()


def place_and_end(line: bytes) -> tuple[int, bytes] | None:
    """The `content_seq` of a line of a speech, and its `line_end`; null for any other line."""
    seq, at = _CONTENT_SEQ.search(line), line.rfind(b',"derived_sha256":')
    return (int(seq[1]), line[at:]) if seq and at > 0 else None


def payload_line(payload: Kept) -> bytes:
    """The line of one address."""
    return f"{_compact({'schema': PAYLOAD_SCHEMA} | payload._asdict())}\n".encode()


def state_of(value: dict[str, Any]) -> SpeechState:
    """Read back from a line; `ValueError` when it is none."""
    _check(value, _TYPES)
    value = value | {name: value[name] and intern(value[name]) for name in _OFTEN_THE_SAME}
    value |= {
        "listed": row_of(value["listed"], value["title"], value["published_on"]) if value["listed"] else None,
        "text": bytes.fromhex(value["text"]),
        "article_sha256": tuple(map(_text, value["article_sha256"])),
        "files": tuple((_text(url), _text(sha256)) for url, sha256 in value["files"]),
    }
    del value["schema"]
    return SpeechState(**value)


def payload_of(value: dict[str, Any]) -> Kept:
    """Read back from a line; `ValueError` when it is none."""
    _check(value, _PAYLOAD_TYPES)
    return Kept(value["url"], value["sha256"], intern(value["file"]), value["offset"])


def _check(value: dict[str, Any], types: dict[str, Any]) -> None:
    if value.keys() - {"schema"} != types.keys():
        raise ValueError(f"has the keys {', '.join(value)}")
    wrong = next((name for name, known in types.items() if type(value[name]) not in known), None)
    if wrong:
        raise ValueError(f"{wrong} is {str(value[wrong])[:200]!r}")


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"{str(value)[:200]!r} is no text")
    return value


def told_by(told: dict[str, Any], totals: Totals, counted: Callable[[], Standing], head: str) -> dict[str, Any]:
    """What `state.json` says, given what every derived document says: totals, and a hash of all of it."""
    standing = counted()
    whole = told | {
        "fold": FOLD,
        "head": head,
        "speeches": standing.speeches,
        "gone": standing.gone,
        "succeeded": standing.succeeded,
        "dated": standing.dated,
        "last_seq": totals.last_seq,
        "versions": totals.versions,
        "observations": totals.observations,
        "redactions": totals.redactions,
        "last_run": totals.last_run,
        "rekeys": totals.rekeys,
        "id_namespace": totals.id_namespace,
        "retired": totals.retired,
        "described": totals.described,
        "accepted": [decided.document() for decided in totals.accepted.values()],
    }
    return sealed(whole)


def sealed(value: dict[str, Any]) -> dict[str, Any]:
    """A document with a hash of all of it."""
    return value | {_SEAL: sorted_sha256(value)}


def checked_about(file: Path) -> dict[str, Any]:
    """The content of a sealed document; `OSError` or `ValueError` when it cannot be read or was altered."""
    value = json_object(file)
    if value.pop(_SEAL, None) != sorted_sha256(value):
        raise ValueError("it was altered")
    return value


def is_altered(file: Path) -> bool:
    """True when a sealed document cannot be read or is not what its own hash says."""
    try:
        checked_about(file)
    except (OSError, ValueError):
        return True
    return False


@frozen(kw_only=True)
class StateAbout:
    """`state.json`: of which commit, its hash, and what can be told without the lines."""

    commit: int
    head: str
    sha256: str
    speeches: int
    gone: int
    succeeded: int
    dated: int
    totals: Totals


@frozen
class Tip:
    """The last commit, and the state after it."""

    commit: Commit
    about: StateAbout


def read_tip(layout: Layout) -> Tip | None:
    """The state and the commit it is of, which must be the last; null when the chain must be read instead."""
    try:
        about = read_about_state(layout)
        # The last commit is never packed, so an old state cannot be taken for its.
        commit = read_commit(layout.commit(about.commit))
        if _is_followed(layout, commit):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Damaged):
        return None
    return Tip(commit, about) if commit.sha256 == about.head else None


def _is_followed(layout: Layout, commit: Commit) -> bool:
    """True when there is a later commit, alone or packed: an older copy may lie over an archive that went on."""
    after = layout.commit_name(commit.n + 1)
    # A later commit is of the same year or a later one, so that in most archives no container is read.
    packed = (members(file) for file in layout.containers("commits", since=commit.recorded_at[:4]))
    return layout.path(after).exists() or any(after in names for names in packed)


def read_about_state(layout: Layout) -> StateAbout:
    """What `state.json` says; `OSError`, `ValueError`, `KeyError` or `TypeError` when it cannot be read."""
    value = checked_about(layout.path(STATE_JSON))
    if (value["schema"], value["fold"]) != (STATE_SCHEMA, FOLD):
        raise ValueError("folded by other rules")
    for name in ("commit", "speeches", "gone", "succeeded", "dated", "last_seq", "versions", "observations"):
        if type(value[name]) is not int:
            raise ValueError(f"{name} is no number")
    return StateAbout(
        commit=value["commit"], head=_text(value["head"]), sha256=_text(value["sha256"]),
        speeches=value["speeches"], gone=value["gone"], succeeded=value["succeeded"],
        dated=value["dated"],
        totals=Totals(
            last_seq=value["last_seq"], versions=value["versions"], observations=value["observations"],
            redactions=_acts(value["redactions"]), last_run=_last_run(value["last_run"]),
            rekeys=_acts(value["rekeys"]),
            id_namespace=None if value["id_namespace"] is None else _text(value["id_namespace"]),
            retired=_retired(value["retired"]),
            described={_text(name): _text(said) for name, said in value["described"].items()},
            accepted={decided.told.url: decided for decided in map(Decided.from_json, value["accepted"])},
        ),
    )  # fmt: skip


def _acts(value: Any) -> list[dict[str, int]]:
    return [{key: int(one[key]) for key in ("commit", "after")} for one in value]


def _last_run(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    return {"commit": int(value["commit"]), "run": _text(value["run"]), "kind": _text(value["kind"])}


def _retired(value: Any) -> dict[str, Any] | None:
    return None if value is None else {"commit": int(value["commit"]), "reason": _text(value["reason"])}


def read_known(layout: Layout, about: StateAbout) -> Known | None:
    """The lines that `about` is of; null when they are not what it says."""
    known = Known(totals=about.totals)
    sha256 = hashlib.sha256()
    try:
        for line in raw_lines(layout.path(STATE_LINES)):
            sha256.update(line)
            value = parsed_json(line)
            if value["schema"] == PAYLOAD_SCHEMA:
                known.payloads.note_kept(payload_of(value))
            else:
                state = state_of(value)
                known.states[state.native_id] = state
    except (Damaged, OSError, ValueError, KeyError, TypeError):
        return None
    found = known.standing()
    counts = found.speeches, found.gone, found.succeeded
    is_right = sha256.hexdigest() == about.sha256 and counts == (about.speeches, about.gone, about.succeeded)
    return known if is_right else None
