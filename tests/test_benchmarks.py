"""The benchmarks run, their checks see work that was not done, and their page is what the newest results give."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.__main__ import OTHERS, SUITES
from benchmarks.measuring import Contender, in_turn
from benchmarks.results import from_json
from benchmarks.suites import crawl

ROOT = Path(__file__).resolve().parent.parent


def test_page() -> None:
    newest = page.newest()
    assert newest is not None
    assert page.PAGE.read_text("utf-8") == page.page(newest), "python -m benchmarks page"


def test_every_module_has_a_name() -> None:
    for folder, names in (("suites", SUITES), ("scale", OTHERS)):
        modules = {file.stem for file in (ROOT / "benchmarks" / folder).glob("*.py")} - {"__init__"}
        assert modules - set(names) == {"suites": {"own_readers", "own_warc"}, "scale": {"peers"}}[folder]
        assert set(names) <= modules


@pytest.fixture
def _rivals_in_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrapy is there: no rival is installed for a test."""
    monkeypatch.setattr(crawl, "python_of", lambda _: sys.executable)


@pytest.mark.usefixtures("_rivals_in_our_environment")
def test_crawl() -> None:
    found = crawl.run(crawl.SIZES["smoke"], 1, ["speech-archive", "Scrapy, defaults"])
    ours, theirs = found.tables[0].rows
    assert ours.facts["right bodies"] == "20 of 20"
    assert theirs.facts["requests"] == found.tables[0].units
    assert {bar.name for bar in found.bars} == {f"speed by {by} / Scrapy, defaults" for by in ("CPU", "wall clock")}
    assert from_json(found.as_json()) == found


def test_work_that_was_not_done_is_told() -> None:
    def check(_: Path) -> dict[str, float | str]:
        raise ValueError("3 of 4 addresses were not requested")

    idle = Contender("idle", "nothing", lambda _: [sys.executable, "-c", ""], check)
    with pytest.raises(RuntimeError, match=r"idle did not do its work: 3 of 4"):
        in_turn([idle], 1)
    with pytest.raises(RuntimeError, match=r"no busy; there are idle"):
        in_turn([idle], 1, ["busy"])
