"""The kill drill: its judge sees every loss, duplicate and impatience that is planted, and a real one passes."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.commands.fleet import Command
from crawler.run.arguments import WrongUse
from crawler.run.cluster.schema import migrate
from crawler.run.drill.command import wanted_by
from crawler.run.drill.evidence import Asked, Held, Killed, Served, Text
from crawler.run.drill.failing_folder import FailingFolder
from crawler.run.drill.judging import Judgement, TakenOver, judge, taken_over
from crawler.run.drill.plan import DATABASE, NO_STORE, Wanted
from crawler.run.drill.rounds import Passed
from crawler.run.drill.told import Drilled, Found, document_of, told
from pipelines.store.protocol import StoreError
from pipelines.store.stores import store_of
from tests.conftest import PATIENCE, ROOT, run, run_anew
from tests.database import database

DELAY = 0.5
TEXTS = {str(n): Text(f"第{n}次", "2020-01-01", f"各位委员，第{n}次。") for n in range(1, 5)}
KILL = Killed(2.6, "worker-1")
"""While the answer of article 3 is under way to worker 1."""


def article(number: int, page: int = 1) -> str:
    return f"/Item/Show.asp?m=1&d={number}" + (f"&p={page}" if page > 1 else "")


def asked(*paths: str, since: float = 0.0, who: str = "worker-1") -> tuple[Asked, ...]:
    """Requests that are as far apart as the delay demands."""
    return tuple(Asked(since + place * DELAY, path, who) for place, path in enumerate(paths))


FIRST = asked("/robots.txt", "/Item/list.asp?id=5", *map(article, (1, 2)), "/item/GetHits.asp?ID=2", article(3))
GOES_ON = asked("/Item/list.asp?id=5", article(3), article(4), since=6.0, who="worker-2")
SERVED = Served(site="drill-001", delay=DELAY, asked=(*FIRST, *GOES_ON), texts=TEXTS)
HELD = Held(
    latest=TEXTS,
    lines=tuple((one, "created", 1, 1) for one in TEXTS),
    crawls=2,
    problems=(),
    answered={article(number, page): 1 for number in range(1, 5) for page in (1, 2)},
)


def after(served: Served = SERVED, held: Held | None = HELD, kills: tuple[Killed, ...] = (KILL,)) -> Judgement:
    return judge(served, held, kills)


def test_what_a_kill_explains_is_well() -> None:
    judged = after()
    assert judged.is_well
    assert [(one.article, one.kill) for one in judged.asked_again] == [("3", KILL)]


def test_losses_are_seen() -> None:
    without = {one: text for one, text in TEXTS.items() if one != "2"}
    altered = {**TEXTS, "3": replace(TEXTS["3"], body="各位委员")}
    assert after(held=replace(HELD, latest=without)).lost == ("2",)
    assert after(held=replace(HELD, latest=altered)).lost == ("3",)
    nothing = after(held=None)
    assert (nothing.lost, nothing.problems) == (tuple(TEXTS), ("there is no archive",))
    assert not any(one.is_well for one in (after(held=replace(HELD, latest=without)), nothing))


def test_lines_held_twice_and_broken_archives_are_seen() -> None:
    twice = after(held=replace(HELD, lines=(*HELD.lines, ("4", "created", 1, 1))))
    broken = after(held=replace(HELD, problems=("versions/2026/00000001.jsonl.gz: missing",)))
    assert (twice.held_twice, twice.is_well, broken.is_well) == (("4",), False, False)
    # What the site changed is a line of its own.
    assert after(held=replace(HELD, lines=(*HELD.lines, ("4", "changed", 2, 1)))).is_well


def test_articles_asked_twice_are_seen() -> None:
    def repeats(*more: Asked, kills: tuple[Killed, ...] = (KILL,)) -> tuple[list[str], list[str]]:
        every = (*SERVED.asked, *more)
        answered = Counter(one.path for one in every)
        answered[article(3)] -= 1  # of which the first was under way
        judged = after(replace(SERVED, asked=every), replace(HELD, answered=answered), kills)
        assert judged.is_well == (not judged.asked_twice)
        return [one.article for one in judged.asked_twice], [one.article for one in judged.asked_again]

    assert repeats(kills=()) == (["3"], [])
    assert repeats(kills=(replace(KILL, what=DATABASE),)) == (["3"], [])
    assert repeats(kills=(replace(KILL, what="worker-2"),)) == (["3"], [])
    assert repeats(kills=(replace(KILL, at=9.9),)) == (["3"], [])
    # What the worker had got is to be read by whoever goes on: a kill explains what was under way, and once.
    had = replace(HELD, answered={**HELD.answered, article(3): 2})
    assert [one.article for one in after(held=had).asked_twice] == ["3"]
    assert repeats(*asked(article(2), since=8.0, who="worker-2")) == (["2"], ["3"])
    assert repeats(*asked(article(3), since=8.0, who="worker-2")) == (["3"], ["3"])
    assert repeats(*asked(article(4), article(4), since=8.0)) == (["4", "4"], ["3"])
    # So is what it lost, if that was not the last that it asked the site for.
    every = (*SERVED.asked, *asked(article(1), article(2), since=8.0, who="worker-2"))
    judged = after(replace(SERVED, asked=every))
    assert [[one.article for one in some] for some in (judged.asked_twice, judged.asked_again)] == [["1", "2"], ["3"]]
    # Lists, counters, robots.txt, and what the site withholds, are asked again by whoever goes on.
    again = ("/robots.txt", "/item/GetHits.asp?ID=2", article(99))
    assert repeats(*asked(*again, since=8.0), *asked(*again, since=12.0)) == ([], ["3"])


def test_an_article_of_several_pages_counts_once() -> None:
    pages = (article(3), article(3, 2))
    first, again = asked(*pages, since=2.0), asked(*pages, since=6.0, who="worker-2")
    judged = after(replace(SERVED, asked=(*first, *again[1:])))
    assert [(one.article, one.kill) for one in judged.asked_again] == [("3", KILL)]
    assert judged.is_well
    judged = after(replace(SERVED, asked=(*first, *again)), kills=())
    assert [one.article for one in judged.asked_twice] == ["3"]


@pytest.mark.parametrize("who", ["worker-1", "worker-2"])
def test_requests_too_soon_are_seen_whoever_sends_them(who: str) -> None:
    early = Asked(FIRST[-1].at + DELAY - 0.001, article(4), who)
    judged = after(replace(SERVED, asked=(*FIRST, early)), kills=())
    assert [(one.path, round(one.gap, 3)) for one in judged.too_soon] == [(article(4), 0.499)]
    assert not judged.is_well


def test_who_takes_over_and_when() -> None:
    ended = Served(site="drill-002", delay=DELAY, asked=FIRST, texts=TEXTS)
    others = Served(site="drill-003", delay=DELAY, asked=asked(*map(article, range(20)), who="worker-2"), texts={})
    waiting = Served(site="drill-004", delay=DELAY, asked=(*FIRST[:2], *asked("/", since=60.0)), texts=TEXTS)
    sites, again = (SERVED, ended, others, waiting), Killed(1.2, KILL.what)
    assert taken_over(KILL, sites, (again, KILL)) == (
        TakenOver(site="drill-001", by="worker-2", after=6.0 - KILL.at),
    )
    assert [one.site for one in taken_over(again, sites, (again, KILL))] == ["drill-001", "drill-002", "drill-004"]
    of_all = taken_over(Killed(3.2, DATABASE), sites, ())
    assert [one.site for one in of_all] == ["drill-001", "drill-003", "drill-004"]


def test_a_folder_that_is_away_is_no_empty_one(tmp_path: Path) -> None:
    door = FailingFolder(tmp_path / "store", seed=1)
    store, file = store_of(str(door.link)), tmp_path / "file"
    file.write_bytes(b"1")
    store.put("a/1", file)
    asked: list[Callable[[], object]] = [
        store.folders, lambda: list(store.names("a")), lambda: store.read("a/1"), lambda: store.size("a/1"),
        lambda: store.digest("a/1"), lambda: store.fetch("a/1", tmp_path / "got"), lambda: store.put("a/2", file),
        lambda: store.create("a/3", b"3"), lambda: store.remove(["a/1"]),
    ]  # fmt: skip
    with door.away():
        for ask in asked:
            with pytest.raises(StoreError):
                ask()
    assert [one.name for one in store.names("a")] == ["a/1"]


DRILL = ("crawler", "fleet", "drill", "--json", "--heartbeat", "0.5")


def test_a_small_drill_keeps_the_promise(tmp_path: Path) -> None:
    small = "--sites 2 --workers 2 --kills 1 --database-kills 1 --speeches 4 --delay 0.1 --rounds 1 --seed 2"
    ended = run(*DRILL, *small.split(), "--keep", str(tmp_path / "kept"))
    assert ended.status == 0, ended
    (found,) = json.loads(ended.out)["rounds"]
    assert (found["complete"], found["proved"], found["speeches"], found["lost"]) == (2, 2, 8, 0)
    assert {kill["killed"].partition("-")[0] for kill in found["kills"]} == {"worker", DATABASE}
    assert found["smallest_gap"] >= 0.1
    requests = (tmp_path / "kept" / "requests-1.tsv").read_text("utf-8").splitlines()
    assert len(requests) == found["requests"]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("more", ["", "--one-machine", "--one-machine --store none"])
def test_forty_sites_keep_it(seed: int, more: str) -> None:
    ended = run_anew("crawler", "fleet", "drill", "--json", "--seed", str(seed), *more.split())
    assert ended.status == 0, ended
    first, second = json.loads(ended.out)["rounds"]
    assert (len(first["kills"]), first["complete"], second["crawled_once"]) == (7, 40, 40)


def test_the_page_shows_commands_that_are_understood_and_rows_that_are_told() -> None:
    page = (ROOT / "docs" / "cluster.md").read_text("utf-8").partition("## A kill drill\n")[2]
    shown = re.findall(r"^speech-archive fleet drill *([^#\n]*)", page, re.MULTILINE)
    wanted = [wanted_by(parsed(words)) for words in shown]
    assert (wanted[0], wanted[1].sites, wanted[2].store, wanted[3].seed) == (Wanted(), 8, NO_STORE, 7)
    judged = judge(SERVED, HELD, (KILL,))
    passed = Passed(kills=(KILL,), planned=2, seconds=1.0, requests=8, open=())
    found = Found(passed=passed, served=(SERVED,), judgements=(judged,), crawled={"drill-001": 1})
    lines = told(Drilled(wanted=Wanted(), rounds=(found,), catalogue=()))
    named = re.findall(r"^\| \*(.+?)\* \|", page, re.MULTILINE)
    assert [name for name in named if not re.search(f"(?m)^{name}( |$)", lines)] == []
    told_rows = re.findall(r"(?m)^((?:[a-z]+ )+) ", lines.partition("lost\n")[2])
    assert {row.strip() for row in told_rows} - {*named, "smallest gap"} == set()
    assert re.search(r"(?m)^kills +1 of 2$", lines), lines
    assert re.search(r"(?m)^worker-1 +2\.6 s +1 +3\.4 s +1 +0$", lines), lines


def test_what_is_wrong_is_told() -> None:
    judged = judge(SERVED, None, ())
    passed = Passed(kills=(), planned=0, seconds=1.0, requests=8, open=("drill-001",))
    found = Found(passed=passed, served=(SERVED,), judgements=(judged,), crawled={"drill-001": 2})
    drilled = Drilled(wanted=Wanted(), rounds=(found,), catalogue=("drill-001: is not in the catalogue",))
    lines = told(drilled)
    assert (drilled.is_well, document_of(drilled)["is_well"], found.is_well) == (False, False, False)
    for said in (
        "drill-001: 1: lost, or held with another text",
        "drill-001: article 3 asked again at 6.5 s",
        "drill-001: crawled 2 times in this round",
        "drill-001: not complete when the drill's time was over",
        "drill-001: there is no archive",
        "drill-001: is not in the catalogue",
        "the promise was NOT kept: see above",
    ):
        assert said in lines


def parsed(words: str) -> argparse.Namespace:
    command = Command()
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    command.settings = Settings()
    command.add_options(parser)
    return parser.parse_args(words.split())


def test_a_drill_that_cannot_be_is_refused(tmp_path: Path) -> None:
    for words, said in (
        ("--sites tag:x", "--sites tag:x: must be a number, 1 to 400"),
        ("--store-failures 0.9", "--store-failures 0.9: must be a number, 0 to 0.5"),
        ("--store none", "share it by --one-machine"),
        (
            "--database postgresql://nobody@127.0.0.1:9/none --database-kills 1",
            "only a PostgreSQL of the drill's own",
        ),
    ):
        with pytest.raises(WrongUse, match=re.escape(said)):
            wanted_by(parsed(words))
    ended = run(*DRILL, "--keep", str(tmp_path))
    assert (ended.status, ended.out, "is there already" in ended.err) == (2, "", True), ended


def test_a_drill_leaves_a_fleet_alone(tmp_path: Path) -> None:
    migrate(dsn := database())
    (tmp_path / "dsn").write_text(dsn, "utf-8")
    refused = run(*DRILL, "--database", f"@{tmp_path / 'dsn'}")
    assert (refused.status, "holds a fleet" in refused.err) == (2, True), refused


def test_an_interrupted_drill_leaves_nothing(tmp_path: Path) -> None:
    made = tmp_path / "temporary"
    made.mkdir()
    command = [sys.executable, "-m", *DRILL, "--sites", "2", "--workers", "1"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "TMPDIR": str(made)}, stderr=subprocess.PIPE
    ) as drill:
        log = _appearing(made, "*/worker-1/worker.log")
        drill.send_signal(signal.SIGINT)
        _, said = drill.communicate(timeout=PATIENCE)
    assert (drill.returncode, b"interrupted" in said) == (11, True), said
    assert (list(made.iterdir()), log.exists()) == ([], False)
    with pytest.raises(ProcessLookupError):
        os.killpg(drill.pid, 0)


def _appearing(folder: Path, pattern: str) -> Path:
    for _ in range(PATIENCE * 50):
        if found := next(folder.glob(pattern), None):
            return found
        time.sleep(0.02)
    raise TimeoutError(pattern)
