"""Gaps over many nights: decisions of a person about them, and how often is asked what fails night after night."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.archive import errors
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.kinds.accepting import accept_gap, accept_no_longer
from pipelines.archive.write.rebuild import rebuild
from pipelines.gaps.memory import Memory, newest_failing
from pipelines.health import RunReport, verdict
from pipelines.reasons import Reason
from tests import broken
from tests.test_archive import SOFTWARE, day, opened, speech
from tests.test_tails import at, files

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
    night(root, 1, failed(report_of(1)))
    command = ["accept-gap", str(root), GONE_WRONG]
    for wrong in (["--reason", "x"], ["--reason", " ", "--until", "2100-01-01"], ["--undo", "--reason", "x"]):
        assert main([*command, *wrong]) == 2, wrong
        capsys.readouterr()
    assert main([*command, "--until", "2100-01-01", "--reason", "x"]) == 0
    assert capsys.readouterr().out.startswith("commit 2: speech 9 accepted until 2100-01-01\nhead ")
    assert main([*command, "--undo", "--reason", "x"]) == 0
    assert capsys.readouterr().out.startswith("commit 3: no longer accepted\nhead ")
