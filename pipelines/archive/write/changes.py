"""Decides which events happened, from the archive's state and what a run saw. Pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.archive.disk.listings import Listing, rows_sha256
from pipelines.archive.read.state import (
    article_sha256,
    derived_of,
    files_of,
    has_new_file,
    has_other_file,
    listed_as_before,
)
from pipelines.canonical import json_value
from pipelines.record import Row
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.state import SpeechState, States
    from pipelines.record import Capture, ContentState, Event, Missed, Speech


_FEW = 5


@frozen
class Step:
    """One event to write, with its version and reading."""

    event: Event
    version: int
    reading: int


@frozen
class MassDeletion:
    """One run would mark so many of the present speeches gone that a person must accept it."""

    gone: int
    present: int


def steps_of_look(state: SpeechState | None, speech: Speech, before: Speech | None = None) -> tuple[Step, ...]:
    """The events of a speech whose article was read; none when it is the same.

    `before`, needed where `is_ambiguous` is true, is the newest version's capture as the parser of `speech` reads it.
    """
    if state is None:
        return (Step("created", 1, 1),)
    back = (Step("restored", state.version, state.reading),) if state.is_gone else ()
    if before is not None:
        return back + _attributed(state, speech, before)
    return back + _difference(state, speech, is_same_bytes=_is_same_bytes(state, speech))


def is_ambiguous(state: SpeechState | None, parser: str, captures: tuple[Capture, ...]) -> bool:
    """True when bytes and parser both differ from the archive's: only reading the old bytes again shows the cause."""
    if state is None or state.parser == parser:
        return False
    return article_sha256(json_value(captures)) != state.article_sha256


def steps_of_replay(state: SpeechState | None, speech: Speech) -> tuple[Step, ...]:
    """The events of reading the archive's own capture again: a new reading or nothing."""
    if state is None or state.is_gone or speech.parser == state.parser:
        return ()
    return _difference(state, speech, is_same_bytes=True)


def _difference(state: SpeechState, speech: Speech, *, is_same_bytes: bool) -> tuple[Step, ...]:
    is_same_content = speech.content_sha256 == state.content_sha256
    files = files_of(json_value(speech.attachments))
    if has_other_file(state.files, files):
        return (Step("changed", state.version + 1, 1),)
    if is_same_content and not state.is_redacted and has_new_file(state.files, files):
        return (Step("reprocessed", state.version, state.reading + 1),)
    if is_same_content and derived_of(speech) == state.derived_sha256:
        return ()
    if is_same_bytes and state.is_redacted:
        return ()  # a new reading of the old bytes would bring back redacted text
    if is_same_bytes and speech.parser != state.parser:
        return (Step("reprocessed", state.version, state.reading + 1),)
    return () if is_same_content else (Step("changed", state.version + 1, 1),)


def _attributed(state: SpeechState, speech: Speech, before: Speech) -> tuple[Step, ...]:
    """A difference in the old bytes is our parser's change, a difference between old and new bytes the site's."""
    ours = _difference(state, before, is_same_bytes=True)
    known = state.content_sha256 if state.is_redacted else before.content_sha256
    files = [files_of(json_value(one.attachments)) for one in (before, speech)]
    is_news = speech.content_sha256 not in {known, before.content_sha256} or has_other_file(*files)
    return (*ours, Step("changed", state.version + 1, 1)) if is_news else ours


def _is_same_bytes(state: SpeechState, speech: Speech) -> bool:
    parts = article_sha256(json_value(speech.look.captures))
    return bool(parts) and parts == state.article_sha256


def content_of(steps: tuple[Step, ...]) -> ContentState:
    """The `content` of the observation."""
    events = {step.event for step in steps}
    if "created" in events:
        return "new"
    return "changed" if "changed" in events else "same"


def is_proven_gone(state: SpeechState, missed: Missed, gone_after_days: int) -> bool:
    """True when the site says that the speech is gone, long enough after it said so first.

    `state` holds what earlier runs saw, so a first miss in it is of another run.
    """
    if missed.reason.presence != "missing" or state.is_gone:
        return False
    if gone_after_days == 0:
        return True
    if state.first_missed_at is None:
        return False
    absence = datetime.fromisoformat(missed.look.observed_at) - datetime.fromisoformat(state.first_missed_at)
    return absence >= timedelta(days=gone_after_days)


def mass_deletion(gone: int, present: int) -> MassDeletion | None:
    """Not null when one run would mark more than a third of the `present` speeches gone, and not just a few."""
    return MassDeletion(gone, present) if gone >= _FEW and gone * 3 > present else None


def shows_known_row(known: SpeechState, line: Line) -> bool:
    """True for an observation of a list row that says nothing but that the row is as it was."""
    is_listed = known.presence == "present" and known.is_present and known.listed is not None
    is_row_alone = line["looked"] == ["list"] and line["view_count"] is None and line["views_raw"] is None
    return is_listed and is_row_alone and Row(**line["listed"]) == known.listed


def listing_of(as_known: Iterable[Line], observed: Container[str], known: States) -> Listing | None:
    """The observation that stands for all of `as_known`; null when each needs a line of its own.

    `known` is as before the run, whose list was read to its end; `observed` are the ids that have a line. The rest
    must be exactly the speeches for which a reader takes the listing.
    """
    seen: set[str] = set()
    captures: dict[tuple[str, str], Line] = {}
    observed_at = ""
    for line in as_known:
        seen.add(line["id"])
        observed_at = max(observed_at, line["observed_at"])
        captures |= {(one["url"], one["captured_at"]): one for one in line["captures"]}
    standing = [(state.native_id, state.listed) for state in listed_as_before(known, observed)]
    if not seen or seen != {known[native_id].id for native_id, _ in standing}:
        return None
    rows = [(native_id, row) for native_id, row in standing if row is not None]
    ordered = sorted(captures.values(), key=lambda one: (one["captured_at"], one["part"], one["url"]))
    return Listing(
        observed_at=observed_at, speeches=len(seen), rows_sha256=rows_sha256(rows), captures=tuple(ordered)
    )
