"""Copying archives to a store and from it: what comes back, what a kill leaves, who wins, and what it costs."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import os
import random
import re
import shlex
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, redirect_stdout, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crawler.run.cluster.keeping import Keeping
from pipelines import untrusted
from pipelines.__main__ import VERBS, _parser, main
from pipelines.archive.disk.copies.partial_copy import PartialCopy, stream_of
from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.disk.layout import DERIVED_FILES, Layout
from pipelines.archive.errors import Damaged, NotKnown, NotUnderstood, TailLost
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.admission import Cautions
from pipelines.archive.write.kinds.reconciliation import accept_ours
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.writer import ArchiveRun
from pipelines.record import Capture
from pipelines.store import pushing
from pipelines.store.absent_files import AbsentFiles
from pipelines.store.copying import (
    WHOLE,
    WITHOUT_CAPTURES,
    CopyExtent,
    Diverged,
    Overtaken,
    SetBack,
    check,
    pull,
    push,
    set_aside,
)
from pipelines.store.kinds import bucket as bucket_module
from pipelines.store.protocol import StoreRefuses
from pipelines.store.stores import StoreError, WrongStore, store_of
from pipelines.store.tips import StoreTip, commits_after, tip_of
from pipelines.untrusted import LONGEST_DOCUMENT
from tests import faults
from tests.conftest import ROOT
from tests.exchanges import exchange
from tests.faults import KILLED, strike
from tests.object_store import MISHAPS, asked, object_store
from tests.test_archive import FACTS, SOFTWARE, missed, speech, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.store.stores import Store
    from tests.object_store import ObjectStore

SITE = FACTS.site


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dying process gave the system stays, so fsync need not do anything."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Buckets:
    """Object stores by name, each started when it is asked for; tests take a prefix of their own in them."""

    def __init__(self, servers: ExitStack, folder: Callable[[str], Path]) -> None:
        self._servers, self._folder = servers, folder
        self._started: dict[str, ObjectStore] = {}

    def __getitem__(self, kind: str) -> ObjectStore:
        if kind not in self._started:
            self._started[kind] = self._servers.enter_context(object_store(kind, self._folder(kind)))
        return self._started[kind]


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    with ExitStack() as servers:
        yield Buckets(servers, tmp_path_factory.mktemp)


@pytest.fixture(params=["folder", "rclone", "moto"])
def store(request: pytest.FixtureRequest, buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    return opened_store(request.param, request.node.originalname, buckets, tmp_path, monkeypatch)


def opened_store(kind: str, prefix: str, buckets: Buckets, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of a kind that holds nothing yet."""
    if kind == "folder":
        return store_of(str(folder / "store"))
    bucket = buckets[kind]
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return store_of(f"{bucket.address}/{prefix}")


def moment(night: int) -> str:
    """Nights around the end of a year, so that one can be packed."""
    return (datetime(2026, 12, 27, 2, tzinfo=UTC) + timedelta(days=night)).strftime("%Y-%m-%dT%H:%M:%SZ")


def crawl(root: Path, night: int, heads: HeadsFile | None = None) -> None:
    """A run that changes a speech, adds one, and looks for one that is gone; each with its captures."""
    at = moment(night)
    cautions = Cautions(heads=heads)
    run = ArchiveRun.open(root, FACTS, f"{at[:10].replace('-', '')}t020000z-{night:04d}", at, 0, cautions)
    faults._keep(run, speech("0", at, body=f"第{night}夜\n改了"))
    faults._keep(run, speech(str(night + 1), at, body=f"新{night}"))
    if night:
        faults._keep(run, missed(str(night), at))
    with run:
        run.seal({"verdict": "complete", "exit_status": 0, "counts": {}}, at, SOFTWARE)


def kept(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree(root).items() if not path.startswith("staging/")}


def whole(root: Path) -> None:
    report = verify(root)
    assert (report.problems, report.notes) == ([], [])


