"""Health gates: a run that is unlike the site's history changes nothing, until a person has looked at the site."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.archive import errors
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.archive.write.sealing import Sealing
from pipelines.archive.write.writer import ArchiveRun
from pipelines.gates.rules import DATES, FIELDS, LENGTH, LIST_SIZE, MASS_EDITS, SAME_TEXT, Gate, Ran, tripped
from pipelines.gates.tally import Tally, Texts
from pipelines.gates.usual import QUIET, Usual
from pipelines.record import Row
from pipelines.window.condition.site_health import read_health
from tests.conftest import Ended, Site, run
from tests.exchanges import exchange
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import FACTS, SOFTWARE, look, speech
from tests.test_window_health import health_of

KEPT = ("latest.jsonl", "index.jsonl")
SPEECHES = 24
FULL = ("-a", "mode=full")


@dataclass
class Shown:
    """A speech as the site shows it. `row` is its date in the list, `day` on its page; without a title it is gone."""

    title: str
    body: str
    day: str
    row: str | None = None


@dataclass
class Made:
    """A site whose speeches a test changes; `listed` are those on its list, all where it is null."""

    url: str = ""
    speeches: dict[int, Shown] = field(default_factory=dict)
    listed: list[int] | None = None

    def answer(self, path: str, _: Message) -> Answer:
        number = int((re.findall(r"(?:d|ID)=(\d+)", path) or ["0"])[0])
        if "GetHits" in path:
            return Answer(f"document.write('{number}');")
        if "Show" not in path:
            listed = sorted(self.speeches if self.listed is None else self.listed, reverse=True)
            shown = [(n, self.speeches[n]) for n in listed]
            return Answer(list_page([(n, one.title, one.day if one.row is None else one.row) for n, one in shown]))
        one = self.speeches.get(number)
        if one is None or not one.title:
            return Answer("", 404)
        info = f"日期:{one.day} 08:00:00" if one.day else "作者:办公室"
        return Answer(article_page(number, title=one.title, body=f"<p>{one.body}</p>", info=info))

    def reset(self) -> None:
        self.listed = None
        self.speeches = {n: made_of(n) for n in range(1, SPEECHES + 1)}

    def add(self, count: int, body: Callable[[int], str] | None = None, **as_shown: Any) -> None:
        for n in range(SPEECHES + 1, SPEECHES + 1 + count):
            self.speeches[n] = replace(made_of(n), **as_shown, **({"body": body(n)} if body else {}))

    def change(self, count: int, change: Callable[[int, Shown], Shown]) -> None:
        self.speeches |= {n: change(n, self.speeches[n]) for n in range(1, count + 1)}


def made_of(number: int) -> Shown:
    words = "".join(chr(0x4E00 + (number * 97 + at * 31) % 5000) for at in range(160))
    body = "。".join(words[at : at + 20] for at in range(0, 160, 20))
    on = date(2020, 1, 1) + timedelta(days=number * 7)
    return Shown(title=f"在{words[:6]}会上的讲话{number}", body=f"{body}。", day=str(on))


def today() -> str:
    return str(datetime.now(ZoneInfo("Asia/Shanghai")).date())


def other_day() -> str:
    """A day of an earlier year, not that of today's month."""
    return "2020-12-01" if today()[5:] != "12-01" else "2020-12-02"


@dataclass(frozen=True)
class Scene:
    made: Made
    site: Site

    def crawl(self, *more: str, profile: str = PROFILE) -> Ended:
        file = self.site.root.parent / "small.toml"
        file.write_text(profile, "utf-8")
        return self.site.crawl(self.made.url, "-a", f"profile={file}", "-s", "PACK_YEARS=0", *more)

    def replay(self, of: Site, name: str) -> Ended:
        profile = ("-a", f"profile={self.site.root.parent / 'small.toml'}")
        command = ("scrapy", "crawl", "speeches", "-a", "site=gszx", "-a", f"replay={of.folder / 'runs' / name}.json")
        return run(*command, *profile, "-s", f"ARCHIVE_ROOT={self.site.root}")

    def derived(self) -> list[bytes]:
        return [(self.site.folder / name).read_bytes() for name in KEPT]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Made, Path]]:
    """A site and its archive after one good run."""
    one = Made()
    one.reset()
    root = tmp_path_factory.mktemp("gates") / "archives"
    with serve(one.answer) as one.url:
        ended = Scene(one, Site(root)).crawl()
        assert (ended.status, ended.err) == (0, ""), ended
        yield one, root


