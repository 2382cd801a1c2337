"""Copying archives to a store and from it: what comes back, what a kill leaves, who wins, and what it costs."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.archive.errors import NotKnown, NotUnderstood
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.writer import ArchiveRun
from pipelines.store.copying import WHOLE, WITHOUT_CAPTURES, CopyExtent, Diverged, check, pull, push, set_aside
from pipelines.store.stores import store_of
from pipelines.store.tips import StoreTip, commits_after, tip_of
from tests import faults
from tests.faults import KILLED, strike
from tests.object_store import object_store
from tests.test_archive import FACTS, SOFTWARE, missed, speech, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.store.stores import Store
    from tests.object_store import ObjectStore

SITE = FACTS.site


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dying process gave the system stays, so fsync need not do anything."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ObjectStore]]:
    """The object stores by name, for tests that each take a prefix of their own."""
    with ExitStack() as servers:
        yield {
            kind: servers.enter_context(object_store(kind, tmp_path_factory.mktemp(kind)))
            for kind in ("rclone", "moto")
        }


@pytest.fixture(params=["folder", "rclone", "moto"])
def store(
    request: pytest.FixtureRequest, buckets: dict[str, ObjectStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Store:
    if request.param == "folder":
        return store_of(str(tmp_path / "store"))
    bucket = buckets[request.param]
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return store_of(f"{bucket.address}/{request.node.originalname}")


def moment(night: int) -> str:
    """Nights around the end of a year, so that one can be packed."""
    return (datetime(2026, 12, 27, 2, tzinfo=UTC) + timedelta(days=night)).strftime("%Y-%m-%dT%H:%M:%SZ")


def crawl(root: Path, night: int) -> None:
    """A run that changes a speech, adds one, and looks for one that is gone; each with its captures."""
    at = moment(night)
    run = ArchiveRun.open(root, FACTS, f"{at[:10].replace('-', '')}t020000z-{night:04d}", at, 0)
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


def test_what_comes_back_is_what_was_pushed(store: Store, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a" / SITE, tmp_path / "b" / SITE
    for night in range(3):
        crawl(ours, night)
        pushed = push(store, SITE, ours)
        assert (pushed.commits, pushed.commit, not pushed.notes) == (1, night + 1, store.has_create)
        pulled = pull(store, SITE, theirs, WHOLE)
        assert (pulled.commits, pulled.head) == (1, pushed.head)
        assert kept(theirs) == kept(ours)
    whole(theirs)
    assert push(store, SITE, ours).commits == pull(store, SITE, theirs, WHOLE).commits == 0
    fresh = tmp_path / "c" / SITE
    assert pull(store, SITE, fresh, WHOLE).commits == 3
    assert kept(fresh) == kept(ours)
    lines = tmp_path / "d" / SITE
    pulled = pull(store, SITE, lines)
    assert pulled.is_partial
    report = verify(lines)
    assert (report.problems, len(report.notes)) == ([], 1)
    assert "partial copy" in report.notes[0]
    crawl(lines, 3)
    push(store, SITE, lines, drops_captures=True)
    assert not list(lines.glob("warc/*/*"))
    pull(store, SITE, ours, WHOLE)
    whole(ours)
    pull(store, SITE, lines, WHOLE)
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


@settings(max_examples=int(os.environ.get("EXAMPLES", "12")), phases=[Phase.generate], report_multiple_bugs=False)
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
                assert strike(lambda _, of=machine: of.bring(), 0, at, "kill") in {0, KILLED}
            machine.bring()
            machine.do(deed)
            if mishap == "push":
                assert strike(lambda _, of=machine: of.push(), 0, at, "kill") in {0, KILLED}
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
