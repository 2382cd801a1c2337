"""Every command of docs/stores.md does what it shows, with a bucket that honours creation."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from pipelines.__main__ import VERBS, _parser, main
from tests.conftest import ROOT
from tests.object_store import BUCKET, object_store
from tests.test_store import SITE, crawl

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs/stores.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ python -m pipelines (.*)\n((?s:.*?))(?=^\$|^```)", PAGE, re.MULTILINE)


def test_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for night in range(2):
        crawl(tmp_path / "output" / SITE, night)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEECH_ARCHIVE_CACHE", str(tmp_path / "cache"))
    assert len(SHOWN) > 6
    with object_store("moto", tmp_path / "moto") as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        for command, shown in SHOWN:
            capsys.readouterr()
            assert main(shlex.split(command.replace(" 4864", " 0"))) == 0, command
            told = capsys.readouterr()
            assert re.fullmatch(re.escape(shown).replace("…", ".*"), told.out, re.DOTALL), told.out
            assert told.err == "", command
    assert BUCKET in PAGE


def test_the_page_names_every_command_that_takes_an_address() -> None:
    reading = set()
    for verb in VERBS:
        (of_verb,) = (one.choices[verb] for one in _parser({}, verb)._actions if isinstance(one.choices, dict))
        if of_verb.get_default("reads"):
            reading.add(verb)
    (listed,) = re.findall(r"That is (.*?)\.\n", PAGE, re.DOTALL)
    assert set(re.findall("`([a-z-]+)`", listed)) == reading