@pytest.fixture
def scene(served: tuple[Made, Path], tmp_path: Path) -> Scene:
    served[0].reset()
    shutil.copytree(served[1], tmp_path / "archives")
    return Scene(served[0], Site(tmp_path / "archives"))


def edited(_: int, one: Shown) -> Shown:
    return replace(one, body=f"{one.body}请予审议。")


def alike(_: int, one: Shown) -> Shown:
    return replace(one, body="欢迎访问本网站，本网站为您提供最新的政协新闻。" * 3)


def collapsed(number: int, one: Shown) -> Shown:
    return replace(one, body=f"{one.body[:8]}{number}")


def half_is_gone(made: Made) -> None:
    made.listed = list(range(13, SPEECHES + 1))
    made.change(12, lambda _, one: replace(one, title=""))


def half_is_unlisted_and_most_edited(made: Made) -> None:
    made.listed = list(range(13, SPEECHES + 1))
    made.change(13, edited)


def a_little_of_everything(made: Made) -> None:
    """A session's speeches on one day, some without a date, and a few rows less."""
    made.add(21, day="", row="")
    made.speeches |= {
        n: replace(made_of(n), day=today(), row=today()[5:]) for n in range(SPEECHES + 10, SPEECHES + 22)
    }
    made.listed = list(range(5, SPEECHES + 22))


def a_few_broken_texts(made: Made) -> None:
    made.change(18, collapsed)
    made.change(9, alike)


def cut_short(number: int) -> str:
    return f"{made_of(number).body[:9]}{number}"


CASES: dict[str, tuple[Callable[[Made], None], tuple[str, ...], tuple[str, ...]]] = {
    "half of the list, and most texts edited": (half_is_unlisted_and_most_edited, (LIST_SIZE, MASS_EDITS), FULL),
    "half of the texts edited": (lambda made: made.change(12, edited), (), FULL),
    "half of the speeches gone, as the site says": (half_is_gone, (), ()),
    "twice the rows, none with a date": (
        lambda made: made.add(25, day="", row=""),
        (LIST_SIZE, FIELDS),
        (),
    ),
    "a little of everything": (a_little_of_everything, (), ()),
    "the front page for each": (
        lambda made: made.add(12, lambda _: "欢迎访问本站。" * 9),
        (SAME_TEXT,),
        (),
    ),
    "hardly any text left": (lambda made: made.change(13, collapsed), (LENGTH,), FULL),
    "a few broken texts": (a_few_broken_texts, (), FULL),
    "new texts are cut short": (lambda made: made.add(12, cut_short), (LENGTH,), ()),
    "dated today, but not in the list": (lambda made: made.add(12, day=today(), row=other_day()), (DATES,), ()),
}


@pytest.mark.parametrize("case", CASES)
def test_a_gate_stops_a_run_unlike_the_sites_history(case: str, scene: Scene) -> None:
    change, gates, more = CASES[case]
    before = scene.derived()
    change(scene.made)
    ended = scene.crawl(*more)
    report = scene.site.report()
    assert tuple(one["gate"] for one in report["gates"]) == gates, ended
    if not gates:
        assert ended.status in {0, 3}, ended
        assert report["withheld"] is None
        assert len(list(Archive(scene.site.folder).observations())) > SPEECHES
        return
    assert (ended.status, report["exit_status"], report["verdict"]) == (4, 4, "refused"), ended
    assert f"-a accept={','.join(gates)}\n" in ended.out
    assert scene.derived() == before
    assert health_of(scene.site.root) == ("list" if gates == (LIST_SIZE,) else "template", 200, 200)
    commit = Archive(scene.site.folder).commits()[-1]
    assert (commit.first_seq, commit.listing, commit.decision) == (None, None, None)
    assert {one.path.partition("/")[0] for one in commit.files} == {"runs", "warc"}


