"""Servers that die, hang, drip or never come to an end: bounded, told, and no reason not to heed a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, ROOT, Site, started
from tests.small import PROFILE
from tests.stubborn import BAD, EVERY_OTHER, ROWS


@contextmanager
def stubborn(folder: Path, kind: str, healthy: int = 0) -> Iterator[tuple[str, Path]]:
    """The address of the server, and the file with what it was asked for."""
    log, command = folder / "asked", ("tests.stubborn", kind, str(healthy))
    with log.open("wb") as out, started(*command, out=out):
        while not (port := log.read_text().partition("\n")[0]):
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/", log


def arguments(site: Site) -> list[str]:
    file = site.root.parent / "small.toml"
    file.write_text(PROFILE, "utf-8")
    return ["-a", f"profile={file}", "-s", "OUTAGE_WAIT=0"]


@pytest.mark.parametrize("kind", ["close", "hang"])
def test_a_host_that_is_gone_is_not_asked_for_every_remaining_address(kind: str, site: Site, tmp_path: Path) -> None:
    with stubborn(tmp_path, kind, healthy=12) as (url, log):
        ended = site.crawl(url, *arguments(site), "-s", "IDLE_TIMEOUT=1")
        asked = log.read_text().count("\n") - 1
    assert ended.status == 3, ended
    assert asked < 12 + 20, "six times each were 48 more"
    gaps = [gap for gap in site.report()["not_captured"] if gap["what"] == "speech"]
    assert len(gaps) + len(site.latest()) == len(ROWS)
    assert {gap["reason"] for gap in gaps} == {"network-error"}
    assert any("not requested again" in gap["detail"] for gap in gaps)


def test_addresses_that_a_living_host_cannot_serve_do_not_cost_the_others(site: Site, tmp_path: Path) -> None:
    with stubborn(tmp_path, "article-close") as (url, _):
        ended = site.crawl(url, *arguments(site), "-s", "RETRY_TIMES=1")
    assert ended.status == 3, ended
    assert site.latest().keys() == {str(n) for n, *_ in ROWS if n not in BAD}


def test_a_host_that_hangs_now_and_then_is_waited_for_only_so_long(site: Site, tmp_path: Path) -> None:
    with stubborn(tmp_path, "some-hang") as (url, log):
        settings = ("-s", "IDLE_TIMEOUT=1", "-s", "RETRY_TIMES=0", "-s", "HANG_MAX=0")
        ended = site.crawl(url, *arguments(site), *settings)
        hung = sum(f"d={n}\n" in log.read_text() for n in EVERY_OTHER)
    assert ended.status == 3, ended
    assert hung < len(EVERY_OTHER), "a run takes twice its time and HANG_MAX at most"
    gaps = [gap for gap in site.report()["not_captured"] if gap["what"] == "speech"]
    assert len(gaps) + len(site.latest()) == len(ROWS)
    assert any("HANG_MAX" in gap["detail"] for gap in gaps)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("drip", "network-error"),
        ("heads", "too-large"),
        ("line", "too-large"),
        ("interim", "too-large"),
        ("chunks", "too-large"),
    ],
)
def test_answers_that_do_not_end_are_gaps(kind: str, reason: str, site: Site, tmp_path: Path) -> None:
    with stubborn(tmp_path, f"article-{kind}") as (url, _):
        # What is too large must come to that, however busy the machine; of drops there are too few in any second.
        idle = 1 if kind == "drip" else PATIENCE
        settings = ("-s", f"IDLE_TIMEOUT={idle}", "-s", "RETRY_TIMES=0", "-a", "limit=2")
        ended = site.crawl(url, *arguments(site), *settings)
    assert ended.status == 3, ended
    assert {gap["reason"] for gap in site.report()["not_captured"]} == {reason}


@pytest.mark.parametrize(
    ("number", "settings"),
    [(signal.SIGTERM, []), (signal.SIGINT, ["-s", "DOWNLOAD_DELAY=60"])],
    ids=["a hanging server", "a long delay"],
)
def test_a_signal_is_heeded_within_seconds(number: int, settings: list[str], site: Site, tmp_path: Path) -> None:
    with stubborn(tmp_path, "article-hang", healthy=99 if settings else 0) as (url, log):
        command = [sys.executable, "-m", *site.command(url, *arguments(site), *settings)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as crawl:
            while ("robots" if settings else "Show") not in log.read_text():
                time.sleep(0.05)
            crawl.send_signal(number)
            began = time.monotonic()
            out, _ = crawl.communicate(timeout=PATIENCE)
            assert time.monotonic() - began < 8
    assert crawl.returncode == 11, out.decode()
    assert "Traceback" not in out.decode()
    if not settings:
        assert site.report()["not_captured"] == []
