"""A fleet: its deployment's file, schedules, and the journal of what was tried."""

from __future__ import annotations

import asyncio
import gc
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from weakref import WeakSet
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from crawler.run.fleet import one_loop, runner
from crawler.run.fleet.deployment import DeploymentError, load_deployment
from crawler.run.fleet.due import Times, due
from crawler.sites.schedule import Hours, Schedule
from pipelines.archive.read.moments import stamp
from pipelines.exits import worst
from pipelines.fleet.attempts import Attempt, Began, Ended, Journal, attempt_id, is_good
from pipelines.fleet.condition import ended_alike
from pipelines.fleet.fleet_runs import KEPT, FleetRun, forget_old, unfinished

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = Hours.parse("22:00-06:00")
NOW = datetime(2026, 11, 30, 3, 5, tzinfo=UTC)
TEXTS = ("daily", "weekly", "monthly", "30 2 * * 1", "*/7 * * * *", "0 4 29 2 *")


@given(
    st.sampled_from(TEXTS).map(Schedule.parse),
    st.sampled_from([None, NIGHT, Hours.parse("08:15-09:00")]),
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.integers(0, 20 * 365 * 24 * 60),
)
def test_every_moment_lies_between_two_slots(
    schedule: Schedule, hours: Hours | None, site: str, minutes: int
) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    before, after = (slot(now, site, ZONE, hours) for slot in (schedule.slot_before, schedule.slot_after))
    assert before is not None
    assert after is not None
    assert before <= now < after
    assert schedule.slot_before(after, site, ZONE, hours) == after
    assert schedule.slot_before(after - timedelta(seconds=1), site, ZONE, hours) == before
    if hours and schedule.text in {"daily", "weekly", "monthly"}:
        assert hours.includes(after, ZONE)


def test_sites_do_not_all_begin_at_once() -> None:
    slots = [Schedule.parse("daily").slot_after(NOW, f"site-{n}", ZONE, NIGHT) for n in range(300)]
    by_hour = [sum(slot is not None and slot.astimezone(ZONE).hour == hour for slot in slots) for hour in range(24)]
    assert all(20 <= by_hour[hour] <= 60 for hour in (22, 23, 0, 1, 2, 3, 4, 5))
    assert sum(by_hour[6:22]) == 0


@pytest.mark.parametrize("text", ["dayly", "61 * * * *", "* * * * * *", "", "0 0 31 2 *"])
def test_a_wrong_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be daily, weekly, monthly, or a cron line of five fields"):
        Schedule.parse(text)


