"""The contract: what the crawler hands over and every line an archive holds. Standard library only.

`RawSpeech`, `Listed` and `Missed` are strings as a page gave them (crawler → pipelines). `Version`, `Observation` and
`Latest` are lines of an archive: their field order is the key order of the JSON, every key is always present, null
means unknown. The JSON Schemas and the reader types in `schemas/` are generated from these classes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, Self

from pipelines.canonical import content_sha256, json_value
from pipelines.reasons import PresenceState, Reason

SPEECH_SCHEMA = "speech/1"
OBSERVATION_SCHEMA = "observation/1"
LATEST_SCHEMA = "latest/1"

Event = Literal["created", "changed", "reprocessed", "gone", "restored"]
ContentState = Literal["new", "same", "changed", "unread"]
Precision = Literal["second", "minute", "day", "month"]
CaptureRole = Literal["article", "counter", "list", "attachment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file or picture inside a body."""

    name: Annotated[str, "link text, or the file name"]
    url: Annotated[str, "absolute address on the site's own host"]
    sha256: Annotated[str | None, "null when not fetched"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The words an interpreted value was read from."""

    field: str
    where: Annotated[str, "title, head, tail, info, list"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a value is null or doubtful; `code` is of a closed, documented list (`PROBLEM_CODES`)."""

    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What is known about an absence; only on gone and restored lines."""

    reason: str
    first_missed_at: str | None
    last_seen_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One HTTP exchange a line was read from; file, offset, length and record_id point into a WARC file."""

    role: CaptureRole
    part: Annotated[int, "page of a multi-page article, from 1"]
    url: str
    captured_at: str
    file: str | None = None
    offset: int | None = None
    length: int | None = None
    record_id: str | None = None
    payload_sha256: Annotated[str | None, "of the entity after content-decoding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The strings exactly as found, so that every normalised value can be made again."""

    title: str | None
    published: str | None
    views: str | None
    author: str | None
    source: str | None
    breadcrumb: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a list page says of a speech."""

    title: str | None
    date: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a speech was looked at: the exchange facts an observation keeps."""

    observed_at: Annotated[str, "UTC, when the answer of the article (else of the list) arrived"]
    looked: Annotated[tuple[str, ...], "subset of list, article, counter"]
    listed: Annotated[Row | None, "null when the speech stood on no list page"]
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    views_raw: str | None = None
    views_source: Annotated[str | None, "counter, page or null"] = None
    payload_sha256: str | None = None
    captures: tuple[Capture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSpeech:
    """One speech as its pages gave it. `body_html`: the body container of each part, in order, pager removed."""

    site: str
    native_id: str
    url: str
    section: str
    title: Annotated[str, "heading without site suffix and page number; blanks tidied"]
    raw: Raw
    body_html: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    look: Look
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A known speech that stood on a list page and was not read again in this run (its counter may have been)."""

    site: str
    native_id: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A listed row, or a known speech, whose text could not be had. `native_id` is null when the row has none."""

    site: str
    native_id: str | None
    url: str
    reason: Reason
    detail: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A normalised speech: what a `Version` line says before the archive gives it a place in history."""

    site: str
    native_id: str
    parser: str
    url: str
    section: str
    title: str
    published_on: str | None
    published_at: str | None
    published_precision: Precision | None
    author: str | None
    source: str | None
    body: str
    attachments: tuple[Attachment, ...]
    delivered_on: str | None
    speaker: str | None
    speaker_post: str | None
    committee: str | None
    term: str | None
    session: str | None
    meeting: str | None
    genre: str | None
    evidence: tuple[Evidence, ...]
    raw: Raw
    problems: tuple[Problem, ...]
    view_count: int | None
    look: Look

    @property
    def content_sha256(self) -> str:
        """The contract's hash of what the site published (`content_sha256`)."""
        return content_sha256(json_value(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One line of `versions/`: an event in the life of a speech (`speech/1`)."""

    schema: Annotated[str, "speech/1"]
    seq: Annotated[int, "primary key; rises by one per line over versions and observations of a site"]
    commit: Annotated[int, "the commit that brought the line"]
    id: Annotated[str, "site:native_id, for example gszx:4864"]
    site: str
    native_id: Annotated[str, "the CMS's own number, unique in the site; [A-Za-z0-9._-]"]
    event: Event
    version: Annotated[int, "content state of the site, from 1; gone and restored repeat it"]
    reading: Annotated[int | None, "our reading of that version, from 1; null on gone"]
    observed_at: Annotated[str, "UTC; when the bytes of this version were captured, or the absence was seen"]
    recorded_at: Annotated[str, "UTC; when this line was committed"]
    run: str
    parser: Annotated[str, "page object, normalisers and profile that read it: kesion/1+norm/1+<digest>"]
    url: str
    section: str | None
    title: str
    published_on: Annotated[str | None, "the day the site claims, YYYY-MM-DD"]
    published_at: Annotated[str | None, "the moment it claims, RFC 3339; null when only a day is printed"]
    published_precision: Precision | None
    author: str | None
    source: str | None
    body: Annotated[str | None, "visible text, one paragraph a line; null on gone"]
    attachments: tuple[Attachment, ...] | None
    content_sha256: Annotated[str | None, "RFC 8785 hash of what the site published; null on gone"]
    delivered_on: Annotated[str | None, "the day the speech was given, if the page says so"]
    speaker: str | None
    speaker_post: str | None
    committee: str | None
    term: str | None
    session: str | None
    meeting: str | None
    genre: str | None
    evidence: tuple[Evidence, ...] | None
    raw: Raw | None
    problems: tuple[Problem, ...] | None
    presence: Annotated[Presence | None, "on gone and restored only"]
    captures: tuple[Capture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One line of `observations/`: one look at a speech in one run (`observation/1`). View counts live only here."""

    schema: Annotated[str, "observation/1"]
    seq: int
    commit: int
    id: str
    run: str
    observed_at: str
    looked: Annotated[tuple[str, ...], "subset of list, article, counter"]
    presence: PresenceState
    content: ContentState
    version: Annotated[int | None, "the version confirmed by reading the article, else null"]
    reason: str | None
    listed: Row | None
    http_status: int | None
    etag: str | None
    last_modified: str | None
    view_count: Annotated[int | None, "null is unknown, never 0"]
    views_raw: str | None
    views_source: str | None
    payload_sha256: str | None
    captures: tuple[Capture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest(Version):
    """One line of `latest.jsonl`: the newest reading of the newest version of a present speech, and its counts."""

    view_count: Annotated[int | None, "newest non-null observation"]
    view_count_at: Annotated[str | None, "when that was seen, UTC"]
    first_seen: str
    last_seen: Annotated[str, "last look that found it present"]
    last_checked: Annotated[str, "last look at its article"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What archive.json says of a site: facts from its profile, the hosts crawled, and what is assumed."""

    site: str
    name: str
    committee: str
    cms: str
    id_namespace: str
    hosts: tuple[str, ...]
    timezone: str
    language: str
    rights: str | None
    contact: str | None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read back from archive.json, ignoring keys a later minor version may have added."""
        known = {f.name: value[f.name] for f in fields(cls)}
        return cls(**{**known, "hosts": tuple(known["hosts"])})
