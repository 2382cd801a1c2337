"""Rows that no line of an archive is: problems, view counts by period, sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pipelines.keys import OneOf
from pipelines.reasons import PROBLEM_KINDS, SEVERITIES
from pipelines.record import Moment, ProblemCode, Sha256, SiteName, SpeechId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """One problem of one present speech (table `problems`)."""

    site: Annotated[SiteName, "name of the site"]
    id: Annotated[SpeechId, "the speech"]
    version: Annotated[int, "of the line that has the problem"]
    reading: Annotated[int, "of that version"]
    place: Annotated[int, "number of the problem in the line, from 1"]
    field: Annotated[str, "the key in doubt"]
    code: Annotated[ProblemCode, "one of the closed list of problem codes"]
    kind: Annotated[
        str | None,
        OneOf(tuple(PROBLEM_KINDS)),
        "what the code speaks of: the site's own word, the style of a page, doubt, or damage; null if unknown",
    ]
    severity: Annotated[
        str | None, OneOf(tuple(SEVERITIES)), "how much it matters to a reader of the text; null for an unknown code"
    ]
    detail: Annotated[str, "what was found, for a person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPeriod:
    """The view count of one speech in one period (table `views`): the last count that was read in it, if any.

    There is a row for each period in which one was read, and for those between them, where all but `period` is null.
    """

    site: Annotated[SiteName, "name of the site"]
    id: Annotated[SpeechId, "the speech"]
    period: Annotated[str, "2026-01-31, 2026-W05 or 2026-01, in the site's time zone"]
    view_count: Annotated[int | None, "the last count read in it; null when none was, never interpolated"]
    read_at: Annotated[Moment | None, "when it was read, UTC"]
    grew: Annotated[int | None, "how much more than in the row before it that has a count; negative where it fell"]
    days_between_reads: Annotated[float | None, "days from that reading to this one, four digits after the point"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One site of the export (table `sites`), as of its commit."""

    site: Annotated[SiteName, "name of the site"]
    name: Annotated[str, "name of the website"]
    committee: Annotated[str, "whose website it is"]
    cms: Annotated[str, "CMS family"]
    hosts: Annotated[tuple[str, ...], "host names"]
    timezone: Annotated[str, "time zone of the times that it prints (assumed)"]
    language: Annotated[str, "language of its texts"]
    rights: Annotated[str | None, "what is known of the rights in the texts"]
    contact: Annotated[str | None, "whom to ask"]
    custody: Annotated[str | None, "the institution that keeps the archive"]
    commit: Annotated[int, "the commit of which the rows are"]
    recorded_at: Annotated[Moment, "when it was committed, UTC"]
    head: Annotated[Sha256, "SHA-256 of that commit"]
    last_run: Annotated[str | None, "run id of the last run"]
    speeches: Annotated[int, "present speeches"]
    gone: Annotated[int, "speeches that the site has taken away"]
    versions: Annotated[int, "version lines"]
    retired: Annotated[str | None, "why the site is not crawled any more"]
