"""The front page, the pages of websites and the chain of commits: what they count, link and leave out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.archive.read.reader import Archive
from pipelines.canonical import json_value
from pipelines.fleet.condition import Condition, SiteStatus
from pipelines.window import addresses
from pipelines.window.overview import chain_pages, site_ledger
from pipelines.window.overview.overview_pages import SiteState, overview_pages
from pipelines.window.overview.past_runs import gaps_told, past_run, politeness_told
from pipelines.window.overview.site_ledger import SiteLedger, read_ledger
from pipelines.window.overview.tallies import SpeechTally
from pipelines.window.pages import LANGUAGES
from pipelines.window.reading.life_store import LifeStore, acts_among
from pipelines.window.reading.site_named import site_of
from pipelines.window.reading.summary import Edit, Happening, Summary, summary_of
from pipelines.window.reading.words_removed import WordsRemoved
from pipelines.window.templates import Templates
from tests.test_state import life

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

AS_OF = "2026-01-26T03:00:00Z"
TEMPLATES = {one: Templates(one) for one in LANGUAGES}
HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[SiteLedger, SiteLedger]]]:
    """An archive, and after each part of its life its ledger, read as a whole and on top of the one before."""
    root, ledgers = tmp_path_factory.mktemp("overview") / "a", list[tuple[SiteLedger, SiteLedger]]()
    for _ in life(root):
        archive, before = Archive(root), ledgers[-1][1] if ledgers else None
        ledgers.append((read_ledger(archive, "../a"), read_ledger(archive, "../a", before and stored(before))))
    return root, ledgers


@pytest.fixture(scope="module")
def root(lived: tuple[Path, object]) -> Path:
    return lived[0]


def stored(ledger: SiteLedger) -> SiteLedger:
    return SiteLedger.from_json(json.loads(json.dumps(json_value(ledger))))


@pytest.fixture(scope="module")
def summaries(root: Path) -> list[Summary]:
    archive = Archive(root)
    store = LifeStore(":memory:", archive, site_of(archive, "../a"), acts_among(archive.commits()))
    return [summary_of(store.life(one)) for one in store.fill()]


def shown(ledger: SiteLedger, summaries: Sequence[Summary], as_of: str = AS_OF) -> dict[str, str]:
    """What the front page and that of the site say in English; in Chinese they must render, too."""
    status = SiteStatus(site=ledger.site, condition=Condition.GAPS, verdict="gaps", last_success=AS_OF)
    elsewhere = SiteStatus(site="other", condition=Condition.WAITING, verdict="never-run", name=HOSTILE)
    states = [SiteState(status, "gaps"), *[SiteState(elsewhere, "waiting")] * 300]
    pages = list(overview_pages([ledger], states, iter(summaries), as_of))
    assert [page.address for page in pages] == [addresses.FRONT, addresses.site(ledger.site)]
    rendered = [{page.address: one.render(page).decode() for page in pages} for one in TEMPLATES.values()]
    for html in (html for pages_of_one in rendered for html in pages_of_one.values()):
        assert "<script>alert" not in html
        assert "\u202e" not in html
        assert not re.search(r" style=|<style|href=\"javascript:", html)
    return rendered[1]


def test_a_ledger_is_the_same_whether_all_commits_are_read_or_those_since(
    lived: tuple[Path, list[tuple[SiteLedger, SiteLedger]]],
) -> None:
    root, ledgers = lived
    assert [whole for whole, _ in ledgers] == [since for _, since in ledgers]
    whole = ledgers[-1][0]
    assert stored(whole) == whole
    assert whole.redacted == ("9",)
    assert [one.kind for one in whole.decisions] == ["redaction"]
    said = {"message": "words", "gates": [{"words": "words", "seen": 1}, 5], "not_captured": [{"detail": "words"}]}
    told = WordsRemoved.of(Archive(root)).told(said)
    assert "'words'" not in str(told).replace("'words':", "")
    assert told["gates"][0]["seen"] == 1
    assert WordsRemoved(has_orders=True, has_swept=True).told(said) == said
    assert sum(n for told in whole.months.values() for n in told.values()) == len(whole.runs)
    assert {folder for folder, _, _ in whole.storage} == {"versions", "observations", "runs", "commits"}
    (root / "runs" / "page.html").write_text("made beside a report, by no commit", "utf-8")
    assert read_ledger(Archive(root), "../a", whole) == whole
    forged = replace(whole, commit=3, months={"1999-01": {"complete": 9}})
    assert read_ledger(Archive(root), "../a", forged) == whole


def test_of_many_runs_the_oldest_are_told_by_month_only(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_ledger(Archive(root), "../a")
    monkeypatch.setattr(site_ledger, "MOST_RUNS", 3)
    few = read_ledger(Archive(root), "../a")
    assert few == replace(whole, runs=whole.runs[-3:])


def gap(**said: Any) -> dict[str, Any]:
    return {
        "what": "speech",
        "url": "http://a/1",
        "native_id": "1",
        "reason": "timeout",
        "is_the_sites_word": False,
    } | said


def test_a_run_is_told_from_any_report(root: Path) -> None:
    commit = next(commit for commit in Archive(root).commits() if commit.is_run)
    gaps = [gap(), gap(is_the_sites_word=True), gap(what="list"), gap(what="counter"), "torn", None]
    report = {"verdict": "gaps", "exit_status": 3, "counts": {"listed": 8, "list_pages": 1}, "not_captured": gaps}
    told = past_run(commit, report)
    assert (told.missed, told.unread_lists, told.listed, told.coverage) == (1, 1, 8, 87.5)
    assert told.at == commit.recorded_at
    for silent in (
        {"exit_status": 4},
        {"exit_status": 11},
        {"verdict": "partial"},
        {"counts": None},
        {"counts": {"listed": 0}},
    ):
        assert past_run(commit, report | silent).coverage is None
    assert past_run(commit, {**report, "counts": {"listed": 8, "list_pages": 0}}).verdict == "unreachable"
    assert (
        past_run(commit, {"not_captured": 5, "politeness": [], "counts": "x", "exit_status": "0"}).exit_status is None
    )
    assert politeness_told({"politeness": {"delay_seconds": True, "by_status": 3}}) == ()
    polite = {"requests": 4, "by_status": {"404": 1, "200": 3}, "delay_seconds": 2.0}
    assert dict(politeness_told({"politeness": polite, "traffic": {"retry/count": 2}})) == {
        "requests": "4",
        "retries": "2",
        "by_status": "200: 3, 404: 1",
        "delay": "2 s",
    }


def test_gaps_stand_failures_first_and_say_no_word_of_a_redacted_speech() -> None:
    decision = {"what": "speech", "url": "http://a/3", "decision": {"until": "2027-03-31"}}
    gaps = [
        gap(native_id="4", is_the_sites_word=True),
        gap(native_id="3", url="http://a/3"),
        gap(native_id="9", title="secret", detail="secret"),
        gap(native_id="1", title="t", detail="d"),
    ]
    told = gaps_told({"not_captured": gaps, "accepted": [decision, 5]}, {"9"})
    assert [(one.native_id, one.title, one.detail, one.until) for one in told] == [
        ("9", None, "", None),
        ("1", "t", "d", None),
        ("3", None, "", "2027-03-31"),
        ("4", None, "", None),
    ]


def test_full_pages_of_the_chain_stay_as_they_are(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_pages, "COMMITS_A_PAGE", 3)
    archive = Archive(root)
    whole = {page.address: TEMPLATES["en"].render(page) for page in chain_pages.chain_pages(archive)}
    assert list(whole) == [addresses.chain("gszx", number) for number in range(1, 5)]
    for html in whole.values():
        assert {f"sites/gszx/{link}" for link in re.findall(r'href="(commits-\d+\.html)"', html.decode())} <= set(
            whole
        )
    for commit in archive.commits():
        page = whole[addresses.chain("gszx", chain_pages.page_of_commit(commit.n))].decode()
        (row,) = re.findall(rf'<tr id="commit-{commit.n}">.*?</tr>', page)
        assert commit.sha256 in row
        earlier = archive.at(commit)
        before = {page.address: TEMPLATES["en"].render(page) for page in chain_pages.chain_pages(earlier)}
        made = {page.address: TEMPLATES["en"].render(page) for page in chain_pages.chain_pages(archive, commit.n)}
        assert before | made == whole
        assert len(made) <= 2 + (archive.last.n - commit.n) // 3


def test_pages_lead_from_what_was_edited_to_what_changed(root: Path, summaries: list[Summary]) -> None:
    ledger = read_ledger(Archive(root), "../a")
    pages = shown(ledger, summaries)
    front, site = (pages[address] for address in (addresses.FRONT, addresses.site("gszx")))
    edited = next(one for one in summaries if one.edits and not one.is_redacted)
    old, new = (name.partition(".")[0] for name in (edited.edits[-1].old, edited.edits[-1].new))
    target = addresses.comparison(edited.id, old, new)
    assert f'href="{target}"' in front
    assert f'href="../{target}"' in site
    assert f'href="{addresses.site("gszx")}"' in front
    assert f'href="{addresses.site("other")}"' not in front  # it has no archive, so no page
    assert "101 more websites" in front
    assert 'type="application/atom+xml"' in front
    assert 'href="../../feeds/site-gszx.atom.xml"' in site
    assert ledger.head in site
    assert f"commits-1.html#commit-{ledger.commit}" in site


def test_the_page_of_a_site_is_of_its_archive_alone(root: Path, summaries: list[Summary]) -> None:
    ledger = read_ledger(Archive(root), "../a")
    to_come = [("2026-02-01", "2026-01-09"), ("2026-02-02", "2026-01-08")]  # published, but seen first
    one = replace(summaries[0], state="present")
    early = [replace(one, id=f"gszx:{day}", published_on=day, first_seen=seen) for day, seen in to_come]
    address = addresses.site("gszx")
    assert shown(ledger, early)[address] == shown(ledger, early, "2027-01-01T00:00:00Z")[address]
    pages = overview_pages([ledger], [], iter(summaries), AS_OF, {"other"})
    assert [page.address for page in pages] == [addresses.FRONT]


def test_hostile_words_and_addresses_do_nothing(root: Path, summaries: list[Summary]) -> None:
    gaps = [
        gap(url="javascript:alert(1)", title=HOSTILE, detail=HOSTILE),
        gap(url=f"http://a/{HOSTILE}", what=HOSTILE),
    ]
    ledger = replace(
        read_ledger(Archive(root), "../a"),
        name=HOSTILE * 9,
        rights=HOSTILE,
        message=HOSTILE,
        gaps=tuple(replace(one, reason=HOSTILE) for one in gaps_told({"not_captured": gaps}, ())),
        gap_count=700,
        politeness=(("user_agent", HOSTILE),),
    )
    whole = replace(ledger.runs[0], exit_status=0, verdict="complete", listed=3)
    torn = replace(ledger, runs=(whole, replace(whole, exit_status=11)))
    assert "Last whole run:" in shown(torn, summaries)[addresses.site("gszx")]
    missed = replace(ledger, gaps=tuple(gaps_told({"not_captured": [gap(native_id=summaries[0].native_id)]}, ())))
    assert f'href="../{addresses.speech(summaries[0].id)}"' in shown(missed, summaries)[addresses.site("gszx")]
    hostile = replace(summaries[0], title="x" * 10**6, speaker=HOSTILE)
    page = shown(ledger, [hostile])[addresses.site("gszx")]
    assert len(page) < 40_000
    assert page.count('rel="external') == 1
    assert "698" in page  # gaps that are not shown are counted


def test_a_tally_counts_what_is_there_and_orders_by_day(summaries: list[Summary]) -> None:
    one = replace(summaries[0], state="present", published_on="2025-12-31", events=(), edits=(), view_count=None)
    edit = Edit(
        old="1.1", new="2.1", seq=9, commit=2, observed_at=AS_OF, recorded_at=AS_OF,
        kinds=(), fields=("body",), added=1, removed=0,
    )  # fmt: skip
    gone = Happening(
        event="gone", seq=8, commit=2, version=1, reading=None, observed_at=AS_OF, recorded_at="2026-01-27T00:00:00Z"
    )
    rows = [
        replace(one, id="a:1", published_on="2099-01-01", first_seen="2026-01-01"),  # a mistake of the page
        replace(one, id="a:2", published_on="2026-01-26", first_seen="2026-01-02", view_count=5),
        replace(one, id="a:3", published_on="2025-10-01", view_count=7, edits=(edit,)),
        replace(one, id="a:4", published_on=None),
        replace(one, id="a:5", state="gone", events=(gone,), view_count=99),
        replace(one, id="a:6", state="succeeded", view_count=99),
    ]
    tally = SpeechTally(AS_OF, 2)
    for row in rows:
        tally.add(row)
    assert [row.id for row in tally.newest.rows()] == ["a:2", "a:3"]
    assert [row.id for row in tally.viewed.rows()] == ["a:3", "a:2"]
    assert [(row.event, row.speech.id) for row in tally.lately.rows()] == [("gone", "a:5"), ("changed", "a:3")]
    assert (tally.states["present"], tally.states["gone"], tally.undated, tally.edits) == (4, 1, 1, 1)
    months = tally.months()
    assert list(months)[:4] == ["2025-10", "2025-11", "2025-12", "2026-01"]
    assert [months[month] for month in list(months)[:4]] == [1, 0, 1, 1]  # a gone one, too, as in lists
    assert (tally.years()["2099"], tally.years()["2050"]) == (1, 0)
    tally.add(replace(one, id="a:7", published_on="0001-01-02"))
    assert list(tally.years()) == ["0001", "2025", "2026", "2099"]
    many = SpeechTally(AS_OF, 2)
    for n in range(1_000):
        many.add(replace(one, id=f"a:{n}", view_count=n % 700))
    assert [row.view_count for row in many.viewed.rows()] == [699, 698]
