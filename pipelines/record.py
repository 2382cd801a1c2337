"""The contract: the items that the crawler yields, and the lines of an archive. Standard library only.

`RawSpeech`, `Listed`, `Confirmed` and `Missed` go from crawler to pipelines, strings as found. `Version`,
`Observation` and `Latest` are lines of an archive: their field order is the key order of the JSON, each key always
present, null means unknown. Each key declares its role (`pipelines.keys`), which determines what is hashed, compared,
shown, redacted, checked and documented. JSON Schemas and reader types in `schemas/` are generated from these classes.
"""

from dataclasses import fields
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pipelines.canonical import json_values, local_part, sorted_sha256
from pipelines.keys import Format, Key, OneOf, Pattern, declared, keys_of
from pipelines.reasons import CLOSED_LISTS, PresenceState, Reason
from pipelines.values import frozen

SPEECH_SCHEMA = "speech/1"
OBSERVATION_SCHEMA = "observation/1"
LATEST_SCHEMA = "latest/1"
AS_OF_SCHEMA = "as-of/1"

SEVERAL = "、"
"""Between the names of several people in `speaker`."""

Event = Literal["created", "changed", "reprocessed", "gone", "restored"]
ContentState = Literal["new", "same", "changed", "unread"]
Precision = Literal["second", "minute", "day", "month"]
CaptureRole = Literal["article", "counter", "list", "attachment"]

