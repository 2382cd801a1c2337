"""An archive that was made, not crawled: many versions of many speeches, streamed to disk by the real file writer.

`python -m benchmarks.made FOLDER SPEECHES RUNS` writes one by runs of the archive's writer, without captures.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.replica.prose import dice, person, sentences
from pipelines.archive.disk.commits import Commit, sidecar_text
from pipelines.archive.disk.files import NamedFile, gzip_lines, json_document, write_synced
from pipelines.archive.disk.layout import (
    ARCHIVE_JSON,
    FORMAT,
    FORMAT_VERSION,
    Layout,
    observations_file,
    run_file,
    versions_file,
)
from pipelines.archive.schema import schemas
from pipelines.archive.write import run_lines
from pipelines.archive.write.changes import Step
from pipelines.archive.write.writer import ArchiveRun
from pipelines.canonical import json_value, packed_line
from pipelines.record import Attachment, Capture, CaptureRole, Evidence, Look, Raw, Row, SiteFacts, Speech

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES_A_COMMIT = 20_000  # at most, so that no speech stands twice in one
FIRST_YEAR = 2001
FIRST_DAY, DAYS = date(2004, 1, 1), 7300
"""The speeches are published one a day, again and again over twenty years."""
PARSER = "kesion/1+norm/1+0123456789ab"
FACTS = SiteFacts(
    site="made",
    name="广水市政协网",
    committee="政协广水市委员会",
    cms="kesion",
    id_namespace="kesion-1",
    hosts=("made.example",),
    timezone="+08:00",
    language="zh-CN",
    rights=None,
    contact=None,
)


@cache
def paragraphs() -> tuple[str, ...]:
    """About 100 characters each."""
    chance = dice("paragraphs")
    return tuple(sentences(pool, 3, chance) for pool in ("review", "work") * 2000)


def moment(n: int, second: int) -> str:
    """Commits are a month apart; `second` within the run."""
    year, month = divmod(n - 1, 12)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    day, hour = divmod(hour, 24)
    return f"{FIRST_YEAR + year}-{month + 1:02d}-{day + 1:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"


def speech(number: int, version: int, at: str) -> Speech:
    """Version `version` of speech `number`: the body is about 1 KB of UTF-8."""
    chance = dice(number, version)
    body = "各位委员、同志们：\n" + "\n".join(chance.sample(paragraphs(), 3))
    url, name, sha256 = (
        f"http://made.example/Item/Show.asp?m=1&d={number}",
        person(chance),
        f"{number:032x}{version:032x}",
    )
    title = f"在全市政协工作会议上的讲话（{number}）"
    on = str(FIRST_DAY + timedelta(number % DAYS))
    exchanges: tuple[tuple[CaptureRole, str], ...] = (
        ("article", url),
        ("counter", f"http://made.example/Item/GetHits.asp?m=1&ID={number}"),
    )
    captures = tuple(
        Capture(role=role, part=1, url=address, captured_at=at, payload_sha256=sha256) for role, address in exchanges
    )
    return Speech(
        site="made", native_id=str(number), parser=PARSER, url=url, section="领导讲话", title=title,
        published_on=on, published_at=f"{on}T19:00:29+08:00", published_precision="second",
        author=name, source="广水市政协", body=body,
        attachments=(Attachment(name="附件", url=f"http://made.example/UploadFiles/{number}.doc"),),
        delivered_on="2023-12-27", speaker=name, speaker_post="市政协主席",
        committee="政协广水市委员会", term="第九届", session=None, meeting="全市政协工作会议", genre="讲话",
        evidence=(Evidence(field="meeting", where="title", text="在全市政协工作会议上"),),
        raw=Raw(
            title=title, published="2023-12-28 19:00:29", views="12", author=name, source=None, breadcrumb=None
        ),
        problems=(), view_count=12 + version,
        look=Look(
            observed_at=at, looked=("list", "article", "counter"), listed=Row(title=title, date="2023-12-28"),
            http_status=200, views_raw="12", views_source="counter", payload_sha256=sha256, captures=captures,
        ),
    )  # fmt: skip


def make(root: Path, versions: int, speeches: int, processes: int = 2) -> Path:
    """Write an archive of `versions` lines over `speeches` speeches into `root`, which must not exist.

    Both are best given as multiples of 20,000, or `versions` as one of `speeches`: a commit is never cut short.
    """
    layout = Layout(root)
    layout.commits.mkdir(parents=True)
    layout.staging.mkdir()
    count = speeches // -(-speeches // LINES_A_COMMIT)
    jobs = [(root, n, first, count, speeches) for n, first in enumerate(range(0, versions, count), 1)]
    previous: Commit | None = None
    with Pool(processes) as pool:
        for commit in pool.imap(_one_commit, jobs):
            previous = _chained(layout, commit, previous)
    return root


def _chained(layout: Layout, commit: Commit, previous: Commit | None) -> Commit:
    document = replace(commit, prev=previous.sha256 if previous else None).document()
    file = layout.commit(commit.n)
    write_synced(file, document)
    whole = replace(commit, sha256=NamedFile.of(file, file.name).sha256)
    write_synced(layout.sidecar(commit.n), sidecar_text(file, whole.sha256))
    return whole


def _one_commit(job: tuple[Path, int, int, int, int]) -> Commit:
    root, n, first, count, speeches = job
    recorded_at, run = moment(n, LINES_A_COMMIT * 2), f"made-{n:05d}"
    seq = first * 2 + 1
    streams = {
        versions_file(recorded_at, n): _versions(first, count, speeches, n),
        observations_file(recorded_at, n): _observations(first, count, speeches, n),
    }
    documents = {run_file(run): json_document({"schema": "run/1", "verdict": "complete", "exit_status": 0})}
    if n == 1:
        about = {"format": FORMAT, "format_version": FORMAT_VERSION} | json_value(FACTS)
        documents |= {ARCHIVE_JSON: json_document(about)} | schemas.documents()
    for name in (*documents, *streams):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    for name, data in documents.items():
        write_synced(root / name, data)
    at = seq
    for name, made in streams.items():
        gzip_lines(root / name, _placed(made, at, n, recorded_at))
        at += count
    created = max(0, min(count, speeches - first))
    counts = {"created": created, "changed": count - created, "observations": count}
    return Commit(
        n=n, prev=None, kind="crawl", run=run, recorded_at=recorded_at, software={}, parsers=(PARSER,),
        first_seq=seq, last_seq=seq + 2 * count - 1, counts=counts, decision=None,
        files=tuple(NamedFile.of(root / name, name) for name in sorted((*documents, *streams))),
    )  # fmt: skip


def _placed(made: Iterator[dict[str, Any]], seq: int, n: int, recorded_at: str) -> Iterator[bytes]:
    for at, line in enumerate(made, seq):
        yield run_lines.placed(packed_line(run_lines.unplaced(line)), at, n, recorded_at)


def _of(first: int, count: int, speeches: int, n: int) -> Iterator[tuple[Speech, int]]:
    for k in range(first, first + count):
        version, number = divmod(k, speeches)
        yield speech(number + 1, version + 1, moment(n, 2 * (k - first))), version + 1


def _versions(first: int, count: int, speeches: int, n: int) -> Iterator[dict[str, Any]]:
    for said, version in _of(first, count, speeches, n):
        yield run_lines.content_line(said, Step("changed" if version > 1 else "created", version, 1), f"made-{n:05d}")


def _observations(first: int, count: int, speeches: int, n: int) -> Iterator[dict[str, Any]]:
    for said, version in _of(first, count, speeches, n):
        yield run_lines.observation_line(
            id=f"made:{said.native_id}", run=f"made-{n:05d}", look=said.look, presence="present",
            content="changed" if version > 1 else "new", version=version, view_count=said.view_count,
        )  # fmt: skip


def write(root: Path, speeches: int, runs: int) -> None:
    """Let `runs` runs find each speech, always changed."""
    for n in range(1, runs + 1):
        with ArchiveRun.open(root, FACTS, f"made-{n:05d}", moment(n, 0), 14) as run:
            for number in range(1, speeches + 1):
                run.keep(speech(number, n, moment(n, number)))
            run.seal({"schema": "run/1", "verdict": "complete", "exit_status": 0}, moment(n, speeches + 1), {})


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
