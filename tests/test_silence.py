"""A crawl of a damaged site equals the truth or says, by exit status and report, what is missing."""

from __future__ import annotations

import json
import random
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT, Site
from tests.forked import Piped, piped
from tests.silence.damages import ARTICLE_DAMAGES, INSERTED, LIST_DAMAGES, VIEWED
from tests.test_families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterator

KESION = [(flavour, "kesion") for flavour in ("6.5", "7.0", "X2")]
UNKNOWN = [
    (flavour, "generic") for flavour in ("trs", "trs-new", "vsb", "dedecms", "siteserver", "phpcms-files", "jeecms")
]
SITES = [*KESION, *FAMILIES, *UNKNOWN]
IDS = [f"{cms}-{flavour}" for flavour, cms in SITES]
SAMPLE, A_SITE = 6, 2
"""Damages that are drawn for a site in the suite, and how many of them it has although another site has them, too; in
the soak each site has all."""
FIELDS = {
    "title": ("title",),
    "published_on": ("published_on", "published_at", "published"),
    "published_at": ("published_on", "published_at", "published"),
    "body": ("body",),
    "author": ("author",),
    "source": ("source",),
}
"""What a speech is compared by, and which problems of its line say that a value is in doubt."""
BODY_IN_DOUBT = {
    "continued", "cut", "text-behind", "empty", "low-confidence", "half-paragraph", "unknown-container", "no-end",
    "disagrees", "page-furniture", "framed", "error-shown",
}  # fmt: skip
MINUTE = len("2023-12-28T19:00")
SETTINGS = {"DOWNLOAD_DELAY": "0", "RETRY_TIMES": "1", "GONE_AFTER_DAYS": "0", "DOWNLOAD_TIMEOUT": "10"}
PATIENCE = 100


@dataclass(frozen=True, slots=True)
class Case:
    """One damage to one site. `is_known`: the archive has every speech already. `times`: 0 is always."""

    damage: str
    is_list: bool
    is_known: bool
    times: int
    place: float
    seed: int


def cases(seed: int) -> list[Case]:
    """All damages, in an order and with details of their own for every seed."""
    dice = random.Random(seed)  # noqa: S311 - a seeded test
    kinds = [(name, True) for name in LIST_DAMAGES] + [(name, False) for name in ARTICLE_DAMAGES]
    every = [
        Case(name, is_list, is_known, times, dice.random(), dice.randrange(10**6))
        for name, is_list in kinds
        for is_known in (False, True)
        for times in (0, 1)
        if times == 0 or dice.random() < 0.2
    ]
    dice.shuffle(every)
    return every


@cache
def sampled() -> list[list[Case]]:
    """The damages of each site."""
    met: set[tuple[str, bool]] = set()
    chosen = []
    for seed in range(len(SITES)):
        drawn = sorted(cases(seed)[:SAMPLE], key=lambda case: (case.damage, case.is_known) in met)
        count = max(A_SITE, sum((case.damage, case.is_known) not in met for case in drawn))
        chosen.append(drawn[:count])
        met |= {(case.damage, case.is_known) for case in drawn[:count]}
    return chosen


class Bench:
    """The damaging server and the crawling process, and what they are told."""

    def __init__(self, server: Piped, driver: Piped, cms: str, folder: Path) -> None:
        self.driver, self.folder = driver, folder
        self.url = json.loads(server.stdout.readline())["url"]
        self.profile = folder / "site.toml"
        self.profile.write_text(
            f'name = "广水市政协网"\ncommittee = "政协广水市委员会"\ncms = "{cms}"\nid_namespace = "test"\n'
            f'start_url = "{self.url}"\nsection = "领导讲话"\nhosts = ["127.0.0.1"]\n',
            "utf-8",
        )

    def ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        connection.request(method, f"/__replica__/{name}", json.dumps(body or {}))
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def crawl(self, root: Path, **arguments: str) -> dict[str, Any]:
        order = {
            "arguments": {"site": "gszx", "profile": str(self.profile), **arguments},
            "settings": {**SETTINGS, "ARCHIVE_ROOT": str(root)},
        }
        self.driver.stdin.write(json.dumps(order) + "\n")
        self.driver.stdin.flush()
        ended: dict[str, Any] = json.loads(self.driver.stdout.readline())
        return ended


