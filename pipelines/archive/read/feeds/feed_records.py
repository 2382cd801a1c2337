"""The lines of the feeds: events (`change/1`), view counts (`views/1`), and how far they go (`cursor/1`)."""

from dataclasses import fields
from typing import Annotated, Literal

from pipelines.keys import Needs, OneOf, declared
from pipelines.reasons import CLOSED_LISTS
from pipelines.record import Latest, Moment, Sha256, SiteName, SpeechId, ViewsSource

CHANGE_SCHEMA = "change/1"
VIEWS_SCHEMA = "views/1"
CURSOR_SCHEMA = "cursor/1"
REDACTED, SUCCEEDED, RESUMED, SEEN = "redacted", "succeeded", "resumed", "seen"
"""Events that no line of `versions/` brings."""

ChangeEvent = Annotated[str, OneOf(tuple(CLOSED_LISTS["changes"]))]
Operation = Literal["ADD", "MOD", "DEL"]


@declared
class FeedEvent:
    """One event of a speech. What no version line says is null in events of acts and in `seen`."""

    schema: Annotated[str, "change/1"]
    site: Annotated[SiteName, "name of the site"]
    seq: Annotated[int | None, "of the version line; null where none brings the event"]
    commit: Annotated[int, "the commit that brought it"]
    id: Annotated[SpeechId, "site:native_id"]
    event: Annotated[ChangeEvent, "what happened"]
    version: Annotated[int | None, "content state of the site"]
    reading: Annotated[int | None, "our reading of that version; null on gone"]
    title: Annotated[str | None, "of the version line"]
    url: Annotated[str | None, "canonical address"]
    observed_at: Annotated[Moment | None, "UTC; when the bytes were captured, or the absence was seen"]
    recorded_at: Annotated[Moment, "UTC; when it was committed"]
    fields: Annotated[tuple[str, ...] | None, "with --fields: the keys that changed and reprocessed lines changed"]
    op: Annotated[Operation | None, "with --full: what to do with the row of this id"]
    entity: Annotated[
        Latest | None,
        Needs(("id",)),
        "with --full: the speech/1 line, as it is stored now; in seen the counts alone; null where op is DEL",
    ]
    seqs: Annotated[tuple[int, ...] | None, "of redacted: the lines that were rewritten"]
    reason: Annotated[str | None, "of redacted: why"]
    order: Annotated[str | None, "of redacted: the reference of the order"]
    suppressed: Annotated[bool | None, "of redacted: whether later runs leave the speech out"]
    succeeded_by: Annotated[SpeechId | None, "of succeeded: the id under which the site has it now"]


@declared
class ReadCount:
    """One view count of one observation."""

    schema: Annotated[str, "views/1"]
    site: Annotated[SiteName, "name of the site"]
    id: Annotated[SpeechId, "site:native_id"]
    seq: Annotated[int, "of the observation line"]
    commit: Annotated[int, "the commit that brought it"]
    observed_at: Annotated[Moment, "UTC; when it was read"]
    view_count: Annotated[int, "as the site gave it; observations without a count are left out"]
    views_source: Annotated[ViewsSource | None, "counter or page"]
    decreased: Annotated[bool, "whether it is below the count read before it"]


@declared
class CursorLine:
    """How far a feed goes: every commit of the site up to this one."""

    schema: Annotated[str, "cursor/1"]
    site: Annotated[SiteName, "name of the site"]
    commit: Annotated[int, "number of the last commit told"]
    head: Annotated[
        Sha256 | None, "SHA-256 of that commit: another one means that the archive was replaced; null of commit 0"
    ]


NOTHING = dict.fromkeys(one.name for one in fields(FeedEvent))
"""A `change/1` object without values, for its keys and their order."""
