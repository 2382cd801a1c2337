"""What a terminal shows: colours and tables around what a pipe gets, nothing cut, at any width."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from itertools import pairwise, product
from typing import TYPE_CHECKING

import pytest
from scrapy.cmdline import ScrapyArgumentParser, _get_commands_from_module
from scrapy.commands import ScrapyHelpFormatter
from scrapy.settings import Settings

from crawler.replica.process import Replica
from tests.conftest import ROOT, Site, run

if TYPE_CHECKING:
    from pathlib import Path

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\")
COLOR, BOLD = "\x1b[3", "\x1b[1m"


def on_a_terminal(columns: int, *command: str, **variables: str) -> tuple[int, str]:
    """Exit status of a command on a terminal of so many columns, and what it wrote, escape sequences included."""
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "", **variables}
    environment = {name: value for name, value in environment.items() if value}
    words = [sys.executable, "-m", *command]
    with subprocess.Popen(words, stdin=its, stdout=its, stderr=its, cwd=ROOT, env=environment) as process:
        os.close(its)
        said = b""
        while piece := _read(ours):
            said += piece
    os.close(ours)
    return process.returncode, said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux tells that the other side is closed
        return b""


def signs(text: str) -> str:
    """The visible characters, without the lines that a table draws."""
    return re.sub(r"[\s─━╸╺]", "", ESCAPES.sub("", text))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The root of an archive, and what the terminal showed while it was crawled."""
    root = tmp_path_factory.mktemp("terminal")
    with Replica(speeches=6, per_page=4) as replica:
        options = ("-a", "site=gszx", "-a", f"start_url={replica.url}", "-s", "DOWNLOAD_DELAY=0")
        status, shown = on_a_terminal(90, "scrapy", "crawl", "speeches", *options, "-s", f"ARCHIVE_ROOT={root}")
        replica.step()
        Site(root).crawl(replica.url, "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0")
    assert status == 0, shown
    return root, shown


def test_a_crawl_shows_its_progress_and_removes_it(crawled: tuple[Path, str]) -> None:
    shown = crawled[1]
    assert "gszx · listed" in ESCAPES.sub("", shown)
    assert "\x1b[?25h" in shown.rpartition("gszx · listed")[2], "the cursor is shown again"
    assert "\x1b[32mcomplete\x1b[0m (exit 0): " in shown


def test_a_terminal_gets_colours_and_loses_nothing(crawled: tuple[Path, str]) -> None:
    root = str(crawled[0])
    archive = f"{root}/gszx"
    edited = next(key for key, line in Site(crawled[0]).latest().items() if line["version"] > 1)
    for command in (["show", archive, edited], ["status", archive], ["log", archive, edited], ["status", root]):
        plain = run("pipelines", *command).out
        told = signs(plain.replace("\nevents\n", "\nat version event\n"))
        for columns in (30, 200) if command == ["status", root] else (30,):
            status, shown = on_a_terminal(columns, "pipelines", *command)
            assert (status, signs(shown)) == (0, told), (command, columns)
            assert (COLOR if command[0] != "show" else BOLD) in shown, command
    assert COLOR not in on_a_terminal(80, "pipelines", "status", root, NO_COLOR="1")[1]
    assert "\x1b" not in on_a_terminal(80, "pipelines", "status", root, TERM="dumb")[1]


def test_the_help_of_a_command_has_headings_where_it_means_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """At any width: Scrapy takes each line that ends with a colon for one."""
    for width, (name, command) in product((60, 80, 100), _get_commands_from_module("crawler.commands", True).items()):
        monkeypatch.setenv("COLUMNS", str(width))
        parser = ScrapyArgumentParser(
            usage=f"scrapy {name}", formatter_class=ScrapyHelpFormatter, conflict_handler="resolve"
        )
        command.settings = Settings()
        command.add_options(parser)
        lines = parser.format_help().split("\n")
        under = [above for above, line in pairwise(lines) if line and set(line) <= {"=", "-"}]
        assert under[0] == "Usage"
        assert [one for one in under if one != one.strip() or not one] == [], (name, width)
