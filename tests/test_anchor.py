"""Heads with the time of an authority: made, checked, and no past that was rewritten passes for the one stamped."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.__main__ import main
from pipelines.archive.errors import LockHeld, NotStamped
from pipelines.archive.prove.anchors.anchor_files import Anchor, read_anchor
from pipelines.archive.prove.anchors.merkle import paths, root_of
from pipelines.archive.prove.anchors.timestamps import request
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.acts import When
from pipelines.archive.write.kinds.reconciliation import accept_ours
from pipelines.exits import Exit
from pipelines.proof.anchoring import anchor
from tests import authority
from tests.conftest import ROOT
from tests.faults import strike
from tests.test_archive import FACTS, crawl, day, opened, sealed, speech, story, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (ROOT / "docs/proof-of-when.md").read_text("utf-8")
NOON = "2026-02-01T12:00:00Z"
LEAVES = [b"", b"\0", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", bytes(range(0x60, 0x70))]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Of the first leaves, as implementations of RFC 6962 test themselves with."""


def other_site(root: Path, site: str, body: str = "各位委员") -> Path:
    run = opened(root / site, 1, facts=replace(FACTS, site=site))
    run.keep(speech("1", day(1), site=site, body=body))
    sealed(run, 1)
    return root / site


@pytest.fixture(scope="module")
def time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and root certificate of an authority."""
    folder = tmp_path_factory.mktemp("authority")
    certificate = authority.made(folder)
    with authority.served(folder) as url:
        yield url, certificate


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory, time: tuple[str, Path]) -> Path:
    """A folder of three archives, anchored."""
    root = tmp_path_factory.mktemp("stamped") / "output"
    story(root / "gszx")
    for site in ("aa", "zz"):
        other_site(root, site)
    assert main(["anchor", str(root), "--tsa", time[0], "--tsa-ca", str(time[1])]) == 0
    return root


def copied(stamped: Path, folder: Path) -> Path:
    return Path(shutil.copytree(stamped, folder / "output"))


def test_trees_are_those_of_the_rfc() -> None:
    for count, root in ROOTS.items():
        top, ways = paths(LEAVES[:count])
        assert top.hex() == root
        assert {root_of(leaf, way).hex() for leaf, way in zip(LEAVES, ways, strict=False)} == {root}
    assert root_of(LEAVES[2], paths(LEAVES)[1][3]).hex() != ROOTS[8]


def test_every_archive_keeps_its_own_part_and_a_later_anchor_vouches_for_what_was_added(
    stamped: Path, time: tuple[str, Path], tmp_path: Path
) -> None:
    root = copied(stamped, tmp_path)
    for site in ("aa", "gszx", "zz"):
        report = verify(root / site, trusted=time[1])
        assert report.problems == []
        assert [note[:28] for note in report.notes] == [f"commits 1–{report.commits} were there at 20"]
        assert len(list((root / site / "anchors").iterdir())) == 2
    crawl(root / "gszx", 22, speech("5", day(22)))
    before = tree(root / "aa")
    for _ in range(2):  # what is stamped already keeps its first time-stamp
        anchor(root, NOON.replace("12", str(12 + _)), time[1], lambda query: authority.reply(time[1].parent, query))
    assert tree(root / "aa") == before
    assert len(list((root / "gszx/anchors").iterdir())) == 4
    assert verify(root / "gszx", trusted=time[1]).notes[-1].startswith("commits 1–6 were there at 20")
    assert (
        main(["export", str(root / "gszx"), "--to", "bagit", "--commit", "5", "--out", str(bag := tmp_path / "bag")])
        == 0
    )
    assert verify(bag / "data", trusted=time[1]).notes[-1].startswith("commits 1–5 were there at 20")
    (last,) = (root / "anchors/20260201t120000z").glob("heads.txt")
    assert main(["verify", "--heads", str(last), str(root)]) == 0


MOMENTS = (f"2027-02-{number:02d}T12:00:00Z" for number in range(1, 29))


def again(root: Path, time: tuple[str, Path]) -> list[str]:
    """Anchor at the next moment; what could not be."""
    return anchor(root, next(MOMENTS), time[1], lambda query: authority.reply(time[1].parent, query)).problems


def rewritten(root: Path) -> Path:
    """The archive of `aa` with another text and a chain as sound as before; anchors stay as they were."""
    shutil.move(root / "aa/anchors", root / "kept")
    shutil.rmtree(root / "aa")
    other_site(root, "aa", "各位同志")
    assert verify(root / "aa").problems == []
    shutil.move(root / "kept", root / "aa/anchors")
    return root / "aa"


def test_a_past_that_was_rewritten_is_refused(
    stamped: Path, time: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copied(stamped, tmp_path)
    aa = rewritten(root)
    head, commit = Archive(aa).head, aa / "commits/00000001.json"
    for more in ([], ["--quick"], ["--tsa-ca", str(time[1])]):
        assert main(["verify", str(aa), *more]) == Exit.DAMAGED
        assert f"PROBLEM: {commit}: has the hash {head}, " in capsys.readouterr().err
    # Nor is it anchored again, while the others are.
    assert main(["anchor", str(root), "--tsa", time[0], "--tsa-ca", str(time[1])]) == Exit.DAMAGED
    told = capsys.readouterr()
    assert f"PROBLEM: {commit}: has the hash {head}, " in told.err
    assert told.out.startswith("2 heads time-stamped at 20")
    # Not even when it lost its own anchors, and again the next time.
    shutil.move(aa / "anchors", root / "kept")
    for _ in range(2):
        (problem,) = again(root, time)
        assert problem.startswith(f"{commit}: has the hash {head}, {root / 'anchors'} one of ")
        assert not (aa / "anchors").exists()
    shutil.move(root / "kept", aa / "anchors")
    # Whoever forges the path as well has no time-stamp of its root.
    (file,) = (aa / "anchors").glob("*.json")
    noted = replace(read_anchor(Archive(aa).layout, f"anchors/{file.name}").noted, head=head)
    file.write_bytes(Anchor(file=f"anchors/{file.name}", noted=noted, path=()).document())
    assert verify(aa).problems == []
    (problem,) = verify(aa, trusted=time[1]).problems
    assert problem.startswith(f"{file.with_suffix('.tsr')}: is no time-stamp of commit 1: ")
    assert "imprint" in problem


def test_what_is_wrong_with_an_anchor_is_told(
    stamped: Path, time: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copied(stamped, tmp_path)
    (file,) = (root / "gszx/anchors").glob("*.json")
    reply, good = file.with_suffix(".tsr"), file.read_text()
    side, digit = re.findall('  "(left|right) (.)', good)[0]
    for bad, told in {
        good.replace(f"{side} {digit}", f"{side} {int(digit == '0')}"): "its path does not lead to its root",
        good.replace("anchor/1", "anchor/2"): "schema is 'anchor/2', not anchor/1",
        good.replace(" gszx 5 ", " gszx 4 "): "it is of commit 4",
        good.replace(" gszx 5 ", " ../x 5 "): "its line notes no head",
        "[]": "a JSON list, not an object",
    }.items():
        file.write_text(bad)
        assert verify(root / "gszx").problems == [f"{file}: unreadable anchor ({told}); restore it from a copy"]
    file.write_text(good)
    stamp = reply.read_bytes()
    for data in (b"", b"x", stamp[:-1], stamp[:-30] + bytes([stamp[-30] ^ 1]) + stamp[-29:]):
        reply.write_bytes(data)
        assert str(reply) in verify(root / "gszx", trusted=time[1]).problems[0]
    reply.unlink()
    assert verify(root / "gszx").problems[0].startswith(f"{reply}: no time-stamp ")
    reply.write_bytes(stamp)
    stranger = authority.made(tmp_path / "stranger")
    assert "certificate" in verify(root / "gszx", trusted=stranger).problems[0]
    for end in ("", ".sha256"):
        (root / f"gszx/commits/00000005.json{end}").unlink()
    assert verify(root / "gszx").problems[0].startswith(f"{file}: commit 5 was time-stamped, the chain ends at ")
    monkeypatch.setenv("PATH", str(tmp_path))
    for command in (["verify", str(root / "zz")], ["anchor", str(root), "--tsa", time[0]]):
        assert main([*command, "--tsa-ca", str(time[1])]) == 1
    assert main(["verify", str(root / "zz")]) == 0


def test_commits_given_up_are_no_damage_and_heads_altered_are_told(
    stamped: Path, time: tuple[str, Path], tmp_path: Path
) -> None:
    root = copied(stamped, tmp_path)
    crawl(older := root / "gszx", 22, speech("5", day(22)))
    newer = Path(shutil.copytree(older, tmp_path / "newer"))
    crawl(newer, 23, speech("5", day(23)))

    shutil.move(older, tmp_path / "old")
    shutil.copytree(newer, older)
    assert again(root, time) == []
    shutil.rmtree(older / "commits")
    shutil.copytree(tmp_path / "old", older, dirs_exist_ok=True)
    (file,) = (older / "anchors").glob("00000007-*.json")
    end = "its end was cut off or an older copy restored; restore it from a copy"
    lost = f"commit 7 was time-stamped, the chain ends at commit 6: {end}"
    assert verify(older).problems == [f"{file}: {lost}"]
    assert again(root, time) == [f"{root / 'anchors'}: {lost} (its head was not time-stamped)"]
    accept_ours(older, When(recorded_at="2026-01-25T00:00:00Z", software={}), reason="x", other=Archive(newer))
    assert f"{file}: of a commit given up by commit 7" in verify(older, trusted=time[1]).notes
    assert again(root, time) == []
    assert verify(older, trusted=time[1]).problems == []
    assert len(list((older / "anchors").glob("00000007-*.json"))) == 2
    heads = max(root.glob("anchors/*/heads.txt"))
    before = tree(older)
    heads.write_bytes(heads.read_bytes().replace(b" zz ", b" zy "))
    (problem,) = again(root, time)
    assert problem.startswith(f"{heads.parent}: not what was time-stamped (openssl does not accept it")
    assert tree(older) == before


def test_a_reply_to_another_request_is_refused_even_of_the_same_root(
    stamped: Path, time: tuple[str, Path], tmp_path: Path
) -> None:
    root = copied(stamped, tmp_path)
    before = tree(root)

    def old(query: bytes) -> bytes:
        digest = query[query.index(b"\x04\x20") + 2 :][:32]
        return authority.reply(time[1].parent, request(digest.hex()))

    with pytest.raises(NotStamped, match="nonce"):
        anchor(root, NOON, time[1], old)
    assert tree(root) == before


@pytest.mark.parametrize(
    ("answer", "told", "status"),
    [
        ("refused", "answers 503 Service Unavailable; no time-stamp was made", 1),
        ("nonsense", "openssl finds no time-stamp in the reply", 5),
        ("other", "openssl does not accept it", 5),
        ("slow", "no whole reply within 1 seconds; no time-stamp was made", 1),
    ],
)
def test_without_a_good_reply_nothing_is_stored(
    stamped: Path, time: tuple[str, Path], tmp_path: Path, answer: str, told: str, status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    root = copied(stamped, tmp_path)
    before = tree(root)
    url = time[0].replace("tsr", answer)
    with pytest.MonkeyPatch.context() as patch:
        if answer == "slow":
            patch.setattr("pipelines.proof.authority._PATIENCE", 1)
        assert main(["anchor", str(root), "--tsa", url, "--tsa-ca", str(time[1])]) == status
    assert told in capsys.readouterr().err
    assert tree(root) == before


def test_wrong_use_is_told(stamped: Path, time: tuple[str, Path], tmp_path: Path) -> None:
    good = ["--tsa-command", "true", "--tsa-ca", str(time[1])]
    for arguments in (
        [str(tmp_path), *good],
        [str(tmp_path / "none"), *good],
        [str(stamped / "gszx"), *good],
        [str(stamped), "--tsa", "file:///etc/passwd", "--tsa-ca", str(time[1])],
        [str(stamped), "--tsa-command", "", "--tsa-ca", str(time[1])],
        [str(stamped), "--tsa", time[0], "--tsa-ca", str(tmp_path / "none")],
        [str(stamped), "--tsa", time[0], "--tsa-ca", str(stamped / "gszx/archive.json")],
    ):
        assert main(["anchor", *arguments]) == Exit.WRONG_USE, arguments

    def at_work(_: bytes) -> bytes:
        return anchor(stamped, NOON, time[1], at_work).root.encode()

    with pytest.raises(LockHeld):
        anchor(stamped, NOON, time[1], at_work)


# a crash


FAULTS = ("kill", "power", "ENOSPC", "EIO")


@pytest.mark.parametrize("stride", [19, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_while_anchoring_leaves_nothing_half(
    time: tuple[str, Path], tmp_path: Path, fault: str, stride: int
) -> None:
    for site in ("aa", "zz"):
        other_site(tmp_path / "first", site)

    def made(root: Path, at: str) -> None:
        done = anchor(root, at, time[1], lambda query: authority.reply(time[1].parent, query))
        assert done.problems == []

    made(whole := Path(shutil.copytree(tmp_path / "first", tmp_path / "whole")), NOON)
    wanted = {path for path in tree(whole) if "/anchors/" in path}
    for at in range(FAULTS.index(fault) * 5 % stride, sys.maxsize, stride):
        root = Path(shutil.copytree(tmp_path / "first", tmp_path / str(at)))
        ended = strike(lambda _, root=root: made(root, NOON), 0, at, fault)  # type: ignore[misc]
        assert ended != 1, f"{fault} at {at}: an error that is not told"
        assert verify(root / "zz", trusted=time[1]).problems == [], f"{fault} at {at}"
        is_stored = (root / "anchors/20260201t120000z").exists()
        made(root, "2026-02-02T12:00:00Z")
        assert not list(root.rglob("*.new")), f"{fault} at {at}"
        assert (wanted == {path for path in tree(root) if "/anchors/" in path}) is is_stored, f"{fault} at {at}"
        shutil.rmtree(root)
        if ended == 0:
            assert at > 20
            return


# the page


def test_the_page_shows_what_is_done_and_openssl_alone_checks_it(
    stamped: Path, time: tuple[str, Path], tmp_path: Path
) -> None:
    root = copied(stamped, tmp_path)
    shutil.rmtree(root / "anchors")
    for site in ("aa", "gszx", "zz"):
        shutil.rmtree(root / site / "anchors")
    shutil.copyfile(time[1], tmp_path / "authority-root.pem")
    shutil.copyfile(time[1].parent / "config", tmp_path / "tsa.cnf")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def does(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command.replace("https://tsa.example/tsr", time[0])],
            cwd=folder, env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks), re.MULTILINE):
        if "--tsa-command" in command:  # two anchors of one second would have one name
            shutil.rmtree(root / "anchors")
        done = does(command, tmp_path)
        pattern = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", shown))
        assert done.returncode == 0, (command, done)
        assert re.fullmatch(pattern, done.stderr + done.stdout, re.DOTALL), (command, done)
    script = re.findall(r"^```sh\n(# when.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
    script = script.replace("authority-root.pem", shlex.quote(str(tmp_path / "authority-root.pem")))
    done = does(script, root / "gszx")
    assert (done.returncode, done.stdout.partition(" at ")[0]) == (0, "Verification: OK\ncommit 5 was there"), done
    (file,) = (root / "gszx/anchors").glob("*.json")
    good = file.read_bytes()
    side, digit = re.findall(rb'  "(left|right) (.)', good)[0]
    for bad in (
        good.replace(side + b" " + digit, side + (b" 0" if digit != b"0" else b" 1"), 1),
        good.replace(b'"left', b'"right', 1),
        good.replace(b"gszx", b"gszy"),
    ):
        file.write_bytes(bad)
        assert does(script, root / "gszx").returncode == 1
    file.write_bytes(good)
    commit = root / "gszx/commits/00000005.json"
    commit.write_bytes(commit.read_bytes() + b"\n")
    assert does(script, root / "gszx").returncode == 1
