"""Proof of many archives: each within its period, how old each proof is, and whom a damaged capture concerns."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from pipelines.__main__ import main
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.prove.verify import verify
from pipelines.record import Capture
from pipelines.verbs.proofs.rotation import Proved, add_proof, read_proofs, rotated, sampled
from tests.exchanges import exchange
from tests.test_archive import crawl, day, opened, sealed, speech

if TYPE_CHECKING:
    from pathlib import Path

NEVER = "9999-01-01T00:00:00Z"
SITES = [f"site-{number}" for number in range(100)]


def test_each_archive_is_proved_within_its_period_whatever_nights_are_missed() -> None:
    dice = random.Random(1)  # noqa: S311 - a test
    now, proofs = datetime(2026, 1, 1, 3, tzinfo=UTC), list[Proved]()
    last = dict.fromkeys(SITES, now)
    for _ in range(120):
        now += timedelta(days=dice.choice((1, 1, 1, 1, 2, 3)), minutes=dice.randrange(-30, 30))
        at = now.isoformat().replace("+00:00", "Z")
        for site in rotated(SITES, proofs, 30, at):
            proofs.append(Proved(at=at, site=site, commit=1, head=None, is_whole=True))
            assert now - last[site] <= timedelta(days=33)
            last[site] = now
    assert now - min(last.values()) <= timedelta(days=33)


def test_what_was_found_damaged_is_checked_each_time_until_it_is_whole() -> None:
    proofs = [Proved(at="2026-01-01T03:00:00Z", site=site, commit=1, head=None, is_whole=True) for site in SITES]
    proofs.append(replace(proofs[7], at="2026-01-02T03:00:00Z", is_whole=False))
    assert "site-7" in rotated(SITES, proofs, 100, "2026-01-03T03:00:00Z")
    proofs.append(replace(proofs[7], at="2026-01-03T03:00:00Z"))
    assert "site-7" not in rotated(SITES, proofs, 100, "2026-01-04T03:00:00Z")


def test_a_torn_line_and_a_proof_of_the_future_keep_no_archive_from_its_check(tmp_path: Path) -> None:
    file, now = tmp_path / "proofs.jsonl", "2026-01-03T03:00:00Z"
    proof = Proved(at="2026-01-01T03:00:00Z", site="b", commit=1, head=None, is_whole=True)
    add_proof(file, proof)
    add_proof(file, replace(proof, at="2036-01-01T03:00:00Z", site="a"))
    add_proof(file, replace(proof, at="2036-01-01T03:00:00Z", site="c", is_whole=False))
    whole = file.read_bytes()
    for torn in (whole[:9], whole[:60], bytes(7)):
        file.write_bytes(whole + torn)
        add_proof(file, replace(proof, site="d"))
        found = read_proofs(file, now)
        assert [one.site for one in found.proved] == ["b", "c", "d"]
        told = [note.partition("line ")[2][:13] for note in found.notes]
        assert told == ["2: a check of", "3: a check of", "4: torn, pass"]
        assert rotated(["a", "b", "c", "d"], found.proved, 30, now) == ["a", "c"]
    for other in ('{"site": "gszx"}', json.dumps({"schema": "proof/1", "at": "2026-01-01"})):
        file.write_text(other)
        with pytest.raises(NotUnderstood, match="line 1: no proof"):
            read_proofs(file, now)


def test_a_sample_changes_with_the_day_and_is_never_empty() -> None:
    days = [frozenset(sampled(SITES, 5, f"2026-01-{number:02d}T03:00:00Z")) for number in range(1, 29)]
    assert {len(chosen) for chosen in days} == {5}
    assert len(set(days)) == 28
    assert len(sampled(SITES[:3], 1, "2026-01-01T03:00:00Z")) == 1


def test_a_folder_of_archives_is_proved_share_by_share(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crawl(tmp_path / "root" / "a", 1, speech("1", day(1)))
    for name in ("b", "c"):
        shutil.copytree(tmp_path / "root" / "a", tmp_path / "root" / name)
    root = str(tmp_path / "root")
    assert main(["verify", root, "--jobs", "2"]) == 0
    assert capsys.readouterr().out.count(": whole: 1 commit,") == 3
    assert not (tmp_path / "root" / "proofs.jsonl").exists()
    assert main(["verify", root, "--rotate", "3"]) == 0
    shown = capsys.readouterr().out
    assert (shown.count(": whole"), shown.count(": not checked now; never proved")) == (1, 2)
    (first,) = read_proofs(tmp_path / "root" / "proofs.jsonl", NEVER).proved
    assert main(["verify", root, "--rotate", "3"]) == 0
    assert f"{first.site}: not checked now; last proved {first.at[:10]}, 0 days ago" in capsys.readouterr().out
    (tmp_path / "root" / first.site / "versions/2026/00000001.jsonl.gz").unlink()
    assert main(["verify", root, "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert {site for site, report in found.items() if report["exit_status"]} == {first.site}
    assert main(["verify", root, "--rotate", "1000"]) == 5
    for wrong in (
        ["--rotate", "0"],
        ["--sample", "101"],
        ["--jobs", "0"],
        ["--rotate", "3", "--quick"],
        ["--head", "0" * 64],
    ):
        assert main(["verify", root, *wrong]) == 2
    assert main(["verify", f"{root}/a", "--rotate", "3"]) == 2


def test_a_damaged_capture_names_the_speeches_it_concerns(tmp_path: Path) -> None:
    """Those whose record is damaged, also by a later look that names the same record, and no other."""
    root, places = tmp_path / "gszx", {}
    run = opened(root, 1)
    for native_id in ("1", "2", "3"):
        body = bytes(range(256)) * 20 + native_id.encode()
        said = speech(native_id, day(1))
        kept = run.captures.add(exchange(said.url, body))
        assert kept is not None
        places[native_id] = Capture(
            role="article", part=1, url=said.url, captured_at=day(1), payload_sha256=sha256(body).hexdigest(),
            **kept._asdict(),
        )  # fmt: skip
        run.keep(replace(said, look=replace(said.look, captures=(places[native_id],))))
    sealed(run, 1)
    later = speech("2", day(2), body="改了")
    crawl(root, 2, replace(later, look=replace(later.look, captures=(places["3"],))))
    assert verify(root).problems == []
    hit = places["3"]
    assert hit.file is not None
    assert hit.offset is not None
    assert hit.length is not None
    data = bytearray((root / hit.file).read_bytes())
    data[hit.offset + hit.length // 2] ^= 1
    (root / hit.file).write_bytes(data)
    report = verify(root)
    assert report.exit_status == 5
    assert set(report.affected) == {"gszx:2", "gszx:3"}
    (root / hit.file).unlink()
    assert set(verify(root).affected) == {"gszx:1", "gszx:2", "gszx:3"}
    (root / hit.file).mkdir()
    assert set(verify(root).affected) == {"gszx:1", "gszx:2", "gszx:3"}
