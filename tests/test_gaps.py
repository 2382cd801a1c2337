"""Gaps over many nights: decisions of a person about them, and how often is asked what fails night after night."""

from __future__ import annotations

import json
from dataclasses import asdict
from email.message import Message
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.archive import errors
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.moments import stamp
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.kinds.accepting import accept_gap, accept_no_longer
from pipelines.archive.write.rebuild import rebuild
from pipelines.gaps.memory import Failing, Memory, Seen, newest_failing
from pipelines.health import NotCaptured, RunReport, verdict
from pipelines.reasons import Reason
from pipelines.record import Row
from tests import broken
from tests.conftest import run
from tests.nights import moment
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import SOFTWARE, day, opened, speech
from tests.test_tails import at, files
from tests.test_traps import PAGER

TEXTS = ("", "今年以来，协商议政扎实有效。", "各位委员，请把提案办好。", "感谢大家一年的辛勤工作！")
GONE_WRONG = "http://gszx.example/9"
LIST = "http://gszx.example/list"


def report_of(number: int, root: Path | None = None) -> RunReport:
    """The report of a night, with the memory that the archive gives it."""
    archive = Archive(root) if root else None
    memory = (
        Memory(day(number), newest_failing(archive.past_reports()), archive.totals().accepted)
        if archive
        else Memory(day(number))
    )
    started = {"start_url": LIST, "started_at": day(number)}
    return RunReport(site="gszx", run=f"run-{number}", mode="incremental", listed=2, memory=memory, **started)  # type: ignore[arg-type]


def failed(report: RunReport, *, reason: Reason = Reason.HTTP_ERROR) -> RunReport:
    report.add_gap("speech", GONE_WRONG, reason, "HTTP 500", "9", "讲话")
    return report


def night(root: Path, number: int, report: RunReport) -> RunReport:
    report.end_list(is_complete=True)
    with opened(root, number) as run:
        if number == 1:
            run.keep(speech("1", day(1)))
        run.seal(report.document(verdict(report)), day(number), SOFTWARE)
    return report


def test_a_decision_about_a_gap_is_a_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "a"
    report = failed(report_of(1))
    report.add_gap("speech", "http://gszx.example/8", Reason.DELETED, "", "8")
    night(root, 1, report)
    before = files(root)
    for url, until, said in (
        (GONE_WRONG, "2026-01-01", "--until 2026-01-01: is over; name today, 2026-01-02"),
        (GONE_WRONG, "31.3.2027", "'31.3.2027': not a day; write it as 2027-03-31"),
        ("http://gszx.example/7", "2026-01-09", f"run run-1 reports no gap at .*/7; its gaps are at {GONE_WRONG}"),
        ("http://gszx.example/8", "2026-01-09", "the site itself says why .*/8 has no text; that is no gap"),
    ):
        with pytest.raises(errors.NotUnderstood, match=said):
            accept_gap(root, at(2), url, until=until, reason="x")
    with pytest.raises(errors.NotUnderstood, match=f"no gap at {GONE_WRONG} is accepted; no gap is"):
        accept_no_longer(root, at(2), GONE_WRONG, reason="x")
    assert files(root) == before
    made = accept_gap(root, at(2), GONE_WRONG, until="2026-01-09", reason="the site was told")
    assert made.details == {
        "url": GONE_WRONG, "until": "2026-01-09", "reason": "the site was told", "run": "run-1",
        "gaps": [{"what": "speech", "native_id": "9", "kind": "no-answer"}],
    }  # fmt: skip
    with pytest.raises(errors.NotUnderstood, match="accepted until 2026-01-09 already, by commit 2"):
        accept_gap(root, at(2), GONE_WRONG, until="2026-01-09", reason="x")
    assert_known(root, made.n, capsys)
    accept_no_longer(root, at(3), GONE_WRONG, reason="mended")
    assert Archive(root).totals().accepted == {}
    assert verify(root).notes[-1] == f"commit 3: gaps at {GONE_WRONG} are no longer accepted (mended)"
    for wrong in ({"until": "soon"}, {"gaps": None}, {"url": 1}):
        broken.reseal(root, 3, lambda value, wrong=wrong: value["gap"].update(wrong))  # type: ignore[misc]
        assert "commit 3: gap cannot be meant" in " ".join(verify(root).problems)


