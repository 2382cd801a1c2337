"""The lines of a run, without their place in the archive (seq, commit, recorded_at)."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import TYPE_CHECKING

from pipelines.archive.read.state import SAYING
from pipelines.canonical import json_value, json_values, packed_line
from pipelines.record import OBSERVATION_SCHEMA, SPEECH_SCHEMA, Look, Observation, Raw, Speech, Version, completed

if TYPE_CHECKING:
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.state import SpeechState
    from pipelines.archive.write.changes import Step
    from pipelines.reasons import PresenceState
    from pipelines.record import ContentState, Missed

_ORDER = {
    SPEECH_SCHEMA: tuple(f.name for f in fields(Version)),
    OBSERVATION_SCHEMA: tuple(f.name for f in fields(Observation)),
}
FORM = hashlib.sha256(repr((_ORDER, [f.name for f in fields(Raw)])).encode()).hexdigest()[:16]
"""Of the keys that this software gives a line: what other software staged is given them when it is read."""
_NO_PLACE: dict[str, dict[str, None]] = {
    SPEECH_SCHEMA: dict.fromkeys(("seq", "commit", "recorded_at")),
    OBSERVATION_SCHEMA: dict.fromkeys(("seq", "commit")),
}
_SPEECH = f'{{"schema":"{SPEECH_SCHEMA}"'.encode()


def content_line(speech: Speech, step: Step, run: str) -> Line:
    """A created, changed or reprocessed line."""
    return {
        "schema": SPEECH_SCHEMA,
        "id": f"{speech.site}:{speech.native_id}",
        "site": speech.site,
        "native_id": speech.native_id,
        "event": step.event,
        "version": step.version,
        "reading": step.reading,
        "observed_at": speech.look.observed_at,
        "run": run,
        "parser": speech.parser,
        "content_sha256": speech.content_sha256,
        "presence": None,
        "captures": json_value(speech.look.captures),
    } | json_values(speech, SAYING)


def restored_line(old: Line, state: SpeechState, look: Look, run: str) -> Line:
    """The content as before `gone`, with the captures it was read from; the new exchange is in the observation."""
    presence = {"reason": "seen-again", "first_missed_at": state.first_missed_at, "last_seen_at": state.last_seen}
    return old | {"event": "restored", "observed_at": look.observed_at, "run": run, "presence": presence}


def gone_line(state: SpeechState, missed: Missed, run: str) -> Line:
    """A gone line: title and address of the speech, and the evidence."""
    look = missed.look
    return dict.fromkeys(_ORDER[SPEECH_SCHEMA]) | {
        "schema": SPEECH_SCHEMA,
        "id": state.id,
        "site": missed.site,
        "native_id": state.native_id,
        "event": "gone",
        "version": state.version,
        "observed_at": look.observed_at,
        "run": run,
        "parser": state.parser,
        "url": state.url,
        "title": state.title,
        "presence": {
            "reason": missed.reason.value,
            "first_missed_at": state.first_missed_at or look.observed_at,
            "last_seen_at": state.last_seen,
        },
        "captures": json_value(look.captures),
    }


def observation_line(  # noqa: PLR0913 - the columns of an observation
    *,
    id: str,  # noqa: A002 - the contract's key
    run: str,
    look: Look,
    presence: PresenceState,
    content: ContentState = "unread",
    version: int | None = None,
    reason: str | None = None,
    view_count: int | None = None,
) -> Line:
    """One observation of one speech."""
    seen = json_value(look)
    seen |= {"schema": OBSERVATION_SCHEMA, "id": id, "run": run, "presence": presence, "content": content}
    return seen | {"version": version, "reason": reason, "view_count": view_count}  # type: ignore[no-any-return]


def unplaced(line: Line) -> Line:
    """A line with every key of the contract in its order, those of role `place` null.

    Keys that later software may have added stay at the end.
    """
    whole = line | _NO_PLACE[line["schema"]]
    ordered = {key: whole.pop(key) for key in _ORDER[line["schema"]]}
    return ordered | whole


def packed(line: Line) -> bytes:
    """A line as it will be archived, but for its place."""
    return packed_line(unplaced(completed(line)))


def placed(line: bytes, seq: int, commit: int, recorded_at: str) -> bytes:
    """A packed `unplaced` line with its place.

    It is not parsed again: the keys to be filled come first, and no string in JSON holds a key with its quotes.
    """
    schema, line = line.split(b',"seq":null,"commit":null,', 1)
    if schema == _SPEECH:
        line = line.replace(b',"recorded_at":null', f',"recorded_at":"{recorded_at}"'.encode(), 1)
    return b'%b,"seq":%d,"commit":%d,%b' % (schema, seq, commit, line)
