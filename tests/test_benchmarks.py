"""The benchmarks run, their checks see work that was not done, and their page is what the newest results give."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from benchmarks import page
from benchmarks.__main__ import OTHERS, SUITES
from benchmarks.measuring import Contender, Measured, Spent, in_turn
from benchmarks.results import from_json
from benchmarks.rivals.environments import program_of
from benchmarks.served.pages import record
from benchmarks.served.server import Server
from benchmarks.served.site import Served
from benchmarks.suites import archive, crawl

ROOT = Path(__file__).resolve().parent.parent


def test_page() -> None:
    newest = page.newest()
    assert newest is not None
    assert page.PAGE.read_text("utf-8") == page.page(newest), "python -m benchmarks page"


def test_every_module_has_a_name() -> None:
    for folder, names in (("suites", SUITES), ("scale", OTHERS)):
        modules = {file.stem for file in (ROOT / "benchmarks" / folder).glob("*.py")} - {"__init__"}
        assert modules - set(names) == {"suites": {"own_readers", "own_warc"}, "scale": set()}[folder]
        assert set(names) <= modules


@pytest.mark.process
def test_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl, "python_of", lambda _: sys.executable)  # Scrapy is there: no rival is installed
    found = crawl.run(crawl.SIZES["smoke"], 1, ["speech-archive", "Scrapy, defaults"])
    ours, theirs = found.tables[0].rows
    assert ours.facts["right bodies"] == "20 of 20"
    assert theirs.facts["requests"] == found.tables[0].units
    assert {bar.name for bar in found.bars} == {f"speed by {by} / Scrapy, defaults" for by in ("CPU", "wall clock")}
    assert from_json(found.as_json()) == found


@pytest.mark.process
def test_archive() -> None:
    found = archive.run(archive.SIZES["smoke"], 1, [*archive.PROOFS])
    (table,) = found.tables
    assert [row.name for row in table.rows] == list(archive.PROOFS)
    assert [bar.name for bar in found.bars] == ["speed by wall of verify / zcat into sha256sum"]


@pytest.mark.parametrize(("power", "holds"), [(1, True), (1.3, False), (0.7, False)])
def test_what_grows_faster_than_its_work_is_told(power: float, *, holds: bool) -> None:
    spent = [0.2, *(0.2 + 1e-4 * (100_000 / step) ** power for step in archive.STEPS)]
    rows = [Measured("", "", [Spent(one, one, 50)]) for one in spent]
    slope, memory = archive._bars("verify", rows, 100_000)
    assert (slope.holds, memory.holds) == (holds, True)


class Log:
    """What a server was asked for."""

    def __init__(self, *asked: str) -> None:
        self._asked = asked

    def asked(self) -> list[str]:
        return [*self._asked]


@pytest.mark.process
def test_work_that_was_not_done_is_told(tmp_path: Path) -> None:
    site = record(tmp_path, "127.0.0.1:1", 6)
    first, *others = site.wanted
    client = [one.replace("?GetFlag", "?Action=Count&GetFlag") for one in site.wanted]
    for asked, missing in ((others, [first]), (client, [])):
        served = Served("http://127.0.0.1:1", site, cast("Server", Log(*asked)), tmp_path)
        with pytest.raises(ValueError, match=r"1 of \d+ addresses") if missing else nullcontext():
            assert served.asked_all() == {"requests": len(site.wanted)}
    (path, truth), *rest = site.truth.items()
    wrong = (truth._replace(title="甲"), truth._replace(published="2020-01-01"), truth._replace(views=-1))
    for found in ([], *([(path, one)] for one in wrong)):
        with pytest.raises(ValueError, match=re.escape(path)):
            served.right([*found, *rest])
    assert served.right([(path, truth._replace(body="甲")), *rest]) == {"right bodies": "5 of 6"}
    idle = Contender("idle", "nothing", lambda _: [sys.executable, "-c", ""], lambda _: served.right([]))
    with pytest.raises(RuntimeError, match=r"idle did not do its work: .* is missing"):
        in_turn([idle], 1)
    with pytest.raises(RuntimeError, match=r"no busy; there are idle"):
        in_turn([idle], 1, ["busy"])
    absent = replace(idle, name="absent", command=lambda _: [program_of("no-such-program")])
    busy = replace(idle, name="busy", check=lambda _: {})
    assert [(row.name, len(row.runs)) for row in in_turn([absent, busy], 2)] == [("busy", 2)]
