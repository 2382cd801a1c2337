"""The simulation of a fleet: what can be computed by hand comes out so, and its command takes a deployment's pace."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from crawler.run.capacity.assumed import Assumed, Cluster, Costs
from crawler.run.capacity.crawls import opening_of
from crawler.run.capacity.figures import bound, capacity
from crawler.run.capacity.made_sites import MadeSite, drawing, made_sites
from crawler.run.capacity.simulation import Simulated, simulate
from crawler.sites.schedule import Hours
from pipelines.exits import Exit
from tests.conftest import Ended, run
from tests.test_docs import PAGES, blocks

MIDNIGHT = datetime(2026, 1, 4, 16, tzinfo=UTC)
"""In Shanghai."""
SEED = 7
"""The first worker is lost long before the second."""
HOUR, DAY = 3_600.0, 86_400.0
QUIET = Assumed(fails=0, days_between_losses=0, new=0)
FREE = Costs(cpu_page=0, cpu_site=0, cpu_known=0, pull=2, push=3)
A_PAGE = 1.5
"""Seconds: half for the answer, one for the delay."""


def site(name: str, pages: int = 10, host: str = "", *, is_dead: bool = False, is_limiting: bool = False) -> MadeSite:
    return MadeSite(site=name, host=host or name, pages=pages, seconds=0.5, is_dead=is_dead, is_limiting=is_limiting)


def simulated(
    *sites: MadeSite, workers: int = 1, jobs: int = 8, hours: str = "", assumed: Assumed = QUIET, costs: Costs = FREE
) -> Simulated:
    cluster = Cluster(workers=workers, jobs=jobs, hours=Hours.parse(hours) if hours else None)
    return simulate(sites, cluster, assumed, costs, SEED, MIDNIGHT)


def test_a_site_takes_its_delay_and_its_answers() -> None:
    found = simulated(site("a"))
    assert found.filled == {"a": 2 + 10 * A_PAGE + 3}
    first, second, *_ = found.crawls
    assert (first.asked, first.status) == (10, Exit.COMPLETE)
    assert second.asked == opening_of(site("a"), FREE) == 4 + 1
    days = [int(one.due // DAY) for one in found.crawls[1:]]
    assert days == [*range(days[0], days[0] + len(days))]


@pytest.mark.parametrize(
    ("sites", "workers", "jobs", "filled"),
    [
        ([site("a"), site("b")], 1, 8, [20, 20]),
        ([site("a"), site("b")], 1, 1, [20, 40]),
        ([site("a"), site("b")], 2, 1, [20, 20]),
        ([site("a", host="x"), site("b", host="x")], 2, 8, [20, 40]),
        ([site("a", host="x"), site("b", host="x"), site("c")], 1, 2, [20, 40, 20]),
    ],
)
def test_sites_share_workers_and_hosts(sites: list[MadeSite], workers: int, jobs: int, filled: list[float]) -> None:
    assert sorted(simulated(*sites, workers=workers, jobs=jobs).filled.values()) == sorted(filled)


def test_a_core_is_shared_and_may_be_the_limit() -> None:
    busy = Costs(cpu_page=2, cpu_site=1, cpu_known=0, pull=0, push=0)
    found = simulated(site("a"), site("b"), costs=busy)
    assert max(found.filled.values()) == 2 * (1 + 10 * 2)
    assert found.cpu == 2 * (1 + 10 * 2)
    assert max(simulated(site("a"), site("b"), workers=2, costs=busy).filled.values()) == 1 + 10 * 2


def test_at_the_end_of_its_hours_a_site_waits_for_the_next_and_reads_its_lists_again() -> None:
    found = simulated(site("a", 50), hours="01:00-01:01")
    opening, asked = 4 + 2, 39  # of 58 s the last request begins in the 57th
    assert [one.asked for one in found.crawls[:2]] == [asked, opening + 50 - asked]
    assert [one.status for one in found.crawls[:2]] == [Exit.INTERRUPTED, Exit.COMPLETE]
    assert found.filled == {"a": DAY + HOUR + 2 + (opening + 50 - asked) * A_PAGE + 3}


def test_a_limit_is_waited_for() -> None:
    assumed = Assumed(fails=0, days_between_losses=0, new=0, limit=4)
    assert simulated(site("a", is_limiting=True), assumed=assumed).filled == {"a": 2 + 10 * A_PAGE + 2 * 60 + 3}


@pytest.mark.parametrize(
    ("workers", "away", "waits"),
    [(1, 2_000, 2_000), (2, 2_000, FREE.gone), (2, 300, 300), (2, 10, FREE.rescue)],
)
def test_the_crawls_of_a_lost_worker_go_on_when_it_is_back_or_else_elsewhere(
    workers: int, away: float, waits: float
) -> None:
    pages, days = 3_000, 0.05
    lost = [drawing(SEED, "worker", number).expovariate(1 / (days * DAY)) for number in range(2)]
    assumed = Assumed(fails=0, days_between_losses=days, new=0, away=away)
    found = simulated(site("a", pages), workers=workers, assumed=assumed)
    first, second, *_ = found.crawls
    at, opening = lost[0], opening_of(site("a", pages), FREE)
    assert 2 < at < 2 + pages * A_PAGE
    assert at + FREE.gone < lost[1]
    assert (first.status, first.ended) == (None, at)
    assert abs(first.asked - (at - 2) / A_PAGE) < 1
    assert second.began == at + waits
    assert second.asked <= opening + pages - first.asked
    assert found.losses >= 1


def test_a_site_that_never_answers_is_tried_ever_less_often_and_holds_up_nobody() -> None:
    found = simulated(site("a", is_dead=True), site("b"))
    assert found.filled == {"b": 20}
    began = [one.began for one in found.crawls if one.site == "a"]
    waits = [after - before for before, after in pairwise(began)]
    assert [round(one / HOUR) for one in waits[:6]] == [1, 2, 4, 8, 16, 24]


def test_the_same_seed_gives_the_same_and_more_workers_meet_the_same_sites() -> None:
    assumed = Assumed(sites=60, pages=200, on_platforms=0.2, a_platform=6, days_between_losses=0.2)
    made = made_sites(assumed, 7)
    assert made[:30] != made_sites(assumed, 8)[:30]
    one, again, three = (simulate(made, Cluster(workers=n), assumed, Costs(), 7, MIDNIGHT) for n in (1, 1, 3))
    assert one == again
    assert one.filled.keys() == three.filled.keys() == {each.site for each in made if not each.is_dead}
    assert max(three.filled.values()) < max(one.filled.values())
    assert one.broken_off > 0
    for each in made:
        asked = [crawl for crawl in one.crawls if crawl.site == each.site and not each.is_dead]
        until = [crawl for crawl in asked if crawl.ended <= one.filled[each.site]]
        again_asked = opening_of(each, Costs()) * (len(until) - 1)
        assert not asked or sum(crawl.asked for crawl in until) <= each.pages + again_asked
    assert sum(each.host.startswith("platform") for each in made) == 12
    assert {sum(other.host == each.host for other in made) for each in made} == {1, 6}


def test_figures_of_a_fleet() -> None:
    made = [site("a", 100, "x"), site("b", 100, "x"), site("c", 10), site("d", is_dead=True)]
    cluster = Cluster(workers=2, jobs=3)
    least = bound(made, cluster, FREE)
    assert (least.host, least.sites, least.requests, least.speeches) == ("x", 2, 210, 94)
    assert least.hours * HOUR == pytest.approx(200 * A_PAGE)
    row = capacity(simulate(made, cluster, QUIET, FREE, 1, MIDNIGHT), cluster, FREE)
    assert (row.fill_hours or 0) * HOUR == pytest.approx(2 * (2 + 100 * A_PAGE + 3))
    assert (row.day_crawls, row.day_requests, row.unfinished) == (4, 7 + 7 + 5, 0)
    assert row.day_store == 4 * FREE.store_again
    assert row.gb_memory == pytest.approx(2 * (FREE.mb_worker + 3 * FREE.mb_site) / 1_000)


def command(folder: Path, *words: str) -> Ended:
    return run("crawler", "fleet", "simulate", *words, cwd=folder)


def test_the_command_takes_the_pace_of_a_deployment(tmp_path: Path) -> None:
    few = ("--sites", "30", "--pages", "40")
    pace = 'jobs = 3\ndelay = 2\nhours = "22:00-06:00"\n'
    (tmp_path / "fleet.toml").write_text(f'contact = "a@example.org"\n{pace}', "utf-8")
    told = json.loads(command(tmp_path, *few, "--workers", "1,2", "--json").out)
    assert (told["delay"], told["hours"], told["assumed"]["sites"]) == (2, "22:00-06:00", 30)
    assert [(row["workers"], row["jobs"]) for row in told["rows"]] == [(1, 3), (1, 50), (2, 3), (2, 50)]
    table = command(tmp_path, *few, "--workers", "2", "--jobs", "3")
    assert (table.status, table.err) == (0, "")
    assert "in 22:00-06:00; delay 2 s" in table.out
    for words, said in (
        (("--workers", "1,x"), "--workers x: must be a number, 1 to 1000"),
        (("--sites", "hb-*"), "--sites hb-*: must be a number, 1 to 20000"),
    ):
        refused = command(tmp_path, *words)
        assert (refused.status, said in refused.err) == (2, True), refused


@pytest.mark.soak  # ten seconds of a core
def test_the_page_shows_what_is_simulated(tmp_path: Path) -> None:
    page = PAGES["docs/cluster.md"]
    (shown,) = (block for block in blocks(page, "console") if "fleet simulate" in block)
    first, _, rest = shown.partition("\n")
    ended = command(tmp_path, *first.split()[4:])
    assert (ended.status, ended.err, ended.out) == (0, "", rest)
    told = [line.split() for line in rest.split("\n") if re.match(r"\d+ +\d+ +", line)]
    assert [cells[:4] for cells in told] == [["3", "50", *table(page)["3", "50"][:2]]]


@pytest.mark.soak
def test_all_rows_of_the_page_are_what_is_simulated(tmp_path: Path) -> None:
    for (workers, jobs), cells in table(PAGES["docs/cluster.md"]).items():
        (row,) = json.loads(command(tmp_path, "--workers", workers, "--jobs", jobs, "--json").out)["rows"]
        shown = (row["fill_hours"], row["most_hours"], row["day_late_minutes"])
        assert [f"{one:.1f}" if one < 10 else f"{one:.0f}" for one in shown] == cells, (workers, jobs)


def table(page: str) -> dict[tuple[str, str], list[str]]:
    """Rows of the table of the page by workers and jobs."""
    found = re.findall(r"^\| (\d+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    return {(workers, jobs): cells for workers, jobs, *cells in found}