def test_an_archive_that_begins_with_every_speech_of_today_is_refused(scene: Scene, tmp_path: Path) -> None:
    first = Scene(scene.made, Site(tmp_path / "first"))
    scene.made.speeches = {n: replace(made_of(n), day=today()) for n in range(1, 6)}
    ended = first.crawl()
    assert (ended.status, [one["gate"] for one in first.site.report()["gates"]]) == (4, [DATES]), ended
    assert (first.site.folder / "latest.jsonl").read_bytes() == b""
    scene.made.speeches[5].day = "2020-01-01"
    scene.made.speeches[4].day = "2020-01-01"
    assert first.crawl().status == 0
    assert len(first.site.latest()) == 5
    assert first.site.verify().status == 0


def test_an_empty_list_changes_nothing(scene: Scene) -> None:
    scene.made.listed = []
    before = scene.derived()
    assert scene.crawl().status == 4
    assert scene.derived() == before
    assert health_of(scene.site.root) == ("template", 200, 200)
    at = f"{datetime.now(UTC) + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}"
    redact(scene.site.folder, Order(native_id="1", reason="by order"), When(recorded_at=at, software={}))
    pages = read_health(scene.site.root).sites[0].pages
    assert (pages.good and pages.good.is_shown, pages.last and pages.last.is_shown) == (False, False)


def test_while_an_archive_is_filled_nothing_is_usual(scene: Scene, tmp_path: Path) -> None:
    first = Scene(scene.made, Site(tmp_path / "first"))
    scene.made.add(12, cut_short, day="", row="")
    scene.made.speeches = {SPEECHES + 20 - n: one for n, one in scene.made.speeches.items()}
    assert first.crawl("-a", f"limit={SPEECHES}").status == 0
    assert first.crawl().status == 0
    assert len(first.site.latest()) == SPEECHES + 12


def of_long_ago(root: Path, made: Made) -> None:
    """An archive of the site whose one run was years ago."""
    at = "2020-08-01T02:00:00Z"
    facts = replace(FACTS, hosts=("127.0.0.1",), id_namespace="test", timezone="Asia/Shanghai")
    with ArchiveRun.open(root, facts, "run-1", at, 14) as first:
        for n, one in made.speeches.items():
            seen = replace(look(at), listed=Row(title=one.title, date=one.day))
            first.keep(speech(str(n), at, title=one.title, body=one.body, published_on=one.day, look=seen))
        first.seal({"verdict": "complete", "counts": {}}, at, SOFTWARE)


def test_a_site_that_has_fallen_silent_is_asked_after(scene: Scene, tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("quiet", "off", "long", "speaks", "again")]
    quiet, off, patient, speaks, again = (Scene(scene.made, Site(root)) for root in roots)
    of_long_ago(quiet.site.folder, scene.made)
    for root in roots[1:]:
        shutil.copytree(roots[0], root)
    ended = quiet.crawl()
    assert (ended.status, [one["gate"] for one in quiet.site.report()["gates"]]) == (4, [QUIET]), ended
    assert "at most 365 are usual" in ended.out, "it spoke every week, and a year is the least"
    assert health_of(roots[0])[0] == "silent"
    assert quiet.crawl("-a", "accept=quiet").status in {0, 3}
    assert quiet.crawl().status in {0, 3}, "what a person accepted holds as long again"
    assert off.crawl(profile=PROFILE + "quiet_days = 0\n").status in {0, 3}
    assert patient.crawl(profile=PROFILE + "quiet_days = 36500\n").status in {0, 3}
    scene.made.add(1)
    assert speaks.crawl().status in {0, 3}
    passed = Archive(off.site.folder).commits()[-1].run
    assert again.replay(off.site, passed).status in {0, 3}, "what passed once passes again, whatever is usual now"


