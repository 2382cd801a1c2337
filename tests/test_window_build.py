"""The window on the disk: an incremental build gives what a full one does, and a build that dies is mended."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.__main__ import main
from pipelines.archive.errors import Damaged, LockHeld, NotUnderstood
from pipelines.archive.pack.packing import pack
from pipelines.archive.write.acts import When
from pipelines.archive.write.kinds.pairing import Wanted, rekey
from pipelines.archive.write.orders.redaction import Order, redact
from pipelines.exits import Exit
from pipelines.fleet.attempts import Began, Ended, Journal
from pipelines.window import addresses
from pipelines.window.building import life_pages, page_workers
from pipelines.window.building.build import Built, build
from pipelines.window.building.window_files import WindowFiles, held_window
from pipelines.window.building.window_options import WindowOptions, options_of
from pipelines.window.overview import chain_pages
from pipelines.window.proving.page_rendering import renderings
from tests.conftest import ROOT
from tests.test_archive import FACTS, crawl, day, look, opened, speech
from tests.test_state import life

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.read.reader import Archive
    from pipelines.window.reading.lives import Life

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


def test_words_that_an_order_removed_are_nowhere_in_the_window(tmp_path: Path) -> None:
    root, window = tmp_path / "a", tmp_path / "window"
    secret = speech("4", day(20), body="密语甲乙丙", title="关于密语的讲话", speaker="密语某", meeting="密语会议")
    crawl(root, 20, secret, speech("5", day(20), body="别的话"))
    crawl(root, 21, replace(secret, body="密语丁戊己", look=look(day(21), payload="anew")))
    with Journal(tmp_path, "a").begin(Began(attempt="a", at=day(21), pid=1, host="here")) as under_way:
        under_way.end(
            Ended(at=day(21), run=None, mode=None, exit_status=4, verdict="refused", message="密语甲", seconds=1.0)
        )
    build([root], window, WindowOptions(keywords=("密语",)))
    assert len([name for name, data in tree(window).items() if "密语".encode() in data]) > 10
    redact(root, Order(native_id="4", reason="by order"), When(recorded_at=day(22), software={}))
    build([root], window, WindowOptions(keywords=("密语",)))
    found = {name for name, data in tree(window).items() if re.search("密语.", data.decode())}
    named = {addresses.feed(f"keyword-{addresses.slug('密语')}"), "en/feeds.html", "zh/feeds.html"}
    assert found == named, "the word that was asked for"
    build([root], window, OPTIONS)
    assert not [name for name, data in tree(window).items() if "密语".encode() in data]


def test_the_pages_of_an_archive_that_cannot_be_read_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, window = tmp_path / "root", tmp_path / "window"
    folder = root / "a-folder-of-another-name"
    crawl(folder, 20, speech("4", day(20)))
    crawl(folder, 21, speech("5", day(21)))
    other = replace(FACTS, site="other", hosts=("other.example",))
    with opened(root / "other", 20, facts=other) as run:
        run.keep(replace(speech("1", day(20)), site="other"))
        run.seal({"verdict": "complete", "exit_status": 0}, day(20), {})
    command = ["site", str(root), "--out", str(window)]
    assert main(command) == Exit.COMPLETE
    assert capsys.readouterr().out == f"{(window / 'index.html').as_uri()}\n"
    pages = {name: data for name, data in tree(window).items() if "/gszx/" in name}
    assert pages
    lines, about = folder / "versions/2026/00000001.jsonl.gz", folder / "archive.json"
    crawl(folder, 22, speech("4", day(22), body="改了"))
    for damaged, more in ((about, []), (lines, []), (lines, ["--keyword", "大家"])):  # also when all is made again
        whole = damaged.read_bytes()
        damaged.write_bytes(whole[:-9])
        assert main([*command, *more]) == Exit.DAMAGED
        assert str(damaged) in capsys.readouterr().err
        assert {name: data for name, data in tree(window).items() if "/gszx/" in name} == pages
        if damaged == about:  # nor does the folder tell whose archive it is
            folder = folder.rename(root / "moved")
            assert main(command) == Exit.DAMAGED
            assert {name: data for name, data in tree(window).items() if "/gszx/" in name} == pages
            folder = folder.rename(root / "a-folder-of-another-name")
            empty = folder.rename(tmp_path / "elsewhere")
            folder.mkdir()
            assert main(command) == Exit.DAMAGED
            assert "holds the archive of gszx no more" in capsys.readouterr().err
            assert {name: data for name, data in tree(window).items() if "/gszx/" in name} == pages
            folder.rmdir()
            empty.rename(folder)
        damaged.write_bytes(whole)
    assert build([root], window, WindowOptions(keywords=("大家",))).speeches == 2  # of the archive, once it is whole
    assert main(command) == Exit.COMPLETE
    build([root], tmp_path / "anew", WindowOptions())
    assert tree(window) == tree(tmp_path / "anew")
    with Journal(root, "other").begin(Began(attempt="a", at=day(25), pid=1, host="here")):
        build([root], window, WindowOptions())
        assert "en/health/other.html" not in tree(window)
    build([root], window, WindowOptions())
    assert "en/health/other.html" in tree(window), "it ended without a word"
    with Journal(root, "gszx").begin(Began(attempt="a", at=day(26), pid=1, host="here")) as under_way:
        under_way.end(
            Ended(at=day(26), run=None, mode=None, exit_status=3, verdict="failed", message="no answer", seconds=1.0)
        )
    assert build([root], window, WindowOptions()).speeches == 0
    assert b"no answer" in tree(window)["en/health.html"]


def test_of_a_speech_that_cannot_be_read_the_pages_stay_and_a_copy_of_the_archive_takes_all_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, window, anew = tmp_path / "a", tmp_path / "window", tmp_path / "anew"
    crawl(root, 20, speech("1", day(20)), speech("8", day(20)))
    build([root], window, OPTIONS)
    before, copy = tree(window), shutil.copytree(root, tmp_path / "copy")
    crawl(root, 21, *(speech(native_id, day(21), body="新的") for native_id in ("1", "3", "8")))
    build([root], anew, OPTIONS)

    def damaged(life: Life, archive: Archive) -> Iterator[tuple[str, bytes]]:
        if life.native_id == "8":
            raise Damaged("a capture cannot be read")
        return renderings(life, archive)

    with monkeypatch.context() as patched:
        patched.setattr(life_pages, "renderings", damaged)
        told = build([root], window, OPTIONS)
        build([root], window, OPTIONS)  # again, which makes all of the site anew
    assert (told.speeches, [str(error) for error in told.errors]) == (2, ["a capture cannot be read"])
    of_it = {name for name in before if "/gszx/8" in name}
    assert all(
        tree(window)[name] == (before if name in of_it else tree(anew))[name]
        for name in before
        if "/gszx/" in name and "/speeches/" in name
    )
    (window / "zh/speeches/gszx/torn.html").touch()
    letter, state = tmp_path / "letter.txt", window / "window.json"
    letter.touch()
    state.write_text(
        state.read_text().replace('"lists": [', f'"lists": ["../letter.txt", "zh/../../letter.txt", "{letter}",')
    )
    shutil.rmtree(root)
    copy.rename(root)
    build([root], window, OPTIONS)
    assert tree(window) == before
    shutil.rmtree(root)
    crawl(root, 20, speech("1", day(20), body="乙" * 3), speech("8", day(20)))
    built_alike(root, window, anew)
    shutil.rmtree(root)
    crawl(root, 20, speech("1", day(20), body="丙" * 3), speech("8", day(20)))
    built_alike(root, window, anew)  # another history in which only the words differ
    assert letter.exists(), "whatever a window's state says"


def test_a_folder_that_is_no_window_is_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "root/gszx"
    crawl(root, 20, speech("4", day(20)))
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    window = tmp_path / "window"
    with held_window(window), pytest.raises(LockHeld):
        build([root], window, OPTIONS)
    build([root], window, OPTIONS)
    linked = window / "zh/speeches/gszx/4"
    linked.rename(tmp_path / "moved")
    linked.symlink_to(other)
    program = tmp_path / "program"
    (program / "assets").mkdir(parents=True)
    (program / "assets/mine.css").touch()
    (program / "window.json").write_text('{"width": 3}')
    for folder in (
        other,
        other / "letter.txt",
        root / "window",
        root,
        root.parent,
        window,
        tmp_path / ("a" * 300),
        program,
    ):
        before = tree(tmp_path)
        with pytest.raises(NotUnderstood, match="--out"):
            build([root], folder, WindowOptions())
        assert tree(tmp_path) == before
    with pytest.raises(NotUnderstood, match=r"'\\udcff': is not encoded"):
        options_of("zh", has_renderings=True, keywords=("\udcff",), served_at=None)
    linked.unlink()
    (window / "zh/index.html").unlink()
    (window / "zh/index.html").mkdir()
    with pytest.raises(NotUnderstood, match=r"zh/index\.html: Is a directory; remove"):
        build([root], window, WindowOptions())


class Died(BaseException):
    """As if the process was killed here."""


def test_a_build_that_dies_at_any_file_is_mended_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, old, anew, window = (tmp_path / name for name in ("a", "old", "anew", "window"))
    monkeypatch.setattr(chain_pages, "COMMITS_A_PAGE", 1)
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

    def die_at(count: int, options: WindowOptions = OPTIONS) -> int:
        """Build what is new until so many files are written; how many more could have been."""
        nonlocal left
        shutil.rmtree(window, ignore_errors=True)
        shutil.copytree(old, window)
        left = count
        with monkeypatch.context() as patched, suppress(Died):
            patched.setattr(WindowFiles, "write", dying)
            build([root], window, options)
        return left

    whole = 10_000 - die_at(10_000)
    assert tree(window) == tree(anew)
    for count in (0, 1, whole // 4, whole // 2, whole - 9, whole - 1):
        assert die_at(count) == -1
        build([root], window, OPTIONS)
        assert tree(window) == tree(anew), count
    for count in (0, whole // 3, whole):  # and the archive is restored from a backup
        die_at(count)
        root.rename(later)
        backup.rename(root)
        build([root], window, OPTIONS)
        assert tree(window) == tree(old), count
        root.rename(backup)
        later.rename(root)
    root.rename(later)
    backup.rename(root)
    die_at(9, WindowOptions(languages=("zh",)))
    build([root], window, OPTIONS)
    assert tree(window) == tree(old), "nor do pages with other options stay"


def test_a_killed_build_leaves_no_process_and_the_next_one_mends_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, window = tmp_path / "a", tmp_path / "window"
    crawl(root, 20, *(speech(str(number), day(20)) for number in range(60)))
    command = [sys.executable, "-m", "pipelines", "site", str(root), "--out", str(window)]
    with subprocess.Popen(command, cwd=ROOT) as building:
        while not list(window.glob("zh/speeches/gszx/*.html")):
            assert building.poll() is None
            time.sleep(0.02)
        workers = [int(pid) for pid in Path(f"/proc/{building.pid}/task/{building.pid}/children").read_text().split()]
        building.kill()
    assert not json.loads((window / "window.json").read_bytes())["is_whole"]
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    monkeypatch.setattr(page_workers, "_FEW", 1_000)
    build([root], tmp_path / "anew", WindowOptions())
    monkeypatch.undo()
    assert build([root], window, WindowOptions()).speeches == 60
    assert tree(window) == tree(tmp_path / "anew")