@contextmanager
def bench(flavour: str, cms: str, folder: Path) -> Iterator[Bench]:
    with piped(["tests.silence.server", flavour], ROOT) as server, piped(["tests.silence.driver"], ROOT) as driver:
        yield Bench(server, driver, cms, folder)


def untold(truth: dict[str, Any], site: Site, ended: dict[str, Any]) -> list[str]:
    """What is wrong or missing without a word about it."""
    if ended["exit"] not in {0, 3, 4}:
        return [f"exit {ended}"]
    if not (site.folder / "latest.jsonl").exists():
        return [] if ended["exit"] else ["nothing archived, exit 0"]
    latest = {_own_id(native_id, truth): line for native_id, line in site.latest().items()}
    gaps = site.report()["not_captured"]
    told = {_own_id(gap["native_id"] or "", truth) for gap in gaps}
    has_list_gap = ended["exit"] in {3, 4} and (ended["exit"] == 4 or any(gap["what"] == "list" for gap in gaps))
    has_list_gap = has_list_gap or (ended["exit"] == 3 and "this may be the wrong list" in ended["message"])
    found = [
        f"{native_id}: no speech of the site"
        for native_id in latest.keys() - {s["native_id"] for s in truth["speeches"]} - set(truth["removed"])
        if not (ended["exit"] == 3 and _names_another_column(latest[native_id]))
    ]
    for speech in truth["speeches"]:
        line = latest.get(speech["native_id"])
        if line is None:
            is_told = (
                speech["native_id"] in told
                or has_list_gap
                or (ended["exit"] == 3 and any(g["native_id"] is None for g in gaps))
            )
            found += [] if is_told else [f"{speech['native_id']}: not captured"]
            continue
        if ended["exit"] and speech["native_id"] in told:
            continue
        found += [f"{speech['native_id']}: {one}" for one in _wrong(speech, line, truth.get("counter", "read_only"))]
    return found


def _own_id(native_id: str, truth: dict[str, Any]) -> str:
    """The truth's id of an article whose id was made from the whole path, as the generic family does."""
    ids = {speech["native_id"] for speech in truth["speeches"]} | set(truth["removed"])
    last = re.split("[-_]", native_id)[-1]
    return last if native_id not in ids and last in ids else native_id


def _names_another_column(line: dict[str, Any]) -> bool:
    """A row of another column, taken for the list's: its line says so, and the run does not end as complete."""
    return any((problem["field"], problem["code"]) == ("section", "disagrees") for problem in line["problems"])


def _wrong(speech: dict[str, Any], line: dict[str, Any], counter: str) -> Iterator[str]:
    problems = {(problem["field"], problem["code"]) for problem in line["problems"]}
    fields = {field for field, _ in problems}
    for key, doubts in FIELDS.items():
        got = _same_words(line[key], speech[key], line["title"]) if key == "body" and line[key] else line[key]
        is_day_of_the_list = key == "published_at" and got is None and line["published_on"] == speech["published_on"]
        # A list may say the second where the article says the minute.
        is_same_minute = key == "published_at" and got and speech[key] and got[:MINUTE] == speech[key][:MINUTE]
        if got == speech[key] or is_day_of_the_list or is_same_minute:
            continue
        if key == "body":
            in_doubt = any(field == "body" and code in BODY_IN_DOUBT for field, code in problems)
            in_doubt = in_doubt or any(one["url"].endswith(VIEWED) for one in line["attachments"])
        else:
            in_doubt = bool(fields & set(doubts))
        if not in_doubt:
            yield f"{key} is {str(got)[:80]!r}, not {str(speech[key])[:80]!r}; told {sorted(problems)}"
    views = None if counter == "increments" else speech["views"]
    if line["view_count"] not in {views, None} or (line["view_count"] != views and "view_count" not in fields):
        yield f"views {line['view_count']}, not {views}"


