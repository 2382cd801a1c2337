"""Death, full disks and bad disks at any moment: nothing kept is lost, and the next run goes on from there."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.replica.process import Replica
from pipelines.archive import errors
from pipelines.archive.disk.files import whole_members
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.waiting import LOOKS
from pipelines.warc.record_reader import records
from pipelines.warc.record_writer import WarcWriter
from pipelines.warc.records import WarcRecord
from tests.conftest import ROOT, Site, run, started
from tests.exchanges import exchange
from tests.faults import SCENARIOS, content
from tests.test_archive import FACTS, crawl, day, listed, missed, opened, sealed, speech, tree, whole
from tests.test_crawl import assert_same

FAULTS = ("kill", "power", "ENOSPC", "EIO")


def die(root: Path, number: int, *speeches: str, torn: bytes = b"") -> Path:
    """A run that saved these speeches and died, with `torn` at the end of its file."""
    dead = opened(root, number, run=f"dead-{number}")
    for native_id in speeches:
        dead.keep(speech(native_id, day(number)))
    dead.save()
    dead.close()
    folder = root / "staging" / f"dead-{number}"
    with (folder / LOOKS).open("ab") as stream:
        stream.write(torn)
    return folder


# every point of a run


def points(folder: Path, scenario: str, fault: str, first: int, stride: int) -> int:
    done = run("tests.faults", str(folder), scenario, fault, str(first), str(stride))
    assert (done.status, done.err) == (0, "")
    return int(done.out)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_at_some_points_loses_nothing(tmp_path: Path, scenario: str, fault: str) -> None:
    assert points(tmp_path, scenario, fault, first=FAULTS.index(fault) * 9, stride=37) > 100


@pytest.mark.soak
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_at_every_point_loses_nothing(tmp_path: Path, scenario: str, fault: str) -> None:
    assert points(tmp_path, scenario, fault, first=0, stride=1) > 100


# what a salvage says


def test_a_dead_run_becomes_a_commit_that_says_so(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    torn = gzip.compress(b"a look nobody finished\n")[:-3]
    warc = die(root, 2, "2", "3", torn=torn) / "warc/2026/gszx-dead-2-00000.warc.gz"
    warc.parent.mkdir(parents=True)
    with warc.open("wb", buffering=0) as stream:
        WarcWriter(stream).write(WarcRecord((("WARC-Type", "warcinfo"),), b"software: test\r\n"))
    with warc.open("ab") as stream:
        stream.write(torn)
    run = opened(root, 3)
    assert [(dead.run, dead.commit, dead.lines, dead.cut_bytes) for dead in run.salvaged] == [
        ("dead-2", 2, 4, 2 * len(torn))
    ]
    assert run.known.keys() == {"1", "2", "3"}
    run.see(listed("2", day(3)), None)
    sealed(run, 3)
    commit = Archive(root).commits()[1]
    assert (commit.kind, commit.run, commit.recorded_at) == ("salvage", "dead-2", day(3))
    report = json.loads((root / "runs/dead-2.json").read_bytes())
    assert (report["verdict"], report["exit_status"], report["started_at"]) == ("interrupted", 11, day(2))
    assert f"{2 * len(torn)} bytes of a torn end were cut" in report["message"]
    kept = [record.type for _, record in records(root / "warc/2026/gszx-dead-2-00000.warc.gz")]
    assert kept == ["warcinfo"]
    with opened(root, 4) as nothing_left:
        assert nothing_left.salvaged == ()
    whole(root)


def test_what_other_software_staged_is_archived_as_if_it_were_ours(tmp_path: Path) -> None:
    """With another order of keys, without those added since, and without the places of lines."""
    files = []
    for folder, is_ours in ((tmp_path / "ours", True), (tmp_path / "others", False)):
        staged = die(folder, 1, "1", "2") / LOOKS
        looks = [json.loads(raw) for raw in gzip.decompress(staged.read_bytes()).splitlines()]
        for look in () if is_ours else looks:
            assert look.pop("form")
            del look["sizes"]
            look["lines"] = [dict(sorted(line.items())) for line in look["lines"]]
            del look["lines"][0]["speakers"]
        if not is_ours:
            staged.write_bytes(gzip.compress("".join(f"{json.dumps(look)}\n" for look in looks).encode()))
        opened(folder, 2).close()
        commit = Archive(folder).commits()[0]
        files.append([(one.path, one.lines, one.sha256) for one in commit.files if "versions" in one.path])
        whole(folder)
    assert files[0] == files[1] != []


def test_a_line_whose_capture_did_not_reach_the_disk_is_not_salvaged(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    dying, cut = opened(root, 2), 0
    for number in ("2", "3"):
        said, body = speech(number, day(2)), f"<p>{number}".encode() * 999
        kept = dying.captures.add(exchange(said.look.captures[0].url, body))
        assert kept is not None
        sha256 = hashlib.sha256(body).hexdigest()
        capture = replace(said.look.captures[0], payload_sha256=sha256, **kept._asdict())
        dying.keep(replace(said, look=replace(said.look, captures=(capture,))))
        cut = kept.offset + kept.length - 1
    dying.close()
    (warc,) = (root / "staging").glob("*/warc/*/*.gz")
    os.truncate(warc, cut)
    run = opened(root, 3)
    assert [dead.lines for dead in run.salvaged] == [2]
    assert run.known.keys() == {"1", "2"}
    sealed(run, 3)
    assert verify(root).problems == []


def test_a_dead_run_that_saved_nothing_leaves_nothing(tmp_path: Path) -> None:
    root = tmp_path / "a"
    die(root, 1, torn=b"\x1f\x8b torn")
    (root / "staging/unborn").mkdir()
    stranger = root / "staging/stranger/what.jsonl.gz"
    stranger.parent.mkdir()
    stranger.write_bytes(b"somebody's")
    assert crawl(root, 2, speech("1", day(2)))[1].commit == 1
    assert sorted(file.name for file in (root / "staging").iterdir()) == ["run.lock", "stranger"]
    whole(root)


def test_a_dead_run_proves_no_deletion(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    dead = opened(root, 2, days=0)
    assert dead.miss(missed("1", day(2))) == "gone"
    dead.save()
    dead.close()
    run = opened(root, 3, days=0)
    assert not run.known["1"].is_gone
    assert run.known["1"].first_missed_at == day(2)
    assert run.miss(missed("1", day(3))) == "gone"
    sealed(run, 3)
    whole(root)


@pytest.mark.parametrize(
    ("refusal", "number", "facts"),
    [(errors.WrongHost, 3, replace(FACTS, hosts=("127.0.0.1:8000",))), (errors.ClockBehind, 1, FACTS)],
)
def test_a_salvage_that_may_not_be_is_refused_and_nothing_is_lost(
    tmp_path: Path, refusal: type[Exception], number: int, facts: Any
) -> None:
    die(tmp_path / "a", 2, "1", "2")
    before = tree(tmp_path / "a")
    with pytest.raises(refusal):
        opened(tmp_path / "a", number, facts=facts)
    assert {**tree(tmp_path / "a"), "staging/run.lock": b""} == {**before, "staging/run.lock": b""}
    with opened(tmp_path / "a", 3) as later:
        assert len(later.salvaged) == 1


def test_when_it_was_saved_makes_no_difference(tmp_path: Path) -> None:
    kept = []
    for name, every in (("a", 1), ("b", 5)):
        run = opened(tmp_path / name, 1)
        for count in range(12):
            run.keep(speech(str(count), day(1)))
            if count % every == 0:
                run.save()
        sealed(run, 1)
        kept.append(Archive(tmp_path / name).commits()[0].files)
    assert kept[0] == kept[1]


def test_no_more_than_two_hundred_looks_are_ever_unsaved(tmp_path: Path) -> None:
    with opened(tmp_path / "a", 1) as run:
        for count in range(401):
            run.keep(speech(str(count), day(1)))
            assert run.unsaved <= 200
    written = b"".join(member for _, member in whole_members(tmp_path / "a/staging/run-1" / LOOKS))
    assert written.count(b"\n") == 401, "what no power cut has cost, and no kill costs"


# disks


def test_below_the_floor_nothing_more_is_written(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    free = disk.f_bavail * disk.f_frsize
    with pytest.raises(errors.DiskFull, match="DISK_FLOOR_MB"):
        opened(tmp_path / "a", 1, disk_floor=free * 2)
    assert list(tmp_path.iterdir()) == []
    crawl(tmp_path / "a", 1, speech("1", day(1)))


@pytest.mark.parametrize(("floor", "status"), [("999999999", 11), ("much", 2)])
def test_the_floor_is_a_setting(site: Site, floor: str, status: int) -> None:
    ended = site.crawl("http://127.0.0.1:9/", "-s", f"DISK_FLOOR_MB={floor}")
    assert (ended.status, "DISK_FLOOR_MB" in ended.err) == (status, True)


SMALL_DISK = """
import sys
from pathlib import Path
from subprocess import run
run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", sys.argv[1]], check=True)
from tests.test_archive import *
root = Path(sys.argv[1]) / "a"
text = lambda n: "".join(map(chr, random.Random(n).choices(range(0x4e00, 0x9fff), k=3000)))
def go(number, count):
    run = opened(root, number, disk_floor=0)
    known = set(run.known)
    try:
        for n in range(count):
            if str(n) not in known:
                run.keep(speech(str(n), day(number), body=text(n)))
                if n % 3 == 2: run.save()
        sealed(run, number)
    finally:
        run.close()