def assert_known(root: Path, n: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The decision is read from the state file alone, and from the chain; each command that shows it does."""
    assert Archive(root).has_state
    by_state = Archive(root).totals()
    rebuild(root)
    assert Archive(root).totals() == by_state
    assert by_state.accepted[GONE_WRONG].at == day(2)
    note = f"commit {n}: gaps at {GONE_WRONG} are accepted until 2026-01-09 (the site was told)"
    assert (verify(root).problems, verify(root).notes) == ([], [note])
    assert main(["status", str(root)]) == 0
    assert f"accepted  until 2026-01-09, by commit 2: {GONE_WRONG} (the site was told)" in capsys.readouterr().out
    assert main(["status", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accepted"][0]["commit"] == n


def test_the_command_asks_for_day_and_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "a"
    report = failed(report_of(1))
    report.add_gap("speech", "http://gszx.example/1", Reason.DOUBTFUL, "another text", "1")
    night(root, 1, report)
    command = ["accept-gap", str(root), GONE_WRONG]
    for wrong in (["--reason", "x"], ["--reason", " ", "--until", "2100-01-01"], ["--undo", "--reason", "x"]):
        assert main([*command, *wrong]) == 2, wrong
        capsys.readouterr()
    assert main([*command, "--until", "2100-01-01", "--reason", "x"]) == 0
    assert capsys.readouterr().out.startswith("commit 2: speech 9 accepted until 2100-01-01\nhead ")
    assert main([*command, "--undo", "--reason", "x"]) == 0
    assert capsys.readouterr().out.startswith("commit 3: no longer accepted\nhead ")
    assert main([*command[:2], "http://gszx.example/1", "--until", "2100-01-01", "--reason", "x"]) == 0
    assert main(["log", str(root), "1"]) == 0
    assert "\naccepted  as a gap until 2100-01-01 (commit 4: x)\n" in capsys.readouterr().out


class Small:
    """A site of three speeches and two list pages, some of whose addresses do not answer, and its archive."""

    def __init__(self, folder: Path, broken: set[str]) -> None:
        self.profile, self.root, self.broken = folder / "profile.toml", folder / "out", broken
        self.archive, self.asked = self.root / "gszx", list[str]()
        self.profile.write_text(PROFILE + 'counter = "increments"\n', "utf-8")

    def answer(self, path: str, _: Message) -> Answer:
        if any(one in path for one in self.broken):
            return Answer("", 500)
        if "GetHits" in path:
            return Answer("document.write('34');", headers={"Content-Type": "text/javascript"})
        if "Show" in path:
            number = int(path.rpartition("=")[2])
            return Answer(
                article_page(
                    number,
                    title=f"在第{number}次会议上的讲话",
                    info="日期:2026-01-01 01:00:00",
                    body=f"<p>{TEXTS[number]}</p>",
                )
            )
        page = 2 if "age=2" in path else 1
        rows = [(n, f"在第{n}次会议上的讲话", "2026-01-01") for n in ((3,) if page == 2 else (1, 2))]
        return Answer(list_page(rows, pager=PAGER.format(page, 2, 3, 2)))

    def crawl(self, url: str, first: int, last: int) -> dict[int, tuple[int, str]]:
        """Exit status and summary by night."""
        start = f"{url}Item/list.asp?id=5"
        ended = run("tests.nights", str(self.root), str(self.profile), start, str(first), str(last))
        assert ended.status == 0, ended
        told = map(json.loads, filter(None, ended.out.split("\n")))
        return {one["night"]: (one["status"], one["summary"]) for one in told}

    def nights_of(self, address: str) -> list[int]:
        """The nights on which an address was asked, by the server."""
        nights, night = [], 0
        for path in self.asked:
            night += path == "/robots.txt"
            nights += [night] if address in path else []
        return nights

    def accept(self, url: str, night: int, until: str) -> None:
        accept_gap(
            self.archive,
            When(recorded_at=stamp(moment(night, hours=1)), software={}),
            url,
            until=until,
            reason="坏了",
        )


def test_one_permanent_500_over_many_nights(tmp_path: Path) -> None:
    site = Small(tmp_path, {"d=2"})
    with serve(site.answer, site.asked) as url:
        broken = f"{url}Item/Show.asp?m=1&d=2"
        before = site.crawl(url, 1, 3)
        assert {status for status, _ in before.values()} == {3}
        assert f"speech {broken}: not asked before 2026-01-03T22:15:00Z: failed on 2 nights" in before[3][1]
        site.accept(broken, 3, "2026-01-30")
        accepted = site.crawl(url, 4, 30)
        assert {status for status, _ in accepted.values()} == {0}
        assert (
            "accepted (exit 0): what the lists show is archived, except what a person accepted: speeches 1"
            in accepted[30][1]
        )
        assert (
            f"accepted  1 gap(s)\n    speech {broken}: until 2026-01-30, by commit 4 (坏了); not asked"
            in accepted[30][1]
        )
        over = site.crawl(url, 31, 31)[31]
        assert over[0] == 3
        assert f"; accepted until 2026-01-30 by commit 4 (坏了), which is over: {broken}" in over[1]
        site.broken.clear()
        back = site.crawl(url, 32, 36)
    # Not retried once it has failed on two nights: what passes within seconds was not the reason.
    assert site.nights_of("d=2") == [1, 1, 2, 2, 4, 8, 15, 22, 29, 36]
    assert [status for status, _ in back.values()] == [3, 3, 3, 3, 0]
    assert "created 1" in back[36][1]
    report = next(Archive(site.archive).past_reports())
    assert (report["failing"], report["accepted"], report["not_captured"]) == ([], [], [])
    assert verify(site.archive).problems == []


def test_list_pages_and_counters_are_gaps_as_well(tmp_path: Path) -> None:
    site = Small(tmp_path, {"age=2", "ID=1"})
    with serve(site.answer, site.asked) as url:
        assert {status for status, _ in site.crawl(url, 1, 3).values()} == {3}
        gaps = {gap["what"]: gap["url"] for gap in next(Archive(site.archive).past_reports())["not_captured"]}
        assert gaps.keys() == {"list", "counter"}
        site.accept(gaps["list"], 3, "2026-02-01")
        assert site.crawl(url, 4, 4)[4][0] == 3
        site.accept(gaps["counter"], 4, "2026-02-01")
        ended = site.crawl(url, 5, 5)[5]
        assert ended[0] == 0, ended
        assert "what a person accepted: counters 1, list pages 1" in ended[1]
        site.broken.clear()
        assert [status for status, _ in site.crawl(url, 6, 8).values()] == [0, 0, 0]
        # They are told when they come back: what was accepted has come in between.
        site.broken |= {"ID=1"}
        assert site.crawl(url, 9, 9)[9][0] == 3
    assert sorted(set(site.nights_of("age=2"))) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    # On night 6 the list page came, so that what waited was asked on the next.
    assert site.nights_of("ID=1") == [1, 1, 2, 2, 4, 7, 8, 9, 9]
    report = next(Archive(site.archive).past_reports())
    assert (report["listing_complete"], [one["what"] for one in report["failing"]]) == (True, ["counter"])


def failing(number: int, nights: int, asked: str, **more: object) -> Failing:
    told: dict[str, object] = {
        "what": "speech",
        "native_id": str(number),
        "reason": "http-error",
        "detail": "HTTP 500",
    }
    told |= {"listed": Row(title="讲话", date=None), "since": day(1)} | more
    return Failing(url=f"http://gszx.example/{number}", nights=nights, asked_at=asked, **told)  # type: ignore[arg-type]


def waits(memory: Memory, number: int = 1, title: str = "讲话") -> bool:
    return memory.waiting("speech", str(number), Row(title=title, date=None)) is not None


def test_what_is_asked_at_once() -> None:
    assert waits(Memory(day(10), [failing(1, 4, day(8))]))
    assert not waits(Memory(day(15), [failing(1, 4, day(8))]))
    assert not waits(Memory(day(10), [failing(1, 4, day(8))]), title="改了的题目"), "its row changed"
    assert Memory(day(10), [failing(1, 4, day(8))]).waiting("speech", "1") is None, "it is on no list any more"
    assert not waits(Memory(day(10), [failing(1, 4, day(8))], asks_all=True))
    assert not waits(Memory(day(8), [failing(1, 1, day(8))])), "a run by hand on the same day asks it"
    page = failing(1, 4, day(8), what="list", native_id=None)
    assert Memory(day(10), [page]).waiting("list", page.url) is None, "whatever else it shows would not be seen"
    assert page.url not in Memory(day(10), [page]).tried_once
    other = [failing(1, 4, day(8), reason="unreadable", parser="a/1"), failing(2, 4, day(8), parser="a/1")]
    by_parser = {parser: Memory(day(10), other, parser=parser) for parser in ("a/1", "a/2")}
    assert [waits(by_parser["a/1"], number) for number in (1, 2)] == [True, True]
    assert [waits(by_parser["a/2"], number) for number in (1, 2)] == [False, True], "it may be read now"
    ahead = Memory(day(10), [failing(1, 4, "2036-01-01T02:00:00Z", since="2036-01-01T02:00:00Z")])
    assert not waits(ahead), "a clock was ahead, and has been repaired"
    assert {(one.since, one.asked_at) for one in ahead.before.values()} == {(day(10), day(10))}
    many = [failing(number, 4, day(8)) for number in range(6)]
    assert [waits(Memory(day(10), many), number) for number in range(6)] == [False, *[True] * 5]


def test_what_counts_as_another_night() -> None:
    seen = Seen(settled={"1"}, answered=(), rows={}, is_whole=True)

    def after(now: str, reason: str = "http-error") -> Failing:
        memory = Memory(now, [failing(1, 2, day(8))])
        (one,) = memory.after([NotCaptured("speech", "http://gszx.example/1", "1", None, reason, "", False)], seen)
        assert one.since == day(1)
        return one

    assert (after(day(9)).nights, after(day(9)).asked_at) == (3, day(9))
    assert (after("2026-01-08T20:00:00Z").nights, after("2026-01-08T20:00:00Z").asked_at) == (2, day(8))
    assert after(day(9), "network-error").nights == 3
    assert after(day(9), "challenge").nights == 2, "of the host, not of the address"


def test_what_is_remembered() -> None:
    listed, counter = failing(1, 4, day(8)), failing(2, 4, day(8), what="counter", native_id=None)
    others = [failing(3, 4, day(8)), failing(4, 4, day(8))]

    def after(settled: set[str], *, is_whole: bool = True, gaps: tuple[NotCaptured, ...] = ()) -> dict[str, int]:
        memory = Memory(day(10), [listed, counter, *others])
        memory.postpone(others[0])
        postponed = NotCaptured("speech", others[0].url, "3", None, "http-error", others[0].told, False)
        left = memory.after([postponed, *gaps], Seen(settled=settled, answered=(), rows={}, is_whole=is_whole))
        return {one.url[-1]: one.nights for one in left}

    assert after(set(), is_whole=False) == {"1": 4, "2": 4, "3": 4, "4": 4}, "an interrupted run met none"
    assert after(set()) == {"2": 4, "3": 4}, "rows that are gone; a counter is asked only with its article"
    assert after({"1", "4"}) == {"2": 1, "3": 1}, "what failed has come, so the others are asked in the next run"
    again = NotCaptured("speech", listed.url, "1", None, "unreadable", "", False)
    assert after({"1"}, gaps=(again,)) == {"1": 1, "2": 4, "3": 4}, "it came, and is another gap now"


def test_what_is_told_when_nothing_was_read(tmp_path: Path) -> None:
    root = tmp_path / "a"
    night(root, 1, failed(report_of(1)))
    accept_gap(root, at(2), GONE_WRONG, until="2026-01-31", reason="x")
    silent = report_of(2, root)
    silent.listed = 0
    silent.add_gap("list", LIST, Reason.NETWORK, "refused")
    night(root, 2, silent)
    with pytest.raises(errors.NotUnderstood, match="run run-2 read no row of the list; without one nothing"):
        accept_gap(root, at(3), LIST, until="2026-01-31", reason="x")
    accept_gap(root, at(3), GONE_WRONG, until="2026-01-30", reason="what failed before is still known")
    accepted = failed(report_of(3, root))
    accepted.end_list(is_complete=True)
    assert verdict(accepted).exit_status == 0
    accepted.listed = 0
    assert verdict(accepted).exit_status == 3
    other = report_of(3, root)
    other.add_gap("speech", GONE_WRONG, Reason.UNREADABLE, "no body", "9")
    assert verdict(other).exit_status == 3, "the page comes now, and another thing is wrong with it"
    both = [failing(9, 1, day(1)), failing(9, 1, day(1), reason="unreadable")]
    memory = Memory(day(3), both, Archive(root).totals().accepted)
    assert [memory.decision(one) is None for one in both] == [False, True]


def test_a_report_of_earlier_software_or_a_forged_one() -> None:
    gap: dict[str, object] = {
        "what": "speech",
        "url": "u",
        "native_id": "1",
        "title": "",
        "reason": "http-error",
        "detail": "",
    }
    old = {"started_at": day(1), "not_captured": [gap | {"is_the_sites_word": word} for word in (False, True)]}
    assert [(one.since, one.nights) for one in newest_failing([{"not_captured": None}, old])] == [(day(1), 1)]
    sound = asdict(failing(1, 1, day(1)))
    forged: list[dict[str, object]] = [
        {"nights": "x"},
        {"asked_at": "soon"},
        {"asked_at": None},
        {"reason": "whim"},
        {"listed": 1},
        {"url": None},
    ]
    entries = [sound, None, *(sound | one for one in forged)]
    assert newest_failing([{"failing": entries}]) == [failing(1, 1, day(1))]
