"""Clocks that are wrong: refused before anything is written; an archive that one has locked goes on all the same."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from email.message import Message
from email.utils import formatdate
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.archive import errors
from pipelines.archive.pack.packing import pack
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.admission import Cautions
from pipelines.archive.write.kinds.clock_repair import repair_clock
from pipelines.archive.write.writer import ArchiveRun
from tests import broken
from tests.conftest import Site
from tests.small import PROFILE, Answer, article_page, list_page, serve
from tests.test_archive import FACTS, SOFTWARE, crawl, day, listed, missed, speech
from tests.test_tails import at, files

AHEAD = "2036-01-05T02:00:00Z"


def opened(root: Path, moment: str, **cautions: object) -> ArchiveRun:
    name = f"run-{moment[:10]}"
    return ArchiveRun.open(root, FACTS, name, moment, 14, Cautions(jump_days=400, **cautions))  # type: ignore[arg-type]


def test_a_clock_far_after_the_last_commit_is_not_believed(tmp_path: Path) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    before = files(root)
    with pytest.raises(errors.ClockAhead, match=r"more than 400 days after .* of 2026-01-01T03:00:00Z.*accept=clock"):
        opened(root, AHEAD)
    assert files(root) == before
    with opened(root, AHEAD, accept=frozenset({"clock"})) as run:
        run.see(listed("1", AHEAD), None)
        run.seal({}, AHEAD, SOFTWARE)
    assert Archive(root).commits()[-1].decision == {"accept": "clock", "after": "2026-01-01T03:00:00Z"}


def test_no_act_is_recorded_under_a_clock_far_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "a"
    crawl(root, 1, speech("1", day(1)))
    before = files(root)
    with pytest.raises(errors.ClockAhead, match=r"more than 400 days after .*--accept-clock"):
        pack(root, "2026", When(recorded_at=AHEAD, software={}, jump_days=400))
    monkeypatch.setenv("CLOCK_JUMP_DAYS", "30")
    describing = ["describe", str(root), "--name", "政协", "--reason", "x"]
    assert main(describing) == 4
    assert "of 2026-01-01T03:00:00Z. Set the clock right; if it is right" in capsys.readouterr().err
    assert files(root) == before
    assert main([*describing, "--accept-clock"]) == 0
    assert Archive(root).last.decision == {"accept": "clock", "after": "2026-01-01T03:00:00Z"}
    assert main([*describing[:3], "又", *describing[4:]]) == 0
    assert verify(root).problems == []
    monkeypatch.setenv("CLOCK_JUMP_DAYS", "-1")
    assert main(describing) == 2


def locked(root: Path) -> Path:
    """An archive whose third run came under a clock ten years ahead, found a deletion, and whose fourth died."""
    crawl(root, 1, speech("1", day(1)), speech("2", day(1)))
    crawl(root, 2, speech("1", day(2), body="改了"))
    with ArchiveRun.open(root, FACTS, "ahead", AHEAD, 14) as run:
        run.keep(speech("1", AHEAD, body="又改了"))
        run.miss(missed("2", AHEAD))
        run.seal({"verdict": "complete", "exit_status": 0, "counts": {}}, AHEAD, SOFTWARE)
    with ArchiveRun.open(root, FACTS, "died", "2036-01-06T02:00:00Z", 14) as run:
        run.keep(speech("3", "2036-01-06T02:00:00Z"))
        run.save()
    return root


def test_an_archive_that_a_wrong_clock_has_locked_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = locked(tmp_path / "a")
    with pytest.raises(errors.ClockBehind, match="python -m pipelines repair clock"):
        crawl(root, 3, listed("1", day(3)))
    for first, said in ((9, "there are commits 1–4"), (0, "there are commits")):
        with pytest.raises(errors.NotUnderstood, match=said):
            repair_clock(root, at(3), reason="x", first=first)
    # The dead run's lines were committed by the first try, under the clock they were seen by.
    assert [commit.recorded_at[:4] for commit in Archive(root).commits()] == ["2026", "2026", "2036", "2036"]
    with pytest.raises(errors.ClockBehind, match="before commit 2"):
        repair_clock(root, at(1), reason="x", first=3)
    repair_clock(root, at(3), reason="the battery")
    crawl(root, 4, listed("1", day(4)), missed("2", day(4)))
    # The deletion was first seen before the repair, not in ten years.
    assert crawl(root, 18, missed("2", day(18)), listed("3", day(18)))[0] == ["gone"]
    note = "commit 5: commits 3–4 were made under a wrong clock, before 2026-01-03T02:00:00Z (the battery)"
    assert (verify(root).problems, verify(root).notes) == ([], [note])
    (latest,) = (line for line in Archive(root).latest() if line["native_id"] == "1")
    assert (latest["body"], latest["last_checked"]) == ("又改了", "2026-01-03T02:00:00Z")
    assert [line["body"] for line in Archive(root).as_of(day(2))] == ["各位委员：\n　　大家好！", "改了"]
    assert {line["native_id"] for line in Archive(root).as_of(day(3), day(3))} == {"1", "2", "3"}
    assert [line["event"] for line in Archive(root).changes(day(4))] == ["gone"]
    assert main(["status", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["last_run"]["run"] == "run-18"


def test_a_first_run_that_died_under_a_wrong_clock_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "a"
    with ArchiveRun.open(root, FACTS, "died", AHEAD, 14) as run:
        run.keep(speech("1", AHEAD))
        run.save()
    with pytest.raises(errors.ClockBehind, match=r"a dead run observed at .* repair clock"):
        crawl(root, 1, speech("2", day(1)))
    repair_clock(root, at(1), reason="x")
    crawl(root, 2, speech("2", day(2)))
    assert [commit.kind for commit in Archive(root).commits()] == ["salvage", "clock", "crawl"]
    assert verify(root).problems == []


def test_only_a_clock_commit_may_set_moments_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = locked(tmp_path / "a")
    assert main(["repair", "clock", str(root), "--reason", " "]) == 2
    assert main(["repair", "clock", str(root), "--reason", "x"]) == 0
    assert capsys.readouterr().out.startswith("commit 5: commits 3–4 were made before 20")
    for edit, said in (
        (lambda value: value["clock"].update(first=9), "clock is"),
        (
            lambda value: value.update(recorded_at=day(1)),
            "before 2026-01-02T03:00:00Z of commit 2: the clock ran back",
        ),
        (lambda value: value.update(kind="crawl"), "of commit 4: the clock ran back"),
    ):
        copy = Path(shutil.copytree(root, tmp_path / said[:9]))
        broken.reseal(copy, 5, edit)
        assert said in " ".join(verify(copy).problems)


def test_the_sites_clock_is_asked_where_the_archive_cannot_tell(site: Site, tmp_path: Path) -> None:
    (tmp_path / "profile.toml").write_text(PROFILE, "utf-8")
    profile = ("-a", f"profile={tmp_path / 'profile.toml'}")
    wrong = {"Date": "Fri, 01 Jan 2016 00:00:00 GMT"}
    dates = [wrong]

    def answer(path: str, _: Message) -> Answer:
        rows = [(n, f"在第{n}次会议上的讲话", "2020-01-01") for n in range(1, 6)]
        number = int(path.rpartition("=")[2]) if "Show" in path else 0
        body = f"<p>各位委员：第{number}次会议现在开幕。</p>"
        page = article_page(number, title=rows[number - 1][1], body=body) if number else list_page(rows)
        text = "document.write('5');" if "GetHits" in path else page
        return Answer(text, 404, wrong) if path == "/robots.txt" else Answer(text, 200, dates[-1])

    asked: list[str] = []
    with serve(answer, asked, has_robots=True) as url:
        refused = site.crawl(url, *profile)
        assert len(asked) < 8, "it went on asking"
        assert (refused.status, "says 2016-01-01T00:00:00Z" in refused.out) == (4, True), refused
        assert not site.folder.exists()
        # One answer that agrees is enough; a cache says for how long it has kept one.
        dates.append({"Date": formatdate(time.time() - 3 * 86400, usegmt=True), "Age": str(3 * 86400)})
        assert site.crawl(url, *profile).status == 0
        shutil.rmtree(site.folder)
        dates.pop()
        assert site.crawl(url, *profile, "-a", "accept=clock").status == 0
        # The archive's last commit is of today: the site's clock, wrong as it is, is not asked.
        assert site.crawl(url, *profile).status == 0
        shutil.rmtree(site.folder)
        of_here = replace(FACTS, id_namespace="test", hosts=("127.0.0.1",))
        with ArchiveRun.open(site.folder, of_here, "long-ago", day(1), 14) as run:
            run.seal({}, day(1), SOFTWARE)
        jumped = site.crawl(url, *profile, "-s", "CLOCK_JUMP_DAYS=90")
        assert (jumped.status, "more than 90 days after the last commit" in jumped.err) == (4, True), jumped