def test_hours_go_past_midnight_in_the_sites_zone() -> None:
    morning = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)
    assert not NIGHT.includes(morning, ZONE)
    assert NIGHT.next_begin(morning, ZONE) == datetime(2026, 11, 30, 22, 0, tzinfo=ZONE)
    for wrong in ("22:00", "25:00-06:00", "06:00-06:00", "22:00 - 06:00"):
        with pytest.raises(ValueError, match="must be two different times such as 22:00-06:00"):
            Hours.parse(wrong)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "key 'contact' is missing; it must be a text"),
        ('contact = "a@example.org"\njob = 3', "unknown key 'job'; allowed are: contact, archive_root, profiles"),
        ('contact = "a@example.org"\njobs = 0', "jobs = 0: must be a number of sites at once, 1 to 1000"),
        ('contact = "a@example.org"\nschedule = "dayly"', "schedule = 'dayly': must be daily, weekly, monthly"),
        ('contact = "a@example.org"\n[notify]\nhook = "x"', "unknown key 'notify.hook'; allowed are: notify.webhook"),
        ('contact = "a@example.org"\n[notify]\nshape = "fax"', "notify.shape = 'fax': must be one of: json"),
        ("contact = ", "is not TOML that can be read"),
    ],
)  # fmt: skip
def test_a_wrong_key_of_a_deployment_is_refused(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(DeploymentError) as refused:
        load_deployment(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert words in str(refused.value)


def test_paths_of_a_deployment_are_relative_to_its_file(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text('contact = "a@example.org"\nprofiles = "sites"\nheads_file = "/mnt/heads.txt"\n', "utf-8")
    deployment = load_deployment(file)
    assert deployment.archive_root == tmp_path / "archives"
    assert deployment.profiles == tmp_path / "sites"
    assert deployment.heads_file == Path("/mnt/heads.txt")
    assert deployment.metrics.textfile is None


def _began(minute: int) -> Began:
    at = NOW + timedelta(minutes=minute)
    return Began(attempt=attempt_id(at, os.getpid()), at=stamp(at), pid=os.getpid(), host="here")


def _ended(status: int = 0, commit: int | None = 1) -> Ended:
    at = "2026-11-30T04:00:00Z"
    return Ended(
        at=at, run="r", mode="full", exit_status=status, verdict="v", message="m", seconds=1.0, commit=commit
    )


def test_a_journal_tells_what_was_tried_died_and_is_under_way(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "gszx")
    assert journal.attempts() == []
    journal.begin(_began(0)).end(_ended())
    journal.begin(_began(1)).close()  # as the death of its process does
    with journal.file.open("ab") as stream:
        stream.write(b'{"event": "began", "attempt": "x", "at": "2026-11-30T03:05:00", "pid": 1, "host": "here"}\n')
        stream.write(b'{"event": "ended", "att')  # a disk that was full
    under_way = journal.begin(_began(2))
    journal.begin(_began(3)).end(_ended(6, None))
    seen = journal.attempts()
    assert [(one.is_good, one.is_dead, one.is_under_way) for one in seen] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (False, False, False),
    ]
    under_way.end(_ended(3))
    assert [one.is_good for one in journal.attempts(most=2)] == [True, False]


def test_the_end_of_a_long_journal_is_read_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "gszx")
    for minute in range(400):
        journal.begin(_began(minute)).end(_ended())
    assert len(journal.attempts()) == 400
    assert journal.attempts(most=5) == journal.attempts()[-5:]


HOUR = timedelta(hours=1)
SLOT = Schedule.parse("0 2 * * *")
DUE_AT = datetime(2026, 11, 30, 2, tzinfo=UTC)
"""The slot before NOW."""


def _tried(*ends: tuple[timedelta, int | None], **more: Any) -> list[Attempt]:
    """Attempts that ended so long before NOW with such a status, null for one that died; good ones made a commit."""
    found = []
    for ago, status in ends:
        began = Began(attempt="a", at=stamp(NOW - ago - timedelta(minutes=1)), pid=1, host="here")
        ended = replace(_ended(status or 0, 1 if status in {0, 3} else None), at=stamp(NOW - ago), **more)
        found.append(Attempt(began, None if status is None else ended))
    return found


@pytest.mark.parametrize(
    ("attempts", "at", "why"),
    [
        ([], DUE_AT, "it has no good run yet"),
        (_tried((26 * HOUR, 0)), DUE_AT - 24 * HOUR, "last good run 2026-11-29"),
        (_tried((50 * HOUR, 0)), DUE_AT - 48 * HOUR, "last good run"),
        # Under a clock ahead.
        (_tried((-48 * HOUR, 0)), DUE_AT, "it has no good run yet"),
        (_tried((-48 * HOUR, 11), not_before=stamp(NOW + 72 * HOUR)), DUE_AT, "it has no good run yet"),
        (_tried((HOUR / 2, 3)), DUE_AT + 24 * HOUR, "good run"),
        (_tried((30 * HOUR, 0), (HOUR / 2, 4)), NOW + HOUR / 2, "it ended with 4"),
        (
            _tried((30 * HOUR, 0), (9 * HOUR, 1), (3 * HOUR, None)),
            NOW - HOUR - HOUR / 60,
            "it died (2 times in a row",
        ),
        (_tried((30 * HOUR, 0), *[(HOUR, 5)] * 9), NOW + 23 * HOUR, "again after 24 h"),
        (_tried(*[(HOUR, 2)] * 20), NOW + 167 * HOUR, "again after 7 days"),
        (_tried(*[(HOUR, 2)] * 3, verdict="broken-profile"), DUE_AT, "it has no good run yet"),
        (_tried((HOUR / 2, 0), (HOUR / 4, 6)), DUE_AT + 24 * HOUR, "good run"),
        (_tried((26 * HOUR, 0), (HOUR / 4, 1), (HOUR / 5, 11)), NOW - HOUR / 5, "was interrupted and goes on"),
        (_tried((HOUR, 11), not_before=stamp(NOW + 2 * HOUR)), NOW + 2 * HOUR, "its last run ended with: not before"),
    ],
)
def test_when_a_site_is_due(attempts: list[Attempt], at: datetime, why: str) -> None:
    found = due("gszx", Times(schedule=SLOT, hours=None, zone=ZoneInfo("UTC")), attempts, NOW)
    assert (found.at, why in found.why) == (at, True), found
    # Within its hours only.
    night = due("gszx", Times(schedule=SLOT, hours=Hours.parse("22:00-01:00"), zone=ZoneInfo("UTC")), attempts, NOW)
    assert night.at is not None
    assert night.at == at if at > NOW and Hours.parse("22:00-01:00").includes(at, ZoneInfo("UTC")) else night.at > NOW


def test_a_site_that_is_being_crawled_is_not_due() -> None:
    """Also when a later attempt has found that."""
    began, locked = _tried((HOUR, None), (HOUR / 2, 6))
    times = Times(schedule=SLOT, hours=None, zone=ZoneInfo("UTC"))
    found = due("gszx", times, [replace(began, is_under_way=True), locked], NOW)
    assert (found.at, found.why) == (DUE_AT + 24 * HOUR, "a crawl is under way (pid 1)")


def test_a_run_of_many_ends_with_the_worst(tmp_path: Path) -> None:
    assert [
        int(worst(found)) for found in ([0, 3], [0, 6], [3, 11], [11, 4], [4, 5], [5, 2], [2, 1], [], [6, 77])
    ] == [*(3, 6, 11, 4, 5, 2, 1, 0, 1)]
    run = FleetRun(run="20261130t030500z-ab12", began_at=stamp(NOW), selection={"due": True, "sites": []}, jobs=1)
    run.save(tmp_path)
    assert unfinished(tmp_path, run.selection, NOW + HOUR) == run
    assert unfinished(tmp_path, run.selection, NOW + 21 * HOUR) is None
    assert unfinished(tmp_path, {"due": False, "sites": []}, NOW) is None
    run.ended_at = stamp(NOW + HOUR)
    run.save(tmp_path)
    assert unfinished(tmp_path, run.selection, NOW + HOUR) is None
    for number in range(KEPT):
        (tmp_path / "fleet" / f"20261130t040000z-{number:04x}.json").write_text("{}", "utf-8")
    forget_old(tmp_path)
    assert not (tmp_path / "fleet" / f"{run.run}.json").exists()
    assert len(list((tmp_path / "fleet").iterdir())) == KEPT


class Held:
    """A crawl that is a cycle, as all are, and ends at once; it notes how many there are when it begins."""

    pages = 0
    alive: ClassVar[WeakSet[Any]] = WeakSet()
    seen: ClassVar[list[int]] = []

    def __init__(self, profile: Any, *_: object) -> None:
        self.profile, self.itself = profile, self
        self.alive.add(self)
        self.seen.append(len(self.alive))

    async def run(self) -> Any:
        verdict = SimpleNamespace(name="complete", message="")
        return SimpleNamespace(exit_status=0, verdict=verdict, report={"counts": {}}, sealed=None)


def test_what_ended_crawls_hold_is_freed_while_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SiteCrawl", Held)
    monkeypatch.setattr(one_loop, "_FREE_SECONDS", 0)
    run = FleetRun(run="20261130t030500z-ab12", began_at=stamp(NOW), selection={}, jobs=1)
    sites: list[Any] = [SimpleNamespace(site=name, start_url=f"http://{name}.example/") for name in "abcd"]
    gc.disable()
    try:
        asyncio.run(runner.Fleet(run, sites, Settings(), tmp_path, lambda _: None).run())
    finally:
        gc.enable()
    assert (Held.seen, list(run.sites)) == ([1] * 4, list("abcd"))


def test_more_gaps_than_the_time_before_are_another_end() -> None:
    ends = [Attempt(_began(n), replace(_ended(3), verdict="gaps", new_gaps=gaps)) for n, gaps in enumerate((1, 2, 1))]
    assert ended_alike(ends[:2]) is None
    assert ended_alike(ends[1:]) is ends[1]


def test_what_counts_as_a_good_run() -> None:
    counts = {"list_pages": 2}
    good = {"exit_status": 3, "verdict": "gaps", "counts": counts}
    others = ({"exit_status": 4}, {"verdict": "partial"}, {"counts": counts | {"list_pages": 0}})
    assert [is_good(good), *(is_good(good | other) for other in others)] == [True, False, False, False]
    assert [Attempt(_began(0), _ended(0, commit)).is_good for commit in (1, None)] == [True, False]