def test_what_a_person_accepts_is_written_and_recorded(scene: Scene, tmp_path: Path) -> None:
    folder = scene.site.folder
    scene.made.add(25)
    refused = scene.crawl()
    report = scene.site.report()
    assert (report["withheld"]["created"], report["counts"].get("created")) == (25, None)
    assert f"withheld  created 25, observations {25 + report['withheld']['present'] - 25}" in refused.out
    assert scene.crawl("-a", "plan=1").status == 0
    assert scene.crawl("-a", "accept=list-size,quiet").status == 0
    commit = Archive(folder).commits()[-1]
    assert commit.decision == {
        "accept": "list-size", "gates": [{"gate": "list-size", "seen": SPEECHES + 25, "usual": SPEECHES}]
    }  # fmt: skip
    assert scene.site.report()["gates"][0]["accepted"] is True
    assert len(scene.site.latest()) == SPEECHES + 25
    assert scene.crawl().status == 0, "what was accepted is usual now"
    assert scene.site.verify().status == 0
    again, commits = Scene(scene.made, Site(tmp_path / "again")), Archive(folder).commits()
    for commit in commits[:3]:
        again.replay(scene.site, commit.run)
    made_again = Archive(again.site.folder).commits()
    assert [(one.decision, one.counts) for one in made_again] == [(one.decision, one.counts) for one in commits[:3]]


def test_a_refused_run_is_made_again_and_the_next_one_is_not_misled(scene: Scene, tmp_path: Path) -> None:
    """Its captures stay; no later run takes what it has read for archived."""
    before = Archive(scene.site.folder).commits()
    shutil.copytree(scene.site.root, tmp_path / "rebuilt")
    rebuilt = Scene(scene.made, Site(tmp_path / "rebuilt"))
    scene.made.change(13, edited)
    assert scene.crawl(*FULL).status == 4
    refused, report = Archive(scene.site.folder).commits()[-1], scene.site.report()
    named = {answer.url.rpartition("d=")[2] for answer in refused.repeated}
    assert {str(n) for n in range(14, SPEECHES + 1)} <= named, "answers that were not stored again"
    again = rebuilt.replay(scene.site, refused.run)
    assert again.status == 4, again
    made_again = Archive(rebuilt.site.folder).commits()[-1]
    assert (made_again.run, made_again.repeated, made_again.counts) == (refused.run, refused.repeated, refused.counts)
    assert (rebuilt.site.report()["gates"], rebuilt.site.report()["replay"]["not_asked"]) == (report["gates"], 0)
    assert rebuilt.derived() == scene.derived()
    assert rebuilt.site.verify().status == 0
    anew = Scene(scene.made, Site(tmp_path / "anew"))
    assert anew.replay(scene.site, refused.run).status == 0, "there is no history: it shows what would be written"
    assert len(anew.site.latest()) == SPEECHES
    scene.made.change(4, lambda n, _: made_of(n))
    assert scene.crawl(*FULL).status == 0
    assert scene.site.events(3) == {"changed": {str(n) for n in range(5, 14)}}
    assert Archive(scene.site.folder).commits()[0] == before[0]
    assert scene.site.verify().status == 0


