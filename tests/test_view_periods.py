"""View counts by day, week and month: the last count read in each, null between, never one that was not read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.archive import Archive, errors
from pipelines.archive.read.archives import Archives
from pipelines.archive.read.feeds.counts_feed import count_in
from pipelines.archive.read.moments import stamp
from pipelines.archive.write.admission import Cautions
from pipelines.archive.write.writer import ArchiveRun
from pipelines.canonical import json_line, json_value
from pipelines.reasons import PROBLEM_CODES
from pipelines.record import Problem
from pipelines.tables import counts_read
from pipelines.tables.counts_read import Read
from pipelines.tables.selection import Selection
from pipelines.tables.view_periods import EVERY, Every, _by_period, _rows, view_periods
from tests.test_archive import FACTS, SOFTWARE, crawl, day, missed, speech

if TYPE_CHECKING:
    from collections.abc import Callable

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHTS: list[tuple[str, dict[str, int | None]]] = [
    ("2025-12-28T15:59:59Z", {"9": 10, "10": 5}),  # Sunday in Shanghai; a second later it is Monday of week 1
    ("2025-12-28T16:00:00Z", {"9": 11, "101-7": 1}),
    ("2025-12-29T02:00:00Z", {"9": None, "10": 6}),
    ("2025-12-31T16:00:00Z", {"9": 30, "10": None}),  # 2026 there, 2025 in UTC
    ("2026-01-01T02:00:00Z", {"9": 31}),
    ("2026-03-31T15:59:59Z", {"9": 4, "10": 6}),
    ("2026-03-31T16:00:00Z", {"9": 90, "10": 2**53}),
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    root = tmp_path_factory.mktemp("views") / "gszx"
    facts = replace(FACTS, timezone="Asia/Shanghai")
    for number, (at, counts) in enumerate(NIGHTS, 1):
        run = ArchiveRun.open(root, facts, f"run-{number}", at, 14, Cautions(disk_floor=1 << 20))
        for native_id, count in counts.items():
            run.keep(speech(native_id, at, view_count=count))
        with run:
            run.seal({"verdict": "complete", "exit_status": 0, "counts": {}}, at, SOFTWARE)
    return Archive(root)


def label(day: date, every: Every) -> str:
    year, week, _ = day.isocalendar()
    return {"day": f"{day}", "week": f"{year}-W{week:02}", "month": f"{day:%Y-%m}"}[every]


def expected(archive: Archive, every: Every) -> list[dict[str, Any]]:
    """The same by the words of the record, day by day."""
    rows: list[dict[str, Any]] = []
    for id_ in ("gszx:9", "gszx:10", "gszx:101-7"):
        reads = [line for line in archive.view_counts() if line["id"] == id_]
        local = {r["seq"]: datetime.fromisoformat(r["observed_at"]).astimezone(SHANGHAI).date() for r in reads}
        last = {label(local[read["seq"]], every): read for read in reads}
        first, end = min(local.values()), max(local.values())
        days = [first + timedelta(n) for n in range((end - first).days + 1)]
        before: dict[str, Any] | None = None
        for period in dict.fromkeys(label(one, every) for one in days):
            row: dict[str, Any] = {"site": "gszx", "id": id_, "period": period}
            row |= dict.fromkeys(("view_count", "read_at", "grew", "days_between_reads"))
            if read := last.get(period):
                row |= {"view_count": read["view_count"], "read_at": read["observed_at"]}
                if before:
                    moments = [datetime.fromisoformat(one["observed_at"]) for one in (before, read)]
                    row["grew"] = read["view_count"] - before["view_count"]
                    row["days_between_reads"] = round((moments[1] - moments[0]) / timedelta(days=1), 4)
                before = read
            rows.append(row)
    return rows


def rows(archive: Archive, every: Every, after: int = 0) -> list[dict[str, Any]]:
    return [json.loads(json_line(row)) for row in view_periods(archive, every, after)]


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("held", [1, counts_read.HELD])
def test_a_period_has_its_last_count_and_none_that_was_not_read(
    archive: Archive, every: Every, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts_read, "HELD", held)
    told = rows(archive, every)
    assert told == expected(archive, every)
    counted = [row for row in told if row["view_count"] is not None]
    assert any(row["grew"] and row["grew"] < 0 for row in counted) is (every != "week")
    assert any(row["view_count"] is None for row in told)
    assert not any(a["id"] == b["id"] and a["period"] >= b["period"] for a, b in pairwise(told))


@pytest.mark.parametrize("every", EVERY)
def test_who_follows_by_commit_has_the_same_rows(archive: Archive, every: Every) -> None:
    """An upsert by (id, period) of what is new since each commit gives the whole table."""
    commits = archive.commits()
    for before, now in pairwise((None, *commits)):
        earlier = {} if before is None else table(rows(of_commits(archive, before.n), every))
        after = 0 if before is None else before.last_seq or 0
        assert now is not None
        here = of_commits(archive, now.n)
        news = table(rows(here, every, after))
        assert earlier | news == table(rows(here, every))
        assert [row for key, row in news.items() if earlier.get(key) == row] == [], "told again"
    assert rows(archive, every, archive.last_seq) == []


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=8), st.integers(0, 8))
def test_rows_of_reads_in_any_order_of_time_are_kept_in_step(reads: list[tuple[int, int]], known: int) -> None:
    """A salvage or a wrong clock may bring a read that is older than those before it."""
    every: Every = "week"

    def rows_of(last_seq: int, after: int = 0) -> dict[tuple[str, str], dict[str, Any]]:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        made = [Read("1", seq, stamp(start + timedelta(at)), n) for seq, (at, n) in enumerate(reads, 1)]
        ordered = sorted(made[:last_seq], key=lambda read: (read.at, read.seq))
        periods = _by_period(ordered, every, SHANGHAI)
        return table([json.loads(json_line(row)) for row in _rows("gszx", "1", periods, every, after)])

    everything = rows_of(len(reads))
    assert rows_of(known) | rows_of(len(reads), known) == everything
    assert list(everything) == sorted(everything)


def test_what_was_read_under_a_clock_ahead_is_of_the_period_in_which_that_was_told(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_at = "2026-01-15T00:00:00Z"
    monkeypatch.setattr(counts_read, "latest_possible", lambda _: {len(NIGHTS): told_at})
    for rows_of_9 in (
        rows(archive, "month"),
        [json.loads(json_line(r)) for r in view_periods(archive, "month", 0, "gszx:9")],
    ):
        last = [row for row in rows_of_9 if row["id"] == "gszx:9"][-2:]
        assert [(row["period"], row["view_count"], row["read_at"]) for row in last] == [
            ("2026-02", None, None),
            ("2026-03", 4, "2026-03-31T15:59:59Z"),
        ]
        january = next(row for row in rows_of_9 if row["id"] == "gszx:9" and row["period"] == "2026-01")
        assert (january["view_count"], january["read_at"]) == (90, told_at)


def table(told: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["id"], row["period"]): row for row in told}


def of_commits(archive: Archive, n: int) -> Archive:
    """The archive as it was after its first commits."""
    whole = Archive(archive.layout.root)
    whole._chain = archive.commits()[:n]
    whole.last, whole._state = archive.commit(n), None
    return whole


def read(line: object, number: int = 1, **written: Any) -> Read | None:
    count = count_in(json.dumps(line, **written).encode(), Path("a"), number)
    return None if count is None else counts_read._read(count, f"a, line {number}")


def test_a_line_is_read_alike_by_its_keys_and_whole(archive: Archive) -> None:
    for line in archive.observations():
        assert read(line, ensure_ascii=False, separators=(",", ":")) == read(line)
    tricky = line | {"listed": {"title": ',"view_count":7,"views_raw":', "date": None}}
    told = read(tricky, separators=(",", ":"))
    assert told
    assert told.view_count == line["view_count"]
    for wrong in (
        {"observed_at": "soon"},
        {"observed_at": "9999-12-31T23:00:00Z"},
        {"view_count": "many"},
        {"id": 7},
    ):
        with pytest.raises(errors.Damaged, match="a, line 3"):
            read(line | wrong, 3)


def test_a_zone_that_is_none_is_damage(archive: Archive) -> None:
    other = Archive(archive.layout.root)
    other.facts = replace(other.facts, timezone="../Mars")
    with pytest.raises(errors.Damaged, match="Mars"):
        next(view_periods(other, "day"))


def test_problems_and_sites_have_their_rows(tmp_path: Path) -> None:
    doubts = (
        Problem(field="body", code="cut", detail='a "quoted" line'),
        Problem(field="body", code="later-code", detail="of a software to come"),
    )
    root = tmp_path / "gszx"
    crawl(root, 1, speech("4864", day(1), problems=doubts), speech("9", day(1)))
    crawl(root, 2, missed("9", day(2)), days=0)
    selection = Selection(Archives(tmp_path).folders)
    lines: Callable[[str], list[Any]] = lambda table: [json.loads(line) for line in selection.lines(table)]  # noqa: E731
    cut = PROBLEM_CODES["cut"]
    place = {"site": "gszx", "id": "gszx:4864", "version": 1, "reading": 1}
    assert lines("problems") == [
        place | {"place": n, "kind": kind, "severity": severity} | json_value(doubt)
        for n, doubt, kind, severity in zip((1, 2), doubts, (cut.kind, None), (cut.severity, None), strict=True)
    ]
    (row,) = lines("sites")
    assert (row["site"], row["commit"], row["speeches"], row["gone"], row["versions"]) == ("gszx", 2, 1, 1, 3)
    assert (row["head"], row["last_run"], row["retired"]) == (Archive(root).head, "run-2", None)


def test_the_verb_prints_the_rows_of_what_is_asked_for(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> list[Any]:
        assert main(["views", str(archive.layout.root), *arguments, "--every", "week"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]

    everything = rows(archive, "week")
    assert printed() == everything
    assert printed("10") == [row for row in everything if row["id"] == "gszx:10"]
    for commit in archive.commits():
        new = rows(archive, "week", commit.last_seq or 0)
        assert printed("--since", f"commit:{commit.n}") == printed("--since", f"seq:{commit.last_seq}") == new
        assert printed("gszx:9", "--since", f"commit:{commit.n}") == [row for row in new if row["id"] == "gszx:9"]
        assert printed("--until", f"commit:{commit.n}") == rows(of_commits(archive, commit.n), "week")
    assert main(["views", str(archive.layout.root), "77", "--every", "week"]) == 2
    capsys.readouterr()
    fell = "note: view counts that are less than the one before (grew is negative): gszx (1)\n"
    for command in (["views"], ["export", "--tables", "views"]):
        assert main([*command, str(archive.layout.root), "--every", "month"]) == 0
        assert capsys.readouterr().err == fell
