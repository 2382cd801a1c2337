"""Replay: what was captured is read again, without a socket, into the very lines it was read as."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.utils.project import get_project_settings

from crawler.http.fetch import FAILURES, NotCaptured
from crawler.http.middlewares import StrictCompressionMiddleware
from crawler.replay import past_readers
from crawler.replay import reread as rereading
from crawler.replay.answers import Replay
from crawler.replay.fixture import Fixture
from crawler.replay.past_readers import PastReaders
from crawler.replay.recorded import RecordedRun
from crawler.replay.reread import reread
from crawler.replica.process import Replica
from crawler.run.arguments import Arguments, WrongUse
from crawler.run.ending.outcome import finish
from crawler.run.prepare import prepare
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import Blocked, NotAnArchive
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.warc.exchanges import with_payload
from pipelines.warc.http import HttpResponse
from pipelines.warc.record_reader import read_at
from tests.conftest import ROOT, Ended, Site, run, run_code
from tests.other_parser import DASH, DASHES
from tests.raw_server import ANSWERS
from tests.test_archive import tree
from tests.test_wire import fetch_all, raw_server

FIXTURES = sorted(path.parent for path in ROOT.glob("tests/sites/*/run.json"))
PAGE = (ROOT / "docs" / "replay.md").read_text("utf-8")
SHOWN = re.findall(r"^```console\n\$ (.*)\n((?s:.*?))^```$", PAGE, re.MULTILINE)
FAULTS = ["500", "503", "reset", "truncated", "truncated-clean", "empty", "db-down"]
ALONE = {**os.environ, "NO_SOCKETS": "1", "SAME_PARSER": "1"}
OTHERWISE = {**os.environ, "NO_SOCKETS": "1"}


@dataclass(frozen=True)
class Moved:
    """A site crawled, moved and crawled again, with faults; it is down now. `moved` says what happened."""

    site: Site
    runs: tuple[str, ...]
    moved: dict[str, list[str]]

    def report_of(self, number: int) -> Path:
        return self.site.folder / "runs" / f"{self.runs[number]}.json"

    def copy(self, root: Path) -> Site:
        shutil.copytree(self.site.root, root)
        return Site(root)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    site = Site(tmp_path_factory.mktemp("moved") / "archives")
    with Replica(flavour="7.0", speeches=18) as replica:
        replica.faults(rate=0.15, kinds=FAULTS, max_per_url=2, seed=5)
        assert site.crawl(replica.url).status == 0
        replica.faults()
        told = replica.step()
        time.sleep(1)  # reports tell seconds: of two runs in one second none is the later
        assert site.crawl(replica.url, "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0").status == 0
    return Moved(site, tuple(commit.run for commit in Archive(site.folder).commits()), told)


def replay(site: Site, what: str | Path, *more: str, parser: dict[str, str] = ALONE) -> Ended:
    arguments = ["-a", "site=gszx", "-a", f"replay={what}", "-s", f"ARCHIVE_ROOT={site.root}", *more]
    return run("tests.other_parser", "crawl", "speeches", *arguments, env=parser)


def history(site: Site) -> list[dict[str, Any]]:
    return list(Archive(site.folder).history())


def alike(line: dict[str, Any]) -> dict[str, Any]:
    """Of absences only what was captured counts: two rows may be told by the same page of the site."""
    if line.get("presence") != "missing" and line.get("event") != "gone":
        return line
    return line | {"captures": [(one["role"], one["part"], one["url"]) for one in line["captures"]]}


def assert_captures_resolve(site: Site) -> None:
    for line in history(site):
        assert line["captures"]
        for one in line["captures"]:
            record = read_at(site.folder / one["file"], one["offset"], one["length"])
            assert record.record_id == one["record_id"]
            # What came again lies in the file of an earlier run.
            is_own = line["run"] in one["file"]
            assert record.date == one["captured_at"] if is_own else record.date <= one["captured_at"]
            entity = HttpResponse.parse(with_payload(Layout(site.folder), record).block).entity()
            assert hashlib.sha256(entity).hexdigest() == one["payload_sha256"]


def test_runs_made_again_are_the_same_line_for_line(moved: Moved, site: Site) -> None:
    for number in (0, 1):
        ended = replay(site, moved.report_of(number))
        assert (ended.status, ended.err) == (0, ""), ended
        first, again = (json.loads(at.read_bytes()) for at in (moved.report_of(number), _newest_report(site)))
        assert again["counts"] == first["counts"]
        assert {k: n for k, n in again["traffic"].items() if "elapsed" not in k} == first["traffic"]
        assert again["replay"]["not_asked"] == 0
    assert json.loads(moved.report_of(0).read_bytes())["captures"]["truncated"], "no connection was cut"
    assert [alike(line) for line in history(site)] == [alike(line) for line in history(moved.site)]
    assert_captures_resolve(site)
    assert site.verify().status == 0


def test_runs_of_a_packed_year_are_made_again(
    moved: Moved, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = moved.copy(tmp_path / "packed")
    year = Archive(packed.folder).commits()[0].recorded_at[:4]
    later = datetime(int(year) + 1, 1, 2, tzinfo=UTC)
    pack(packed.folder, year, When(recorded_at=stamp(later), software={}))
    assert not [*packed.folder.glob("warc/*"), *packed.folder.glob("runs/*")]
    for number in (0, 1):
        ended = replay(site, packed.folder / "runs" / moved.report_of(number).name)
        assert (ended.status, ended.err) == (0, ""), ended
    assert [alike(line) for line in history(site)] == [alike(line) for line in history(moved.site)]
    made = [tmp_path / "fixture", tmp_path / "fixture of packed"]
    for folder, home in zip(made, (moved.site, packed), strict=True):
        Fixture(folder).record(home.folder / "runs" / moved.report_of(1).name, None)
    assert tree(made[0]) == tree(made[1])
    settings = get_project_settings()
    settings.set("ARCHIVE_ROOT", str(packed.root))
    asked = Arguments.parse({"site": "gszx", "replay": "latest"})
    job = prepare(asked, settings, clock=lambda: later + timedelta(days=1))
    monkeypatch.setattr(rereading, "_SHARE", 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(rereading, "_BATCH", 2)  # more batches than processes
    asyncio.run(reread(job, may_start=True))
    assert set(job.report.settled) == set(job.report.rows)
    assert len(job.report.rows) > 3
    outcome = finish(job, "finished", {}, {})
    assert outcome.exit_status == 0, outcome.summary
    assert outcome.sealed is not None
    assert outcome.sealed.counts["reprocessed"] == 0
    assert verify(packed.folder).problems == []


def _newest_report(site: Site) -> Path:
    return site.folder / "runs" / f"{Archive(site.folder).commits()[-1].run}.json"


def test_a_run_is_not_made_again_where_it_is_nor_by_a_wrong_name(moved: Moved, site: Site, tmp_path: Path) -> None:
    ended = replay(moved.site, moved.report_of(0))
    assert (ended.status, "another root" in ended.err) == (2, True), ended
    nowhere = "20200101t000000z-abcd"
    wrong: list[tuple[Site, str | Path, str]] = [
        (moved.copy(tmp_path / "copy"), moved.report_of(0), "another root"),
        (site, moved.site.folder / "runs" / f"{nowhere}.json", "is not a run report"),
        (site, nowhere, "is not a run report"),
        (site, "Latest", "must be latest"),
        (site, "latest", "no archive here"),
    ]
    for where, what, said in wrong:
        assert_refused(where, what, said)
    assert_refused(site, moved.report_of(0), "mode", mode="full")
    assert not site.root.exists()


def assert_refused(where: Site, what: str | Path, said: str, **more: str) -> None:
    settings = get_project_settings()
    settings.set("ARCHIVE_ROOT", str(where.root))
    with pytest.raises((WrongUse, NotAnArchive), match=said):
        prepare(Arguments.parse({"site": "gszx", "replay": str(what), **more}), settings)


def test_what_a_run_never_captured_is_told_and_not_fetched(site: Site, tmp_path: Path) -> None:
    """A run that left the counters alone, read by a profile that asks them, while the site is up."""
    profile = tmp_path / "quiet.toml"
    text = (ROOT / "crawler" / "sites" / "gszx.toml").read_text("utf-8")
    profile.write_text(text.replace('"read_only"', '"none"'), "utf-8")
    with Replica(speeches=4) as replica:
        assert site.crawl(replica.url, "-a", f"profile={profile}").status == 0
        again, asked = Site(tmp_path / "again"), len(replica.log()["requests"])
        ended = replay(again, _newest_report(site))
        assert len(replica.log()["requests"]) == asked
    assert ended.status == 3, ended
    gaps = json.loads(_newest_report(again).read_bytes())["not_captured"]
    told = [(gap["what"], gap["reason"]) for gap in gaps if not gap["is_the_sites_word"]]
    assert told == [("counter", "no-capture")] * 4
    texts = [[line["content_sha256"] for line in history(one) if "event" in line] for one in (site, again)]
    assert texts[0] == texts[1]


def test_the_last_run_alone_brings_the_bytes_it_refers_to(moved: Moved, site: Site) -> None:
    assert replay(site, moved.report_of(1)).status == 0
    assert_refused(site, moved.report_of(0), "in their order")
    present = {line["native_id"]: line["content_sha256"] for line in Archive(moved.site.folder).latest()}
    assert {line["native_id"]: line["content_sha256"] for line in history(site) if "event" in line} == present
    assert_captures_resolve(site)
    assert site.verify().status == 0


def changes(site: Site, *arguments: str) -> list[dict[str, Any]]:
    ended = run("pipelines", "changes", str(site.folder), *arguments)
    assert ended.status == 0
    return [json.loads(line) for line in ended.out.split("\n") if line]


def test_a_parser_fix_is_told_of_exactly_the_speeches_it_touches(moved: Moved, tmp_path: Path) -> None:
    site = moved.copy(tmp_path / "copy")
    before, old = len(history(site)), site.latest()
    touched = {native_id for native_id, line in old.items() if DASHES in line["body"]}
    assert 0 < len(touched) < len(old)
    del old[removed := touched.pop()]
    assert run("pipelines", "redact", str(site.folder), removed, "--reason", "by order").status == 0
    assert_refused(Site(tmp_path), site.folder / "runs" / f"{moved.runs[0]}.json", "by order")
    ended = replay(site, "latest", parser=OTHERWISE)
    assert (ended.status, ended.err) == (0, "")
    assert f"identical {len(old) - len(touched)} · reprocessed {len(touched)}\n" in ended.out
    new = history(site)[before:]
    assert {line["native_id"] for line in new} == touched, "neither gone speeches nor observations"
    for line in new:
        was = old[line["native_id"]]
        assert (line["event"], line["version"], line["reading"]) == ("reprocessed", was["version"], 2)
        assert line["body"] == was["body"].replace(DASHES, DASH)
        assert line["observed_at"] == line["captures"][0]["captured_at"] <= was["observed_at"]
        same = {"captures", "raw", "attachments", "published_at", "url", "section"}
        assert {key: line[key] for key in same} == {key: was[key] for key in same}
    assert [change["event"] for change in changes(site, "--since", f"seq:{before}")] == ["redacted"]
    read = [
        one for one in changes(site, "--since", f"seq:{before}", "--all", "--fields") if one["event"] != "redacted"
    ]
    assert {change["id"] for change in read} == {line["id"] for line in new}
    assert all("body" in change["fields"] for change in read)
    assert f"identical {len(old)}\n" in replay(site, "latest", parser=OTHERWISE).out
    assert site.verify().status == 0


def test_page_and_parser_changed_between_two_crawls_are_told_apart(site: Site) -> None:
    with Replica(flavour="6.5", speeches=14) as replica:
        assert site.crawl(replica.url).status == 0
        old, told = site.latest(), replica.step()
        command = site.command(replica.url, "-a", "mode=full")
        assert run("tests.other_parser", *command[1:]).status == 0
    touched = {native_id for native_id, line in old.items() if DASHES in line["body"]}
    events: dict[str, list[str]] = {}
    for line in history(site):
        if line["commit"] == 2 and "event" in line:
            events.setdefault(line["native_id"], []).append(line["event"])
    assert {n for n, told in events.items() if "reprocessed" in told} == touched - set(told["gone"])
    assert {n for n, told in events.items() if "changed" in told} == set(told["changed"])
    assert ["reprocessed", "changed"] in events.values()
    assert {change["event"] for change in changes(site)} == {"created", "changed"}
    assert site.verify().status == 0


def test_speeches_without_raw_bytes_are_told_until_they_have_some(site: Site) -> None:
    with Replica(speeches=5) as replica:
        assert site.crawl(replica.url, "-s", "CAPTURE=0").status == 0
        ended = replay(site, "latest", parser=OTHERWISE)
        assert (ended.status, "no-capture (5)" in ended.out) == (3, True)
        assert site.crawl(replica.url, "-a", "mode=full").status == 0
    assert set(site.events(3)) <= {"reprocessed"}
    ended = replay(site, "latest", parser=OTHERWISE)
    assert ended.status == 0
    assert {line["captures"][0]["file"] for line in history(site) if line["commit"] == 4} <= {
        named.path for named in Archive(site.folder).commits()[2].files
    }
    assert site.verify().status == 0


def test_every_answer_replays_as_it_came(tmp_path: Path) -> None:
    """Codings, framings, odd heads and cuts: status, error and payload are those of the download."""
    warc = tmp_path / "warc"
    with raw_server(tmp_path / "log") as host:
        fetched, _, _ = fetch_all(warc, str(warc), *(f"http://{host}{path}" for path in ANSWERS))
    files = tuple(file.name for file in sorted(warc.glob("*.warc.gz")))
    report = {"started_at": "2026-01-01T00:00:00Z"}
    again = Replay(
        RecordedRun(home=warc, report=report, recorded_at="", commit=None, accept=frozenset(), files=files)
    )

    found: list[tuple[int | None, str | None]] = []

    async def answered() -> None:
        for one in fetched:
            try:
                response = again.answer(Request(one["url"]))
                entity = StrictCompressionMiddleware.entity(response.body, response.headers)
            except FAILURES as error:
                found.append((None, type(error).__name__))
                continue
            found.append((response.status, None))
            assert one["kept"]["payload_sha256"] == hashlib.sha256(entity).hexdigest(), one
        with pytest.raises(NotCaptured):
            again.answer(Request(fetched[0]["url"]))

    asyncio.run(answered())
    assert found == [(one["status"], one["error"]) for one in fetched]


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[" ".join(command.split()[1:4]) for command, _ in SHOWN])
def test_a_command_prints_what_the_page_shows(command: str, shown: str, moved: Moved, tmp_path: Path) -> None:
    site = moved.copy(tmp_path / "output")
    places = {"tests/sites/mine": tmp_path / "mine", "output/gszx": site.folder, "=again": f"={tmp_path / 'again'}"}
    for name, there in {**places, "RUN": moved.runs[0]}.items():
        command, shown = (text.replace(name, str(there)) for text in (command, shown))
    more = ["-s", f"ARCHIVE_ROOT={site.root}"] if "ARCHIVE_ROOT" not in command and "crawl" in command else []
    ended = run(*shlex.split(command), *more)
    assert (ended.status, ended.err) == (0, ""), ended
    assert re.fullmatch(re.escape(shown).replace("…", ".*"), ended.out, re.DOTALL), ended.out


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_fixtures_are_read_as_expected(folder: Path) -> None:
    ended = run("scrapy", "fixture", str(folder))
    assert (ended.status, ended.err, ended.out.endswith(" lines, as expected\n")) == (0, "", True), ended


def test_a_fixture_tells_what_is_read_otherwise_and_accepts_it(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(FIXTURES[0], folder)
    expected = folder / "expected.jsonl"
    lines = expected.read_text("utf-8")
    expected.write_text(lines.replace("各位委员", "各位委员们"), "utf-8")
    for status, said, more in [(5, "not as expected", []), (0, "now expected", ["--update"])]:
        ended = run("scrapy", "fixture", str(folder), *more)
        assert (ended.status, said in ended.out) == (status, True), ended
        assert "body: 各位委员们" in ended.out
    assert expected.read_text("utf-8") == lines
    with pytest.raises(WrongUse, match="no fixture"):
        Fixture(tmp_path).replay()


_TWICE = """
import gc
from scrapy.crawler import Crawler
from crawler import crawl_site
for folder in sys.argv[2:]:
    print(crawl_site("gszx", settings={"ARCHIVE_ROOT": folder}, replay=sys.argv[1]).verdict.name)
