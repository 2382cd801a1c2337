"""Rows of the catalogue that no line of an archive is: sites, commits, runs, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pipelines.record import Day, Moment, ReasonCode, RunId, Sha256, SiteName, SpeechId
from pipelines.tables.rows import SiteRow
from pipelines.values import frozen

if TYPE_CHECKING:
    from pipelines.archive.disk.commits import Commit


@frozen(kw_only=True)
class CataloguedSite(SiteRow):
    """One site, as of the commit up to which it is in the catalogue."""

    present: Annotated[
        int, "speeches that were on the list or answered, and withheld by no page, when last looked at"
    ]
    unlisted: Annotated[int, "speeches whose article answers, but that are on no list"]
    missing: Annotated[int, "speeches that the site says are deleted, once: not proven yet"]
    withheld: Annotated[int, "speeches that the site has and does not show"]
    unknown: Annotated[int, "speeches whose last answer proves nothing"]
    succeeded: Annotated[int, "ids that the site has replaced by others"]
    verdict: Annotated[str | None, "of the last run; unreachable in place of gaps where no list could be read"]
    exit_status: Annotated[int | None, "of the last run"]
    message: Annotated[str | None, "of the last run, one sentence"]
    ended_at: Annotated[Moment | None, "when the last run ended, UTC"]
    gaps: Annotated[int, "gaps of the last run that no person has accepted"]


@frozen(kw_only=True)
class CommitRow:
    """One commit of an archive: of a run, or of an act of a person."""

    site: Annotated[SiteName, "name of the site"]
    commit: Annotated[int, "its number, from 1"]
    head: Annotated[Sha256, "SHA-256 of its file"]
    kind: Annotated[str, "crawl, salvage, replay; or the act: redaction, rekey, retirement …"]
    run: Annotated[RunId, "run id, or the name of the act"]
    recorded_at: Annotated[Moment, "when it was committed, UTC"]
    first_seq: Annotated[int | None, "seq of its first line; null where it brought none"]
    last_seq: Annotated[int | None, "seq of its last line"]
    created: Annotated[int, "version lines of that event, as of the next four"]
    changed: Annotated[int, "edits by the site"]
    reprocessed: Annotated[int, "changes by our parser alone"]
    gone: Annotated[int, "speeches that the site has taken away"]
    restored: Annotated[int, "speeches that came back"]
    observations: Annotated[int, "observation lines"]
    reason: Annotated[str | None, "of an act: why, in the words of the person"]

    @classmethod
    def of(cls, site: str, commit: Commit) -> CommitRow:
        """The row of a commit."""
        told = commit.redaction.reason if commit.redaction else (commit.details or {}).get("reason")
        events = ("created", "changed", "reprocessed", "gone", "restored", "observations")
        return cls(
            site=site,
            commit=commit.n,
            head=commit.sha256,
            kind=commit.kind,
            run=commit.run,
            recorded_at=commit.recorded_at,
            first_seq=commit.first_seq,
            last_seq=commit.last_seq,
            **{event: commit.counts.get(event, 0) for event in events},
            reason=told if isinstance(told, str) else None,
        )


@frozen(kw_only=True)
class RunRow:
    """One run, by its report. What a report does not say, or says in another form, is null."""

    site: Annotated[SiteName, "name of the site"]
    commit: Annotated[int, "the commit that it made"]
    head: Annotated[Sha256, "SHA-256 of that commit"]
    run: Annotated[RunId, "run id"]
    kind: Annotated[str, "crawl, salvage or replay"]
    mode: Annotated[str | None, "incremental, full …"]
    started_at: Annotated[Moment | None, "UTC"]
    ended_at: Annotated[Moment | None, "UTC"]
    verdict: Annotated[str | None, "complete, gaps, refused …; unreachable where no list could be read"]
    exit_status: Annotated[int | None, "see the exit statuses of the operations page"]
    message: Annotated[str | None, "one sentence"]
    listing_complete: Annotated[bool | None, "whether the list was read to its end"]
    list_pages: Annotated[int | None, "list pages that were read"]
    listed: Annotated[int | None, "rows of the list"]
    captured: Annotated[int | None, "speeches whose text was read"]
    not_captured: Annotated[int | None, "speeches and pages that were not"]
    failed: Annotated[int | None, "of these, those for which the site itself gives no reason: gaps"]
    accepted: Annotated[int | None, "of these, those that a person has accepted"]
    requests: Annotated[int | None, "requests to the site"]
    not_before: Annotated[Moment | None, "before when the site asked not to be requested again, UTC"]
    counts: Annotated[dict[str, Any] | None, "all counts of the report"]
    problems: Annotated[dict[str, Any] | None, "problems of the speeches read, by field and code"]
    gates: Annotated[list[Any] | None, "the health gates that it tripped"]
    software: Annotated[dict[str, Any], "software and its versions"]


@frozen(kw_only=True)
class GapRow:
    """Something that the last run of a site did not capture."""

    site: Annotated[SiteName, "name of the site"]
    place: Annotated[int, "number in the report, from 1"]
    run: Annotated[RunId, "the run whose report says so: the newest one that can tell"]
    what: Annotated[str | None, "speech, list, counter …"]
    id: Annotated[SpeechId | None, "of a speech with a known id"]
    url: Annotated[str | None, "its address"]
    title: Annotated[str | None, "as the list has it"]
    reason: Annotated[ReasonCode | None, "of the closed list of reasons"]
    detail: Annotated[str | None, "what was found, for a person"]
    is_the_sites_word: Annotated[bool | None, "whether the site itself says why: then it is no gap"]
    is_accepted: Annotated[bool, "whether a person has accepted the gap"]
    accepted_until: Annotated[Day | None, "until which day"]
    accepted_because: Annotated[str | None, "and why"]
    since: Annotated[Moment | None, "since which run it fails, UTC; null for what the site itself explains"]
    nights: Annotated[int | None, "on how many nights it was asked in vain"]
    asked_at: Annotated[Moment | None, "when it was last asked, UTC"]
