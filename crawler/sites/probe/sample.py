"""Crawls a few speeches with the new profile into a scratch archive."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.pages import Family
from crawler.pages.head.meta_tags import read_claims
from crawler.pages.page import Page, PageError
from crawler.replay.saved import saved_pages

ROOT = Path(__file__).resolve().parents[3]
FIELDS = (
    "title",
    "published_on",
    "published_at",
    "view_count",
    "author",
    "source",
    "body",
    "speaker",
    "delivered_on",
)
TAGS = {
    "ArticleTitle": "title",
    "PubDate": "published",
    "ContentSource": "source",
    "ColumnName": "column",
    "Author": "author",
}
_ALONE = ("HEADS_FILE=", "NOTIFY_WEBHOOK=", "NOTIFY_CMD=", "METRICS_TEXTFILE=")
"""Nobody is told of a scratch archive, whatever the environment says."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A crawl of a few speeches: its lines of latest.jsonl, its report and report file, exit status and message."""

    lines: tuple[dict[str, Any], ...]
    report: dict[str, Any]
    report_file: Path | None
    exit_status: int
    message: str
    archive: Path

    @property
    def coverage(self) -> dict[str, int]:
        """The number of speeches with each field; an empty body does not count."""
        return {key: sum(line[key] not in {None, ""} for line in self.lines) for key in FIELDS}

    @property
    def problems(self) -> dict[str, int]:
        """Problems by field and code."""
        counts = Counter(f"{one['field']}: {one['code']}" for line in self.lines for one in line["problems"])
        return dict(sorted(counts.items()))

    @property
    def not_captured(self) -> dict[str, int]:
        """Rows that gave no speech, by reason."""
        return dict(sorted(Counter(gap["reason"] for gap in self.report.get("not_captured", [])).items()))

    def tags_filled(self, family: Family) -> dict[str, int]:
        """For each of the government's meta tags, the number of captured articles on which it is filled."""
        found = dict.fromkeys(TAGS, 0)
        for page in self._articles(family):
            claims = read_claims(page)
            for tag, key in TAGS.items():
                found[tag] += getattr(claims, key) is not None
        return found

    def _articles(self, family: Family) -> list[Page]:
        pages: dict[str, Page] = {}
        kept = {line["native_id"] for line in self.lines}
        for file in sorted(self.archive.glob("warc/*/*.warc.gz")):
            for saved in saved_pages(str(file), lambda url: family.native_id(url) in kept):
                identity = family.native_id(saved.url or "") or ""
                try:
                    page = Page(saved.url or "", saved.text)
                except PageError:
                    continue
                if saved.status == 200:
                    pages.setdefault(identity, page)
        return list(pages.values())


def crawl_sample(site: str, profile: Path, root: Path, speeches: int, settings: Sequence[str]) -> Sample:
    """Crawl at most `speeches` speeches of the profile into `root`; `settings` are words as `-s KEY=VALUE`."""
    arguments = ["-a", f"site={site}", "-a", f"profile={profile}", "-a", f"limit={speeches}", *settings]
    for setting in (f"ARCHIVE_ROOT={root}", *_ALONE):
        arguments += ["-s", setting]
    command = [sys.executable, "-m", "crawler", "crawl", "speeches", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)  # noqa: S603 - ours
    archive = root / site
    reports = sorted((archive / "runs").glob("*.json"))
    latest = archive / "latest.jsonl"
    lines = latest.read_text("utf-8").split("\n") if latest.exists() else []
    return Sample(
        lines=tuple(json.loads(line) for line in lines if line),
        report=json.loads(reports[-1].read_text("utf-8")) if reports else {},
        report_file=reports[-1] if reports else None,
        exit_status=done.returncode,
        message=(done.stdout or done.stderr).strip(),
        archive=archive,
    )
