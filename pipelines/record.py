"""The contract: what the crawler hands over and every line an archive holds. Standard library only.

`RawSpeech`, `Listed`, `Confirmed` and `Missed` go from crawler to pipelines, strings as pages gave them. `Version`,
`Observation` and `Latest` are lines of an archive: their field order is the key order of the JSON, each key always
present, null means unknown. The JSON Schemas and the reader types in `schemas/` are generated from these classes.
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

    field: Annotated[str, "the key whose value was read here"]
    where: Annotated[str, "title, head, tail, info, list; for dates the places of docs/reading-any-site.md"]
    text: Annotated[str, "the words themselves"]


DayOrder = Literal["month-first", "day-first", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A date as one place of the site prints it."""

    where: Annotated[str, "a key of `pipelines.text.dates.witnesses.WEIGHTS`"]
    text: Annotated[str, "the words themselves"]
    order: Annotated[DayOrder, "of a date with the year last: which number is the month"] = "month-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a value is null or doubtful; `code` is of a closed, documented list (`PROBLEM_CODES`)."""

    field: Annotated[str, "the key in doubt"]
    code: Annotated[str, "one of the closed list below"]
    detail: Annotated[str, "what was found, for a person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What is known about an absence; only on gone and restored lines."""

    reason: Annotated[str, "deleted-notice, not-found; seen-again on restored"]
    first_missed_at: Annotated[str | None, "UTC, first sight of the absence"]
    last_seen_at: Annotated[str | None, "UTC, last look that found it"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One HTTP exchange a line was read from; file, offset, length and record_id point into a WARC file."""

    role: Annotated[CaptureRole, "what the exchange was"]
    part: Annotated[int, "page of a multi-page article, from 1"]
    url: Annotated[str, "address asked for"]
    captured_at: Annotated[str, "UTC, when the answer arrived"]
    file: Annotated[str | None, "WARC file, as its commit names it; null when no raw bytes were kept"] = None
    offset: Annotated[int | None, "where the response record begins in that file, in bytes"] = None
    length: Annotated[int | None, "how many bytes it takes there, compressed"] = None
    record_id: Annotated[str | None, "WARC-Record-ID"] = None
    payload_sha256: Annotated[str | None, "of the entity after content-decoding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The strings exactly as found, so that every normalised value can be made again."""

    title: Annotated[str | None, "heading"]
    published: Annotated[str | None, "date and time"]
    views: Annotated[str | None, "view count on the page"]
    author: Annotated[str | None, "作者, 录入"]
    source: Annotated[str | None, "来源"]
    breadcrumb: Annotated[str | None, "where the page says it stands"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a list page says of a speech."""

    title: Annotated[str | None, "title of the row"]
    date: Annotated[str | None, "date of the row, as printed"]


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
    """One speech as its pages gave it.

    `body_html`: the body container of each part, in order, pager removed. `dates`: every place of its pages that says
    a day; where it is empty, `raw.published` is the only one.
    """

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
    dates: tuple[Witness, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A known speech that stood on a list page and was not read again in this run (its counter may have been)."""

    site: str
    native_id: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A known speech whose article answered with the very bytes archived, or with 304: read without parsing."""

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
    site: Annotated[str, "name of the site, [a-z0-9-]"]
    native_id: Annotated[str, "the CMS's own number, unique in the site; [A-Za-z0-9._-]"]
    event: Annotated[Event, "what happened; see Events"]
    version: Annotated[int, "content state of the site, from 1; gone and restored repeat it"]
    reading: Annotated[int | None, "our reading of that version, from 1; null on gone"]
    observed_at: Annotated[str, "UTC; when the bytes of this version were captured, or the absence was seen"]
    recorded_at: Annotated[str, "UTC; when this line was committed"]
    run: Annotated[str, "the run that saw it"]
    parser: Annotated[str, "page object, normalisers and profile that read it: kesion/1+norm/1+<digest>"]
    url: Annotated[str, "canonical address"]
    section: Annotated[str | None, "column name as the site writes it"]
    title: Annotated[str, "without site suffix and page number"]
    published_on: Annotated[str | None, "the day the site claims, YYYY-MM-DD"]
    published_at: Annotated[str | None, "the moment it claims, RFC 3339; null when only a day is printed"]
    published_precision: Annotated[Precision | None, "how exactly the site claims it"]
    author: Annotated[str | None, "作者 or 录入 as the page labels it"]
    source: Annotated[str | None, "来源 as the page labels it"]
    body: Annotated[str | None, "visible text, one paragraph a line; null on gone"]
    attachments: Annotated[tuple[Attachment, ...] | None, "files and pictures in the body; null on gone"]
    content_sha256: Annotated[str | None, "RFC 8785 hash of what the site published; null on gone"]
    delivered_on: Annotated[str | None, "the day the speech was given, if the page says so"]
    speaker: Annotated[str | None, "who spoke, several joined by 、; never the editor"]
    speaker_post: Annotated[str | None, "the post the page gives the speaker, in its own words"]
    committee: Annotated[str | None, "whose meeting or message it is, always as 政协广水市委员会; 市政协 names none"]
    term: Annotated[str | None, "第九届, also where the page writes 九届 or 第9届"]
    session: Annotated[str | None, "第三次会议: the meeting's number in the term; `meeting` says of which body"]
    meeting: Annotated[str | None, "meeting as written"]
    genre: Annotated[str | None, "one of the closed list of genres below"]
    evidence: Annotated[tuple[Evidence, ...] | None, "the words each interpreted value was read from; null on gone"]
    raw: Annotated[Raw | None, "strings exactly as found; null on gone"]
    problems: Annotated[tuple[Problem, ...] | None, "why values are null or doubtful; null on gone"]
    presence: Annotated[Presence | None, "on gone and restored only"]
    captures: Annotated[tuple[Capture, ...], "the exchanges the line was read from"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One line of `observations/`: one look at a speech in one run (`observation/1`). View counts live only here."""

    schema: Annotated[str, "observation/1"]
    seq: Annotated[int, "primary key; see speech/1"]
    commit: Annotated[int, "the commit that brought the line"]
    id: Annotated[str, "site:native_id"]
    run: Annotated[str, "the run that looked"]
    observed_at: Annotated[str, "UTC; when the answer of the article (else of the list) arrived"]
    looked: Annotated[tuple[str, ...], "subset of list, article, counter"]
    presence: Annotated[PresenceState, "what the look proved; see Presence"]
    content: Annotated[ContentState, "what the look said of the text; unread when the article was not read"]
    version: Annotated[int | None, "the version confirmed by reading the article, else null"]
    reason: Annotated[str | None, "why the text could not be had; closed list below"]
    listed: Annotated[Row | None, "the row of the list page; null when it stood on none"]
    http_status: Annotated[int | None, "of the article"]
    etag: Annotated[str | None, "header of the article"]
    last_modified: Annotated[str | None, "header of the article"]
    view_count: Annotated[int | None, "null is unknown, never 0"]
    views_raw: Annotated[str | None, "the view count as found"]
    views_source: Annotated[str | None, "counter or page"]
    payload_sha256: Annotated[str | None, "of the article after content-decoding"]
    captures: Annotated[tuple[Capture, ...], "the exchanges of the look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest(Version):
    """One line of `latest.jsonl`: the newest reading of the newest version of a present speech, and its counts."""

    view_count: Annotated[int | None, "newest non-null observation"]
    view_count_at: Annotated[str | None, "when that was seen, UTC"]
    first_seen: Annotated[str, "UTC, when it was created"]
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
