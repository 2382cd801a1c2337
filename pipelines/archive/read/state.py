"""The state of each speech: a fold over the archive's lines in seq order, a few hundred bytes per speech."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from sys import intern
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.redactions import is_redacted
from pipelines.archive.disk.site_life import Rekey
from pipelines.archive.disk.wrong_clock import CLOCK_KIND
from pipelines.archive.errors import Damaged
from pipelines.canonical import json_values, local_part, sorted_sha256
from pipelines.keys import names_of
from pipelines.reasons import Reason
from pipelines.record import OBSERVATION_SCHEMA, Observation, Raw, Row, Version

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.reasons import PresenceState
    from pipelines.record import Speech

OF_VIEWS = frozenset((*names_of(Raw, "counted"), *names_of(Observation, "counted")))
"""The fields of problems about the view count."""
_RAW_VIEWS = dict.fromkeys(names_of(Raw, "counted"))
SAYING = names_of(Version, "published", "interpreted", "grounds")
"""The keys of a version line about the speech itself, not about when, how or where it was read."""


@dataclass(slots=True, kw_only=True)
class SpeechState:
    """One speech after the lines folded so far. `first_missed_at` is set while observations find it absent,
    `first_doubted_at` while they find a text that is doubtfully its own. `files` are those fetched; `text` is
    `text_digest` of the body. `succeeded_by` is the id under which the site has it now, as a `rekey` commit says.

    `presence` is that of the newest observation; `last_seq` is of the newest line of either stream. The newest
    content line is `content_seq`, brought by `content_commit`; `event_seq` is of the last `created`, `gone` or
    `restored` line.
    """

    id: str
    native_id: str
    version: int
    reading: int
    content_sha256: str
    derived_sha256: str
    article_sha256: tuple[str, ...]
    content_seq: int
    content_commit: int
    event_seq: int
    event_commit: int
    is_gone: bool
    url: str
    title: str
    is_redacted: bool
    section: str
    parser: str
    first_seen: str
    last_seen: str
    last_checked: str
    first_missed_at: str | None = None
    first_doubted_at: str | None = None
    presence: PresenceState = "present"
    last_seq: int = 0
    listed: Row | None = None
    view_count: int | None = None
    view_count_at: str | None = None
    published_on: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    counter_url: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    text: bytes = b""
    succeeded_by: str | None = None
    is_suppressed: bool = False

    @property
    def is_present(self) -> bool:
        """True unless it is gone, or the site has it under another id."""
        return not self.is_gone and self.succeeded_by is None


States = dict[str, SpeechState]
_MOMENTS = ("first_seen", "last_seen", "last_checked", "first_missed_at", "first_doubted_at", "view_count_at")


def load(history: Iterable[tuple[Commit, Iterable[Line]]], *, for_writing: bool = True) -> States:
    """The state of every speech, keyed by native id, from all commits in order, each with its lines by rising seq.

    Without `for_writing` they lack what `for_a_writer` gives.
    """
    states: States = {}
    for commit, lines in history:
        fold_commit(states, commit, lines, for_writing=for_writing)
    return states


def fold_commit(states: States, commit: Commit, lines: Iterable[Line], *, for_writing: bool = True) -> None:
    """Take the next commit into account: its lines, by rising seq, then its listing, then what its kind says.

    Each line is folded before the next is asked for. `Damaged` when one lacks what a line must have.
    """
    observed = set()
    for line in lines:
        try:
            _fold(states, line, commit.n, for_writing)
            if commit.listing and line["schema"] == OBSERVATION_SCHEMA:
                observed.add(line["id"])
        except (KeyError, TypeError, AttributeError) as error:
            message = f"commit {commit.n}, line with seq {line.get('seq')}: lacks what a line must have"
            raise Damaged(f"{message} ({error!r}); run verify") from error
    if commit.listing:
        for state in listed_as_before(states, observed):
            state.last_seen = commit.listing.observed_at
    if (
        commit.redaction
        and commit.redaction.is_suppressed
        and (suppressed := states.get(commit.redaction.id.partition(":")[2]))
    ):
        suppressed.is_suppressed = True
    if commit.kind == CLOCK_KIND:
        _set_back(states, commit.recorded_at)
    if rekey := Rekey.of(commit):
        _succeed(states, rekey)


def _succeed(states: States, rekey: Rekey) -> None:
    """Mark ids that have others now; `states` may be of a few speeches only."""
    for pair in rekey.pairs:
        if old := states.get(pair.old.partition(":")[2]):
            old.succeeded_by = pair.new
        if new := states.get(pair.new.partition(":")[2]):
            new.succeeded_by = None


def _set_back(states: States, now: str) -> None:
    """Let no moment be later than the `clock` commit that follows it: a deletion would not count until then."""
    for state in states.values():
        for name in _MOMENTS:
            moment = getattr(state, name)
            if moment is not None and moment > now:
                setattr(state, name, now)


def listed_as_before(states: States, observed: Container[str]) -> Iterator[SpeechState]:
    """The speeches that a listing stands for; `observed` are the ids with an observation line in its commit."""
    for state in states.values():
        is_listed = state.presence == "present" and state.listed is not None
        if is_listed and state.is_present and state.id not in observed:
            yield state


def _fold(states: States, line: Line, n: int, for_writing: bool) -> None:
    native_id = line["id"].partition(":")[2]
    if line["schema"] == OBSERVATION_SCHEMA:
        _observe(states[native_id], line)
    elif line["event"] == "gone":
        _go(states[native_id], line, n)
    elif line["event"] == "created":
        states[native_id] = _created(line, n, for_writing)
    else:
        _say(states[native_id], line, n, for_writing)
    states[native_id].last_seq = line["seq"]


def _created(line: Line, n: int, for_writing: bool) -> SpeechState:
    seen = line["observed_at"]
    return SpeechState(
        id=line["id"], native_id=line["native_id"], event_seq=line["seq"], event_commit=n, is_gone=False,
        first_seen=seen, last_seen=seen, last_checked=seen, **_said(line, n, for_writing),
    )  # fmt: skip


def _say(state: SpeechState, line: Line, n: int, for_writing: bool) -> None:
    for key, value in _said(line, n, for_writing).items():
        setattr(state, key, value)
    if line["event"] == "restored":
        state.is_gone, state.event_seq, state.event_commit = False, line["seq"], n


def for_a_writer(line: Line) -> tuple[str, tuple[str, ...], bytes]:
    """`derived_sha256`, `article_sha256` and `text` of a content line: they cost time."""
    return derived_sha256(line), article_sha256(line["captures"]), text_digest(line["body"])


def _said(line: Line, n: int, for_writing: bool) -> dict[str, Any]:
    derived, article, text = for_a_writer(line) if for_writing else ("", (), b"")
    return {
        "version": line["version"],
        "reading": line["reading"],
        "content_sha256": line["content_sha256"],
        "derived_sha256": derived,
        "article_sha256": article,
        "content_seq": line["seq"],
        "content_commit": n,
        "url": line["url"],
        "title": line["title"],
        "is_redacted": is_redacted(line),
        "section": intern(line["section"]),
        "parser": intern(line["parser"]),
        "published_on": line["published_on"],
        "files": files_of(line["attachments"]),
        "text": text,
    }


def _go(state: SpeechState, line: Line, n: int) -> None:
    state.is_gone, state.event_seq, state.event_commit = True, line["seq"], n
    state.first_missed_at = state.first_missed_at or line["presence"]["first_missed_at"]


def _observe(state: SpeechState, line: Line) -> None:
    # One string for one moment: most speeches are first seen, last seen and checked at the same one.
    at = state.first_seen if line["observed_at"] == state.first_seen else line["observed_at"]
    state.presence = intern(line["presence"])  # type: ignore[assignment]
    if line["presence"] in {"present", "unlisted"}:
        state.last_seen = at
        if not state.is_gone:
            state.first_missed_at = None
    elif line["presence"] == "missing":
        state.first_missed_at = state.first_missed_at or at
    elif line["presence"] == "withheld":
        # The site answered that it has the page; `unknown` is no answer and neither begins nor ends an absence.
        state.first_missed_at = state.first_missed_at if state.is_gone else None
    state.first_doubted_at = _first_doubted(state, line, at)
    if "article" in line["looked"]:
        state.last_checked = at
    if line["content"] != "unread" and line["http_status"] == HTTPStatus.OK:
        state.etag, state.last_modified = line["etag"], line["last_modified"]
        state.counter_url = next((c["url"] for c in line["captures"] if c["role"] == "counter"), None)
    if line["listed"] is not None:
        state.listed = row_of(line["listed"], state.title, state.published_on)
    if line["view_count"] is not None:
        state.view_count, state.view_count_at = line["view_count"], at


def _first_doubted(state: SpeechState, line: Line, at: str) -> str | None:
    if line["reason"] == Reason.DOUBTFUL:
        return state.first_doubted_at or at
    return state.first_doubted_at if line["content"] == "unread" else None


def row_of(listed: dict[str, str | None], title: str, day: str | None) -> Row:
    """A row of the list; most have title and day of their speech, which are held once then."""
    named, date = listed["title"], listed["date"]
    return Row(title=title if named == title else named, date=day if date == day else date)


def derived_sha256(line: Line) -> str:
    """Hash of all keys about the speech but the view count: equal when a new parser reads the same."""
    return sorted_sha256(apart_from_views({key: line[key] for key in SAYING}))


def apart_from_views(line: Line) -> Line:
    """The line without everything that a change of the view count alone would alter."""
    problems = [problem for problem in line["problems"] if problem["field"] not in OF_VIEWS]
    return line | {"raw": line["raw"] | _RAW_VIEWS, "problems": problems}


def derived_of(speech: Speech) -> str:
    """`derived_sha256` of a speech not yet written."""
    return derived_sha256(json_values(speech, SAYING))


def text_digest(body: str) -> bytes:
    """An eight-byte hash to compare texts by; empty for no text."""
    return hashlib.sha256(body.encode()).digest()[:8] if body else b""


def files_of(attachments: Iterable[Line]) -> tuple[tuple[str, str], ...]:
    """Path and query of each fetched attachment, with the digest of its bytes."""
    return tuple((local_part(one["url"]), one["sha256"]) for one in attachments if one["sha256"] is not None)


def has_other_file(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> bool:
    """True when an address gave other bytes than before; attachments that were not fetched do not count."""
    known = dict(before)
    return any(known.get(url, digest) != digest for url, digest in after)


def has_new_file(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> bool:
    """True when a file was fetched that was not fetched before."""
    return not dict(after).keys() <= dict(before).keys()


def article_sha256(captures: Iterable[Line]) -> tuple[str, ...]:
    """Payload hashes of the article's parts; empty when any is unknown, which equals nothing."""
    hashes: Sequence[str | None] = [c["payload_sha256"] for c in captures if c["role"] == "article"]
    return tuple(h for h in hashes if h is not None) if None not in hashes else ()
