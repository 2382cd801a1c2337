"""The pages of the chain: every commit of an archive with its hash, a thousand a page; a full page stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.fleet.month import decisions_of
from pipelines.window import addresses
from pipelines.window.overview.past_runs import LONGEST_DETAIL
from pipelines.window.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive

COMMITS_A_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class CommitTold:
    """A row of the chain. `reason`: a person's, of a commit that holds a decision; else empty."""

    n: int
    recorded_at: str
    kind: str
    run: str
    first_seq: int | None
    last_seq: int | None
    files: int
    bytes: int
    reason: str
    sha256: str


def page_of_commit(n: int) -> int:
    """On which page of the chain a commit stands; pages count from 1."""
    return (n - 1) // COMMITS_A_PAGE + 1


def chain_pages(archive: Archive, since: int = 0) -> Iterator[Page]:
    """The pages that say something of commits after `since`, the page before them if they begin a new one, too.

    Raises:
        ArchiveError: a commit cannot be read.
    """
    last = page_of_commit(archive.last.n)
    for number in range(page_of_commit(max(since, 1)), last + 1):
        first = (number - 1) * COMMITS_A_PAGE + 1
        commits = map(archive.commit, range(first, min(first + COMMITS_A_PAGE, archive.last.n + 1)))
        facts = {
            "site": archive.facts.site,
            "number": number,
            "has_later": number < last,
            "commits": [_told(commit) for commit in commits],
        }
        yield Page(addresses.chain(archive.facts.site, number), "chain.html", facts)


def _told(commit: Commit) -> CommitTold:
    return CommitTold(
        n=commit.n,
        recorded_at=commit.recorded_at,
        kind=commit.kind,
        run=commit.run,
        first_seq=commit.first_seq,
        last_seq=commit.last_seq,
        files=len(commit.files),
        bytes=sum(named.bytes for named in commit.files),
        reason="; ".join(one.reason for one in decisions_of(commit))[:LONGEST_DETAIL],
        sha256=commit.sha256,
    )