def test_no_salvage_brings_back_what_was_withheld(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scene.site.folder
    was, facts = scene.derived(), Archive(folder).facts
    now = datetime.now(UTC) + timedelta(seconds=5)
    at = [f"{now + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(3)]
    dying = ArchiveRun.open(folder, facts, "run-2", at[0], 14)
    with dying, monkeypatch.context() as patched:
        dying.captures.add(exchange("http://127.0.0.1/a", b"<html>", date=at[0]))
        dying.keep(speech("99", at[0]))
        patched.setattr(Sealing, "commit", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(errors.ArchiveError):
            dying.seal({}, at[1], SOFTWARE, gates=[Gate(gate=DATES, seen=1, usual=1, words="")])
    with ArchiveRun.open(folder, facts, "run-3", at[2], 14) as next_run:
        assert [(one.run, one.lines) for one in next_run.salvaged] == [("run-2", 0)]
        assert "99" not in next_run.known
        assert next_run.left.take("http://127.0.0.1/a", at[2]) is None, "what was not believed is asked for anew"
        next_run.abandon()
    assert scene.derived() == was
    assert scene.site.verify().status == 0


def test_the_lines_of_a_dead_run_pass_the_gates_or_are_not_salvaged(scene: Scene) -> None:
    folder = scene.site.folder
    was, facts = scene.derived(), Archive(folder).facts
    now = datetime.now(UTC) + timedelta(seconds=5)
    at = [f"{now + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(3)]
    with ArchiveRun.open(folder, facts, "run-0", at[0], 14) as dying:
        dying.captures.add(exchange("http://127.0.0.1/0", b"<html>", date=at[0]))
    for n, changed in ((1, 13), (2, 9)):
        with ArchiveRun.open(folder, facts, f"run-{n}", at[n - 1], 14) as dying:
            for number in range(1, changed + 1):
                dying.keep(speech(str(number), at[n - 1], body=f"另一篇{number}", attachments=()))
            dying.captures.add(exchange(f"http://127.0.0.1/{n}", b"<html>", date=at[n - 1]))
            dying.save()
    assert scene.derived() == was
    with ArchiveRun.open(folder, facts, "run-3", at[2], 14) as third:
        assert [(one.run, one.lines) for one in third.salvaged] == [("run-2", 18)]
        assert third.left.take("http://127.0.0.1/0", at[2]) is None, "the run after read it, and was not believed"
        assert third.left.take("http://127.0.0.1/1", at[2]) is None
        assert third.left.take("http://127.0.0.1/2", at[2]) is not None
        third.abandon()
    report = json.loads((folder / "runs" / "run-1.json").read_bytes())
    assert (report["gates"][0]["gate"], report["withheld"]["changed"], report["exit_status"]) == (MASS_EDITS, 13, 11)
    assert scene.site.verify().status == 0


def test_each_section_has_its_own_list() -> None:
    """A section that is new, or that the profile no longer names, says nothing of the others."""

    def found(before: dict[str, Any], explained: int = 0, **lists: int) -> list[str]:
        usual = Usual({}, lambda: ({"verdict": "gaps", "listing_complete": True, **before},), lambda: ())
        ran = Ran(at=datetime.now(UTC), lists=lists, explained=explained)
        return [gate.words for gate in tripped(Tally(), Texts(), ran, usual)]

    both = {"sections": [{"section": "讲话", "listed": 40}, {"section": "致辞", "listed": 40}]}
    assert found(both, 讲话=35, 致辞=40, 文章=90) == []
    assert found(both, 讲话=35, 致辞=20) == ["the list of 致辞 has 20 rows, in the last good run 40"]
    assert found({"counts": {"listed": 40}}, 讲话=9) == []
    # Two thirds were taken down, as their pages say; so they do in the next nights.
    assert found(both, 80, 讲话=13, 致辞=40) == []
    assert found({"sections": [{"section": "讲话", "listed": 13}]}, 27, 讲话=13) == []


def test_a_mixed_history_and_a_few_edits_of_many_prove_nothing() -> None:
    def found(tally: Tally, dated: int, present: int) -> list[str]:
        line = {"body": "", "attachments": [], "problems": []}
        lines = [line | {"published_on": str(n) if n < dated else None} for n in range(20)]
        states: Any = {n: SimpleNamespace(is_present=True, first_seen="2026-01-01T00:00:00Z") for n in range(present)}
        good = {"verdict": "complete", "listing_complete": True}
        ran = Ran(at=datetime.now(UTC), lists={})
        return [gate.gate for gate in tripped(tally, Texts(), ran, Usual(states, lambda: (good,), lambda: lines))]

    undated, edits = Tally(new=10), Tally(counts=Counter(changed=12), confirmed=3)
    assert (found(undated, 16, 20), found(undated, 15, 20)) == ([FIELDS], [])
    assert (found(edits, 0, 119), found(edits, 0, 120)) == ([MASS_EDITS], [])