def test_what_comes_back_is_what_was_pushed(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = tmp_path / "a" / SITE, tmp_path / "b" / SITE
    assert pull(store, SITE, theirs, WHOLE).commit is None
    assert not theirs.exists()
    for night in range(2):
        crawl(ours, night)
        pushed = push(store, SITE, ours)
        assert (pushed.commits, pushed.commit, not pushed.notes) == (1, night + 1, store.has_create)
        pulled = pull(store, SITE, theirs, WHOLE)
        assert (pulled.commits, pulled.head) == (1, pushed.head)
        assert kept(theirs) == kept(ours)
    whole(theirs)
    assert push(store, SITE, ours).commits == pull(store, SITE, theirs, WHOLE).commits == 0
    fresh = tmp_path / "c" / SITE
    assert pull(store, SITE, fresh, WHOLE).commits == 2
    assert kept(fresh) == kept(ours)
    lines = tmp_path / "d" / SITE
    pulled = pull(store, SITE, lines)
    assert pulled.is_partial
    report = verify(lines)
    assert (report.problems, len(report.notes)) == ([], 1)
    assert "partial copy" in report.notes[0]
    assert main(["prove", str(lines), "0", "--out", str(tmp_path / "proof")]) == 5
    assert f"sync pull {lines} {store.address} --captures" in capsys.readouterr().err
    crawl(lines, 2)
    push(store, SITE, lines, drops_captures=True)
    assert not list(lines.glob("warc/*/*"))
    pull(store, SITE, ours, WHOLE)
    whole(ours)
    pull(store, SITE, lines, WHOLE)
    assert kept(lines) == kept(ours)
    altered, lost, *_ = lines.glob("versions/*/*")
    altered.write_bytes(b"")
    lost.unlink()
    assert pull(store, SITE, lines, WHOLE, restores=True).files == 2
    assert kept(lines) == kept(ours)


class Machine:
    """A folder of a site on a machine of its own; each deed is a night later than the one before."""

    night = 0

    def __init__(self, store: Store, root: Path) -> None:
        self.store, self.folder = store, root / SITE

    def bring(self, what: CopyExtent = WITHOUT_CAPTURES) -> None:
        """Pull, after what this machine alone had was moved aside."""
        try:
            pull(self.store, SITE, self.folder, what, is_alone=True)
        except Diverged:
            set_aside(self.folder)
            pull(self.store, SITE, self.folder, what)

    def do(self, deed: str) -> None:
        """Do something to the archive here."""
        Machine.night += 1
        when = When(recorded_at=moment(Machine.night), software=SOFTWARE)
        if deed == "crawl" or not self.folder.joinpath("commits").is_dir():
            crawl(self.folder, Machine.night)
            return
        self.bring(WHOLE)
        with suppress(NotKnown, NotUnderstood):  # done already, or the year is not over
            if deed == "pack":
                pack(self.folder, "2026", when)
            else:
                redact(
                    self.folder, Order(native_id="0", reason="自己要求", captures=deed == "redact everywhere"), when
                )

    def push(self, *, drops: bool = False) -> None:
        push(self.store, SITE, self.folder, is_alone=True, drops_captures=drops)


DEEDS = ["crawl", "crawl", "redact", "redact everywhere", "pack"]
HISTORIES = st.lists(
    st.tuples(
        st.integers(0, 1),  # which machine
        st.sampled_from(DEEDS),
        st.sampled_from(["", "", "pull", "push", "drop"]),  # what is killed, or a push that drops captures
        st.integers(0, 60),  # at which call into the file system
    ),
    min_size=2,
    max_size=7,
)


@settings(max_examples=int(os.environ.get("EXAMPLES", "4")), phases=[Phase.generate], report_multiple_bugs=False)
@given(history=HISTORIES)
def test_any_history_comes_back_whatever_is_killed(history: list[tuple[int, str, str, int]]) -> None:
    """Two machines take turns; copies are killed at any point. Each commit that was made in the store stays there."""
    with TemporaryDirectory() as folder:
        Machine.night = 0
        store = store_of(f"{folder}/store")
        machines = [Machine(store, Path(folder) / name) for name in ("a", "b")]
        heads: list[str] = []
        for number, deed, mishap, at in history:
            machine = machines[number]
            if mishap == "pull":
                assert strike(lambda _: machine.bring(), 0, at, "kill") in {0, KILLED}  # noqa: B023 - it runs now
            machine.bring()
            machine.do(deed)
            if mishap == "push":
                assert strike(lambda _: machine.push(), 0, at, "kill") in {0, KILLED}  # noqa: B023 - it runs now
            else:
                machine.push(drops=mishap == "drop")
                assert check(store, SITE, machine.folder).problems == []
            tip = tip_of(store, SITE)
            now = heads_of(store, tip)
            assert now[: len(heads)] == heads
            heads = now
        for machine in (*machines, *machines):
            machine.bring(WHOLE)
            machine.push()
        fresh = Machine(store, Path(folder) / "c")
        fresh.bring(WHOLE)
        assert kept(machines[0].folder) == kept(machines[1].folder) == kept(fresh.folder)
        assert verify(fresh.folder).problems == []
        assert check(store, SITE, fresh.folder).problems == []


def heads_of(store: Store, tip: StoreTip | None) -> list[str]:
    with TemporaryDirectory() as scratch:
        found = commits_after(store, SITE, None, tip, Path(scratch)) if tip else {}
        return [one.commit.sha256 for one in found.values()]


def objects(store: Store) -> dict[str, bytes]:
    return {held.name: store.read(held.name) for held in store.names(SITE)}


@pytest.mark.parametrize("store", ["folder", "rclone"], indirect=True)
def test_of_two_that_push_one_commit_one_steps_back_without_a_trace(store: Store, tmp_path: Path) -> None:
    """Both crawled after commit 1. The store keeps the first one's; the other's archive is moved aside, whole."""
    ours, theirs = tmp_path / "a" / SITE, tmp_path / "b" / SITE
    crawl(ours, 0)
    push(store, SITE, ours)
    pull(store, SITE, theirs, WHOLE)
    crawl(ours, 1)
    crawl(theirs, 2)
    lost = Archive(theirs).head
    push(store, SITE, ours)
    before = objects(store)
    with pytest.raises(Overtaken, match="neither history is part of the other"):
        push(store, SITE, theirs)
    with pytest.raises(Diverged):
        pull(store, SITE, theirs)
    assert objects(store) == before
    assert any("another history" in said for said in check(store, SITE, theirs).problems)
    aside = set_aside(theirs)
    assert (aside.name, Archive(aside).head) == (f"{SITE}-{lost[:8]}", lost)
    pull(store, SITE, theirs, WHOLE)
    assert kept(theirs) == kept(ours)
    crawl(theirs, 3)
    assert push(store, SITE, theirs).commits == 1
    assert push(store, SITE, ours).is_behind


@pytest.mark.parametrize("kind", ["folder", "moto"])
def test_two_that_push_at_once_never_both_commit(
    kind: str, buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1 if kind == "moto" else 4):
        store = opened_store(kind, f"race{number}", buckets, tmp_path / str(number), monkeypatch)
        folders = [tmp_path / str(number) / name / SITE for name in "ab"]
        for night, folder in enumerate(folders):
            crawl(folder, night)
        start = threading.Barrier(2)

        def race(folder: Path, store: Store = store, start: threading.Barrier = start) -> str:
            start.wait()
            try:
                push(store, SITE, folder)
            except Overtaken:
                return ""
            return Archive(folder).head

        with ThreadPoolExecutor(2) as pool:
            heads = list(pool.map(race, folders))
        tip = tip_of(store, SITE)
        assert "" in heads
        winner = next((folder for folder, head in zip(folders, heads, strict=True) if head), None)
        # Each may have put a file that the other must not replace: then none commits, and one alone goes on.
        if winner is None:
            assert tip is None
            winner = folders[0]
            push(store, SITE, winner, is_alone=True)
        found = check(store, SITE, winner)
        assert (found.problems, found.head) == ([], Archive(winner).head)


@pytest.mark.parametrize("stream", ["versions", "warc"])
def test_what_a_dead_push_left_is_replaced_only_by_one_that_is_alone(
    stream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a few bytes, or a container that is larger than what is put in one request."""
    monkeypatch.setattr(pushing, "_LARGEST_CREATED", 0)
    store, dead, ours = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE, tmp_path / "b" / SITE
    for number, folder in enumerate((dead, ours)):
        for night in (number, 8):
            crawl(folder, night)
        pack(folder, "2026", When(recorded_at=moment(9), software=SOFTWARE))
    (name,) = (f"{SITE}/{one.path}" for one in Archive(dead).last.files if stream in one.path)
    store.put(name, tmp_path / "a" / name)
    with pytest.raises(Overtaken, match="--alone"):
        push(store, SITE, ours)
    before = objects(store)[name]
    push(store, SITE, ours, is_alone=True)
    assert objects(store)[name] != before
    assert check(store, SITE, ours).problems == []
    with pytest.raises(Overtaken):
        push(store, SITE, dead, is_alone=True)
    assert check(store, SITE, ours).problems == []


def test_a_store_that_came_back_from_an_older_copy_goes_on_with_what_only_a_machine_has_set_aside(
    tmp_path: Path,
) -> None:
    """The machine has the lines of a commit whose captures were in the lost store only."""
    store, folder, copy = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE, tmp_path / "copy"
    crawl(folder, 0)
    push(store, SITE, folder, drops_captures=True)
    shutil.copytree(tmp_path / "store", copy)
    crawl(folder, 1)
    push(store, SITE, folder, drops_captures=True)
    ours = kept(folder)
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(Damaged, match="nothing of the site lies in") as found:
        pull(store, SITE, folder)
    assert not isinstance(found.value, Diverged)  # a store that is away, or a wrong address, sets nothing aside
    shutil.copytree(copy, tmp_path / "store")
    before = objects(store)
    for copying in (pull, push):
        with pytest.raises(SetBack, match="came back from an older copy"):
            copying(store, SITE, folder)
    assert (objects(store), kept(folder)) == (before, ours)
    assert told("sync", "pull", str(folder), store.address, "--aside")[0] == 0
    (aside,) = (tmp_path / "a" / "aside").iterdir()
    assert kept(aside) == ours
    assert Archive(folder).last.n == 1
    crawl(folder, 2)
    assert push(store, SITE, folder).commits == 1

    assert told("reconcile", str(folder), "--with", str(aside))[0] == 0


def test_a_worker_goes_on_with_a_store_at_a_new_address_once_that_has_the_captures(
    buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The store is lost, and its copies are of each night, so that a new bucket is filled from any of them."""
    old, root, second = tmp_path / "old", tmp_path / "archives", tmp_path / "copies" / SITE
    new = opened_store("rclone", "new-address", buckets, tmp_path, monkeypatch)
    lost, now = Keeping(root, str(old), ""), Keeping(root, new.address, "")
    try:
        for night in range(2):
            asyncio.run(lost.bring(SITE))
            crawl(root / SITE, night)
            asyncio.run(lost.give(SITE))
        whole_copy = tmp_path / "whole" / SITE
        pull(store_of(str(old)), SITE, whole_copy, WHOLE)
        shutil.rmtree(old)
        with pytest.raises(Damaged, match="nothing of the site lies in"):
            asyncio.run(now.bring(SITE))
        push(new, SITE, whole_copy)
        capture = next(name for name in objects(new) if "/warc/" in name)
        kept_capture = objects(new)[capture]
        new.remove([capture])
        with pytest.raises(Damaged, match=f"lacks 1 file of it.*{capture}"):
            asyncio.run(now.bring(SITE))
        new.create(capture, kept_capture)
        asyncio.run(now.bring(SITE))
        mark = PartialCopy.of(Layout(root / SITE))
        assert mark is not None
        assert mark.store == new.address
        pull(new, SITE, second, WHOLE)
        crawl(root / SITE, 2)
        asyncio.run(now.give(SITE))
        assert (check(new, SITE, root / SITE).problems, not (root / "aside").exists()) == ([], True)
        older = store_of(str(tmp_path / "older"))
        push(older, SITE, second)
        last = Keeping(root, older.address, "")
        asyncio.run(last.bring(SITE))
        last.close()
    finally:
        lost.close()
        now.close()
    (aside,) = (root / "aside").iterdir()
    assert (Archive(aside).last.n, Archive(root / SITE).last.n) == (3, 2)
    (told_once,) = (one.getMessage() for one in caplog.records if "moved to" in one.getMessage())
    assert told_once.startswith(f"{SITE}: ")
    assert "sync pull --aside" not in told_once
    assert told_once.endswith(f"`reconcile {root / SITE} --with {aside}` lists what only it has")


def test_where_heads_are_noted_a_store_that_was_set_back_waits_for_a_person(tmp_path: Path) -> None:
    """What the operations page says, from the loss to the next crawl."""
    store, folder, copy = tmp_path / "store", tmp_path / "archives" / SITE, tmp_path / "copy"
    heads = HeadsFile(tmp_path / "heads")
    keeping = Keeping(tmp_path / "archives", str(store), "", heads)
    try:
        for night in range(2):
            asyncio.run(keeping.bring(SITE))
            crawl(folder, night, heads)
            asyncio.run(keeping.give(SITE))
            if not night:
                shutil.copytree(store, copy)
        shutil.rmtree(store)
        shutil.copytree(copy, store)
        for _ in range(2):
            asyncio.run(keeping.bring(SITE))
            with pytest.raises(TailLost) as lost:
                crawl(folder, 2, heads)
            assert lost.value.exit_status == 5
        (aside,) = (tmp_path / "archives" / "aside").iterdir()
        when = When(recorded_at=moment(2), software=SOFTWARE)
        accept_ours(folder, when, reason="the store came back from a copy", other=Archive(aside))
        asyncio.run(keeping.give(SITE))
        asyncio.run(keeping.bring(SITE))
        crawl(folder, 3, heads)
        asyncio.run(keeping.give(SITE))
    finally:
        keeping.close()
    assert [one.commit for one in heads.of(SITE)] == [1, 2, 2, 3]
    assert (Archive(store / SITE).last.n, check(store_of(str(store)), SITE, folder).problems) == (3, [])


def test_captures_leave_only_when_the_store_has_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the store at a large file's name, and is as long, is not put again: it may be another one."""
    monkeypatch.setattr(pushing, "_LARGE", 0)
    store, folder = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE
    crawl(folder, 0)
    before = kept(folder)
    (path,) = (path for path in before if path.startswith("warc/"))
    (tmp_path / "other").write_bytes(bytes(len(before[path])))
    store.put(f"{SITE}/{path}", tmp_path / "other")
    with pytest.raises(Damaged, match="nothing was removed here"):
        push(store, SITE, folder, drops_captures=True)
    assert kept(folder) == before


def test_what_is_not_ours_in_a_bucket_is_told_and_breaks_nothing(
    buckets: Buckets,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store, folder = opened_store("moto", "foreign", buckets, tmp_path, monkeypatch), tmp_path / "output" / SITE
    crawl(folder, 0)
    push(store, SITE, folder)
    for name in ("logs/x", f"{SITE}/", f"{SITE}/commits/99999999.json"):
        asked(buckets["moto"].upstream, "PUT", f"/speeches/foreign/{name}")
    assert main(["sync", "check", str(folder.parent), store.address]) == 0
    out, err = capsys.readouterr()
    assert (out.count("\n"), err.count("note: ")) == (2, 2), (out, err)
    assert "logs: nothing of an archive is there" in err
    store.remove([f"{SITE}/state.json"])  # as after a push that broke off: all commits are looked through
    with pytest.raises(Damaged, match=r"00000002\.json: missing"):
        pull(store, SITE, tmp_path / "b" / SITE)
    asked(buckets["moto"].upstream, "PUT", f"/speeches/foreign/{SITE}//x")
    with pytest.raises(StoreError, match="has a name that is no path"):
        list(store.names(SITE))


@pytest.mark.parametrize("store", ["folder", "moto"], indirect=True)
def test_an_object_is_read_within_bounds_and_written_to_this_machine(store: Store, tmp_path: Path) -> None:
    (tmp_path / "endless").touch()
    os.truncate(tmp_path / "endless", LONGEST_DOCUMENT + 1)
    store.put("gszx/state.json", tmp_path / "endless")
    with pytest.raises(StoreError, match="none of ours"):
        store.read("gszx/state.json")
    with pytest.raises(IsADirectoryError):  # an error of this machine's disk is not one of the store
        store.fetch("gszx/state.json", tmp_path)


def test_what_a_write_left_that_died_is_told_and_goes(tmp_path: Path) -> None:
    """It may hold words that a redaction removed since, and no name by which that would find it."""
    folder, store = tmp_path / "a" / SITE, store_of(str(tmp_path / "store"))
    crawl(folder, 0)
    push(store, SITE, folder)
    (file,) = (tmp_path / "store" / SITE / "versions").glob("*/*")
    old, new = (file.with_name(f".unfinished-{name}") for name in "ab")
    for left in (old, new):
        left.write_bytes(file.read_bytes())
    os.utime(old, (1.0, 1.0))
    assert len(check(store, SITE, folder).foreign) == 2
    crawl(folder, 1)
    push(store_of(str(tmp_path / "store")), SITE, folder)
    assert (old.exists(), new.exists()) == (False, True)


def test_an_unchanged_archive_costs_four_requests(
    buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, folder = buckets["moto"], tmp_path / SITE
    store = opened_store("moto", "unchanged", buckets, tmp_path, monkeypatch)
    crawl(folder, 0)
    push(store, SITE, folder)
    for same in (lambda: push(store, SITE, folder), lambda: pull(store, SITE, folder, WHOLE)):
        before = len(bucket.requests)
        assert same().commits == 0
        assert len(bucket.requests) - before <= 4
    crawl(folder, 1)
    before = len(bucket.requests)
    assert push(store, SITE, folder).commits == 1
    assert len(bucket.requests) - before <= 24


def test_a_store_that_fails_now_and_then_loses_nothing(
    buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every tenth request is answered with an error, not at all, by half, or late; what was done may not be told."""
    monkeypatch.setattr(bucket_module, "_WAITS", (0.05,) * 5)
    bucket, ours, theirs = buckets["moto"], tmp_path / "a" / SITE, tmp_path / "b" / SITE
    store = opened_store("moto", "failing", buckets, tmp_path, monkeypatch)
    bucket.rate = 0.1
    try:
        for night in range(2):
            crawl(ours, night)
            assert push(store, SITE, ours, is_alone=True).commits == 1
            assert pull(store, SITE, theirs, WHOLE).commits == 1
        assert check(store, SITE, ours).problems == []
    finally:
        bucket.rate = 0.0
    assert kept(theirs) == kept(ours)
    found = check(store, SITE, ours)
    assert (found.problems, found.foreign) == ([], [])


def test_a_store_that_does_not_answer_is_told(
    buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_module, "_WAITS", ())
    monkeypatch.setattr(bucket_module, "_RETRIES", {"max_retries": 0})
    bucket = buckets["moto"]
    store = opened_store("moto", "silent", buckets, tmp_path, monkeypatch)
    crawl(tmp_path / SITE, 0)
    bucket.rate, bucket.mishaps = 1.0, MISHAPS[:1]
    try:
        with pytest.raises(StoreError, match=r"s3://speeches/silent/gszx/state\.json: .* Run again"):
            push(store, SITE, tmp_path / SITE)
        bucket.mishaps = ("501",)  # what some stores answer to `If-None-Match`
        assert not store.has_create
    finally:
        bucket.rate, bucket.mishaps = 0.0, MISHAPS
    for missing in asking(store_of("s3://nowhere/x"), tmp_path / SITE / "state.json"):
        with pytest.raises(
            StoreRefuses, match=r"no bucket nowhere at 127\.0\.0\.1:.*: make it, or correct the address$"
        ):
            missing()
    refusing = opened_store("rclone", "refusing", buckets, tmp_path, monkeypatch)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    for refused in asking(store_of(refusing.address), tmp_path / SITE / "state.json"):
        with pytest.raises(StoreRefuses, match=r"refused: the credentials .* or are of another store") as found:
            refused()
        assert not re.search("xml|Run again", str(found.value))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.example")
    with pytest.raises(WrongStore, match="AWS_ALLOW_HTTP"):
        store_of("s3://speeches/x")
    for address in ("s3://", "s3://a/../b", "gs://a/b", "s3://a//b"):
        with pytest.raises(WrongStore):
            store_of(address)


def asking(store: Store, file: Path) -> list[Callable[[], object]]:
    """Each way to ask a store, but for the size of an object, which has no answer in words."""
    return [
        store.folders,
        lambda: list(store.names(SITE)),
        lambda: store.read("x"),
        lambda: store.read_part("x", 0, 1),
        lambda: store.digest("x"),
        lambda: store.fetch("x", file.with_name("fetched")),
        lambda: store.put("x", file),
        lambda: store.has_create,
        lambda: store.remove(["x"]),
    ]


def test_every_altered_missing_or_foreign_object_is_found(tmp_path: Path) -> None:
    store, folder = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE
    for night in (4, 5):
        crawl(folder, night)
    pack(folder, "2026", When(recorded_at=moment(6), software=SOFTWARE))
    beside = {"commits/00000002.json.sig": b"a signature", "anchors/00000002-20261231t020000z.tsr": b"a time-stamp"}
    (folder / "anchors").mkdir()
    for path, data in beside.items():
        (folder / path).write_bytes(data)
    push(store, SITE, folder)
    assert objects(store).keys() >= {f"{SITE}/{path}" for path in (*beside, "beside.json")}
    folder_tip = f"{Archive(folder).last.n:08d}.json"
    chance = random.Random(7)  # noqa: S311 - a seeded choice
    for number, (name, data) in enumerate(objects(store).items()):
        if "/schemas/" in name and not name.endswith("/codes.json"):
            continue  # of many that are alike, one
        file, at = tmp_path / "store" / name, chance.randrange(len(data))
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        problems = check(store, SITE, folder).problems
        assert any(name.removeprefix(f"{SITE}/") in said for said in problems), (name, at)
        copy, said = tmp_path / str(number) / SITE, ""
        try:
            pull(store, SITE, copy, WHOLE)
        except Damaged as error:
            said = str(error)
        else:  # what follows from the commits is made anew
            assert verify(copy).problems == [], (name, at)
        is_made_anew = Path(name).name in DERIVED_FILES or name.endswith(".json.sha256")
        assert is_made_anew or Path(name).name in said, (name, at)
        file.unlink()
        assert check(store, SITE, folder, quick=True).problems, name
        if not name.endswith(f"/{folder_tip}"):  # of another last commit there is no telling whose it is
            push(store, SITE, folder, restores=True)
        else:
            file.write_bytes(data)
        assert file.read_bytes() == data, name
    found = check(store, SITE, folder)
    assert (found.problems, found.foreign, found.notes) == ([], [], [])
    store.create(f"{SITE}/versions/2026/00000099.jsonl.gz", b"")
    assert len(check(store, SITE, folder).foreign) == 1


def test_a_machine_that_is_behind_restores_what_it_has_and_names_what_stays_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store has a commit more, and words that were removed since stay removed."""
    store, folder, behind = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE, tmp_path / "b" / SITE
    for night in range(2):
        crawl(folder, night)
    push(store, SITE, folder)
    pull(store, SITE, behind, WHOLE)
    crawl(folder, 2)
    order = Order(native_id="1", reason="自己要求", captures=True)
    redact(folder, order, When(recorded_at=moment(3), software=SOFTWARE))
    push(store, SITE, folder)
    before, here = objects(store), {f"{SITE}/{path}": data for path, data in kept(behind).items()}
    for number, (name, data) in enumerate(before.items()):
        file = tmp_path / "store" / name
        if "/schemas/" in name and not name.endswith("/codes.json"):
            continue  # as above
        if number % 2:
            file.unlink()
        else:
            file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        try:
            problems = push(store, SITE, behind, restores=True).problems
        except Damaged as error:  # a commit that this machine has not, and which may have removed words
            problems = (str(error),)
        is_mended = here.get(name) == data
        is_told = name.removeprefix(f"{SITE}/") in "".join(problems)
        assert objects(store).get(name) == data if is_mended else is_told, (name, problems)
        assert bool(problems) is not is_mended
        file.write_bytes(data)
        assert objects(store) == before
    altered, lost = (tmp_path / "store" / name for name in before if "/runs/" in name and name in here)
    altered.write_bytes(b"")
    (tmp_path / "store" / SITE / "latest.json").unlink()
    lost.unlink()
    assert told("sync", "push", str(behind), store.address, "--restore")[0] == 5
    assert "latest.json: it, or" in capsys.readouterr().err
    push(store, SITE, folder, restores=True)
    assert objects(store) == before


def told(*arguments: str) -> tuple[int, str]:
    """How a command ends and what it prints."""
    with redirect_stdout(out := io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)):
        status = main(arguments)
    return status, out.buffer.getvalue().decode()


def test_a_folder_named_as_a_site_is_told_to_be_taken_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, folder = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE
    crawl(folder, 0)
    for name in (SITE, "second"):
        push(store, name, folder)
    one, all_sites = tmp_path / "one" / "second", tmp_path / "all" / "second"
    assert told("sync", "pull", str(one), store.address)[0] == 0
    assert f"note: {one}: taken for the archive of second" in capsys.readouterr().err
    assert told("sync", "pull", str(all_sites), store.address, "--sites", "*")[0] == 0
    assert "note:" not in capsys.readouterr().err
    assert sorted(path.name for path in all_sites.iterdir()) == sorted((SITE, "second"))
    assert kept(one) == kept(all_sites / "second")


def test_commands_that_read_take_an_address(
    buckets: Buckets,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = opened_store("rclone", "verbs", buckets, tmp_path, monkeypatch)
    monkeypatch.setenv("SPEECH_ARCHIVE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "output"
    for night in range(2):
        crawl(root / SITE, night)
    assert main(["sync", "push", str(root), store.address]) == 0
    asked = ["changes", "views", "files", "status --json", "log 0", "show 0@1 --json", "diff 0@1 0@2", "cite 0"]
    asked += ["search 讲话 --json", "report --month 2026-12", "export --as-of 2026-12-27", "verify"]
    for verb, *rest in map(str.split, asked):
        of = store.address if verb in {"changes", "search", "verify"} else f"{store.address}/{SITE}"
        here = str(root) if of == store.address else str(root / SITE)
        assert told(verb, of, *rest) == told(verb, here, *rest), verb
    assert told("prove", f"{store.address}/{SITE}", "0", "--out", str(tmp_path / "proof"))[0] == 0
    for verb in ("redact {} 0 --reason x", "pack {}", "rebuild {}", "anchor {} --tsa-ca x --tsa http://x"):
        capsys.readouterr()
        assert main(verb.format(f"{store.address}/{SITE}").split()) == 2
        assert "sync pull" in capsys.readouterr().err, verb
    crawl(root / SITE, 2)
    assert main(["sync", "push", str(root), store.address]) == 0
    assert told("changes", store.address) == told("changes", str(root))
    for most in (8, 2):  # how it is: seven objects and a list of the sites; one where nothing is new
        before = len(buckets["rclone"].requests)
        assert json.loads(told("status", store.address, "--json")[1])["sites"][0]["condition"] == "complete"
        assert len(buckets["rclone"].requests) - before <= most
    (tmp_path / "before").write_bytes(store.read(f"{SITE}/state.json"))
    crawl(root / SITE, 3)
    assert main(["sync", "push", str(root), store.address]) == 0
    store.put(f"{SITE}/state.json", tmp_path / "before")  # as while a push is under way
    capsys.readouterr()
    monkeypatch.setenv("SPEECH_ARCHIVE_CACHE", str(tmp_path / "pushed to"))
    assert told("status", f"{store.address}/{SITE}") == told("status", str(root / SITE))
    assert capsys.readouterr().err == ""
    for wrong in (f"{store.address}/{SITE}", store.address.replace("//", "/")):
        assert main(["sync", "push", str(root), wrong]) == 2
    name = next(held.name for held in store.names(SITE) if held.name.endswith("2.json"))
    store.remove([name])
    capsys.readouterr()
    monkeypatch.setenv("SPEECH_ARCHIVE_CACHE", str(tmp_path / "other"))
    assert main(["changes", store.address]) == 5
    assert f"{store.address}/{name}: missing" in capsys.readouterr().err


def holding(root: Path, words: str) -> list[str]:
    """The files below a folder in which words stand, as they are or unpacked."""
    files = {path: gzip.decompress(data) if path.endswith(".gz") else data for path, data in tree(root).items()}
    return [path for path, data in files.items() if words.encode() in data]


def test_removed_words_leave_store_cache_and_copies(
    buckets: Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened_store("rclone", "redacted", buckets, tmp_path, monkeypatch)
    monkeypatch.setenv("SPEECH_ARCHIVE_CACHE", str(tmp_path / "cache"))
    ours, theirs, cache = tmp_path / "a" / SITE, tmp_path / "b" / SITE, tmp_path / "cache"
    for night in range(2):
        crawl(ours, night)
    push(store, SITE, ours)
    pull(store, SITE, theirs, WHOLE)
    assert told("verify", store.address)[0] == 0
    assert holding(theirs, "第0夜")
    assert holding(cache, "第0夜")
    order = Order(native_id="0", reason="自己要求", captures=True)
    redact(ours, order, When(recorded_at=moment(2), software=SOFTWARE))
    push(store, SITE, ours)
    assert holding(theirs, "第0夜")
    pull(store, SITE, theirs)
    assert told("changes", store.address)[0] == 0
    (tmp_path / "objects").mkdir()
    for number, held in enumerate(store.names(SITE)):
        store.fetch(held.name, tmp_path / "objects" / f"{number}-{held.name.rpartition('/')[2]}")
    assert [holding(tmp_path / name, "第0夜") for name in ("objects", "a", "b", "cache")] == [[]] * 4


PAGE = (ROOT / "docs/stores.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ speech-archive (.*)\n((?s:.*?))(?=^\$|^```)", PAGE, re.MULTILINE)


def test_commands_print_what_the_page_shows(
    buckets: Buckets,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for night in range(2):
        crawl(tmp_path / "output" / SITE, night)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEECH_ARCHIVE_CACHE", str(tmp_path / "cache"))
    opened_store("moto", "archives", buckets, tmp_path, monkeypatch)
    assert len(SHOWN) > 6
    for command, shown in SHOWN:
        capsys.readouterr()
        assert main(shlex.split(command.replace(" 4864", " 0"))) == 0, command
        out, err = capsys.readouterr()
        assert re.fullmatch(re.escape(shown).replace("…", ".*"), out, re.DOTALL), out
        assert err == "", command


def test_the_page_names_every_command_that_takes_an_address() -> None:
    reading = set()
    for verb in VERBS:
        (of_verb,) = (one.choices[verb] for one in _parser({}, verb)._actions if isinstance(one.choices, dict))
        if of_verb.get_default("reads"):
            reading.add(verb)
    (listed,) = re.findall(r"That is (.*?)\.\n", PAGE, re.DOTALL)
    assert set(re.findall("`([a-z-]+)`", listed)) == reading


def test_what_a_copy_lacks_is_read_from_the_store(store: Store, tmp_path: Path) -> None:
    """Loose, in the container of a year that is over, and in one that a redaction has written anew."""
    ours = tmp_path / "a" / SITE
    for night in range(8):
        crawl(ours, night)
    order = Order(native_id="2", reason="自己要求", captures=True)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: pack(ours, "2026", When(recorded_at=moment(8), software=SOFTWARE)),
        lambda: redact(ours, order, When(recorded_at=moment(9), software=SOFTWARE)),
    )
    for number, deed in enumerate(deeds):
        deed()
        push(store, SITE, ours)
        theirs = tmp_path / str(number) / SITE
        pull(store, SITE, theirs)
        mark = PartialCopy.of(Layout(theirs))
        assert mark is not None
        absent = AbsentFiles(mark, Layout(theirs), SITE, store.address)
        read = parts_compared(ours, Layout(theirs, elsewhere=absent))
        assert read == 8
        assert absent.requests <= (8, 8 + 5, 8 + 5)[number], "a request a file, and one for the header before it"
        with pytest.raises(FileNotFoundError):
            absent.part("warc/2026/none.warc.gz", 0, 1)


def parts_compared(ours: Path, theirs: Layout) -> int:
    """How many captures a copy without them read, whole and in parts, byte for byte."""
    chance = random.Random(7)  # noqa: S311 - a seeded choice
    paths = {one.path for commit in Archive(ours).commits() for one in commit.files if stream_of(one.path) == "warc"}
    loose = sorted(path for path in paths if not path.startswith("packs/"))
    for path in loose:
        wanted = untrusted.whole(Layout(ours).stored(path))
        assert not untrusted.is_there(Layout(theirs.root).stored(path))
        with untrusted.opened(theirs.stored(path)) as stream:
            assert stream.read() == wanted
            for _ in range(3):
                at, length = chance.randrange(len(wanted) + 9), chance.randrange(1, 99)
                stream.seek(at)
                assert stream.read(length) == wanted[at : at + length]
    return len(loose)


def test_what_a_killed_run_read_of_what_its_copy_lacks_is_salvaged(tmp_path: Path) -> None:
    """Its lines name records that came again and lie in the store only."""
    store, ours, theirs = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE, tmp_path / "b" / SITE
    crawl(ours, 0)
    push(store, SITE, ours)
    pull(store, SITE, theirs)
    captures = tuple(Capture(**one) for one in next(iter(Archive(ours).latest()))["captures"])
    at, n = moment(1), "20261228t020000z-0001"
    with ArchiveRun.open(theirs, FACTS, n, at, 0) as killed:
        read = speech("0", at, body="改了")
        killed.keep(replace(read, look=replace(read.look, captures=captures)))
        killed.save()
    with ArchiveRun.open(theirs, FACTS, "20261229t020000z-0002", moment(2), 0) as run:
        assert [(one.lines, one.cut_bytes) for one in run.salvaged] == [(2, 0)]
        run.abandon()
    assert verify(theirs).problems == []


@pytest.mark.parametrize("is_there", [True, False])
def test_what_a_power_cut_took_from_a_run_is_not_what_its_copy_lacks(tmp_path: Path, is_there: bool) -> None:
    """Lines and notes of answers may be on the disk whose own capture file is empty, or not there."""
    store, ours, theirs = store_of(str(tmp_path / "store")), tmp_path / "a" / SITE, tmp_path / "b" / SITE
    crawl(ours, 0)
    push(store, SITE, ours)
    pull(store, SITE, theirs)
    with ArchiveRun.open(theirs, FACTS, "20261228t020000z-0001", moment(1), 0) as killed:
        url, sha256 = "http://example.com/1", hashlib.sha256(b"<p>1").hexdigest()
        place = killed.captures.add(exchange(url, b"<p>1", date=moment(1)))
        assert place is not None
        where = {"part": 1, "captured_at": moment(1), "payload_sha256": sha256, **place._asdict()}
        one = Capture(role="article", url=url, **where)
        read = speech("0", moment(1), body="改了")
        killed.keep(replace(read, look=replace(read.look, captures=(one,))))
        killed.save()
    cut = theirs / "staging" / "20261228t020000z-0001" / place.file
    if is_there:
        os.truncate(cut, 0)
    else:
        cut.unlink()
    with ArchiveRun.open(theirs, FACTS, "20261229t020000z-0002", moment(2), 0) as run:
        assert run.salvaged == ()
        run.abandon()
    assert verify(theirs).problems == []
