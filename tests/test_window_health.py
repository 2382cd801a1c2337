"""The health page of the window: what a site's state looks like, told by the evidence of its last run."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.archive.disk.layout import Layout
from pipelines.archive.read.reader import Archive
from pipelines.fleet.condition import Condition, SiteStatus
from pipelines.gates.rules import GATES
from pipelines.window import addresses
from pipelines.window.condition.diagnosis import _BY_WORDS, Diagnosis, HealthKind, diagnose
from pipelines.window.condition.health_pages import health_pages
from pipelines.window.condition.page_copies import page_copies
from pipelines.window.condition.pages_seen import BothPages, SeenPage
from pipelines.window.condition.site_health import HealthOfAll, SiteHealth, read_health
from pipelines.window.pages import LANGUAGES
from pipelines.window.templates import Templates, strings
from tests.conftest import ROOT
from tests.test_archive import crawl, day, speech

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.window.pages import Page

BROKEN, GAPS, COMPLETE = Condition.BROKEN, Condition.GAPS, Condition.COMPLETE


def health_of(root: Path) -> tuple[str, int | None, int | None]:
    """What the one site of a root looks like, and the HTTP status of its last good page and of what came last."""
    health = read_health(root)
    (one,) = health.sites
    pages = rendered(health)
    assert one.diagnosis.kind.value == "fine" or addresses.health(one.status.site) in pages
    assert pages.get(addresses.health(one.status.site), "").count("<iframe") == sum(
        map(bool, (one.pages.good, one.pages.last))
    )
    good, last = (seen.status if seen else None for seen in (one.pages.good, one.pages.last))
    return one.diagnosis.kind.value, good, last


def rendered(health: HealthOfAll) -> dict[str, str]:
    """The pages in English, by address; also rendered in Chinese."""
    archives = {one.status.site: f"../{one.status.site}" for one in health.sites if one.status.commit}
    made: list[Page] = list(health_pages(health, archives, dict(page_copies(health))))
    found = {one: {page.address: Templates(one).render(page).decode() for page in made} for one in LANGUAGES}
    return found["en"]


def status(condition: Condition, verdict: str, exit_status: int | None, **more: Any) -> SiteStatus:
    return SiteStatus(site="a", condition=condition, verdict=verdict, exit_status=exit_status, **more)


def gap(what: str, reason: str, *, is_the_sites_word: bool = False) -> dict[str, Any]:
    return {
        "what": what,
        "url": "http://a.example/",
        "reason": reason,
        "detail": "x",
        "is_the_sites_word": is_the_sites_word,
    }


def report(*gaps: dict[str, Any], **more: Any) -> dict[str, Any]:
    section = {"name": "领导讲话", "url": "http://a.example/list"}
    return {
        "run": "r",
        "section": section,
        "gates": [],
        "counts": {"captured": 0},
        "not_captured": list(gaps),
        **more,
    }


def gate(name: str, *, accepted: bool = False) -> dict[str, Any]:
    return {"gate": name, "seen": 1, "usual": 2, "words": "x", "accepted": accepted}


REFUSED = status(BROKEN, "refused", 4)
SOME_GAPS = status(GAPS, "gaps", 3)
CASES: list[tuple[str, SiteStatus, dict[str, Any] | None]] = [
    ("fine", status(COMPLETE, "complete", 0), report(gates=[gate("quiet", accepted=True)])),
    ("fine", status(COMPLETE, "accepted", 0), report(gap("speech", "http-error"))),
    ("gaps", SOME_GAPS, report(*[gap("speech", "challenge")] * 4)),
    ("blocked", SOME_GAPS, report(*[gap("speech", "challenge")] * 5)),
    ("gaps", SOME_GAPS, report(*[gap("speech", "unreadable")] * 5, counts={"captured": 5})),
    ("template", SOME_GAPS, report(*[gap("speech", "unreadable")] * 5, counts={"captured": 4})),
    ("gaps", SOME_GAPS, report(*[gap("speech", "login-wall", is_the_sites_word=True)] * 9)),
    ("template", REFUSED, report(gates=[gate("list-size"), gate("fields")])),
    ("list", REFUSED, report(gates=[gate("list-size"), gate("quiet")])),
    ("silent", REFUSED, report(gates=[gate("quiet"), gate("list-size", accepted=True)])),
    ("refused", REFUSED, report(gates=[gate("of-later-software")])),
    ("moved", REFUSED, report(section=None)),
    ("moved", REFUSED, report(gap("list", "not-found"), section=None)),
    ("blocked", REFUSED, report(gap("list", "challenge"), section=None)),
    ("blocked", REFUSED, report(gap("list", "robots-disallowed"), section=None)),
    ("blocked", REFUSED, report(*[gap("speech", "challenge")] * 8)),
    ("moved", replace(REFUSED, message="this looks like a new CMS: 5 of 5 rows"), report()),
    ("deleted", replace(REFUSED, message="9 of 9 present speeches would be gone"), report()),
    ("unreachable", status(BROKEN, "unreachable", 3), report(gap("list", "network-error"))),
    ("unreachable", status(BROKEN, "unreachable", 3), None),
    (
        "blocked",
        status(BROKEN, "unreachable", 3),
        report({**gap("list", "http-error"), "detail": "HTTP 403: http-error"}),
    ),
    ("moved", status(BROKEN, "unreachable", 3), report(gap("list", "redirects-elsewhere"))),
    (
        "blocked",
        status(Condition.INTERRUPTED, "interrupted", 11),
        report(politeness={"ended_by": "http://a.example/"}),
    ),
    ("interrupted", status(Condition.INTERRUPTED, "interrupted", 11), report(not_before="2026-01-01T22:00:00Z")),
    ("machine", status(BROKEN, "blocked", 11), report()),
    ("error", status(BROKEN, "died", None), None),
    ("error", status(BROKEN, "broken-profile", 2), None),
    ("error", status(BROKEN, "wrong-use", 2), None),
    ("error", status(BROKEN, "error", 1), report()),
    ("damaged", status(BROKEN, "damaged", 5), None),
    ("damaged", status(BROKEN, "newer-format", 2), None),
    ("stale", status(Condition.STALE, "complete", 0), report()),
    ("waiting", status(Condition.WAITING, "never-run", None), None),
    ("disabled", status(Condition.DISABLED, "refused", 4), report()),
    ("retired", status(Condition.RETIRED, "complete", 0), report()),
]


@pytest.mark.parametrize(("kind", "site", "told"), CASES)
def test_each_state_is_told_apart_by_its_evidence(kind: str, site: SiteStatus, told: dict[str, Any] | None) -> None:
    assert diagnose(site, told).kind.value == kind


def test_no_state_lacks_a_case_or_words() -> None:
    assert {kind.value for kind in HealthKind} - {kind for kind, _, _ in CASES} == set()
    known = strings().keys()
    for kind in HealthKind:
        assert {f"health.{part}.{kind}" for part in ("kind", "means", "do")} <= known
    assert {f"health.gate.{name}" for name in GATES} <= known


def test_words_by_which_refusals_are_told_apart_are_those_of_the_crawler() -> None:
    sources = "\n".join(
        file.read_text("utf-8")
        for folder in ("crawler", "pipelines")
        for file in (ROOT / folder).rglob("*.py")
        if "window" not in file.parts
    )
    assert [words for words, _ in _BY_WORDS if words not in sources] == []


def test_what_a_hostile_report_holds_is_shown_and_does_nothing() -> None:
    hostile = '</script><b>{{7*7}}\u202e"'
    site = status(
        BROKEN, hostile, 4, message=hostile * 99, name=hostile, run=hostile, last_success="2026-01-01T02:00:00Z"
    )
    told = report(
        gap("list", hostile),
        politeness={"by_status": {hostile: 1}, "robots": {hostile: hostile}},
        gates=[gate(hostile)],
    )
    seen = SeenPage(Layout(ROOT), hostile, "2026-01-01T02:00:00Z", None, hostile, 1, 2, hostile)
    diagnosis = replace(diagnose(site, told), kind=HealthKind.MOVED)
    both = SiteHealth(replace(site, site="../" + hostile), diagnosis, BothPages(seen, seen))
    pages = rendered(HealthOfAll("2026-01-02T02:00:00Z", (both, SiteHealth(site, Diagnosis(HealthKind.FINE, ())))))
    assert len(pages) == 2, "a site that is fine has no page of its own"
    assert all(re.fullmatch(r"health(/[a-z0-9-]+)?\.html", address) for address in pages)
    for text in pages.values():
        assert not re.search("\u202e|<b>{{|49", text)
    assert rendered(HealthOfAll("2026-01-02T02:00:00Z", ())).keys() == {addresses.HEALTH}


@pytest.mark.parametrize(
    "odd",
    [
        {"gates": 5, "not_captured": "x"},
        {"gates": [{"gate": []}], "politeness": [1]},
        {"not_captured": [{"reason": {}, "what": "list", "url": 5}], "counts": {"captured": "x"}},
        {"message": 5, "run": None, "section": 7, "start_url": []},
    ],
)
def test_a_report_that_holds_what_none_should_hides_no_site(odd: dict[str, Any], tmp_path: Path) -> None:
    """An archive may come from other hands; its last report is read before anything is verified."""
    crawl(tmp_path / "s", 1, speech("1", day(1)))
    (file,) = (tmp_path / "s" / "runs").iterdir()
    file.chmod(0o644)
    told = {"run": file.stem, "verdict": "refused", "exit_status": 4, "counts": {}, "message": "x"}
    file.write_text(json.dumps(told | odd), "utf-8")
    health = read_health(tmp_path)
    assert [one.status.site for one in health.sites] == ["s"]
    assert health.as_of == Archive(tmp_path / "s").last.recorded_at, "no clock"
    rendered(health)
    file.unlink()
    health = read_health(tmp_path)
    assert [one.diagnosis.kind.value for one in health.sites] == ["damaged"]
    assert str(tmp_path) not in "".join(rendered(health).values()), "nor where it lies on this machine"
