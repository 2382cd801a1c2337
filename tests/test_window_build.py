"""The window on the disk: an incremental build gives what a full one does, and a build that dies is mended."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.archive.pack.packing import pack
from pipelines.archive.write.acts import When
from pipelines.archive.write.kinds.pairing import Wanted, rekey
from pipelines.window import addresses
from pipelines.window.building.build import Built, build
from pipelines.window.building.window_files import WindowFiles
from pipelines.window.building.window_options import WindowOptions
from tests.test_archive import crawl, day, speech
from tests.test_state import life

if TYPE_CHECKING:
    pass

OPTIONS = WindowOptions(keywords=("大家",))


def tree(window: Path) -> dict[str, bytes]:
    return {
        file.relative_to(window).as_posix(): file.read_bytes()
        for file in sorted(window.rglob("*"))
        if file.is_file() and file.name != "window.lock"
    }


def built_alike(root: Path, window: Path, scratch: Path) -> Built:
    """Bring a window up to date, and see that one made anew is the same."""
    told = build([root], window, OPTIONS)
    shutil.rmtree(scratch, ignore_errors=True)
    build([root], scratch, OPTIONS)
    assert tree(window) == tree(scratch)
    return told


def test_an_incremental_build_gives_the_files_of_a_full_one(tmp_path: Path) -> None:
    """Over all kinds of events, a salvage, a redaction, new ids and a packed year."""
    root, window, scratch = tmp_path / "a", tmp_path / "window", tmp_path / "anew"
    made = [built_alike(root, window, scratch).speeches for _ in life(root)]
    assert b"<entry>" in tree(window)[addresses.feed(f"keyword-{addresses.slug('大家')}")], "a word of a text"
    # A redaction rewrites files in which all have lines; the last run looked at two speeches.
    assert (made[3], made[4]) == (4, 2)
    crawl(root, 27, speech("n-1", day(27), body="新的网站"))
    rekey(root, When(recorded_at=day(28), software={}), reason="新版网站", wanted=Wanted(named=(("9", "n-1"),)))
    assert built_alike(root, window, scratch).speeches == 2
    assert build([root], window, OPTIONS) == Built()
    assert build([root], window, OPTIONS, since=10).speeches == 2
    pack(root, "2026", When(recorded_at="2027-06-01T00:00:00Z", software={}))
    assert built_alike(root, window, scratch).speeches == 5


class Died(BaseException):
    """As if the process was killed here."""


def test_a_build_that_dies_at_any_file_is_mended_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, old, anew, window = (tmp_path / name for name in ("a", "old", "anew", "window"))
    stages = life(root)
    next(stages)
    build([root], old, OPTIONS)
    backup, later = shutil.copytree(root, tmp_path / "backup"), tmp_path / "later"
    for _ in stages:
        pass
    build([root], anew, OPTIONS)
    write, left = WindowFiles.write, 0

    def dying(self: WindowFiles, address: str, data: bytes) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            (self.root / address).parent.mkdir(parents=True, exist_ok=True)
            (self.root / address).with_name(f".{Path(address).name}.new").write_bytes(data[:9])
            raise Died
        return write(self, address, data)

    for count in range(0, 1_000, 4):
        shutil.rmtree(window, ignore_errors=True)
        shutil.copytree(old, window)
        left = count
        with monkeypatch.context() as patched:
            patched.setattr(WindowFiles, "write", dying)
            try:
                build([root], window, OPTIONS)
            except Died:
                pass
            else:
                break
        if count % 3:
            build([root], window, OPTIONS)
            assert tree(window) == tree(anew), count
        else:  # the archive is restored from a backup
            root.rename(later)
            backup.rename(root)
            build([root], window, OPTIONS)
            assert tree(window) == tree(old), count
            root.rename(backup)
            later.rename(root)
    assert count > 12
