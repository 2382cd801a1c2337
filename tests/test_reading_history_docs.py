"""Every example of docs/reading-history.md does what it shows, on an archive made by real runs."""

from __future__ import annotations

import doctest
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from pipelines.__main__ import main
from tests.conftest import ROOT
from tests.test_history import lived

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs/reading-history.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```console\n\$ python -m pipelines (.*)\n((?s:.*?))^```$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("docs")
    lived(root / "output/gszx")
    return root


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_the_page_shows(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, shown: str
) -> None:
    monkeypatch.chdir(folder)
    assert main(shlex.split(command)) == 0
    told = capsys.readouterr()
    pattern = re.escape(shown).replace("…", ".*")
    assert re.fullmatch(pattern, told.out, re.DOTALL), told.out
    assert told.err == ""


def test_the_python_of_the_page_gives_what_it_shows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (code,) = re.findall(r"^```pycon\n((?s:.*?))^```$", PAGE, re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(code, {}, "reading-history", None, None)
    said: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert (outcome.failed, outcome.attempted >= 8) == (0, True), "".join(said)


def test_every_verb_is_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    verbs = set(re.findall(r"^ {4}(\w+) ", capsys.readouterr().out, re.MULTILINE))
    here = {command.split()[0] for command, _ in SHOWN}
    assert here == {"log", "show", "diff", "cite", "changes", "export", "views", "files"}
    assert here < verbs
