"""Every command of docs/hand-over.md, run in order in one folder, with the tools it names."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pipelines.record import Capture
from tests.conftest import PATIENCE, ROOT
from tests.exchanges import exchange
from tests.judging import free_port, path_with_judges, pywb
from tests.test_archive import day, opened, sealed, speech

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.write.writer import ArchiveRun

PAGE = (ROOT / "docs/hand-over.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = [example for block in BLOCKS for example in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]
PORT = 8080


def kept(run: ArchiveRun, url: str, body: str, at: str, role: Literal["article", "counter"]) -> Capture:
    found = run.captures.add(exchange(url, body.encode(), date=at))
    assert found is not None
    sha256 = speech("9", at, payload=body).look.payload_sha256
    return Capture(role=role, part=1, url=url, captured_at=at, payload_sha256=sha256, **found._asdict())


def lived(root: Path) -> None:
    """One speech with its counter, read on two days; the text was edited in between."""
    for number, text in ((1, "各位委员：\n大家好！"), (2, "各位委员：\n大家新年好！")):
        run, at = opened(root, number), day(number)
        read = speech("9", at, body=text)
        counter = "http://gszx.example/Item/GetHits.asp?m=1&ID=9"
        captures = (kept(run, read.url, text, at, "article"), kept(run, counter, "12", at, "counter"))
        run.keep(replace(read, look=replace(read.look, captures=captures)))
        sealed(run, number)


def test_every_command_does_what_the_page_shows(tmp_path: Path) -> None:
    lived(tmp_path / "output/gszx")
    port, digests = free_port(), []
    environment = {**os.environ, "PATH": path_with_judges(tmp_path / "bin"), "PYTHONPATH": str(ROOT)}
    with ExitStack() as servers:
        for command, shown in SHOWN:
            if command.endswith(" &"):
                assert shlex.split(command)[:5] == ["wayback", "-b", "127.0.0.1", "-p", str(PORT)]
                servers.enter_context(pywb(tmp_path, port))
                continue
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command.replace(str(PORT), str(port))],
                cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
            said = (done.stdout or done.stderr if shown else done.stdout).replace(str(port), str(PORT))
            pattern = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", shown))
            assert done.returncode == 0, (command, done)
            assert re.fullmatch(pattern, said, re.DOTALL), (command, said)
            digests += re.findall(r"^[0-9a-f]{64}\b", said)
    assert len(digests) == 2
    assert len(set(digests)) == 1, "replay shows something else than the line says"