go(1, 3)
try:
    go(2, 60)
except errors.DiskFull:
    assert verify(root).problems == []
    staged = list(root.glob("staging/run-2/looks.jsonl.gz"))
    assert len(gzip.decompress(staged[0].read_bytes())) > 50_000
else:
    sys.exit("the disk was large enough")
run(["mount", "-o", "remount,size=4m", sys.argv[1]], check=True)
go(3, 60)
whole(root)
assert [commit.kind for commit in Archive(root).commits()] == ["crawl", "salvage", "crawl"]
assert sum(1 for _ in Archive(root).latest()) == 60 == sum(1 for _ in Archive(root).versions())
"""


def test_a_full_file_system_and_then_a_larger_one(tmp_path: Path) -> None:
    apart = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a small disk; the file-size limit of the other tests stands in")
    command = [*apart, sys.executable, "-c", SMALL_DISK, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


# a third of a site


def test_a_mass_deletion_is_recorded_only_as_a_decision(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, *(speech(str(n), day(1)) for n in range(14)))
    lost = [missed(str(n), day(2)) for n in range(5)]
    refused = opened(root, 2, days=0)
    assert {refused.miss(gone) for gone in lost} == {"gone"}
    mass = refused.mass_deletion()
    assert mass is not None
    assert (mass.gone, mass.present) == (5, 14)
    told = sealed(refused, 2).counts
    assert (told["gone"], told["missing"]) == (0, 5)
    assert sum(1 for _ in Archive(root).latest()) == 14
    accepted = opened(root, 3, days=0)
    for n in range(5):
        accepted.miss(missed(str(n), day(3)))
    with accepted:
        assert accepted.seal({}, day(4), {}, accept="mass-gone").counts["gone"] == 5
    decisions = [commit.decision for commit in Archive(root).commits()]
    assert decisions == [None, None, {"accept": "mass-gone", "gone": 5, "present": 14}]
    assert sum(1 for _ in Archive(root).latest()) == 9
    whole(root)


@pytest.mark.parametrize(("present", "gone"), [(15, 5), (9, 4), (4, 4)])
def test_few_deletions_are_believed_run_after_run(tmp_path: Path, present: int, gone: int) -> None:
    root = tmp_path / "a"
    crawl(root, 1, *(speech(str(n), day(1)) for n in range(present)))
    left = list(range(present))
    for number in (2, 3):
        lost, left = left[:gone], left[gone:]
        counts = crawl(root, number, *(missed(str(n), day(number)) for n in lost), days=0)[1].counts
        assert counts["gone"] == len(lost)
        gone = min(4, gone)
    assert {commit.decision for commit in Archive(root).commits()} == {None}
    whole(root)


def test_a_site_that_lost_most_of_itself_is_not_believed_until_a_person_says_so(site: Site) -> None:
    with Replica(speeches=30) as whole_site:
        assert site.crawl(whole_site.url).status == 0
    count = len(site.latest())
    with Replica(speeches=12, port=urlsplit(whole_site.url).port) as rest:
        ended = site.crawl(rest.url, "-s", "GONE_AFTER_DAYS=0")
        assert ended.status == 4, ended.out
        assert "-a accept=mass-gone" in ended.out
        assert site.report()["counts"]["missing"] > 10
        assert len(site.latest()) > count
        assert site.crawl(rest.url, "-s", "GONE_AFTER_DAYS=0", "-a", "accept=mass-gone").status in {0, 3}
        assert len(site.latest()) <= 13
        assert site.crawl(rest.url, "-a", "accept=all").status == 2
    assert site.verify().status == 0
    decision = Archive(site.folder).commits()[-1].decision
    assert decision is not None
    assert decision["accept"] == "mass-gone"


# real kills


def staged_articles(site: Site) -> set[str]:
    """Path and query of every article page whose look is whole in staging."""
    members = (part for file in site.folder.glob(f"staging/*/{LOOKS}") for _, part in whole_members(file))
    looks = (json.loads(line)["lines"] for part in members for line in part.split(b"\n")[:-1])
    return {address(c["url"]) for look in looks for line in look for c in line["captures"] if c["role"] == "article"}


def address(url: str) -> str:
    return urlsplit(url)._replace(scheme="", netloc="").geturl()


def articles(site: Site) -> set[str]:
    return {
        address(c["url"]) for v in Archive(site.folder).versions() for c in v["captures"] if c["role"] == "article"
    }


def asked(replica: Replica) -> list[str]:
    return [entry["path"] for entry in replica.log()["requests"]]


def kill_and_go_on(site: Site, replica: Replica, seconds: float, least: int, wanted: list[dict[str, Any]]) -> int:
    """Kill a crawl some time after it saved `least` looks and run it again; how many it had saved."""
    before = len(asked(replica))
    settings = ("-s", "DOWNLOAD_DELAY=0.05", "-s", "SAVE_SECONDS=600")
    with started(*site.command(replica.url, *settings)) as victim:
        while len(staged_articles(site)) < least and victim.is_alive():
            time.sleep(0.05)
        time.sleep(seconds)
    saved, killed = staged_articles(site), len(asked(replica))
    is_left = bool(saved) or any(file.stat().st_size for file in site.folder.glob("staging/*/warc/*/*.gz"))
    if list(site.folder.glob("commits/*.json")):
        assert verify(site.folder).problems == []
        saved |= articles(site)
    ended = site.crawl(replica.url)
    assert (ended.status, ended.err) == (0, "")
    assert ("salvaged run" in ended.out) is (is_left and not victim_committed(site))
    paths = asked(replica)
    again = set(paths[before:killed]) & set(paths[killed:]) & articles(site)
    assert not again & saved, "what was saved was fetched again"
    assert len(again) <= 1, "what was read was fetched again, beside the page that was under way"
    whole(site.folder)
    assert content(site.folder) == wanted
    return len(saved)


def victim_committed(site: Site) -> bool:
    return Archive(site.folder).commits()[0].kind == "crawl" and len(Archive(site.folder).commits()) > 1


def kill_many(tmp_path: Path, count: int, speeches: int, seconds: tuple[float, float], least: int) -> None:
    chance = random.Random(20260110)  # noqa: S311 - a sample, not a secret
    with Replica(speeches=speeches) as replica:
        undisturbed = Site(tmp_path / "undisturbed")
        assert undisturbed.crawl(replica.url).status == 0
        assert_same(replica.truth(), undisturbed.latest())
        wanted = content(undisturbed.folder)
        sites = [Site(tmp_path / str(n)) for n in range(count)]
        saved = [kill_and_go_on(site, replica, chance.uniform(*seconds), least, wanted) for site in sites]
    assert max(saved) > 0
    print(f"looks saved at the kills: {sorted(saved)}")


def test_killed_crawls_fetch_again_only_what_was_under_way(tmp_path: Path) -> None:
    kill_many(tmp_path, 2, 24, (0, 1), least=1)


@pytest.mark.soak
def test_fifty_killed_crawls_fetch_again_only_what_was_under_way(tmp_path: Path) -> None:
    kill_many(tmp_path, 50, 40, (0.5, 7), least=0)
