"""Reads speaker, day, meeting and genre of a speech from its page.

Sources are the title and the lines above and below the text. Every value has as evidence the words from which it was
read; a doubtful value is null, since a guess would look like data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.context.delivered import read_day
from pipelines.context.genre import read_genre
from pipelines.context.head import Find, places
from pipelines.context.meeting import read_meeting
from pipelines.context.own_committee import own_committee
from pipelines.context.speaker import read_speaker
from pipelines.record import Context, Evidence, Problem

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedContext(Context):
    """The context of a speech, its evidence, and why a stated day is invalid."""

    evidence: tuple[Evidence, ...]
    problems: tuple[Problem, ...]


def read_context(title: str, body: str, *, seen_at: datetime, committee: str | None = None) -> WordedContext:
    """What title and body (paragraphs joined by a line feed) say; null where they do not. Never raises for any text.

    Args:
        title: of the page.
        body: its text.
        seen_at: when the page was captured (aware): no speech was delivered after that.
        committee: whose site it is, for pages that name no other committee or body.
    """
    page = places(body)
    heading = title if len(title) <= _LONGEST_TITLE else ""
    day = read_day(heading, page.head, seen_at)
    spoke = read_speaker(heading, page)
    where = read_meeting(heading, page)
    finds = {
        "delivered_on": day if isinstance(day, Find) else None,
        "speaker": spoke.speaker,
        "speaker_post": spoke.post,
        "committee": where.committee or own_committee(committee, heading, page, where.meeting),
        "term": where.term,
        "session": where.session,
        "meeting": where.meeting,
        "genre": read_genre(heading, page),
    }
    values = {field: find.value if find else None for field, find in finds.items()}
    told = {"speaker": spoke.speaker, "speaker_post": spoke.post}.values()
    if spoke.posts and all(find is None or find.text != spoke.posts.text for find in told):
        finds["speakers"] = spoke.posts
    evidence = (Evidence(field=field, where=find.where, text=find.text) for field, find in finds.items() if find)
    return WordedContext(
        **values,
        speakers=spoke.speakers,
        evidence=tuple(evidence),
        problems=(day,) if isinstance(day, Problem) else (),
    )