gc.collect()
print(sum(isinstance(one, Crawler) for one in gc.get_objects()))
"""


def test_of_a_crawl_that_has_ended_nothing_stays_in_memory(tmp_path: Path) -> None:
    ended = run_code(_TWICE, FIXTURES[0] / "run.json", tmp_path / "one", tmp_path / "two")
    assert (ended.status, ended.out.split()) == (0, ["complete", "complete", "0"]), ended


def test_there_are_as_many_readers_as_have_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert [rereading._processes(speeches) for speeches in (999, 1_000, 100_000)] == [1, 2, 8]
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert rereading._processes(100_000) == 3


def _killed(line: Connection) -> None:
    line.recv()
    os.kill(os.getpid(), signal.SIGKILL)


def _failing(line: Connection) -> None:
    line.recv()
    sys.exit(1)


@pytest.mark.parametrize(
    ("ends", "error", "said"), [(_killed, Blocked, "killed .SIGKILL"), (_failing, RuntimeError, "from made:7 on")]
)
def test_only_a_reader_that_was_killed_is_worth_another_run(
    ends: Callable[[Connection], None], error: type[Exception], said: str
) -> None:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=ends, args=(theirs,))
    process.start()
    theirs.close()
    readers = PastReaders.__new__(PastReaders)
    readers._readers = [past_readers._Reader(ours, process)]
    asked: Any = [({"id": "made:7"}, None)]
    with closing(readers), pytest.raises(error, match=said):
        list(readers.read(iter([asked])))