SpeechId = Annotated[str, Pattern(r"^[a-z0-9-]+:[A-Za-z0-9._-]+$")]
SiteName = Annotated[str, Pattern(r"^[a-z0-9-]+$")]
NativeId = Annotated[str, Pattern(r"^[A-Za-z0-9._-]+$")]
RunId = Annotated[str, Pattern(r"^[a-z0-9-]+$")]
Sha256 = Annotated[str, Pattern(r"^[0-9a-f]{64}$")]
Day = Annotated[str, Pattern(r"^\d{4}-\d{2}-\d{2}$"), Format("date")]
Moment = Annotated[
    str, Pattern(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$"), Format("date-time")
]
Genre = Annotated[str, OneOf(tuple(CLOSED_LISTS["genres"]))]
ProblemCode = Annotated[str, OneOf(tuple(CLOSED_LISTS["problem_codes"]))]
ReasonCode = Annotated[str, OneOf(tuple(CLOSED_LISTS["reasons"]))]
PresenceReason = Annotated[str, OneOf(tuple(CLOSED_LISTS["presence_reasons"]))]
EvidencePlace = Annotated[str, OneOf(tuple(CLOSED_LISTS["evidence_places"]))]
LookedAt = Annotated[str, OneOf(tuple(CLOSED_LISTS["looked"]))]
ViewsSource = Annotated[str, OneOf(tuple(CLOSED_LISTS["views_sources"]))]


@frozen(kw_only=True)
class Attachment:
    """A file or picture in a body."""

    name: Annotated[str, "link text, or the file name"]
    url: Annotated[str, "absolute address on the site's own host"]
    sha256: Annotated[str | None, "null when not fetched"] = None


@frozen(kw_only=True)
class Speaker:
    """One of those who spoke."""

    name: Annotated[str, "as in `speaker`"]
    post: Annotated[str | None, "the post in the words of the page; null where it is not certainly this person's"]


@frozen(kw_only=True)
class Evidence:
    """The words from which an interpreted value was read."""

    field: Annotated[str, "the key whose value was read here"]
    where: Annotated[EvidencePlace, "where the words stand; of the closed list of places"]
    text: Annotated[str, "the words themselves"]


DayOrder = Literal["month-first", "day-first", "unknown"]


@frozen(kw_only=True)
class Witness:
    """A date as printed in one place of the site."""

    where: Annotated[str, "a key of `pipelines.text.dates.witnesses.WEIGHTS`"]
    text: Annotated[str, "the words themselves"]
    order: Annotated[DayOrder, "for dates with the year last: which number is the month"] = "month-first"


@frozen(kw_only=True)
class Problem:
    """Why a value is null or doubtful; `code` is one of the closed list `PROBLEM_CODES`."""

    field: Annotated[str, "the key in doubt"]
    code: Annotated[ProblemCode, "of the closed list of problem codes"]
    detail: Annotated[str, "what was found, for a person"]


@frozen(kw_only=True)
class Presence:
    """Facts about an absence; only on gone and restored lines."""

    reason: Annotated[PresenceReason, "deleted-notice, not-found; seen-again on restored"]
    first_missed_at: Annotated[Moment | None, "UTC, first observation of the absence"]
    last_seen_at: Annotated[Moment | None, "UTC, last observation that found it"]


@frozen(kw_only=True)
class Capture:
    """One HTTP exchange from which a line was read; file, offset, length and record_id point into a WARC file."""

    role: Annotated[CaptureRole, "kind of the exchange"]
    part: Annotated[int, "page of a multi-page article, from 1"]
    url: Annotated[str, "requested address"]
    captured_at: Annotated[Moment, "UTC, when the answer arrived"]
    file: Annotated[str | None, "WARC file, as its commit names it; null when no raw bytes were kept"] = None
    offset: Annotated[int | None, "offset of the response record in that file, in bytes"] = None
    length: Annotated[int | None, "its compressed length in bytes"] = None
    record_id: Annotated[str | None, "WARC-Record-ID"] = None
    payload_sha256: Annotated[Sha256 | None, "of the entity after content-decoding"]


@frozen(kw_only=True)
class Raw:
    """The strings exactly as found, so that every normalised value can be computed again."""

    title: Annotated[str | None, "heading"]
    published: Annotated[str | None, "date and time"]
    views: Annotated[str | None, Key("counted", "view count on the page")]
    author: Annotated[str | None, "作者, 录入"]
    source: Annotated[str | None, "来源"]
    breadcrumb: Annotated[str | None, "breadcrumb of the page"]


@frozen(kw_only=True)
class Row:
    """The row of a list page about a speech."""

    title: Annotated[str | None, Key("published", "title of the row", personal=True)]
    date: Annotated[str | None, "date of the row, as printed"]


@frozen(kw_only=True)
class Look:
    """The facts of the exchanges by which a speech was observed, for its observation line."""

    observed_at: Annotated[str, "UTC, when the answer of the article (else of the list) arrived"]
    looked: Annotated[tuple[str, ...], "subset of list, article, counter"]
    listed: Annotated[Row | None, "null when the speech was on no list page"]
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    views_raw: str | None = None
    views_source: Annotated[str | None, "counter, page or null"] = None
    payload_sha256: str | None = None
    captures: tuple[Capture, ...] = ()


@frozen(kw_only=True)
class RawSpeech:
    """One speech, strings as found on its pages.

    `body_html`: the body container of each part, in order, pagination removed. `dates`: every date of its pages; if
    empty, `raw.published` is the only one.
    """

    site: str
    native_id: str
    url: str
    section: str
    title: Annotated[str, "heading without site suffix and page number; whitespace collapsed"]
    raw: Raw
    body_html: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    look: Look
    problems: tuple[Problem, ...] = ()
    dates: tuple[Witness, ...] = ()


@frozen(kw_only=True)
class Listed:
    """A known speech on a list page, not read again in this run (its counter may have been)."""

    site: str
    native_id: str
    look: Look


@frozen(kw_only=True)
class Confirmed:
    """A known speech whose article answered with the archived bytes, or with 304: read without parsing."""

    site: str
    native_id: str
    look: Look


@frozen(kw_only=True)
class Missed:
    """A listed row, or a known speech, whose text was not captured. `native_id` is null when the row has none."""

    site: str
    native_id: str | None
    url: str
    reason: Reason
    detail: str
    look: Look


@frozen(kw_only=True)
class Context:
    """Values about the speech and its occasion, read from the words of its page; null where it does not say them."""

    delivered_on: str | None
    speaker: str | None
    speaker_post: str | None
    committee: str | None
    term: str | None
    session: str | None
    meeting: str | None
    genre: str | None
    speakers: tuple[Speaker, ...] | None = None

    def values(self) -> dict[str, Any]:
        """Keys and values of this class, without those of a subclass."""
        return {field.name: getattr(self, field.name) for field in fields(Context)}


@frozen(kw_only=True)
class Speech(Context):
    """A normalised speech: the values of a `Version` line before the archive adds state and place."""

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
    evidence: tuple[Evidence, ...]
    raw: Raw
    problems: tuple[Problem, ...]
    view_count: int | None
    look: Look

    @property
    def content_sha256(self) -> str:
        """The hash of what the site published (`content_sha256`)."""
        return content_sha256(json_values(self, (*_HASHED, "attachments")))


Handed = TypeVar("Handed", RawSpeech, Speech)


@frozen
class Compared(Generic[Handed]):
    """A speech as its page is `now`, and as the same parser reads the newest version's capture (`before`).

    Used where only both show whether a change is by the site or by our parser.
    """

    now: Handed
    before: Handed


@declared
class Version:
    """One line of `versions/`: an event of a speech (`speech/1`)."""

    schema: Annotated[str, Key("identity", "speech/1")]
    seq: Annotated[int, Key("place", "primary key; rises by one per line over versions and observations of a site")]
    commit: Annotated[int, Key("place", "the commit that brought the line")]
    id: Annotated[SpeechId, Key("identity", "site:native_id, for example gszx:4864")]
    site: Annotated[SiteName, Key("identity", "name of the site, [a-z0-9-]")]
    native_id: Annotated[NativeId, Key("identity", "the CMS's own number, unique in the site; [A-Za-z0-9._-]")]
    event: Annotated[Event, Key("state", "what happened; see Events")]
    version: Annotated[int, Key("state", "content state of the site, from 1; gone and restored repeat it")]
    reading: Annotated[int | None, Key("state", "our reading of that version, from 1; null on gone")]
    observed_at: Annotated[
        Moment, Key("provenance", "UTC; when the bytes of this version were captured, or the absence was seen")
    ]
    recorded_at: Annotated[Moment, Key("place", "UTC; when this line was committed")]
    run: Annotated[RunId, Key("provenance", "the run that saw it")]
    parser: Annotated[
        str, Key("provenance", "page object, normalisers and profile that read it: kesion/1+norm/1+<digest>")
    ]
    url: Annotated[str, Key("published", "canonical address")]
    section: Annotated[str | None, Key("published", "column name as the site writes it")]
    title: Annotated[str, Key("published", "without site suffix and page number", hashed=True, personal=True)]
    published_on: Annotated[Day | None, Key("published", "the day that the site claims, YYYY-MM-DD", hashed=True)]
    published_at: Annotated[
        Moment | None,
        Key("published", "the moment that it claims, RFC 3339; null when only a day is printed", hashed=True),
    ]
    published_precision: Annotated[Precision | None, Key("interpreted", "precision of the site's date")]
    author: Annotated[str | None, Key("published", "作者 or 录入 as the page labels it", hashed=True, personal=True)]
    source: Annotated[str | None, Key("published", "来源 as the page labels it", hashed=True, personal=True)]
    body: Annotated[
        str | None, Key("published", "visible text, one paragraph a line; null on gone", hashed=True, personal=True)
    ]
    attachments: Annotated[
        tuple[Attachment, ...] | None,
        Key("published", "files and pictures in the body; null on gone", hashed=True, personal=True),
    ]
    content_sha256: Annotated[
        Sha256 | None, Key("provenance", "RFC 8785 hash of what the site published; null on gone")
    ]
    delivered_on: Annotated[Day | None, Key("interpreted", "the day the speech was given, if the page says so")]
    speaker: Annotated[
        str | None, Key("interpreted", "who spoke, several joined by 、; never the editor", personal=True)
    ]
    speaker_post: Annotated[
        str | None, Key("interpreted", "the speaker's post, in the words of the page", personal=True)
    ]
    committee: Annotated[
        str | None,
        Key(
            "interpreted",
            "whose meeting or message it is, as 政协广水市委员会; the site's own where the page names none",
        ),
    ]
    term: Annotated[str | None, Key("interpreted", "第九届, also where the page writes 九届 or 第9届")]
    session: Annotated[
        str | None, Key("interpreted", "第三次会议: the meeting's number in the term; `meeting` says of which body")
    ]
    meeting: Annotated[str | None, Key("interpreted", "meeting as written", personal=True)]
    genre: Annotated[Genre | None, Key("interpreted", "of the closed list of genres")]
    evidence: Annotated[
        tuple[Evidence, ...] | None,
        Key("grounds", "the words from which each interpreted value was read; null on gone", personal=True),
    ]
    raw: Annotated[Raw | None, Key("grounds", "strings exactly as found; null on gone", personal=True)]
    problems: Annotated[tuple[Problem, ...] | None, Key("grounds", "why values are null or doubtful; null on gone")]
    presence: Annotated[Presence | None, Key("state", "on gone and restored only")]
    captures: Annotated[tuple[Capture, ...], Key("provenance", "the exchanges from which the line was read")]
    speakers: Annotated[
        tuple[Speaker, ...] | None,
        Key(
            "interpreted",
            "those of `speaker`, each with a post; null where that is",
            personal=True,
            later=True,
        ),
    ]


@declared
class Observation:
    """One line of `observations/`: one observation of a speech in one run (`observation/1`), with its view count."""

    schema: Annotated[str, Key("identity", "observation/1")]
    seq: Annotated[int, Key("place", "primary key; see speech/1")]
    commit: Annotated[int, Key("place", "the commit that brought the line")]
    id: Annotated[SpeechId, Key("identity", "site:native_id")]
    run: Annotated[RunId, Key("provenance", "the run that made it")]
    observed_at: Annotated[
        Moment, Key("provenance", "UTC; when the answer of the article (else of the list) arrived")
    ]
    looked: Annotated[tuple[LookedAt, ...], Key("provenance", "subset of list, article, counter")]
    presence: Annotated[PresenceState, Key("state", "what the observation proved; see Presence")]
    content: Annotated[ContentState, Key("state", "state of the text; unread when the article was not read")]
    version: Annotated[int | None, Key("state", "the version confirmed by reading the article, else null")]
    reason: Annotated[ReasonCode | None, Key("state", "why the text was not captured; of the closed list of reasons")]
    listed: Annotated[Row | None, Key("published", "the row of the list page; null when it was on none")]
    http_status: Annotated[int | None, Key("provenance", "of the article")]
    etag: Annotated[str | None, Key("provenance", "header of the article")]
    last_modified: Annotated[str | None, Key("provenance", "header of the article")]
    view_count: Annotated[int | None, Key("counted", "null is unknown, never 0")]
    views_raw: Annotated[str | None, Key("counted", "the view count as found")]
    views_source: Annotated[ViewsSource | None, Key("counted", "counter or page")]
    payload_sha256: Annotated[Sha256 | None, Key("provenance", "of the article after content-decoding")]
    captures: Annotated[tuple[Capture, ...], Key("provenance", "the exchanges of the observation")]


@declared
class Latest(Version):
    """One line of `latest.jsonl`: the newest reading of a present speech, and its counts."""

    view_count: Annotated[int | None, Key("counted", "newest non-null observation")]
    view_count_at: Annotated[Moment | None, Key("counted", "when that was seen, UTC")]
    first_seen: Annotated[Moment, Key("provenance", "UTC, when it was created")]
    last_seen: Annotated[Moment, Key("provenance", "last observation that found it present")]
    last_checked: Annotated[Moment, Key("provenance", "last observation that read its article")]


@declared
class AsOf(Latest):
    """One line of `export --as-of`: a speech present at a moment, with its counts at that moment."""

    verified_before: Annotated[
        Moment | None, Key("provenance", "last observation up to the moment that read this version")
    ]
    verified_after: Annotated[
        Moment | None, Key("provenance", "first observation after the moment that read it again")
    ]


KEYS = keys_of(Version)
"""The keys of `speech/1` with their roles."""
_HASHED = tuple(name for name, key in KEYS.items() if key.hashed and name != "attachments")
_LATER = {
    schema: tuple(name for name, key in keys_of(record).items() if key.later)
    for schema, record in (
        (SPEECH_SCHEMA, Version),
        (OBSERVATION_SCHEMA, Observation),
        (LATEST_SCHEMA, Latest),
        (AS_OF_SCHEMA, AsOf),
    )
}
_LATER_RAW = tuple(name for name, key in keys_of(Raw).items() if key.later)


def content_sha256(line: dict[str, Any]) -> str:
    """Hash of what the site published, from a plain `speech/1` object; see `docs/archive-format.md`.

    RFC 8785 over the hashed keys, attachments as {name, url} with only path and query of the url, so that a new host
    changes no hash. A key added later is included where it has a value, so that existing hashes stay valid.
    """
    later = _LATER[SPEECH_SCHEMA]
    content = {key: line[key] for key in _HASHED if key not in later or line.get(key) is not None}
    content["attachments"] = [{"name": a["name"], "url": local_part(a["url"])} for a in line["attachments"]]
    return sorted_sha256(content)


def completed(line: dict[str, Any]) -> dict[str, Any]:
    """The same object, with null for keys that were added to its kind of line, or to `raw`, after it was written."""
    for key in _LATER.get(str(line.get("schema")), ()):
        line.setdefault(key, None)
    if _LATER_RAW and isinstance(raw := line.get("raw"), dict):
        for key in _LATER_RAW:
            raw.setdefault(key, None)
    return line


@frozen(kw_only=True)
class SiteFacts:
    """The content of archive.json: facts from the site's profile, the hosts crawled, and assumptions."""

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


def names_in(speaker: str | None) -> tuple[str, ...]:
    """The names in a value of `speaker`, which may be several; none of null."""
    return tuple(filter(None, speaker.split(SEVERAL))) if speaker else ()