def run_case(bench: Bench, case: Case, base: Path, root: Path) -> tuple[bool, list[str]]:
    """Whether anything was damaged, and what the crawl kept to itself."""
    speeches = bench.ask("GET", "truth")["speeches"]
    target = speeches[int(case.place * len(speeches))]["native_id"]
    if case.is_known:
        shutil.copytree(base, root)
    order = {"damage": case.damage, "is_list": case.is_list, "target": target, "seed": case.seed, "times": case.times}
    bench.ask("POST", "damage", order)
    ended = bench.crawl(root, mode="full")
    truth = bench.ask("GET", "truth")
    bench.ask("POST", "damage", {})
    found = untold(truth, Site(root), ended)
    if case.is_known and not found:
        found = [f"event {event}" for event in _events(Site(root), 2) if event not in _allowed(case)]
    shutil.rmtree(root, ignore_errors=True)
    return truth["damaged"] > 0, found


def _same_words(got: str, whole: str, title: str) -> str:
    """A body without the sentence we put there.

    A page that lost its heading has no other title than the one its text repeats, which then is the heading.
    """
    got = got.replace(f"{INSERTED}\n", "")
    return whole if whole == f"{title}\n{got}" else got


def _events(site: Site, commit: int) -> set[str]:
    return set(site.events(commit))


def _allowed(case: Case) -> set[str]:
    """Damages that change what the site publishes are changes; 404 and a notice of deletion are deletions."""
    if case.damage in {"not_found", "deleted_in_template", "led_to_error_page", "row_goes_mid_walk"}:
        return {"gone"}
    return {"changed"} if not case.is_list else set()


def silent(flavour: str, cms: str, folder: Path, chosen: list[Case]) -> list[str]:
    """Every untold fault of a site under the damages chosen."""
    with bench(flavour, cms, folder) as one:
        base = folder / "base"
        ended = one.crawl(base)
        assert untold(one.ask("GET", "truth"), Site(base), ended) == [], ended
        assert ended["exit"] == 0, ended
        found, damaged = [], 0
        for number, case in enumerate(chosen):
            is_damaged, faults = run_case(one, case, base, folder / f"case-{number}")
            damaged += is_damaged
            found += [f"{case}: {fault}" for fault in faults]
        assert damaged >= len(chosen) * 0.4, f"only {damaged} of {len(chosen)} damages applied"
    return found


@pytest.mark.parametrize(("flavour", "cms"), SITES, ids=IDS)
def test_no_damage_is_silent(flavour: str, cms: str, tmp_path: Path) -> None:
    assert silent(flavour, cms, tmp_path, sampled()[IDS.index(f"{cms}-{flavour}")]) == []


ONCE_SILENT = [
    ("an_article", True, False), ("row_leads_to_another", True, False), ("row_goes_mid_walk", True, False),
    ("text_of_another", False, False), ("rest_in_app", False, False), ("error_within_text", False, False),
    ("half_in_script_template", False, False), ("rows_by_script", True, True),
]  # fmt: skip
"""Damage, whether it is a list's, whether it comes but once to a known archive; its speech is the oldest, long."""


def test_what_was_silent_once_is_told(tmp_path: Path) -> None:
    for folder in ("trs", "kesion"):
        (tmp_path / folder).mkdir()
    chosen = [Case(name, is_list, is_once, int(is_once), 0.0, 1) for name, is_list, is_once in ONCE_SILENT]
    assert silent("trs", "trs", tmp_path / "trs", chosen) == []
    # Its family reads the pager of a long speech.
    folded = Case("paragraph_hidden_until_clicked", False, False, 0, 0.0, 1)
    assert silent("6.5", "kesion", tmp_path / "kesion", [folded]) == []


@pytest.mark.soak
@pytest.mark.parametrize(("flavour", "cms"), SITES, ids=IDS)
@pytest.mark.parametrize("seed", range(100, 103))
def test_no_damage_at_all_is_silent(flavour: str, cms: str, seed: int, tmp_path: Path) -> None:
    assert silent(flavour, cms, tmp_path, cases(seed)) == []
